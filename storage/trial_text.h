/**
 * @file storage/trial_text.h
 * @brief PRIVATE to storage/: what balancers have counted of a deployment, as text and back.
 */
#pragma once

#include "strategies/model/trial.h"

#include <stddef.h>

/* Some 170 figures, of which a double has 24 characters at most. */
#define ZDD_TRIAL_TEXT_SIZE 6000

/** An edition, and numbers with a space between, in the order of the members; "" for one that is
 * all zero. What is read back is the same to the last bit. */
void zdd_trial_print(const struct zdd_trial *trial, char ret_text[static ZDD_TRIAL_TEXT_SIZE]);
/** Texts of the edition before are read too. @return false, and the result untouched, when @p text
 * is none */
bool zdd_trial_parse(const char *text, struct zdd_trial *ret_trial);
