cmake_minimum_required(VERSION 3.25)

# Runs the check CHECK on the bad tree ROOT: it must find exactly what the file EXPECTED says.
execute_process(COMMAND ${TIDY} ${CHECK} ${ROOT} OUTPUT_VARIABLE found RESULT_VARIABLE result)
file(READ ${EXPECTED} expected)
if(NOT result EQUAL 1 OR NOT found STREQUAL expected)
    message(FATAL_ERROR "exit ${result}, expected 1; found\n${found}\nexpected\n${expected}")
endif()
