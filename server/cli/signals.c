/**
 * @file server/cli/signals.c
 * @brief A thread that waits for signals, so that no code ever runs inside a handler.
 */
#include "server/cli/signals.h"

#include "server/cli/cli.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#define EXIT_BY_SIGNAL 128 /* the shell's convention: 128 and the signal's number */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int came;      /* the first signal that ends; guarded by lock */
static bool hung_up;  /* SIGHUP came and was not told; guarded by lock */
static bool stopping; /* the same for those who poll */
static pthread_t watcher;

/* The next signal that is no SIGHUP; those are noted. @return false when the system gives none */
static bool await_end(const sigset_t *set, int *ret_number)
{
    while (sigwait(set, ret_number) == 0) {
        if (*ret_number != SIGHUP)
            return true;
        pthread_mutex_lock(&lock);
        hung_up = true;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
    }
    return false;
}

static void *watch(void *cls)
{
    const sigset_t *set = cls;
    int number;

    if (!await_end(set, &number))
        return NULL;
    pthread_mutex_lock(&lock);
    came = number;
    __atomic_store_n(&stopping, true, __ATOMIC_RELAXED);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);

    if (!await_end(set, &number))
        return NULL;
    zdd_cli_say("second signal, ending at once; the next start resumes what was under way");
    _exit(EXIT_BY_SIGNAL + number);
}

bool zdd_signals_start(bool hangups)
{
    static sigset_t set;
    const struct sigaction ignore = {.sa_handler = SIG_IGN};

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (hangups)
        sigaddset(&set, SIGHUP);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0 || sigaction(SIGPIPE, &ignore, NULL) != 0)
        return false;
    return pthread_create(&watcher, NULL, watch, &set) == 0;
}

void zdd_signals_stop(void)
{
    pthread_cancel(watcher); /* out of sigwait(), which is where it always is */
    pthread_join(watcher, NULL);
}

int zdd_signals_wait(void)
{
    int number;

    pthread_mutex_lock(&lock);
    while (came == 0 && !hung_up) /* a server runs until it is told to stop */
        pthread_cond_wait(&changed, &lock);
    number = came != 0 ? came : SIGHUP;
    hung_up = false;
    pthread_mutex_unlock(&lock);
    return number;
}

const bool *zdd_signals_flag(void)
{
    return &stopping;
}
