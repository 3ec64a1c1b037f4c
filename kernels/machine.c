/* Runs a frozen kernel over a box: tile by tile, the whole expression while the tile is in cache.
 */
#include "copy.h"
#include "kernel.h"
#include "user.h"
#include <string.h>

enum { UNIFORM_NBYTES = 16 };

/* Cuts the caller's scratch into the parts of the run's state; returns the bytes needed. */
static size_t take(char **at, size_t nbytes)
{
    nbytes = (nbytes + 63) / 64 * 64;
    if (*at)
        *at += nbytes;
    return nbytes;
}

static size_t lay_out(const struct da__kernel *k, struct da__running *run, char *at)
{
    size_t n = 0;
    run->k = k;
    run->noperands = k->noutputs + k->ninputs + 2 * k->nreductions + k->nindices;
    run->operand = (void *)at;
    n += take(&at, (size_t)run->noperands * sizeof(struct da__operand));
    run->at = (void *)at;
    n += take(&at, (size_t)k->nvalues * sizeof(void *));
    run->row = (void *)at;
    n += take(&at, (size_t)k->nvalues * sizeof(int64_t));
    run->scalar = (void *)at;
    n += take(&at, (size_t)k->nvalues * sizeof(bool));
    run->scalars = (void *)at;
    n += take(&at, (size_t)k->nsteps * sizeof(unsigned));
    run->uniform = at;
    n += take(&at, (size_t)k->nvalues * UNIFORM_NBYTES);
    size_t noperands = 2 * (size_t)k->max_operands;
    run->lane = (void *)at;
    n += take(&at, noperands * sizeof *run->lane);
    run->few = at;
    n += take(&at, noperands * DA__CHAIN_NBYTES);
    run->reg = at;
    n += take(&at, (size_t)k->nregs * k->block_nbytes);
    return n;
}

size_t da__kernel_scratch_nbytes(const struct da__kernel *k)
{
    struct da__running run;
    return lay_out(k, &run, NULL);
}

static void split_operands(struct da__running *run)
{
    const struct da__kernel *k = run->k;
    run->output = run->operand;
    run->input = run->output + k->noutputs;
    run->accumulator = run->input + k->ninputs;
    run->index = run->accumulator + k->nreductions;
    run->flat = run->index + k->nindices;
}

static char *place(const struct da__operand *o)
{
    return o->base + o->offset;
}

/* An output in the very place of an input (the last reader's buffer is the writer's) is written by
 * its operation only where the input is not read later in the tile; and an input that is stored
 * itself is copied before another store. */
static void respect_aliases(struct da__running *run)
{
    const struct da__kernel *k = run->k;
    for (int32_t i = k->nuniform; i < k->nsteps; i++) {
        const struct da__step *s = &k->step[i];
        if ((s->kind != DA__STEP_OP && s->kind != DA__STEP_PLACE) || s->number < 0)
            continue;
        for (int j = 0; j < k->ninputs; j++)
            if (run->input[j].base == run->output[s->number].base && k->value[j].last > s->done)
                run->output[s->number].direct = run->output[s->number].rows = false;
    }
    for (int j = 0; j < k->ninputs; j++) {
        int32_t last = k->value[j].last;
        if (last < 0 || k->step[last].kind != DA__STEP_STORE)
            continue;
        for (int o = 0; o < k->noutputs; o++)
            if (o != k->step[last].number && run->output[o].base == run->input[j].base)
                run->input[j].direct = run->input[j].rows = false;
    }
}

enum { DENSE_ONLY = -1 };
/* Shorter rows are better counted in memory once than begun anew. */
enum { EVEN_MIN = 64 };

/* The tile's rows go into the same accumulators, which lie side by side. */
static bool takes_rows(const struct da__running *run, const struct da__step *s)
{
    const struct da__operand *acc = &run->accumulator[s->number];
    int last = run->box.ndim - 1;
    return s->fold->rows != NULL && last >= 1 && run->box.first == last - 1 &&
           acc->stride[last] == (int64_t)s->fold->state_nbytes && acc->stride[last - 1] == 0;
}

/* Values that are folded, or stored by a step of their own, are wanted densely. */
static void find_dense_only(struct da__running *run)
{
    const struct da__kernel *k = run->k;
    memset(run->row, 0, (size_t)k->nvalues * sizeof *run->row);
    for (int32_t i = k->nuniform; i < k->nsteps; i++)
        if (k->step[i].kind == DA__STEP_STORE ||
            (k->step[i].kind == DA__STEP_FOLD && !takes_rows(run, &k->step[i])))
            run->row[k->step[i].value] = DENSE_ONLY;
    for (int32_t i = k->nuniform; i < k->nsteps;
         i++) { /* the first output that takes a result needs no store */
        int32_t v = k->step[i].value, stores = 0, folds = 0;
        enum da__step_kind kind = k->step[i].kind;
        if ((kind != DA__STEP_OP && kind != DA__STEP_PLACE) || k->step[i].number < 0)
            continue;
        for (int32_t j = i; j < k->nsteps; j++) {
            stores += k->step[j].kind == DA__STEP_STORE && k->step[j].value == v;
            folds += k->step[j].kind == DA__STEP_FOLD && k->step[j].value == v;
        }
        if (stores == 1 && folds == 0)
            run->row[v] = 0;
    }
}

/* The step's value lies row by row in the operand, if it may. */
static void bind_rows(struct da__running *run, const struct da__step *s,
                      const struct da__operand *o)
{
    bool rows = o != NULL && o->rows && run->row[s->value] != DENSE_ONLY;
    run->row[s->value] = rows ? o->stride[run->box.first] : 0;
}

/* Random numbers of seeds and streams that stay the same are drawn from indices that are told by the first and the step. */
static bool draws_evenly(const struct da__running *run, const struct da__step *s)
{
    const struct da__kernel *k = run->k;
    return s->draws && k->value[s->arg[1]].uniform && k->value[s->arg[2]].uniform &&
           run->box.ndim - run->box.first == 1;
}

/* Indices that only chains and drawing read need no memory: in a tile of rows they grow evenly. */
static bool is_even(const struct da__running *run, int32_t value)
{
    const struct da__kernel *k = run->k;
    const struct da__box *box = &run->box;
    if (run->index[value - k->ninputs - k->nparams].scalar || box->ndim - box->first > 2 ||
        box->chunk[box->ndim - 1] < EVEN_MIN)
        return false;
    for (int32_t i = k->nuniform; i < k->nsteps; i++) {
        const struct da__step *s = &k->step[i];
        bool stored = s->kind == DA__STEP_FOLD || s->kind == DA__STEP_STORE;
        if (stored && s->value == value)
            return false;
        for (int32_t j = 0; s->kind == DA__STEP_OP && j < s->nin; j++)
            if (s->arg[j] == value && (j > 0 || !draws_evenly(run, s)))
                return false;
    }
    return true;
}

static bool reads_even(const struct da__running *run, const struct da__step *s)
{
    const struct da__kernel *k = run->k;
    int32_t number = s->arg[0] - k->ninputs - k->nparams;
    return s->draws && number >= 0 && number < k->nindices && run->index[number].even;
}

/* Code adds up what has one accumulator for a tile that is a stretch of memory. */
static bool adds_up(const struct da__running *run)
{
    const struct da__kernel *k = run->k;
    bool one = run->box.ndim - run->box.first <= 1;
    for (int32_t i = k->nuniform; i < k->nsteps; i++)
        if (k->step[i].kind == DA__STEP_FOLD && k->step[i].in_chain)
            one = one && run->accumulator[k->step[i].number].scalar;
    return one;
}

/* What stays the same for all tiles: where values lie that do not move, and which arguments are
 * scalars. */
static void bind(struct da__running *run)
{
    const struct da__kernel *k = run->k;
    find_dense_only(run);
    run->sums = adds_up(run);
    for (int32_t i = k->nuniform; i < k->nsteps; i++) {
        const struct da__step *s = &k->step[i];
        struct da__operand *o = NULL;
        bool scalar = true;
        unsigned scalars = 0;
        switch (s->kind) {
        case DA__STEP_INPUT:
        case DA__STEP_INDEX:
            o = s->kind == DA__STEP_INPUT ? &run->input[s->number] : &run->index[s->number];
            scalar = o->scalar;
            if (s->kind == DA__STEP_INDEX)
                o->even = is_even(run, s->value);
            break;
        case DA__STEP_OP:
            for (int j = 0; j < s->nin; j++) {
                scalar = scalar && run->scalar[s->arg[j]];
                scalars |= (unsigned)run->scalar[s->arg[j]] << j;
            }
            scalars |= reads_even(run, s) ? DA__EVEN : 0;
            if (s->number >= 0 && scalar && !run->output[s->number].scalar)
                run->output[s->number].direct = run->output[s->number].rows = false;
            o = s->number >= 0 ? &run->output[s->number] : NULL;
            break;
        case DA__STEP_PLACE: /* code makes as many elements as there are */
            scalar = false;
            o = s->number >= 0 ? &run->output[s->number] : NULL;
            break;
        default:
            continue;
        }
        bind_rows(run, s, o);
        run->scalars[i] = scalars;
        run->scalar[s->value] = scalar;
        run->at[s->value] = run->reg + (size_t)k->value[s->value].reg * run->reg_nbytes;
    }
    for (int32_t v = 0; v < k->nvalues; v++) /* what no step of a tile makes */
        if (run->row[v] == DENSE_ONLY)
            run->row[v] = 0;
}

static void do_strip(const struct da__step *s, int64_t n, void *out, const void *const *in,
                     unsigned scalars)
{
    if (s->user != NULL)
        da__user_strip(s->user, n, out, in, scalars);
    else
        s->strip(n, out, in, scalars);
}

/* The same for operands of which some lie in rows that do not follow each other. */
static void do_rows(struct da__running *run, const struct da__step *s, unsigned scalars)
{
    const struct da__box *box = &run->box;
    const struct da__kernel *k = run->k;
    int64_t cols = box->size[box->ndim - 1], rows = box->size[box->ndim - 2], step[4];
    const char *in[3] = {run->at[s->arg[0]], run->at[s->arg[1]], run->at[s->arg[2]]};
    char *out = run->at[s->value];
    _Alignas(16) char
        kept[3][16]; /* the result may take a scalar's register: the first row would destroy it */
    for (int j = 0; j < 3; j++) {
        int32_t v = s->arg[j];
        if (j < s->nin && (scalars >> j & 1)) {
            memcpy(kept[j], in[j], k->value[v].nbytes);
            in[j] = kept[j];
        }
        step[j] = j >= s->nin || (scalars >> j & 1) ? 0
                  : run->row[v] != 0                ? run->row[v]
                                                    : cols * k->value[v].nbytes;
    }
    step[3] = run->row[s->value] != 0 ? run->row[s->value] : cols * k->value[s->value].nbytes;
    for (int64_t i = 0; i < rows; i++) {
        const void *row[3] = {in[0] + i * step[0], in[1] + i * step[1], in[2] + i * step[2]};
        do_strip(s, cols, out + i * step[3], row, scalars);
    }
}

static bool has_rows(const struct da__running *run, const struct da__step *s)
{
    bool rows = run->row[s->value] != 0;
    for (int j = 0; j < s->nin; j++)
        rows = rows || run->row[s->arg[j]] != 0;
    return rows;
}

static void do_op(struct da__running *run, const struct da__step *s, int64_t n, unsigned scalars)
{
    if (n > 1 && has_rows(run, s)) {
        do_rows(run, s, scalars);
        return;
    }
    const void *in[3] = {run->at[s->arg[0]], run->at[s->arg[1]], run->at[s->arg[2]]};
    do_strip(s, n, run->at[s->value], in, scalars);
}

static void compute_uniform(struct da__running *run, const struct da__sweep *sweep)
{
    const struct da__kernel *k = run->k;
    for (int p = 0; p < k->nparams; p++) {
        run->at[k->ninputs + p] = (void *)(uintptr_t)sweep->param[p];
        run->scalar[k->ninputs + p] = true;
    }
    for (int32_t i = 0; i < k->nuniform; i++) {
        const struct da__step *s = &k->step[i];
        run->at[s->value] = run->uniform + (size_t)s->value * UNIFORM_NBYTES;
        run->scalar[s->value] = true;
        do_op(run, s, 1, 7);
    }
}

/* The tile's axes as a copy between an operand and a dense register. */
static void tile_box(const struct da__box *box, const struct da__operand *o,
                     struct da__copy_box *copy)
{
    int64_t dense = o->nbytes;
    copy->ndim = box->ndim - box->first;
    for (int a = box->ndim - 1; a >= box->first; a--) {
        copy->extent[a - box->first] = box->size[a];
        copy->dst[a - box->first] = dense;
        copy->src[a - box->first] = o->stride[a];
        dense *= box->size[a];
    }
}

static void fetch_input(struct da__running *run, const struct da__step *s)
{
    const struct da__operand *o = &run->input[s->number];
    if (o->direct || run->row[s->value] != 0) {
        run->at[s->value] = place(o);
        return;
    }
    if (o->scalar) {
        memcpy(run->at[s->value], place(o), (size_t)o->nbytes);
        return;
    }
    struct da__copy_box copy;
    tile_box(&run->box, o, &copy);
    da__copy_ordered(&copy, (size_t)o->nbytes, run->at[s->value], place(o));
}

/* What one axis adds to the n values that are there: `size` times as many. */
static void count_axis(int64_t *restrict value, int64_t n, int64_t size, int64_t stride)
{
    int64_t first = value[0];
    if (n == 1) {
        for (int64_t i = 1; i < size; i++)
            value[i] = first + i * stride;
        return;
    }
    for (int64_t i = 1; i < size; i++) {
        int64_t *restrict out = value + i * n, more = i * stride;
        for (int64_t j = 0; j < n; j++)
            out[j] = value[j] + more;
    }
}

/* Counts along the last axis, then repeats what is there along the others. */
static void fetch_index(struct da__running *run, const struct da__step *s)
{
    const struct da__box *box = &run->box;
    const struct da__operand *o = &run->index[s->number];
    int64_t *value = run->at[s->value], n = 1;
    value[0] = o->offset;
    if (o->even)
        value[1] = o->stride[box->ndim - 1];
    if (o->scalar || o->even)
        return;
    for (int a = box->ndim - 1; a >= box->first; a--) {
        count_axis(value, n, box->size[a], o->stride[a]);
        n *= box->size[a];
    }
}

static void store(struct da__running *run, const struct da__step *s)
{
    struct da__operand *o = &run->output[s->number];
    const char *from = run->at[s->value];
    if (from == place(o))
        return;
    struct da__copy_box copy;
    tile_box(&run->box, o, &copy);
    for (int a = 0; a < copy.ndim; a++) {
        int64_t dense = copy.dst[a];
        copy.dst[a] = copy.src[a];
        copy.src[a] = run->scalar[s->value] ? 0 : dense;
    }
    da__copy_ordered(&copy, (size_t)o->nbytes, place(o), from);
}

/* One tile axis innermost, the others as rows; accumulators and indices move with the rows. */
struct rows {
    int64_t at[DA_MAX_NDIM];
    char *accumulator;
    int64_t index;
};

static bool next_row(const struct da__box *box, const struct da__operand *acc,
                     const struct da__operand *flat, struct rows *r)
{
    for (int a = box->ndim - 2; a >= box->first; a--) {
        if (++r->at[a] < box->size[a]) {
            r->accumulator += acc->stride[a];
            r->index += flat ? flat->stride[a] : 0;
            return true;
        }
        r->at[a] = 0;
        r->accumulator -= (box->size[a] - 1) * acc->stride[a];
        r->index -= flat ? (box->size[a] - 1) * flat->stride[a] : 0;
    }
    return false;
}

static void along(const struct da__step *s, void *state, int64_t n, const void *value, bool scalar,
                  int64_t index, int64_t index_step)
{
    if (s->user != NULL)
        da__user_along(s->user, state, n, value, scalar);
    else
        s->fold->along(state, n, value, scalar, index, index_step);
}

static void fold_rows(struct da__running *run, const struct da__step *s)
{
    const struct da__box *box = &run->box;
    const struct da__operand *acc = &run->accumulator[s->number];
    const struct da__operand *flat = s->fold->indexed ? &run->flat[s->number] : NULL;
    int last = box->ndim - 1;
    int64_t cols = box->size[last], index_step = flat ? flat->stride[last] : 0,
            stride = acc->stride[last];
    const char *value = run->at[s->value];
    bool scalar = run->scalar[s->value];
    int64_t step = scalar ? 0 : cols * run->k->value[s->value].nbytes;
    struct rows r = {.accumulator = place(acc), .index = flat ? flat->offset : 0};
    do {
        if (stride == 0)
            along(s, r.accumulator, cols, value, scalar, r.index, index_step);
        else if (s->user != NULL)
            da__user_across(s->user, r.accumulator, stride, cols, value, scalar);
        else
            s->fold->across(r.accumulator, stride, cols, value, scalar, r.index, index_step);
        value += step;
    } while (next_row(box, acc, flat, &r));
}

static void fold(struct da__running *run, const struct da__step *s, int64_t nelem)
{
    const struct da__operand *acc = &run->accumulator[s->number];
    if ((acc->scalar && !s->fold->indexed) || run->box.ndim == run->box.first) {
        int64_t index = s->fold->indexed ? run->flat[s->number].offset : 0;
        along(s, place(acc), nelem, run->at[s->value], run->scalar[s->value], index, 0);
        return;
    }
    int64_t cols = run->box.size[run->box.ndim - 1], row = run->row[s->value];
    if (takes_rows(run, s) && !run->scalar[s->value])
        s->fold->rows(cols, place(acc), nelem / cols, run->at[s->value],
                      row != 0 ? row : cols * run->k->value[s->value].nbytes);
    else
        fold_rows(run, s);
}

/* Folds of one value, beginning with step i, in one loop where each has one accumulator for the tile. Returns how many. */
static int32_t fold_together(struct da__running *run, int32_t i, int64_t nelem)
{
    const struct da__step *s = &run->k->step[i];
    struct da__fold_states to = {0};
    if (s->together == NULL || run->scalar[s->value])
        return 0;
    for (int32_t j = 0; j < s->ntogether; j++) {
        const struct da__operand *acc = &run->accumulator[s[j].number];
        if (!acc->scalar)
            return 0;
        *da__fold_together_place(&to, s[j].red) = place(acc);
    }
    s->together(nelem, run->at[s->value], &to);
    return s->ntogether;
}

static void do_tile(struct da__running *run)
{
    const struct da__kernel *k = run->k;
    int64_t nelem = 1;
    int32_t together = 0;
    for (int a = run->box.first; a < run->box.ndim; a++)
        nelem *= run->box.size[a];
    for (int32_t i = k->nuniform; i < k->nsteps; i++) {
        const struct da__step *s = &k->step[i];
        switch (s->kind) {
        case DA__STEP_INPUT:
            fetch_input(run, s);
            break;
        case DA__STEP_INDEX:
            fetch_index(run, s);
            break;
        case DA__STEP_PLACE:
        case DA__STEP_OP:
            if (s->number >= 0 && (run->output[s->number].direct || run->row[s->value] != 0))
                run->at[s->value] = place(&run->output[s->number]);
            if (s->kind == DA__STEP_OP)
                do_op(run, s, run->scalar[s->value] ? 1 : nelem, run->scalars[i]);
            break;
        case DA__STEP_CHAIN:
            da__chain_run(run, &k->chain[s->number], nelem);
            break;
        case DA__STEP_FOLD:
            if (s->in_chain && run->sums)
                break;
            together = fold_together(run, i, nelem);
            if (together == 0)
                fold(run, s, nelem);
            else
                i += together - 1;
            break;
        case DA__STEP_STORE:
            store(run, s);
            break;
        }
    }
}

void da__kernel_run(const struct da__kernel *k, const struct da__sweep *sweep, void *scratch)
{
    struct da__running run;
    lay_out(k, &run, scratch);
    split_operands(&run);
    if (!da__box_arrange(&run, sweep))
        return;
    respect_aliases(&run);
    compute_uniform(&run, sweep);
    bind(&run);
    do
        do_tile(&run);
    while (da__box_next(&run));
}
