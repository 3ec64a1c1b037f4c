/* Runs a compiled chain on a tile: where its operands lie, and what is left at the end of a row. */
#include "kernel.h"

#include <string.h>

/* A chain on a tile of rows: one row where everything is dense. */
struct lanes {
    struct da__running *run;
    const struct da__kernel_chain *s;
    struct da__chain_operand *operand, *rest; /* rest: copies of less than `width` elements */
    char *few, *few_rest;                     /* DA__CHAIN_NBYTES each */
    int64_t nrows, n;
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
            count_from(few, o->offset + row * from->row_more + first * from->more, from->more,
                       l->s->width);
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

/* Elements 0 … n - 1 of the rows; a single row piece by piece where memory is asked for. */
static void run_whole(struct lanes *l, int64_t n, int64_t nelem)
{
    int32_t noperands = l->s->what.nargs + l->s->what.nouts;
    bool pieces = l->run->asks && l->run->nworking > 1 && l->nrows == 1;
    int64_t done = 0;
    for (int32_t i = 0; i < noperands; i++)
        pieces = pieces && l->operand[i].more == 0;
    for (; pieces && n - done >= 2 * DA__PIECE; done += DA__PIECE) {
        da__ask_ahead(l->run, nelem);
        l->s->fn(l->operand, 1, DA__PIECE);
        for (int32_t i = 0; i < noperands; i++)
            l->operand[i].at += DA__PIECE * l->operand[i].step;
    }
    if (pieces)
        da__ask_ahead(l->run, nelem);
    l->s->fn(l->operand, l->nrows, n - done);
    for (int32_t i = 0; i < noperands; i++)
        l->operand[i].at -= done * l->operand[i].step;
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
    for (int32_t i = 0; i < s->what.nargs + s->what.nouts; i++)
        place_operand(&l, i);
    int64_t whole = l.n;
    if (l.n < s->width || (l.n % s->width != 0 && in_place(&l)))
        whole = l.n - l.n % s->width;
    if (whole > 0)
        run_whole(&l, whole, nelem);
    for (int64_t row = 0; whole < l.n && row < l.nrows; row++)
        run_rest(&l, row, whole, l.n - whole);
}
