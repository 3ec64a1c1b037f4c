/* The byte-cost model. Along each axis of the value, what an engine needs and how much of it the engine holds are intersections of
 * index sets in closed form; products of the axes' counts are an engine's elements. Where space and value lie on one grid,
 * each of its dimensions is summed by itself and the products of the sums are the totals of all engines. */
#include "cost.h"

struct reading {
    const struct da__dist *base, *space;
    const struct da__view *view;
    struct da__run
        parts[DA_MAX_NDIM]; /* per grid dimension of the space: the coordinates with elements */
};
/* Elements needed, and those among them that the reader holds. */
struct tally {
    double needed, held;
};

/* The i-th of n places that are looked at: all of them, or spread without a period that a grid could have too. */
static int64_t sampled(int64_t n, int64_t i)
{
    if (n <= DA__COST_SAMPLE)
        return i;
    int64_t low = n / DA__COST_SAMPLE * i + n % DA__COST_SAMPLE * i / DA__COST_SAMPLE;
    int64_t width = n / DA__COST_SAMPLE;
    return low + (i * 40503 & 65535) * width / 65536;
}

static int64_t sample_size(int64_t n)
{
    return n < DA__COST_SAMPLE ? n : DA__COST_SAMPLE;
}

/* ---- along one axis of the value ---- */

/* Appends to `out` the base indices that iteration indices `mine` read within one stretch. */
static da_status stretch_image(const struct da__index_set *mine, const struct da__stretch *s,
                               int64_t step, struct da__index_set *out)
{
    struct da__index_set within, inside;
    struct da__match_list list;
    da__set_init(&inside);
    da__matches_init(&list);
    da_status status = da__set_range(&within, s->first, 1, s->n);
    if (status == DA_OK)
        status = da__set_intersect(mine, &within, &list);
    for (int i = 0; i < list.n && status == DA_OK; i++) {
        const struct da__match *m = &list.m[i];
        status = da__set_push(
            &inside, (struct da__run){s->first + m->b, m->step_b, m->count, m->stride_b, m->reps});
    }
    if (status == DA_OK)
        status = da__set_affine(&inside, s->start - step * s->first, step, out);
    da__matches_free(&list);
    da__set_free(&inside);
    da__set_free(&within);
    return status;
}

static da_status add_held(const struct da__index_set *needs, const struct da__index_set *owned,
                          double *held)
{
    struct da__match_list list;
    da__matches_init(&list);
    da_status status = da__set_intersect(needs, owned, &list);
    *held += (double)list.nelem;
    da__matches_free(&list);
    return status;
}

/* How many of the base indices `mine`, those of a reader at `coord` of the space's axis, part `part` holds along base axis b. */
static da_status count_held(const struct reading *r, int b, const struct da__index_set *mine,
                            int coord, int part, double *held)
{
    const struct da__view *v = r->view;
    struct da__stretch stretch[2];
    struct da__index_set owned, needs;
    int n = da__view_stretches(v, b, r->space->map[v->axis[b]].count, stretch);
    int64_t at;
    int reader = da__dist_reader(r->base, b, r->space, v->axis[b], coord);
    da_status status = da__map_share(&r->base->map[b], part, reader, &owned, &at);
    for (int k = 0; k < n && status == DA_OK; k++) {
        da__set_init(&needs);
        status = n == 1 ? da__set_affine(mine, stretch[0].start, v->step[b], &needs)
                        : stretch_image(mine, &stretch[k], v->step[b], &needs);
        if (status == DA_OK)
            status = add_held(&needs, &owned, held);
        da__set_free(&needs);
    }
    da__set_free(&owned);
    return status;
}

/* Multiplies the tally by what base axis b contributes for a reader at `mine` of the space's axis that holds part `part` of the
 * value's (-1: nothing of the value). */
static da_status count_axis(const struct reading *r, int b, int mine, int part, struct tally *t)
{
    const struct da__view *v = r->view;
    bool whole = r->base->axis_grid[b] < 0;
    if (v->axis[b] < 0 || v->step[b] == 0) {
        bool holds =
            part >= 0 && (whole || da__map_local_of(&r->base->map[b], part, v->offset[b]) >= 0);
        t->held *= holds ? 1 : 0;
        return DA_OK;
    }
    struct da__index_set set;
    double held = 0;
    da_status status = da__map_stored(&r->space->map[v->axis[b]], mine, &set);
    if (status == DA_OK && part >= 0 && !whole)
        status = count_held(r, b, &set, mine, part, &held);
    t->needed *= (double)set.nelem;
    t->held *= part < 0 ? 0 : whole ? (double)set.nelem : held;
    da__set_free(&set);
    return status;
}

/* ---- one grid ---- */

/* The grid dimension that decides what is needed and held along base axis b: -1 none, -2 two different ones. */
static int dimension_of(const struct reading *r, int b)
{
    int axis = r->view->axis[b];
    int needs = axis >= 0 ? r->space->axis_grid[axis] : -1, holds = r->base->axis_grid[b];
    if (needs >= 0 && holds >= 0 && needs != holds)
        return -2;
    return needs >= 0 ? needs : holds;
}

static bool is_separable(const struct reading *r)
{
    if (!da__dist_same_grid(r->base, r->space))
        return false;
    for (int b = 0; b < r->base->ndim; b++)
        if (dimension_of(r, b) == -2)
            return false;
    return true;
}

/* What the base axes that grid dimension g decides contribute at coordinate c. */
static da_status count_coordinate(const struct reading *r, int g, int c, struct tally *t)
{
    *t = (struct tally){1, 1};
    for (int k = 0; k < r->space->ndim; k++)
        if (r->space->axis_grid[k] == g && g >= 0 && da__map_local_count(&r->space->map[k], c) == 0)
            *t = (struct tally){0, 0};
    for (int b = 0; b < r->base->ndim && t->needed > 0; b++) {
        int axis = r->view->axis[b];
        if (dimension_of(r, b) != g)
            continue;
        DA_TRY(count_axis(r, b, axis >= 0 && r->space->axis_grid[axis] >= 0 ? c : 0,
                          r->base->axis_grid[b] >= 0 ? c : 0, t));
    }
    return DA_OK;
}

static da_status count_by_dimension(const struct reading *r, struct tally *total)
{
    struct tally one;
    DA_TRY(count_coordinate(r, -1, 0, total));
    for (int g = 0; g < r->space->ngrid; g++) {
        struct tally sum = {0, 0};
        int64_t n = r->parts[g].count, seen = sample_size(n);
        for (int64_t i = 0; i < seen; i++) {
            int c = (int)(r->parts[g].start + sampled(n, i) * r->parts[g].step);
            DA_TRY(count_coordinate(r, g, c, &one));
            sum.needed += one.needed;
            sum.held += one.held;
        }
        double scale = seen > 0 ? (double)n / (double)seen : 0;
        total->needed *= sum.needed * scale;
        total->held *= sum.held * scale;
    }
    return DA_OK;
}

/* ---- any two distributions ---- */

static da_status count_engine(const struct reading *r, int engine, const int *coord,
                              struct tally *total)
{
    int holder[DA_MAX_NDIM];
    struct tally t = {1, 1};
    for (int k = 0; k < r->space->ndim; k++)
        if (da__map_local_count(&r->space->map[k], da__dist_part(r->space, coord, k)) == 0)
            return DA_OK;
    bool holds = da__dist_coords(r->base, engine, holder);
    for (int b = 0; b < r->base->ndim; b++) {
        int axis = r->view->axis[b];
        DA_TRY(count_axis(r, b, axis >= 0 ? da__dist_part(r->space, coord, axis) : 0,
                          holds ? da__dist_part(r->base, holder, b) : -1, &t));
    }
    total->needed += t.needed;
    total->held += holds ? t.held : 0;
    return DA_OK;
}

static da_status count_by_engine(const struct reading *r, struct tally *total)
{
    int64_t n = 1;
    for (int g = 0; g < r->space->ngrid; g++)
        n *= r->parts[g].count;
    int64_t seen = sample_size(n);
    *total = (struct tally){0, 0};
    for (int64_t i = 0; i < seen; i++) {
        int coord[DA_MAX_NDIM] = {0};
        int64_t rest = sampled(n, i);
        for (int g = r->space->ngrid - 1; g >= 0; g--) {
            coord[g] = (int)(r->parts[g].start + rest % r->parts[g].count * r->parts[g].step);
            rest /= r->parts[g].count;
        }
        DA_TRY(count_engine(r, da__dist_engine(r->space, coord), coord, total));
    }
    double scale = seen > 0 ? (double)n / (double)seen : 0;
    total->needed *= scale;
    total->held *= scale;
    return DA_OK;
}

/* The coordinates along an axis that own any of its indices. */
static da_status owners(const struct da__map *m, struct da__run *out)
{
    struct da__index_set all;
    *out = (struct da__run){0, 1, 0, 0, 1};
    if (m->count == 0)
        return DA_OK;
    DA_TRY(da__set_range(&all, 0, 1, m->count));
    *out = da__map_owners_of(m, &all);
    da__set_free(&all);
    return DA_OK;
}

da_status da__cost_read(const struct da__dist *base, size_t item, const struct da__view *v,
                        const struct da__dist *space, double *nbytes)
{
    struct reading r = {.base = base, .space = space, .view = v};
    struct tally total;
    *nbytes = 0;
    if (da__view_is_identity(v) && base->ndim == space->ndim && da__dist_equal(base, space))
        return DA_OK;
    for (int k = 0; k < space->ndim; k++)
        if (space->map[k].count == 0)
            return DA_OK;
    for (int g = 0; g < space->ngrid; g++)
        r.parts[g] = (struct da__run){0, 1, space->grid[g], 0, 1};
    for (int k = 0; k < space->ndim; k++)
        if (space->axis_grid[k] >= 0)
            DA_TRY(owners(&space->map[k], &r.parts[space->axis_grid[k]]));
    DA_TRY(is_separable(&r) ? count_by_dimension(&r, &total) : count_by_engine(&r, &total));
    *nbytes = (total.needed - total.held) * (double)item;
    return DA_OK;
}

double da__cost_most(const struct da__dist *d)
{
    double most = 1;
    for (int k = 0; k < d->ndim; k++) {
        struct da__run parts;
        int64_t best = 0;
        if (owners(&d->map[k], &parts) != DA_OK) /* without memory: as if on one engine */
            parts.count = 0, best = d->map[k].count;
        for (int64_t i = 0; i < sample_size(parts.count); i++) {
            int64_t n = da__map_local_count(
                &d->map[k], (int)(parts.start + sampled(parts.count, i) * parts.step));
            best = n > best ? n : best;
        }
        most *= (double)best;
    }
    return most;
}

bool da__dist_shifted(const struct da__dist *a, const struct da__dist *b)
{
    if (a == b)
        return true;
    if (a->ndim != b->ndim || !da__dist_same_grid(a, b))
        return false;
    for (int k = 0; k < a->ndim; k++) {
        const struct da__map *x = &a->map[k], *y = &b->map[k];
        if (a->axis_grid[k] != b->axis_grid[k] || x->kind != y->kind || x->parts != y->parts ||
            x->size != y->size || x->step != y->step || x->count != y->count ||
            x->block != y->block || x->bounds != y->bounds || x->lists != y->lists)
            return false;
    }
    return true;
}
