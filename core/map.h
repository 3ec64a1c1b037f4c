/* Between the files of maps and distributions: shared bounds and lists, and the hash of a map. */
#ifndef DA_CORE_MAP_H
#define DA_CORE_MAP_H

#include "da_core.h"

/* A block size times a number of parts stays at most this, so that periods can be added up without
 * overflow. */
#define DA__MAX_PERIOD (INT64_C(1) << 61)

/* The lists of a 'u' map, concatenated, and their inverse. Immutable; counted by references, as
 * bounds are. */
struct da__lists {
    int refs; /* atomic */
    int parts;
    int64_t size;
    bool natural;   /* one list, and it is 0, 1, 2, … */
    int64_t *begin; /* parts + 1: where each list begins in `index` */
    int64_t *index; /* template indices in listed order */
    int64_t *where; /* template index -> place in `index` */
    struct da__hash hash;
};
/* Copies lists that must have every index of 0 … size-1 exactly once; the error names the first
 * that has not. `what` says which axis. */
da_status da__lists_make(int64_t size, int parts, const int64_t *nelem, const int64_t *const *list,
                         const char *what, const struct da__lists **out, struct da__error *err);
/* A copy of n bounds behind a reference count; NULL: no memory. */
const int64_t *da__bounds_make(const int64_t *bounds, int64_t n);

/* One more, or one less, owner of what a map shares. */
void da__map_keep(const struct da__map *m);
void da__map_drop(const struct da__map *m);

/* Template bounds of a block map: part p has bound(p) … bound(p+1) - 1. */
int64_t da__map_bound(const struct da__map *m, int part);
/* The axis indices lo … hi-1 whose template indices are in t_lo … t_hi-1; lo == hi where there are
 * none. */
void da__map_pull(const struct da__map *m, int64_t t_lo, int64_t t_hi, int64_t *lo, int64_t *hi);
bool da__map_is_whole(const struct da__map *m); /* not a view */
/* A cyclic map owns by (start + step * i) / block modulo parts: start and step matter modulo the
 * period only, and a common divisor of block and step changes nothing. The result is a map again,
 * its step the smallest of its kind; its template indices may lie beyond its size. */
struct da__map da__map_reduced(const struct da__map *m);
/* Cyclic maps (map_cyclic.c): what a coordinate owns, appended to a set; how many of indices 0 … n-1 it owns. */
da_status da__cyclic_owned(const struct da__map *m, int part, struct da__index_set *out);
int64_t da__cyclic_count(const struct da__map *m, int part, int64_t n);
/* Whether the coordinate's local order is that of the indices; equal maps agree. */
bool da__cyclic_ascends(const struct da__map *m, int part);
/* The local position of an index that the coordinate owns. At *end, at the latest, positions stop to go on one by one with
 * the indices. */
int64_t da__cyclic_place(const struct da__map *m, int part, int64_t index, int64_t *end);
/* Equal maps hash alike. */
void da__map_hash(const struct da__map *m, struct da__hash *h);

#endif
