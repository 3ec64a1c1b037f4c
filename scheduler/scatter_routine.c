/* The routine scatter: a copy of the base in which the elements that index arrays name are replaced. Whoever has a value sends it to
 * all owners of its place; where a place is named twice, the last value in C order of the index space stays. */
#include "indexing.h"

#include <string.h>

struct scattering {
    struct da__execution *r;
    int step;
    const struct da__indexing *ix;
    const struct da__strided *values;
    char *out;
    bool alone; /* nobody sends to another engine */
    struct da__aims aims;
    struct da__parcels sent, got;
};

/* ---- sending ---- */

/* A parcel: targets, numbers, products of values; as many as its group has positions. */
static bool pack_parcel(struct scattering *w, int owner, int64_t first, int64_t n,
                        const struct da__product *product)
{
    int64_t list = n * (int64_t)sizeof(int64_t);
    char *data = da__parcel_room(w->r, &w->sent, owner, 2 * list + n * product->nbytes);
    if (data == NULL)
        return false;
    memcpy(data, w->aims.target + first, (size_t)list);
    memcpy(data + list, w->aims.order + first, (size_t)list);
    da__product_pack(product, 0, n, w->aims.place + first, w->values->data, data + 2 * list);
    return true;
}

/* The next coordinates of copies of the base; false: there are no more. */
static bool next_copy(const struct da__dist *d, const bool *used, int *coord)
{
    for (int g = d->ngrid - 1; g >= 0; g--) {
        if (used[g])
            continue;
        if (++coord[g] < d->grid[g])
            return true;
        coord[g] = 0;
    }
    return false;
}

static bool send_to_copies(struct scattering *w, int *coord, int64_t first, int64_t n,
                           const struct da__product *product)
{
    const struct da__dist *d = w->ix->base;
    bool used[DA_MAX_NDIM] = {false};
    if (w->alone) {
        da__replica_for(w->ix->base, w->ix->engine, coord);
        return pack_parcel(w, da__dist_engine(d, coord), first, n, product);
    }
    for (int b = 0; b < d->ndim; b++)
        if (d->axis_grid[b] >= 0)
            used[d->axis_grid[b]] = true;
    for (int g = 0; g < d->ngrid; g++)
        coord[g] = used[g] ? coord[g] : 0;
    do {
        if (!pack_parcel(w, da__dist_engine(d, coord), first, n, product))
            return false;
    } while (next_copy(d, used, coord));
    return true;
}

static void send_group(struct scattering *w, int64_t group)
{
    const struct da__match_list *list[DA_MAX_NDIM];
    int coord[DA_MAX_NDIM] = {0};
    int64_t at[DA_MAX_NDIM] = {0}, first = w->aims.begin[group];
    int64_t n = w->aims.begin[group + 1] - first;
    struct da__product product;
    if (n == 0)
        return;
    da__group_coords(w->ix, group, coord);
    do {
        da__static_coords(w->ix, at, coord, list);
        da__product_make(w->ix, list, w->values->stride, &product);
        if (!send_to_copies(w, coord, first, n, &product))
            return;
    } while (da__static_next(w->ix, at));
}

static void send_all(struct scattering *w, const struct da__strided *operand)
{
    w->values = &operand[1];
    if (!da__aims_make(w->r, w->step, w->ix, operand, w->values->stride, true, &w->aims) ||
        !da__static_any(w->ix))
        return;
    for (int64_t group = 0; group < w->aims.ngroups && !da__run_failed(w->r); group++)
        send_group(w, group);
}

/* ---- applying ---- */

/* One position of a parcel. */
struct entry {
    int64_t order, position;
    int parcel;
};
/* A parcel, its targets being offsets already. */
struct source {
    int64_t n;
    const int64_t *offset, *order;
    const char *values;
    struct da__guest guest;
    struct da__product product;
};

/* What is shared with the sender says how long a position's values are, and so how many there are. */
static bool open_parcel(struct scattering *w, struct da__parcel *parcel, struct source *out)
{
    const int64_t none[DA_MAX_NDIM] = {0};
    if (!da__guest_make(w->r, w->ix, parcel->engine, &out->guest))
        return false;
    da__product_make(w->ix, out->guest.of, none, &out->product);
    out->n = parcel->nbytes / (2 * (int64_t)sizeof(int64_t) + out->product.nbytes);
    int64_t *target = (int64_t *)(void *)parcel->data;
    da__indexing_offsets(w->ix, out->n, target);
    out->offset = target;
    out->order = target + out->n;
    out->values = (const char *)(target + 2 * out->n);
    return true;
}

static bool in_order(int n, const struct source *source)
{
    int64_t last = -1;
    for (int i = 0; i < n; i++)
        for (int64_t k = 0; k < source[i].n; k++) {
            if (source[i].order[k] < last)
                return false;
            last = source[i].order[k];
        }
    return true;
}

static void merge(const struct entry *from, int64_t low, int64_t mid, int64_t high,
                  struct entry *to)
{
    int64_t a = low, b = mid;
    for (int64_t k = low; k < high; k++)
        to[k] = b == high || (a < mid && from[a].order <= from[b].order) ? from[a++] : from[b++];
}

static int64_t run_end(const struct entry *entry, int64_t at, int64_t n)
{
    while (at + 1 < n && entry[at].order <= entry[at + 1].order)
        at++;
    return at + 1;
}

/* Merges neighbouring ascending runs from one half of the room to the other, over and over; gives the half that is sorted. A parcel
 * is one run for most maps, so there are few rounds. */
static struct entry *sort_entries(struct entry *entry, int64_t n)
{
    struct entry *from = entry, *to = entry + n;
    for (;;) {
        int64_t nruns = 0;
        for (int64_t low = 0, high; low < n; low = high, nruns++) {
            int64_t mid = run_end(from, low, n);
            high = mid < n ? run_end(from, mid, n) : n;
            merge(from, low, mid, high, to);
        }
        struct entry *other = from;
        from = to;
        to = other;
        if (nruns <= 1)
            return from;
    }
}

static void apply_sorted(struct scattering *w, int n, const struct source *source)
{
    int64_t total = 0, at = 0;
    for (int i = 0; i < n; i++)
        total += source[i].n;
    struct entry *room = da__run_room(w->r, 2 * total * (int64_t)sizeof *room), *entry = room;
    if (room == NULL)
        return;
    for (int i = 0; i < n; i++)
        for (int64_t k = 0; k < source[i].n; k++)
            entry[at++] = (struct entry){source[i].order[k], k, i};
    entry = sort_entries(room, total);
    for (int64_t k = 0; k < total; k++) {
        const struct source *from = &source[entry[k].parcel];
        da__product_unpack(&from->product, 1, 1, from->offset + entry[k].position, w->out,
                           from->values + entry[k].position * from->product.nbytes);
    }
    da__pool_put(w->r->engine->pool, room);
}

static void apply(struct scattering *w, struct da__parcels *parcels)
{
    int n = 0;
    struct source *source = da__run_room(w->r, (parcels->n + 1) * (int64_t)sizeof *source);
    if (source == NULL)
        return;
    bool good = true;
    for (; n < parcels->n && good; n++)
        good = open_parcel(w, &parcels->parcel[n], &source[n]);
    if (good && in_order(n, source))
        for (int i = 0; i < n; i++)
            da__product_unpack(&source[i].product, 1, source[i].n, source[i].offset, w->out,
                               source[i].values);
    else if (good)
        apply_sorted(w, n, source);
    for (int i = 0; i < n; i++)
        da__guest_free(&source[i].guest);
    da__pool_put(w->r->engine->pool, source);
}

/* ---- the routine ---- */

static void copy_base(struct scattering *w)
{
    const struct da__step *s = &w->r->plan->program->step[w->step];
    const struct da__local *local = &w->r->plan->value[s->output[0]];
    if (!local->member)
        return;
    w->out = da__run_value(w->r, s->output[0]);
    if (w->out != NULL && local->nbytes > 0 && !da__run_failed(w->r))
        memcpy(w->out, w->r->data[s->input[0].value], (size_t)local->nbytes);
}

static void run(struct da__execution *r, int step, void *own, const struct da__strided *operand)
{
    struct scattering w = {.r = r, .step = step, .ix = own};
    w.alone = w.ix->aligned || r->engine->size == 1;
    copy_base(&w);
    if (w.ix->reads && (w.alone || r->plan->step[step].writes) && !da__run_failed(r))
        send_all(&w, operand);
    if (!w.alone)
        da__swap(r, step, &w.sent, &w.got);
    if (!da__run_failed(r))
        apply(&w, w.alone ? &w.sent : &w.got);
    da__parcels_free(r, &w.sent);
    da__parcels_free(r, &w.got);
    da__aims_free(r, &w.aims);
}

/* The base lies as the output does, so that its part is the beginning of the output's. */
static da_status plan(const struct da__program *p, const struct da__step *s, int engine, void **own)
{
    struct da__indexing *ix = NULL;
    if (s->ninputs < 2 || p->value[s->input[0].value].dist != p->value[s->output[0]].dist ||
        p->value[s->input[0].value].dtype != p->value[s->output[0]].dtype ||
        p->value[s->input[1].value].dtype != p->value[s->output[0]].dtype)
        return DA_ERR_INTERNAL;
    da_status status = da__indexing_make(p, s, engine, 2, &ix);
    *own = ix;
    return status;
}

const struct da__routine_ops da__scatter_routine = {
    .plan = plan, .run = run, .free = da__indexing_free};
