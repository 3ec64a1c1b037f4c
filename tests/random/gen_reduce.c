/* Random reductions from their table. */
#include "gen.h"

static bool has_empty(const struct plan_node *x, int naxes, const int64_t *axes)
{
    for (int k = 0; k < x->ndim; k++) {
        bool reduced = naxes < 0;
        for (int i = 0; i < naxes; i++)
            reduced |= (axes[i] + x->ndim) % x->ndim == k;
        if (reduced && x->shape[k] == 0)
            return true;
    }
    return false;
}

/* -1: all. */
static int draw_axes(struct gen *g, const struct plan_node *x, bool one, int64_t *axes)
{
    if (x->ndim == 0 || gen_percent(g, 25))
        return -1;
    for (int k = 0; k < x->ndim; k++)
        axes[k] = k;
    gen_shuffle(g, x->ndim, axes);
    int n = one ? 1 : gen_percent(g, 3) ? 0 : (int)gen_between(g, 1, x->ndim);
    for (int k = 0; k < n; k++)
        if (gen_percent(g, 30))
            axes[k] -= x->ndim;
    return n;
}

/* An explicit dtype that holds the input's values. */
static bool draw_dtype(struct gen *g, enum da__red_id red, da_dtype in, da_dtype *out)
{
    for (int attempt = 0; attempt < 6; attempt++) {
        da_dtype compute, result;
        *out = (da_dtype)gen_between(g, DA_INT8, DA_COMPLEX128);
        if (da__promote(in, *out) == *out &&
            da__red_infer(red, in, *out, &compute, &result, NULL) == DA_OK)
            return true;
    }
    return false;
}

static void draw_extras(struct gen *g, struct plan_node *n, enum da__red_id red, da_dtype in)
{
    static const double corrections[] = {0, 1, 1, 0.5, 2};
    da_dtype dtype;
    if (gen_percent(g, 60))
        gen_set_flag(n, "keepdims", gen_percent(g, 60));
    if (plan_arg(n, "correction") != NULL && gen_percent(g, 60)) {
        double c = corrections[gen_below(g, 5)];
        gen_set_number(n, "correction", (struct da__scalar){.kind = DA__SCALAR_FLOAT, .re = c});
    }
    if (plan_arg(n, "dtype") != NULL && gen_percent(g, 25) && draw_dtype(g, red, in, &dtype))
        gen_set_dtype(n, "dtype", dtype);
}

int gen_reduction(struct gen *g, struct da__error *why)
{
    enum da__red_id red = (enum da__red_id)gen_below(g, DA__NREDUCTIONS);
    int x = gen_pick(g);
    const struct plan_node *in = &g->plan->node[x];
    bool one = red == DA__RED_ARGMIN || red == DA__RED_ARGMAX;
    int64_t axes[PLAN_DIMS];
    int naxes = draw_axes(g, in, one, axes);
    da_dtype compute, result;
    if (!da__red_info(red)->has_identity && has_empty(in, naxes, axes))
        return -2;
    if (da__red_infer(red, in->dtype, DA_DTYPE_DEFAULT, &compute, &result, NULL) != DA_OK)
        return -2;
    struct plan_node *n = gen_node(g, da__red_info(red)->name);
    gen_set_operand(n, "x", x);
    if (naxes >= 0)
        gen_set_ints(n, "axis", naxes, axes);
    draw_extras(g, n, red, in->dtype);
    return gen_finish(g, why);
}
