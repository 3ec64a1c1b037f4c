/* Between the files of distributions: making one piece by piece. */
#ifndef DA_CORE_DIST_H
#define DA_CORE_DIST_H

#include "da_core.h"

/* A distribution under construction: one reference, ndim maps to be filled (all whole axes of
 * extent 0 for now), no grid. */
struct da__dist *da__dist_alloc(int ndim);
/* The map of an axis that is not split. */
struct da__map da__map_none(int64_t extent);

#endif
