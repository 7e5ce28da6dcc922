# libdeflate: the installed library, else the sources over the network. Its CRC-32 takes a quarter of zlib's time,
# which decides how fast files are read and written. Target: metatensor_torch_libdeflate.

add_library(metatensor_torch_libdeflate INTERFACE)
find_package(libdeflate 1.8 CONFIG QUIET)
find_path(LIBDEFLATE_INCLUDE_DIR libdeflate.h)
find_library(LIBDEFLATE_LIBRARY deflate)
mark_as_advanced(LIBDEFLATE_INCLUDE_DIR LIBDEFLATE_LIBRARY)
if (TARGET libdeflate::libdeflate_shared)
    target_link_libraries(metatensor_torch_libdeflate INTERFACE libdeflate::libdeflate_shared)
elseif (LIBDEFLATE_INCLUDE_DIR AND LIBDEFLATE_LIBRARY) # packages built without CMake, such as Debian's
    target_include_directories(metatensor_torch_libdeflate SYSTEM INTERFACE ${LIBDEFLATE_INCLUDE_DIR})
    target_link_libraries(metatensor_torch_libdeflate INTERFACE ${LIBDEFLATE_LIBRARY})
else()
    include(FetchContent)
    foreach (part BUILD_SHARED_LIB BUILD_GZIP COMPRESSION_SUPPORT DECOMPRESSION_SUPPORT)
        set(LIBDEFLATE_${part} OFF CACHE INTERNAL "")
    endforeach()
    FetchContent_Declare(libdeflate
        GIT_REPOSITORY https://github.com/ebiggers/libdeflate.git GIT_TAG v1.23 GIT_SHALLOW ON EXCLUDE_FROM_ALL)
    FetchContent_MakeAvailable(libdeflate)
    target_link_libraries(metatensor_torch_libdeflate INTERFACE libdeflate_static)
    target_include_directories(metatensor_torch_libdeflate SYSTEM INTERFACE ${libdeflate_SOURCE_DIR})
endif()
