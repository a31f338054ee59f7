/**
 * @file server/router/agent.h
 * @brief The agent that balancers ask (HAProxy's agent-check): one thread, one TCP port, every
 * server of every pair, told apart by the line that the balancer sends ("10.0.0.7:31005").
 *
 * Who sends what is not known is cut off without an answer, and keeps the weight it has: so does
 * everybody while this agent is away. The other side ends a connection first, so that no TIME_WAIT
 * stays on this one; whoever does not is cut off in time, and earlier when too many do not.
 */
#pragma once

#include "server/metrics/metrics.h"
#include "server/router/answers.h"

#include <stdint.h>

#define ZDD_AGENT_CONNECTION_MAX 512 /* open at once; a balancer needs a few */
#define ZDD_AGENT_LIFE_MS 3000       /* of a connection; a balancer needs a few milliseconds */

struct zdd_agent;

struct zdd_agent_stats {
    uint64_t answered;
    uint64_t unknown; /* payloads of servers that nothing is said of */
    uint64_t cut;     /* connections ended by us: too slow, too much, too many */
    uint32_t open;    /* connections now */
};

/**
 * Listen and answer. The answers of all pairs must be in @p answers by now: a server that is asked
 * for too early is cut off, which is harmless, but one that is answered wrongly is not.
 *
 * @param listen   "127.0.0.1:8091", "[::]:8091"; port 0: a free one
 * @param answers  borrowed until zdd_agent_free()
 * @param metrics  likewise; NULL: polls are not counted
 * @return ZDD_ERR_NONE; ZDD_ERR_NO_MEMORY; ZDD_ERR_INTERNAL with a reason: cannot listen there
 */
ZDD_MUST_CHECK enum zdd_err zdd_agent_start(const char *listen, struct zdd_answers *answers,
                                            struct zdd_metrics *metrics,
                                            struct zdd_agent **ret_agent,
                                            char reason[static ZDD_ROUTER_REASON_SIZE]);

/** @return the port it listens on */
uint16_t zdd_agent_port(const struct zdd_agent *agent);

void zdd_agent_stats(const struct zdd_agent *agent, struct zdd_agent_stats *ret_stats);

/** Stop listening, end the thread. NULL is fine. @return NULL */
struct zdd_agent *zdd_agent_free(struct zdd_agent *agent);
