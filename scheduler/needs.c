/* Needs along one axis, by index arithmetic: the base indices that a reader wants, who owns them, and who reads what an engine
 * owns. An axis that wraps around is two affine stretches, so that the coordinates between their owners are never visited. */
#include "needs.h"

void da__needs_free(struct da__needs *n)
{
    da__set_free(&n->all);
    for (int k = 0; k < n->nstretches; k++)
        da__set_free(&n->stretch[k]);
}

/* ---- a way that wraps ---- */

struct way {
    const struct da__stretch *stretch;
    int64_t step;
    struct da__needs *out;
};

/* A run of iteration indices that lies in stretch k. */
static da_status push_run(const struct way *w, int k, struct da__run run)
{
    run.start = w->stretch[k].start + w->step * (run.start - w->stretch[k].first);
    run.step *= w->step;
    run.stride *= w->step;
    DA_TRY(da__set_push(&w->out->all, run));
    return da__set_push(&w->out->stretch[k], run);
}

static int64_t within(int64_t x, int64_t high)
{
    return x < 0 ? 0 : x > high ? high : x;
}

/* How many terms of start, start + step, … (n of them) lie before the wrap, or behind it where they fall: the ones that come first. */
static int64_t on_first_side(int64_t start, int64_t step, int64_t n, int64_t wrap)
{
    return step > 0 ? within(da__ceil_div(wrap - start, step), n)
                    : within(da__floor_div(start - wrap, -step) + 1, n);
}

static da_status push_cut_block(const struct way *w, struct da__run run)
{
    int first = run.step > 0 ? 0 : 1;
    int64_t n = on_first_side(run.start, run.step, run.count, w->stretch[1].first);
    struct da__run head = {run.start, run.step, n, 0, 1},
                   tail = {run.start + n * run.step, run.step, run.count - n, 0, 1};
    DA_TRY(push_run(w, first, head));
    return push_run(w, 1 - first, tail);
}

/* Blocks do not interleave, so that at most one of them lies across the wrap. */
static da_status push_cut(const struct way *w, struct da__run run)
{
    if (run.reps == 1)
        return push_cut_block(w, run);
    int64_t wrap = w->stretch[1].first, inner = run.step * (run.count - 1);
    int64_t low = run.start + (inner < 0 ? inner : 0), high = run.start + (inner > 0 ? inner : 0);
    int first = run.stride > 0 ? 0 : 1;
    int64_t n = on_first_side(run.stride > 0 ? high : low, run.stride, run.reps, wrap);
    int64_t more = on_first_side(run.stride > 0 ? low : high, run.stride, run.reps, wrap);
    struct da__run head = run, tail = run;
    head.reps = n;
    tail.start += more * run.stride;
    tail.reps = run.reps - more;
    DA_TRY(push_run(w, first, head));
    for (int64_t q = n; q < more; q++)
        DA_TRY(push_cut_block(
            w, (struct da__run){run.start + q * run.stride, run.step, run.count, 0, 1}));
    return push_run(w, 1 - first, tail);
}

static da_status push_wrapped(const struct da__index_set *mine, const struct way *w)
{
    for (int k = 0; k < mine->nruns; k++)
        DA_TRY(push_cut(w, mine->run[k]));
    return DA_OK;
}

/* ---- needs ---- */

da_status da__needs_of(const struct da__view *v, const struct da__dist *space, int b, int part,
                       int64_t extent, struct da__needs *out)
{
    *out = (struct da__needs){.nstretches = 1};
    da__set_init(&out->all);
    da__set_init(&out->stretch[0]);
    da__set_init(&out->stretch[1]);
    if (v->axis[b] < 0) {
        DA_TRY(da__set_range(&out->all, v->offset[b], 1, 1));
        return da__set_range(&out->stretch[0], v->offset[b], 1, 1);
    }
    struct da__stretch stretch[2];
    struct da__index_set mine;
    da__set_init(&mine);
    da_status status = da__map_stored(&space->map[v->axis[b]], part, &mine);
    out->nstretches = da__view_stretches(v, b, extent, stretch);
    struct way w = {stretch, v->step[b], out};
    if (status == DA_OK && out->nstretches == 2)
        status = push_wrapped(&mine, &w);
    for (int k = 0; k < mine.nruns && out->nstretches == 1 && status == DA_OK; k++)
        status = push_run(&w, 0, mine.run[k]);
    da__set_free(&mine);
    return status;
}

/* ---- coordinates ---- */

static struct da__run no_parts(void)
{
    return (struct da__run){0, 1, 0, 0, 1};
}

int64_t da__parts_count(const struct da__parts *p)
{
    return p->run[0].count + p->run[1].count;
}

int da__parts_get(const struct da__parts *p, int64_t i)
{
    const struct da__run *a = &p->run[0], *b = &p->run[1];
    if (i < a->count)
        return (int)(a->start + i * a->step);
    int64_t part = b->start + (i - a->count) * b->step, ahead = part - a->start;
    bool again =
        a->count > 0 && ahead % a->step == 0 && ahead / a->step >= 0 && ahead / a->step < a->count;
    return again ? -1 : (int)part;
}

struct da__parts da__owners_of(const struct da__dist *base, int b, const struct da__needs *needs)
{
    struct da__parts p = {{no_parts(), no_parts()}};
    if (base->axis_grid[b] < 0) {
        p.run[0].count = 1;
        return p;
    }
    for (int k = 0; k < needs->nstretches; k++)
        p.run[k] = da__map_owners_of(&base->map[b], &needs->stretch[k]);
    return p;
}

/* The iteration indices of one stretch whose base index is owned. */
static da_status stretch_readers(const struct da__stretch *s, int64_t step,
                                 const struct da__index_set *owned, struct da__index_set *out)
{
    struct da__index_set image;
    struct da__match_list list;
    da__matches_init(&list);
    da_status status = da__set_range(&image, s->start, step, s->n);
    if (status == DA_OK)
        status = da__set_intersect(&image, owned, &list);
    for (int i = 0; i < list.n && status == DA_OK; i++) {
        const struct da__match *m = &list.m[i];
        status = da__set_push(
            out, (struct da__run){s->first + m->a, m->step_a, m->count, m->stride_a, m->reps});
    }
    da__matches_free(&list);
    da__set_free(&image);
    return status;
}

/* Coordinates modulo `parts`, as da__map_holders_of tells them: those beyond an end take the second run, which is free where the
 * view's way does not wrap; else all coordinates are taken. */
static void put_holders(struct da__parts *out, int k, int n, struct da__run r, int parts)
{
    int64_t last = r.start + r.step * (r.count - 1);
    out->run[k] = r;
    if (r.count == 0 || (r.start >= 0 && last < parts))
        return;
    if (n > 1) {
        out->run[k] = (struct da__run){0, 1, parts, 0, 1};
        return;
    }
    out->run[0] = (struct da__run){r.start < 0 ? 0 : r.start, 1, r.count - 1, 0, 1};
    out->run[1] = (struct da__run){r.start < 0 ? parts - 1 : 0, 1, 1, 0, 1};
}

da_status da__readers_of(const struct da__view *v, const struct da__dist *space, int b,
                         int64_t extent, const struct da__index_set *owned, struct da__parts *out)
{
    int axis = v->axis[b];
    *out = (struct da__parts){{no_parts(), no_parts()}};
    if (axis < 0 || space->axis_grid[axis] < 0) {
        out->run[0].count = 1;
        return DA_OK;
    }
    struct da__stretch stretch[2];
    int n = da__view_stretches(v, b, extent, stretch);
    for (int k = 0; k < n; k++) {
        struct da__index_set readers;
        da__set_init(&readers);
        da_status status = stretch_readers(&stretch[k], v->step[b], owned, &readers);
        if (status == DA_OK && readers.nelem > 0)
            put_holders(out, k, n, da__map_holders_of(&space->map[axis], &readers),
                        space->map[axis].parts);
        da__set_free(&readers);
        DA_TRY(status);
    }
    return DA_OK;
}
