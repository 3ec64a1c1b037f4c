/* Between the files of distributions: making one piece by piece. */
#ifndef DA_CORE_DIST_H
#define DA_CORE_DIST_H

#include "da_core.h"

/* A distribution under construction: one reference, ndim maps to be filled (all whole axes of
 * extent 0 for now), no grid. */
struct da__dist *da__dist_alloc(int ndim);
/* The map of an axis that is not split. */
struct da__map da__map_none(int64_t extent);
/* What happens to a base's grid dimensions: kept, or pinned to a coordinate and removed. */
struct da__dims {
    bool pinned[DA_MAX_NDIM];
    int64_t coord[DA_MAX_NDIM];
    int place[DA_MAX_NDIM]; /* of a kept dimension in the result, -1: removed */
};
/* Copies the engines and the kept grid dimensions to a distribution under construction; fills `place`. */
da_status da__dist_take_grid(const struct da__dist *base, struct da__dims *dims,
                             struct da__dist *out);

#endif
