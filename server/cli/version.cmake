cmake_minimum_required(VERSION 3.25)

# Writes OUTPUT with the version of the sources in ROOT, and only when it changed, so that nothing is
# compiled for nothing. FALLBACK is the project's version: all there is in a tarball without git.
set(version ${FALLBACK})
find_program(GIT git)
if(GIT)
    execute_process(COMMAND ${GIT} -C ${ROOT} describe --tags --always --dirty --match "v[0-9]*"
        OUTPUT_VARIABLE described OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
    if(NOT failed AND described MATCHES "^v(.+)$")
        set(version ${CMAKE_MATCH_1})
    elseif(NOT failed AND described)
        set(version "${FALLBACK}+g${described}")
    endif()
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#define ZDD_VERSION_TEXT \"@version@\"\n" @ONLY)
