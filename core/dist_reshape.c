/* The distribution of the same elements under another shape: owners stay about where they are. */
#include "dist.h"
#include "map.h"

/* Axes s0 … s1-1 of the base and t0 … t1-1 of the result hold the same elements, and no fewer axes do. */
struct group {
    int s0, s1, t0, t1;
};

struct change {
    const struct da__dist *base;
    int ndim;
    const int64_t *shape;
    struct da__dist *out;
    struct da__dims dims;
    int source
        [DA_MAX_NDIM]; /* per axis of the result: the base axis whose grid dimension splits it, -1: none */
};

static int64_t base_extent(const struct change *c, int b)
{
    return c->base->map[b].count;
}

/* The next group, or false at the end. Axes of extent 1 that are left over form groups of their own. */
static bool next_group(const struct change *c, struct group *g)
{
    g->s0 = g->s1;
    g->t0 = g->t1;
    if (g->s0 == c->base->ndim && g->t0 == c->ndim)
        return false;
    int64_t s = g->s1 < c->base->ndim ? base_extent(c, g->s1++) : 1;
    int64_t t = g->t1 < c->ndim ? c->shape[g->t1++] : 1;
    while (s != t) {
        if (s < t)
            s *= base_extent(c, g->s1++);
        else
            t *= c->shape[g->t1++];
    }
    return true;
}

/* ---- which axes stay split ---- */

/* The axis of t … t1-1 that can be split in as many parts as base axis b is; -1: none is long enough. */
static int place_for(const struct change *c, int b, int t, int t1)
{
    int64_t parts = c->base->map[b].parts, least = base_extent(c, b);
    least = least < parts ? least : parts;
    while (t < t1 && c->shape[t] < least)
        t++;
    return t < t1 ? t : -1;
}

/* Split axes of the group in order. False: they find no places. */
static bool place_group(struct change *c, const struct group *g)
{
    bool alone = g->s1 - g->s0 == 1 && g->t1 - g->t0 == 1;
    int next = g->t0;
    for (int b = g->s0; b < g->s1; b++) {
        int d = c->base->axis_grid[b];
        if (d < 0)
            continue;
        if (!alone && (c->base->map[b].parts == 1 || base_extent(c, b) == 1)) {
            c->dims.pinned[d] = true; /* one owner has all of the axis */
            c->dims.coord[d] = da__map_owner(&c->base->map[b], 0);
            continue;
        }
        int t = place_for(c, b, next, g->t1);
        if (t < 0)
            return false;
        c->source[t] = b;
        next = t + 1;
    }
    return true;
}

/* ---- maps ---- */

static int64_t product(int64_t (*extent)(const struct change *c, int k), const struct change *c,
                       int first, int last)
{
    int64_t n = 1;
    for (int k = first; k < last; k++)
        n *= extent(c, k);
    return n;
}

static int64_t result_extent(const struct change *c, int t)
{
    return c->shape[t];
}

/* Bounds of the base scaled by `up` and then down; NULL: no memory. */
static const int64_t *scaled_bounds(const struct da__map *m, int64_t up, int64_t down)
{
    int64_t *bounds = da__alloc(((size_t)m->parts + 1) * sizeof *bounds);
    if (bounds == NULL)
        return NULL;
    for (int p = 0; p <= m->parts; p++)
        bounds[p] = m->bounds[p] * up / down;
    const int64_t *shared = da__bounds_make(bounds, m->parts + 1);
    da__free(bounds);
    return shared;
}

/* The map of axis t, split as base axis b is: its blocks where they begin at the same element, else balanced blocks. */
static da_status make_map(const struct change *c, const struct group *g, int t, int b,
                          struct da__map *out)
{
    const struct da__map *m = &c->base->map[b];
    int64_t up = product(base_extent, c, b + 1, g->s1),
            down = product(result_extent, c, t + 1, g->t1);
    bool same_start = product(base_extent, c, g->s0, b) == product(result_extent, c, g->t0, t);
    if (same_start && up == down) {
        *out = *m;
        da__map_keep(out);
        return DA_OK;
    }
    struct da__map map = da__map_none(c->shape[t]);
    map.kind = DA__MAP_B;
    map.parts = m->parts;
    bool scalable = same_start && da__map_is_whole(m);
    int64_t block;
    if (scalable && m->kind == DA__MAP_C && da__mul_i64(m->block, up, &block) &&
        block % down == 0 && block / down <= DA__MAX_PERIOD / m->parts) {
        map.kind = DA__MAP_C;
        map.block = block / down;
    }
    if (scalable && m->kind == DA__MAP_B && m->bounds != NULL) {
        map.bounds = scaled_bounds(m, up, down);
        if (map.bounds == NULL)
            return DA_ERR_MEMORY;
    }
    *out = map;
    return DA_OK;
}

static da_status fill_maps(struct change *c)
{
    struct group g = {0};
    while (next_group(c, &g))
        for (int t = g.t0; t < g.t1; t++) {
            int b = c->source[t];
            if (b < 0) {
                c->out->map[t] = da__map_none(c->shape[t]);
                continue;
            }
            DA_TRY(make_map(c, &g, t, b, &c->out->map[t]));
            c->out->axis_grid[t] = c->dims.place[c->base->axis_grid[b]];
        }
    return DA_OK;
}

/* ---- balanced blocks over the base's engines ---- */

static da_status fill_blocks(struct change *c)
{
    int64_t parts = c->base->engines.nelem;
    int axis = -1;
    for (int t = 0; t < c->ndim; t++)
        c->out->map[t] = da__map_none(c->shape[t]);
    for (int t = 0; t < c->ndim; t++) {
        if (axis < 0 || c->shape[t] > c->shape[axis])
            axis = t;
        if (c->shape[axis] >= parts)
            break;
    }
    for (int k = 0; k < c->base->engines.nruns; k++)
        DA_TRY(da__set_push(&c->out->engines, c->base->engines.run[k]));
    if (parts == 1)
        return DA_OK;
    c->out->ngrid = 1;
    c->out->grid[0] = (int)parts;
    c->out->grid_stride[0] = 1;
    if (axis < 0)
        return DA_OK; /* one element, on all of them */
    c->out->axis_grid[axis] = 0;
    c->out->map[axis].kind = DA__MAP_B;
    c->out->map[axis].parts = (int)parts;
    return DA_OK;
}

static bool place_all(struct change *c)
{
    struct group g = {0};
    for (int t = 0; t < c->ndim; t++) {
        c->source[t] = -1;
        if (c->shape[t] == 0)
            return false;
    }
    while (next_group(c, &g))
        if (!place_group(c, &g))
            return false;
    return true;
}

da_status da__dist_reshape(const struct da__dist *base, int ndim, const int64_t *shape,
                           const struct da__dist **out)
{
    struct change c = {.base = base, .ndim = ndim, .shape = shape, .out = da__dist_alloc(ndim)};
    if (c.out == NULL)
        return DA_ERR_MEMORY;
    da_status status;
    if (place_all(&c)) {
        status = da__dist_take_grid(base, &c.dims, c.out);
        if (status == DA_OK)
            status = fill_maps(&c);
    } else
        status = fill_blocks(&c);
    if (status == DA_OK)
        *out = c.out;
    else
        da__dist_drop(c.out);
    return status;
}
