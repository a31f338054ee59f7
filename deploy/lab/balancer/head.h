/**
 * @file deploy/lab/balancer/head.h
 * @brief The part of the configuration that no app changes (pure).
 */
#pragma once

#include "deploy/lab/balancer/services.h"
#include "server/base/buf.h"

/** Append global, defaults and the statistics listener. */
void zdd_mlb_head(struct zdd_buf *buf, const struct zdd_mlb_settings *settings);
