/* The master's cache of programs by structure. Private to scheduler. */
#ifndef DA_CACHE_H
#define DA_CACHE_H

#include "da_graph.h"

/* What the master remembers of a program that all engines know. */
struct da__cached {
    struct da__hash hash;
    uint8_t *key; /* the lowered program's bytes, compared whole */
    int64_t key_nbytes;
    int64_t id;
    int nextra; /* parameters that passes added, behind the nodes' own */
    struct da__param *extra;
    int nkernels; /* kernel steps, for the counters */
};
struct da__cache {
    struct da__cached *entry;
    int64_t count, cap;
    int *slot; /* hash table: position + 1 */
    int64_t nslots;
};
struct da__cached *da__cache_find(struct da__cache *c,
                                  const struct da__bytes *key); /* NULL: not there */
/* Takes the key's bytes over; NULL: no memory. */
struct da__cached *da__cache_add(struct da__cache *c, struct da__bytes *key, int64_t id,
                                 const struct da__program *optimized);
void da__cache_clear(struct da__cache *c);

#endif
