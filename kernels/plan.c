/* Freezes a body: which strip loops run in which order for a tile, and which registers hold the
 * values in between. */
#include "pair.h"
#include "plan.h"
#include "user.h"
#include <string.h>

/* A tile's registers share the first-level cache with the operands; longer tiles spread the cost of
 * a step thinner. */
enum { REGISTERS_NBYTES = 32768, TILE_MIN = 256, TILE_MAX = 1024 };
/* Rows shorter than this are worth copying together into one tile. */
enum { ROW_MIN = 256 };
/* Squares for transposed operands are limited by the second-level cache: long sides use memory's lines well. */
enum { SQUARES_NBYTES = 131072, SQUARE_MAX = 16384 };

da_dtype da__body_dtype(const struct da__body *b, da__ref ref)
{
    int n = DA__REF_NUMBER(ref);
    switch (DA__REF_KIND(ref)) {
    case DA__REF_INSN:
        return (da_dtype)b->insn[n].result;
    case DA__REF_INPUT:
        return (da_dtype)b->input_dtype[n];
    case DA__REF_PARAM:
        return (da_dtype)b->param_dtype[n];
    default:
        return DA_INT64;
    }
}

static size_t align64(size_t nbytes)
{
    return (nbytes + 63) / 64 * 64;
}

/* Index values are numbered by axis until the plan is made: at most one per axis. */
static int32_t max_values(const struct da__body *b)
{
    return b->ninputs + b->nparams + DA_MAX_NDIM + b->ninsns;
}

/* Where there are chains, an operation may be a place and a chain of its own. */
static int32_t max_steps(const struct da__body *b)
{
    return b->ninputs + DA_MAX_NDIM + 2 * b->ninsns + b->nreductions + b->noutputs;
}

/* Where the parts of the block lie; with `memory` NULL only the size is told. */
static size_t lay_out(const struct da__body *b, char *memory, struct da__kernel *k,
                      int32_t **free_regs, int32_t **taken_by)
{
    size_t at = align64(sizeof *k), nvalues = (size_t)max_values(b), nsteps = (size_t)max_steps(b);
    size_t values = at, steps, axes, masks, indexed, regs, taken;
    steps = values + align64(nvalues * sizeof(struct da__value));
    axes = steps + align64(nsteps * sizeof(struct da__step));
    masks = axes + align64(DA_MAX_NDIM * sizeof(int32_t));
    indexed = masks + align64((size_t)b->nreductions * sizeof(uint32_t));
    regs = indexed + align64((size_t)b->nreductions * sizeof(bool));
    taken = regs + align64(nvalues * sizeof(int32_t));
    at = taken + align64((size_t)b->ninsns * sizeof(int32_t));
    if (memory) {
        k->value = (void *)(memory + values);
        k->step = (void *)(memory + steps);
        k->index_axis = (void *)(memory + axes);
        k->reduction_mask = (void *)(memory + masks);
        k->reduction_indexed = (void *)(memory + indexed);
        *free_regs = (void *)(memory + regs);
        *taken_by = (void *)(memory + taken);
    }
    return at;
}

size_t da__kernel_nbytes(const struct da__body *b)
{
    return lay_out(b, NULL, NULL, NULL, NULL);
}

/* The number of the value that a reference names; finds or makes the index value of an axis. */
int32_t da__plan_value(const struct da__kernel *k, da__ref ref)
{
    int32_t n = DA__REF_NUMBER(ref);
    switch (DA__REF_KIND(ref)) {
    case DA__REF_INPUT:
        return n;
    case DA__REF_PARAM:
        return k->ninputs + n;
    case DA__REF_INDEX:
        for (int32_t i = 0; i < k->nindices; i++)
            if (k->index_axis[i] == n)
                return k->ninputs + k->nparams + i;
        return -1;
    default:
        return k->ninputs + k->nparams + k->nindices + n;
    }
}

static void find_index(struct da__kernel *k, da__ref ref)
{
    if (DA__REF_KIND(ref) == DA__REF_INDEX && da__plan_value(k, ref) < 0)
        k->index_axis[k->nindices++] = DA__REF_NUMBER(ref);
}

static void find_indices(struct da__planning *p)
{
    const struct da__body *b = p->b;
    for (int i = 0; i < b->ninsns; i++)
        for (int j = 0; j < da__op_info(b->insn[i].op)->nin; j++)
            find_index(p->k, b->insn[i].arg[j]);
    for (int i = 0; i < b->noutputs; i++)
        find_index(p->k, b->output[i]);
    for (int i = 0; i < b->nreductions; i++)
        find_index(p->k, b->reduction[i].value);
}

static void make_value(struct da__planning *p, da__ref ref)
{
    struct da__value *v = &p->k->value[da__plan_value(p->k, ref)];
    da_dtype dtype = da__body_dtype(p->b, ref);
    *v = (struct da__value){
        .dtype = (uint8_t)dtype, .nbytes = (uint8_t)da__dtype_nbytes(dtype), .reg = -1, .last = -1};
    v->uniform = DA__REF_KIND(ref) == DA__REF_PARAM;
}

/* What nobody reads is not computed; what depends on parameters only is uniform. */
static void mark_values(struct da__planning *p)
{
    const struct da__body *b = p->b;
    struct da__kernel *k = p->k;
    for (int i = 0; i < b->noutputs; i++)
        k->value[da__plan_value(k, b->output[i])].used = true;
    for (int i = 0; i < b->nreductions; i++)
        k->value[da__plan_value(k, b->reduction[i].value)].used = true;
    for (int i = b->ninsns - 1; i >= 0; i--)
        if (k->value[da__plan_value(k, DA__REF(DA__REF_INSN, i))].used)
            for (int j = 0; j < da__op_info(b->insn[i].op)->nin; j++)
                k->value[da__plan_value(k, b->insn[i].arg[j])].used = true;
    for (int i = 0; i < b->ninsns; i++) {
        bool uniform = true;
        for (int j = 0; j < da__op_info(b->insn[i].op)->nin; j++)
            uniform = uniform && k->value[da__plan_value(k, b->insn[i].arg[j])].uniform;
        k->value[da__plan_value(k, DA__REF(DA__REF_INSN, i))].uniform = uniform;
    }
}

static void make_values(struct da__planning *p)
{
    const struct da__body *b = p->b;
    struct da__kernel *k = p->k;
    for (int i = 0; i < b->ninputs; i++)
        make_value(p, DA__REF(DA__REF_INPUT, i));
    for (int i = 0; i < b->nparams; i++)
        make_value(p, DA__REF(DA__REF_PARAM, i));
    for (int i = 0; i < k->nindices; i++)
        make_value(p, DA__REF(DA__REF_INDEX, k->index_axis[i]));
    for (int i = 0; i < b->ninsns; i++)
        make_value(p, DA__REF(DA__REF_INSN, i));
    mark_values(p);
}

struct da__step *da__plan_step(struct da__planning *p, enum da__step_kind kind, int32_t number,
                               int32_t value)
{
    struct da__step *s = &p->k->step[p->k->nsteps++];
    *s = (struct da__step){.kind = kind, .number = number, .value = value};
    return s;
}

int32_t da__plan_output(const struct da__body *b, int insn)
{
    for (int o = 0; o < b->noutputs; o++)
        if (b->output[o] == DA__REF(DA__REF_INSN, insn))
            return o;
    return -1;
}

/* The argument of an instruction whose operation its loop does, too; -1: none. */
static int taken_in(const struct da__planning *p, int i)
{
    const struct da__insn *insn = &p->b->insn[i];
    for (int j = 0; j < da__op_info(insn->op)->nin; j++)
        if (DA__REF_KIND(insn->arg[j]) == DA__REF_INSN &&
            p->taken_by[DA__REF_NUMBER(insn->arg[j])] == i)
            return j;
    return -1;
}

/* The loop of an instruction and what it reads. */
static int32_t operands_of(const struct da__planning *p, int i, da__ref *arg, da__strip_fn **strip)
{
    const struct da__insn *insn = &p->b->insn[i];
    int second = taken_in(p, i);
    if (second < 0) {
        *strip = da__op_is_user(insn->op)
                     ? NULL
                     : da__strip_find(insn->op, (da_dtype)insn->compute, (da_dtype)insn->result);
        memcpy(arg, insn->arg, sizeof insn->arg);
        return da__op_info(insn->op)->nin;
    }
    const struct da__insn *first = &p->b->insn[DA__REF_NUMBER(insn->arg[second])];
    *strip = da__pair_find_for(da__isa_best(), first->op, insn->op, second == 1,
                               (da_dtype)insn->compute);
    arg[0] = first->arg[0];
    arg[1] = first->arg[1];
    arg[2] = insn->arg[1 - second];
    return 3;
}

void da__plan_op(struct da__planning *p, int i)
{
    struct da__step *s =
        da__plan_step(p, DA__STEP_OP, -1, da__plan_value(p->k, DA__REF(DA__REF_INSN, i)));
    da__ref arg[3];
    s->draws = da__op_info(p->b->insn[i].op)->rule >= DA__RULE_DRAW_INT64 &&
               p->b->insn[i].op != DA__OP_RANDOM_PERMUTE;
    s->nin = operands_of(p, i, arg, &s->strip);
    for (int j = 0; j < s->nin; j++)
        s->arg[j] = da__plan_value(p->k, arg[j]);
    if (da__op_is_user(p->b->insn[i].op))
        s->user = p->b->user[p->b->insn[i].compute];
    s->number = da__plan_output(p->b, i);
    s->done = p->k->nsteps - 1;
}

/* Folds that one loop can do begin with the first step and take each place once. */
static void join_folds(struct da__kernel *k, int32_t first, da_dtype compute)
{
    struct da__fold_states taken = {0};
    struct da__step *s = &k->step[first];
    for (int32_t i = first; i < k->nsteps; i++) {
        void **at = da__fold_together_place(&taken, k->step[i].red);
        if (at == NULL || *at != NULL)
            break;
        *at = s;
        s->ntogether++;
    }
    if (s->ntogether > 1)
        s->together = da__fold_together_find(compute);
}

static const struct da__fold *fold_of(const struct da__body *b, int r)
{
    const struct da__body_reduction *red = &b->reduction[r];
    return red->red == DA__RED_USER ? &da__user_fold
                                    : da__fold_find(red->red, (da_dtype)red->compute);
}

/* The folds of a value, right after it is made. */
void da__plan_folds(struct da__planning *p, int32_t value)
{
    int32_t first = p->k->nsteps;
    da_dtype compute = DA_BOOL;
    bool alike = true;
    for (int r = 0; r < p->b->nreductions; r++) {
        const struct da__body_reduction *red = &p->b->reduction[r];
        if (da__plan_value(p->k, red->value) != value)
            continue;
        struct da__step *s = da__plan_step(p, DA__STEP_FOLD, r, value);
        s->red = red->red;
        s->fold = fold_of(p->b, r);
        s->user = da__body_red_user(p->b, r);
        alike = alike && (s == &p->k->step[first] || compute == (da_dtype)red->compute);
        compute = (da_dtype)red->compute;
    }
    if (p->k->nsteps > first && alike)
        join_folds(p->k, first, compute);
}

/* Inputs and indices are fetched when they are first needed: `reg` says -2 once they are. */
void da__plan_fetch(struct da__planning *p, int32_t value)
{
    struct da__kernel *k = p->k;
    bool input = value < k->ninputs,
         index = value >= k->ninputs + k->nparams && value < k->nvalues - k->ninsns;
    if ((!input && !index) || k->value[value].reg == -2)
        return;
    k->value[value].reg = -2;
    da__plan_step(p, input ? DA__STEP_INPUT : DA__STEP_INDEX,
                  input ? value : value - k->ninputs - k->nparams, value);
    da__plan_folds(p, value);
}

static void add_ops(struct da__planning *p, bool uniform)
{
    for (int i = 0; i < p->b->ninsns; i++) {
        int32_t value = da__plan_value(p->k, DA__REF(DA__REF_INSN, i));
        if (!p->k->value[value].used || p->k->value[value].uniform != uniform ||
            p->taken_by[i] >= 0)
            continue;
        da__ref arg[3];
        da__strip_fn *strip;
        int32_t nin = operands_of(p, i, arg, &strip);
        for (int32_t j = 0; j < nin; j++)
            da__plan_fetch(p, da__plan_value(p->k, arg[j]));
        da__plan_op(p, i);
        if (!uniform)
            da__plan_folds(p, value);
    }
}

const int32_t *da__step_args(const struct da__kernel *k, const struct da__step *s, int32_t *nin)
{
    *nin = s->kind == DA__STEP_CHAIN ? k->chain[s->number].what.nargs : s->nin;
    return s->kind == DA__STEP_CHAIN ? k->chain[s->number].value : s->arg;
}

/* The last reader of every value. `release` uses the marks up, so the plan ends by marking once
 * more. */
static void mark_last(struct da__kernel *k)
{
    int32_t nin;
    for (int32_t i = 0; i < k->nsteps; i++) {
        const struct da__step *s = &k->step[i];
        const int32_t *arg = da__step_args(k, s, &nin);
        for (int32_t j = 0; j < nin; j++)
            k->value[arg[j]].last = i;
        if (s->kind == DA__STEP_FOLD || s->kind == DA__STEP_STORE)
            k->value[s->value].last = i;
    }
}

static void add_stores(struct da__planning *p)
{
    struct da__kernel *k = p->k;
    for (int r = 0; r < p->b->nreductions; r++)
        da__plan_fetch(p, da__plan_value(k, p->b->reduction[r].value));
    for (int o = 0; o < p->b->noutputs; o++)
        da__plan_fetch(p, da__plan_value(k, p->b->output[o]));
    for (int o = 0; o < p->b->noutputs; o++)
        da__plan_step(p, DA__STEP_STORE, o, da__plan_value(k, p->b->output[o]));
    mark_last(k);
}

static void release(struct da__planning *p, int32_t value, int32_t step, int32_t kept)
{
    struct da__value *v = &p->k->value[value];
    if (v->last != step || v->reg < 0)
        return;
    if (v->reg != kept)
        p->free_regs[p->nfree++] = v->reg;
    v->last = -1;
}

/* A register whose value dies here takes the result, if the loop then reads and writes elements of
 * one dtype. */
static int32_t inherit(const struct da__planning *p, int32_t step)
{
    const struct da__step *s = &p->k->step[step];
    for (int32_t j = 0; j < s->nin; j++) {
        const struct da__value *v = &p->k->value[s->arg[j]];
        if (v->last == step && v->reg >= 0 && v->dtype == p->k->value[s->value].dtype)
            return v->reg;
    }
    return -1;
}

static void assign_registers(struct da__planning *p)
{
    struct da__kernel *k = p->k;
    for (int32_t i = k->nuniform; i < k->nsteps; i++) {
        const struct da__step *s = &k->step[i];
        int32_t reg = -1;
        if (s->kind <= DA__STEP_OP) {
            reg = inherit(p, i);
            if (reg < 0)
                reg = p->nfree > 0 ? p->free_regs[--p->nfree] : k->nregs++;
            k->value[s->value].reg = reg;
        } else if (s->kind != DA__STEP_CHAIN) {
            release(p, s->value, i, -1);
        }
        int32_t nin;
        const int32_t *arg = da__step_args(k, s, &nin);
        for (int32_t j = 0; j < nin; j++)
            release(p, arg[j], i, reg);
    }
}

static int64_t nelem_within(const struct da__kernel *k, int64_t nbytes, int64_t widest,
                            int64_t least, int64_t most)
{
    int64_t n = nbytes / (widest * (k->nregs > 0 ? k->nregs : 1)) / 64 * 64;
    return n < least ? least : n > most ? most : n;
}

bool da__plan_adds_up(const struct da__body_reduction *r)
{
    return (r->red == DA__RED_SUM || r->red == DA__RED_MEAN) && r->compute == DA_FLOAT64;
}

static void size_tile(struct da__kernel *k)
{
    int64_t widest = 1;
    for (int32_t v = 0; v < k->nvalues; v++)
        if (k->value[v].used && k->value[v].nbytes > widest)
            widest = k->value[v].nbytes;
    k->tile_nelem = nelem_within(k, REGISTERS_NBYTES, widest, TILE_MIN, TILE_MAX);
    if (k->nreductions > 0) /* no leaf of a sum is cut */
        k->tile_nelem = k->tile_nelem < DA__LEAF_NELEM
                            ? DA__LEAF_NELEM
                            : k->tile_nelem / DA__LEAF_NELEM * DA__LEAF_NELEM;
    k->row_nelem = k->tile_nelem;
    k->block_nelem = nelem_within(k, SQUARES_NBYTES, widest, k->tile_nelem, SQUARE_MAX);
    k->reg_nbytes = (size_t)(k->tile_nelem * widest);
    k->row_min = ROW_MIN;
    k->block_nbytes = (size_t)(k->block_nelem * widest);
}

void da__plan_begin(struct da__planning *p, const struct da__body *b, void *memory)
{
    struct da__kernel *k = memory;
    *p = (struct da__planning){.b = b, .k = k};
    *k = (struct da__kernel){.ninputs = b->ninputs,
                             .nparams = b->nparams,
                             .ninsns = b->ninsns,
                             .noutputs = b->noutputs,
                             .nreductions = b->nreductions};
    lay_out(b, memory, k, &p->free_regs, &p->taken_by);
    for (int i = 0; i < b->ninsns; i++)
        p->taken_by[i] = -1;
    find_indices(p);
    k->nvalues = k->ninputs + k->nparams + k->nindices + k->ninsns;
    for (int r = 0; r < b->nreductions; r++) {
        k->reduction_mask[r] = b->reduction[r].mask;
        k->reduction_indexed[r] = fold_of(b, r)->indexed;
    }
    make_values(p);
    add_ops(p, true);
    k->nuniform = k->nsteps;
    for (int32_t v = 0; v < k->nvalues; v++)
        if (k->value[v].uniform)
            da__plan_folds(p, v);
}

void da__plan_end(struct da__planning *p)
{
    add_stores(p);
    assign_registers(p);
    mark_last(p->k);
    size_tile(p->k);
}

struct da__kernel *da__kernel_plan(const struct da__body *b, void *memory)
{
    struct da__planning p;
    da__plan_begin(&p, b, memory);
    da__pair_find_all(b, p.k->value + (p.k->nvalues - p.k->ninsns), p.taken_by);
    add_ops(&p, false);
    da__plan_end(&p);
    return p.k;
}
