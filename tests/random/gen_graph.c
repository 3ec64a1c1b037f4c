/* A whole random graph: nodes one after another, and what is asked of it. */
#include "gen.h"

#include <string.h>

/* ---- nodes ---- */

struct plan_node *gen_node(struct gen *g, const char *op)
{
    struct plan_node *n = &g->plan->node[g->plan->nnodes];
    memset(n, 0, sizeof *n);
    n->call = gen_callable(op);
    return n;
}

void gen_set_operand(struct plan_node *n, const char *param, int node)
{
    struct plan_arg *a = plan_arg(n, param);
    a->kind = DA__ARG_OPERAND;
    a->node = node;
}

void gen_set_number(struct plan_node *n, const char *param, struct da__scalar value)
{
    struct plan_arg *a = plan_arg(n, param);
    a->kind = DA__ARG_NUMBER;
    a->scalar = value;
}

void gen_set_int(struct plan_node *n, const char *param, int64_t value)
{
    gen_set_number(n, param,
                   (struct da__scalar){.kind = DA__SCALAR_INT, .i = value, .re = (double)value});
    plan_arg(n, param)->kind = DA__ARG_INT;
}

void gen_set_ints(struct plan_node *n, const char *param, int count, const int64_t *value)
{
    struct plan_arg *a = plan_arg(n, param);
    a->kind = DA__ARG_INTS;
    a->nints = count;
    for (int k = 0; k < count; k++)
        a->ints[k] = value[k];
}

void gen_set_dtype(struct plan_node *n, const char *param, da_dtype dtype)
{
    struct plan_arg *a = plan_arg(n, param);
    a->kind = DA__ARG_DTYPE;
    a->dtype = dtype;
}

void gen_set_flag(struct plan_node *n, const char *param, bool flag)
{
    struct plan_arg *a = plan_arg(n, param);
    a->kind = DA__ARG_BOOL;
    a->flag = flag;
}

/* Whether the operation, as it will be built, reads an array of unknown size and cannot. */
static bool cannot_wait(const struct gen *g, struct plan_node *n)
{
    bool unsized = false;
    for (int k = 0; plan_input(n, k) != NULL; k++)
        unsized |= g->lazy[*plan_input(n, k)]->unsized;
    return unsized && n->call->op < 0 && !da__takes_unsized(n->call->name);
}

/* Builds the node begun last, and once more over inputs that nobody has computed. */
static const struct da__error *build(struct gen *g, int i)
{
    struct da__error err = {.engine = -1};
    plan_build_node(g->plan, i, g->rt, true, g->array);
    g->lazy[i] = g->array[i];
    const struct da__error *cause = da__node_error(g->array[i]);
    if (cause != NULL || plan_input(&g->plan->node[i], 0) == NULL)
        return cause;
    plan_build_node(g->plan, i, g->rt, true, g->lazy);
    cause = da__node_error(g->lazy[i]);
    if (cause == NULL && g->array[i]->unsized &&
        da__runtime_size(g->rt, 1, &g->array[i], &err) != DA_OK)
        return da__node_error(g->array[i] = da__make_poison(da__runtime_graph(g->rt), &err));
    return cause;
}

int gen_finish(struct gen *g, struct da__error *why)
{
    int i = g->plan->nnodes;
    struct plan_node *n = &g->plan->node[i];
    if (cannot_wait(g, n)) {
        for (int k = 0; k < PLAN_ARGS; k++)
            plan_dist_free(n->arg[k].dist);
        memset(n, 0, sizeof *n);
        return -2;
    }
    g->plan->nnodes++;
    const struct da__error *cause = build(g, i);
    const da_array *a = g->array[i];
    if (cause != NULL) {
        *why = *cause;
        n->target = true;
        return -1;
    }
    n->dtype = a->dtype;
    n->ndim = a->ndim;
    for (int k = 0; k < a->ndim && k < PLAN_DIMS; k++)
        n->shape[k] = a->shape[k];
    g->read[i] = false;
    for (int k = 0; plan_input(n, k) != NULL; k++)
        g->read[*plan_input(n, k)] = true;
    return i;
}

int gen_pick(struct gen *g)
{
    int n = g->plan->nnodes, chance = (int)gen_below(g, 100);
    if (chance < 35)
        return n - 1;
    for (int attempt = 0; chance < 70 && attempt < 4; attempt++) {
        int k = (int)gen_below(g, n);
        if (!g->read[k])
            return k;
    }
    return (int)gen_below(g, n);
}

/* ---- the graph ---- */

static int draw_node(struct gen *g, struct da__error *why)
{
    static const struct {
        int weight;
        int (*draw)(struct gen *g, struct da__error *why);
    } kind[] = {
        {36, gen_elementwise}, {14, gen_view},     {16, gen_join},         {6, gen_reshape},
        {10, gen_reduction},   {6, gen_mask},      {6, gen_along},         {8, gen_get},
        {4, gen_redistribute}, {1, gen_rebalance}, {1, gen_distribute_as}, {3, gen_astype},
        {5, gen_leaf},         {4, gen_choice},    {2, gen_permutation},   {4, gen_shift},
        {8, gen_product},      {8, gen_user},
    };
    enum { NKINDS = sizeof kind / sizeof kind[0] };
    int total = 0, k = 0;
    for (int i = 0; i < NKINDS; i++)
        total += kind[i].weight;
    int chance = (int)gen_below(g, total);
    while (chance >= kind[k].weight)
        chance -= kind[k++].weight;
    return kind[k].draw(g, why);
}

/* Results nobody reads, and some others. */
static void draw_targets(struct gen *g)
{
    for (int i = 0; i < g->plan->nnodes; i++) {
        struct plan_node *n = &g->plan->node[i];
        n->target = !g->read[i] || gen_percent(g, 12);
        n->kept = !n->target && gen_percent(g, 10);
        n->early = !n->target && !n->kept && gen_percent(g, 6);
    }
}

bool gen_graph(uint64_t seed, struct da__runtime *rt, struct plan *plan, struct da__error *why)
{
    struct gen g = {.state = seed * UINT64_C(0x2545f4914f6cdd1d), .plan = plan, .rt = rt};
    memset(plan, 0, sizeof *plan);
    plan->engines = da__runtime_nengines(rt);
    g.big = gen_percent(&g, 8);
    int leaves = (int)gen_between(&g, 1, 3),
        nodes = leaves + (int)gen_between(&g, 1, gen_percent(&g, 20) ? 24 : 10);
    for (int attempt = 0; plan->nnodes < nodes && plan->nnodes + 3 < PLAN_NODES && attempt < 200;
         attempt++) {
        int made = plan->nnodes < leaves ? gen_leaf(&g, why) : draw_node(&g, why);
        if (made == -1)
            return false;
    }
    draw_targets(&g);
    return true;
}
