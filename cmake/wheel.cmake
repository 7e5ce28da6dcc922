# Layout of the Python package, when scikit-build-core builds it for pip: beside the Python files a usual installation,
# with libraries, headers, CMake packages and plugin, in metatensor_torch/torch-X.Y.

set(METATENSOR_TORCH_BUILD_TESTS OFF)
set(METATENSOR_TORCH_PYTHON ON)
set(METATENSOR_TORCH_INSTALL ON)
set(wheel_prefix metatensor_torch/torch-${torch_minor_version})
set(CMAKE_INSTALL_LIBDIR ${wheel_prefix}/lib)
set(CMAKE_INSTALL_INCLUDEDIR ${wheel_prefix}/include)
set(CMAKE_INSTALL_DOCDIR ${wheel_prefix}/share/doc)

# torch is beside the package, where it is in most environments, or else where it was at build time: unless that was an
# environment that pip made for the build only.
set(METATENSOR_TORCH_LIBTORCH_RPATH "$ORIGIN/../../../torch/lib")
set(METATENSOR_TORCH_PLUGIN_LIBTORCH_RPATH "$ORIGIN/../../../../torch/lib")
set(METATENSOR_TORCH_TORCH_HINTS "\${CMAKE_CURRENT_LIST_DIR}/../../../../../torch/share/cmake/Torch")
if (NOT TORCH_INSTALL_PREFIX MATCHES "/pip-build-env-")
    string(APPEND METATENSOR_TORCH_LIBTORCH_RPATH ";${TORCH_INSTALL_PREFIX}/lib")
    string(APPEND METATENSOR_TORCH_PLUGIN_LIBTORCH_RPATH ";${TORCH_INSTALL_PREFIX}/lib")
    string(APPEND METATENSOR_TORCH_TORCH_HINTS "\" \"${Torch_DIR}")
endif()
