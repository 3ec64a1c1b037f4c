/* Where values belong in a sorted array that lies in ascending blocks. Every engine learns the blocks' sizes and last elements; these
 * say which block a value's place is in: the first whose last element is not before the value. The values are asked of the blocks'
 * owners, who answer with positions. */
#include "group.h"
#include "routine.h"

#include <string.h>

/* What an engine tells of its part. */
struct block {
    int64_t n;
    uint8_t last[16];
};
/* The blocks that have elements, in order; `last` is an array of their dtype. */
struct blocks {
    int n;
    int64_t total;
    int *engine;
    int64_t *start;
    char *last;
};
/* What is to be found here: values in C order of the part, and where each is asked. */
struct question {
    int64_t n;
    char *value;
    int64_t *block; /* becomes the answers */
    int64_t *order; /* positions of values, block by block */
    int64_t *first; /* per block: its first in `order`; one more at the end */
};
struct search {
    struct da__execution *r;
    const struct da__step *s;
    int step;
    da_dtype dtype;
    size_t item;
    bool right;
    const struct da__dist *dist; /* of the sorted array */
    struct blocks blocks;
    struct question ask;
};

/* ---- the blocks ---- */

static void list_blocks(struct search *w, const struct block *all)
{
    struct blocks *b = &w->blocks;
    int parts = w->dist->map[0].parts, dim = w->dist->axis_grid[0];
    int coord[DA_MAX_NDIM] = {0}; /* of replicas the first one is asked */
    b->engine = da__run_room(w->r, parts * (int64_t)sizeof *b->engine);
    b->start = da__run_room(w->r, parts * (int64_t)sizeof *b->start);
    b->last = da__run_room(w->r, parts * (int64_t)w->item);
    if (da__run_failed(w->r))
        return;
    for (int part = 0; part < parts; part++) {
        if (dim >= 0)
            coord[dim] = part;
        int engine = da__dist_engine(w->dist, coord);
        if (all[engine].n == 0)
            continue;
        b->engine[b->n] = engine;
        b->start[b->n] = b->total;
        memcpy(b->last + (size_t)b->n * w->item, all[engine].last, w->item);
        b->total += all[engine].n;
        b->n++;
    }
}

static void learn_blocks(struct search *w)
{
    struct da__execution *r = w->r;
    int value = w->s->input[0].value;
    const char *own = r->data[value];
    struct block mine = {.n = own != NULL ? r->plan->value[value].nelem : 0};
    struct da__group all;
    if (mine.n > 0)
        memcpy(mine.last, own + (size_t)(mine.n - 1) * w->item, w->item);
    da__group_all(r, &all);
    /* whoever has no room for all blocks still lets them pass */
    struct block *block = da__run_room(r, all.size * (int64_t)sizeof *block);
    da__group_gather(r, w->step, &all, sizeof mine, &mine, block);
    if (!da__run_failed(r))
        list_blocks(w, block);
    da__pool_put(r->engine->pool, block);
}

/* ---- the questions ---- */

static void gather_values(struct search *w, const struct da__strided *values)
{
    const struct da__local *space = &w->r->plan->step[w->step].space;
    struct question *q = &w->ask;
    int64_t stride[DA_MAX_NDIM];
    if (da__run_failed(w->r) || !space->member || space->nelem == 0)
        return;
    q->value = da__run_room(w->r, space->nelem * (int64_t)w->item);
    q->block = da__run_room(w->r, space->nelem * (int64_t)sizeof *q->block);
    q->order = da__run_room(w->r, space->nelem * (int64_t)sizeof *q->order);
    if (da__run_failed(w->r))
        return;
    da__strides_c(w->s->ndim, space->shape, (int64_t)w->item, stride);
    da__copy_strided(w->s->ndim, space->shape, w->item, q->value, stride, values->data,
                     values->stride);
    q->n = space->nelem;
}

/* Sorts the values by block; those behind all blocks come last. */
static void choose_blocks(struct search *w)
{
    struct question *q = &w->ask;
    int n = w->blocks.n;
    q->first = da__run_room(w->r, (n + 3) * (int64_t)sizeof *q->first);
    if (da__run_failed(w->r))
        return;
    memset(q->first, 0, (size_t)(n + 3) * sizeof *q->first);
    da__search(w->dtype, w->right, n, w->blocks.last, q->n, q->value, 0, q->block);
    for (int64_t i = 0; i < q->n; i++)
        q->first[q->block[i] + 2]++;
    for (int k = 2; k < n + 3; k++)
        q->first[k] += q->first[k - 1];
    for (int64_t i = 0; i < q->n; i++)
        q->order[q->first[q->block[i] + 1]++] = i;
}

static void send_questions(struct search *w, struct da__parcels *out)
{
    const struct question *q = &w->ask;
    for (int k = 0; k < w->blocks.n && q->n > 0 && !da__run_failed(w->r); k++) {
        int64_t count = q->first[k + 1] - q->first[k];
        if (count == 0)
            continue;
        char *room = da__parcel_room(w->r, out, w->blocks.engine[k], count * (int64_t)w->item);
        for (int64_t i = q->first[k]; room != NULL && i < q->first[k + 1]; i++, room += w->item)
            memcpy(room, q->value + (size_t)q->order[i] * w->item, w->item);
    }
}

/* ---- the answers ---- */

static void send_answers(struct search *w, const struct da__parcels *in, struct da__parcels *out)
{
    int64_t start = 0, n = w->r->plan->value[w->s->input[0].value].nelem;
    const void *own = w->r->data[w->s->input[0].value];
    for (int k = 0; k < w->blocks.n; k++)
        if (w->blocks.engine[k] == w->r->engine->rank)
            start = w->blocks.start[k];
    for (int i = 0; i < in->n && !da__run_failed(w->r); i++) {
        int64_t count = in->parcel[i].nbytes / (int64_t)w->item;
        char *room =
            da__parcel_room(w->r, out, in->parcel[i].engine, count * (int64_t)sizeof(int64_t));
        if (room != NULL)
            da__search(w->dtype, w->right, n, own, count, in->parcel[i].data, start,
                       (int64_t *)(void *)room);
    }
}

static const struct da__parcel *parcel_of(const struct da__parcels *in, int engine)
{
    int low = 0, high = in->n;
    while (low < high) {
        int middle = (low + high) / 2;
        if (in->parcel[middle].engine < engine)
            low = middle + 1;
        else
            high = middle;
    }
    return low < in->n && in->parcel[low].engine == engine ? &in->parcel[low] : NULL;
}

static void take_answers(struct search *w, const struct da__parcels *in)
{
    const struct question *q = &w->ask;
    int64_t *result = da__run_value(w->r, w->s->output[0]);
    if (result == NULL || q->n == 0)
        return;
    for (int k = 0; k < w->blocks.n; k++) {
        const struct da__parcel *p = parcel_of(in, w->blocks.engine[k]);
        const int64_t *answer = p != NULL ? (const int64_t *)(const void *)p->data : NULL;
        for (int64_t i = q->first[k]; answer != NULL && i < q->first[k + 1]; i++)
            result[q->order[i]] = answer[i - q->first[k]];
    }
    for (int64_t i = q->first[w->blocks.n]; i < q->n; i++)
        result[q->order[i]] = w->blocks.total;
}

static void release(struct search *w)
{
    void *held[] = {w->blocks.engine, w->blocks.start, w->blocks.last, w->ask.value,
                    w->ask.block,     w->ask.order,    w->ask.first};
    for (size_t k = 0; k < sizeof held / sizeof *held; k++)
        da__pool_put(w->r->engine->pool, held[k]);
}

static void run(struct da__execution *r, int step, void *own, const struct da__strided *operand)
{
    const struct da__program *p = r->plan->program;
    const struct da__value *sorted = &p->value[p->step[step].input[0].value];
    struct search w = {.r = r,
                       .s = &p->step[step],
                       .step = step,
                       .dtype = sorted->dtype,
                       .item = da__dtype_nbytes(sorted->dtype),
                       .right = p->step[step].attribute[0] != 0,
                       .dist = p->dist[sorted->dist]};
    struct da__parcels out = {0}, in = {0};
    (void)own;
    learn_blocks(&w);
    gather_values(&w, operand != NULL ? &operand[1] : NULL);
    if (!da__run_failed(r))
        choose_blocks(&w);
    if (!da__run_failed(r))
        send_questions(&w, &out);
    if (da__swap(r, step, &out, &in))
        send_answers(&w, &in, &out);
    da__parcels_free(r, &in);
    if (da__swap(r, step, &out, &in))
        take_answers(&w, &in);
    da__parcels_free(r, &out);
    da__parcels_free(r, &in);
    release(&w);
}

const struct da__routine_ops da__search_routine = {.run = run};
