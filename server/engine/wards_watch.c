/**
 * @file server/engine/wards_watch.c
 * @brief What the watchdog asks of the pairs whose deployments run, and notes of them.
 */
#include "server/engine/wards_inside.h"

#include <stdlib.h>
#include <string.h>

static struct zdd_ward copy_of(const struct ward *ward)
{
    struct zdd_ward copy = ward->seen;

    copy.fleet = zdd_fleet_share(&ward->seen.fleet);
    copy.broken = ward->watch.broken;
    return copy;
}

size_t zdd_wards_watched(struct zdd_wards *wards, struct zdd_ward **ret_list)
{
    struct zdd_ward *list = NULL;
    size_t count = 0;

    pthread_mutex_lock(&wards->lock);
    if (wards->count > 0)
        list = calloc(wards->count, sizeof(*list));
    for (size_t i = 0; list && i < wards->count; i++) {
        if (wards->ward[i]->promised)
            list[count++] = copy_of(wards->ward[i]);
    }
    pthread_mutex_unlock(&wards->lock);
    *ret_list = list;
    return count;
}

void zdd_wards_release(struct zdd_ward *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        zdd_fleet_release(&list[i].fleet);
    free(list);
}

static void add_note(struct ward *ward, enum zdd_floor_news news)
{
    if (ward->note_count == ZDD_WARD_NOTE_MAX)
        ward->note_count = 0;
    ward->note[ward->note_count++] = (struct zdd_ward_note){news, ward->seen.floor, ward->look};
}

enum zdd_floor_news zdd_wards_judge(struct zdd_wards *wards, const struct zdd_ward *ward,
                                    const struct zdd_ward_look *look)
{
    enum zdd_floor_news news = ZDD_FLOOR_NO_NEWS;
    struct ward *mine;

    pthread_mutex_lock(&wards->lock);
    mine = zdd_wards_find_run(wards, ward->run_id);
    if (mine && look->sight.known) {
        mine->look = *look;
        news = zdd_floor_judge(&mine->watch, mine->seen.floor, &look->sight);
    }
    if (news != ZDD_FLOOR_NO_NEWS) {
        add_note(mine, news);
        mine->changes++;
        wards->violations += news == ZDD_FLOOR_VIOLATED;
    }
    pthread_mutex_unlock(&wards->lock);
    return news;
}

struct zdd_ward_note zdd_wards_unnoted(struct zdd_wards *wards, const struct zdd_ward *ward)
{
    struct zdd_ward_note note = {.news = ZDD_FLOOR_NO_NEWS};
    const struct ward *mine;

    pthread_mutex_lock(&wards->lock);
    mine = zdd_wards_find_run(wards, ward->run_id);
    if (mine && mine->note_count > 0)
        note = mine->note[0];
    pthread_mutex_unlock(&wards->lock);
    return note;
}

void zdd_wards_noted(struct zdd_wards *wards, const struct zdd_ward *ward, enum zdd_floor_news news)
{
    struct ward *mine;

    pthread_mutex_lock(&wards->lock);
    mine = zdd_wards_find_run(wards, ward->run_id);
    if (mine && mine->note_count > 0 && mine->note[0].news == news) {
        mine->note_count--;
        memmove(&mine->note[0], &mine->note[1], mine->note_count * sizeof(mine->note[0]));
    }
    pthread_mutex_unlock(&wards->lock);
}

void zdd_wards_state(struct zdd_wards *wards, const char *run_id, struct zdd_ward_state *ret_state)
{
    const struct ward *ward;

    *ret_state = (struct zdd_ward_state){0};
    pthread_mutex_lock(&wards->lock);
    ward = zdd_wards_find_run(wards, run_id);
    if (ward && ward->promised && ward->look.sight.known)
        *ret_state =
            (struct zdd_ward_state){true, ward->watch.broken, ward->seen.floor, ward->look};
    pthread_mutex_unlock(&wards->lock);
}

void zdd_wards_stats(struct zdd_wards *wards, struct zdd_wards_stats *ret_stats)
{
    struct zdd_wards_stats stats = {0};

    pthread_mutex_lock(&wards->lock);
    for (size_t i = 0; i < wards->count; i++)
        stats.broken += wards->ward[i]->watch.broken;
    stats.violations = wards->violations;
    pthread_mutex_unlock(&wards->lock);
    *ret_stats = stats;
}
