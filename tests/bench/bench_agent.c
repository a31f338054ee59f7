/**
 * @file tests/bench/bench_agent.c
 * @brief The agent under the questions of a balancer with 200 servers: its processor time, what it
 * leaves behind, and the share of a bare answer that its table and its care for strangers cost.
 */
#include "server/router/agent.h"
#include "server/router/listen.h"
#include "tests/bench/support/figures.h"
#include "tests/support/sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SERVERS 200
#define PER_SECOND 1000
#define TARGET_PCT 15
#define ROUNDS_MAX 20

static struct zdd_endpoint endpoint[SERVERS];

/* A server that answers every connection the same, without looking: the yardstick. */
struct bare {
    int fd;
    atomic_bool stop;
    pthread_t thread;
};

static void *answer_all(void *cls)
{
    struct bare *bare = cls;
    char bytes[80];

    while (!atomic_load(&bare->stop)) {
        const int fd = accept(bare->fd, NULL, NULL);

        if (fd < 0)
            continue;
        if (recv(fd, bytes, sizeof(bytes), 0) > 0)
            (void)send(fd, "up ready 100%\n", 14, MSG_NOSIGNAL);
        while (recv(fd, bytes, sizeof(bytes), 0) > 0)
            continue;
        close(fd);
    }
    return NULL;
}

static int dial(uint16_t port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        bench_fail("cannot connect");
    return fd;
}

/* As HAProxy does it: connect, ask, read the line, reset. */
static void ask(uint16_t port, size_t number)
{
    const struct linger at_once = {.l_onoff = 1};
    const int fd = dial(port);
    char text[ZDD_ADDRESS_SIZE + 1], answer[64];
    const int size = snprintf(text, sizeof(text), "%s\n", endpoint[number % SERVERS].address);

    if (send(fd, text, (size_t)size, MSG_NOSIGNAL) != size ||
        recv(fd, answer, sizeof(answer), 0) <= 0)
        bench_fail("no answer");
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(fd);
}

/* Processor time of all threads but this one. */
static int64_t others_ns(void)
{
    struct timespec all, own;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &all);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &own);
    return (int64_t)(all.tv_sec - own.tv_sec) * 1000000000 + all.tv_nsec - own.tv_nsec;
}

/* @return percent of one core that answering at the wanted pace takes */
static double measure(uint16_t port, int64_t ms)
{
    const int64_t begun_ns = bench_now_ns(), cpu_ns = others_ns();
    const int64_t end_ns = begun_ns + ms * 1000000;
    int64_t now_ns = begun_ns;

    for (size_t asked = 0; now_ns < end_ns; now_ns = bench_now_ns()) {
        while ((int64_t)asked < (now_ns - begun_ns) * PER_SECOND / 1000000000)
            ask(port, asked++);
        bench_sleep_ms(1);
    }
    return 100.0 * (double)(others_ns() - cpu_ns) / (double)(now_ns - begun_ns);
}

static struct zdd_agent *start_agent(struct zdd_answers *answers)
{
    const struct zdd_router_order order = {.pair = "/svc",
                                           .side = {{ZDD_SERVES, 100, endpoint, SERVERS}, {0}}};
    struct zdd_agent *agent = NULL;
    char reason[ZDD_ROUTER_REASON_SIZE];

    for (size_t i = 0; i < SERVERS; i++)
        snprintf(endpoint[i].address, ZDD_ADDRESS_SIZE, "10.0.%zu.%zu:31%03zu", i / 50, i % 50, i);
    if (!answers || zdd_answers_set(answers, &order) != ZDD_ERR_NONE ||
        zdd_agent_start("127.0.0.1:0", answers, NULL, &agent, reason) != ZDD_ERR_NONE)
        bench_fail("no agent");
    return agent;
}

int main(int argc, char **argv)
{
    const int64_t rounds = bench_option(argc, argv, "rounds", 5);
    const int64_t ms = bench_option(argc, argv, "ms", 2000);
    struct zdd_answers *answers = zdd_answers_new();
    struct zdd_agent *agent = start_agent(answers);
    struct bare bare = {0};
    double agent_pct[ROUNDS_MAX], ratio[ROUNDS_MAX];
    const char *why;
    char note[160];

    bare.fd = zdd_listen("127.0.0.1:0", 512, &why);
    if (rounds < 1 || rounds > ROUNDS_MAX || bare.fd < 0 || fcntl(bare.fd, F_SETFL, 0) != 0 ||
        pthread_create(&bare.thread, NULL, answer_all, &bare) != 0)
        bench_fail("no yardstick, or --rounds not from 1 to %d", ROUNDS_MAX);
    for (int64_t i = 0; i < rounds; i++) {
        const double yardstick = measure(zdd_listen_port(bare.fd), ms);

        agent_pct[i] = measure(zdd_agent_port(agent), ms);
        ratio[i] = agent_pct[i] / yardstick;
        fprintf(stderr, "bare %.2f %%, agent %.2f %% of a core = %.2f\n", yardstick, agent_pct[i],
                ratio[i]);
    }
    snprintf(note, sizeof(note), "%d answers/s to %d servers; %.2f × a thread that answers blindly",
             PER_SECOND, SERVERS, bench_median(ratio, (size_t)rounds));
    bench_say(&(struct bench_figure){13, "agent, processor time", "% of a core",
                                     bench_median(agent_pct, (size_t)rounds), BENCH_AT_MOST,
                                     TARGET_PCT, note});
    bench_say(&(struct bench_figure){13, "agent, sockets in TIME_WAIT", "",
                                     sockets_in_time_wait(zdd_agent_port(agent)), BENCH_AT_MOST, 0,
                                     NULL});
    atomic_store(&bare.stop, true);
    close(dial(zdd_listen_port(bare.fd)));
    pthread_join(bare.thread, NULL);
    close(bare.fd);
    zdd_agent_free(agent);
    zdd_answers_free(answers);
    return 0;
}
