/* The choice of a grid of engines for the axes of an array. */
#ifndef DA_CORE_GRID_H
#define DA_CORE_GRID_H

#include "da_core.h"

/* Fills grid[k], 0 on entry where it is free, so that the product is the largest possible number of
 * parts up to `engines` with no axis split into more parts than it has indices; among those, blocks
 * as square as can be. No block along axis k is shorter than narrowest[k] >= 1, if the axis is split at all. */
da_status da__grid_choose(int ndim, const int64_t *shape, const int64_t *narrowest, int64_t engines,
                          int *grid);

#endif
