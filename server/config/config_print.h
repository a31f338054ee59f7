/**
 * @file server/config/config_print.h
 * @brief Settings for people: effective values, and a sample file.
 */
#pragma once

#include "server/config/config.h"

/** Append each setting as "key = value", with where it came from. No value is a secret: those stay
 * in files. */
void zdd_config_print(const struct zdd_config *config, const char *file, struct zdd_buf *buf);

/** Append a settings file with every setting explained and commented out at its default. */
void zdd_config_print_sample(struct zdd_buf *buf);
