# Installation of the libraries, their headers, the CMake packages metatensor_torch and metatomic_torch,
# and what else was built. The result can be moved: its files find each other by relative paths.

include(CMakePackageConfigHelpers)

set(METATENSOR_TORCH_INSTALL_CMAKEDIR ${CMAKE_INSTALL_LIBDIR}/cmake)
set(METATENSOR_TORCH_INSTALL_PLUGINDIR ${CMAKE_INSTALL_LIBDIR}/lammps-plugins)

# torch is looked for where it was at build time, unless it is loaded already (as in Python).
set_target_properties(metatensor_torch metatomic_torch PROPERTIES
    INSTALL_RPATH "$ORIGIN;${TORCH_INSTALL_PREFIX}/lib")
set_property(TARGET metatensor_torch APPEND PROPERTY EXPORT_PROPERTIES BUILD_VERSION)
set_property(TARGET metatomic_torch APPEND PROPERTY EXPORT_PROPERTIES BUILD_VERSION)

foreach (package metatensor_torch metatomic_torch)
    set(package_dir ${METATENSOR_TORCH_INSTALL_CMAKEDIR}/${package})
    string(TOUPPER ${package} upper_name)
    install(TARGETS ${package} EXPORT ${package}-targets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
    install(EXPORT ${package}-targets DESTINATION ${package_dir})
    configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/${package}-config.cmake.in
        ${PROJECT_BINARY_DIR}/cmake/${package}-config.cmake INSTALL_DESTINATION ${package_dir})
    write_basic_package_version_file(${PROJECT_BINARY_DIR}/cmake/${package}-config-version.cmake
        VERSION ${${upper_name}_INTERFACE_VERSION} COMPATIBILITY SameMinorVersion)
    install(FILES
        ${PROJECT_BINARY_DIR}/cmake/${package}-config.cmake
        ${PROJECT_BINARY_DIR}/cmake/${package}-config-version.cmake
        DESTINATION ${package_dir})
endforeach()

install(DIRECTORY
    ${PROJECT_SOURCE_DIR}/metatensor_torch/include/ ${PROJECT_BINARY_DIR}/metatensor_torch/include/
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h PATTERN *.hpp)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The Python packages, with copies of the libraries: where the layout of a Python environment expects them.
set(METATENSOR_TORCH_INSTALL_PYTHONDIR "" CACHE STRING
    "Where to install the Python packages, such as the site-packages of an environment; empty: nowhere")
if (METATENSOR_TORCH_INSTALL_PYTHONDIR)
    install(DIRECTORY ${PROJECT_SOURCE_DIR}/metatensor_torch/python/ DESTINATION ${METATENSOR_TORCH_INSTALL_PYTHONDIR}
        FILES_MATCHING PATTERN *.py PATTERN py.typed)
    install(FILES ${METATENSOR_TORCH_DOCSTRINGS} DESTINATION ${METATENSOR_TORCH_INSTALL_PYTHONDIR}/metatensor_torch)
    set(libraries torch-${torch_minor_version}/lib)
    install(TARGETS metatensor_torch
        LIBRARY DESTINATION ${METATENSOR_TORCH_INSTALL_PYTHONDIR}/metatensor_torch/${libraries})
    install(TARGETS metatomic_torch
        LIBRARY DESTINATION ${METATENSOR_TORCH_INSTALL_PYTHONDIR}/metatomic/torch/${libraries})
    if (TARGET metatensor_torch_binding)
        set_target_properties(metatensor_torch_binding PROPERTIES INSTALL_RPATH "${TORCH_INSTALL_PREFIX}/lib")
        install(TARGETS metatensor_torch_binding LIBRARY
            DESTINATION ${METATENSOR_TORCH_INSTALL_PYTHONDIR}/metatensor_torch/torch-${torch_minor_version}/python)
    endif()
endif()

if (TARGET metatensorplugin)
    file(RELATIVE_PATH plugin_to_libraries
        ${CMAKE_INSTALL_PREFIX}/${METATENSOR_TORCH_INSTALL_PLUGINDIR} ${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR})
    set_target_properties(metatensor_lammps PROPERTIES
        INSTALL_RPATH "$ORIGIN/${plugin_to_libraries};${TORCH_INSTALL_PREFIX}/lib")
    install(TARGETS metatensorplugin metatensor_lammps LIBRARY DESTINATION ${METATENSOR_TORCH_INSTALL_PLUGINDIR})
    install(FILES ${PROJECT_SOURCE_DIR}/LICENSES/GPL-2.0-only.txt DESTINATION ${CMAKE_INSTALL_DOCDIR}/LICENSES)
endif()
