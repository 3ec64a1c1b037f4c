/* Random elementwise operators from their table, over arrays that broadcast together and Python-like scalars. */
#include "gen.h"

#include <string.h>

/* An array that broadcasts with `x`: some axes left out in front, some of extent 1, at times more axes. */
static int new_partner(struct gen *g, int x, da_dtype dtype, struct da__error *why)
{
    const struct plan_node *n = &g->plan->node[x];
    int64_t shape[PLAN_DIMS];
    int skip = gen_percent(g, 30) ? (int)gen_between(g, 0, n->ndim) : 0, ndim = 0;
    if (skip == 0 && n->ndim < 3 && da__nelem(n->ndim, n->shape) < 200 && gen_percent(g, 10))
        shape[ndim++] = gen_between(g, 1, 5);
    for (int k = skip; k < n->ndim; k++)
        shape[ndim++] = gen_percent(g, 15) ? 1 : n->shape[k];
    return gen_array(g, dtype, ndim, shape, why);
}

static bool fits(struct gen *g, int count, const int *node, int next)
{
    int64_t shape[DA_MAX_NDIM];
    int ndim = 0;
    for (int k = 0; k <= count; k++) {
        const struct plan_node *n = &g->plan->node[k < count ? node[k] : next];
        if (n->ndim > 0 && da__broadcast(&ndim, shape, n->ndim, n->shape, "pick", NULL) != DA_OK)
            return false;
    }
    return ndim <= PLAN_DIMS - 1 && da__nelem(ndim, shape) <= PLAN_ELEMENTS;
}

/* A node that broadcasts with those chosen; -1: none found. */
static int pick_partner(struct gen *g, int count, const int *node)
{
    for (int attempt = 0; attempt < 12; attempt++) {
        int next = gen_pick(g);
        if (fits(g, count, node, next))
            return next;
    }
    return -1;
}

struct draft {
    enum da__op_id op;
    int nin;
    bool scalar[3];
    struct da__scalar value[3];
    int node[3];
};

static bool accepted(struct gen *g, const struct draft *d)
{
    struct da__operand_type type[3];
    uint8_t bytes[16];
    da_dtype compute, result;
    for (int k = 0; k < d->nin; k++)
        type[k] = d->scalar[k]
                      ? (struct da__operand_type){.weak = true, .kind = d->value[k].kind}
                      : (struct da__operand_type){.dtype = g->plan->node[d->node[k]].dtype};
    if (da__op_infer(d->op, d->nin, type, DA_DTYPE_DEFAULT, &compute, &result, NULL) != DA_OK)
        return false;
    for (int k = 0; k < d->nin; k++)
        if (d->scalar[k] &&
            !da__scalar_store(&d->value[k], da__op_input_dtype(d->op, k, compute), bytes))
            return false;
    return true;
}

/* Which operands are scalars, and their values; at least one is an array. */
static void draw_scalars(struct gen *g, struct draft *d)
{
    int arrays = 0;
    for (int k = 0; k < d->nin; k++) {
        d->scalar[k] = d->nin > 1 && gen_percent(g, 35);
        d->value[k] = gen_scalar(g);
        arrays += !d->scalar[k];
    }
    if (arrays == 0)
        d->scalar[gen_below(g, d->nin)] = false;
}

/* Operator and operands that the table accepts; arrays are picked among the existing ones. */
static bool draw_draft(struct gen *g, struct draft *d)
{
    for (int attempt = 0; attempt < 60; attempt++) {
        int chosen[3], n = 0;
        bool found = true;
        d->op = (enum da__op_id)gen_below(g, DA__NELEMENTWISE);
        d->nin = da__op_info(d->op)->nin;
        if (d->op == DA__OP_ASTYPE)
            continue;
        draw_scalars(g, d);
        for (int k = 0; k < d->nin && found; k++) {
            if (d->scalar[k])
                continue;
            d->node[k] = pick_partner(g, n, chosen);
            found = d->node[k] >= 0;
            chosen[n++] = d->node[k];
        }
        if (found && accepted(g, d))
            return true;
    }
    return false;
}

static struct plan_node *start(struct gen *g, const struct draft *d)
{
    struct plan_node *n = gen_node(g, da__op_info(d->op)->name);
    for (int k = 0; k < d->nin; k++) {
        n->arg[k].kind = DA__ARG_OPERAND;
        n->arg[k].node = d->scalar[k] ? -1 : d->node[k];
        n->arg[k].scalar = d->value[k];
    }
    return n;
}

/* One operand is replaced by a new array of the same dtype that broadcasts with it, so that shapes differ often. */
static bool renew_operand(struct gen *g, struct draft *d, struct da__error *why)
{
    int k = (int)gen_below(g, d->nin);
    if (d->scalar[k] || g->plan->nnodes + 2 >= PLAN_NODES)
        return true;
    int fresh = new_partner(g, d->node[k], g->plan->node[d->node[k]].dtype, why);
    int others[3], n = 0;
    if (fresh < 0)
        return false;
    for (int i = 0; i < d->nin; i++)
        if (!d->scalar[i] && i != k)
            others[n++] = d->node[i];
    if (fits(g, n, others, fresh))
        d->node[k] = fresh;
    return true;
}

int gen_elementwise(struct gen *g, struct da__error *why)
{
    struct draft d;
    if (!draw_draft(g, &d))
        return -2;
    if (d.nin > 1 && gen_percent(g, 40) && !renew_operand(g, &d, why))
        return -1;
    start(g, &d);
    return gen_finish(g, why);
}

int gen_astype(struct gen *g, struct da__error *why)
{
    int x = gen_pick(g);
    struct plan_node *n = gen_node(g, "astype");
    gen_set_operand(n, "x", x);
    gen_set_dtype(n, "dtype", gen_dtype(g));
    return gen_finish(g, why);
}

bool gen_other_scalars(uint64_t seed, struct plan *plan)
{
    struct gen g = {.state = seed, .plan = plan};
    bool found = false;
    for (int i = 0; i < plan->nnodes; i++) {
        struct plan_node *n = &plan->node[i];
        enum da__op_id op;
        if (!da__op_find(n->call->name, &op) || op == DA__OP_ASTYPE)
            continue;
        struct draft d = {.op = op, .nin = n->call->nparams};
        for (int k = 0; k < d.nin; k++) {
            d.scalar[k] = n->arg[k].node < 0;
            d.node[k] = n->arg[k].node;
            d.value[k] = n->arg[k].scalar;
        }
        for (int k = 0; k < d.nin; k++) {
            struct da__scalar other = gen_scalar(&g);
            d.value[k] = other.kind == d.value[k].kind ? other : d.value[k];
            if (d.scalar[k] && other.kind == n->arg[k].scalar.kind && accepted(&g, &d)) {
                n->arg[k].scalar = other;
                found = true;
            }
            d.value[k] = n->arg[k].scalar;
        }
    }
    return found;
}
