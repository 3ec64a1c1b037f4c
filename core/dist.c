/* Distributions: their life, the engines' coordinates, and the local part of an engine. */
#include "dist.h"
#include "map.h"

struct da__map da__map_none(int64_t extent)
{
    return (struct da__map){
        .kind = DA__MAP_N, .parts = 1, .size = extent, .step = 1, .count = extent, .block = 1};
}

struct da__dist *da__dist_alloc(int ndim)
{
    struct da__dist *d = da__calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    d->refs = 1;
    d->map = da__calloc((size_t)ndim, sizeof *d->map);
    if (d->map == NULL) {
        da__free(d);
        return NULL;
    }
    d->ndim = ndim;
    for (int k = 0; k < ndim; k++) {
        d->map[k] = da__map_none(0);
        d->axis_grid[k] = -1;
    }
    da__set_init(&d->engines);
    return d;
}

/* References are the only thing that changes in a distribution. */
static int *refs_of(const struct da__dist *d)
{
    return (int *)(uintptr_t)&d->refs;
}

const struct da__dist *da__dist_keep(const struct da__dist *d)
{
    __atomic_add_fetch(refs_of(d), 1, __ATOMIC_RELAXED);
    return d;
}

void da__dist_drop(const struct da__dist *d)
{
    if (d == NULL || __atomic_sub_fetch(refs_of(d), 1, __ATOMIC_ACQ_REL) > 0)
        return;
    struct da__dist *mine = (struct da__dist *)(uintptr_t)d;
    for (int k = 0; k < mine->ndim; k++)
        da__map_drop(&mine->map[k]);
    da__free(mine->map);
    da__set_free(&mine->engines);
    da__free(mine);
}

/* All axes whole, on n engines from `first` on; one replica dimension where there are several. */
static da_status make_whole(int ndim, const int64_t *shape, int first, int n,
                            const struct da__dist **out)
{
    struct da__dist *d = da__dist_alloc(ndim);
    if (d == NULL)
        return DA_ERR_MEMORY;
    for (int k = 0; k < ndim; k++)
        d->map[k] = da__map_none(shape[k]);
    if (n > 1) {
        d->ngrid = 1;
        d->grid[0] = n;
        d->grid_stride[0] = 1;
    }
    da_status status = da__set_range(&d->engines, first, 1, n);
    if (status != DA_OK) {
        da__dist_drop(d);
        return status;
    }
    *out = d;
    return DA_OK;
}

da_status da__dist_replicated(int ndim, const int64_t *shape, int nengines,
                              const struct da__dist **out)
{
    return make_whole(ndim, shape, 0, nengines, out);
}

da_status da__dist_single(int ndim, const int64_t *shape, int engine, const struct da__dist **out)
{
    return make_whole(ndim, shape, engine, 1, out);
}

/* ---- engines ---- */

/* Grid strides descend, and each one is larger than what all the later dimensions can add up to: so
 * coordinates are the digits of the engine's place. */
bool da__dist_coords(const struct da__dist *d, int engine, int *coord)
{
    int64_t place = da__set_find(&d->engines, engine);
    if (place < 0)
        return false;
    place -= d->offset;
    for (int k = 0; k < d->ngrid; k++) {
        if (place < 0)
            return false;
        int64_t c = d->grid[k] > 1 ? place / d->grid_stride[k] : 0;
        if (c >= d->grid[k])
            return false;
        coord[k] = (int)c;
        place -= c * d->grid_stride[k];
    }
    return place == 0;
}

int da__dist_engine(const struct da__dist *d, const int *coord)
{
    int64_t place = d->offset;
    for (int k = 0; k < d->ngrid; k++)
        place += coord[k] * d->grid_stride[k];
    return (int)da__set_get(&d->engines, place);
}

int64_t da__dist_nengines(const struct da__dist *d)
{
    int64_t n = 1;
    for (int k = 0; k < d->ngrid; k++)
        n *= d->grid[k];
    return n;
}

bool da__dist_has(const struct da__dist *d, int engine)
{
    int coord[DA_MAX_NDIM];
    return da__dist_coords(d, engine, coord);
}

/* ---- the local part ---- */

int da__dist_part(const struct da__dist *d, const int *coord, int axis)
{
    return d->axis_grid[axis] < 0 ? 0 : coord[d->axis_grid[axis]];
}

int64_t da__dist_local_shape(const struct da__dist *d, int engine, int64_t *shape)
{
    int coord[DA_MAX_NDIM];
    if (!da__dist_coords(d, engine, coord)) {
        for (int k = 0; k < d->ndim; k++)
            shape[k] = 0;
        return 0;
    }
    for (int k = 0; k < d->ndim; k++)
        shape[k] = da__map_stored_count(&d->map[k], da__dist_part(d, coord, k));
    return da__nelem(d->ndim, shape);
}

da_status da__dist_local_set(const struct da__dist *d, int engine, int axis,
                             struct da__index_set *out)
{
    int coord[DA_MAX_NDIM];
    da__set_init(out);
    if (!da__dist_coords(d, engine, coord))
        return DA_OK;
    return da__map_stored(&d->map[axis], da__dist_part(d, coord, axis), out);
}
