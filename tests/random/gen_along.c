/* Random sorting and running sums along an axis. */
#include "gen.h"

static void draw_axis(struct gen *g, struct plan_node *n, int ndim)
{
    int64_t axis = gen_below(g, ndim);
    gen_set_int(n, "axis", gen_percent(g, 30) ? axis - ndim : axis);
}

static int draw_sort(struct gen *g, int x, struct da__error *why)
{
    int ndim = g->plan->node[x].ndim;
    if (ndim == 0)
        return -2;
    struct plan_node *n = gen_node(g, gen_percent(g, 50) ? "sort" : "argsort");
    gen_set_operand(n, "x", x);
    if (gen_percent(g, 75))
        draw_axis(g, n, ndim);
    if (gen_percent(g, 60))
        gen_set_flag(n, "descending", gen_percent(g, 60));
    if (gen_percent(g, 20))
        gen_set_flag(n, "stable", gen_percent(g, 50));
    return gen_finish(g, why);
}

/* An explicit dtype that holds the input's values. */
static void draw_dtype(struct gen *g, struct plan_node *n, da_dtype in)
{
    da_dtype compute, result, dtype = (da_dtype)gen_between(g, DA_INT8, DA_COMPLEX128);
    if (da__promote(in, dtype) == dtype &&
        da__red_infer(DA__RED_SUM, in, dtype, &compute, &result, NULL) == DA_OK)
        gen_set_dtype(n, "dtype", dtype);
}

static int draw_cumulative(struct gen *g, int x, struct da__error *why)
{
    const struct plan_node *in = &g->plan->node[x];
    struct plan_node *n = gen_node(g, gen_percent(g, 60) ? "cumulative_sum" : "cumulative_prod");
    gen_set_operand(n, "x", x);
    if (in->ndim > 0 && gen_percent(g, in->ndim == 1 ? 50 : 85))
        draw_axis(g, n, in->ndim);
    if (gen_percent(g, 40))
        draw_dtype(g, n, in->dtype);
    if (gen_percent(g, 50))
        gen_set_flag(n, "include_initial", gen_percent(g, 70));
    return gen_finish(g, why);
}

int gen_along(struct gen *g, struct da__error *why)
{
    int x = gen_pick(g);
    return gen_percent(g, 60) ? draw_sort(g, x, why) : draw_cumulative(g, x, why);
}
