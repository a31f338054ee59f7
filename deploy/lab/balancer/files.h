/**
 * @file deploy/lab/balancer/files.h
 * @brief Small files in a directory that is held open.
 */
#pragma once

#include "server/base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/** Replace @p name with this text: readers see the old one or the new one. @return false with errno
 */
bool zdd_file_replace(int dir_fd, const char *name, const char *text, size_t size);

/** Append at most @p max bytes of the file. @return false with errno */
bool zdd_file_read(int dir_fd, const char *name, size_t max, struct zdd_buf *buf);
