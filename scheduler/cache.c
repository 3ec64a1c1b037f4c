/* The master's cache of programs by structure: a 128-bit hash finds, a full comparison decides. */
#include "cache.h"

#include <string.h>

static struct da__hash hash_of(const struct da__bytes *key)
{
    struct da__hash h = da__hash_init();
    da__hash_bytes(&h, key->data, (size_t)key->nbytes);
    return h;
}

static bool matches(const struct da__cached *e, struct da__hash h, const struct da__bytes *key)
{
    return da__hash_equal(e->hash, h) && e->key_nbytes == key->nbytes &&
           memcmp(e->key, key->data, (size_t)key->nbytes) == 0;
}

struct da__cached *da__cache_find(struct da__cache *c, const struct da__bytes *key)
{
    if (c->nslots == 0)
        return NULL;
    struct da__hash h = hash_of(key);
    uint64_t mask = (uint64_t)c->nslots - 1;
    for (uint64_t at = h.lo & mask; c->slot[at] != 0; at = (at + 1) & mask)
        if (matches(&c->entry[c->slot[at] - 1], h, key))
            return &c->entry[c->slot[at] - 1];
    return NULL;
}

static bool make_slots(struct da__cache *c)
{
    int64_t nslots = c->nslots > 0 ? 2 * c->nslots : 64;
    int *slot = da__calloc((size_t)nslots, sizeof *slot);
    if (slot == NULL)
        return false;
    for (int64_t i = 0; i < c->count; i++) {
        uint64_t at = c->entry[i].hash.lo & (uint64_t)(nslots - 1);
        while (slot[at] != 0)
            at = (at + 1) & (uint64_t)(nslots - 1);
        slot[at] = (int)i + 1;
    }
    da__free(c->slot);
    c->slot = slot;
    c->nslots = nslots;
    return true;
}

static int count_kernels(const struct da__program *p)
{
    int n = 0;
    for (int i = 0; i < p->nsteps; i++)
        n += p->step[i].kind == DA__STEP_KERNEL;
    return n;
}

struct da__cached *da__cache_add(struct da__cache *c, struct da__bytes *key, int64_t id,
                                 const struct da__program *optimized)
{
    int nextra = optimized->nparams - optimized->nlowered;
    struct da__param *extra = da__alloc((size_t)(nextra + 1) * sizeof *extra);
    bool room = da__grow((void **)&c->entry, &c->cap, c->count + 1, sizeof *c->entry);
    if (room && 2 * (c->count + 1) > c->nslots)
        room = make_slots(c);
    if (extra == NULL || !room) {
        da__free(extra);
        return NULL;
    }
    if (nextra > 0)
        memcpy(extra, optimized->param + optimized->nlowered, (size_t)nextra * sizeof *extra);
    struct da__cached *e = &c->entry[c->count++];
    *e = (struct da__cached){.hash = hash_of(key),
                             .key = key->data,
                             .key_nbytes = key->nbytes,
                             .id = id,
                             .nextra = nextra,
                             .extra = extra,
                             .nkernels = count_kernels(optimized)};
    memset(key, 0, sizeof *key);
    uint64_t mask = (uint64_t)c->nslots - 1, at = e->hash.lo & mask;
    while (c->slot[at] != 0)
        at = (at + 1) & mask;
    c->slot[at] = (int)c->count;
    return e;
}

void da__cache_clear(struct da__cache *c)
{
    for (int64_t i = 0; i < c->count; i++) {
        da__free(c->entry[i].key);
        da__free(c->entry[i].extra);
    }
    da__free(c->entry);
    da__free(c->slot);
    memset(c, 0, sizeof *c);
}
