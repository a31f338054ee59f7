/**
 * @file server/api/tickets.c
 * @brief Tickets for event streams, by hash, in a ring.
 */
#include "server/api/tickets.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define TICKET_MAX 256

struct place {
    char hash[ZDD_SHA256_HEX_SIZE]; /* "": used, or never made */
    int64_t until_ms;
    struct zdd_ticket ticket;
};

struct zdd_tickets {
    pthread_mutex_t lock;
    size_t next;
    struct place place[TICKET_MAX];
};

struct zdd_tickets *zdd_tickets_new(void)
{
    struct zdd_tickets *tickets = calloc(1, sizeof(*tickets));

    if (tickets)
        pthread_mutex_init(&tickets->lock, NULL);
    return tickets;
}

struct zdd_tickets *zdd_tickets_free(struct zdd_tickets *tickets)
{
    if (!tickets)
        return NULL;
    pthread_mutex_destroy(&tickets->lock);
    free(tickets);
    return NULL;
}

void zdd_tickets_make(struct zdd_tickets *tickets, const struct zdd_ticket *ticket, int64_t mono_ms,
                      char ret_text[static ZDD_TOKEN_SIZE])
{
    struct place place = {.until_ms = mono_ms + ZDD_TICKET_MS, .ticket = *ticket};

    zdd_token_new(ret_text);
    zdd_sha256_hex(ret_text, strlen(ret_text), place.hash);
    pthread_mutex_lock(&tickets->lock);
    tickets->place[tickets->next] = place;
    tickets->next = (tickets->next + 1) % TICKET_MAX;
    pthread_mutex_unlock(&tickets->lock);
}

bool zdd_tickets_take(struct zdd_tickets *tickets, const char *text, int64_t mono_ms,
                      struct zdd_ticket *ret_ticket)
{
    char hash[ZDD_SHA256_HEX_SIZE];
    bool found = false;

    /* Only the hash is compared, never the ticket: nothing to time (api.md §7). */
    zdd_sha256_hex(text, strlen(text), hash);
    pthread_mutex_lock(&tickets->lock);
    for (size_t i = 0; i < TICKET_MAX && !found; i++) {
        struct place *place = &tickets->place[i];

        if (strcmp(place->hash, hash) != 0)
            continue;
        found = mono_ms < place->until_ms;
        *ret_ticket = place->ticket;
        memset(place, 0, sizeof(*place));
        break;
    }
    pthread_mutex_unlock(&tickets->lock);
    return found;
}
