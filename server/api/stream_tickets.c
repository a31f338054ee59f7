/**
 * @file server/api/stream_tickets.c
 * @brief POST /v1/stream-tickets.
 */
#include "server/api/handlers.h"
#include "server/api/inside.h"
#include "server/api/tickets.h"
#include "server/base/clock.h"
#include "server/json/writer.h"

enum zdd_err zdd_api_create_stream_ticket(struct zdd_call *call)
{
    struct zdd_writer w = {.buf = &call->reply};
    char text[ZDD_TOKEN_SIZE];
    const enum zdd_err err = zdd_ask_known(call, NULL, 0);

    if (err != ZDD_ERR_NONE)
        return err;
    zdd_tickets_make(zdd_api_of(call)->tickets, &zdd_caller_of(call)->shown, zdd_mono_ms(), text);
    call->status = 201;
    zdd_w_object(&w, NULL);
    zdd_w_text(&w, "ticket", text);
    zdd_w_time(&w, "expiresAt", call->now_ms + ZDD_TICKET_MS);
    zdd_w_end_object(&w);
    return zdd_answer(call, ZDD_ERR_NONE);
}
