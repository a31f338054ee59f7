# How this project declares a library, a test, a fuzz target and an embedded file.

# Assertions stay on in every build: a wrong state must stop, not go on.
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_FLAGS_RELEASE "-O2")
set(CMAKE_C_FLAGS_MINSIZEREL "-Os")

set(ZDD_SANITIZE "" CACHE STRING "Value for -fsanitize=, empty for none")
set(ZDD_HOT_FLAGS "" CACHE STRING "Flags for what tests compute millions of times: strategies/, properties, simulator")
option(ZDD_COVERAGE "Count executed lines" OFF)
option(ZDD_FUZZ "Build the fuzz targets with libFuzzer too (clang; preset fuzz)" OFF)

add_library(zdd_flags INTERFACE)
target_compile_options(zdd_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wcast-align
    -Wformat=2 -Wmissing-prototypes -Wstrict-prototypes -Wundef -Wvla -Wswitch-enum
    -Wimplicit-fallthrough -Wdouble-promotion -Wwrite-strings
    $<$<C_COMPILER_ID:GNU>:-Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wtrampolines>
    -fno-common -fno-omit-frame-pointer)
target_compile_options(zdd_flags INTERFACE
    $<$<CONFIG:RelWithDebInfo,Release,MinSizeRel>:-D_FORTIFY_SOURCE=2 -fstack-protector-strong>)
target_include_directories(zdd_flags INTERFACE ${PROJECT_SOURCE_DIR})
if(ZDD_SANITIZE)
    target_compile_options(zdd_flags INTERFACE -fsanitize=${ZDD_SANITIZE} -fno-sanitize-recover=all)
    target_link_options(zdd_flags INTERFACE -fsanitize=${ZDD_SANITIZE})
endif()
if(ZDD_COVERAGE)
    target_compile_options(zdd_flags INTERFACE --coverage -fprofile-update=atomic) # threads count too
    target_link_options(zdd_flags INTERFACE --coverage)
endif()

# Linked last, so that it comes after -Wextra: test builders override their own defaults.
add_library(zdd_test_flags INTERFACE)
target_compile_options(zdd_test_flags INTERFACE
    $<IF:$<C_COMPILER_ID:GNU>,-Wno-override-init,-Wno-initializer-overrides>)

function(zdd_library name)
    add_library(${name} STATIC ${ARGN})
    target_link_libraries(${name} PUBLIC zdd_flags)
endfunction()

# Optimised as ZDD_HOT_FLAGS says.
function(zdd_hot name)
    separate_arguments(flags NATIVE_COMMAND "${ZDD_HOT_FLAGS}")
    target_compile_options(${name} PRIVATE ${flags})
endfunction()

# zdd_embed(TARGET file.sql file.inc): the file's bytes as "0x..," for a char array.
function(zdd_embed target input output)
    set(script ${PROJECT_SOURCE_DIR}/deploy/cmake/embed.cmake)
    add_custom_command(OUTPUT ${PROJECT_BINARY_DIR}/embed/${output}
        COMMAND ${CMAKE_COMMAND} -DINPUT=${PROJECT_SOURCE_DIR}/${input}
                -DOUTPUT=${PROJECT_BINARY_DIR}/embed/${output} -P ${script}
        DEPENDS ${PROJECT_SOURCE_DIR}/${input} ${script})
    target_sources(${target} PRIVATE ${PROJECT_BINARY_DIR}/embed/${output})
    target_include_directories(${target} PRIVATE ${PROJECT_BINARY_DIR}/embed)
endfunction()

# zdd_assets(TARGET folder output.inc FILES …): files of a folder, or by an absolute path, as one table, see
# assets.cmake.
function(zdd_assets target folder output)
    cmake_parse_arguments(arg "" "" "FILES" ${ARGN})
    set(script ${PROJECT_SOURCE_DIR}/deploy/cmake/assets.cmake)
    list(TRANSFORM arg_FILES PREPEND ${PROJECT_SOURCE_DIR}/${folder}/ REGEX "^[^/]" OUTPUT_VARIABLE sources)
    list(JOIN arg_FILES "|" files)
    add_custom_command(OUTPUT ${PROJECT_BINARY_DIR}/embed/${output}
        COMMAND ${CMAKE_COMMAND} -DFOLDER=${PROJECT_SOURCE_DIR}/${folder} -DFILES=${files}
                -DOUTPUT=${PROJECT_BINARY_DIR}/embed/${output} -P ${script}
        DEPENDS ${sources} ${script} VERBATIM)
    target_sources(${target} PRIVATE ${PROJECT_BINARY_DIR}/embed/${output})
    target_include_directories(${target} PRIVATE ${PROJECT_BINARY_DIR}/embed)
endfunction()

# zdd_test(LABEL path LIBS … [SOURCES …]): tests/LABEL/path.c, named LABEL/path, one ctest label.
function(zdd_test label path)
    cmake_parse_arguments(arg "" "" "LIBS;SOURCES" ${ARGN})
    string(REPLACE "/" "_" target ${label}_${path})
    add_executable(${target} ${PROJECT_SOURCE_DIR}/tests/${label}/${path}.c ${arg_SOURCES})
    target_link_libraries(${target} PRIVATE ${arg_LIBS} PkgConfig::CMOCKA zdd_test_flags)
    add_test(NAME ${label}/${path} COMMAND ${target})
    set_tests_properties(${label}/${path} PROPERTIES LABELS ${label} TIMEOUT 300)
endfunction()

# zdd_fuzz(NAME LIBS … [SOURCES …]): tests/fuzz/fuzz_NAME.c. As the test fuzz/NAME a plain program eats the corpus of
# that name, with any compiler; with ZDD_FUZZ there is also fuzz_NAME, which libFuzzer drives.
function(zdd_fuzz name)
    cmake_parse_arguments(arg "" "" "LIBS;SOURCES" ${ARGN})
    set(folder ${PROJECT_SOURCE_DIR}/tests/fuzz)
    set(sources ${folder}/fuzz_${name}.c ${arg_SOURCES})
    add_executable(fuzz_${name}_regression ${sources} ${folder}/regression.c)
    target_link_libraries(fuzz_${name}_regression PRIVATE zdd_fuzz_support ${arg_LIBS})
    add_test(NAME fuzz/${name} COMMAND fuzz_${name}_regression ${folder}/corpus/${name})
    set_tests_properties(fuzz/${name} PROPERTIES LABELS fuzz TIMEOUT 300)
    if(ZDD_FUZZ)
        add_executable(fuzz_${name} ${sources})
        target_link_libraries(fuzz_${name} PRIVATE zdd_fuzz_support ${arg_LIBS})
        target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    endif()
endfunction()
