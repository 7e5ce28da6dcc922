# Finds libtorch: through Torch_DIR or CMAKE_PREFIX_PATH, else through the torch of the current Python.

if (NOT Torch_DIR)
    find_package(Python3 COMPONENTS Interpreter QUIET)
    if (Python3_FOUND)
        execute_process(
            COMMAND ${Python3_EXECUTABLE} -c "import torch.utils; print(torch.utils.cmake_prefix_path)"
            OUTPUT_VARIABLE torch_prefix OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
        list(APPEND CMAKE_PREFIX_PATH ${torch_prefix})
    endif()
endif()

set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON) # so that a project that has ours in a folder can link to it
find_package(Torch 2.11 REQUIRED)
unset(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL)
set(torch_minor_version "${Torch_VERSION_MAJOR}.${Torch_VERSION_MINOR}")
if (NOT Torch_VERSION_MAJOR)
    string(REGEX MATCH "^[0-9]+\\.[0-9]+" torch_minor_version "${Torch_VERSION}")
endif()
message(STATUS "libtorch ${Torch_VERSION} from ${TORCH_INSTALL_PREFIX}")
