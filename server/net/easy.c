/**
 * @file server/net/easy.c
 * @brief What every libcurl handle of ours has in common.
 */
#include "server/net/easy.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* OpenSSL writes to sockets the peer has closed without MSG_NOSIGNAL, and CURLOPT_NOSIGNAL does not
 * help. */
static void ignore_sigpipe(void)
{
    struct sigaction now;

    if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL) {
        now = (struct sigaction){.sa_handler = SIG_IGN};
        sigaction(SIGPIPE, &now, NULL);
    }
}

static void prepare_process(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT); /* when it fails, so does each curl_easy_init() */
    ignore_sigpipe();
}

CURL *zdd_easy_new(void)
{
    pthread_once(&once, prepare_process);
    return curl_easy_init();
}

void zdd_easy_prepare(CURL *easy, const struct zdd_fetch_auth *auth)
{
    curl_easy_reset(easy);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* also none from the environment */
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "zdd");
#if LIBCURL_VERSION_NUM >= 0x075700
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* do not wait for a name server at the end */
#endif
    if (auth->basic) {
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(easy, CURLOPT_USERPWD, auth->basic);
    }
    if (auth->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, auth->ca_file);
    if (auth->cert_file)
        curl_easy_setopt(easy, CURLOPT_SSLCERT, auth->cert_file);
    if (auth->key_file)
        curl_easy_setopt(easy, CURLOPT_SSLKEY, auth->key_file);
}

bool zdd_easy_header(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);

    if (longer)
        *list = longer;
    return longer != NULL;
}

void zdd_easy_capture(const char *line, size_t size, const char *name, char *ret_value, size_t max)
{
    const size_t name_size = strlen(name);
    const char *value = line + name_size + 1;
    const char *end = line + size;

    if (size <= name_size || line[name_size] != ':' || strncasecmp(line, name, name_size) != 0)
        return;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' ' || end[-1] == '\t'))
        end--;
    ret_value[0] = '\0';
    if ((size_t)(end - value) < max && !memchr(value, '\0', (size_t)(end - value))) {
        memcpy(ret_value, value, (size_t)(end - value));
        ret_value[end - value] = '\0';
    }
}

void zdd_easy_media_type(char *type)
{
    type[strcspn(type, "; \t")] = '\0';
    for (; *type; type++) {
        if (*type >= 'A' && *type <= 'Z')
            *type = (char)(*type - 'A' + 'a');
    }
}

void zdd_easy_reason(const char *method, const char *url, const char *what,
                     char ret_reason[static 200])
{
    snprintf(ret_reason, 200, "%s %.*s: %s", method, (int)strcspn(url, "?"), url, what);
    for (char *at = ret_reason; *at; at++) {
        if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7F)
            *at = '?'; /* whatever a server sent must not break a log line */
    }
}
