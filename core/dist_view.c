/* Distributions derived from others: of views, reductions and broadcasts. Owners stay where they
 * are. */
#include "dist.h"
#include "map.h"

da_status da__dist_take_grid(const struct da__dist *base, struct da__dims *dims,
                             struct da__dist *out)
{
    out->offset = base->offset;
    for (int g = 0; g < base->ngrid; g++) {
        if (dims->pinned[g]) {
            dims->place[g] = -1;
            out->offset += dims->coord[g] * base->grid_stride[g];
            continue;
        }
        dims->place[g] = out->ngrid;
        out->grid[out->ngrid] = base->grid[g];
        out->grid_stride[out->ngrid++] = base->grid_stride[g];
    }
    for (int k = 0; k < base->engines.nruns; k++)
        DA_TRY(da__set_push(&out->engines, base->engines.run[k]));
    return DA_OK;
}

/* The base axis that gives a view's axis its map: the first one that it is read along, or -1. */
static void find_sources(const struct da__view *v, int *source)
{
    for (int k = 0; k < v->ndim; k++)
        source[k] = -1;
    for (int b = v->base_ndim - 1; b >= 0; b--) {
        if (v->axis[b] >= 0)
            source[v->axis[b]] = b;
    }
}

/* Fixed axes pin their grid dimension where their index is. The second axis of a diagonal has no
 * say in the result: it is pinned to the first coordinate. */
static void pin_dims(const struct da__dist *base, const struct da__view *v, const int *source,
                     struct da__dims *dims)
{
    for (int b = 0; b < v->base_ndim; b++) {
        int g = base->axis_grid[b], k = v->axis[b];
        if (g < 0 || (k >= 0 && source[k] == b))
            continue;
        dims->pinned[g] = true;
        dims->coord[g] = k < 0 ? da__map_owner(&base->map[b], v->offset[b]) : 0;
    }
}

/* A rolled axis lies as its base does: element i where the base's element i is, so that a shift by little moves little. */
static struct da__map rolled_map(const struct da__map *base, int64_t step, int64_t count)
{
    return da__map_view(base, 0, step < 0 ? -step : step, count);
}

da_status da__dist_view(const struct da__dist *base, const struct da__view *v, const int64_t *shape,
                        const struct da__dist **out)
{
    int source[DA_MAX_NDIM];
    struct da__dims dims = {0};
    struct da__dist *d = da__dist_alloc(v->ndim);
    if (d == NULL)
        return DA_ERR_MEMORY;
    find_sources(v, source);
    pin_dims(base, v, source, &dims);
    da_status status = da__dist_take_grid(base, &dims, d);
    if (status != DA_OK) {
        da__dist_drop(d);
        return status;
    }
    for (int k = 0; k < v->ndim; k++) {
        int b = source[k];
        if (b < 0) {
            d->map[k] = da__map_none(shape[k]);
            continue;
        }
        d->map[k] = v->period[b] == 0
                        ? da__map_view(&base->map[b], v->offset[b], v->step[b], shape[k])
                        : rolled_map(&base->map[b], v->step[b], shape[k]);
        da__map_keep(&d->map[k]);
        d->axis_grid[k] = base->axis_grid[b] < 0 ? -1 : dims.place[base->axis_grid[b]];
    }
    *out = d;
    return DA_OK;
}

da_status da__dist_reduce(const struct da__dist *base, uint32_t mask, bool keepdims,
                          const struct da__dist **out)
{
    int kept = 0;
    for (int b = 0; b < base->ndim; b++)
        kept += keepdims || (mask >> b & 1) == 0;
    struct da__dims dims = {0};
    struct da__dist *d = da__dist_alloc(kept);
    if (d == NULL)
        return DA_ERR_MEMORY;
    da_status status = da__dist_take_grid(base, &dims, d);
    if (status != DA_OK) {
        da__dist_drop(d);
        return status;
    }
    int k = 0;
    for (int b = 0; b < base->ndim; b++) {
        bool reduced = (mask >> b & 1) != 0;
        if (reduced && keepdims)
            d->map[k++] = da__map_none(1);
        if (reduced)
            continue;
        d->map[k] = base->map[b];
        d->map[k].padding = NULL; /* the result of a computation lies as the cores do */
        da__map_keep(&d->map[k]);
        d->axis_grid[k++] = base->axis_grid[b];
    }
    *out = d;
    return DA_OK;
}

da_status da__dist_join(const struct da__dist *base, int axis, int64_t count,
                        const struct da__dist **out)
{
    struct da__dims dims = {0};
    struct da__dist *d = da__dist_alloc(base->ndim);
    if (d == NULL)
        return DA_ERR_MEMORY;
    da_status status = da__dist_take_grid(base, &dims, d);
    if (status != DA_OK) {
        da__dist_drop(d);
        return status;
    }
    for (int k = 0; k < base->ndim; k++) {
        int g = base->axis_grid[k];
        d->map[k] = k == axis ? da__map_none(count) : base->map[k];
        if (k == axis && g >= 0) {
            d->map[k].kind = DA__MAP_B;
            d->map[k].parts = base->grid[g];
        }
        da__map_keep(&d->map[k]);
        d->axis_grid[k] = g;
    }
    *out = d;
    return DA_OK;
}

da_status da__dist_broadcast(const struct da__dist *base, int ndim, const int64_t *shape,
                             const struct da__dist **out)
{
    struct da__view v;
    int64_t extent[DA_MAX_NDIM];
    for (int b = 0; b < base->ndim; b++)
        extent[b] = base->map[b].count;
    da__view_broadcast(base->ndim, extent, ndim, shape, &v);
    return da__dist_view(base, &v, shape, out);
}
