# GoogleTest: the installed package, else the sources over the network.

find_package(GTest 1.12 QUIET)
if (NOT GTest_FOUND)
    include(FetchContent)
    set(INSTALL_GTEST OFF CACHE INTERNAL "")
    FetchContent_Declare(googletest
        GIT_REPOSITORY https://github.com/google/googletest.git GIT_TAG v1.17.0 GIT_SHALLOW ON)
    FetchContent_MakeAvailable(googletest)
endif()
include(GoogleTest)
