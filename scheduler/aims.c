/* The dynamic part of indexing by arrays: the indices that this engine's part of the space names, checked and grouped by owners. */
#include "indexing.h"

#include <string.h>

/* Positions along the dynamic axes of this engine's part, in C order, row by row. */
struct walk {
    int n;
    int64_t extent[DA_MAX_NDIM];
    int64_t total, inner; /* positions, and those of a row */
};

static void walk_begin(struct walk *w, const struct da__indexing *ix, const int64_t *local)
{
    w->n = ix->ndynamic;
    w->total = w->inner = 1;
    for (int k = 0; k < w->n; k++) {
        w->extent[k] = local[ix->dynamic[k]];
        w->total *= w->extent[k];
    }
    if (w->n > 0)
        w->inner = w->extent[w->n - 1];
}

static void next_row(const struct walk *w, int64_t *at)
{
    for (int k = w->n - 2; k >= 0; k--) {
        if (++at[k] < w->extent[k])
            return;
        at[k] = 0;
    }
}

static int64_t row_offset(const struct walk *w, const int64_t *at, const int64_t *stride)
{
    int64_t offset = 0;
    for (int k = 0; k < w->n - 1; k++)
        offset += at[k] * stride[k];
    return offset;
}

/* Numbers over the positions of a walk, bytes apart. */
struct column {
    const char *data;
    int64_t stride[DA_MAX_NDIM];
};

struct aiming {
    struct da__execution *r;
    const struct da__indexing *ix;
    const struct da__step *s;
    const struct da__step_plan *sp;
    const struct da__strided *operand;
    struct walk walk;
    int64_t *index
        [DA_MAX_NDIM]; /* per iteration axis: this engine's global indices; NULL: not needed so far */
    int64_t *target;
    int32_t *group;
};

/* The global indices of this engine along an iteration axis. */
static const int64_t *indices_along(struct aiming *a, int axis)
{
    if (a->index[axis] != NULL)
        return a->index[axis];
    const struct da__index_set *set = &a->sp->index[axis];
    int64_t *out = da__run_room(a->r, (set->nelem + 1) * (int64_t)sizeof *out), n = 0;
    if (out == NULL)
        return NULL;
    for (int i = 0; i < set->nruns; i++) {
        const struct da__run *run = &set->run[i];
        for (int64_t rep = 0; rep < run->reps; rep++)
            for (int64_t k = 0; k < run->count; k++)
                out[n++] = run->start + rep * run->stride + k * run->step;
    }
    return a->index[axis] = out;
}

/* The numbers that dynamic iteration axis number k gives. */
static bool axis_column(struct aiming *a, int k, struct column *c)
{
    memset(c, 0, sizeof *c);
    c->data = (const char *)indices_along(a, a->ix->dynamic[k]);
    c->stride[k] = (int64_t)sizeof(int64_t);
    return c->data != NULL;
}

static bool base_column(struct aiming *a, int b, struct column *c)
{
    const struct da__indexing *ix = a->ix;
    const int64_t *rule = &ix->rule[3 * b];
    if (rule[0] >= 0) {
        int k = 0;
        while (ix->dynamic[k] != rule[0])
            k++;
        return axis_column(a, k, c);
    }
    const struct da__strided *in = &a->operand[ix->first_array + rule[1]];
    c->data = in->data;
    for (int k = 0; k < ix->ndynamic; k++)
        c->stride[k] = in->stride[ix->dynamic[k]];
    return true;
}

static bool out_of_bounds(struct aiming *a, int64_t index, int b)
{
    da__run_fail(a->r, DA_ERR_INDEX, "index %lld is out of bounds for axis %d with size %lld",
                 (long long)index, b, (long long)a->ix->base->map[b].count);
    return false;
}

/* Takes dynamic base axis b into the targets and groups. */
static bool resolve_axis(struct aiming *a, int b)
{
    const struct da__map *m = &a->ix->base->map[b];
    const struct walk *w = &a->walk;
    const int64_t *rule = &a->ix->rule[3 * b];
    bool given = rule[0] == -2;
    int64_t at[DA_MAX_NDIM] = {0}, extent = m->count, scale = given ? 1 : rule[2],
            offset = given ? 0 : rule[1];
    int g = a->ix->base->axis_grid[b], parts = g >= 0 ? a->ix->base->grid[g] : 1;
    struct column c;
    if (!base_column(a, b, &c))
        return false;
    int64_t stride = w->n > 0 ? c.stride[w->n - 1] : 0;
    for (int64_t p = 0; p < w->total; p += w->inner, next_row(w, at)) {
        const char *from = c.data + row_offset(w, at, c.stride);
        for (int64_t i = p; i < p + w->inner; i++, from += stride) {
            int64_t index = offset + scale * *(const int64_t *)(const void *)from;
            if (index < -extent || index >= extent)
                return out_of_bounds(a, index, b);
            index += index < 0 ? extent : 0;
            a->target[i] = a->target[i] * extent + index;
            if (parts > 1)
                a->group[i] = a->group[i] * parts + da__map_owner(m, index);
        }
    }
    return true;
}

static bool resolve(struct aiming *a)
{
    int64_t n = a->walk.total;
    a->target = da__run_room(a->r, n * (int64_t)sizeof *a->target);
    a->group = da__run_room(a->r, n * (int64_t)sizeof *a->group);
    if (a->target == NULL || a->group == NULL)
        return false;
    memset(a->target, 0, (size_t)n * sizeof *a->target);
    memset(a->group, 0, (size_t)n * sizeof *a->group);
    for (int b = 0; b < a->ix->base_ndim; b++)
        if (a->ix->is_dynamic[b] && !resolve_axis(a, b))
            return false;
    return true;
}

/* ---- grouping ---- */

static int group_parts(const struct da__indexing *ix, int b)
{
    int g = ix->base->axis_grid[b];
    return ix->is_dynamic[b] && g >= 0 ? ix->base->grid[g] : 1;
}

void da__group_coords(const struct da__indexing *ix, int64_t group, int *coord)
{
    for (int b = ix->base_ndim - 1; b >= 0; b--) {
        int parts = group_parts(ix, b);
        if (ix->is_dynamic[b] && ix->base->axis_grid[b] >= 0)
            coord[ix->base->axis_grid[b]] = (int)(group % parts);
        group /= parts;
    }
}

int64_t da__group_of(const struct da__indexing *ix, const int *coord)
{
    int64_t group = 0;
    for (int b = 0; b < ix->base_ndim; b++)
        if (ix->is_dynamic[b] && ix->base->axis_grid[b] >= 0)
            group = group * group_parts(ix, b) + coord[ix->base->axis_grid[b]];
    return group;
}

/* begin[g] becomes where group g starts; returns the positions' ranks among the grouped ones in `rank`. */
static void count_groups(const struct aiming *a, struct da__aims *out, int64_t *rank)
{
    int64_t n = a->walk.total;
    memset(out->begin, 0, (size_t)(out->ngroups + 1) * sizeof *out->begin);
    for (int64_t i = 0; i < n; i++)
        rank[i] = out->begin[a->group[i] + 1]++;
    for (int64_t g = 0; g < out->ngroups; g++)
        out->begin[g + 1] += out->begin[g];
    for (int64_t i = 0; i < n; i++)
        rank[i] += out->begin[a->group[i]];
}

static void place_all(const struct aiming *a, const int64_t *stride, const int64_t *rank,
                      int64_t *place)
{
    const struct walk *w = &a->walk;
    int64_t at[DA_MAX_NDIM] = {0}, dynamic[DA_MAX_NDIM] = {0};
    for (int k = 0; k < w->n; k++)
        dynamic[k] = stride[a->ix->dynamic[k]];
    int64_t step = w->n > 0 ? dynamic[w->n - 1] : 0;
    for (int64_t p = 0; p < w->total; p += w->inner, next_row(w, at)) {
        int64_t offset = row_offset(w, at, dynamic);
        for (int64_t i = 0; i < w->inner; i++)
            place[rank[p + i]] = offset + i * step;
    }
}

/* Numbers the positions in C order of the whole space's dynamic axes. */
static bool order_all(struct aiming *a, const int64_t *rank, int64_t *order)
{
    const struct walk *w = &a->walk;
    memset(order, 0, (size_t)w->total * sizeof *order);
    for (int k = 0; k < w->n; k++) {
        struct column c;
        int64_t at[DA_MAX_NDIM] = {0}, extent = a->s->shape[a->ix->dynamic[k]];
        if (!axis_column(a, k, &c))
            return false;
        for (int64_t p = 0; p < w->total; p += w->inner, next_row(w, at)) {
            const char *from = c.data + row_offset(w, at, c.stride);
            for (int64_t i = p; i < p + w->inner; i++, from += c.stride[w->n - 1])
                order[rank[i]] = order[rank[i]] * extent + *(const int64_t *)(const void *)from;
        }
    }
    return true;
}

static bool group(struct aiming *a, const int64_t *stride, bool ordered, struct da__aims *out)
{
    int64_t n = a->walk.total, nbytes = n * (int64_t)sizeof(int64_t);
    out->ngroups = 1;
    for (int b = 0; b < a->ix->base_ndim; b++)
        out->ngroups *= group_parts(a->ix, b);
    int64_t *rank = da__run_room(a->r, nbytes);
    out->begin = da__run_room(a->r, (out->ngroups + 1) * (int64_t)sizeof *out->begin);
    out->target = da__run_room(a->r, nbytes);
    out->place = da__run_room(a->r, nbytes);
    out->order = ordered ? da__run_room(a->r, nbytes) : NULL;
    if (!da__run_failed(a->r)) {
        count_groups(a, out, rank);
        for (int64_t i = 0; i < n; i++)
            out->target[rank[i]] = a->target[i];
        place_all(a, stride, rank, out->place);
        if (ordered)
            order_all(a, rank, out->order);
    }
    da__pool_put(a->r->engine->pool, rank);
    return !da__run_failed(a->r);
}

bool da__aims_make(struct da__execution *r, int step, const struct da__indexing *ix,
                   const struct da__strided *operand, const int64_t *stride, bool ordered,
                   struct da__aims *out)
{
    struct aiming a = {.r = r,
                       .ix = ix,
                       .s = &r->plan->program->step[step],
                       .sp = &r->plan->step[step],
                       .operand = operand};
    *out = (struct da__aims){.ngroups = 0};
    walk_begin(&a.walk, ix, a.sp->space.shape);
    bool good = resolve(&a) && group(&a, stride, ordered, out);
    da__pool_put(r->engine->pool, a.target);
    da__pool_put(r->engine->pool, a.group);
    for (int k = 0; k < ix->ndim; k++)
        da__pool_put(r->engine->pool, a.index[k]);
    return good;
}

void da__aims_free(struct da__execution *r, struct da__aims *a)
{
    da__pool_put(r->engine->pool, a->begin);
    da__pool_put(r->engine->pool, a->target);
    da__pool_put(r->engine->pool, a->place);
    da__pool_put(r->engine->pool, a->order);
}
