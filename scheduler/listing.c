/* Elements that data choose. Where the engines' parts do not follow each other in C order, lists go to intermediate owners of
 * ranges of flat indices first. Then a scan of the counts tells every list its place in the result, and the parts of the result
 * go to their owners. */
#include "listing.h"

#include <string.h>

#include "group.h"
#include "selection.h"

static void sum_join(void *self, void *into, const void *from, bool from_earlier)
{
    (void)self, (void)from_earlier;
    int64_t a, b;
    memcpy(&a, into, sizeof a);
    memcpy(&b, from, sizeof b);
    a += b;
    memcpy(into, &a, sizeof a);
}

/* ---- order ---- */

/* Whether the parts of first replicas, in the order of the engines, are ranges of flat indices one after the other. */
static bool parts_follow(const struct da__dist *d)
{
    bool split = false, long_axis = false;
    for (int k = 0; k < d->ndim; k++) {
        const struct da__map *m = &d->map[k];
        if (m->count > 1 && m->step < 0)
            return false;
        if (m->parts > 1) {
            const struct da__run *e = d->engines.run;
            bool ascending = d->engines.nruns == 1 && e->reps == 1 && e->step > 0 &&
                             d->grid_stride[d->axis_grid[k]] > 0;
            if (split || long_axis || m->kind != DA__MAP_B || !ascending)
                return false;
            split = true;
        } else if (m->kind == DA__MAP_U) {
            return false;
        }
        long_axis |= m->count > 1;
    }
    return true;
}

static bool step_follows(const struct da__execution *r, int step)
{
    const struct da__program *p = r->plan->program;
    return parts_follow(p->dist[p->step[step].dist]);
}

/* A part of a list, by flat indices or (`data`) by elements, in one parcel to each owner of a range. */
static void send_to_ranges(struct da__execution *r, const struct da__listing *mine, int64_t chunk,
                           bool data, struct da__parcels *out)
{
    int64_t item = data ? mine->item : (int64_t)sizeof *mine->flat;
    const char *from = data ? mine->data : (const char *)mine->flat;
    for (int64_t i = 0, n; i < mine->n && !da__run_failed(r); i += n) {
        int64_t owner = mine->flat[i] / chunk;
        for (n = 1; i + n < mine->n && mine->flat[i + n] / chunk == owner;)
            n++;
        char *room = da__parcel_room(r, out, (int)owner, n * item);
        if (room != NULL)
            memcpy(room, from + i * item, (size_t)(n * item));
    }
}

/* Which indices of a range are there, by a bit each, and how many there are before each word of bits. */
struct range {
    int64_t start, nwords, n;
    uint64_t *bits;
    int64_t *before;
};

static bool mark_range(struct da__execution *r, const struct da__parcels *in, int64_t chunk,
                       struct range *range)
{
    range->start = chunk * r->engine->rank;
    range->nwords = (chunk + 63) / 64;
    range->bits = da__run_room(r, range->nwords * (int64_t)sizeof *range->bits);
    range->before = da__run_room(r, range->nwords * (int64_t)sizeof *range->before);
    if (range->bits == NULL || range->before == NULL)
        return false;
    memset(range->bits, 0, (size_t)range->nwords * sizeof *range->bits);
    for (int k = 0; k < in->n; k++) {
        const int64_t *flat = (const int64_t *)(const void *)in->parcel[k].data;
        for (int64_t i = 0; i < in->parcel[k].nbytes / (int64_t)sizeof *flat; i++) {
            int64_t at = flat[i] - range->start;
            range->bits[at / 64] |= (uint64_t)1 << at % 64;
        }
    }
    for (int64_t w = 0; w < range->nwords; w++) {
        range->before[w] = range->n;
        range->n += __builtin_popcountll(range->bits[w]);
    }
    return true;
}

/* The indices of a range in ascending order. */
static void list_range(struct da__execution *r, const struct range *range, struct da__listing *out)
{
    int64_t n = 0;
    out->flat = da__run_room(r, range->n * (int64_t)sizeof *out->flat);
    for (int64_t w = 0; out->flat != NULL && w < range->nwords; w++)
        for (uint64_t word = range->bits[w]; word != 0; word &= word - 1)
            out->flat[n++] = range->start + 64 * w + __builtin_ctzll(word);
    out->n = n;
}

/* Elements by the ranks of their indices; each sender's come in the order of its indices. */
static void order_items(struct da__execution *r, const struct range *range,
                        const struct da__parcels *flats, const struct da__parcels *items,
                        struct da__listing *out)
{
    out->data = da__run_room(r, range->n * out->item);
    if (out->data == NULL)
        return;
    out->n = range->n;
    for (int k = 0; k < flats->n; k++) {
        const int64_t *flat = (const int64_t *)(const void *)flats->parcel[k].data;
        for (int64_t i = 0; i < flats->parcel[k].nbytes / (int64_t)sizeof *flat; i++) {
            int64_t at = flat[i] - range->start;
            uint64_t below = range->bits[at / 64] & (((uint64_t)1 << at % 64) - 1);
            int64_t rank = range->before[at / 64] + __builtin_popcountll(below);
            da__copy_item(out->data + rank * out->item, items->parcel[k].data + i * out->item,
                          out->item);
        }
    }
}

static void release(struct da__execution *r, struct da__listing *l)
{
    da__pool_put(r->engine->pool, l->flat);
    da__pool_put(r->engine->pool, l->data);
    l->flat = NULL;
    l->data = NULL;
}

/* Lists by ranges of flat indices instead of by the engines' parts. */
static void exchange_ranges(struct da__execution *r, int step, struct da__listing *mine)
{
    const struct da__step *s = &r->plan->program->step[step];
    int64_t chunk = da__ceil_div(da__nelem(s->ndim, s->shape), r->engine->size);
    struct da__parcels out = {0}, flats = {0}, items = {0};
    struct da__listing sorted = {.item = mine->item};
    struct range range = {0};
    chunk = chunk > 0 ? chunk : 1;
    send_to_ranges(r, mine, chunk, false, &out);
    bool got = da__swap(r, step, &out, &flats);
    if (mine->item > 0) {
        send_to_ranges(r, mine, chunk, true, &out);
        got = da__swap(r, step, &out, &items) && got;
    }
    if (got && mark_range(r, &flats, chunk, &range)) {
        if (mine->item > 0)
            order_items(r, &range, &flats, &items, &sorted);
        else
            list_range(r, &range, &sorted);
    }
    da__pool_put(r->engine->pool, range.bits);
    da__pool_put(r->engine->pool, range.before);
    da__parcels_free(r, &flats);
    da__parcels_free(r, &items);
    release(r, mine);
    *mine = sorted;
}

/* ---- the result ---- */

/* Of a list whose elements are first … first + count - 1 of the result, how many from i on have one owner, and which part that is. */
static int64_t of_one_owner(const struct da__dist *d, int64_t first, int64_t count, int64_t i,
                            int *part)
{
    *part = da__map_owner(&d->map[0], first + i);
    int64_t n =
        da__map_local_count(&d->map[0], *part) - da__map_local_of(&d->map[0], *part, first + i);
    return n < count - i ? n : count - i;
}

/* Room in the parcel to an owner for n elements of the result from `at` on: a position goes ahead of them. */
static char *parcel_place(struct da__execution *r, struct da__parcels *out, int engine, int64_t at,
                          int64_t nbytes)
{
    char *room = da__parcel_room(r, out, engine, (int64_t)sizeof at + nbytes);
    if (room == NULL)
        return NULL;
    memcpy(room, &at, sizeof at);
    return room + sizeof at;
}

/* What begins at `first` of the result goes to its owners. */
static void send_result(struct da__execution *r, const struct da__dist *d, const char *from,
                        int64_t count, int64_t item, int64_t first, struct da__parcels *out)
{
    int part;
    for (int64_t i = 0, n; i < count && !da__run_failed(r); i += n) {
        n = of_one_owner(d, first, count, i, &part);
        char *room = parcel_place(r, out, da__dist_engine(d, &part), first + i, n * item);
        if (room != NULL)
            memcpy(room, from + i * item, (size_t)(n * item));
    }
}

/* Where parcels' elements begin in the result. */
static int64_t local_place(const struct da__execution *r, const struct da__dist *d, int64_t at)
{
    int coord[DA_MAX_NDIM];
    da__dist_coords(d, r->engine->rank, coord);
    return da__map_local_of(&d->map[0], da__dist_part(d, coord, 0), at);
}

/* This engine's part of the result. NULL: it has none, or there is no memory, and the run has failed. */
static char *result_room(struct da__execution *r, const struct da__dist *d, int64_t item)
{
    int64_t shape[DA_MAX_NDIM];
    if (!da__dist_has(d, r->engine->rank))
        return NULL;
    return da__run_room(r, da__dist_local_shape(d, r->engine->rank, shape) * item);
}

static void take_result(struct da__execution *r, const struct da__dist *d, int64_t item,
                        const struct da__parcels *in, char *result)
{
    for (int k = 0; k < in->n; k++) {
        int64_t at;
        memcpy(&at, in->parcel[k].data, sizeof at);
        memcpy(result + local_place(r, d, at) * item, in->parcel[k].data + sizeof at,
               (size_t)in->parcel[k].nbytes - sizeof at);
    }
}

/* Every engine's count tells the result's extent and where this engine's elements begin. NULL: the run has failed. */
static const struct da__dist *place_list(struct da__execution *r, int step, int64_t n,
                                         int64_t *first)
{
    int value = r->plan->program->step[step].output[0];
    struct da__group all;
    int64_t total = n;
    *first = 0;
    da__group_all(r, &all);
    da__group_all_join(r, step, &all, sizeof total, &total, sum_join, NULL);
    da__group_scan(r, step, &all, sizeof *first, &n, first, sum_join, NULL);
    r->extent[value] = da__run_failed(r) ? 0 : total;
    return da__run_failed(r) ? NULL : da__run_unsized_dist(r, value);
}

/* Parcels to their owners; what stays on this engine is in `result` already, or in a parcel too. */
static void exchange_result(struct da__execution *r, int step, const struct da__dist *d,
                            int64_t item, struct da__parcels *out, char *result)
{
    struct da__parcels in = {0};
    if (da__swap(r, step, out, &in) && d != NULL) {
        take_result(r, d, item, &in, result);
        r->data[r->plan->program->step[step].output[0]] = result;
    } else
        da__pool_put(r->engine->pool, result);
    da__parcels_free(r, out);
    da__parcels_free(r, &in);
    da__dist_drop(d);
}

void da__listing_place(struct da__execution *r, int step, struct da__listing *mine)
{
    if (!mine->follows && !step_follows(r, step))
        exchange_ranges(r, step, mine);
    int64_t first, item = mine->item > 0 ? mine->item : (int64_t)sizeof *mine->flat;
    struct da__parcels out = {0};
    const struct da__dist *d = place_list(r, step, mine->n, &first);
    if (d != NULL)
        send_result(r, d, mine->item > 0 ? mine->data : (const char *)mine->flat, mine->n, item,
                    first, &out);
    char *result = d != NULL ? result_room(r, d, item) : NULL;
    exchange_result(r, step, d, item, &out, result);
    release(r, mine);
}

/* ---- by a mask ---- */

/* Lists in memory, by flat indices, that are ordered first. */
static void place_unordered(struct da__execution *r, int step, struct da__selection *l)
{
    struct da__listing mine = {.item = l->x != NULL ? l->item : 0};
    struct da__span all = {.begin = 0, .end = l->n};
    if (l->n > 0) {
        mine.flat = da__run_room(r, l->n * (int64_t)sizeof *mine.flat);
        mine.data = l->x != NULL ? da__run_room(r, l->n * l->item) : NULL;
    }
    if (!da__run_failed(r)) {
        all.to = (char *)mine.flat;
        da__selection_write(l, true, &all, 1);
        all.to = mine.data;
        if (l->x != NULL)
            da__selection_write(l, false, &all, 1);
    }
    if (!da__run_failed(r))
        mine.n = l->n;
    da__listing_place(r, step, &mine);
}

/* Straight to the result, or into the parcels to its owners. */
static void write_result(struct da__selection *l, const struct da__dist *d, int64_t first,
                         int64_t item, struct da__parcels *out, char *result)
{
    struct da__execution *r = l->r;
    int64_t nto = 0, n;
    int part;
    for (int64_t i = 0; i < l->n; i += n, nto++)
        n = of_one_owner(d, first, l->n, i, &part);
    struct da__span *to = nto > 0 ? da__run_room(r, nto * (int64_t)sizeof *to) : NULL;
    for (int64_t i = 0, k = 0; k < nto && !da__run_failed(r); i += n, k++) {
        n = of_one_owner(d, first, l->n, i, &part);
        int engine = da__dist_engine(d, &part);
        to[k] = (struct da__span){.begin = i, .end = i + n};
        to[k].to = engine == r->engine->rank ? result + local_place(r, d, first + i) * item
                                             : parcel_place(r, out, engine, first + i, n * item);
    }
    da__selection_write(l, l->x == NULL, to, nto);
    da__pool_put(r->engine->pool, to);
}

void da__listing_of_mask(struct da__execution *r, int step, const struct da__strided *mask,
                         const struct da__strided *x, int64_t item)
{
    struct da__selection l;
    da__selection_open(&l, r, step, mask, x, item);
    if (step_follows(r, step)) {
        struct da__parcels out = {0};
        int64_t first;
        const struct da__dist *d = place_list(r, step, l.n, &first);
        char *result = d != NULL ? result_room(r, d, item) : NULL;
        if (d != NULL && !da__run_failed(r))
            write_result(&l, d, first, item, &out, result);
        exchange_result(r, step, d, item, &out, result);
    } else
        place_unordered(r, step, &l);
    da__selection_close(&l);
}
