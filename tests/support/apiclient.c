/**
 * @file tests/support/apiclient.c
 * @brief Calls over libcurl, answers checked.
 */
#include "tests/support/apiclient.h"

#include "server/base/buf.h"
#include "server/json/json.h"
#include "tests/support/contract.h"
#include "tests/support/spec.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TIMEOUT_S 30L

struct apiclient {
    CURL *curl;
    json_t *contract;
    char url[128];
    char token[80];
};

struct apiclient *apiclient_new(const char *url, const char *token)
{
    struct apiclient *client = calloc(1, sizeof(*client));

    assert_non_null(client);
    client->curl = curl_easy_init();
    assert_non_null(client->curl);
    client->contract = contract_load();
    snprintf(client->url, sizeof(client->url), "%s", url);
    snprintf(client->token, sizeof(client->token), "%s", token ? token : "");
    return client;
}

struct apiclient *apiclient_free(struct apiclient *client)
{
    if (!client)
        return NULL;
    curl_easy_cleanup(client->curl);
    json_decref(client->contract);
    free(client);
    return NULL;
}

const json_t *apiclient_contract(const struct apiclient *client)
{
    return client->contract;
}

static size_t keep(char *data, size_t one, size_t count, void *cls)
{
    struct zdd_buf *buf = cls;

    zdd_buf_append(buf, data, one * count);
    return buf->err == ZDD_ERR_NONE ? one * count : 0;
}

static const char *method_of(const struct apiclient_request *r)
{
    if (r->method)
        return r->method;
    return r->body ? "POST" : "GET";
}

static struct curl_slist *headers_of(const struct apiclient *client,
                                     const struct apiclient_request *r)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:"); /* no 100-continue: it waits */
    const char *token = r->token ? r->token : client->token;
    char text[200];

    if (token[0]) {
        snprintf(text, sizeof(text), "Authorization: Bearer %s", token);
        list = curl_slist_append(list, text);
    }
    snprintf(text, sizeof(text), "Content-Type:%s%s", r->type && !r->type[0] ? "" : " ",
             r->type ? r->type : "application/json");
    list = curl_slist_append(list, r->body ? text : "Content-Type:");
    for (size_t i = 0; i < APICLIENT_HEADER_MAX && r->header[i]; i++)
        list = curl_slist_append(list, r->header[i]);
    return list;
}

static void prepare(struct apiclient *client, const struct apiclient_request *r, const char *url,
                    struct curl_slist *headers)
{
    CURL *curl = client->curl;
    const char *method = method_of(r);

    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, keep);
    if (strcmp(method, "HEAD") == 0)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    if (r->body || strcmp(method, "POST") == 0) {
        const char *body = r->body ? r->body : "";

        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE,
                         (long)(r->body_size ? r->body_size : strlen(body)));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, strcmp(method, "HEAD") == 0 ? NULL : method);
}

static void check(const struct apiclient *client, const struct apiclient_request *r,
                  const struct apiclient_answer *answer)
{
    char path[512];
    json_t *body = NULL;

    snprintf(path, sizeof(path), "%.*s", (int)strcspn(r->path, "?"), r->path);
    contract_check_answer(client->contract, &(struct contract_answer){
                                                .method = method_of(r),
                                                .path = path,
                                                .status = answer->status,
                                                .type = answer->type[0] ? answer->type : NULL,
                                                .json = answer->json,
                                                .size = answer->size,
                                            });
    if (answer->status >= 300 || !r->body)
        return;
    if (r->type && strcmp(r->type, "application/yaml") == 0) {
        contract_check_request_type(client->contract, method_of(r), path, r->type);
        return;
    }
    body = json_loads(r->body, 0, NULL);
    contract_check_request(client->contract, method_of(r), path, body);
    json_decref(body);
}

struct apiclient_answer apiclient_send(struct apiclient *client, const struct apiclient_request *r)
{
    struct zdd_buf head = {0}, body = {0};
    struct apiclient_answer answer = {0};
    struct curl_slist *headers = headers_of(client, r);
    char url[1024];
    const char *type = NULL;
    CURLcode code;

    snprintf(url, sizeof(url), "%s%s", client->url, r->path);
    prepare(client, r, url, headers);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, &body);
    curl_easy_setopt(client->curl, CURLOPT_HEADERDATA, &head);
    code = curl_easy_perform(client->curl);
    if (code != CURLE_OK && r->may_be_cut) {
        curl_slist_free_all(headers);
        zdd_buf_release(&head);
        zdd_buf_release(&body);
        return answer;
    }
    if (code != CURLE_OK)
        fail_msg("%s %s: %s", method_of(r), r->path, curl_easy_strerror(code));
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &answer.status);
    curl_easy_getinfo(client->curl, CURLINFO_CONTENT_TYPE, &type);
    snprintf(answer.type, sizeof(answer.type), "%s", type ? type : "");
    curl_slist_free_all(headers);
    answer.size = body.size;
    answer.head = zdd_buf_take(&head);
    answer.body = zdd_buf_take(&body);
    answer.json =
        json_loadb(answer.body, answer.size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    if (!r->outside)
        check(client, r, &answer);
    return answer;
}

struct apiclient_answer apiclient_get(struct apiclient *client, const char *path)
{
    return apiclient_send(client, &(struct apiclient_request){.path = path});
}

struct apiclient_answer apiclient_post(struct apiclient *client, const char *path, const char *body)
{
    return apiclient_send(
        client, &(struct apiclient_request){.method = "POST", .path = path, .body = body});
}

const char *apiclient_header(const struct apiclient_answer *answer, const char *name)
{
    static _Thread_local char value[600];
    const size_t size = strlen(name);

    for (const char *line = answer->head; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncasecmp(line, name, size) != 0 || line[size] != ':')
            continue;
        line += size + 1;
        line += strspn(line, " ");
        snprintf(value, sizeof(value), "%.*s", (int)strcspn(line, "\r\n"), line);
        return value;
    }
    return NULL;
}

const char *apiclient_text(const struct apiclient_answer *answer, const char *pointer)
{
    const char *text = json_string_value(zdd_json_at(answer->json, pointer));

    return text ? text : "";
}

int64_t apiclient_int(const struct apiclient_answer *answer, const char *pointer)
{
    const json_t *value = zdd_json_at(answer->json, pointer);

    return json_is_number(value) ? (int64_t)json_number_value(value) : -1;
}

void apiclient_answer_release(struct apiclient_answer *answer)
{
    free(answer->head);
    free(answer->body);
    json_decref(answer->json);
    *answer = (struct apiclient_answer){0};
}

void apiclient_expect(struct apiclient_answer answer, long status, const char *code)
{
    if (answer.status != status || (code && strcmp(apiclient_text(&answer, "/code"), code) != 0))
        fail_msg("expected %ld %s, got %ld:\n%s", status, code ? code : "", answer.status,
                 answer.body);
    apiclient_answer_release(&answer);
}
