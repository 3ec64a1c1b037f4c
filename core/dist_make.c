/* Making a distribution from what a user says of it: checks, the grid, the engines. */
#include "dist.h"
#include "grid.h"
#include "map.h"
#include "padding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the steps of da__dist_make share. */
struct maker {
    int ndim;
    const int64_t *shape;
    struct da__dist_spec spec;
    struct da__map_spec map[DA_MAX_NDIM]; /* one for every axis */
    int grid[DA_MAX_NDIM];                /* per axis */
    int *engine;                          /* ascending */
    int nengines;
    int64_t nused;  /* engines that the grid reaches over */
    int64_t copies; /* of every element */
    struct da__error *err;
};

/* ---- the maps' specifications ---- */

static da_status check_shape(const struct maker *m)
{
    if (m->ndim < 0 || m->ndim > DA_MAX_NDIM)
        return da__fail(m->err, DA_ERR_SHAPE,
                        "distribution: %d dimensions, at most %d are possible", m->ndim,
                        DA_MAX_NDIM);
    for (int k = 0; k < m->ndim; k++) {
        if (m->shape[k] < 0)
            return da__fail(m->err, DA_ERR_SHAPE, "distribution: axis %d has extent %lld", k,
                            (long long)m->shape[k]);
    }
    if (m->spec.nmaps < 0 || m->spec.nmaps > m->ndim)
        return da__fail(m->err, DA_ERR_DISTRIBUTION, "distribution: %d maps for %d dimension%s",
                        m->spec.nmaps, m->ndim, m->ndim == 1 ? "" : "s");
    return DA_OK;
}

/* The indices that a map splits: the axis' own, or those of its template. */
static int64_t template_size(const struct maker *m, int axis)
{
    return m->map[axis].step != 0 ? m->map[axis].size : m->shape[axis];
}

static da_status check_template(const struct maker *m, int axis, const struct da__map_spec *s)
{
    int64_t count = m->shape[axis], last = 0;
    if (s->step == 0)
        return s->size == 0 && s->start == 0
                   ? DA_OK
                   : da__fail(m->err, DA_ERR_DISTRIBUTION, "axis %d: a template with step 0", axis);
    bool fits = s->size >= 0 && s->kind != 'n';
    if (count > 0)
        fits = fits && da__mul_i64(s->step, count - 1, &last) &&
               da__add_i64(last, s->start, &last) && s->start >= 0 && s->start < s->size &&
               last >= 0 && last < s->size;
    if (!fits)
        return da__fail(m->err, DA_ERR_DISTRIBUTION,
                        "axis %d: %lld indices from %lld by %lld leave a template of %lld", axis,
                        (long long)count, (long long)s->start, (long long)s->step,
                        (long long)s->size);
    return m->spec.ngrid != 0 ? DA_OK
                              : da__fail(m->err, DA_ERR_DISTRIBUTION,
                                         "axis %d: a map with a template needs a grid", axis);
}

static da_status check_bounds(const struct maker *m, int axis, const struct da__map_spec *s)
{
    int64_t size = template_size(m, axis);
    if (s->nbounds < 2 || s->nbounds > INT32_MAX || s->bounds == NULL)
        return da__fail(m->err, DA_ERR_DISTRIBUTION, "axis %d: %lld bounds, at least 2 are needed",
                        axis, (long long)s->nbounds);
    for (int64_t k = 1; k < s->nbounds; k++) {
        if (s->bounds[k] < s->bounds[k - 1])
            return da__fail(m->err, DA_ERR_DISTRIBUTION, "axis %d: bound %lld follows %lld", axis,
                            (long long)s->bounds[k], (long long)s->bounds[k - 1]);
    }
    if (s->bounds[0] != 0 || s->bounds[s->nbounds - 1] != size)
        return da__fail(
            m->err, DA_ERR_DISTRIBUTION, "axis %d: bounds go from %lld to %lld, not from 0 to %lld",
            axis, (long long)s->bounds[0], (long long)s->bounds[s->nbounds - 1], (long long)size);
    return DA_OK;
}

/* Halos are for blocks; that these are wide enough for them shows when the grid is known. */
static da_status check_padding(const struct maker *m, int axis, const struct da__map_spec *s)
{
    const int64_t width[] = {s->padding[0], s->padding[1], s->boundary[0], s->boundary[1]};
    bool any = s->periodic || s->ncuts != 0;
    for (int k = 0; k < 4; k++) {
        any |= width[k] != 0;
        if (width[k] < 0 || width[k] > m->shape[axis])
            return da__fail(m->err, DA_ERR_DISTRIBUTION,
                            "axis %d: padding of %lld for an extent of %lld", axis,
                            (long long)width[k], (long long)m->shape[axis]);
    }
    if (any && s->kind != 'b')
        return da__fail(m->err, DA_ERR_DISTRIBUTION, "axis %d: padding for map '%c'", axis,
                        s->kind);
    if (any && s->step != 0)
        return da__fail(m->err, DA_ERR_DISTRIBUTION, "axis %d: padding and a template", axis);
    if (s->ncuts < 0 || (s->ncuts > 0 && s->cut == NULL))
        return da__fail(m->err, DA_ERR_DISTRIBUTION, "axis %d: %lld widths of padding", axis,
                        (long long)s->ncuts);
    if (s->ncuts > 0 && (width[0] != 0 || width[1] != 0))
        return da__fail(m->err, DA_ERR_DISTRIBUTION,
                        "axis %d: padding by one width and by widths at each cut", axis);
    if (s->ncuts >= INT32_MAX || (s->ncuts > 0 && s->nbounds > 0 && s->ncuts != s->nbounds - 2))
        return da__fail(m->err, DA_ERR_DISTRIBUTION,
                        "axis %d: %lld widths of padding for the cuts of %lld bounds", axis,
                        (long long)s->ncuts, (long long)s->nbounds);
    for (int64_t k = 0; k < s->ncuts; k++) {
        if (s->cut[k] < 0 || s->cut[k] > m->shape[axis])
            return da__fail(m->err, DA_ERR_DISTRIBUTION,
                            "axis %d: padding of %lld for an extent of %lld", axis,
                            (long long)s->cut[k], (long long)m->shape[axis]);
    }
    return DA_OK;
}

static da_status check_map(const struct maker *m, int axis)
{
    const struct da__map_spec *s = &m->map[axis];
    if (s->kind == '\0' || strchr("nbcu", s->kind) == NULL)
        return da__fail(m->err, DA_ERR_DISTRIBUTION,
                        "axis %d: unknown map '%c'; there are n, b, c and u", axis,
                        s->kind >= ' ' && s->kind <= '~' ? s->kind : '?');
    if (s->block < 0 || (s->block > 0 && s->kind != 'c'))
        return da__fail(m->err, DA_ERR_DISTRIBUTION, "axis %d: block size %lld for map '%c'", axis,
                        (long long)s->block, s->kind);
    if (s->nbounds != 0 && s->kind != 'b')
        return da__fail(m->err, DA_ERR_DISTRIBUTION, "axis %d: bounds for map '%c'", axis, s->kind);
    if ((s->nlists > 0) != (s->kind == 'u') || s->nlists < 0)
        return da__fail(m->err, DA_ERR_DISTRIBUTION, "axis %d: %d index lists for map '%c'", axis,
                        s->nlists, s->kind);
    DA_TRY(check_padding(m, axis, s));
    DA_TRY(check_template(m, axis, s));
    return s->nbounds != 0 ? check_bounds(m, axis, s) : DA_OK;
}

/* One specification for every axis: 'b' on axis 0 when nothing is said, else 'n'. */
static da_status complete_maps(struct maker *m)
{
    for (int k = 0; k < m->ndim; k++) {
        m->map[k] = (struct da__map_spec){.kind = k == 0 && m->spec.nmaps == 0 ? 'b' : 'n'};
        if (k < m->spec.nmaps)
            m->map[k] = m->spec.map[k];
        DA_TRY(check_map(m, k));
    }
    return DA_OK;
}

/* ---- engines ---- */

static int compare_ints(const void *x, const void *y)
{
    const int *p = x, *q = y;
    return (*p > *q) - (*p < *q);
}

static da_status choose_engines(struct maker *m, int total)
{
    bool all = m->spec.nengines == 0;
    m->nengines = all ? total : m->spec.nengines;
    if (m->nengines < 1 || m->nengines > total)
        return da__fail(m->err, DA_ERR_DISTRIBUTION, "distribution over %d engines; there are %d",
                        m->nengines, total);
    m->engine = da__calloc((size_t)m->nengines, sizeof *m->engine);
    if (m->engine == NULL)
        return da__fail(m->err, DA_ERR_MEMORY, "no memory for %d engine ids", m->nengines);
    for (int k = 0; k < m->nengines; k++) {
        m->engine[k] = all ? k : m->spec.engines[k];
        if (m->engine[k] < 0 || m->engine[k] >= total)
            return da__fail(m->err, DA_ERR_DISTRIBUTION, "engine %d does not exist; there are %d",
                            m->engine[k], total);
    }
    qsort(m->engine, (size_t)m->nengines, sizeof *m->engine, compare_ints);
    for (int k = 1; k < m->nengines; k++) {
        if (m->engine[k] == m->engine[k - 1])
            return da__fail(m->err, DA_ERR_DISTRIBUTION, "engine %d is named twice", m->engine[k]);
    }
    return DA_OK;
}

/* ---- the grid ---- */

/* The parts that a map fixes by itself, or 0. */
static int64_t own_parts(const struct da__map_spec *s)
{
    if (s->kind == 'n')
        return 1;
    if (s->kind == 'u')
        return s->nlists;
    if (s->nbounds > 0)
        return s->nbounds - 1;
    return s->ncuts > 0 ? s->ncuts + 1 : 0;
}

/* Blocks hold their neighbours' halos; at least 1. */
static int64_t widest_padding(const struct da__map_spec *s)
{
    int64_t widest = 1;
    for (int side = 0; side < 2; side++) {
        widest = s->padding[side] > widest ? s->padding[side] : widest;
        widest = s->boundary[side] > widest ? s->boundary[side] : widest;
    }
    return widest;
}

static da_status grid_text_error(const struct maker *m, int64_t product)
{
    int64_t grid[DA_MAX_NDIM];
    char text[256];
    for (int k = 0; k < m->ndim; k++)
        grid[k] = m->grid[k];
    return da__fail(m->err, DA_ERR_DISTRIBUTION, "grid %s needs %lld engines; there are %d",
                    da__shape_text(m->ndim, grid, text, sizeof text), (long long)product,
                    m->nengines);
}

static da_status take_explicit_grid(struct maker *m)
{
    if (m->spec.ngrid != m->ndim)
        return da__fail(m->err, DA_ERR_DISTRIBUTION, "grid of %d numbers for %d dimension%s",
                        m->spec.ngrid, m->ndim, m->ndim == 1 ? "" : "s");
    for (int k = 0; k < m->ndim; k++) {
        int64_t own = own_parts(&m->map[k]);
        m->grid[k] = m->spec.grid[k];
        if (m->grid[k] < 1)
            return da__fail(m->err, DA_ERR_DISTRIBUTION, "grid: axis %d is split into %d parts", k,
                            m->grid[k]);
        if (own != 0 && own != m->grid[k])
            return da__fail(m->err, DA_ERR_DISTRIBUTION,
                            "grid: axis %d is split into %d parts, its map '%c' has %lld", k,
                            m->grid[k], m->map[k].kind, (long long)own);
    }
    return DA_OK;
}

static da_status count_copies(struct maker *m)
{
    /* A scalar of which nothing is said is everywhere. */
    m->copies = m->ndim == 0 && m->spec.nreplicas == 0 && m->spec.nstrides == 0 ? m->nengines : 1;
    for (int k = 0; k < m->spec.nreplicas; k++)
        if (m->spec.replicas[k] < 1 || !da__mul_i64(m->copies, m->spec.replicas[k], &m->copies) ||
            m->copies > m->nengines)
            return da__fail(m->err, DA_ERR_DISTRIBUTION,
                            "replicas: %d copies cannot be; there are %d engines",
                            m->spec.replicas[k], m->nengines);
    return DA_OK;
}

static da_status make_grid(struct maker *m)
{
    DA_TRY(count_copies(m));
    if (m->spec.ngrid != 0)
        DA_TRY(take_explicit_grid(m));
    else
        for (int k = 0; k < m->ndim; k++)
            m->grid[k] = (int)own_parts(&m->map[k]);
    int64_t fixed = 1;
    for (int k = 0; k < m->ndim; k++) {
        if (m->grid[k] > 0 && !da__mul_i64(fixed, m->grid[k], &fixed))
            fixed = INT64_MAX;
    }
    if (fixed > m->nengines / m->copies)
        return grid_text_error(m, fixed);
    int64_t narrowest[DA_MAX_NDIM];
    for (int k = 0; k < m->ndim; k++)
        narrowest[k] = widest_padding(&m->map[k]);
    if (da__grid_choose(m->ndim, m->shape, narrowest, m->nengines / m->copies, m->grid) != DA_OK)
        return da__fail(m->err, DA_ERR_MEMORY, "no memory to choose a grid");
    m->nused = m->copies;
    for (int k = 0; k < m->ndim; k++)
        m->nused *= m->grid[k];
    return DA_OK;
}

/* ---- putting it together ---- */

static da_status make_block(const struct maker *m, const struct da__map_spec *s, const char *what,
                            struct da__map *map)
{
    map->kind = DA__MAP_B;
    if (s->nbounds > 0) {
        map->bounds = da__bounds_make(s->bounds, s->nbounds);
        if (map->bounds == NULL)
            return da__fail(m->err, DA_ERR_MEMORY, "%s: no memory for %lld bounds", what,
                            (long long)s->nbounds);
    }
    if (!da__padding_make(s, map->parts, &map->padding))
        return da__fail(m->err, DA_ERR_MEMORY, "%s: no memory for its padding", what);
    return map->padding != NULL ? da__padding_check(map, what, m->err) : DA_OK;
}

static da_status make_map(const struct maker *m, int axis, struct da__map *out)
{
    const struct da__map_spec *s = &m->map[axis];
    struct da__map map = da__map_none(m->shape[axis]);
    if (s->step != 0) {
        map.size = s->size;
        map.start = m->shape[axis] > 0 ? s->start : 0;
        map.step = m->shape[axis] > 0 ? s->step : 1;
    }
    char what[32];
    snprintf(what, sizeof what, "axis %d", axis);
    map.parts = m->grid[axis];
    if (s->kind == 'b') {
        da_status status = make_block(m, s, what, &map);
        if (status != DA_OK) {
            da__map_drop(&map);
            return status;
        }
    } else if (s->kind == 'c') {
        map.kind = DA__MAP_C;
        map.block = s->block > 0 ? s->block : 1;
        if (map.block > DA__MAX_PERIOD / map.parts)
            return da__fail(m->err, DA_ERR_DISTRIBUTION,
                            "%s: block size %lld in %d parts is too large", what,
                            (long long)map.block, map.parts);
    } else if (s->kind == 'u') {
        map.kind = DA__MAP_U;
        DA_TRY(
            da__lists_make(map.size, s->nlists, s->list_nelem, s->list, what, &map.lists, m->err));
    }
    *out = map;
    return DA_OK;
}

/* A dimension of the grid: an axis', or -1: of copies. */
struct dimension {
    int axis, parts;
    int64_t stride;
};

static int by_falling_stride(const void *x, const void *y)
{
    const struct dimension *p = x, *q = y;
    return p->stride != q->stride ? (p->stride < q->stride ? 1 : -1) : p->parts - q->parts;
}

/* Array axes in order, then copies. */
static int list_dimensions(const struct maker *m, const struct da__dist *d, struct dimension *dim)
{
    const int64_t *stride = m->spec.nstrides > 0 ? m->spec.strides : NULL;
    int n = 0, everywhere = (int)m->copies;
    for (int k = 0; k < m->ndim; k++)
        if (d->map[k].kind != DA__MAP_N)
            dim[n++] = (struct dimension){k, m->grid[k], stride != NULL ? stride[k] : 0};
    for (int k = 0; k < m->spec.nreplicas; k++)
        dim[n++] =
            (struct dimension){-1, m->spec.replicas[k], stride != NULL ? stride[m->ndim + k] : 0};
    if (m->spec.nreplicas == 0 && everywhere > 1)
        dim[n++] = (struct dimension){-1, everywhere, 0};
    return n;
}

/* Given strides must keep coordinates apart: each one larger than all the smaller ones can add up to. */
static da_status check_strides(struct maker *m, int n, struct dimension *dim)
{
    int64_t span = 0;
    qsort(dim, (size_t)n, sizeof *dim, by_falling_stride);
    for (int k = n - 1; k >= 0; k--) {
        if (dim[k].stride < 1 && dim[k].parts == 1)
            dim[k].stride = 1;
        if (dim[k].stride < 1 || dim[k].stride > INT32_MAX ||
            (dim[k].parts > 1 && dim[k].stride <= span))
            return da__fail(m->err, DA_ERR_DISTRIBUTION,
                            "strides: two coordinates meet on one engine");
        span += (dim[k].parts - 1) * dim[k].stride;
    }
    if (m->spec.offset < 0 || m->spec.offset > m->nengines - 1 - span)
        return da__fail(m->err, DA_ERR_DISTRIBUTION,
                        "offset %lld and strides reach over %lld engines; there are %d",
                        (long long)m->spec.offset, (long long)span + 1, m->nengines);
    m->nused = m->spec.offset + span + 1;
    return DA_OK;
}

/* The grid in C order of the split axes and copies, or as the strides say. */
static da_status lay_grid(struct maker *m, struct da__dist *d)
{
    struct dimension dim[2 * DA_MAX_NDIM];
    int most = m->ndim + m->spec.nreplicas;
    if (m->spec.nreplicas < 0 || most > DA_MAX_NDIM ||
        (m->spec.nstrides != 0 && m->spec.nstrides != most))
        return da__fail(m->err, DA_ERR_DISTRIBUTION,
                        "%d strides for %d dimensions and %d of replicas", m->spec.nstrides,
                        m->ndim, m->spec.nreplicas);
    int n = list_dimensions(m, d, dim);
    int64_t stride = 1;
    for (int k = n - 1; k >= 0 && m->spec.nstrides == 0; k--) {
        dim[k].stride = stride;
        stride *= dim[k].parts;
    }
    if (m->spec.nstrides > 0 || m->spec.offset != 0)
        DA_TRY(check_strides(m, n, dim));
    for (int k = 0; k < n; k++) {
        d->grid[k] = dim[k].parts;
        d->grid_stride[k] = dim[k].stride;
        if (dim[k].axis >= 0)
            d->axis_grid[dim[k].axis] = k;
    }
    d->ngrid = n;
    d->offset = m->spec.offset;
    return DA_OK;
}

static da_status take_engines(const struct maker *m, int64_t n, struct da__index_set *out)
{
    int64_t *id = da__calloc((size_t)n, sizeof *id);
    if (id == NULL)
        return DA_ERR_MEMORY;
    for (int64_t k = 0; k < n; k++)
        id[k] = m->engine[k];
    da_status status = da__set_from_list(out, id, n);
    da__free(id);
    return status;
}

static da_status build(struct maker *m, const struct da__dist **out)
{
    struct da__dist *d = da__dist_alloc(m->ndim);
    if (d == NULL)
        return da__fail(m->err, DA_ERR_MEMORY, "no memory for a distribution");
    da_status status = DA_OK;
    for (int k = 0; k < m->ndim && status == DA_OK; k++)
        status = make_map(m, k, &d->map[k]);
    if (status == DA_OK)
        status = lay_grid(m, d);
    if (status == DA_OK) {
        status = take_engines(m, m->nused, &d->engines);
        if (status != DA_OK)
            da__fail(m->err, status, "no memory for a distribution");
    }
    if (status != DA_OK) {
        da__dist_drop(d);
        return status;
    }
    *out = d;
    return DA_OK;
}

da_status da__dist_make(int ndim, const int64_t *shape, const struct da__dist_spec *spec,
                        int nengines_total, const struct da__dist **out, struct da__error *err)
{
    struct maker m = {.ndim = ndim, .shape = shape, .err = err};
    if (spec != NULL)
        m.spec = *spec;
    DA_TRY(check_shape(&m));
    DA_TRY(complete_maps(&m));
    da_status status = choose_engines(&m, nengines_total);
    if (status == DA_OK)
        status = make_grid(&m);
    if (status == DA_OK)
        status = build(&m, out);
    da__free(m.engine);
    return status;
}

da_status da__dist_balanced(const struct da__dist *engines_of, int ndim, const int64_t *shape,
                            const struct da__dist **out)
{
    const struct da__index_set *engines = &engines_of->engines;
    struct da__dist *d = da__dist_alloc(ndim);
    if (d == NULL)
        return DA_ERR_MEMORY;
    int64_t parts = engines->nelem;
    for (int k = 0; k < ndim; k++)
        d->map[k] = da__map_none(shape[k]);
    if (ndim >
        0) { /* no axis is split into more parts than it has indices; a scalar is everywhere */
        int64_t most = shape[0] > 1 ? shape[0] : 1;
        parts = parts < most ? parts : most;
        d->map[0].kind = DA__MAP_B;
        d->map[0].parts = (int)parts;
        d->axis_grid[0] = 0;
    }
    d->ngrid = 1;
    d->grid[0] = (int)parts;
    d->grid_stride[0] = 1;
    da_status status = DA_OK;
    for (int k = 0; k < engines->nruns && status == DA_OK; k++)
        status = da__set_push(&d->engines, engines->run[k]);
    if (status != DA_OK) {
        da__dist_drop(d);
        return status;
    }
    *out = d;
    return DA_OK;
}
