# nlohmann-json: the installed package, else the sources over the network.

find_package(nlohmann_json 3.10 QUIET)
if (NOT nlohmann_json_FOUND)
    include(FetchContent)
    set(JSON_Install OFF CACHE INTERNAL "")
    FetchContent_Declare(nlohmann_json
        GIT_REPOSITORY https://github.com/nlohmann/json.git GIT_TAG v3.12.0 GIT_SHALLOW ON)
    FetchContent_MakeAvailable(nlohmann_json)
endif()
