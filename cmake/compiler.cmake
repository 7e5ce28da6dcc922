# Compiler settings shared by every target of the project.

if (PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Type of build" FORCE)
endif()

if (PROJECT_IS_TOP_LEVEL)
    find_program(METATENSOR_TORCH_CCACHE ccache)
    if (METATENSOR_TORCH_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
        set(CMAKE_CXX_COMPILER_LAUNCHER ${METATENSOR_TORCH_CCACHE})
    endif()
endif()

# Compile everything the same way, so that programs can reuse the precompiled headers of libraries.
add_compile_options(-fPIC)

add_library(metatensor_torch_warnings INTERFACE)
target_compile_options(metatensor_torch_warnings INTERFACE -Wall -Wextra -Wpedantic)
if (CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # these see errors in std::string that are not there (GCC bug 105651)
    target_compile_options(metatensor_torch_warnings INTERFACE
        -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread)
endif()

if (METATENSOR_TORCH_SANITIZE)
    # vptr needs the typeinfo of classes of torch that its libraries do not export.
    add_compile_options(-fsanitize=${METATENSOR_TORCH_SANITIZE} -fno-sanitize=vptr -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${METATENSOR_TORCH_SANITIZE})
endif()
