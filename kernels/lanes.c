/* Runs a compiled chain on a tile: where its operands lie, and what is left at the end of a row. */
#include "kernel.h"

#include <string.h>

/* A chain on a tile of rows: one row where everything is dense. */
struct lanes {
    struct da__running *run;
    const struct da__kernel_chain *s;
    struct da__chain_operand *operand, *rest; /* rest: copies of less than `width` elements */
    char *few, *few_rest;                     /* DA__CHAIN_NBYTES each */
    int64_t nrows, n, done;                   /* done: elements of the tile in front of these */
};

static const struct da__operand *index_of(const struct da__running *run, int32_t value)
{
    return &run->index[value - run->k->ninputs - run->k->nparams];
}

static bool is_even(const struct lanes *l, int32_t i)
{
    return i < l->s->what.nargs && l->s->what.arg[i].kind == DA__ARG_INDEX &&
           index_of(l->run, l->s->value[i])->even;
}

static void find_rows(struct lanes *l, int64_t nelem)
{
    const struct da__box *box = &l->run->box;
    bool rows = false;
    for (int32_t i = 0; i < l->s->what.nargs + l->s->what.nouts; i++)
        rows = rows || l->run->row[l->s->value[i]] != 0 ||
               (is_even(l, i) && box->first < box->ndim - 1);
    l->n = rows ? box->size[box->ndim - 1] : nelem;
    l->nrows = rows ? box->size[box->ndim - 2] : 1;
}

/* `count` elements of `nbytes` each, all like the one at `from`. Copies of a length that the compiler does
 * not know cost more than the whole chain. */
static void spread(char *to, const char *from, int64_t nbytes, int64_t count)
{
    switch (nbytes) {
    case 4:
        for (int64_t i = 0; i < count; i++)
            memcpy(to + i * 4, from, 4);
        return;
    case 8:
        for (int64_t i = 0; i < count; i++)
            memcpy(to + i * 8, from, 8);
        return;
    case 16:
        for (int64_t i = 0; i < count; i++)
            memcpy(to + i * 16, from, 16);
        return;
    default: /* 1 or 2 */
        for (int64_t i = 0; i < count * nbytes; i++)
            to[i] = from[i & (nbytes - 1)];
    }
}

static void count_from(char *to, int64_t start, int64_t step, int64_t count)
{
    for (int64_t i = 0; i < count; i++, start += step)
        memcpy(to + i * (int64_t)sizeof start, &start, sizeof start);
}

static void place_index(struct lanes *l, int32_t i, char *few)
{
    const struct da__operand *o = index_of(l->run, l->s->value[i]);
    const struct da__box *box = &l->run->box;
    int last = box->ndim - 1;
    struct da__chain_operand *to = &l->operand[i];
    count_from(few, o->offset, o->stride[last], l->s->width);
    *to = (struct da__chain_operand){.at = few, .more = o->stride[last]};
    to->row_more = l->nrows > 1 ? o->stride[last - 1] : 0;
}

static void place_operand(struct lanes *l, int32_t i)
{
    const struct da__running *run = l->run;
    int32_t value = l->s->value[i];
    int64_t nbytes = run->k->value[value].nbytes;
    char *few = l->few + i * DA__CHAIN_NBYTES;
    struct da__chain_operand *to = &l->operand[i];
    *to = (struct da__chain_operand){.at = run->at[value]};
    if (run->k->value[value].uniform)
        return;
    if (is_even(l, i)) {
        place_index(l, i, few);
    } else if (run->scalar[value]) {
        spread(few, to->at, nbytes, l->s->width);
        to->at = few;
    } else {
        to->step = nbytes;
        to->row = run->row[value] != 0 ? run->row[value] : l->n * nbytes;
    }
    to->more = i >= l->s->what.nargs ? -1 : to->more; /* an output is stored, not added up */
}

/* An output in an argument's place: no element may be computed twice. */
static bool in_place(const struct lanes *l)
{
    int32_t nargs = l->s->what.nargs;
    for (int32_t o = nargs; o < nargs + l->s->what.nouts; o++)
        for (int32_t a = 0; a < nargs; a++)
            if (l->operand[o].at == l->operand[a].at)
                return true;
    return false;
}

/* Elements `first` and up of a row, fewer than the width, through copies. */
static void run_rest(const struct lanes *l, int64_t row, int64_t first, int64_t count)
{
    int32_t nargs = l->s->what.nargs, noperands = nargs + l->s->what.nouts;
    for (int32_t i = 0; i < noperands; i++) {
        const struct da__chain_operand *from = &l->operand[i];
        char *few = l->few_rest + i * DA__CHAIN_NBYTES;
        l->rest[i] = *from;
        if (from->step != 0) {
            l->rest[i].at = few;
            if (i < nargs)
                memcpy(few, from->at + row * from->row + first * from->step,
                       (size_t)(count * from->step));
        } else if (is_even(l, i)) {
            const struct da__operand *o = index_of(l->run, l->s->value[i]);
            count_from(few, o->offset + row * from->row_more + (l->done + first) * from->more,
                       from->more, l->s->width);
            l->rest[i].at = few;
        }
    }
    l->s->fn(l->rest, 1, l->s->width);
    for (int32_t i = nargs; i < noperands; i++) {
        const struct da__chain_operand *to = &l->operand[i];
        memcpy(to->at + row * to->row + first * to->step, l->rest[i].at,
               (size_t)(count * to->step));
    }
}

static void place_operands(struct lanes *l)
{
    for (int32_t i = 0; i < l->s->what.nargs + l->s->what.nouts; i++)
        place_operand(l, i);
}

/* The rows of the operands as they are placed. */
static void run_rows(const struct lanes *l)
{
    const struct da__kernel_chain *s = l->s;
    int64_t whole = l->n;
    if (l->n < s->width || (l->n % s->width != 0 && in_place(l)))
        whole = l->n - l->n % s->width;
    if (whole > 0)
        s->fn(l->operand, l->nrows, whole);
    for (int64_t row = 0; whole < l->n && row < l->nrows; row++)
        run_rest(l, row, whole, l->n - whole);
}

/* ---- sums ---- */

/* As in sums of stored values (fold_float.inc). */
enum { WIDE = DA__LEAF_LANES, LEAF = DA__LEAF_NELEM, LANES_NBYTES = WIDE * sizeof(double) };

static struct da__exact *state_of(const struct lanes *l, const struct da__step *fold)
{
    const struct da__operand *o = &l->run->accumulator[fold->number];
    return (struct da__exact *)(void *)(o->base + o->offset);
}

/* Rows of n elements that follow each other; of what may be a sum lanes. */
static void place_leaves(struct lanes *l, int64_t nleaves, int64_t n)
{
    const struct da__kernel_chain *s = l->s;
    int32_t noperands = s->what.nargs + s->what.nouts, first = noperands - s->what.nsums;
    for (int32_t i = 0; i < first; i++) {
        l->operand[i].row = l->operand[i].step * n;
        l->operand[i].row_more = l->operand[i].more * n;
    }
    for (int32_t i = first; i < noperands; i++) {
        char *lanes = l->run->at[s->value[i]];
        l->operand[i] = (struct da__chain_operand){
            .at = lanes, .row = LANES_NBYTES, .more = LANES_NBYTES - 1, .row_more = -1};
        memset(lanes, 0, (size_t)(nleaves * LANES_NBYTES));
    }
}

/* Operands move on behind what is done. */
static void advance(struct lanes *l, int64_t nelem)
{
    l->done += nelem;
    for (int32_t i = 0; i < l->s->what.nargs + l->s->what.nouts; i++) {
        struct da__chain_operand *o = &l->operand[i];
        o->at += nelem * o->step;
        if (is_even(l, i))
            count_from(o->at, index_of(l->run, l->s->value[i])->offset + l->done * o->more, o->more,
                       l->s->width);
    }
}

/* `nleaves` leaves of n elements, as many as make whole rounds of lanes: registers take lanes in place of elements. */
static void run_leaves(struct lanes *l, int64_t nleaves, int64_t n)
{
    const struct da__kernel_chain *s = l->s;
    const struct da__step *fold = &l->run->k->step[s->first_sum];
    place_leaves(l, nleaves, n);
    s->fn(l->operand, nleaves, n);
    for (int32_t i = 0; i < s->nsums; i++) {
        const double *lanes = l->run->at[fold[i].value];
        for (int64_t leaf = 0; leaf < nleaves; leaf++)
            da__exact_add(state_of(l, &fold[i]), da__lanes_32(lanes + leaf * WIDE));
    }
    advance(l, nleaves * n);
}

/* Fewer elements than lanes, stored and added up as they are. */
static void run_last(struct lanes *l, int64_t n)
{
    const struct da__kernel_chain *s = l->s;
    const struct da__step *fold = &l->run->k->step[s->first_sum];
    int32_t noperands = s->what.nargs + s->what.nouts;
    l->n = n;
    for (int32_t i = noperands - s->what.nsums; i < noperands; i++)
        place_operand(l, i);
    run_rows(l);
    for (int32_t i = 0; i < s->nsums; i++)
        fold[i].fold->along(state_of(l, &fold[i]), n, l->run->at[fold[i].value], false, 0, 0);
}

/* A tile that is a stretch of memory: whole leaves, what there is of lanes behind them, then elements as they are. */
static void run_sums(struct lanes *l, int64_t nelem)
{
    if (nelem >= LEAF)
        run_leaves(l, nelem / LEAF, LEAF);
    if (nelem - l->done >= WIDE)
        run_leaves(l, 1, (nelem - l->done) / WIDE * WIDE);
    if (nelem > l->done)
        run_last(l, nelem - l->done);
}

void da__chain_run(struct da__running *run, const struct da__kernel_chain *s, int64_t nelem)
{
    int32_t most = run->k->max_operands;
    struct lanes l = {.run = run,
                      .s = s,
                      .operand = run->lane,
                      .rest = run->lane + most,
                      .few = run->few,
                      .few_rest = run->few + most * DA__CHAIN_NBYTES};
    find_rows(&l, nelem);
    place_operands(&l);
    if (run->sums && s->nsums > 0)
        run_sums(&l, nelem);
    else
        run_rows(&l);
}
