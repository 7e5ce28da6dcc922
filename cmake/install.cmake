# Installation of the libraries, their headers, the CMake packages metatensor_torch and metatomic_torch,
# and what else was built. The result can be moved: its files find each other by relative paths.

include(CMakePackageConfigHelpers)

set(METATENSOR_TORCH_INSTALL_CMAKEDIR ${CMAKE_INSTALL_LIBDIR}/cmake)
set(METATENSOR_TORCH_INSTALL_PLUGINDIR ${CMAKE_INSTALL_LIBDIR}/lammps-plugins)

# torch is looked for where it was at build time, unless it is loaded already (as in Python).
if (NOT SKBUILD) # cmake/wheel.cmake has set them
    set(METATENSOR_TORCH_LIBTORCH_RPATH ${TORCH_INSTALL_PREFIX}/lib)
    set(METATENSOR_TORCH_PLUGIN_LIBTORCH_RPATH ${TORCH_INSTALL_PREFIX}/lib)
    set(METATENSOR_TORCH_TORCH_HINTS ${Torch_DIR})
endif()
set_target_properties(metatensor_torch metatomic_torch PROPERTIES
    INSTALL_RPATH "$ORIGIN;${METATENSOR_TORCH_LIBTORCH_RPATH}")
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
    if (METATENSOR_TORCH_PYTHON AND NOT SKBUILD) # for programs that use <build>/python, without installation
        set(layout_dir ${METATENSOR_TORCH_PYTHON_PATH}/metatensor_torch/torch-${torch_minor_version}/lib/cmake/${package})
        export(EXPORT ${package}-targets FILE ${layout_dir}/${package}-targets.cmake)
        file(COPY
            ${PROJECT_BINARY_DIR}/cmake/${package}-config.cmake
            ${PROJECT_BINARY_DIR}/cmake/${package}-config-version.cmake
            DESTINATION ${layout_dir})
    endif()
endforeach()

install(DIRECTORY
    ${PROJECT_SOURCE_DIR}/metatensor_torch/include/ ${PROJECT_BINARY_DIR}/metatensor_torch/include/
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h PATTERN *.hpp)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

if (SKBUILD) # the Python files, as python.cmake lays them out
    set(python_source ${PROJECT_SOURCE_DIR}/metatensor_torch/python)
    foreach (file IN LISTS METATENSOR_TORCH_PYTHON_SOURCES)
        get_filename_component(directory ${file} DIRECTORY)
        install(FILES ${python_source}/${file} DESTINATION ${directory})
    endforeach()
    foreach (file IN LISTS METATENSOR_TORCH_DOCUMENTED_FILES)
        file(RELATIVE_PATH place ${METATENSOR_TORCH_PYTHON_PATH} ${file})
        get_filename_component(directory ${place} DIRECTORY)
        install(FILES ${file} DESTINATION ${directory})
    endforeach()
    if (TARGET metatensor_torch_binding)
        set_target_properties(metatensor_torch_binding PROPERTIES INSTALL_RPATH "${METATENSOR_TORCH_LIBTORCH_RPATH}")
        install(TARGETS metatensor_torch_binding LIBRARY DESTINATION ${wheel_prefix}/python)
    endif()
endif()

if (TARGET metatensorplugin)
    file(RELATIVE_PATH plugin_to_libraries
        ${CMAKE_INSTALL_PREFIX}/${METATENSOR_TORCH_INSTALL_PLUGINDIR} ${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR})
    set_target_properties(metatensor_lammps PROPERTIES
        INSTALL_RPATH "$ORIGIN/${plugin_to_libraries};${METATENSOR_TORCH_PLUGIN_LIBTORCH_RPATH}")
    install(TARGETS metatensorplugin metatensor_lammps LIBRARY DESTINATION ${METATENSOR_TORCH_INSTALL_PLUGINDIR})
    install(FILES ${PROJECT_SOURCE_DIR}/LICENSES/GPL-2.0-only.txt DESTINATION ${CMAKE_INSTALL_DOCDIR}/LICENSES)
endif()
