/* Random arrays of the library's own numbers, and permutations. */
#include "gen.h"

static struct da__scalar real_scalar(double x)
{
    return (struct da__scalar){.kind = DA__SCALAR_FLOAT, .re = x};
}

static void set_key(struct gen *g, struct plan_node *n)
{
    gen_set_int(n, "seed", gen_percent(g, 80) ? gen_between(g, 0, 9) : (int64_t)gen_bits(g) / 2);
    if (gen_percent(g, 50))
        gen_set_int(n, "stream",
                    gen_percent(g, 80) ? gen_between(g, 0, 3) : (int64_t)gen_bits(g) / 2);
}

static void set_range(struct gen *g, struct plan_node *n)
{
    int64_t low = gen_between(g, -6, 6);
    gen_set_number(n, "low", real_scalar((double)low / 4));
    gen_set_number(n, "high", real_scalar((double)(low + gen_between(g, 0, 20)) / 4));
}

static void set_integers(struct gen *g, struct plan_node *n)
{
    static const int64_t most[] = {127, 32767, INT32_MAX,  INT64_MAX,
                                   255, 65535, UINT32_MAX, INT64_MAX};
    int kind = (int)gen_below(g, 8);
    int64_t high = gen_percent(g, 70) ? gen_between(g, 1, 20) : most[kind];
    bool all = kind < 4 && gen_percent(g, 20);
    gen_set_int(n, "low",
                all                              ? -most[kind]
                : kind < 4 && gen_percent(g, 50) ? -gen_between(g, 0, 9)
                                                 : 0);
    gen_set_int(n, "high", all ? most[kind] : high);
    gen_set_dtype(n, "dtype", (da_dtype)(DA_INT8 + kind));
    if (gen_percent(g, 50))
        gen_set_flag(n, "endpoint", gen_percent(g, 50));
}

int gen_random(struct gen *g, struct da__error *why)
{
    static const char *const op[] = {"uniform", "normal", "integers", "exponential"};
    struct plan_node *n = gen_node(g, op[gen_below(g, 4)]);
    int64_t shape[PLAN_DIMS];
    int ndim = gen_shape(g, shape);
    gen_set_ints(n, "shape", ndim, shape);
    set_key(g, n);
    if (plan_is(n, "integers"))
        set_integers(g, n);
    else if (gen_percent(g, 50))
        gen_set_dtype(n, "dtype", gen_percent(g, 60) ? DA_FLOAT32 : DA_FLOAT64);
    if (plan_is(n, "uniform") && gen_percent(g, 50))
        set_range(g, n);
    if (plan_is(n, "normal") && gen_percent(g, 50))
        gen_set_number(n, "std", real_scalar((double)gen_between(g, 0, 9) / 4));
    if (plan_is(n, "normal") && gen_percent(g, 50))
        gen_set_number(n, "mean", real_scalar((double)gen_between(g, -9, 9) / 4));
    if (plan_is(n, "exponential") && gen_percent(g, 50))
        gen_set_number(n, "scale", real_scalar((double)gen_between(g, 0, 9) / 4));
    gen_set_dist(g, n, ndim, shape);
    return gen_finish(g, why);
}

int gen_permutation(struct gen *g, struct da__error *why)
{
    int x = gen_pick(g);
    struct plan_node *n = gen_node(g, "permutation");
    int ndim = g->plan->node[x].ndim;
    if (ndim > 0 && gen_percent(g, 70)) {
        gen_set_operand(n, "x", x);
        if (gen_percent(g, 70))
            gen_set_int(n, "axis", gen_between(g, -ndim, ndim - 1));
    } else {
        int64_t count = gen_percent(g, 10) ? gen_between(g, 0, 1)
                                           : gen_between(g, 2, gen_percent(g, 20) ? 3000 : 40);
        gen_set_operand(n, "x", -1);
        plan_arg(n, "x")->scalar =
            (struct da__scalar){.kind = DA__SCALAR_INT, .i = count, .re = (double)count};
        gen_set_dist(g, n, 1, &count);
    }
    set_key(g, n);
    return gen_finish(g, why);
}
