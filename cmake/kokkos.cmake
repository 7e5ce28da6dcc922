# Finds the Kokkos that the plugin marshals with.

# separable_compilation: Kokkos is not to choose the compiler of all of the project
find_package(Kokkos 4.5 REQUIRED COMPONENTS separable_compilation)
get_target_property(kokkos_core_type Kokkos::kokkoscore TYPE)
if (kokkos_core_type STREQUAL "STATIC_LIBRARY")
    set(METATENSOR_KOKKOS_ORIGIN "a copy of its own, hidden in the plugin")
else()
    set(METATENSOR_KOKKOS_ORIGIN "shared")
endif()

# In the words of LAMMPS: openmp serial cuda ...
string(TOLOWER "${Kokkos_DEVICES}" METATENSOR_KOKKOS_APIS)
string(REPLACE ";" " " METATENSOR_KOKKOS_APIS "${METATENSOR_KOKKOS_APIS}")
string(REPLACE "threads" "pthreads" METATENSOR_KOKKOS_APIS "${METATENSOR_KOKKOS_APIS}")

set(METATENSOR_KOKKOS_CUDA OFF)
if ("CUDA" IN_LIST Kokkos_DEVICES)
    set(METATENSOR_KOKKOS_CUDA ON)
    find_program(METATENSOR_NVCC_WRAPPER nvcc_wrapper
        HINTS ${Kokkos_DIR}/../../../bin REQUIRED DOC "Kokkos's wrapper of nvcc")
endif()

# What files that include Kokkos are compiled with, and what is linked with them. nvcc does not link: the options that
# Kokkos has for that are not for the compiler that does.
if (METATENSOR_KOKKOS_CUDA)
    add_library(metatensor_kokkos_headers INTERFACE)
    target_include_directories(metatensor_kokkos_headers SYSTEM INTERFACE
        $<TARGET_PROPERTY:Kokkos::kokkos,INTERFACE_INCLUDE_DIRECTORIES>)
    target_compile_options(metatensor_kokkos_headers INTERFACE
        $<TARGET_PROPERTY:Kokkos::kokkos,INTERFACE_COMPILE_OPTIONS>)
    target_compile_definitions(metatensor_kokkos_headers INTERFACE
        $<TARGET_PROPERTY:Kokkos::kokkos,INTERFACE_COMPILE_DEFINITIONS>)
    add_library(metatensor_kokkos_libraries INTERFACE)
    target_link_libraries(metatensor_kokkos_libraries INTERFACE
        $<TARGET_FILE:Kokkos::kokkoscore> $<TARGET_FILE:Kokkos::kokkoscontainers>)
    if ("OPENMP" IN_LIST Kokkos_DEVICES)
        find_package(OpenMP REQUIRED COMPONENTS CXX)
        target_link_libraries(metatensor_kokkos_libraries INTERFACE OpenMP::OpenMP_CXX)
    endif()
else()
    add_library(metatensor_kokkos_headers ALIAS Kokkos::kokkos)
    add_library(metatensor_kokkos_libraries ALIAS Kokkos::kokkos)
endif()

# The files of a target that includes Kokkos are compiled by nvcc, when Kokkos has a CUDA device.
set(METATENSOR_NVCC_OPTIONS "" CACHE STRING "More options for nvcc, such as -arch=sm_90")
function(compile_for_kokkos target)
    target_link_libraries(${target} PRIVATE metatensor_kokkos_headers)
    if (METATENSOR_KOKKOS_CUDA)
        set_target_properties(${target} PROPERTIES CXX_COMPILER_LAUNCHER
            "${PROJECT_SOURCE_DIR}/cmake/compile_with.sh;${METATENSOR_NVCC_WRAPPER}")
        target_compile_options(${target} PRIVATE ${METATENSOR_NVCC_OPTIONS})
    endif()
endfunction()
