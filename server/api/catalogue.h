/**
 * @file server/api/catalogue.h
 * @brief The answer of GET /v1/strategies.
 */
#pragma once

/** @return JSON text to free(), NULL without memory */
char *zdd_catalogue_new(void);
