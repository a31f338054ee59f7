/**
 * @file storage/stamps.c
 * @brief Numbers that grow with each change of a key.
 */
#include "storage/stamps.h"

#include "storage/inside.h"

/* FNV-1a: ids of one millisecond differ in few digits, and all of them count here. */
static unsigned slot_of(const char *key)
{
    uint32_t hash = 2166136261U;

    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * 16777619U;
    return (hash ^ hash >> 16) % ZDD_STAMP_COUNT;
}

uint64_t zdd_stamp_of(const struct zdd_store *store, const char *key)
{
    return atomic_load(&store->stamps.number[slot_of(key)]);
}

/* Only the writer adds to the numbers, so that they cannot move between the two lines. */
void zdd_stamp_touch(struct zdd_tx *tx, const char *key)
{
    struct zdd_stamps *stamps = &tx->store->stamps;
    const unsigned slot = slot_of(key);

    if (!zdd_stamp_rests(atomic_load(&stamps->number[slot])))
        return;
    atomic_fetch_add(&stamps->number[slot], 1);
    stamps->touched[stamps->touched_count++] = (uint16_t)slot;
}

void zdd_stamps_settle(struct zdd_store *store)
{
    struct zdd_stamps *stamps = &store->stamps;

    while (stamps->touched_count > 0)
        atomic_fetch_add(&stamps->number[stamps->touched[--stamps->touched_count]], 1);
}
