/* Parts of a distribution in the order of flat C-order indices: walking one's own by maximal runs, and finding the owners of
 * others' in closed form. */
#include "flat.h"

#include <stdlib.h>
#include <string.h>

void da__flat_init(const struct da__dist *d, struct da__flat *out)
{
    *out = (struct da__flat){.dist = d, .total = 1, .naxes = d->ndim};
    int64_t unit[DA_MAX_NDIM];
    for (int k = d->ndim - 1; k >= 0; k--) {
        unit[k] = out->total;
        out->total *= d->map[k].count;
    }
    while (out->naxes > 0 && d->axis_grid[out->naxes - 1] < 0)
        out->naxes--;
    for (int k = 0; k < out->naxes; k++) {
        out->extent[k] = d->map[k].count;
        out->unit[k] = unit[k];
    }
}

/* ---- a part ---- */

static int by_start(const void *a, const void *b)
{
    const struct da__interval *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

/* Explicit lists, and some views of cyclic axes, have indices in any order: sorted, neighbours joined. */
static da_status sort_list(struct da__flat_axis *axis)
{
    axis->listed = true;
    axis->interval = da__alloc(((size_t)axis->set.nelem + 1) * sizeof *axis->interval);
    if (axis->interval == NULL)
        return DA_ERR_MEMORY;
    int64_t position = 0;
    for (int i = 0; i < axis->set.nruns; i++) {
        const struct da__run *run = &axis->set.run[i];
        for (int64_t r = 0; r < run->reps; r++)
            for (int64_t k = 0; k < run->count; k++, position++)
                axis->interval[position] = (struct da__interval){
                    run->start + r * run->stride + k * run->step, 1, position};
    }
    qsort(axis->interval, (size_t)position, sizeof *axis->interval, by_start);
    for (int64_t i = 0; i < position; i++) {
        struct da__interval *last = axis->n > 0 ? &axis->interval[axis->n - 1] : NULL;
        const struct da__interval *next = &axis->interval[i];
        if (last != NULL && last->start + last->count == next->start &&
            last->local + last->count == next->local)
            last->count++;
        else
            axis->interval[axis->n++] = *next;
    }
    return DA_OK;
}

da_status da__flat_part_make(const struct da__dist *d, int engine, struct da__flat_part *p)
{
    memset(p, 0, sizeof *p);
    da__flat_init(d, &p->flat);
    for (int k = 0; k < p->flat.naxes; k++)
        da__set_init(&p->axis[k].set);
    p->holds = da__dist_coords(d, engine, p->coord);
    if (!p->holds)
        return DA_OK;
    int64_t shape[DA_MAX_NDIM], strides[DA_MAX_NDIM];
    p->nelem = da__dist_local_shape(d, engine, shape);
    da__strides_c(d->ndim, shape, 1, strides);
    for (int k = 0; k < p->flat.naxes; k++) {
        p->stride[k] = strides[k];
        DA_TRY(da__dist_local_set(d, engine, k, &p->axis[k].set));
        if (!da__map_in_order(&d->map[k], da__dist_part(d, p->coord, k)))
            DA_TRY(sort_list(&p->axis[k]));
    }
    return DA_OK;
}

void da__flat_part_free(struct da__flat_part *p)
{
    for (int k = 0; k < p->flat.naxes; k++) {
        da__set_free(&p->axis[k].set);
        da__free(p->axis[k].interval);
    }
}

/* ---- walking ---- */

/* The next interval along axis k; false: no more. */
static bool step_axis(struct da__flat_walk *w, int k)
{
    const struct da__flat_axis *axis = &w->part->axis[k];
    w->at[k] = 0;
    if (axis->listed) {
        if (w->cursor[k].k >= axis->n)
            return false;
        w->now[k] = axis->interval[w->cursor[k].k++];
        return true;
    }
    if (w->cursor[k].run >= axis->set.nruns)
        return false;
    const struct da__run *run = &axis->set.run[w->cursor[k].run];
    int64_t first = run->start + w->cursor[k].rep * run->stride + w->cursor[k].k * run->step;
    int64_t count = run->step == 1 ? run->count : 1;
    w->now[k] = (struct da__interval){first, count, w->cursor[k].local};
    w->cursor[k].local += count;
    w->cursor[k].k += count;
    if (w->cursor[k].k >= run->count) {
        w->cursor[k].k = 0;
        if (++w->cursor[k].rep >= run->reps) {
            w->cursor[k].rep = 0;
            w->cursor[k].run++;
        }
    }
    return true;
}

static bool restart_axis(struct da__flat_walk *w, int k)
{
    memset(&w->cursor[k], 0, sizeof w->cursor[k]);
    return step_axis(w, k);
}

void da__flat_walk_begin(const struct da__flat_part *p, struct da__flat_walk *w)
{
    w->part = p;
    w->begun = false;
    w->done = !p->holds || p->nelem == 0;
    for (int k = 0; k < p->flat.naxes && !w->done; k++)
        w->done = !restart_axis(w, k);
}

/* Moves the outer axes on after the last one has ended. */
static bool step_outer(struct da__flat_walk *w)
{
    int last = w->part->flat.naxes - 1, k = last - 1;
    for (; k >= 0; k--)
        if (++w->at[k] < w->now[k].count || step_axis(w, k))
            break;
    if (k < 0)
        return false;
    for (int j = k + 1; j <= last; j++)
        restart_axis(w, j);
    return true;
}

bool da__flat_walk_next(struct da__flat_walk *w, struct da__interval *run)
{
    const struct da__flat_part *p = w->part;
    int last = p->flat.naxes - 1;
    if (w->done)
        return false;
    if (last < 0) { /* all of it */
        w->done = true;
        *run = (struct da__interval){0, p->flat.total, 0};
        return true;
    }
    if (w->begun && !step_axis(w, last) && !step_outer(w)) {
        w->done = true;
        return false;
    }
    w->begun = true;
    *run = (struct da__interval){.count = w->now[last].count * p->flat.unit[last]};
    for (int k = 0; k <= last; k++) {
        run->start += (w->now[k].start + w->at[k]) * p->flat.unit[k];
        run->local += (w->now[k].local + w->at[k]) * p->stride[k];
    }
    return true;
}

/* ---- finding ---- */

void da__flat_finder_begin(const struct da__flat_part *own, struct da__flat_finder *f)
{
    memset(f, 0, sizeof *f);
    f->own = own;
    f->flat = own->flat;
    f->moved = true;
}

/* The interval of a sorted list that index i is in. */
static const struct da__interval *find_listed(const struct da__flat_axis *axis, int64_t i)
{
    int64_t low = 0, high = axis->n;
    while (high - low > 1) {
        int64_t mid = low + (high - low) / 2;
        if (axis->interval[mid].start <= i)
            low = mid;
        else
            high = mid;
    }
    return &axis->interval[low];
}

/* Blocks that are dealt out, in turn: what mostly comes next needs no search. False: it is not that. */
static bool place_next_block(struct da__flat_finder *f, int k, int64_t i)
{
    const struct da__map *m = &f->flat.dist->map[k];
    int g = f->flat.dist->axis_grid[k];
    if (m->kind != DA__MAP_C || g < 0 || m->parts == 1 || i == 0 || i != f->hi[k] ||
        m->start != 0 || m->step != 1)
        return false;
    f->coord[g] = f->coord[g] + 1 < m->parts ? f->coord[g] + 1 : 0;
    f->moved = true;
    f->lo[k] = i;
    f->hi[k] = i + m->block < m->count ? i + m->block : m->count;
    if (f->own->holds && f->own->coord[g] == f->coord[g])
        f->local[k] = i / (m->block * m->parts) * m->block;
    return true;
}

/* Index i along axis k lies elsewhere than the last one. */
static void place_axis(struct da__flat_finder *f, int k, int64_t i)
{
    const struct da__dist *d = f->flat.dist;
    const struct da__map *m = &d->map[k];
    int g = d->axis_grid[k], part = g >= 0 ? da__map_owner(m, i) : 0;
    bool here = f->own->holds && (g < 0 || f->own->coord[g] == part);
    if (g >= 0 && f->coord[g] != part) {
        f->coord[g] = part;
        f->moved = true;
    }
    if (here && f->own->axis[k].listed) { /* local positions must follow each other too */
        const struct da__interval *in = find_listed(&f->own->axis[k], i);
        f->lo[k] = in->start;
        f->hi[k] = in->start + in->count;
        f->local[k] = in->local;
        return;
    }
    f->lo[k] = i;
    f->hi[k] = i + da__map_stretch(m, i, &part);
    if (here)
        f->local[k] = da__map_local_of(m, part, i);
}

int64_t da__flat_find(struct da__flat_finder *f, int64_t index)
{
    int64_t rest = index, count = f->flat.total - index;
    for (int k = 0; k < f->flat.naxes; k++) {
        int64_t i = rest / f->flat.unit[k];
        rest -= i * f->flat.unit[k];
        if ((i < f->lo[k] || i >= f->hi[k]) && !place_next_block(f, k, i))
            place_axis(f, k, i);
        count = (f->hi[k] - i) * f->flat.unit[k] - rest;
    }
    if (f->moved)
        f->engine = da__dist_engine(f->flat.dist, f->coord);
    f->moved = false;
    return count;
}

int64_t da__flat_local(const struct da__flat_finder *f, int64_t index)
{
    int64_t rest = index, local = 0;
    for (int k = 0; k < f->flat.naxes; k++) {
        int64_t i = rest / f->flat.unit[k];
        rest -= i * f->flat.unit[k];
        local += (f->local[k] + i - f->lo[k]) * f->own->stride[k];
    }
    return local + rest;
}
