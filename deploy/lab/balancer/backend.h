/**
 * @file deploy/lab/balancer/backend.h
 * @brief The backend of one service port: its checks, its cookie, its servers (pure).
 */
#pragma once

#include "deploy/lab/balancer/services.h"
#include "server/base/buf.h"

/** Append the backend @p name. @return false when the server template of the app is none */
bool zdd_mlb_backend(struct zdd_buf *buf, const struct zdd_mlb_settings *settings,
                     const struct zdd_mlb_service *service, const char *name);
