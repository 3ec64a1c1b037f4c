/* Elements that data choose. Where the engines' parts do not follow each other in C order, lists go to intermediate owners of
 * ranges of flat indices first. Then a scan of the counts tells every list its place in the result, and the parts of the result
 * go to their owners. */
#include "listing.h"

#include <string.h>

#include "group.h"

static void sum_join(void *self, void *into, const void *from, bool from_earlier)
{
    (void)self, (void)from_earlier;
    int64_t a, b;
    memcpy(&a, into, sizeof a);
    memcpy(&b, from, sizeof b);
    a += b;
    memcpy(into, &a, sizeof a);
}

/* ---- this engine's true elements ---- */

struct walk {
    const struct da__step *s;
    const struct da__step_plan *sp;
    const struct da__strided *mask, *x;
    int64_t stride[DA_MAX_NDIM]; /* of flat indices */
    struct da__listing *out;     /* NULL: only count */
    int64_t count;
};

static void list_one(struct walk *w, int64_t flat, const char *x)
{
    if (w->out->flat != NULL)
        w->out->flat[w->count] = flat;
    if (x != NULL)
        da__copy_item(w->out->data + w->count * w->out->item, x, w->out->item);
    w->count++;
}

static void count_line(struct walk *w, const uint8_t *at)
{
    int last = w->s->ndim - 1;
    int64_t n = w->sp->space.shape[last], stride = w->mask->stride[last], count = 0;
    for (int64_t i = 0; i < n; i++)
        count += at[i * stride] != 0;
    w->count += count;
}

/* One line along the last axis, by the runs of its indices. */
static void list_line(struct walk *w, const uint8_t *at, const char *x, int64_t flat)
{
    int last = w->s->ndim - 1;
    const struct da__index_set *set = &w->sp->index[last];
    int64_t x_stride = x != NULL ? w->x->stride[last] : 0, place = 0;
    for (int k = 0; k < set->nruns; k++) {
        const struct da__run *run = &set->run[k];
        for (int64_t r = 0; r < run->reps; r++)
            for (int64_t i = 0; i < run->count; i++, place++)
                if (at[place * w->mask->stride[last]] != 0)
                    list_one(w, flat + run->start + r * run->stride + i * run->step,
                             x != NULL ? x + place * x_stride : NULL);
    }
}

/* The next line of the part: its index, and how far the mask, x and flat indices are moved. False: there is none. */
static bool next_line(const struct walk *w, int64_t *at, int64_t *mask, int64_t *x, int64_t *flat)
{
    for (int k = w->s->ndim - 2; k >= 0; k--) {
        const struct da__index_set *set = &w->sp->index[k];
        int64_t x_stride = w->x != NULL ? w->x->stride[k] : 0;
        *flat -= w->stride[k] * da__set_get(set, at[k]);
        *mask += w->mask->stride[k];
        *x += x_stride;
        if (++at[k] < w->sp->space.shape[k]) {
            *flat += w->stride[k] * da__set_get(set, at[k]);
            return true;
        }
        *mask -= w->mask->stride[k] * at[k];
        *x -= x_stride * at[k];
        at[k] = 0;
        *flat += w->stride[k] * da__set_get(set, 0);
    }
    return false;
}

static void walk_part(struct walk *w)
{
    int64_t at[DA_MAX_NDIM] = {0}, flat = 0, mask_at = 0, x_at = 0;
    const uint8_t *mask = (const uint8_t *)w->mask->data;
    const char *x = w->x != NULL ? w->x->data : NULL;
    w->count = 0;
    if (w->s->ndim == 0) {
        if (w->out != NULL && *mask != 0)
            list_one(w, 0, x);
        else
            w->count = *mask != 0;
        return;
    }
    for (int k = 0; k < w->s->ndim - 1; k++)
        flat += w->stride[k] * da__set_get(&w->sp->index[k], 0);
    do {
        if (w->out == NULL)
            count_line(w, mask + mask_at);
        else
            list_line(w, mask + mask_at, x != NULL ? x + x_at : NULL, flat);
    } while (next_line(w, at, &mask_at, &x_at, &flat));
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

void da__listing_of_mask(struct da__execution *r, int step, const struct da__strided *mask,
                         const struct da__strided *x, int64_t item, struct da__listing *out)
{
    const struct da__step_plan *sp = &r->plan->step[step];
    struct walk w = {.s = &r->plan->program->step[step], .sp = sp, .mask = mask, .x = x};
    *out = (struct da__listing){.item = x != NULL ? item : 0};
    if (da__run_failed(r) || !sp->writes || sp->space.nelem == 0)
        return;
    da__strides_c(w.s->ndim, w.s->shape, 1, w.stride);
    walk_part(&w);
    if (x == NULL || !step_follows(r, step))
        out->flat = da__run_room(r, w.count * (int64_t)sizeof *out->flat);
    if (x != NULL)
        out->data = da__run_room(r, w.count * item);
    if (da__run_failed(r))
        return;
    out->n = w.count;
    w.out = out;
    walk_part(&w);
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

/* What begins at `first` of the result goes to its owners: a position and the elements from there on. */
static void send_result(struct da__execution *r, const struct da__dist *d, const char *from,
                        int64_t count, int64_t item, int64_t first, struct da__parcels *out)
{
    for (int64_t i = 0, n; i < count && !da__run_failed(r); i += n) {
        int64_t at = first + i;
        int part = da__map_owner(&d->map[0], at);
        n = da__map_local_count(&d->map[0], part) - da__map_local_of(&d->map[0], part, at);
        n = n < count - i ? n : count - i;
        char *room =
            da__parcel_room(r, out, da__dist_engine(d, &part), (int64_t)sizeof at + n * item);
        if (room == NULL)
            return;
        memcpy(room, &at, sizeof at);
        memcpy(room + sizeof at, from + i * item, (size_t)(n * item));
    }
}

static void take_result(struct da__execution *r, const struct da__dist *d, int value, int64_t item,
                        const struct da__parcels *in)
{
    int64_t shape[DA_MAX_NDIM];
    int coord[DA_MAX_NDIM];
    int64_t nelem = da__dist_local_shape(d, r->engine->rank, shape);
    char *result = da__run_room(r, nelem * item);
    if (result == NULL || !da__dist_coords(d, r->engine->rank, coord)) {
        da__pool_put(r->engine->pool, result);
        return;
    }
    for (int k = 0; k < in->n; k++) {
        int64_t at;
        memcpy(&at, in->parcel[k].data, sizeof at);
        memcpy(result + da__map_local_of(&d->map[0], da__dist_part(d, coord, 0), at) * item,
               in->parcel[k].data + sizeof at, (size_t)in->parcel[k].nbytes - sizeof at);
    }
    r->data[value] = result;
}

void da__listing_place(struct da__execution *r, int step, struct da__listing *mine)
{
    int value = r->plan->program->step[step].output[0];
    if (!mine->follows && !step_follows(r, step))
        exchange_ranges(r, step, mine);
    int64_t total = mine->n, first = 0;
    int64_t item = mine->item > 0 ? mine->item : (int64_t)sizeof *mine->flat;
    struct da__group all;
    struct da__parcels out = {0}, in = {0};
    da__group_all(r, &all);
    da__group_all_join(r, step, &all, sizeof total, &total, sum_join, NULL);
    da__group_scan(r, step, &all, sizeof first, &mine->n, &first, sum_join, NULL);
    r->extent[value] = da__run_failed(r) ? 0 : total;
    const struct da__dist *d = da__run_failed(r) ? NULL : da__run_unsized_dist(r, value);
    if (d != NULL)
        send_result(r, d, mine->item > 0 ? mine->data : (const char *)mine->flat, mine->n, item,
                    first, &out);
    if (da__swap(r, step, &out, &in) && d != NULL)
        take_result(r, d, value, item, &in);
    da__parcels_free(r, &out);
    da__parcels_free(r, &in);
    da__dist_drop(d);
    release(r, mine);
}
