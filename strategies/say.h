/**
 * @file strategies/say.h
 * @brief Sentences with numbers, without stdio: this ring does no I/O and knows no locale.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/**
 * Write @p pattern to @p text; "%1" and "%2" become the numbers @p a and @p b, "%.1" and "%.2"
 * the same in hundredths ("0.5" for 50, "20" for 2000), "%%" a percent sign.
 * Cut at @p size, always ended.
 */
void zdd_say(char *text, size_t size, const char *pattern, int64_t a, int64_t b);
