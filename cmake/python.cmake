# Lays out the Python packages in <build>/python, so that PYTHONPATH=<build>/python is all they need:
# links to the sources, and beside them torch-X.Y/lib with links to the libraries of this build.

set(python_source ${PROJECT_SOURCE_DIR}/metatensor_torch/python)
set(python_layout ${PROJECT_BINARY_DIR}/python)
set(METATENSOR_TORCH_PYTHON_PATH ${python_layout} CACHE INTERNAL "Where the Python packages can be imported from")

# link_python_package(DIRECTORY LIBRARY): one package with the library that it loads, if it loads one.
function(link_python_package directory library)
    file(MAKE_DIRECTORY ${python_layout}/${directory})
    file(GLOB sources CONFIGURE_DEPENDS ${python_source}/${directory}/*.py ${python_source}/${directory}/py.typed)
    foreach (source IN LISTS sources)
        get_filename_component(name ${source} NAME)
        file(CREATE_LINK ${source} ${python_layout}/${directory}/${name} SYMBOLIC)
    endforeach()
    if (NOT library)
        return()
    endif()
    set(destination ${python_layout}/${directory}/torch-${torch_minor_version}/lib)
    add_custom_command(TARGET ${library} POST_BUILD
        COMMAND ${CMAKE_COMMAND} -E make_directory ${destination}
        COMMAND ${CMAKE_COMMAND} -E create_symlink $<TARGET_FILE:${library}> ${destination}/$<TARGET_FILE_NAME:${library}>
        VERBATIM)
endfunction()

link_python_package(metatensor/torch "")
link_python_package(metatensor_torch metatensor_torch)
link_python_package(metatensor_torch/operations "")
link_python_package(metatomic "")
link_python_package(metatomic/torch metatomic_torch)

find_package(Python3 REQUIRED COMPONENTS Interpreter OPTIONAL_COMPONENTS Development.Module)

# The docstrings of Python are the comments of the C++ headers.
file(GLOB documented_headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/metatensor_torch/include/metatensor/torch/operations/*.hpp)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    ${documented_headers} ${PROJECT_SOURCE_DIR}/cmake/docstrings.py)
set(METATENSOR_TORCH_DOCSTRINGS ${python_layout}/metatensor_torch/_docstrings.py)
execute_process(
    COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/cmake/docstrings.py
        ${METATENSOR_TORCH_DOCSTRINGS} ${documented_headers}
    COMMAND_ERROR_IS_FATAL ANY)
set(METATENSOR_TORCH_DOCSTRINGS ${METATENSOR_TORCH_DOCSTRINGS} PARENT_SCOPE)

# The extension module that calls classes and operators from Python quickly; everything works without it.
find_library(METATENSOR_TORCH_TORCH_PYTHON torch_python HINTS ${TORCH_INSTALL_PREFIX}/lib NO_DEFAULT_PATH)
if (Python3_Development.Module_FOUND AND METATENSOR_TORCH_TORCH_PYTHON)
    file(GLOB binding_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/metatensor_torch/src/python/*.cpp)
    Python3_add_library(metatensor_torch_binding MODULE WITH_SOABI ${binding_sources})
    set_target_properties(metatensor_torch_binding PROPERTIES
        OUTPUT_NAME _binding CXX_VISIBILITY_PRESET hidden
        LIBRARY_OUTPUT_DIRECTORY ${python_layout}/metatensor_torch/torch-${torch_minor_version}/python)
    target_link_libraries(metatensor_torch_binding
        PRIVATE ${TORCH_LIBRARIES} ${METATENSOR_TORCH_TORCH_PYTHON} metatensor_torch_warnings)
    target_compile_features(metatensor_torch_binding PRIVATE cxx_std_20)
    target_precompile_headers(metatensor_torch_binding PRIVATE <torch/csrc/jit/python/pybind_utils.h>)
endif()
