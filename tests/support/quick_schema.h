/**
 * @file tests/support/quick_schema.h
 * @brief Tests that make thousands of databases take the steps of storage/migrate.h once.
 *
 * A program that links this takes them for the first database that it makes. Each later one gets a
 * copy of that, pages and all, in a two-hundredth of the time; so what is tested on it is the same.
 */
#pragma once

/** From now on each database takes the steps itself: for tests of how one comes to be. */
void quick_schema_off(void);
