/* One line over several engines: sample sort with regular sampling (Shi and Schaeffer, Parallel sorting by regular sampling,
 * 1992). Every engine sorts its part and shows evenly spaced samples of it; splitters taken from all samples cut each part into
 * as many pieces as there are engines; pieces go to their engines and are merged there; a scan of their sizes gives every
 * element its place, and a second exchange brings it there.
 *
 * Elements are ordered by key, then rank, then place in the rank's sorted part, which is the order of a stable sort, as ranks
 * own ascending blocks. So no two are equal, splitters cut runs of equal keys anywhere, and pieces stay balanced. */
#include "group.h"
#include "sort_routine.h"

#include <string.h>

/* An engine's samples: the error of a splitter's place is at most n / samples, so that nobody gets more than
 * 1 + 2 * size / samples times its share. Beyond MOST_SAMPLES it is the errors' chance to cancel that keeps the balance. */
enum { SAMPLES_PER_ENGINE = 16, MOST_SAMPLES = 1024 };
enum { PLACED = 1 << 16 }; /* elements that a thread brings to their places at a time */

struct part { /* some elements, in order */
    int64_t n;
    char *key;
    int64_t *position; /* their indices along the axis; NULL where they are not wanted */
};
struct spread {
    struct da__sorting *s;
    struct da__group group;
    int64_t samples; /* room for that many of each rank */
    int64_t show_nbytes;
    char *shown;      /* what each rank shows: its number of elements, then samples */
    struct part part; /* own elements, sorted; later the piece */
    int64_t
        first_run; /* of a piece of two sorted runs that are yet to be joined: elements of the first; -1: it is sorted */
    bool unsorted; /* the piece is of more runs than can be joined */
    int64_t first; /* place of the piece's first element in the sorted line */
    int64_t own_low, own_high; /* this engine's own places */
};
struct splitter {
    const char *key;
    int64_t rank, place;
};

static bool take_room(struct spread *t, struct part *p, int64_t n)
{
    struct da__execution *r = t->s->r;
    p->n = n;
    p->key = da__run_room(r, n * t->s->item);
    p->position = t->s->indices ? da__run_room(r, n * (int64_t)sizeof *p->position) : NULL;
    return !da__run_failed(r);
}

static void release(struct spread *t, struct part *p)
{
    da__pool_put(t->s->r->engine->pool, p->key);
    da__pool_put(t->s->r->engine->pool, p->position);
    *p = (struct part){.n = 0};
}

static void sort_own(struct spread *t)
{
    struct da__sorting *s = t->s;
    struct da__index_set own;
    int64_t n = s->local->nelem;
    if (!take_room(t, &t->part, n))
        return;
    if (s->indices && n > 0) {
        if (da__dist_local_set(s->dist, s->r->engine->rank, s->axis, &own) != DA_OK) {
            da__run_fail(s->r, DA_ERR_MEMORY, "no memory for the indices of a part");
            return;
        }
        int64_t first = da__set_get(&own, 0);
        da__set_free(&own);
        for (int64_t i = 0; i < n; i++)
            t->part.position[i] = first + i;
    }
    da__sort_long_line(s, n, s->in, t->part.key, t->part.position);
}

/* ---- splitters ---- */

static int64_t shown_count(int64_t n, int64_t samples)
{
    return n < samples ? n : samples;
}

/* Sample k stands for an equal share of the n elements and lies in its middle. */
static int64_t sample_place(int64_t n, int64_t count, int64_t k)
{
    int64_t low = k * n / count, high = (k + 1) * n / count;
    return low + (high - low) / 2;
}

static const char *shown_by(const struct spread *t, int64_t rank, int64_t *n)
{
    const char *shown = t->shown + rank * t->show_nbytes;
    memcpy(n, shown, sizeof *n);
    return shown + sizeof *n;
}

static void show(struct spread *t)
{
    struct da__sorting *s = t->s;
    int64_t n = t->part.n, count = shown_count(n, t->samples), size = t->group.size;
    t->shown = da__run_room(s->r, size * t->show_nbytes);
    char *mine = da__run_room(s->r, t->show_nbytes);
    if (!da__run_failed(s->r)) {
        memset(mine, 0, (size_t)t->show_nbytes);
        memcpy(mine, &n, sizeof n);
        for (int64_t k = 0; k < count; k++)
            memcpy(mine + sizeof n + k * s->item, t->part.key + sample_place(n, count, k) * s->item,
                   (size_t)s->item);
    }
    da__group_gather(s->r, s->step, &t->group, t->show_nbytes, mine, t->shown);
    da__pool_put(s->r->engine->pool, mine);
}

/* All samples one after the other by rank; where[k] is rank * samples + number. Returns how many. */
static int64_t collect(const struct spread *t, char *key, int64_t *where)
{
    int64_t count = 0, n, item = t->s->item;
    for (int64_t rank = 0; rank < t->group.size; rank++) {
        const char *shown = shown_by(t, rank, &n);
        int64_t here = shown_count(n, t->samples);
        memcpy(key + count * item, shown, (size_t)(here * item));
        for (int64_t k = 0; k < here; k++)
            where[count++] = rank * t->samples + k;
    }
    return count;
}

static int64_t total_of(const struct spread *t)
{
    int64_t total = 0, n;
    for (int64_t rank = 0; rank < t->group.size; rank++) {
        shown_by(t, rank, &n);
        total += n;
    }
    return total;
}

/* Own elements before a splitter. */
static int64_t cut_at(const struct spread *t, const struct splitter *at)
{
    if (at->rank == t->group.rank)
        return at->place;
    return da__sort_search(t->s->dtype, t->s->descending, t->part.n, t->part.key, at->key,
                           t->group.rank < at->rank);
}

/* Walks the sorted samples, each with the number of elements that it stands for; where the elements before reach the next
 * rank's share, there is a splitter. cut[k]: own elements before rank k's piece. */
static void choose(const struct spread *t, const char *key, const int64_t *where, int64_t count,
                   int64_t *cut)
{
    int64_t size = t->group.size, total = total_of(t), before = 0, next = 1, n;
    cut[0] = 0;
    for (int64_t k = 0; k < count && next < size; k++) {
        struct splitter at = {key + k * t->s->item, where[k] / t->samples, 0};
        shown_by(t, at.rank, &n);
        int64_t shown = shown_count(n, t->samples), number = where[k] % t->samples;
        int64_t stands_for = (number + 1) * n / shown - number * n / shown;
        at.place = sample_place(n, shown, number);
        int64_t here = -1;
        while (next < size &&
               before + stands_for / 2 >= next * (total / size) + next * (total % size) / size) {
            here = here < 0 ? cut_at(t, &at) : here;
            cut[next++] = here;
        }
        before += stands_for;
    }
    while (next <= size)
        cut[next++] = t->part.n;
}

static void find_cuts(struct spread *t, int64_t *cut)
{
    struct da__sorting *s = t->s;
    int64_t most = t->group.size * t->samples;
    show(t);
    char *key = da__run_room(s->r, most * s->item);
    int64_t *where = da__run_room(s->r, most * (int64_t)sizeof *where);
    void *room = da__run_room(s->r, da__sort_scratch_nbytes(s->dtype, most, true));
    if (!da__run_failed(s->r)) {
        int64_t count = collect(t, key, where);
        da__sort_line(s->dtype, s->descending, count, key, where, room);
        choose(t, key, where, count, cut);
    }
    da__pool_put(s->r->engine->pool, key);
    da__pool_put(s->r->engine->pool, where);
    da__pool_put(s->r->engine->pool, room);
    da__pool_put(s->r->engine->pool, t->shown);
    t->shown = NULL;
}

/* ---- pieces to their engines ---- */

/* Elements low … high-1 in one parcel: positions, then keys. */
static void pack(struct spread *t, struct da__parcels *out, int64_t rank, int64_t low, int64_t high)
{
    struct da__sorting *s = t->s;
    int64_t n = high - low, positions = s->indices ? n * (int64_t)sizeof(int64_t) : 0;
    if (n <= 0 || da__run_failed(s->r))
        return;
    char *to =
        da__parcel_room(s->r, out, da__group_engine(&t->group, (int)rank), positions + n * s->item);
    if (to == NULL)
        return;
    if (s->indices)
        memcpy(to, t->part.position + low, (size_t)positions);
    memcpy(to + positions, t->part.key + low * s->item, (size_t)(n * s->item));
}

/* What has come, by ascending engine and so by rank. */
static void unpack(struct spread *t, struct da__parcels *in)
{
    struct da__sorting *s = t->s;
    int64_t each = s->item + (s->indices ? (int64_t)sizeof(int64_t) : 0), n = 0, at = 0;
    for (int k = 0; k < in->n; k++)
        n += in->parcel[k].nbytes / each;
    if (!take_room(t, &t->part, n))
        return;
    for (int k = 0; k < in->n; k++) {
        const struct da__parcel *p = &in->parcel[k];
        int64_t count = p->nbytes / each, positions = count * (each - s->item);
        if (s->indices)
            memcpy(t->part.position + at, p->data, (size_t)positions);
        memcpy(t->part.key + at * s->item, p->data + positions, (size_t)(count * s->item));
        at += count;
        if (k == 0 && in->n == 2 && da__sort_joins(s->dtype))
            t->first_run = at;
    }
    t->unsorted = in->n > 1 && t->first_run < 0;
}

static void exchange_pieces(struct spread *t)
{
    struct da__execution *r = t->s->r;
    struct da__parcels out = {.n = 0}, in;
    bool member = t->group.rank >= 0;
    int64_t *cut = NULL;
    if (member) {
        cut = da__run_room(r, (t->group.size + 1) * (int64_t)sizeof *cut);
        find_cuts(t, cut);
    }
    for (int64_t k = 0; member && k < t->group.size && !da__run_failed(r); k++)
        pack(t, &out, k, cut[k], cut[k + 1]);
    da__pool_put(r->engine->pool, cut);
    release(t, &t->part);
    if (da__swap(r, t->s->step, &out, &in) && member)
        unpack(t, &in);
    da__parcels_free(r, &in);
    if (t->part.n > r->engine->sort_share)
        r->engine->sort_share = t->part.n;
    if (t->unsorted && !da__run_failed(r))
        da__sort_long_line(t->s, t->part.n, t->part.key, t->part.key, t->part.position);
}

/* ---- elements to their places ---- */

static void add_counts(void *self, void *into, const void *from, bool from_earlier)
{
    int64_t a, b;
    (void)self, (void)from_earlier;
    memcpy(&a, into, sizeof a);
    memcpy(&b, from, sizeof b);
    a += b;
    memcpy(into, &a, sizeof a);
}

/* One or two sorted runs become places low … high-1 of the piece, at `to`. */
struct placing {
    const struct spread *t;
    int64_t low, high, item; /* item: of the result */
    char *to;
};

static void place_chunk(void *self, int64_t chunk, int thread)
{
    const struct placing *l = self;
    const struct spread *t = l->t;
    const struct da__sorting *s = t->s;
    int64_t low = l->low + chunk * PLACED, high = l->high - low < PLACED ? l->high : low + PLACED;
    char *to = l->to + (low - l->low) * l->item;
    (void)thread;
    if (t->first_run < 0) {
        const char *from = s->indices ? (const char *)t->part.position : t->part.key;
        memcpy(to, from + low * l->item, (size_t)((high - low) * l->item));
        return;
    }
    struct da__sort_join j = {.dtype = s->dtype,
                              .descending = s->descending,
                              .na = t->first_run,
                              .nb = t->part.n - t->first_run,
                              .a = t->part.key,
                              .b = t->part.key + t->first_run * s->item};
    if (s->indices) {
        j.pos_a = t->part.position;
        j.pos_b = t->part.position + t->first_run;
    }
    da__sort_join(&j, low, high, to);
}

static void poll_run(void *self)
{
    da__run_poll(self);
}

/* Elements low … high-1 of the sorted line, which the piece has, to `to`. */
static void place(struct spread *t, int64_t low, int64_t high, char *to)
{
    struct da__sorting *s = t->s;
    struct placing l = {.t = t,
                        .low = low - t->first,
                        .high = high - t->first,
                        .item = s->indices ? (int64_t)sizeof(int64_t) : s->item,
                        .to = to};
    da__workers_run(s->r->engine->workers, da__ceil_div(l.high - l.low, PLACED), place_chunk, &l,
                    poll_run, s->r);
}

/* To the owners of the places: what is this engine's own straight to the result. */
static void give_places(struct spread *t, struct da__parcels *out)
{
    struct da__sorting *s = t->s;
    int64_t item = s->indices ? (int64_t)sizeof(int64_t) : s->item;
    const struct da__map *m = &s->dist->map[s->axis];
    for (int64_t rank = 0, begin = 0; rank < t->group.size && !da__run_failed(s->r); rank++) {
        int64_t end = begin + da__map_local_count(m, (int)rank);
        int64_t low = begin > t->first ? begin : t->first,
                high = end < t->first + t->part.n ? end : t->first + t->part.n;
        bool mine = rank == t->group.rank;
        if (low < high && mine) {
            place(t, low, high, s->out + (low - begin) * item);
            t->own_low = (low - begin) * item;
            t->own_high = (high - begin) * item;
        } else if (low < high) {
            char *to = da__parcel_room(s->r, out, da__group_engine(&t->group, (int)rank),
                                       (high - low) * item);
            if (to != NULL)
                place(t, low, high, to);
        }
        begin = end;
    }
}

/* Pieces ascend with ranks, so that parcels come in the order of their places, before and behind what was here. */
static void take_places(const struct spread *t, const struct da__parcels *in)
{
    int64_t at = 0;
    for (int k = 0; k < in->n; k++) {
        if (at == t->own_low && t->own_high > t->own_low)
            at = t->own_high;
        memcpy(t->s->out + at, in->parcel[k].data, (size_t)in->parcel[k].nbytes);
        at += in->parcel[k].nbytes;
    }
}

static void settle(struct spread *t)
{
    struct da__execution *r = t->s->r;
    struct da__parcels out = {.n = 0}, in;
    if (t->group.rank >= 0) {
        da__group_scan(r, t->s->step, &t->group, sizeof t->first, &t->part.n, &t->first, add_counts,
                       NULL);
        give_places(t, &out);
    }
    release(t, &t->part);
    if (da__swap(r, t->s->step, &out, &in))
        take_places(t, &in);
    da__parcels_free(r, &in);
}

void da__sort_spread(struct da__sorting *s)
{
    struct spread t = {.s = s, .first_run = -1};
    int64_t n = s->dist->map[s->axis].count;
    da__group_along(s->dist, (uint32_t)1 << s->dist->axis_grid[s->axis], s->r->engine->rank,
                    &t.group);
    t.samples = (int64_t)SAMPLES_PER_ENGINE * s->dist->map[s->axis].parts;
    t.samples = t.samples > MOST_SAMPLES ? MOST_SAMPLES : t.samples;
    t.samples = t.samples > n ? (n > 0 ? n : 1) : t.samples;
    t.show_nbytes = (int64_t)sizeof(int64_t) + t.samples * s->item;
    if (t.group.rank >= 0 && !da__run_failed(s->r))
        sort_own(&t);
    exchange_pieces(&t);
    settle(&t);
}
