/* Random joins, rolls, diagonals, triangles and replaced parts. */
#include "gen.h"

#include <math.h>
#include <string.h>

/* ---- places ---- */

static int draw_roll(struct gen *g, int x, struct da__error *why)
{
    const struct plan_node *in = &g->plan->node[x];
    int64_t shift[PLAN_DIMS], axis[PLAN_DIMS];
    bool flat = in->ndim == 0 || gen_percent(g, 15);
    int n = flat ? 1 : (int)gen_between(g, 1, in->ndim < 3 ? in->ndim + 1 : 4);
    if (in->ndim == 0 && !flat)
        return -2;
    for (int k = 0; k < n; k++) {
        shift[k] = gen_percent(g, 85) ? gen_between(g, -9, 9) : gen_between(g, -1000000, 1000000);
        axis[k] = flat ? 0 : gen_between(g, -in->ndim, in->ndim - 1);
    }
    struct plan_node *node = gen_node(g, "roll");
    gen_set_operand(node, "x", x);
    gen_set_ints(node, "shift", !flat && gen_percent(g, 20) ? 1 : n, shift);
    if (!flat)
        gen_set_ints(node, "axis", plan_arg(node, "shift")->nints > 1 && gen_percent(g, 10) ? 1 : n,
                     axis);
    return gen_finish(g, why);
}

static int draw_diagonal(struct gen *g, int x, struct da__error *why)
{
    const struct plan_node *in = &g->plan->node[x];
    if (in->ndim < 2)
        return -2;
    int64_t one = gen_below(g, in->ndim), two = (one + gen_between(g, 1, in->ndim - 1)) % in->ndim;
    int64_t rows = in->shape[one], columns = in->shape[two];
    struct plan_node *n = gen_node(g, "diagonal");
    gen_set_operand(n, "x", x);
    if (gen_percent(g, 60))
        gen_set_int(n, "offset", gen_between(g, -rows - 1, columns + 1));
    gen_set_int(n, "axis1", gen_percent(g, 30) ? one - in->ndim : one);
    gen_set_int(n, "axis2", two);
    return gen_finish(g, why);
}

static int draw_triangle(struct gen *g, int x, struct da__error *why)
{
    const struct plan_node *in = &g->plan->node[x];
    if (in->ndim < 2)
        return -2;
    int64_t rows = in->shape[in->ndim - 2], columns = in->shape[in->ndim - 1];
    struct plan_node *n = gen_node(g, gen_percent(g, 50) ? "tril" : "triu");
    gen_set_operand(n, "x", x);
    if (gen_percent(g, 60))
        gen_set_int(n, "k", gen_between(g, -rows - 1, columns + 1));
    return gen_finish(g, why);
}

/* ---- joins ---- */

static bool same_but(const struct plan_node *a, const struct plan_node *b, int axis)
{
    bool same = a->ndim == b->ndim;
    for (int k = 0; same && k < a->ndim; k++)
        same = k == axis || a->shape[k] == b->shape[k];
    return same;
}

/* A node that goes beside x along an axis (-1: of x's shape), an existing one or a new leaf. */
static int draw_neighbour(struct gen *g, int x, int axis, struct da__error *why)
{
    int64_t shape[PLAN_DIMS];
    const struct plan_node *in = &g->plan->node[x];
    for (int attempt = 0; attempt < 6 && gen_percent(g, 85); attempt++) {
        int other = gen_pick(g);
        if (same_but(in, &g->plan->node[other], axis) && gen_percent(g, other == x ? 30 : 100))
            return other;
    }
    if (g->plan->nnodes + 3 >= PLAN_NODES)
        return x;
    memcpy(shape, in->shape, sizeof shape);
    if (axis >= 0)
        shape[axis] = gen_between(g, gen_percent(g, 15) ? 0 : 1, 6);
    return gen_array(g, gen_percent(g, 60) ? in->dtype : gen_dtype(g), in->ndim, shape, why);
}

static int draw_list(struct gen *g, const char *op, int x, int axis, int extent_limit,
                     struct da__error *why)
{
    struct plan_arg list = {.kind = DA__ARG_ARRAYS, .nlist = (int)gen_between(g, 1, PLAN_LIST)};
    int at = (int)gen_below(g, list.nlist);
    int64_t nelem = 0;
    for (int k = 0; k < list.nlist; k++) {
        list.list[k] = k == at ? x : draw_neighbour(g, x, axis, why);
        if (list.list[k] < 0)
            return -1;
        const struct plan_node *in = &g->plan->node[list.list[k]];
        nelem += da__nelem(in->ndim, in->shape);
    }
    if (nelem > PLAN_ELEMENTS)
        return -2;
    struct plan_node *n = gen_node(g, op);
    *plan_arg(n, "arrays") = list;
    if (axis < 0)
        axis = (int)gen_between(g, 0, extent_limit - 1);
    if (axis != 0 || gen_percent(g, 50))
        gen_set_int(n, "axis", gen_percent(g, 30) ? axis - extent_limit : axis);
    return gen_finish(g, why);
}

/* Any nodes, flattened. */
static int draw_flat(struct gen *g, int x, struct da__error *why)
{
    struct plan_arg list = {
        .kind = DA__ARG_ARRAYS, .nlist = (int)gen_between(g, 1, 3), .list = {x}};
    int64_t nelem = 0;
    for (int k = 0; k < list.nlist; k++) {
        list.list[k] = k == 0 ? x : gen_pick(g);
        const struct plan_node *in = &g->plan->node[list.list[k]];
        nelem += da__nelem(in->ndim, in->shape);
    }
    if (nelem > PLAN_ELEMENTS)
        return -2;
    struct plan_node *n = gen_node(g, "concat");
    *plan_arg(n, "arrays") = list;
    plan_arg(n, "axis")->flag = true; /* None */
    return gen_finish(g, why);
}

static int draw_concat(struct gen *g, int x, struct da__error *why)
{
    int ndim = g->plan->node[x].ndim;
    if (ndim == 0 || gen_percent(g, 12))
        return draw_flat(g, x, why);
    return draw_list(g, "concat", x, (int)gen_below(g, ndim), ndim, why);
}

static int draw_stack(struct gen *g, int x, struct da__error *why)
{
    int ndim = g->plan->node[x].ndim;
    return ndim >= PLAN_DIMS - 1 ? -2 : draw_list(g, "stack", x, -1, ndim + 1, why);
}

/* ---- replaced parts ---- */

int gen_spread(struct gen *g, da_dtype dtype, int ndim, const int64_t *shape, struct da__error *why)
{
    int64_t small[PLAN_DIMS];
    int skip = gen_percent(g, 25) ? (int)gen_between(g, 0, ndim) : 0, n = 0;
    for (int k = skip; k < ndim; k++)
        small[n++] = gen_percent(g, 15) ? 1 : shape[k];
    return gen_array(g, dtype, n, small, why);
}

/* A scalar that an element of the dtype can be set to, as NumPy 2 would. */
static bool suits(const struct da__scalar *s, da_dtype dtype)
{
    uint8_t element[16];
    char kind = da__dtype(dtype)->kind;
    if (s->kind == DA__SCALAR_FLOAT && (kind == 'i' || kind == 'u'))
        return isfinite(s->re) && s->re > -1 && s->re < 100;
    return kind == 'b' ? s->kind != DA__SCALAR_COMPLEX && !isnan(s->re)
                       : da__scalar_store(s, dtype, element);
}

/* The value for elements of x in a shape: a scalar, a node of that shape, or a new leaf. -1: the leaf is refused. */
static bool draw_value(struct gen *g, int x, int part, struct plan_arg *value,
                       struct da__error *why)
{
    const struct plan_node *in = &g->plan->node[part];
    *value = (struct plan_arg){.kind = DA__ARG_OPERAND, .node = -1};
    if (gen_percent(g, 25)) {
        do
            value->scalar = gen_scalar(g);
        while (!suits(&value->scalar, g->plan->node[x].dtype));
        return true;
    }
    for (int attempt = 0; attempt < 6; attempt++) {
        int other = gen_pick(g);
        if (same_but(in, &g->plan->node[other], -1) && gen_percent(g, 60)) {
            value->node = other;
            return true;
        }
    }
    value->node = gen_percent(g, 20) ? part
                                     : gen_spread(g, gen_percent(g, 50) ? in->dtype : gen_dtype(g),
                                                  in->ndim, in->shape, why);
    return value->node >= 0;
}

/* The part is drawn as a slice of x, which other nodes may read, too. */
static int draw_set_slice(struct gen *g, int x, struct da__error *why)
{
    struct plan_arg value;
    int part = gen_slice(g, x, why);
    if (part < 0 || g->plan->nnodes + 3 >= PLAN_NODES)
        return part < 0 ? part : -2;
    if (!draw_value(g, x, part, &value, why))
        return -1;
    struct plan_node *n = gen_node(g, "set_slice");
    gen_set_operand(n, "x", x);
    *plan_arg(n, "value") = value;
    *plan_arg(n, "index") = g->plan->node[part].arg[1];
    return gen_finish(g, why);
}

static int draw_set_where(struct gen *g, int x, struct da__error *why)
{
    struct plan_arg value;
    const struct plan_node *in = &g->plan->node[x];
    if (g->plan->nnodes + 4 >= PLAN_NODES)
        return -2;
    int mask = gen_spread(g, gen_percent(g, 80) ? DA_BOOL : gen_dtype(g), in->ndim, in->shape, why);
    if (mask < 0 || !draw_value(g, x, x, &value, why))
        return -1;
    struct plan_node *n = gen_node(g, "set_where");
    gen_set_operand(n, "x", x);
    gen_set_operand(n, "mask", mask);
    *plan_arg(n, "value") = value;
    return gen_finish(g, why);
}

int gen_join(struct gen *g, struct da__error *why)
{
    static int (*const draw[])(struct gen *, int, struct da__error *) = {
        draw_roll,      draw_roll,      draw_roll,     draw_concat,    draw_concat,
        draw_concat,    draw_stack,     draw_stack,    draw_set_slice, draw_set_slice,
        draw_set_slice, draw_set_where, draw_diagonal, draw_triangle};
    int x = gen_pick(g);
    return draw[gen_below(g, (int64_t)(sizeof draw / sizeof *draw))](g, x, why);
}
