/**
 * @file strategies/model/text.h
 * @brief Words and whole numbers of canonical texts, written and read.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/** Write @p text to @p at, which has room, without its NUL. @return the place behind it */
char *zdd_text_append(char *at, const char *text);
/** Write @p value, at least 0. @return the place behind it */
char *zdd_text_append_number(char *at, int32_t value);
/** Read digits at @p *at; then @p *at is behind them. @return false when there are none, or too
 * many for an int32_t */
bool zdd_text_read_number(const char **at, int32_t *ret_value);
