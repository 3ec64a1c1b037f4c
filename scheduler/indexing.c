/* Planning a step that indexes by arrays: which axes are dynamic, what engines share along the static ones, and where this engine's
 * own elements lie along the dynamic ones. */
#include "indexing.h"

#include <string.h>

/* ---- static axes ---- */

/* What a reader at these coordinates of the space needs along static base axis b, in the order of its positions. */
static da_status needs_of(const struct da__indexing *ix, int b, const int *reader,
                          struct da__index_set *out)
{
    const int64_t *rule = &ix->rule[3 * b];
    if (rule[0] < 0)
        return da__set_range(out, rule[1], 1, 1);
    int axis = (int)rule[0];
    struct da__index_set mine;
    da__set_init(&mine);
    da_status status =
        da__map_owned(&ix->space->map[axis], da__dist_part(ix->space, reader, axis), &mine);
    if (status == DA_OK)
        status = da__set_affine(&mine, rule[1], rule[2], out);
    da__set_free(&mine);
    return status;
}

static da_status meet_part(const struct da__indexing *ix, int b, const struct da__index_set *needs,
                           int part, struct da__match_list *out)
{
    struct da__index_set owned;
    da__set_init(&owned);
    da_status status = da__map_owned(&ix->base->map[b], part, &owned);
    if (status == DA_OK)
        status = da__set_intersect(needs, &owned, out);
    da__set_free(&owned);
    return status;
}

static da_status add_share(struct da__shares *s, int part, const struct da__match_list *list)
{
    int64_t parts_cap = s->cap;
    if (!da__grow((void **)&s->part, &parts_cap, s->n + 1, sizeof *s->part) ||
        !da__grow((void **)&s->list, &s->cap, s->n + 1, sizeof *s->list))
        return DA_ERR_MEMORY;
    s->part[s->n] = part;
    s->list[s->n++] = *list;
    return DA_OK;
}

static da_status share_with(const struct da__indexing *ix, int b, const struct da__index_set *needs,
                            struct da__shares *out)
{
    struct da__run parts = {0, 1, 1, 0, 1};
    if (ix->base->axis_grid[b] >= 0)
        parts = da__map_owners_of(&ix->base->map[b], needs);
    for (int64_t i = 0; i < parts.count; i++) {
        int part = (int)(parts.start + i * parts.step);
        struct da__match_list list;
        da__matches_init(&list);
        da_status status = meet_part(ix, b, needs, part, &list);
        bool kept = status == DA_OK && list.nelem > 0;
        if (kept)
            status = add_share(out, part, &list);
        if (!kept || status != DA_OK)
            da__matches_free(&list);
        DA_TRY(status);
    }
    return DA_OK;
}

static da_status plan_shares(struct da__indexing *ix)
{
    int reader[DA_MAX_NDIM];
    if (!da__dist_coords(ix->space, ix->engine, reader))
        return DA_OK;
    for (int b = 0; b < ix->base_ndim; b++) {
        if (ix->is_dynamic[b])
            continue;
        struct da__index_set needs;
        da__set_init(&needs);
        da_status status = needs_of(ix, b, reader, &needs);
        if (status == DA_OK)
            status = share_with(ix, b, &needs, &ix->share[b]);
        da__set_free(&needs);
        DA_TRY(status);
    }
    return DA_OK;
}

bool da__static_any(const struct da__indexing *ix)
{
    for (int b = 0; b < ix->base_ndim; b++)
        if (!ix->is_dynamic[b] && ix->share[b].n == 0)
            return false;
    return true;
}

void da__static_coords(const struct da__indexing *ix, const int64_t *at, int *coord,
                       const struct da__match_list **list)
{
    for (int b = 0; b < ix->base_ndim; b++) {
        if (ix->is_dynamic[b])
            continue;
        list[b] = &ix->share[b].list[at[b]];
        if (ix->base->axis_grid[b] >= 0)
            coord[ix->base->axis_grid[b]] = ix->share[b].part[at[b]];
    }
}

bool da__static_next(const struct da__indexing *ix, int64_t *at)
{
    for (int b = ix->base_ndim - 1; b >= 0; b--) {
        if (ix->is_dynamic[b])
            continue;
        if (++at[b] < ix->share[b].n)
            return true;
        at[b] = 0;
    }
    return false;
}

bool da__static_with(const struct da__indexing *ix, const int *coord,
                     const struct da__match_list **list)
{
    for (int b = 0; b < ix->base_ndim; b++) {
        if (ix->is_dynamic[b])
            continue;
        const struct da__shares *s = &ix->share[b];
        int part = da__dist_part(ix->base, coord, b);
        list[b] = NULL;
        for (int64_t i = 0; i < s->n && list[b] == NULL; i++)
            if (s->part[i] == part)
                list[b] = &s->list[i];
        if (list[b] == NULL)
            return false;
    }
    return true;
}

bool da__guest_make(struct da__execution *r, const struct da__indexing *ix, int reader,
                    struct da__guest *out)
{
    int coord[DA_MAX_NDIM];
    out->n = ix->base_ndim;
    for (int b = 0; b < ix->base_ndim; b++) {
        da__matches_init(&out->list[b]);
        out->of[b] = &out->list[b];
    }
    bool member = da__dist_coords(ix->space, reader, coord);
    da_status status = member && ix->holds ? DA_OK : DA_ERR_INTERNAL;
    for (int b = 0; b < ix->base_ndim && status == DA_OK; b++) {
        struct da__index_set needs;
        if (ix->is_dynamic[b])
            continue;
        da__set_init(&needs);
        status = needs_of(ix, b, coord, &needs);
        if (status == DA_OK)
            status = meet_part(ix, b, &needs, da__dist_part(ix->base, ix->own, b), &out->list[b]);
        da__set_free(&needs);
    }
    if (status != DA_OK)
        da__run_fail(r, status, "no memory for what engine %d shares", reader);
    return status == DA_OK;
}

void da__guest_free(struct da__guest *guest)
{
    for (int b = 0; b < guest->n; b++)
        da__matches_free(&guest->list[b]);
}

/* ---- own elements along dynamic axes ---- */

static da_status fill_table(const struct da__index_set *owned, struct da__finder *f)
{
    f->table = da__alloc((size_t)(f->extent + 1) * sizeof *f->table);
    if (f->table == NULL)
        return DA_ERR_MEMORY;
    int64_t at = 0;
    for (int i = 0; i < owned->nruns; i++) {
        const struct da__run *run = &owned->run[i];
        for (int64_t rep = 0; rep < run->reps; rep++)
            for (int64_t k = 0; k < run->count; k++)
                f->table[run->start + rep * run->stride + k * run->step] = at++;
    }
    return DA_OK;
}

/* Explicit lists have no closed form that would not go through the list for each index. */
static da_status plan_finder(const struct da__map *m, int part, struct da__finder *f)
{
    struct da__index_set owned;
    *f = (struct da__finder){.extent = m->count, .map = m, .part = part};
    da__set_init(&owned);
    da_status status = da__map_owned(m, part, &owned);
    if (status == DA_OK && (!da__set_is_affine(&owned, &f->start, &f->step) || f->step < 1)) {
        f->step = 0;
        if (m->kind == DA__MAP_U)
            status = fill_table(&owned, f);
    }
    da__set_free(&owned);
    return status;
}

static int64_t position_of(const struct da__finder *f, int64_t index)
{
    if (f->step == 1)
        return index - f->start;
    if (f->step > 1)
        return (index - f->start) / f->step;
    return f->table != NULL ? f->table[index] : da__map_local_of(f->map, f->part, index);
}

void da__indexing_offsets(const struct da__indexing *ix, int64_t n, int64_t *target)
{
    int axis[DA_MAX_NDIM], naxes = 0;
    for (int b = 0; b < ix->base_ndim; b++)
        if (ix->is_dynamic[b])
            axis[naxes++] = b;
    if (naxes == 1) {
        const struct da__finder *f = &ix->find[axis[0]];
        for (int64_t i = 0; i < n; i++)
            target[i] = position_of(f, target[i]) * ix->base_stride[axis[0]];
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t left = target[i], offset = 0;
        for (int a = naxes - 1; a >= 0; a--) {
            const struct da__finder *f = &ix->find[axis[a]];
            int64_t before = left / f->extent;
            offset += position_of(f, left - before * f->extent) * ix->base_stride[axis[a]];
            left = before;
        }
        target[i] = offset;
    }
}

static da_status plan_own(struct da__indexing *ix)
{
    int64_t local[DA_MAX_NDIM];
    ix->holds = da__dist_coords(ix->base, ix->engine, ix->own) &&
                da__dist_local_shape(ix->base, ix->engine, local) > 0;
    if (!ix->holds)
        return DA_OK;
    da__strides_c(ix->base_ndim, local, ix->item, ix->base_stride);
    for (int b = 0; b < ix->base_ndim; b++)
        if (ix->is_dynamic[b])
            DA_TRY(
                plan_finder(&ix->base->map[b], da__dist_part(ix->base, ix->own, b), &ix->find[b]));
    return DA_OK;
}

/* ---- who needs nobody else ---- */

static bool same_engines(const struct da__index_set *a, const struct da__index_set *b)
{
    bool same = a->nruns == b->nruns;
    for (int i = 0; same && i < a->nruns; i++)
        same = memcmp(&a->run[i], &b->run[i], sizeof a->run[i]) == 0;
    return same;
}

static bool same_grid(const struct da__dist *a, const struct da__dist *b)
{
    bool same =
        a->ngrid == b->ngrid && a->offset == b->offset && same_engines(&a->engines, &b->engines);
    for (int g = 0; same && g < a->ngrid; g++)
        same =
            a->grid[g] == b->grid[g] && (a->grid[g] == 1 || a->grid_stride[g] == b->grid_stride[g]);
    return same;
}

/* The base axis is split as the iteration axis that it follows, index by index. */
static bool follows(const struct da__indexing *ix, int b)
{
    const int64_t *rule = &ix->rule[3 * b];
    if (rule[0] < 0 || ix->space->axis_grid[rule[0]] != ix->base->axis_grid[b])
        return false;
    const struct da__map *m = &ix->space->map[rule[0]];
    struct da__map seen = da__map_view(&ix->base->map[b], rule[1], rule[2], m->count);
    return da__map_equal(&seen, m);
}

static bool is_aligned(const struct da__indexing *ix)
{
    bool followed[DA_MAX_NDIM] = {false};
    if (!same_grid(ix->base, ix->space))
        return false;
    for (int b = 0; b < ix->base_ndim; b++) {
        int g = ix->base->axis_grid[b];
        if (g < 0 || ix->base->grid[g] == 1)
            continue;
        if (!follows(ix, b))
            return false;
        followed[g] = true;
    }
    for (int k = 0; k < ix->ndim; k++) {
        int g = ix->space->axis_grid[k];
        if (g >= 0 && ix->space->grid[g] > 1 && !followed[g])
            return false;
    }
    return true;
}

/* The engines of a set are an interval that a grid fills. */
static bool fills_interval(const struct da__dist *d, int64_t *first, int64_t *count)
{
    if (d->engines.nruns != 1)
        return false;
    const struct da__run *run = &d->engines.run[0];
    *first = run->start;
    *count = run->count;
    return run->reps == 1 && (run->step == 1 || run->count == 1);
}

static bool is_present(const struct da__indexing *ix)
{
    int64_t base_first, base_count, first, count;
    for (int b = 0; b < ix->base_ndim; b++)
        if (ix->base->axis_grid[b] >= 0 && ix->base->grid[ix->base->axis_grid[b]] > 1)
            return false;
    return fills_interval(ix->base, &base_first, &base_count) &&
           da__dist_nengines(ix->base) == base_count && fills_interval(ix->space, &first, &count) &&
           base_first <= first && base_first + base_count >= first + count;
}

/* ---- the plan ---- */

static bool attributes_fit(const struct da__program *p, const struct da__step *s, int first_array)
{
    if (s->ninputs < first_array)
        return false;
    const struct da__value *base = &p->value[s->input[0].value];
    if (s->nattributes != 3 * base->ndim)
        return false;
    for (int b = 0; b < base->ndim; b++) {
        const int64_t *rule = &s->attribute[3 * b];
        if (rule[0] < -2 || rule[0] >= s->ndim)
            return false;
        if (rule[0] == -2 && (rule[1] < 0 || rule[1] >= s->ninputs - first_array))
            return false;
    }
    for (int k = first_array; k < s->ninputs; k++)
        if (p->value[s->input[k].value].dtype != DA_INT64)
            return false;
    return true;
}

/* Which iteration axes are dynamic, and then which base axes. */
static void classify(const struct da__step *s, struct da__indexing *ix)
{
    bool varies[DA_MAX_NDIM] = {false}, followed[DA_MAX_NDIM] = {false};
    for (int k = ix->first_array; k < s->ninputs; k++) {
        const struct da__view *v = &s->input[k].view;
        for (int b = 0; b < v->base_ndim; b++)
            if (v->axis[b] >= 0 && v->step[b] != 0)
                varies[v->axis[b]] = true;
    }
    for (int b = 0; b < ix->base_ndim; b++)
        if (ix->rule[3 * b] >= 0)
            followed[ix->rule[3 * b]] = true;
    for (int k = 0; k < s->ndim; k++) {
        varies[k] |= !followed[k];
        if (varies[k])
            ix->dynamic[ix->ndynamic++] = k;
    }
    for (int b = 0; b < ix->base_ndim; b++) {
        int64_t axis = ix->rule[3 * b];
        ix->is_dynamic[b] = axis == -2 || (axis >= 0 && varies[axis]);
    }
}

da_status da__indexing_make(const struct da__program *p, const struct da__step *s, int engine,
                            int first_array, struct da__indexing **out)
{
    if (!attributes_fit(p, s, first_array))
        return DA_ERR_INTERNAL;
    struct da__indexing *ix = da__calloc(1, sizeof *ix);
    if (ix == NULL)
        return DA_ERR_MEMORY;
    const struct da__value *base = &p->value[s->input[0].value];
    int64_t local[DA_MAX_NDIM];
    ix->base = p->dist[base->dist];
    ix->space = p->dist[s->dist];
    ix->engine = engine;
    ix->ndim = s->ndim;
    ix->base_ndim = base->ndim;
    ix->item = (int64_t)da__dtype_nbytes(base->dtype);
    ix->rule = s->attribute;
    ix->first_array = first_array;
    classify(s, ix);
    ix->reads = da__dist_local_shape(ix->space, engine, local) > 0;
    ix->aligned = is_aligned(ix);
    ix->present = is_present(ix);
    da_status status = plan_own(ix);
    if (status == DA_OK)
        status = plan_shares(ix);
    if (status != DA_OK) {
        da__indexing_free(ix);
        return status;
    }
    *out = ix;
    return DA_OK;
}

void da__indexing_free(void *indexing)
{
    struct da__indexing *ix = indexing;
    for (int b = 0; b < ix->base_ndim; b++) {
        da__free(ix->find[b].table);
        for (int64_t i = 0; i < ix->share[b].n; i++)
            da__matches_free(&ix->share[b].list[i]);
        da__free(ix->share[b].part);
        da__free(ix->share[b].list);
    }
    da__free(ix);
}
