/* Distributions for operations along one axis: that axis in ascending blocks, or whole on each engine. */
#include "dist.h"
#include "map.h"

struct da__map da__map_blocks(int parts, int64_t extent)
{
    struct da__map m = da__map_none(extent);
    m.kind = DA__MAP_B;
    m.parts = parts;
    return m;
}

static bool in_index_order(const struct da__map *m)
{
    return m->kind != DA__MAP_U || m->lists->natural;
}

bool da__map_ascends(const struct da__map *m)
{
    if (m->parts == 1)
        return in_index_order(m);
    return m->kind == DA__MAP_B && m->step > 0;
}

/* The base's grid, under an array of `ndim` whole axes of extent 0. */
static struct da__dist *grid_copy(const struct da__dist *base, int ndim)
{
    struct da__dist *d = da__dist_alloc(ndim);
    if (d == NULL)
        return NULL;
    d->ngrid = base->ngrid;
    d->offset = base->offset;
    for (int g = 0; g < base->ngrid; g++) {
        d->grid[g] = base->grid[g];
        d->grid_stride[g] = base->grid_stride[g];
    }
    for (int k = 0; k < base->engines.nruns; k++)
        if (da__set_push(&d->engines, base->engines.run[k]) != DA_OK) {
            da__dist_drop(d);
            return NULL;
        }
    return d;
}

static struct da__dist *copy_of(const struct da__dist *base)
{
    struct da__dist *d = grid_copy(base, base->ndim);
    for (int k = 0; d != NULL && k < base->ndim; k++) {
        d->map[k] = base->map[k];
        da__map_keep(&d->map[k]);
        d->axis_grid[k] = base->axis_grid[k];
    }
    return d;
}

static void set_map(struct da__dist *d, int axis, struct da__map map, int grid_dim)
{
    da__map_drop(&d->map[axis]);
    d->map[axis] = map;
    da__map_keep(&d->map[axis]);
    d->axis_grid[axis] = grid_dim;
}

da_status da__dist_with_map(const struct da__dist *base, int axis, const struct da__map *map,
                            const struct da__dist **out)
{
    struct da__dist *d = copy_of(base);
    if (d == NULL)
        return DA_ERR_MEMORY;
    set_map(d, axis, *map, d->axis_grid[axis]);
    *out = d;
    return DA_OK;
}

da_status da__dist_fewer_copies(const struct da__dist *base, int dim, int n,
                                const struct da__dist **out)
{
    struct da__dist *d = copy_of(base);
    if (d == NULL)
        return DA_ERR_MEMORY;
    d->grid[dim] = n;
    *out = d;
    return DA_OK;
}

da_status da__dist_on_grid(const struct da__dist *grid_of, int ndim, const int *axis_grid,
                           const struct da__map *map, const struct da__dist **out)
{
    struct da__dist *d = grid_copy(grid_of, ndim);
    if (d == NULL)
        return DA_ERR_MEMORY;
    for (int k = 0; k < ndim; k++)
        set_map(d, k, axis_grid[k] >= 0 ? map[k] : da__map_none(map[k].count), axis_grid[k]);
    *out = d;
    return DA_OK;
}

bool da__dist_same_grid(const struct da__dist *a, const struct da__dist *b)
{
    if (a->ngrid != b->ngrid || a->offset != b->offset || a->engines.nruns != b->engines.nruns)
        return false;
    for (int g = 0; g < a->ngrid; g++)
        if (a->grid[g] != b->grid[g] || a->grid_stride[g] != b->grid_stride[g])
            return false;
    for (int i = 0; i < a->engines.nruns; i++) {
        const struct da__run *x = &a->engines.run[i], *y = &b->engines.run[i];
        if (x->start != y->start || x->step != y->step || x->count != y->count ||
            x->stride != y->stride || x->reps != y->reps)
            return false;
    }
    return true;
}

da_status da__dist_ascending(const struct da__dist *base, int axis, const struct da__dist **out)
{
    if (da__map_ascends(&base->map[axis])) {
        *out = da__dist_keep(base);
        return DA_OK;
    }
    struct da__map blocks = da__map_blocks(base->map[axis].parts, base->map[axis].count);
    return da__dist_with_map(base, axis, &blocks, out);
}

/* The longest axis beside `axis`, or the longest of those that are not split; -1: there is none. */
static int longest_other(const struct da__dist *d, int axis, bool unsplit)
{
    int best = -1;
    for (int k = 0; k < d->ndim; k++)
        if (k != axis && !(unsplit && d->map[k].parts > 1) &&
            (best < 0 || d->map[k].count > d->map[best].count))
            best = k;
    return best;
}

/* The grid's engines lie one after the other in the engine set. */
static bool is_dense(const struct da__dist *d)
{
    int64_t stride = 1;
    for (int g = d->ngrid - 1; g >= 0; g--) {
        if (d->grid[g] > 1 && d->grid_stride[g] != stride)
            return false;
        stride *= d->grid[g];
    }
    return true;
}

/* One axis over all engines of the grid, the others whole. */
static void spread_over_all(struct da__dist *d, int axis)
{
    int64_t n = da__dist_nengines(d);
    for (int k = 0; k < d->ndim; k++)
        set_map(d, k, da__map_none(d->map[k].count), -1);
    d->ngrid = 1;
    d->grid[0] = (int)n;
    d->grid_stride[0] = 1;
    set_map(d, axis, da__map_blocks((int)n, d->map[axis].count), 0);
}

da_status da__dist_whole(const struct da__dist *base, int axis, const struct da__dist **out)
{
    const struct da__map *m = &base->map[axis];
    if (m->parts == 1 && in_index_order(m)) {
        *out = da__dist_keep(base);
        return DA_OK;
    }
    struct da__dist *d = copy_of(base);
    if (d == NULL)
        return DA_ERR_MEMORY;
    int free_dim = m->parts > 1 ? base->axis_grid[axis] : -1;
    int other = longest_other(base, axis, false);
    set_map(d, axis, da__map_none(m->count), -1);
    if (free_dim >= 0 && other >= 0 && base->map[other].parts > 1) {
        if (is_dense(base)) {
            spread_over_all(d, other);
            free_dim = -1;
        } else
            other = longest_other(base, axis, true);
    }
    if (free_dim >= 0 && other >= 0)
        set_map(d, other, da__map_blocks(base->grid[free_dim], base->map[other].count), free_dim);
    *out = d;
    return DA_OK;
}
