/* Sorting on the engines where each of them has whole lines: the lines go to the threads. */
#include "sort_routine.h"

#include <string.h>

/* Attributes, as routines.def lists them. */
enum { AXIS, DESCENDING, INDICES };
enum { MOST_SIDE_BY_SIDE = 16, BLOCK_BYTES = 1 << 20 };

static void poll_run(void *self)
{
    da__run_poll(self);
}

static int64_t padded(int64_t nbytes)
{
    return (nbytes + 63) / 64 * 64;
}

/* ---- many lines ---- */

/* Lines along an axis with `inner` lines side by side and `outer` such groups; `block` of them are taken out at once, so that
 * they are read and written by rows. */
struct lines {
    struct da__sorting *s;
    int64_t outer, n, inner, block, per_outer;
    int64_t key_nbytes, position_nbytes, room_nbytes; /* of a block, and all of a thread's room */
    char *room;
};

static void lay_out(struct lines *l)
{
    const struct da__sorting *s = l->s;
    l->outer = l->inner = 1;
    for (int k = 0; k < s->dist->ndim; k++) {
        l->outer *= k < s->axis ? s->local->shape[k] : 1;
        l->inner *= k > s->axis ? s->local->shape[k] : 1;
    }
    l->n = s->local->shape[s->axis];
    l->block = BLOCK_BYTES / (l->n * s->item + 1);
    l->block = l->block > MOST_SIDE_BY_SIDE ? MOST_SIDE_BY_SIDE : l->block < 1 ? 1 : l->block;
    l->block = l->block > l->inner ? l->inner : l->block;
    l->per_outer = l->inner > 0 ? da__ceil_div(l->inner, l->block) : 0;
    l->key_nbytes = padded(l->block * l->n * s->item);
    l->position_nbytes = s->indices ? padded(l->block * l->n * (int64_t)sizeof(int64_t)) : 0;
    l->room_nbytes = l->key_nbytes + l->position_nbytes +
                     padded(da__sort_scratch_nbytes(s->dtype, l->n, s->indices));
}

/* Neighbouring lines to or from a dense block: `count` lines of n elements. */
static void move_block(const struct lines *l, size_t item, int64_t count, char *to,
                       const char *from, bool out)
{
    int64_t shape[2] = {l->n, count}, bytes = (int64_t)item;
    int64_t part[2] = {l->inner * bytes, bytes}, block[2] = {bytes, l->n * bytes};
    da__copy_strided(2, shape, item, to, out ? part : block, from, out ? block : part);
}

static void sort_block(void *self, int64_t chunk, int thread)
{
    const struct lines *l = self;
    const struct da__sorting *s = l->s;
    int64_t inner = chunk % l->per_outer * l->block;
    int64_t count = l->inner - inner < l->block ? l->inner - inner : l->block;
    int64_t at = chunk / l->per_outer * l->n * l->inner + inner;
    char *key = l->room + thread * l->room_nbytes,
         *scratch = key + l->key_nbytes + l->position_nbytes;
    int64_t *position = s->indices ? (int64_t *)(void *)(key + l->key_nbytes) : NULL;
    move_block(l, (size_t)s->item, count, key, s->in + at * s->item, false);
    for (int64_t k = 0; k < count; k++) {
        int64_t *p = position != NULL ? position + k * l->n : NULL;
        for (int64_t i = 0; i < l->n && p != NULL; i++)
            p[i] = i;
        da__sort_line(s->dtype, s->descending, l->n, key + k * l->n * s->item, p, scratch);
    }
    if (s->indices)
        move_block(l, sizeof *position, count, s->out + at * (int64_t)sizeof *position,
                   (const char *)position, true);
    else
        move_block(l, (size_t)s->item, count, s->out + at * s->item, key, true);
}

/* A copy of the line is sorted where its elements are not what is wanted. */
static void sort_only_line(struct da__sorting *s)
{
    int64_t n = s->local->nelem;
    char *key = s->indices ? da__run_room(s->r, n * s->item) : s->out;
    int64_t *position = s->indices ? (int64_t *)(void *)s->out : NULL;
    if (key != NULL) {
        for (int64_t i = 0; i < n && position != NULL; i++)
            position[i] = i;
        da__sort_long_line(s, n, s->in, key, position);
    }
    if (s->indices)
        da__pool_put(s->r->engine->pool, key);
}

static void sort_lines(struct da__sorting *s)
{
    struct lines l = {.s = s};
    struct da__workers *workers = s->r->engine->workers;
    if (da__run_failed(s->r) || s->local->nelem == 0)
        return;
    lay_out(&l);
    if (l.outer * l.inner == 1) {
        sort_only_line(s);
        return;
    }
    l.room = da__run_room(s->r, l.room_nbytes * da__workers_count(workers));
    if (l.room != NULL)
        da__workers_run(workers, l.outer * l.per_outer, sort_block, &l, poll_run, s->r);
    da__pool_put(s->r->engine->pool, l.room);
}

static void run(struct da__execution *r, int step, void *own, const struct da__strided *operand)
{
    const struct da__program *p = r->plan->program;
    const struct da__step *st = &p->step[step];
    int in = st->input[0].value, out = st->output[0];
    struct da__sorting s = {.r = r,
                            .step = step,
                            .axis = (int)st->attribute[AXIS],
                            .descending = st->attribute[DESCENDING] != 0,
                            .indices = st->attribute[INDICES] != 0,
                            .dtype = p->value[in].dtype,
                            .item = (int64_t)da__dtype_nbytes(p->value[in].dtype),
                            .dist = p->dist[p->value[out].dist],
                            .local = &r->plan->value[out],
                            .in = r->data[in]};
    (void)own, (void)operand;
    if (s.local->member)
        s.out = da__run_value(r, out);
    if (s.dist->map[s.axis].parts > 1)
        da__sort_spread(&s);
    else if (s.local->member)
        sort_lines(&s);
}

const struct da__routine_ops da__sort_routine = {.run = run};
