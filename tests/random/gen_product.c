/* Random products of matrices, and sums over any pairs of axes. */
#include "gen.h"

static bool few(int ndim, const int64_t *shape)
{
    return ndim <= PLAN_DIMS && da__nelem(ndim, shape) <= PLAN_ELEMENTS;
}

static int64_t draw_extent(struct gen *g)
{
    return gen_percent(g, 4) ? 0 : gen_percent(g, 8) ? 1 : gen_between(g, 1, g->big ? 70 : 12);
}

/* Another operand: a leaf, now and then of x's dtype. */
static int leaf(struct gen *g, int x, int ndim, const int64_t *shape, struct da__error *why)
{
    if (!few(ndim, shape))
        return -2;
    da_dtype dtype = gen_percent(g, 50) ? g->plan->node[x].dtype : gen_dtype(g);
    return gen_array(g, dtype, ndim, shape, why);
}

/* The matrix seen transposed. */
static int transposed(struct gen *g, int y, struct da__error *why)
{
    struct plan_node *n = gen_node(g, "matrix_transpose");
    gen_set_operand(n, "x", y);
    return gen_finish(g, why);
}

/* ---- matmul ---- */

/* A leaf that multiplies x from the right (or the left) in memory as `turned` says. */
static int partner(struct gen *g, int x, int64_t k, bool right, bool turned, struct da__error *why)
{
    const struct plan_node *in = &g->plan->node[x];
    int64_t shape[PLAN_DIMS], other = draw_extent(g);
    int ndim = 0, batch = in->ndim > 2 ? in->ndim - 2 : 0;
    if (!turned && gen_percent(g, 20))
        return leaf(g, x, 1, &k, why);
    int skip = gen_percent(g, 50) ? batch : (int)gen_between(g, 0, batch);
    for (int b = skip; b < batch; b++)
        shape[ndim++] = gen_percent(g, 25) ? 1 : in->shape[b];
    if (batch == 0 && gen_percent(g, 15))
        shape[ndim++] = gen_between(g, 1, 4);
    shape[ndim++] = right != turned ? k : other;
    shape[ndim++] = right != turned ? other : k;
    int64_t nelem = da__nelem(in->ndim, in->shape) * (ndim > batch + 2 ? shape[0] : 1);
    if (k > 0 && nelem / k * other > PLAN_ELEMENTS)
        return -2;
    return leaf(g, x, ndim, shape, why);
}

static int draw_matmul(struct gen *g, int x, struct da__error *why)
{
    const struct plan_node *in = &g->plan->node[x];
    if (in->ndim == 0 || in->ndim > PLAN_DIMS - 1)
        return -2;
    bool right = gen_percent(g, 60), turned = gen_percent(g, 30);
    bool own_flag = in->ndim > 1 && gen_percent(g, 15);
    int64_t k = in->shape[in->ndim - 1];
    if (in->ndim > 1 && right == own_flag)
        k = in->shape[in->ndim - 2];
    int y = partner(g, x, k, right, turned, why);
    if (y < 0)
        return y;
    bool flag = turned && gen_percent(g, 50);
    if (turned && !flag && (y = transposed(g, y, why)) < 0)
        return y;
    struct plan_node *n = gen_node(g, "matmul");
    gen_set_operand(n, "x1", right ? x : y);
    gen_set_operand(n, "x2", right ? y : x);
    if (own_flag)
        gen_set_flag(n, right ? "transpose1" : "transpose2", true);
    if (flag)
        gen_set_flag(n, right ? "transpose2" : "transpose1", true);
    return gen_finish(g, why);
}

/* A matrix times its own transpose, or the other way round. */
static int draw_square(struct gen *g, int x, struct da__error *why)
{
    const struct plan_node *in = &g->plan->node[x];
    if (in->ndim < 2 || in->ndim > PLAN_DIMS - 1 || !few(in->ndim, in->shape))
        return -2;
    int64_t rows = in->shape[in->ndim - 2], columns = in->shape[in->ndim - 1];
    int64_t nelem = da__nelem(in->ndim, in->shape);
    if (nelem > 0 && nelem / columns * rows > PLAN_ELEMENTS)
        return -2;
    if (nelem > 0 && nelem / rows * columns > PLAN_ELEMENTS)
        return -2;
    int y = transposed(g, x, why);
    if (y < 0)
        return y;
    struct plan_node *n = gen_node(g, "matmul");
    bool first = gen_percent(g, 50);
    gen_set_operand(n, "x1", first ? x : y);
    gen_set_operand(n, "x2", first ? y : x);
    return gen_finish(g, why);
}

/* ---- tensordot ---- */

static int draw_tensordot(struct gen *g, int x, struct da__error *why)
{
    const struct plan_node *in = &g->plan->node[x];
    int64_t order[PLAN_DIMS], place[PLAN_DIMS], shape[PLAN_DIMS], axes[PLAN_DIMS + 1];
    int most = in->ndim < 3 ? in->ndim : 3, n = (int)gen_between(g, 0, most);
    int ndim = n + (int)gen_between(g, 0, 2);
    if (ndim > PLAN_DIMS || in->ndim + ndim - 2 * n > PLAN_DIMS)
        return -2;
    for (int k = 0; k < in->ndim; k++)
        order[k] = k;
    for (int k = 0; k < ndim; k++) {
        place[k] = k;
        shape[k] = gen_between(g, 1, 6);
    }
    if (gen_percent(g, 60))
        gen_shuffle(g, in->ndim, order);
    if (gen_percent(g, 60))
        gen_shuffle(g, ndim, place);
    double nelem = (double)da__nelem(in->ndim, in->shape);
    for (int k = 0; k < n; k++) {
        axes[k] = gen_percent(g, 30) ? order[k] - in->ndim : order[k];
        axes[n + k] = place[k];
        shape[place[k]] = in->shape[order[k]];
        nelem /= in->shape[order[k]] > 0 ? (double)in->shape[order[k]] : 1;
    }
    for (int k = n; k < ndim; k++)
        nelem *= (double)shape[place[k]];
    int y = nelem <= PLAN_ELEMENTS ? leaf(g, x, ndim, shape, why) : -2;
    if (y < 0)
        return y;
    struct plan_node *node = gen_node(g, "tensordot");
    gen_set_operand(node, "x1", x);
    gen_set_operand(node, "x2", y);
    gen_set_ints(node, "axes", 2 * n, axes);
    plan_arg(node, "axes")->kind = DA__ARG_DATA;
    return gen_finish(g, why);
}

/* ---- the others ---- */

static int draw_vecdot(struct gen *g, int x, struct da__error *why)
{
    const struct plan_node *in = &g->plan->node[x];
    int64_t shape[PLAN_DIMS];
    if (in->ndim == 0)
        return -2;
    int64_t axis = gen_percent(g, 50) ? -1 : gen_between(g, -in->ndim, -1);
    int skip = (int)gen_between(g, 0, in->ndim + axis), ndim = 0;
    for (int k = skip; k < in->ndim; k++)
        shape[ndim++] = k != in->ndim + axis && gen_percent(g, 20) ? 1 : in->shape[k];
    int y = leaf(g, x, ndim, shape, why);
    if (y < 0)
        return y;
    struct plan_node *n = gen_node(g, "vecdot");
    bool first = gen_percent(g, 50);
    gen_set_operand(n, "x1", first ? x : y);
    gen_set_operand(n, "x2", first ? y : x);
    if (axis != -1 || gen_percent(g, 30))
        gen_set_int(n, "axis", axis);
    return gen_finish(g, why);
}

static int draw_pair(struct gen *g, int x, struct da__error *why)
{
    static const char *const op[] = {"outer", "dot", "inner"};
    const struct plan_node *in = &g->plan->node[x];
    int which = (int)gen_below(g, 3), ndim = (int)gen_between(g, which == 0 ? 0 : 1, 2);
    int64_t shape[2], nelem = da__nelem(in->ndim, in->shape);
    for (int k = 0; k < ndim; k++)
        shape[k] = gen_between(g, 1, 8);
    if (which > 0 && in->ndim > 0)
        shape[which == 1 && ndim == 2 ? 0 : ndim - 1] = in->shape[in->ndim - 1];
    if (nelem * 64 > PLAN_ELEMENTS || in->ndim + ndim > PLAN_DIMS)
        return -2;
    int y = leaf(g, x, ndim, shape, why);
    if (y < 0)
        return y;
    struct plan_node *n = gen_node(g, op[which]);
    gen_set_operand(n, "x1", x);
    gen_set_operand(n, "x2", y);
    return gen_finish(g, why);
}

/* ---- sizes that only computing finds out ---- */

static int selected(struct gen *g, int mask, int x, int axis, struct da__error *why)
{
    struct plan_node *n = gen_node(g, "compress");
    gen_set_operand(n, "condition", mask);
    gen_set_operand(n, "x", x);
    gen_set_int(n, "axis", axis);
    return gen_finish(g, why);
}

/* What one mask selects of x along its last axis and of a vector: summed over that axis, or, of x flattened, all with all. */
static int draw_selected(struct gen *g, int x, struct da__error *why)
{
    static const char *const op[] = {"matmul", "dot", "inner", "vecdot", "outer"};
    int ndim = g->plan->node[x].ndim, which = (int)gen_below(g, 5);
    if (ndim == 0 || g->plan->nnodes + 6 >= PLAN_NODES)
        return -2;
    int64_t extent = g->plan->node[x].shape[ndim - 1];
    if (which == 4 && da__nelem(ndim, g->plan->node[x].shape) * extent > PLAN_ELEMENTS)
        return -2;
    int y = leaf(g, x, 1, &extent, why);
    int mask = y >= 0 ? gen_truths(g, DA_BOOL, 1, &extent, why) : y;
    int a = mask >= 0 ? selected(g, mask, x, ndim - 1, why) : mask;
    int b = a >= 0 ? selected(g, mask, y, 0, why) : a;
    if (b < 0)
        return b;
    bool swap = which > 1 && gen_percent(g, 50);
    struct plan_node *n = gen_node(g, op[which]);
    gen_set_operand(n, "x1", swap ? b : a);
    gen_set_operand(n, "x2", swap ? a : b);
    return gen_finish(g, why);
}

int gen_product(struct gen *g, struct da__error *why)
{
    int x = gen_pick(g), chance = (int)gen_below(g, 100);
    if (chance < 40)
        return draw_matmul(g, x, why);
    if (chance < 48)
        return draw_selected(g, x, why);
    if (chance < 58)
        return draw_square(g, x, why);
    if (chance < 78)
        return draw_tensordot(g, x, why);
    return chance < 88 ? draw_vecdot(g, x, why) : draw_pair(g, x, why);
}
