/* What a view reads along one base axis, and who reads what an engine owns. Private to scheduler. */
#ifndef DA_NEEDS_H
#define DA_NEEDS_H

#include "engine.h"

/* The base indices that a reader needs along one base axis, in the order of its local positions, and the same apart by the
 * affine stretches of the view's way (two where it wraps around). */
struct da__needs {
    struct da__index_set all;
    int nstretches;
    struct da__index_set stretch[2];
};
void da__needs_free(struct da__needs *n);
/* Of the reader at coordinate `part` of the iteration axis that base axis b is read along; `extent` is that axis' length. `out` is
 * set also on failure. */
da_status da__needs_of(const struct da__view *v, const struct da__dist *space, int b, int part,
                       int64_t extent, struct da__needs *out);

/* Coordinates along a grid dimension: two runs that may share some. */
struct da__parts {
    struct da__run run[2];
};
/* The i-th coordinate of both runs, -1 where the first run has it already; count gives the number of calls. */
int64_t da__parts_count(const struct da__parts *p);
int da__parts_get(const struct da__parts *p, int64_t i);
/* Who may own what is needed. */
struct da__parts da__owners_of(const struct da__dist *base, int b, const struct da__needs *needs);
/* Who may read along base axis b what `owned` holds. */
da_status da__readers_of(const struct da__view *v, const struct da__dist *space, int b,
                         int64_t extent, const struct da__index_set *owned, struct da__parts *out);

#endif
