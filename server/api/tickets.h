/**
 * @file server/api/tickets.h
 * @brief Tickets for event streams: the browser's EventSource can send no header, and a token has
 * no business in a URL. A ticket opens one stream, within half a minute, for whoever was let in by
 * a token or session that is still good then. They live in memory: after a restart there are none.
 */
#pragma once

#include "server/api/passes.h"
#include "server/base/crypto.h"

#define ZDD_TICKET_MS 30000

struct zdd_tickets;

/** Who asked for the ticket. */
struct zdd_ticket {
    enum zdd_pass kind;
    char secret_hash[ZDD_SHA256_HEX_SIZE]; /* of the token or cookie that was shown */
};

/** @return NULL without memory */
struct zdd_tickets *zdd_tickets_new(void);
/** NULL is fine. @return NULL */
struct zdd_tickets *zdd_tickets_free(struct zdd_tickets *tickets);

/** Make a ticket; of very many at once the oldest is forgotten. */
void zdd_tickets_make(struct zdd_tickets *tickets, const struct zdd_ticket *ticket, int64_t mono_ms,
                      char ret_text[static ZDD_TOKEN_SIZE]);

/** Use a ticket up. @return false when it is none, was used or is too old */
bool zdd_tickets_take(struct zdd_tickets *tickets, const char *text, int64_t mono_ms,
                      struct zdd_ticket *ret_ticket);
