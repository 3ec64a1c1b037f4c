/* Random reshapes, tiles and repeats: shapes of as many elements (one extent at times left to be found), with and without a
 * distribution of their own, zero and one among extents and counts. */
#include "gen.h"

/* Another shape of as many elements: prime factors thrown onto axes; without elements, any extents with a 0 among them. */
static int other_shape(struct gen *g, const struct plan_node *in, int64_t *shape)
{
    int64_t total = da__nelem(in->ndim, in->shape);
    int ndim = (int)gen_between(g, total == 1 && gen_percent(g, 30) ? 0 : 1, PLAN_DIMS - 1);
    int ones = (int)gen_between(g, 0, 1); /* some axes may stay 1 */
    for (int k = 0; k < ndim; k++)
        shape[k] = total == 0 ? gen_between(g, 0, 4) : 1;
    if (total == 0)
        shape[gen_below(g, ndim)] = 0;
    for (int64_t p = 2; total > 1;)
        if (total % p == 0) {
            shape[ndim > 1 && ones ? gen_between(g, 1, ndim - 1) : gen_below(g, ndim)] *= p;
            total /= p;
        } else
            p++;
    return ndim;
}

/* The shape as it is, joined neighbours of it, or any other. */
static int draw_shape(struct gen *g, const struct plan_node *in, int64_t *shape)
{
    int chance = (int)gen_below(g, 100), ndim = 0;
    if (chance < 60)
        return other_shape(g, in, shape);
    for (int k = 0; k < in->ndim; k++)
        if (ndim > 0 && gen_percent(g, 50))
            shape[ndim - 1] *= in->shape[k];
        else
            shape[ndim++] = in->shape[k];
    if (chance < 75 && ndim < PLAN_DIMS - 1)
        shape[ndim++] = 1;
    return ndim;
}

static int draw_reshape(struct gen *g, int x, struct da__error *why)
{
    const struct plan_node *in = &g->plan->node[x];
    int64_t shape[PLAN_DIMS];
    int ndim = draw_shape(g, in, shape);
    struct plan_node *n = gen_node(g, "reshape");
    gen_set_operand(n, "x", x);
    if (gen_percent(g, 40)) {
        struct plan_arg *dist = plan_arg(n, "dist");
        dist->kind = DA__ARG_DIST;
        dist->dist = gen_dist(g, ndim, shape);
    }
    if (ndim > 0 && gen_percent(g, 25)) {
        int free = (int)gen_below(g, ndim);
        int64_t extent = shape[free];
        shape[free] = 1;
        shape[free] = da__nelem(ndim, shape) > 0 ? -1 : extent; /* beside a 0 it cannot be found */
    }
    gen_set_ints(n, "shape", ndim, shape);
    return gen_finish(g, why);
}

static int draw_tile(struct gen *g, int x, struct da__error *why)
{
    const struct plan_node *in = &g->plan->node[x];
    int64_t times[PLAN_DIMS], total = da__nelem(in->ndim, in->shape);
    int count = (int)gen_between(g, 0, PLAN_DIMS - 1);
    for (int k = 0; k < count; k++) {
        times[k] = gen_percent(g, 50) ? 1 : gen_between(g, gen_percent(g, 8) ? 0 : 1, 4);
        total *= times[k];
    }
    if (total > PLAN_ELEMENTS)
        return -2;
    struct plan_node *n = gen_node(g, "tile");
    gen_set_operand(n, "x", x);
    gen_set_ints(n, "repetitions", count, times);
    return gen_finish(g, why);
}

static int draw_repeat(struct gen *g, int x, struct da__error *why)
{
    const struct plan_node *in = &g->plan->node[x];
    int64_t repeats = gen_between(g, gen_percent(g, 10) ? 0 : 1, 4);
    if (repeats * da__nelem(in->ndim, in->shape) > PLAN_ELEMENTS)
        return -2;
    struct plan_node *n = gen_node(g, "repeat");
    gen_set_operand(n, "x", x);
    *plan_arg(n, "repeats") =
        (struct plan_arg){.kind = DA__ARG_OPERAND,
                          .node = -1,
                          .scalar = {.kind = DA__SCALAR_INT, .i = repeats, .re = (double)repeats}};
    if (in->ndim > 0 && gen_percent(g, 75))
        gen_set_int(n, "axis", gen_between(g, -in->ndim, in->ndim - 1));
    return gen_finish(g, why);
}

int gen_reshape(struct gen *g, struct da__error *why)
{
    int chance = (int)gen_below(g, 100), x = gen_pick(g);
    if (chance < 70)
        return draw_reshape(g, x, why);
    return chance < 85 ? draw_tile(g, x, why) : draw_repeat(g, x, why);
}
