/* Freezes a body with its operations joined into chains: as few as there can be between the operations that stay strips. */
#include "plan.h"

#include <string.h>

/* Code needs no registers for what lies in between, so that tiles can be longer than those of single operations. */
enum { CHAINS_TILE = 4096 };

struct joining {
    struct da__planning p;
    int32_t *level;   /* per operation: of its chain, or of the chain that its strip follows */
    int32_t *local;   /* per value: its number in the chain that is being made, -1: none */
    uint8_t *outside; /* per value: who reads it beside that chain */
    struct da__chain_arg *arg;
    struct da__chain_insn *insn;
    int32_t *number; /* room for lists of outputs and values */
};

/* Nobody; only sums that code adds up itself; others, too. */
enum { INSIDE, SUMMED, STORED };

static size_t align64(size_t nbytes)
{
    return (nbytes + 63) / 64 * 64;
}

static void *take(char *memory, size_t *at, size_t n, size_t item)
{
    void *here = memory != NULL ? memory + *at : NULL;
    *at += align64(n * item);
    return here;
}

/* Behind the plan itself; with `memory` NULL only the size is told. */
static size_t lay_out(const struct da__body *b, struct joining *j, char *memory)
{
    size_t n = (size_t)b->ninsns, nvalues = n + (size_t)(b->ninputs + b->nparams + DA_MAX_NDIM);
    size_t at = da__kernel_nbytes(b);
    struct da__kernel_chain *chain = take(memory, &at, n, sizeof *chain);
    j->level = take(memory, &at, n, sizeof *j->level);
    j->local = take(memory, &at, nvalues, sizeof *j->local);
    j->outside = take(memory, &at, nvalues, sizeof *j->outside);
    j->arg = take(memory, &at, 3 * n, sizeof *j->arg);
    j->insn = take(memory, &at, n, sizeof *j->insn);
    j->number = take(memory, &at, 5 * n, sizeof *j->number);
    if (memory != NULL)
        j->p.k->chain = chain;
    return at;
}

size_t da__kernel_chains_nbytes(const struct da__body *b)
{
    struct joining j;
    return lay_out(b, &j, NULL);
}

static int nin_of(const struct da__insn *insn)
{
    return da__op_info(insn->op)->nin;
}

static bool compiles(const struct da__insn *insn)
{
    return da__op_compiles(insn->op, (da_dtype)insn->compute);
}

static int32_t result_of(const struct joining *j, int insn)
{
    return da__plan_value(j->p.k, DA__REF(DA__REF_INSN, insn));
}

/* Done for every element: neither uniform nor for nobody. */
static bool runs(const struct joining *j, int insn)
{
    const struct da__value *v = &j->p.k->value[result_of(j, insn)];
    return v->used && !v->uniform;
}

/* An operation that compiles goes into the first chain behind all strips that it needs. Returns the number of levels. */
static int32_t find_levels(struct joining *j)
{
    const struct da__body *b = j->p.b;
    int32_t n = 0;
    for (int i = 0; i < b->ninsns; i++) {
        const struct da__insn *insn = &b->insn[i];
        j->level[i] = 0;
        if (!runs(j, i))
            continue;
        for (int a = 0; a < nin_of(insn); a++) {
            int from = DA__REF_NUMBER(insn->arg[a]);
            if (DA__REF_KIND(insn->arg[a]) != DA__REF_INSN || !runs(j, from))
                continue;
            int32_t least = j->level[from] + (compiles(insn) && !compiles(&b->insn[from]));
            j->level[i] = least > j->level[i] ? least : j->level[i];
        }
        n = j->level[i] + 1 > n ? j->level[i] + 1 : n;
    }
    return n;
}

static bool in_chain(const struct joining *j, int insn, int32_t level)
{
    return runs(j, insn) && j->level[insn] == level && compiles(&j->p.b->insn[insn]);
}

/* Which values others than the level's chain read. */
static void find_outside(struct joining *j, int32_t level)
{
    const struct da__body *b = j->p.b;
    const struct da__kernel *k = j->p.k;
    memset(j->outside, 0, (size_t)k->nvalues * sizeof *j->outside);
    for (int i = 0; i < b->ninsns; i++)
        if (runs(j, i) && !in_chain(j, i, level))
            for (int a = 0; a < nin_of(&b->insn[i]); a++)
                j->outside[da__plan_value(k, b->insn[i].arg[a])] = STORED;
    for (int o = 0; o < b->noutputs; o++)
        j->outside[da__plan_value(k, b->output[o])] = STORED;
    for (int r = 0; r < b->nreductions; r++) {
        uint8_t *outside = &j->outside[da__plan_value(k, b->reduction[r].value)];
        *outside = da__plan_adds_up(&b->reduction[r]) && *outside != STORED ? SUMMED : STORED;
    }
}

/* The values that the chain reads get numbers in the order in which they are read. */
static void add_arg(struct joining *j, struct da__kernel_chain *s, int32_t value)
{
    const struct da__kernel *k = j->p.k;
    const struct da__value *v = &k->value[value];
    int32_t first_index = k->ninputs + k->nparams;
    if (j->local[value] >= 0)
        return;
    bool input = value < k->ninputs,
         index = value >= first_index && value < first_index + k->nindices;
    j->local[value] = s->what.nargs;
    s->value[s->what.nargs] = value;
    s->what.arg[s->what.nargs++] = (struct da__chain_arg){.dtype = v->dtype,
                                                          .kind = v->uniform ? DA__ARG_UNIFORM
                                                                  : index    ? DA__ARG_INDEX
                                                                  : input    ? DA__ARG_ARRAY
                                                                             : DA__ARG_TILE};
}

static void add_args(struct joining *j, struct da__kernel_chain *s, int32_t level)
{
    const struct da__body *b = j->p.b;
    for (int i = 0; i < b->ninsns; i++) {
        if (!in_chain(j, i, level))
            continue;
        for (int a = 0; a < nin_of(&b->insn[i]); a++) {
            da__ref ref = b->insn[i].arg[a];
            if (DA__REF_KIND(ref) != DA__REF_INSN || !in_chain(j, DA__REF_NUMBER(ref), level))
                add_arg(j, s, da__plan_value(j->p.k, ref));
        }
    }
}

static void add_insns(struct joining *j, struct da__kernel_chain *s, int32_t level)
{
    const struct da__body *b = j->p.b;
    for (int i = 0; i < b->ninsns; i++) {
        if (!in_chain(j, i, level))
            continue;
        const struct da__insn *insn = &b->insn[i];
        struct da__chain_insn to = {
            .op = insn->op, .compute = insn->compute, .result = insn->result};
        for (int a = 0; a < nin_of(insn); a++)
            to.arg[a] = j->local[da__plan_value(j->p.k, insn->arg[a])];
        j->local[result_of(j, i)] = s->what.nargs + s->what.ninsns;
        s->what.insn[s->what.ninsns++] = to;
    }
}

static void add_outs(struct joining *j, struct da__kernel_chain *s, int32_t level, uint8_t outside)
{
    for (int i = 0; i < j->p.b->ninsns; i++) {
        int32_t value = result_of(j, i);
        if (!in_chain(j, i, level) || j->outside[value] != outside)
            continue;
        s->value[s->what.nargs + s->what.nouts] = value;
        s->what.out[s->what.nouts++] = j->local[value];
        da__plan_step(&j->p, DA__STEP_PLACE, da__plan_output(j->p.b, i), value);
    }
}

/* The room that is left for lists moves on behind the chain's. */
static void open_chain(struct joining *j, struct da__kernel_chain *s)
{
    *s = (struct da__kernel_chain){.what = {.arg = j->arg, .insn = j->insn}, .value = j->number};
    for (int32_t v = 0; v < j->p.k->nvalues; v++)
        j->local[v] = -1;
}

static void close_chain(struct joining *j, const struct da__kernel_chain *s)
{
    j->arg += s->what.nargs;
    j->insn += s->what.ninsns;
    j->number = s->what.out + s->what.nouts;
}

static void add_chain(struct joining *j, int32_t level)
{
    struct da__kernel *k = j->p.k;
    struct da__kernel_chain *s = &k->chain[k->nchains];
    int32_t first = 0;
    open_chain(j, s);
    add_args(j, s, level);
    add_insns(j, s, level);
    if (s->what.ninsns == 0)
        return;
    for (int32_t a = 0; a < s->what.nargs; a++)
        da__plan_fetch(&j->p, s->value[a]);
    s->what.out = s->value + s->what.nargs + s->what.ninsns;
    first = k->nsteps;
    add_outs(j, s, level, STORED);
    int32_t nstored = s->what.nouts;
    add_outs(j, s, level, SUMMED);
    s->what.nsums = s->what.nouts - nstored;
    for (int32_t i = first; i < k->nsteps; i++)
        k->step[i].done = k->nsteps;
    da__plan_step(&j->p, DA__STEP_CHAIN, k->nchains++, -1);
    int32_t noperands = s->what.nargs + s->what.nouts;
    k->max_operands = noperands > k->max_operands ? noperands : k->max_operands;
    close_chain(j, s);
    for (int32_t o = 0; o < nstored; o++)
        da__plan_folds(&j->p, s->value[s->what.nargs + o]);
    s->first_sum = k->nsteps;
    for (int32_t o = nstored; o < s->what.nouts; o++)
        da__plan_folds(&j->p, s->value[s->what.nargs + o]);
    s->nsums = k->nsteps - s->first_sum;
    for (int32_t i = s->first_sum; i < k->nsteps; i++)
        k->step[i].in_chain = true;
}

static void add_strips(struct joining *j, int32_t level)
{
    const struct da__body *b = j->p.b;
    for (int i = 0; i < b->ninsns; i++) {
        if (!runs(j, i) || j->level[i] != level || compiles(&b->insn[i]))
            continue;
        for (int a = 0; a < nin_of(&b->insn[i]); a++)
            da__plan_fetch(&j->p, da__plan_value(j->p.k, b->insn[i].arg[a]));
        da__plan_op(&j->p, i);
        da__plan_folds(&j->p, result_of(j, i));
    }
}

static bool only_chains(const struct da__kernel *k)
{
    bool only = k->nchains > 0;
    for (int32_t i = k->nuniform; i < k->nsteps; i++)
        only = only && k->step[i].kind != DA__STEP_OP;
    return only;
}

/* Whole leaves of sums add up in one order however many a tile has. */
static bool only_leaves(const struct da__body *b, const struct da__kernel *base)
{
    bool only = base->tile_nelem % DA__LEAF_NELEM == 0;
    for (int r = 0; r < b->nreductions; r++)
        only = only && da__plan_adds_up(&b->reduction[r]);
    return only;
}

/* Long tiles where nothing but chains runs; the same as without chains where something is added up, but for long rows. */
static void size_tile(const struct joining *j, const struct da__kernel *base)
{
    struct da__kernel *k = j->p.k;
    int64_t widest = (int64_t)k->reg_nbytes / k->tile_nelem;
    bool only = only_chains(k);
    if (k->nreductions > 0) {
        k->tile_nelem = base->tile_nelem;
        k->block_nelem = base->block_nelem;
    } else if (only) {
        k->tile_nelem = CHAINS_TILE;
        k->row_min = CHAINS_TILE / 2;
    }
    bool rows = only && k->nreductions > 0 && only_leaves(j->p.b, base);
    k->row_nelem = rows ? CHAINS_TILE : k->tile_nelem;
    if (k->block_nelem < k->tile_nelem)
        k->block_nelem = k->tile_nelem;
    k->reg_nbytes = (size_t)(k->row_nelem * widest);
    k->block_nbytes = (size_t)(k->block_nelem * widest);
    if (k->block_nbytes < k->reg_nbytes) /* which is what a register has */
        k->block_nbytes = k->reg_nbytes;
}

struct da__kernel *da__kernel_plan_chains(const struct da__body *b, const struct da__kernel *base,
                                          void *memory)
{
    struct joining j;
    da__plan_begin(&j.p, b, memory);
    lay_out(b, &j, memory);
    int32_t nlevels = find_levels(&j);
    for (int32_t level = 0; level < nlevels; level++) {
        find_outside(&j, level);
        add_chain(&j, level);
        add_strips(&j, level);
    }
    da__plan_end(&j.p);
    size_tile(&j, base);
    return j.p.k;
}

int32_t da__kernel_nchains(const struct da__kernel *k)
{
    return k->nchains;
}

const struct da__chain *da__kernel_chain(const struct da__kernel *k, int32_t i)
{
    return &k->chain[i].what;
}

void da__kernel_set_code(struct da__kernel *k, int32_t i, da__chain_fn *fn, int64_t width)
{
    k->chain[i].fn = fn;
    k->chain[i].width = width;
}
