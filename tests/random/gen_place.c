/* Random rebalancing, and redistribution under another shape. */
#include "gen.h"

int gen_rebalance(struct gen *g, struct da__error *why)
{
    int x = gen_pick(g);
    struct plan_node *n = gen_node(g, "rebalance");
    gen_set_operand(n, "x", x);
    return gen_finish(g, why);
}

/* A shape with as many elements: divisors at random, the rest last; one extent may be left to the library. */
static int draw_shape(struct gen *g, int64_t nelem, int64_t *shape)
{
    int ndim = (int)gen_between(g, 1, PLAN_DIMS < 3 ? PLAN_DIMS : 3);
    for (int k = 0; k < ndim - 1; k++) {
        int64_t by = gen_between(g, 1, 8);
        while (nelem % by != 0)
            by--;
        shape[k] = by;
        nelem /= by;
    }
    shape[ndim - 1] = nelem;
    if (nelem > 0 && gen_percent(g, 20))
        shape[gen_below(g, ndim)] = -1;
    return ndim;
}

int gen_distribute_as(struct gen *g, struct da__error *why)
{
    int x = gen_pick(g);
    int64_t shape[PLAN_DIMS], full[PLAN_DIMS], nelem = 1, known = 1;
    const struct plan_node *from = &g->plan->node[x];
    for (int k = 0; k < from->ndim; k++)
        nelem *= from->shape[k];
    int ndim = draw_shape(g, nelem, shape);
    for (int k = 0; k < ndim; k++)
        known *= shape[k] >= 0 ? shape[k] : 1;
    for (int k = 0; k < ndim; k++)
        full[k] = shape[k] >= 0 ? shape[k] : nelem / known;
    struct plan_node *n = gen_node(g, "distribute_as");
    gen_set_operand(n, "x", x);
    gen_set_ints(n, "shape", ndim, shape);
    struct plan_dist *d = gen_dist(g, ndim, full);
    if (d != NULL) {
        plan_arg(n, "dist")->kind = DA__ARG_DIST;
        plan_arg(n, "dist")->dist = d;
    }
    return gen_finish(g, why);
}
