# Finds the headers of the LAMMPS that will load the plugin, and its MPI.
#
# LAMMPS_SOURCE_DIR  folder with LAMMPS's sources (the one that holds src/)
# LAMMPS_ROOT        or an installed LAMMPS with its CMake package

set(LAMMPS_SOURCE_DIR "" CACHE PATH "LAMMPS's sources: the folder that holds src/")

add_library(lammps_headers INTERFACE)

# yyyymmdd of a text such as "22 Jul 2025"
function(lammps_version_number text output)
    set(months Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec)
    if (NOT text MATCHES "([0-9]+) ([A-Z][a-z][a-z])[a-z]* ([0-9]+)")
        message(FATAL_ERROR "can not read LAMMPS's version '${text}'")
    endif()
    list(FIND months ${CMAKE_MATCH_2} month)
    math(EXPR number "${CMAKE_MATCH_3} * 10000 + (${month} + 1) * 100 + ${CMAKE_MATCH_1}")
    set(${output} ${number} PARENT_SCOPE)
endfunction()

if (LAMMPS_SOURCE_DIR)
    file(STRINGS ${LAMMPS_SOURCE_DIR}/src/version.h version_line REGEX "LAMMPS_VERSION")
    string(REGEX REPLACE ".*\"(.*)\".*" "\\1" LAMMPS_VERSION_TEXT "${version_line}")
    lammps_version_number("${LAMMPS_VERSION_TEXT}" LAMMPS_VERSION_NUMBER)
    # sources are included as an installed LAMMPS's headers are: <lammps/pair.h>
    set(link_dir ${CMAKE_CURRENT_BINARY_DIR}/lammps_headers)
    file(MAKE_DIRECTORY ${link_dir})
    file(CREATE_LINK ${LAMMPS_SOURCE_DIR}/src ${link_dir}/lammps SYMBOLIC)
    target_include_directories(lammps_headers SYSTEM INTERFACE ${link_dir})
    set(LAMMPS_SIZES SMALLBIG CACHE STRING "Sizes of integers that LAMMPS was built with: SMALLBIG or BIGBIG")
    target_compile_definitions(lammps_headers INTERFACE LAMMPS_${LAMMPS_SIZES})
    find_package(MPI REQUIRED COMPONENTS CXX)
else()
    find_package(LAMMPS REQUIRED)
    string(REPLACE "." ";" version_parts "${LAMMPS_VERSION}")
    list(GET version_parts 0 year)
    list(GET version_parts 1 month)
    list(GET version_parts 2 day)
    math(EXPR LAMMPS_VERSION_NUMBER "${year} * 10000 + ${month} * 100 + ${day}")
    set(LAMMPS_VERSION_TEXT "${LAMMPS_VERSION}")
    get_target_property(lammps_include LAMMPS::lammps INTERFACE_INCLUDE_DIRECTORIES)
    get_target_property(lammps_definitions LAMMPS::lammps INTERFACE_COMPILE_DEFINITIONS)
    target_include_directories(lammps_headers SYSTEM INTERFACE ${lammps_include})
    target_compile_definitions(lammps_headers INTERFACE ${lammps_definitions})
    set(LAMMPS_SIZES SMALLBIG)
    if ("LAMMPS_BIGBIG" IN_LIST lammps_definitions)
        set(LAMMPS_SIZES BIGBIG)
    endif()
endif()
# The functions of LAMMPS itself come from whatever loads the plugin.
target_link_libraries(lammps_headers INTERFACE MPI::MPI_CXX)
set(LAMMPS_TAGINT_BYTES $<IF:$<STREQUAL:${LAMMPS_SIZES},BIGBIG>,8,4>)
