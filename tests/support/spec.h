/**
 * @file tests/support/spec.h
 * @brief cmocka, with the headers it forgets to include.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
