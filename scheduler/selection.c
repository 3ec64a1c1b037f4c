/* What a mask chooses of an engine's part. Chunks are stretches of local positions in C order, so that none depends on threads. */
#include "selection.h"

#include <string.h>

/* Positions of a chunk, and of a block that is compressed at a time where it may not fit its place. */
enum { CHUNK = 1 << 15, BLOCK = 1 << 10 };

static void poll_run(void *self)
{
    da__run_poll(self);
}

/* ---- lines ---- */

/* Where a position of the part lies: the line along the last axis that it is in, and its place there. */
struct place {
    int64_t index[DA_MAX_NDIM]; /* local, of the line */
    const uint8_t *mask;
    const char *x;
    int64_t at, n; /* of the line */
};

static void find_line(const struct da__selection *l, struct place *p)
{
    int last = l->s->ndim - 1;
    p->mask = (const uint8_t *)l->mask->data;
    p->x = l->x != NULL ? l->x->data : NULL;
    for (int k = 0; k < last && !l->plain; k++) {
        p->mask += p->index[k] * l->mask->stride[k];
        if (l->x != NULL)
            p->x += p->index[k] * l->x->stride[k];
    }
}

static void find_place(const struct da__selection *l, int64_t position, struct place *p)
{
    int last = l->s->ndim - 1;
    p->n = l->plain ? l->sp->space.nelem : l->sp->space.shape[last];
    p->at = position % p->n;
    int64_t line = position / p->n;
    for (int k = last - 1; k >= 0; k--) {
        p->index[k] = line % l->sp->space.shape[k];
        line /= l->sp->space.shape[k];
    }
    find_line(l, p);
}

static void next_line(const struct da__selection *l, struct place *p)
{
    p->at = 0;
    for (int k = l->s->ndim - 2; k >= 0 && ++p->index[k] == l->sp->space.shape[k]; k--)
        p->index[k] = 0;
    find_line(l, p);
}

static int64_t mask_step(const struct da__selection *l)
{
    return l->plain ? 1 : l->mask->stride[l->s->ndim - 1];
}

static int64_t chunk_end(const struct da__selection *l, int64_t chunk)
{
    int64_t end = (chunk + 1) * CHUNK;
    return end < l->sp->space.nelem ? end : l->sp->space.nelem;
}

/* ---- counting ---- */

static void count_chunk(void *self, int64_t chunk, int thread)
{
    const struct da__selection *l = self;
    struct place p;
    int64_t count = 0, left = chunk_end(l, chunk) - chunk * CHUNK;
    (void)thread;
    find_place(l, chunk * CHUNK, &p);
    for (;;) {
        int64_t n = p.n - p.at < left ? p.n - p.at : left;
        count += l->loops->count(n, p.mask + p.at * mask_step(l), mask_step(l));
        left -= n;
        if (left == 0)
            break;
        next_line(l, &p);
    }
    l->before[chunk] = count;
}

/* ---- writing ---- */

/* Where a chunk writes: its next element, the one behind its last, and the stretch that it is in. */
struct pen {
    int64_t at, end;
    const struct da__span *to;
};

/* Room up to the end of the chunk's own elements in this stretch; what is written there too much is written right later. */
static bool room_here(const struct da__selection *l, const struct pen *pen, int64_t n)
{
    int64_t end = pen->end < pen->to->end ? pen->end : pen->to->end;
    return end - pen->at >= n + DA__COMPRESS_SLACK / l->item;
}

static char *place_of(const struct da__selection *l, const struct pen *pen)
{
    return pen->to->to + (pen->at - pen->to->begin) * l->item;
}

static void put(const struct da__selection *l, struct pen *pen, const char *from, int64_t n)
{
    while (n > 0) {
        while (pen->at == pen->to->end)
            pen->to++;
        int64_t here = pen->to->end - pen->at < n ? pen->to->end - pen->at : n;
        memcpy(place_of(l, pen), from, (size_t)(here * l->item));
        from += here * l->item;
        pen->at += here;
        n -= here;
    }
}

/* Up to BLOCK positions of a line that lie in one run of indices, from place `at` on, which has index `flat` along the last axis. */
static void write_block(const struct da__selection *l, const struct place *p, int64_t at, int64_t n,
                        int64_t flat, int64_t flat_step, struct pen *pen, char *room)
{
    const uint8_t *mask = p->mask + at * mask_step(l);
    bool direct = pen->at < pen->end && pen->at < pen->to->end && room_here(l, pen, n);
    char *out = direct ? place_of(l, pen) : room;
    int64_t count;
    if (l->flats)
        count = l->loops->list(n, mask, mask_step(l), flat, flat_step, (int64_t *)(void *)out);
    else {
        int64_t step = l->plain ? l->item : l->x->stride[l->s->ndim - 1];
        count = l->loops->items[l->item](n, mask, mask_step(l), p->x + at * step, step, out);
    }
    if (direct)
        pen->at += count;
    else
        put(l, pen, out, count);
}

static void write_plain(const struct da__selection *l, const struct place *p, int64_t low,
                        int64_t high, struct pen *pen, char *room)
{
    for (int64_t at = low; at < high; at += BLOCK)
        write_block(l, p, at, high - at < BLOCK ? high - at : BLOCK, 0, 0, pen, room);
}

static int64_t line_flat(const struct da__selection *l, const struct place *p)
{
    int64_t flat = 0;
    for (int k = 0; k < l->s->ndim - 1; k++)
        flat += l->stride[k] * da__set_get(&l->sp->index[k], p->index[k]);
    return flat;
}

/* Places low … high-1 of a line: flat indices by the runs of its indices. */
static void write_lines(const struct da__selection *l, const struct place *p, int64_t low,
                        int64_t high, struct pen *pen, char *room)
{
    const struct da__index_set *set = &l->sp->index[l->s->ndim - 1];
    if (!l->flats) {
        write_plain(l, p, low, high, pen, room);
        return;
    }
    int64_t flat = line_flat(l, p), place = 0;
    for (int k = 0; k < set->nruns && place < high; k++) {
        const struct da__run *run = &set->run[k];
        int64_t skip = low > place ? (low - place) / run->count : 0;
        skip = skip < run->reps ? skip : run->reps;
        place += skip * run->count;
        for (int64_t r = skip; r < run->reps && place < high; r++, place += run->count) {
            int64_t from = place > low ? place : low,
                    to = place + run->count < high ? place + run->count : high;
            for (int64_t at = from; at < to; at += BLOCK)
                write_block(l, p, at, to - at < BLOCK ? to - at : BLOCK,
                            flat + run->start + r * run->stride + (at - place) * run->step,
                            run->step, pen, room);
        }
    }
}

static void write_chunk(void *self, int64_t chunk, int thread)
{
    const struct da__selection *l = self;
    struct place p;
    struct pen pen = {.at = l->before[chunk], .to = l->to};
    int64_t left = chunk_end(l, chunk) - chunk * CHUNK;
    pen.end = chunk + 1 < l->nchunks ? l->before[chunk + 1] : l->n;
    if (pen.end == pen.at)
        return;
    while (pen.to->end <= pen.at)
        pen.to++;
    find_place(l, chunk * CHUNK, &p);
    for (;;) {
        int64_t n = p.n - p.at < left ? p.n - p.at : left;
        (l->plain ? write_plain : write_lines)(l, &p, p.at, p.at + n, &pen,
                                               l->room + thread * l->room_nbytes);
        left -= n;
        if (left == 0)
            break;
        next_line(l, &p);
    }
}

/* ---- from the beginning to the end ---- */

static bool in_c_order(const struct da__step_plan *sp, int ndim, const struct da__strided *x,
                       int64_t item)
{
    int64_t dense = item;
    for (int k = ndim - 1; k >= 0; k--) {
        if (sp->space.shape[k] > 1 && x->stride[k] != dense)
            return false;
        dense *= sp->space.shape[k];
    }
    return true;
}

void da__selection_open(struct da__selection *l, struct da__execution *r, int step,
                        const struct da__strided *mask, const struct da__strided *x, int64_t item)
{
    const struct da__step_plan *sp = &r->plan->step[step];
    *l = (struct da__selection){
        .r = r, .s = &r->plan->program->step[step], .sp = sp, .mask = mask, .x = x, .item = item};
    if (da__run_failed(r) || !sp->writes || sp->space.nelem == 0)
        return;
    int ndim = l->s->ndim;
    l->loops = da__compressing_find();
    da__strides_c(ndim, l->s->shape, 1, l->stride);
    l->plain =
        ndim == 0 || (x != NULL && in_c_order(sp, ndim, mask, 1) && in_c_order(sp, ndim, x, item));
    l->nchunks = da__ceil_div(sp->space.nelem, CHUNK);
    l->before = da__run_room(r, l->nchunks * (int64_t)sizeof *l->before);
    if (l->before == NULL)
        return;
    da__workers_run(r->engine->workers, l->nchunks, count_chunk, l, poll_run, r);
    for (int64_t c = 0; c < l->nchunks; c++) {
        int64_t count = l->before[c];
        l->before[c] = l->n;
        l->n += count;
    }
}

void da__selection_write(struct da__selection *l, bool flats, const struct da__span *to,
                         int64_t nto)
{
    struct da__execution *r = l->r;
    int64_t item = l->item;
    if (l->n == 0 || da__run_failed(r))
        return;
    bool plain = l->plain;
    if (flats) { /* the runs of indices are those of lines */
        l->item = (int64_t)sizeof(int64_t);
        l->plain = l->s->ndim == 0;
    }
    l->flats = flats;
    l->to = to;
    l->nto = nto;
    l->room_nbytes = BLOCK * l->item + DA__COMPRESS_SLACK;
    l->room = da__run_room(r, l->room_nbytes * da__workers_count(r->engine->workers));
    if (l->room != NULL)
        da__workers_run(r->engine->workers, l->nchunks, write_chunk, l, poll_run, r);
    da__pool_put(r->engine->pool, l->room);
    l->item = item;
    l->plain = plain;
}

void da__selection_close(struct da__selection *l)
{
    da__pool_put(l->r->engine->pool, l->before);
}
