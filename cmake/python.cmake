# Lays out the Python packages in <build>/python, so that PYTHONPATH=<build>/python is all they need:
# links to the sources, and in metatensor_torch/torch-X.Y/lib links to the libraries of this build.

set(python_source ${PROJECT_SOURCE_DIR}/metatensor_torch/python)
set(python_layout ${PROJECT_BINARY_DIR}/python)
set(METATENSOR_TORCH_PYTHON_PATH ${python_layout} CACHE INTERNAL "Where the Python packages can be imported from")

file(GLOB_RECURSE python_files CONFIGURE_DEPENDS RELATIVE ${python_source}
    ${python_source}/*.py ${python_source}/py.typed ${python_source}/*.txt)

# The docstrings of these files are the comments of the C++ headers.
set(documented_files ${python_files})
list(FILTER documented_files INCLUDE REGEX
    "^metatensor_torch/(documentation|io|operations/[a-z_]*[a-z])\\.py$|^metatomic/torch/(documentation|serialization)\\.py$")
list(FILTER documented_files EXCLUDE REGEX "/_[a-z_]*\\.py$")

set(METATENSOR_TORCH_PYTHON_SOURCES ${python_files})
list(REMOVE_ITEM METATENSOR_TORCH_PYTHON_SOURCES ${documented_files})
foreach (file IN LISTS METATENSOR_TORCH_PYTHON_SOURCES)
    get_filename_component(directory ${file} DIRECTORY)
    file(MAKE_DIRECTORY ${python_layout}/${directory})
    file(CREATE_LINK ${python_source}/${file} ${python_layout}/${file} SYMBOLIC)
endforeach()

set(library_layout ${python_layout}/metatensor_torch/torch-${torch_minor_version}/lib)
foreach (library metatensor_torch metatomic_torch)
    add_custom_command(TARGET ${library} POST_BUILD
        COMMAND ${CMAKE_COMMAND} -E make_directory ${library_layout}
        COMMAND ${CMAKE_COMMAND} -E create_symlink
            $<TARGET_FILE:${library}> ${library_layout}/$<TARGET_FILE_NAME:${library}>
        VERBATIM)
endforeach()
if (METATENSOR_TORCH_BUILD_LAMMPS_PLUGIN)
    file(MAKE_DIRECTORY ${library_layout})
    file(CREATE_LINK ${PROJECT_BINARY_DIR}/lammps_plugin ${library_layout}/lammps-plugins SYMBOLIC)
endif()

find_package(Python3 REQUIRED COMPONENTS Interpreter OPTIONAL_COMPONENTS Development.Module)

set(include_source ${PROJECT_SOURCE_DIR}/metatensor_torch/include)
file(GLOB_RECURSE documented_headers CONFIGURE_DEPENDS ${include_source}/*.hpp)
set(METATENSOR_TORCH_DOCUMENTED_FILES ${documented_files})
list(TRANSFORM METATENSOR_TORCH_DOCUMENTED_FILES PREPEND ${python_layout}/)
list(TRANSFORM documented_files PREPEND ${python_source}/ OUTPUT_VARIABLE documented_sources)
set(docstrings_scripts ${PROJECT_SOURCE_DIR}/cmake/docstrings.py ${PROJECT_SOURCE_DIR}/cmake/header_comments.py)
add_custom_command(OUTPUT ${METATENSOR_TORCH_DOCUMENTED_FILES}
    COMMAND ${Python3_EXECUTABLE} -B ${PROJECT_SOURCE_DIR}/cmake/docstrings.py
        ${include_source} ${python_source} ${python_layout} ${documented_files}
    DEPENDS ${docstrings_scripts} ${documented_headers} ${documented_sources}
    COMMENT "Putting the comments of the headers into the Python files" VERBATIM)
add_custom_target(metatensor_torch_docstrings ALL DEPENDS ${METATENSOR_TORCH_DOCUMENTED_FILES})
add_dependencies(metatensor_torch metatensor_torch_docstrings)
foreach (variable METATENSOR_TORCH_PYTHON_SOURCES METATENSOR_TORCH_DOCUMENTED_FILES)
    set(${variable} ${${variable}} PARENT_SCOPE)
endforeach()

# The extension module that calls classes and operators from Python quickly; everything works without it.
find_library(METATENSOR_TORCH_TORCH_PYTHON torch_python HINTS ${TORCH_INSTALL_PREFIX}/lib NO_DEFAULT_PATH)
if (Python3_Development.Module_FOUND AND METATENSOR_TORCH_TORCH_PYTHON)
    file(GLOB binding_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/metatensor_torch/src/python/*.cpp)
    Python3_add_library(metatensor_torch_binding MODULE WITH_SOABI ${binding_sources})
    set_target_properties(metatensor_torch_binding PROPERTIES
        OUTPUT_NAME _binding CXX_VISIBILITY_PRESET hidden
        LIBRARY_OUTPUT_DIRECTORY ${python_layout}/metatensor_torch/torch-${torch_minor_version}/python)
    target_link_libraries(metatensor_torch_binding
        PRIVATE metatensor_torch ${METATENSOR_TORCH_TORCH_PYTHON} metatensor_torch_warnings)
    target_compile_features(metatensor_torch_binding PRIVATE cxx_std_20)
    target_precompile_headers(metatensor_torch_binding PRIVATE <torch/csrc/jit/python/pybind_utils.h>)
endif()
