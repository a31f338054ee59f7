/**
 * @file server/router/label.c
 * @brief The label that makes Marathon-LB ask our agent, or lets weights be set.
 */
#include "server/router/label.h"

#include "server/net/url.h"

#include <inttypes.h>
#include <string.h>

#define INTERVAL_MS_MIN 10
#define INTERVAL_MS_MAX 60000

/*
 * After a reload HAProxy spreads its first questions, the agent's too, over the shortest interval
 * of a check that is a second or longer: with Marathon's usual 60 s that is 15 s until a new
 * version takes part. A server that joins asks at this interval first, so it is a second at most.
 */
#define FIRST_QUESTIONS " fastinter 1s"

/* Marathon-LB's template for a server line, with the fields that it fills in. */
#define SERVER_LINE                                                                                \
    "  server {serverName} {host_ipv4}:{port} id {serverId}{cookieOptions}{healthCheckOptions}"    \
    "{otherOptions} weight 1" FIRST_QUESTIONS

enum zdd_err zdd_agent_label(struct zdd_buf *buf, const char *advertise, int64_t interval_ms)
{
    char
        host[64]; /* letters, digits, '.', '-', '_', ':': nothing that the template could mistake */
    uint16_t port;

    if (!zdd_hostport_parse(advertise, host, &port) || port == 0 || interval_ms < INTERVAL_MS_MIN ||
        interval_ms > INTERVAL_MS_MAX)
        return ZDD_ERR_BODY_INVALID;
    /* The backslash and the 'n' are for HAProxy: within quotes they are a line feed. */
    zdd_buf_printf(buf,
                   SERVER_LINE " agent-check agent-addr %s agent-port %u"
                               " agent-inter %" PRId64 "ms agent-send \"{host_ipv4}:{port}\\n\"\n",
                   host, port, interval_ms);
    return buf->err;
}

enum zdd_err zdd_plain_label(struct zdd_buf *buf)
{
    zdd_buf_text(buf, SERVER_LINE "\n");
    return buf->err;
}

bool zdd_label_is_ours(const char *label)
{
    return strncmp(label, SERVER_LINE, strlen(SERVER_LINE)) == 0;
}
