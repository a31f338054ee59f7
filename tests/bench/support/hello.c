/**
 * @file tests/bench/support/hello.c
 * @brief Bare libmicrohttpd.
 */
#include "tests/bench/support/hello.h"

#include "tests/bench/support/figures.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

struct hello {
    struct MHD_Daemon *daemon;
    size_t size;
    char *text;
};

static enum MHD_Result answer(void *cls, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *data_size, void **request)
{
    static char seen;
    const struct hello *hello = cls;
    struct MHD_Response *response;
    enum MHD_Result result;

    (void)url;
    (void)method;
    (void)version;
    (void)data;
    if (!*request) {
        *request = &seen;
        return MHD_YES;
    }
    if (*data_size > 0) {
        *data_size = 0;
        return MHD_YES;
    }
    response = MHD_create_response_from_buffer(hello->size, hello->text, MHD_RESPMEM_PERSISTENT);
    result = MHD_queue_response(connection, 200, response);
    MHD_destroy_response(response);
    return result;
}

struct hello *hello_start(unsigned threads, size_t size, uint16_t *ret_port)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct hello *hello = calloc(1, sizeof(*hello));
    const union MHD_DaemonInfo *info;

    if (!hello || !(hello->text = malloc(size)))
        bench_fail("no memory for a hello of %zu bytes", size);
    memset(hello->text, 'h', size);
    hello->size = size;
    hello->daemon =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL, NULL, answer,
                         hello, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_THREAD_POOL_SIZE,
                         threads, MHD_OPTION_CONNECTION_LIMIT, 1000U * threads, MHD_OPTION_END);
    info = hello->daemon ? MHD_get_daemon_info(hello->daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
    if (!info)
        bench_fail("no hello");
    *ret_port = info->port;
    return hello;
}

void hello_stop(struct hello *hello)
{
    MHD_stop_daemon(hello->daemon);
    free(hello->text);
    free(hello);
}
