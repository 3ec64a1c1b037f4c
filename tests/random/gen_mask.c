/* Random masks, whose true elements give arrays of a size that only computing finds out, and places in sorted arrays. Masks are leaves and
 * what is done to them exactly, so that NumPy finds as many true elements. */
#include "gen.h"

#include <math.h>
#include <string.h>

static int draw_shape(struct gen *g, int least, int64_t *shape)
{
    const struct plan_node *like = &g->plan->node[gen_pick(g)];
    int ndim = (int)gen_between(g, least, 3);
    if (like->ndim >= least && like->ndim < PLAN_DIMS && gen_percent(g, 50)) {
        memcpy(shape, like->shape, (size_t)like->ndim * sizeof *shape);
        return like->ndim;
    }
    for (int k = 0; k < ndim; k++)
        shape[k] = gen_percent(g, 5) ? 0 : gen_between(g, 1, g->big ? 60 / (2 * ndim - 1) : 12);
    return ndim;
}

int gen_truths(struct gen *g, da_dtype dtype, int ndim, const int64_t *shape, struct da__error *why)
{
    static const int percents[] = {0, 3, 30, 50, 80, 100};
    int percent = percents[gen_below(g, 6)];
    int mask = gen_array(g, dtype, ndim, shape, why);
    struct plan_node *n = &g->plan->node[mask >= 0 ? mask : 0];
    uint8_t *data = n->data;
    for (int64_t i = 0; mask >= 0 && n->dtype == DA_BOOL && i < da__nelem(ndim, shape); i++)
        data[i] = gen_percent(g, percent);
    if (mask >= 0) /* the leaf has been made of other elements: once more */
        plan_build_node(g->plan, mask, g->rt, true, g->array);
    g->lazy[mask >= 0 ? mask : 0] = g->array[mask >= 0 ? mask : 0];
    return mask;
}

static int draw_mask(struct gen *g, int ndim, const int64_t *shape, struct da__error *why)
{
    return gen_truths(g, gen_percent(g, 85) ? DA_BOOL : gen_dtype(g), ndim, shape, why);
}

/* Exact operations on a mask. */
static int draw_exact(struct gen *g, int mask, struct da__error *why)
{
    const struct plan_node *n = &g->plan->node[mask];
    if (g->plan->nnodes + 3 >= PLAN_NODES || gen_percent(g, 60))
        return mask;
    static const char *const op[] = {"logical_not", "permute_dims", "flip", "logical_not"};
    int made = (int)gen_below(g, 4);
    struct plan_node *next = gen_node(g, n->dtype == DA_BOOL ? op[made] : op[1]);
    gen_set_operand(next, "x", mask);
    return gen_finish(g, why);
}

static int draw_nonzero(struct gen *g, struct da__error *why)
{
    int64_t shape[PLAN_DIMS];
    bool flat = gen_percent(g, 60);
    int ndim = draw_shape(g, flat ? 0 : 1, shape);
    int mask = draw_mask(g, ndim, shape, why);
    if (mask >= 0)
        mask = draw_exact(g, mask, why);
    if (mask < 0)
        return mask;
    struct plan_node *n = gen_node(g, flat ? "flatnonzero" : "nonzero");
    gen_set_operand(n, "x", mask);
    if (!flat)
        gen_set_int(n, "axis", gen_between(g, -ndim, ndim - 1));
    return gen_finish(g, why);
}

/* ---- sorted arrays ---- */

static int compare(const struct da__scalar *x, const struct da__scalar *y)
{
    if (x->kind != DA__SCALAR_FLOAT)
        return (x->i > y->i) - (x->i < y->i);
    if (isnan(x->re) || isnan(y->re))
        return !!isnan(x->re) - !!isnan(y->re);
    return (x->re > y->re) - (x->re < y->re);
}

static void sort(struct plan_node *n, int64_t count)
{
    char *data = n->data, kept[16];
    size_t nbytes = da__dtype_nbytes(n->dtype);
    for (int64_t i = 1; i < count; i++) {
        struct da__scalar x, y;
        int64_t at = i;
        memcpy(kept, data + (size_t)i * nbytes, nbytes);
        da__scalar_load(kept, n->dtype, &x);
        for (; at > 0; at--) {
            da__scalar_load(data + (size_t)(at - 1) * nbytes, n->dtype, &y);
            if (compare(&x, &y) >= 0)
                break;
            memcpy(data + (size_t)at * nbytes, data + (size_t)(at - 1) * nbytes, nbytes);
        }
        memcpy(data + (size_t)at * nbytes, kept, nbytes);
    }
}

static int draw_search(struct gen *g, struct da__error *why)
{
    static const da_dtype dtypes[] = {DA_INT8,   DA_INT32,   DA_INT64,   DA_UINT8,
                                      DA_UINT32, DA_FLOAT32, DA_FLOAT64, DA_BOOL};
    int64_t extent = gen_percent(g, 10) ? 0 : gen_between(g, 1, g->big ? 600 : 25);
    int x2 = gen_pick(g);
    int x1 = gen_array(g, dtypes[gen_below(g, 8)], 1, &extent, why);
    if (x1 < 0)
        return x1;
    struct plan_node *sorted = &g->plan->node[x1];
    sort(sorted, extent);
    plan_build_node(g->plan, x1, g->rt, true, g->array);
    g->lazy[x1] = g->array[x1];
    struct plan_node *n = gen_node(g, "searchsorted");
    gen_set_operand(n, "x1", x1);
    gen_set_operand(n, "x2", x2);
    if (gen_percent(g, 60)) {
        plan_arg(n, "side")->kind = DA__ARG_TEXT;
        strcpy(plan_arg(n, "side")->text, gen_percent(g, 30) ? "left" : "right");
    }
    return gen_finish(g, why);
}

/* What a fresh mask selects along an axis of something, or of all of it. */
static int draw_compress(struct gen *g, struct da__error *why)
{
    int x = gen_pick(g);
    const struct plan_node *in = &g->plan->node[x];
    int64_t extent = da__nelem(in->ndim, in->shape);
    bool flat = in->ndim == 0 || gen_percent(g, 40);
    int axis = flat ? 0 : (int)gen_below(g, in->ndim);
    if (!flat)
        extent = in->shape[axis];
    if (gen_percent(g, 20))
        extent = gen_below(g, extent + 1);
    int mask = draw_mask(g, 1, &extent, why);
    if (mask < 0)
        return mask;
    struct plan_node *n = gen_node(g, "compress");
    gen_set_operand(n, "condition", mask);
    gen_set_operand(n, "x", x);
    if (!flat)
        gen_set_int(n, "axis", gen_percent(g, 30) ? axis - g->plan->node[x].ndim : axis);
    return gen_finish(g, why);
}

int gen_mask(struct gen *g, struct da__error *why)
{
    if (g->plan->nnodes + 4 >= PLAN_NODES)
        return -2;
    if (gen_percent(g, 35))
        return draw_compress(g, why);
    return gen_percent(g, 65) ? draw_nonzero(g, why) : draw_search(g, why);
}
