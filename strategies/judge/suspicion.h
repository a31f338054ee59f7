/**
 * @file strategies/judge/suspicion.h
 * @brief Whether the new version fails more often than the old one, asked again and again without
 * condemning a good one by chance.
 *
 * A test with p < 1 % that is repeated in each window condemns most good versions in the end. Here
 * one budget of false alarms, ZDD_ALARM_BUDGET for a whole deployment, is split in two:
 *
 * - one half is for clear failures, and looks at every window. Of each failure it asks how much
 *   likelier it is on the new side if that fails two to thirty times as often than if both are
 *   alike. Such a product of likelihood ratios is a test martingale: that it ever exceeds 1/α has a
 *   chance of α at most, however often one looks (A. Wald 1945; J. Ville 1939; G. Shafer, Test
 *   martingales, 2011). A version that fails always is caught after three failures at 5 % of the
 *   requests.
 * - the other half is for Fisher's exact test, which sees less clear differences sooner, at a few
 *   numbers of requests that are fixed beforehand. It is asked by strata: failures are put to the
 *   account of a version only by its part of the requests at that time. A canary whose share was
 *   raised while everything failed more often has most of its requests, and so most of its
 * failures, in the bad time; one table of all (E. H. Simpson, 1951) would call that its fault. What
 * was expected is summed up, and one sum is all that is kept, however many strata there were.
 *
 * So both halves hold whatever the share and the service's own rate of errors do. Fewer failures
 * than the old version never raise suspicion.
 */
#pragma once

#include "strategies/judge/stats.h"

#define ZDD_ALARM_BUDGET 0.01  /* chance that a version as good as the old one is ever condemned */
#define ZDD_ODDS_MAX 300       /* the part of the budget for clear failures is 1 / 300 */
#define ZDD_ODDS_SHOWN_MAX 1e9 /* likelier than that is certain, and no number */

/**
 * Take in one more window. The bound holds for windows of requests that are told apart only by the
 * side that answered them.
 * @param same_share  the share has been the same since the window before began
 */
void zdd_suspicion_add(struct zdd_suspicion *suspicion, bool same_share, struct zdd_tries new_side,
                       struct zdd_tries old_side);

/** @return how many times likelier "it is worse" has become by what was seen; condemned above
 * ZDD_ODDS_MAX */
double zdd_suspicion_odds(const struct zdd_suspicion *suspicion);
