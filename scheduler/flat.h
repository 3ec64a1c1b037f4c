/* Parts of a distribution in the order of flat C-order indices: for what moves elements between shapes. Private to scheduler. */
#ifndef DA_FLAT_H
#define DA_FLAT_H

#include "da_core.h"

/* The axes of a distribution as far as ownership goes: trailing whole axes are taken together. Extents are the maps'. */
struct da__flat {
    const struct da__dist *dist; /* borrowed */
    int naxes;
    int64_t extent[DA_MAX_NDIM];
    int64_t unit[DA_MAX_NDIM]; /* elements per index */
    int64_t total;
};
void da__flat_init(const struct da__dist *d, struct da__flat *out);

/* Indices start … start+count-1 at local positions from `local` on. */
struct da__interval {
    int64_t start, count, local;
};
/* An engine's indices along an axis, ascending: a set, or (explicit lists) sorted intervals. */
struct da__flat_axis {
    struct da__index_set set;
    bool listed;
    int64_t n, cap;
    struct da__interval *interval;
};
/* One engine's part. */
struct da__flat_part {
    struct da__flat flat;
    bool holds;
    int coord[DA_MAX_NDIM];
    int64_t nelem;
    int64_t stride[DA_MAX_NDIM]; /* local elements per local index */
    struct da__flat_axis axis[DA_MAX_NDIM];
};
da_status da__flat_part_make(const struct da__dist *d, int engine, struct da__flat_part *out);
void da__flat_part_free(struct da__flat_part *p);

/* Walks a part in ascending flat order by runs that are consecutive in the flat and in the local order. */
struct da__flat_walk {
    const struct da__flat_part *part;
    struct da__interval now[DA_MAX_NDIM];
    int64_t at[DA_MAX_NDIM]; /* within `now` */
    struct {
        int run;
        int64_t rep, k, local;
    } cursor[DA_MAX_NDIM];
    bool begun, done;
};
void da__flat_walk_begin(const struct da__flat_part *p, struct da__flat_walk *w);
bool da__flat_walk_next(struct da__flat_walk *w, struct da__interval *run);

/* Finds the owners of ascending flat indices. Coordinates along grid dimensions that no axis names are the caller's to set. */
struct da__flat_finder {
    struct da__flat flat;
    const struct da__flat_part *own; /* this engine's part of it, for local positions */
    int coord[DA_MAX_NDIM];
    int64_t lo[DA_MAX_NDIM], hi[DA_MAX_NDIM], local[DA_MAX_NDIM]; /* where part and position hold */
    int engine;
    bool moved; /* coordinates changed since `engine` was found */
};
void da__flat_finder_begin(const struct da__flat_part *own, struct da__flat_finder *f);
/* How many indices from `index` on lie on the same engine, f->engine. */
int64_t da__flat_find(struct da__flat_finder *f, int64_t index);
/* The local position on this engine of the index found last, where it lies here; the run is consecutive here too. */
int64_t da__flat_local(const struct da__flat_finder *f, int64_t index);

#endif
