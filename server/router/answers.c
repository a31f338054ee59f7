/**
 * @file server/router/answers.c
 * @brief What the agent says of every server, and who has fetched it.
 *
 * Each pair owns its answers; an index over all of them, sorted by address, is made anew when a
 * pair changes. That is rare, and a fetch is a binary search under a lock that is held for no
 * longer.
 */
#include "server/router/answers.h"

#include "server/base/cleanup.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

struct answer {
    char address[ZDD_ADDRESS_SIZE];
    struct zdd_wish wish;
    uint16_t fetched; /* one bit for each source */
    struct pair *pair;
};

struct pair {
    struct pair *next;
    uint64_t order; /* a later one wins */
    char name[ZDD_APP_ID_SIZE];
    int64_t asked_ms[ZDD_SOURCE_MAX]; /* last time, by source; 0: never */
    size_t count;
    struct answer answer[]; /* sorted by address, each once */
};

struct source {
    char name[ZDD_SOURCE_SIZE]; /* "": free */
    int64_t asked_ms;
};

struct zdd_answers {
    pthread_mutex_t lock;
    struct pair *pairs;
    uint64_t last_order;
    struct source source[ZDD_SOURCE_MAX];
    size_t index_count;
    struct answer **index;
};

_Static_assert(ZDD_SOURCE_MAX <= 16, "a bit for each source");

struct zdd_answers *zdd_answers_new(void)
{
    struct zdd_answers *answers = calloc(1, sizeof(*answers));

    if (answers && pthread_mutex_init(&answers->lock, NULL) != 0) {
        free(answers);
        return NULL;
    }
    return answers;
}

struct zdd_answers *zdd_answers_free(struct zdd_answers *answers)
{
    if (!answers)
        return NULL;
    for (struct pair *pair = answers->pairs, *next; pair; pair = next) {
        next = pair->next;
        free(pair);
    }
    free(answers->index);
    pthread_mutex_destroy(&answers->lock);
    free(answers);
    return NULL;
}

static int by_address(const void *a, const void *b)
{
    return strcmp(((const struct answer *)a)->address, ((const struct answer *)b)->address);
}

/* The answer of the latest order first. */
static int by_address_and_order(const void *a, const void *b)
{
    const struct answer *const *x = a, *const *y = b;
    const int order = by_address(*x, *y);

    if (order != 0)
        return order;
    return ((*x)->pair->order < (*y)->pair->order) - ((*x)->pair->order > (*y)->pair->order);
}

/* A weight says nothing of a server that takes no requests. */
static struct zdd_wish wish_of(const struct zdd_side_order *side)
{
    assert(side->serving < ZDD_SERVING_COUNT);
    assert(side->weight >= 0 && side->weight <= ZDD_WEIGHT_MAX);
    return (struct zdd_wish){side->serving, side->serving == ZDD_SERVES ? side->weight : 0};
}

static void fill(struct pair *pair, const struct zdd_router_order *order)
{
    size_t kept = 0;

    for (size_t s = 0; s < ZDD_SIDE_COUNT; s++) {
        for (size_t i = 0; i < order->side[s].endpoint_count; i++) {
            struct answer *answer = &pair->answer[pair->count++];

            snprintf(answer->address, ZDD_ADDRESS_SIZE, "%s", order->side[s].endpoints[i].address);
            answer->wish = wish_of(&order->side[s]);
            answer->pair = pair;
        }
    }
    qsort(pair->answer, pair->count, sizeof(pair->answer[0]), by_address);
    for (size_t i = 0; i < pair->count; i++) { /* a port may be in two backends */
        if (kept == 0 || by_address(&pair->answer[kept - 1], &pair->answer[i]) != 0)
            pair->answer[kept++] = pair->answer[i];
    }
    pair->count = kept;
}

static struct pair *make_pair(const struct zdd_router_order *order)
{
    struct pair *pair;
    size_t count = 0;

    for (size_t s = 0; s < ZDD_SIDE_COUNT; s++)
        count += order->side[s].endpoint_count;
    pair = calloc(1, sizeof(*pair) + count * sizeof(pair->answer[0]));

    if (!pair)
        return NULL;
    snprintf(pair->name, sizeof(pair->name), "%s", order->pair);
    fill(pair, order);
    return pair;
}

/* Where the pair of that name hangs, or the end of the list. */
static struct pair **place_of(struct zdd_answers *answers, const char *name)
{
    struct pair **place = &answers->pairs;

    while (*place && strcmp((*place)->name, name) != 0)
        place = &(*place)->next;
    return place;
}

/* Whoever has fetched the very same answer need not do so again. */
static void inherit(struct pair *pair, const struct pair *before)
{
    memcpy(pair->asked_ms, before->asked_ms, sizeof(pair->asked_ms));
    for (size_t i = 0; i < pair->count; i++) {
        struct answer *answer = &pair->answer[i];
        const struct answer *old =
            bsearch(answer, before->answer, before->count, sizeof(before->answer[0]), by_address);

        if (old && old->wish.serving == answer->wish.serving &&
            old->wish.weight == answer->wish.weight)
            answer->fetched = old->fetched;
    }
}

/* Over all pairs, into memory that is large enough. */
static void make_index(struct zdd_answers *answers, struct answer **index)
{
    free(answers->index);
    answers->index = index;
    answers->index_count = 0;
    for (struct pair *pair = answers->pairs; pair; pair = pair->next) {
        for (size_t i = 0; i < pair->count; i++)
            index[answers->index_count++] = &pair->answer[i];
    }
    if (answers->index_count > 0)
        qsort(index, answers->index_count, sizeof(struct answer *), by_address_and_order);
}

enum zdd_err zdd_answers_set(struct zdd_answers *answers, const struct zdd_router_order *order)
{
    struct pair *pair = make_pair(order);
    struct answer **index = NULL;
    struct pair **place, *before;

    if (!pair)
        return ZDD_ERR_NO_MEMORY;
    pthread_mutex_lock(&answers->lock);
    index = calloc(answers->index_count + pair->count + 1, sizeof(struct answer *));
    if (index) {
        place = place_of(answers, pair->name);
        before = *place;
        pair->order = ++answers->last_order;
        pair->next = before ? before->next : NULL;
        if (before)
            inherit(pair, before);
        *place = pair;
        make_index(answers, index);
        pair = before; /* to be freed */
    }
    pthread_mutex_unlock(&answers->lock);
    free(pair);
    return index ? ZDD_ERR_NONE : ZDD_ERR_NO_MEMORY;
}

void zdd_answers_forget(struct zdd_answers *answers, const char *pair)
{
    struct pair **place, *gone;
    size_t kept = 0;

    pthread_mutex_lock(&answers->lock);
    place = place_of(answers, pair);
    gone = *place;
    if (gone) {
        *place = gone->next;
        for (size_t i = 0; i < answers->index_count; i++) {
            if (answers->index[i]->pair != gone)
                answers->index[kept++] = answers->index[i];
        }
        answers->index_count = kept;
    }
    pthread_mutex_unlock(&answers->lock);
    free(gone);
}

/* The first answer for @p address in the index; NULL when there is none. */
static struct answer *find(const struct zdd_answers *answers, const char *address)
{
    size_t low = 0, high = answers->index_count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (strcmp(answers->index[middle]->address, address) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == answers->index_count || strcmp(answers->index[low]->address, address) != 0)
        return NULL;
    return answers->index[low];
}

bool zdd_answers_wish(struct zdd_answers *answers, const char *address, struct zdd_wish *ret_wish)
{
    const struct answer *answer;

    pthread_mutex_lock(&answers->lock);
    answer = find(answers, address);
    if (answer)
        *ret_wish = answer->wish;
    pthread_mutex_unlock(&answers->lock);
    return answer != NULL;
}

static void forget_source(struct zdd_answers *answers, size_t number)
{
    for (struct pair *pair = answers->pairs; pair; pair = pair->next) {
        pair->asked_ms[number] = 0;
        for (size_t i = 0; i < pair->count; i++)
            pair->answer[i].fetched &= (uint16_t) ~(1u << number);
    }
}

/* The number of a source; a new one takes a free place, or that of the one silent for longest. */
static size_t number_of(struct zdd_answers *answers, const char *name)
{
    size_t longest = 0;

    for (size_t i = 0; i < ZDD_SOURCE_MAX; i++) {
        if (strcmp(answers->source[i].name, name) == 0)
            return i;
        if (answers->source[i].asked_ms < answers->source[longest].asked_ms)
            longest = i;
    }
    if (answers->source[longest].name[0])
        forget_source(answers, longest);
    snprintf(answers->source[longest].name, ZDD_SOURCE_SIZE, "%s", name);
    return longest;
}

static size_t say(const struct zdd_wish *wish, char ret_text[static ZDD_ANSWER_SIZE])
{
    static const char *const words[ZDD_SERVING_COUNT] = {
        [ZDD_DRAINS] = "up drain\n", [ZDD_RESTS] = "up maint\n"};

    if (wish->serving == ZDD_SERVES)
        snprintf(ret_text, ZDD_ANSWER_SIZE, "up ready %d%%\n", (int)wish->weight * 100);
    else
        snprintf(ret_text, ZDD_ANSWER_SIZE, "%s", words[wish->serving]);
    return strlen(ret_text);
}

size_t zdd_answers_fetch(struct zdd_answers *answers, const char *address, const char *source,
                         int64_t now_ms, char ret_text[static ZDD_ANSWER_SIZE])
{
    struct answer *answer;
    size_t size = 0;

    pthread_mutex_lock(&answers->lock);
    answer = find(answers, address);
    if (answer) {
        const size_t number = number_of(answers, source);

        answer->fetched |= (uint16_t)(1u << number);
        answers->source[number].asked_ms = answer->pair->asked_ms[number] = now_ms;
        size = say(&answer->wish, ret_text);
    }
    pthread_mutex_unlock(&answers->lock);
    return size;
}

static void count_fetched(const struct pair *pair, size_t number,
                          struct zdd_router_receipt *receipt)
{
    for (size_t i = 0; i < pair->count; i++)
        receipt->fetched += pair->answer[i].fetched >> number & 1;
    receipt->total = (int32_t)pair->count;
    receipt->last_ms = pair->asked_ms[number];
}

size_t zdd_answers_receipts(struct zdd_answers *answers, const char *pair,
                            struct zdd_router_receipt ret_receipts[static ZDD_SOURCE_MAX])
{
    const struct pair *found;
    size_t count = 0;

    pthread_mutex_lock(&answers->lock);
    found = *place_of(answers, pair);
    for (size_t i = 0; found && i < ZDD_SOURCE_MAX; i++) {
        struct zdd_router_receipt *receipt = &ret_receipts[count];

        if (found->asked_ms[i] == 0)
            continue;
        *receipt = (struct zdd_router_receipt){0};
        snprintf(receipt->source, ZDD_SOURCE_SIZE, "%s", answers->source[i].name);
        count_fetched(found, i, receipt);
        count++;
    }
    pthread_mutex_unlock(&answers->lock);
    return count;
}
