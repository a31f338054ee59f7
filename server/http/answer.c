/**
 * @file server/http/answer.c
 * @brief From a verdict and a reply to a response of libmicrohttpd.
 */
#include "server/http/exchange.h"
#include "server/http/squeeze.h"

#include <stdlib.h>

#define STATUS_NOT_MODIFIED 304

void zdd_exchange_fail(struct zdd_exchange *exchange)
{
    struct zdd_call *call = &exchange->call;

    if (exchange->http->options.fail)
        exchange->http->options.fail(call, exchange->verdict);
    else
        zdd_call_problem(call, exchange->verdict);
    if (call->reply.err == ZDD_ERR_NONE)
        return;
    zdd_buf_release(&call->reply); /* no memory even for the problem: its status must do */
    call->status = 500;
}

/* The reply's memory goes over to the response. */
static struct MHD_Response *text_response(struct zdd_call *call)
{
    static char empty[] = "";
    const size_t size = call->reply.size;
    struct MHD_Response *response;
    char *text;

    if (size == 0)
        return MHD_create_response_from_buffer(0, empty, MHD_RESPMEM_PERSISTENT);
    text = zdd_buf_take(&call->reply);
    response = MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE);
    if (!response)
        free(text);
    return response;
}

/* Whether it is compressed depends on who asks: caches have to know, also where it is not. */
static void squeeze(struct zdd_exchange *exchange)
{
    struct zdd_call *call = &exchange->call;
    const bool unchanged = call->status == STATUS_NOT_MODIFIED;

    if (!exchange->http->options.squeezes || (call->reply.size == 0 && !unchanged) ||
        !zdd_squeeze_fits(call->type) || zdd_call_added(call, "Content-Encoding"))
        return;
    zdd_call_add_header(call, "Vary", "Accept-Encoding");
    if (unchanged) {
        zdd_squeeze_tag_known(call);
    } else if (call->reply.size >= ZDD_SQUEEZE_MIN &&
               zdd_squeeze_wanted(zdd_call_header(call, "Accept-Encoding")) &&
               zdd_squeeze(&call->reply)) {
        zdd_call_add_header(call, "Content-Encoding", "gzip");
        zdd_squeeze_tag(call);
    }
}

static bool add(struct MHD_Response *response, const char *name, const char *value)
{
    return MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool add_headers(struct MHD_Response *response, const struct zdd_exchange *exchange,
                        bool has_content)
{
    const struct zdd_call *call = &exchange->call;
    bool all = add(response, "X-Request-Id", call->request_id);

    if (has_content)
        all = add(response, "Content-Type", call->type) && all;
    for (size_t i = 0; i < call->header_count; i++)
        all = add(response, call->header[i].name, call->header[i].value) && all;
    if (!exchange->http->options.without_guards) {
        all = add(response, "X-Content-Type-Options", "nosniff") && all;
        if (!zdd_call_added(call, "Cache-Control"))
            all = add(response, "Cache-Control", "no-store") && all;
    }
    if (exchange->http->options.tls)
        all = add(response, "Strict-Transport-Security", "max-age=31536000") && all;
    if (call->close_after)
        all = add(response, "Connection", "close") && all;
    return all;
}

enum MHD_Result zdd_exchange_answer(struct zdd_exchange *exchange)
{
    struct zdd_call *call = &exchange->call;
    struct MHD_Response *response;
    enum MHD_Result sent = MHD_NO;
    bool streams;
    bool has_content;

    exchange->answered = true;
    if (exchange->verdict == ZDD_ERR_NONE && call->reply.err != ZDD_ERR_NONE)
        exchange->verdict =
            call->reply.err == ZDD_ERR_NO_MEMORY ? ZDD_ERR_NO_MEMORY : ZDD_ERR_INTERNAL;
    if (call->overlong) {
        call->status = 0; /* whatever else it is: our fault comes first */
        exchange->verdict =
            zdd_call_fail(call, ZDD_ERR_INTERNAL, "header %s of the reply has more than %d bytes",
                          call->overlong, ZDD_CALL_HEADER_SIZE - 1);
    }
    if (exchange->verdict != ZDD_ERR_NONE)
        zdd_exchange_fail(exchange);
    streams = exchange->stream.open && exchange->verdict == ZDD_ERR_NONE;
    has_content = streams || call->reply.size > 0;
    if (!streams)
        squeeze(exchange);
    response = streams ? zdd_stream_response(exchange) : text_response(call);
    if (!response)
        return MHD_NO;
    if (add_headers(response, exchange, has_content))
        sent = MHD_queue_response(exchange->connection, call->status, response);
    MHD_destroy_response(response);
    return sent;
}
