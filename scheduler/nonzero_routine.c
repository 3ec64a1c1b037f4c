/* Where a mask is true. Each engine lists the flat indices of its true elements. Where the engines' parts do not follow each other in
 * C order, the lists go to intermediate owners of ranges of flat indices first. Then a scan of the counts tells every list its
 * place in the result, and the parts of the result go to their owners. */
#include "group.h"
#include "routine.h"

#include <string.h>

/* Flat indices from the run's temporaries. */
struct listing {
    int64_t n;
    int64_t *flat;
};

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
    const struct da__strided *mask;
    int64_t stride[DA_MAX_NDIM]; /* of flat indices */
    struct listing *out;         /* NULL: only count */
    int64_t count;
};

/* One line along the last axis, by the runs of its indices. */
static void walk_line(struct walk *w, const uint8_t *at, int64_t flat)
{
    int last = w->s->ndim - 1;
    const struct da__index_set *set = &w->sp->index[last];
    for (int k = 0; k < set->nruns; k++) {
        const struct da__run *run = &set->run[k];
        for (int64_t r = 0; r < run->reps; r++)
            for (int64_t i = 0; i < run->count; i++, at += w->mask->stride[last]) {
                if (*at == 0)
                    continue;
                if (w->out != NULL)
                    w->out->flat[w->count] = flat + run->start + r * run->stride + i * run->step;
                w->count++;
            }
    }
}

static void walk_part(struct walk *w)
{
    int64_t at[DA_MAX_NDIM] = {0}, flat = 0;
    const uint8_t *data = (const uint8_t *)w->mask->data;
    int ndim = w->s->ndim;
    w->count = 0;
    if (ndim == 0) {
        if (w->out != NULL && *data != 0)
            w->out->flat[0] = 0;
        w->count = *data != 0;
        return;
    }
    for (int k = 0; k < ndim - 1; k++)
        flat += w->stride[k] * da__set_get(&w->sp->index[k], 0);
    for (;;) {
        walk_line(w, data, flat);
        int k = ndim - 2;
        for (; k >= 0; k--) {
            const struct da__index_set *set = &w->sp->index[k];
            flat -= w->stride[k] * da__set_get(set, at[k]);
            data += w->mask->stride[k];
            if (++at[k] < w->sp->space.shape[k]) {
                flat += w->stride[k] * da__set_get(set, at[k]);
                break;
            }
            data -= w->mask->stride[k] * at[k];
            at[k] = 0;
            flat += w->stride[k] * da__set_get(set, 0);
        }
        if (k < 0)
            return;
    }
}

static void list_part(struct da__execution *r, int step, const struct da__strided *mask,
                      struct listing *out)
{
    const struct da__step_plan *sp = &r->plan->step[step];
    struct walk w = {.s = &r->plan->program->step[step], .sp = sp, .mask = mask};
    if (da__run_failed(r) || !sp->writes || sp->space.nelem == 0)
        return;
    da__strides_c(w.s->ndim, w.s->shape, 1, w.stride);
    walk_part(&w);
    out->flat = da__run_room(r, w.count * (int64_t)sizeof *out->flat);
    if (out->flat == NULL)
        return;
    out->n = w.count;
    w.out = out;
    walk_part(&w);
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

static void send_to_ranges(struct da__execution *r, const struct listing *mine, int64_t chunk,
                           struct da__parcels *out)
{
    for (int64_t i = 0, n; i < mine->n && !da__run_failed(r); i += n) {
        int64_t owner = mine->flat[i] / chunk;
        for (n = 1; i + n < mine->n && mine->flat[i + n] / chunk == owner;)
            n++;
        char *room = da__parcel_room(r, out, (int)owner, n * (int64_t)sizeof *mine->flat);
        if (room != NULL)
            memcpy(room, mine->flat + i, (size_t)n * sizeof *mine->flat);
    }
}

/* The indices of a range, from all engines, in ascending order by a bit each. */
static void sort_range(struct da__execution *r, const struct da__parcels *in, int64_t start,
                       int64_t chunk, struct listing *out)
{
    int64_t nwords = (chunk + 63) / 64, n = 0;
    uint64_t *bits = da__run_room(r, nwords * (int64_t)sizeof *bits);
    if (bits == NULL)
        return;
    memset(bits, 0, (size_t)nwords * sizeof *bits);
    for (int k = 0; k < in->n; k++) {
        int64_t count = in->parcel[k].nbytes / (int64_t)sizeof(int64_t);
        const int64_t *flat = (const int64_t *)(const void *)in->parcel[k].data;
        for (int64_t i = 0; i < count; i++)
            bits[(flat[i] - start) / 64] |= (uint64_t)1 << (flat[i] - start) % 64;
        n += count;
    }
    out->flat = da__run_room(r, n * (int64_t)sizeof *out->flat);
    for (int64_t w = 0; out->flat != NULL && w < nwords; w++)
        for (uint64_t word = bits[w]; word != 0; word &= word - 1)
            out->flat[out->n++] = start + 64 * w + __builtin_ctzll(word);
    da__pool_put(r->engine->pool, bits);
}

/* Lists by ranges of flat indices instead of by the mask's parts. */
static void exchange_ranges(struct da__execution *r, int step, struct listing *mine)
{
    const struct da__step *s = &r->plan->program->step[step];
    int64_t chunk = da__ceil_div(da__nelem(s->ndim, s->shape), r->engine->size);
    struct da__parcels out = {0}, in = {0};
    struct listing sorted = {0};
    chunk = chunk > 0 ? chunk : 1;
    send_to_ranges(r, mine, chunk, &out);
    if (da__swap(r, step, &out, &in))
        sort_range(r, &in, chunk * r->engine->rank, chunk, &sorted);
    da__parcels_free(r, &in);
    da__pool_put(r->engine->pool, mine->flat);
    *mine = sorted;
}

/* ---- the result ---- */

/* What begins at `first` of the result goes to its owners: a position and the indices from there on. */
static void send_result(struct da__execution *r, const struct da__dist *d,
                        const struct listing *mine, int64_t first, struct da__parcels *out)
{
    for (int64_t i = 0, n; i < mine->n && !da__run_failed(r); i += n) {
        int64_t at = first + i;
        int part = da__map_owner(&d->map[0], at);
        n = da__map_local_count(&d->map[0], part) - da__map_local_of(&d->map[0], part, at);
        n = n < mine->n - i ? n : mine->n - i;
        char *room =
            da__parcel_room(r, out, da__dist_engine(d, &part), (1 + n) * (int64_t)sizeof(int64_t));
        if (room == NULL)
            return;
        memcpy(room, &at, sizeof at);
        memcpy(room + sizeof at, mine->flat + i, (size_t)n * sizeof(int64_t));
    }
}

static void take_result(struct da__execution *r, const struct da__dist *d, int value,
                        const struct da__parcels *in)
{
    int64_t shape[DA_MAX_NDIM];
    int coord[DA_MAX_NDIM];
    int64_t nelem = da__dist_local_shape(d, r->engine->rank, shape);
    int64_t *result = da__run_room(r, nelem * (int64_t)sizeof *result);
    if (result == NULL || !da__dist_coords(d, r->engine->rank, coord)) {
        da__pool_put(r->engine->pool, result);
        return;
    }
    for (int k = 0; k < in->n; k++) {
        int64_t at;
        memcpy(&at, in->parcel[k].data, sizeof at);
        memcpy(result + da__map_local_of(&d->map[0], da__dist_part(d, coord, 0), at),
               in->parcel[k].data + sizeof at, (size_t)in->parcel[k].nbytes - sizeof at);
    }
    r->data[value] = result;
}

static void place_result(struct da__execution *r, int step, const struct listing *mine)
{
    int value = r->plan->program->step[step].output[0];
    int64_t total = mine->n, first = 0;
    struct da__group all;
    struct da__parcels out = {0}, in = {0};
    da__group_all(r, &all);
    da__group_all_join(r, step, &all, sizeof total, &total, sum_join, NULL);
    da__group_scan(r, step, &all, sizeof first, &mine->n, &first, sum_join, NULL);
    r->extent[value] = da__run_failed(r) ? 0 : total;
    const struct da__dist *d = da__run_failed(r) ? NULL : da__run_unsized_dist(r, value);
    if (d != NULL)
        send_result(r, d, mine, first, &out);
    if (da__swap(r, step, &out, &in) && d != NULL)
        take_result(r, d, value, &in);
    da__parcels_free(r, &out);
    da__parcels_free(r, &in);
    da__dist_drop(d);
}

static void run(struct da__execution *r, int step, void *own, const struct da__strided *operand)
{
    const struct da__program *p = r->plan->program;
    struct listing mine = {0};
    (void)own;
    list_part(r, step, operand, &mine);
    if (!parts_follow(p->dist[p->step[step].dist]))
        exchange_ranges(r, step, &mine);
    place_result(r, step, &mine);
    da__pool_put(r->engine->pool, mine.flat);
}

const struct da__routine_ops da__nonzero_routine = {.run = run};
