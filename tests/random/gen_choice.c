/* Random selections by a mask of the same shape, repeats by counts, and grids of vectors. */
#include "gen.h"

#include <string.h>

static int draw_extract(struct gen *g, int x, struct da__error *why)
{
    const struct plan_node *in = &g->plan->node[x];
    int mask = gen_truths(g, DA_BOOL, in->ndim, in->shape, why);
    if (mask < 0)
        return mask;
    struct plan_node *n = gen_node(g, "extract");
    gen_set_operand(n, "condition", mask);
    gen_set_operand(n, "x", x);
    return gen_finish(g, why);
}

/* Small counts, one for each of n elements or one for all. */
static int draw_counts(struct gen *g, int64_t n, struct da__error *why)
{
    static const da_dtype dtypes[] = {DA_INT64, DA_INT64, DA_INT8, DA_UINT8, DA_INT32, DA_BOOL};
    da_dtype dtype = dtypes[gen_below(g, 6)];
    size_t nbytes = da__dtype_nbytes(dtype);
    int ndim = gen_percent(g, 5) ? 0 : 1;
    int64_t shape[1] = {gen_percent(g, 10) ? 1 : n}, count = ndim > 0 ? shape[0] : 1;
    int64_t most = dtype == DA_BOOL ? 1 : gen_below(g, 4);
    char *data = test_alloc((size_t)count * nbytes + 1);
    for (int64_t k = 0; k < count; k++) {
        int64_t times = gen_between(g, 0, most);
        memcpy(data + (size_t)k * nbytes, &times, nbytes);
    }
    return gen_given(g, dtype, ndim, shape, data, why);
}

static int draw_repeat(struct gen *g, int x, struct da__error *why)
{
    const struct plan_node *in = &g->plan->node[x];
    int64_t nelem = da__nelem(in->ndim, in->shape);
    bool flat = in->ndim == 0 || gen_percent(g, 25);
    int axis = flat ? 0 : (int)gen_below(g, in->ndim);
    if (3 * nelem > PLAN_ELEMENTS)
        return -2;
    int counts = draw_counts(g, flat ? nelem : in->shape[axis], why);
    if (counts < 0)
        return counts;
    struct plan_node *n = gen_node(g, "repeat");
    gen_set_operand(n, "x", x);
    gen_set_operand(n, "repeats", counts);
    if (!flat)
        gen_set_int(n, "axis", gen_percent(g, 30) ? axis - g->plan->node[x].ndim : axis);
    return gen_finish(g, why);
}

static int draw_mesh(struct gen *g, struct da__error *why)
{
    struct plan_arg list = {.kind = DA__ARG_ARRAYS, .nlist = (int)gen_between(g, 1, 3)};
    int64_t nelem = 1;
    for (int k = 0; k < list.nlist; k++) {
        int64_t shape[1] = {gen_between(g, 0, 9)};
        list.list[k] = gen_pick(g);
        if (g->plan->node[list.list[k]].ndim > 1)
            list.list[k] = gen_array(g, gen_dtype(g), (int)gen_between(g, 0, 1), shape, why);
        if (list.list[k] < 0)
            return -1;
        const struct plan_node *in = &g->plan->node[list.list[k]];
        nelem *= da__nelem(in->ndim, in->shape);
    }
    if (nelem > PLAN_ELEMENTS)
        return -2;
    struct plan_node *n = gen_node(g, "meshgrid");
    *plan_arg(n, "arrays") = list;
    gen_set_int(n, "output", gen_below(g, list.nlist));
    if (gen_percent(g, 60)) {
        plan_arg(n, "indexing")->kind = DA__ARG_TEXT;
        strcpy(plan_arg(n, "indexing")->text, gen_percent(g, 30) ? "xy" : "ij");
    }
    return gen_finish(g, why);
}

int gen_choice(struct gen *g, struct da__error *why)
{
    int chance = (int)gen_below(g, 100), x = gen_pick(g);
    if (g->plan->nnodes + 5 >= PLAN_NODES)
        return -2;
    if (chance < 40)
        return draw_extract(g, x, why);
    return chance < 80 ? draw_repeat(g, x, why) : draw_mesh(g, why);
}
