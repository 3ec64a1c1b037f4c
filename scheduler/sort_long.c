/* One long line on all threads: elements are shared out to buckets in their order, by borders that samples give, and each bucket is
 * sorted by one thread, in its cache. (Frazer and McKellar, Samplesort, 1970.) Equal elements have one bucket, so that sorting
 * stays stable. */
#include <string.h>

#include "sort_routine.h"

enum {
    LONG_LINE = 1 << 17, /* elements from which on sharing out pays */
    SAMPLES = 16 * DA__SORT_BUCKETS,
    CHUNKS_PER_THREAD = 4
};

struct long_line {
    struct da__sorting *s;
    int64_t n, nchunks, room_nbytes; /* of a thread */
    const char *from;
    char *line, *shared, *border, *room;
    int64_t *position, *shared_position;
    uint8_t *bucket;
    int64_t *next; /* per chunk and bucket: its elements, later where the next one goes */
    int64_t begin[DA__SORT_BUCKETS + 1];
};

static void poll_run(void *self)
{
    da__run_poll(self);
}

static int64_t chunk_low(const struct long_line *l, int64_t chunk)
{
    return l->n / l->nchunks * chunk + l->n % l->nchunks * chunk / l->nchunks;
}

/* ---- borders ---- */

/* Evenly spaced elements, sorted, and of these evenly spaced ones. False: no memory. */
static bool draw_borders(struct long_line *l)
{
    const struct da__sorting *s = l->s;
    int64_t item = s->item, scratch_nbytes = da__sort_scratch_nbytes(s->dtype, SAMPLES, false);
    char *sample = da__run_room(s->r, SAMPLES * item);
    char *scratch = da__run_room(s->r, scratch_nbytes);
    bool good = sample != NULL && scratch != NULL;
    if (good) {
        for (int64_t k = 0; k < SAMPLES; k++) {
            int64_t at = l->n / SAMPLES * k + l->n % SAMPLES * k / SAMPLES;
            memcpy(sample + k * item, l->from + at * item, (size_t)item);
        }
        da__sort_line(s->dtype, s->descending, SAMPLES, sample, NULL, scratch);
        for (int64_t b = 1; b < DA__SORT_BUCKETS; b++)
            memcpy(l->border + (b - 1) * item, sample + b * (SAMPLES / DA__SORT_BUCKETS) * item,
                   (size_t)item);
    }
    da__pool_put(s->r->engine->pool, sample);
    da__pool_put(s->r->engine->pool, scratch);
    return good;
}

/* ---- buckets ---- */

static void classify_chunk(void *self, int64_t chunk, int thread)
{
    const struct long_line *l = self;
    int64_t low = chunk_low(l, chunk), high = chunk_low(l, chunk + 1);
    int64_t *count = l->next + chunk * DA__SORT_BUCKETS;
    (void)thread;
    memset(count, 0, DA__SORT_BUCKETS * sizeof *count);
    da__sort_classify(l->s->dtype, l->s->descending, high - low, l->from + low * l->s->item,
                      l->border, l->bucket + low, count);
}

static void share_chunk(void *self, int64_t chunk, int thread)
{
    const struct long_line *l = self;
    int64_t low = chunk_low(l, chunk), n = chunk_low(l, chunk + 1) - low;
    int64_t next[DA__SORT_BUCKETS];
    (void)thread;
    memcpy(next, l->next + chunk * DA__SORT_BUCKETS, sizeof next);
    da__sort_share((size_t)l->s->item, n, l->from + low * l->s->item, l->bucket + low, l->shared,
                   next);
    if (l->position == NULL)
        return;
    memcpy(next, l->next + chunk * DA__SORT_BUCKETS, sizeof next);
    da__sort_share(sizeof *l->position, n, l->position + low, l->bucket + low, l->shared_position,
                   next);
}

static void sort_bucket(void *self, int64_t bucket, int thread)
{
    const struct long_line *l = self;
    int64_t low = l->begin[bucket], n = l->begin[bucket + 1] - low, item = l->s->item;
    int64_t *position = l->position != NULL ? l->shared_position + low : NULL;
    da__sort_line(l->s->dtype, l->s->descending, n, l->shared + low * item, position,
                  l->room + thread * l->room_nbytes);
    memcpy(l->line + low * item, l->shared + low * item, (size_t)(n * item));
    if (position != NULL)
        memcpy(l->position + low, position, (size_t)n * sizeof *position);
}

/* Counts become places, bucket by bucket and in each by chunks. The largest bucket's size. */
static int64_t place_buckets(struct long_line *l)
{
    int64_t at = 0, largest = 0;
    for (int b = 0; b < DA__SORT_BUCKETS; b++) {
        l->begin[b] = at;
        for (int64_t c = 0; c < l->nchunks; c++) {
            int64_t *next = &l->next[c * DA__SORT_BUCKETS + b], here = *next;
            *next = at;
            at += here;
        }
        largest = at - l->begin[b] > largest ? at - l->begin[b] : largest;
    }
    l->begin[DA__SORT_BUCKETS] = at;
    return largest;
}

/* ---- the line ---- */

static void sort_whole(struct da__sorting *s, int64_t n, const void *from, void *line,
                       int64_t *position)
{
    void *room = da__run_room(s->r, da__sort_scratch_nbytes(s->dtype, n, position != NULL));
    if (room != NULL && from != line && n > 0)
        memcpy(line, from, (size_t)(n * s->item));
    if (room != NULL)
        da__sort_line(s->dtype, s->descending, n, line, position, room);
    da__pool_put(s->r->engine->pool, room);
}

static void sort_shared(struct long_line *l, int64_t largest)
{
    struct da__execution *r = l->s->r;
    struct da__workers *workers = r->engine->workers;
    bool positions = l->position != NULL;
    l->room_nbytes = (da__sort_scratch_nbytes(l->s->dtype, largest, positions) + 63) / 64 * 64;
    l->room = da__run_room(r, l->room_nbytes * da__workers_count(workers));
    l->shared = da__run_room(r, l->n * l->s->item);
    if (positions)
        l->shared_position = da__run_room(r, l->n * (int64_t)sizeof *l->position);
    if (!da__run_failed(r)) {
        da__workers_run(workers, l->nchunks, share_chunk, l, poll_run, r);
        da__workers_run(workers, DA__SORT_BUCKETS, sort_bucket, l, poll_run, r);
    }
    da__pool_put(r->engine->pool, l->room);
    da__pool_put(r->engine->pool, l->shared);
    da__pool_put(r->engine->pool, l->shared_position);
}

void da__sort_long_line(struct da__sorting *s, int64_t n, const void *from, void *line,
                        int64_t *position)
{
    struct da__execution *r = s->r;
    int threads = da__workers_count(r->engine->workers);
    struct long_line l = {.s = s, .n = n, .from = from, .line = line, .position = position};
    int64_t largest = n;
    if (n < LONG_LINE) {
        sort_whole(s, n, from, line, position);
        return;
    }
    l.nchunks = (int64_t)threads * CHUNKS_PER_THREAD;
    l.border = da__run_room(r, DA__SORT_BUCKETS * s->item);
    l.bucket = da__run_room(r, n);
    l.next = da__run_room(r, l.nchunks * DA__SORT_BUCKETS * (int64_t)sizeof *l.next);
    if (!da__run_failed(r) && draw_borders(&l)) {
        da__workers_run(r->engine->workers, l.nchunks, classify_chunk, &l, poll_run, r);
        largest = place_buckets(&l);
        if (largest <=
            n / 2 / threads) /* else a few values are most of the line: it has few digits */
            sort_shared(&l, largest);
    }
    da__pool_put(r->engine->pool, l.border);
    da__pool_put(r->engine->pool, l.bucket);
    da__pool_put(r->engine->pool, l.next);
    if (!da__run_failed(r) && largest > n / 2 / threads)
        sort_whole(s, n, from, line, position);
}
