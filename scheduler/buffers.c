/* The arrays on one engine, by name: an open-addressing table. */
#include "engine.h"

#include <string.h>

static struct da__buffer *probe(const struct da__buffers *b, uint64_t name)
{
    uint64_t mask = (uint64_t)b->nslots - 1;
    uint64_t at = (name * 0x9e3779b97f4a7c15u) >> 20 & mask;
    while (b->slot[at].name != 0 && b->slot[at].name != name)
        at = (at + 1) & mask;
    return &b->slot[at];
}

struct da__buffer *da__buffers_find(struct da__buffers *b, uint64_t name)
{
    if (b->nslots == 0 || name == 0)
        return NULL;
    struct da__buffer *found = probe(b, name);
    return found->name == name ? found : NULL;
}

static bool rehash(struct da__buffers *b)
{
    struct da__buffers bigger = {.nslots = b->nslots > 0 ? 2 * b->nslots : 64};
    bigger.slot = da__calloc((size_t)bigger.nslots, sizeof *bigger.slot);
    if (bigger.slot == NULL)
        return false;
    for (int64_t i = 0; i < b->nslots; i++)
        if (b->slot[i].name != 0)
            *probe(&bigger, b->slot[i].name) = b->slot[i];
    bigger.count = b->count;
    da__free(b->slot);
    *b = bigger;
    return true;
}

bool da__buffers_add(struct da__buffers *b, uint64_t name, void *data, int64_t nbytes)
{
    if (2 * (b->count + 1) > b->nslots && !rehash(b))
        return false;
    *probe(b, name) = (struct da__buffer){name, data, nbytes};
    b->count++;
    return true;
}

/* Later entries of the same chain move up, so that no search stops early. */
static void close_gap(struct da__buffers *b, uint64_t gap)
{
    uint64_t mask = (uint64_t)b->nslots - 1;
    for (uint64_t at = (gap + 1) & mask; b->slot[at].name != 0; at = (at + 1) & mask) {
        struct da__buffer moved = b->slot[at];
        b->slot[at].name = 0;
        *probe(b, moved.name) = moved;
    }
}

void da__buffers_drop(struct da__buffers *b, struct da__pool *pool, uint64_t name)
{
    struct da__buffer *found = da__buffers_find(b, name);
    if (found == NULL)
        return;
    da__pool_put(pool, found->data);
    found->name = 0;
    b->count--;
    close_gap(b, (uint64_t)(found - b->slot));
}

void da__buffers_free(struct da__buffers *b, struct da__pool *pool)
{
    for (int64_t i = 0; i < b->nslots; i++)
        if (b->slot[i].name != 0)
            da__pool_put(pool, b->slot[i].data);
    da__free(b->slot);
    memset(b, 0, sizeof *b);
}
