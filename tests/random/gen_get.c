/* Random indexing by integer arrays: take, take_along_axis, get with every kind of item, and put. */
#include "gen.h"

#include <stdio.h>
#include <string.h>

enum { NEEDED_NODES = 14, MOST_DIMS = 4 };

static void add(char *text, const char *format, long long v)
{
    size_t n = strlen(text);
    snprintf(text + n, PLAN_TEXT - n, format, v);
}

/* ---- index arrays ---- */

/* Any integer dtype; indices into an axis of `extent`, which the dtype can say. */
static int draw_indices(struct gen *g, int64_t extent, int ndim, const int64_t *shape,
                        struct da__error *why)
{
    static const da_dtype dtypes[] = {DA_INT64, DA_INT64, DA_INT64,  DA_INT32, DA_INT8,
                                      DA_UINT8, DA_INT16, DA_UINT64, DA_UINT32};
    da_dtype dtype = dtypes[gen_below(g, (int64_t)(sizeof dtypes / sizeof *dtypes))];
    size_t nbytes = da__dtype_nbytes(dtype);
    int64_t n = da__nelem(ndim, shape), limit = nbytes == 1 && extent > 127 ? 127 : extent;
    int64_t low = da__dtype(dtype)->kind == 'u' ? 0 : -limit;
    bool repeats = gen_percent(g, 20);
    char *data = test_alloc((size_t)n * nbytes);
    for (int64_t k = 0; k < n; k++) {
        int64_t index = gen_between(g, repeats && limit > 3 ? limit - 3 : low, limit - 1);
        memcpy(data + (size_t)k * nbytes, &index, nbytes);
    }
    int made = gen_given(g, dtype, ndim, shape, data, why);
    if (made < 0 || ndim == 0 || !gen_percent(g, 15))
        return made;
    gen_set_operand(gen_node(g, "flip"), "x", made);
    return gen_finish(g, why);
}

/* A shape of few elements that index arrays share; empty where one of them has nothing to name. */
static int draw_common(struct gen *g, bool empty, int most, int64_t *shape)
{
    static const int dims[] = {0, 1, 1, 1, 1, 2, 2};
    int ndim = dims[gen_below(g, 7)];
    ndim = ndim > most ? most : empty && ndim == 0 ? 1 : ndim;
    for (int k = 0; k < ndim; k++)
        shape[k] = gen_percent(g, 3) ? 0 : gen_between(g, 1, g->big && ndim == 1 ? 300 : 7);
    if (empty && ndim > 0)
        shape[0] = 0;
    return ndim;
}

/* An index array that broadcasts to the shape. */
static int draw_part(struct gen *g, int64_t extent, int ndim, const int64_t *shape,
                     struct da__error *why)
{
    int64_t own[PLAN_DIMS];
    int skip = extent > 0 && gen_percent(g, 25) ? (int)gen_between(g, 0, ndim) : 0, n = 0;
    for (int k = skip; k < ndim; k++)
        own[n++] = extent > 0 && gen_percent(g, 15) ? 1 : shape[k];
    return draw_indices(g, extent, n, own, why);
}

/* ---- take ---- */

static int draw_take(struct gen *g, int x, struct da__error *why)
{
    const struct plan_node *in = &g->plan->node[x];
    int64_t common[PLAN_DIMS], rest = 1;
    int axis = (int)gen_below(g, in->ndim);
    int ndim = draw_common(g, in->shape[axis] == 0, MOST_DIMS + 1 - in->ndim, common);
    for (int k = 0; k < in->ndim; k++)
        rest *= k == axis ? 1 : in->shape[k];
    if ((in->shape[axis] == 0 && ndim == 0) || rest * da__nelem(ndim, common) > PLAN_ELEMENTS)
        return -2;
    int index = draw_indices(g, in->shape[axis], ndim, common, why);
    if (index < 0)
        return index;
    struct plan_node *n = gen_node(g, "take");
    gen_set_operand(n, "x", x);
    gen_set_operand(n, "indices", index);
    if (in->ndim > 1 || gen_percent(g, 50))
        gen_set_int(n, "axis", gen_percent(g, 30) ? axis - in->ndim : axis);
    return gen_finish(g, why);
}

static int draw_along(struct gen *g, int x, struct da__error *why)
{
    const struct plan_node *in = &g->plan->node[x];
    int axis = (int)gen_below(g, in->ndim);
    int64_t shape[PLAN_DIMS], nelem = 1;
    for (int k = 0; k < in->ndim; k++) {
        shape[k] = gen_percent(g, 10) ? 1 : in->shape[k];
        if (k == axis)
            shape[k] = in->shape[k] == 0 ? 0 : gen_between(g, 0, 9);
        else if (in->shape[k] == 1 && gen_percent(g, 50))
            shape[k] = gen_between(g, 0, 6);
        nelem *= shape[k] > in->shape[k] || k == axis ? shape[k] : in->shape[k];
    }
    if (nelem > PLAN_ELEMENTS)
        return -2;
    int index = draw_indices(g, in->shape[axis], in->ndim, shape, why);
    if (index < 0)
        return index;
    struct plan_node *n = gen_node(g, "take_along_axis");
    gen_set_operand(n, "x", x);
    gen_set_operand(n, "indices", index);
    if (axis < in->ndim - 1 || gen_percent(g, 50))
        gen_set_int(n, "axis", gen_percent(g, 30) ? axis - in->ndim : axis);
    return gen_finish(g, why);
}

/* ---- get and put ---- */

/* An index expression: its text and its arrays. */
struct expression {
    char text[PLAN_TEXT];
    int n, array[PLAN_LIST];
};

static void draw_slice(struct gen *g, int64_t extent, char *text)
{
    if (gen_percent(g, 40))
        add(text, "%lld", gen_between(g, -extent - 2, extent));
    add(text, ":", 0);
    if (gen_percent(g, 40))
        add(text, "%lld", gen_between(g, -2, extent + 2));
    if (gen_percent(g, 40))
        add(text, ":%lld", gen_between(g, 1, 3) * (gen_percent(g, 40) ? -1 : 1));
}

/* What is decided before anything is drawn: which axes are arrays, and what they share. */
struct shape_of_get {
    bool array[PLAN_DIMS];
    int ndim;
    int64_t common[PLAN_DIMS];
    int room; /* new axes that the result can still have */
};

static bool draw_shape(struct gen *g, const struct plan_node *in, struct shape_of_get *s)
{
    int arrays = 0;
    bool empty = false;
    int64_t nelem = 1;
    for (int k = 0; k < in->ndim; k++) {
        s->array[k] = gen_percent(g, 50);
        arrays += s->array[k];
        empty |= s->array[k] && in->shape[k] == 0;
        nelem *= s->array[k] ? 1 : in->shape[k];
    }
    if (arrays == 0)
        return false;
    int most = MOST_DIMS - (in->ndim - arrays);
    s->ndim = draw_common(g, empty, most, s->common);
    s->room = most - s->ndim;
    return !(empty && s->ndim == 0) && nelem * da__nelem(s->ndim, s->common) <= PLAN_ELEMENTS;
}

static bool draw_item(struct gen *g, const struct shape_of_get *s, int axis, int64_t extent,
                      struct expression *e, struct da__error *why)
{
    if (s->array[axis]) {
        int made = draw_part(g, extent, s->ndim, s->common, why);
        if (made < 0)
            return false;
        add(e->text, "@%lld", e->n);
        e->array[e->n++] = made;
    } else if (extent > 0 && gen_percent(g, 25)) {
        add(e->text, "%lld", gen_between(g, -extent, extent - 1));
    } else {
        draw_slice(g, extent, e->text);
    }
    return true;
}

/* A mask of some of the axes, or of none, behind slices of those before it. */
static int draw_masks(struct gen *g, int x, struct expression *e, struct da__error *why)
{
    struct plan_node in = g->plan->node[x];
    bool point = in.ndim == 0 || gen_percent(g, 25);
    if (point && in.ndim >= MOST_DIMS)
        return -2;
    int width = point ? 0 : (int)gen_between(g, 1, in.ndim);
    int first = gen_percent(g, 50) ? 0 : (int)gen_between(g, 0, in.ndim - width);
    memset(e, 0, sizeof *e);
    for (int k = 0; k < first; k++) {
        draw_slice(g, in.shape[k], e->text);
        add(e->text, ", ", 0);
    }
    int made = gen_truths(g, DA_BOOL, width, in.shape + first, why);
    if (made < 0)
        return -1;
    add(e->text, "@0", 0);
    if (gen_percent(g, 20))
        add(e->text, ", ...", 0);
    e->array[e->n++] = made;
    return 0;
}

/* Items axis by axis; a stretch of axes that are no arrays may be an ellipsis. */
static int draw_expression(struct gen *g, int x, struct expression *e, struct da__error *why)
{
    struct plan_node in = g->plan->node[x];
    struct shape_of_get s = {.ndim = 0};
    bool ellipsis = false;
    if (in.ndim == 0 || gen_percent(g, 25))
        return draw_masks(g, x, e, why);
    memset(e, 0, sizeof *e);
    if (!draw_shape(g, &in, &s))
        return -2;
    for (int k = 0; k < in.ndim; k++) {
        if (s.room > 0 && gen_percent(g, 10)) {
            add(e->text, "None, ", 0);
            s.room--;
        }
        if (!ellipsis && gen_percent(g, 15)) {
            ellipsis = true;
            add(e->text, "..., ", 0);
            while (k < in.ndim - 1 && !s.array[k])
                k++;
        }
        if (!draw_item(g, &s, k, in.shape[k], e, why))
            return -1;
        add(e->text, k < in.ndim - 1 ? ", " : "", 0);
    }
    return e->n > 0 ? 0 : -2;
}

static void set_expression(struct plan_node *n, const struct expression *e)
{
    struct plan_arg *a = plan_arg(n, "indices");
    a->kind = DA__ARG_ARRAYS;
    a->nlist = e->n;
    memcpy(a->list, e->array, sizeof e->array);
    plan_arg(n, "index")->kind = DA__ARG_TEXT;
    memcpy(plan_arg(n, "index")->text, e->text, sizeof e->text);
}

static int draw_get(struct gen *g, int x, struct da__error *why)
{
    struct expression e;
    int drawn = draw_expression(g, x, &e, why);
    if (drawn < 0)
        return drawn;
    struct plan_node *n = gen_node(g, "get");
    gen_set_operand(n, "x", x);
    set_expression(n, &e);
    return gen_finish(g, why);
}

/* An array of any dtype that broadcasts to the shape. */
static int draw_value(struct gen *g, int ndim, const int64_t *shape, struct da__error *why)
{
    int64_t own[PLAN_DIMS];
    int skip = gen_percent(g, 30) ? (int)gen_between(g, 0, ndim) : 0, n = 0;
    if (skip == 0 && ndim < MOST_DIMS && gen_percent(g, 5))
        own[n++] = 1;
    for (int k = skip; k < ndim; k++)
        own[n++] = gen_percent(g, 15) ? 1 : shape[k];
    return gen_array(g, gen_dtype(g), n, own, why);
}

/* The same expression read first tells the shape that is written. */
static int draw_put(struct gen *g, int x, struct da__error *why)
{
    int got = draw_get(g, x, why);
    if (got < 0)
        return got;
    struct plan_node read = g->plan->node[got];
    struct plan_arg value = {.kind = DA__ARG_OPERAND, .node = -1, .scalar = gen_scalar(g)};
    uint8_t bytes[16];
    if (gen_percent(g, 75) || !da__scalar_store(&value.scalar, read.dtype, bytes)) {
        value.node = draw_value(g, read.ndim, read.shape, why);
        if (value.node < 0)
            return value.node;
    }
    struct plan_node *n = gen_node(g, "put");
    gen_set_operand(n, "x", x);
    *plan_arg(n, "value") = value;
    *plan_arg(n, "indices") = read.arg[1];
    *plan_arg(n, "index") = read.arg[2];
    return gen_finish(g, why);
}

int gen_get(struct gen *g, struct da__error *why)
{
    static int (*const draw[])(struct gen *, int, struct da__error *) = {
        draw_take, draw_along, draw_get, draw_get, draw_put, draw_put};
    int x = gen_pick(g);
    if (g->plan->nnodes + NEEDED_NODES > PLAN_NODES)
        return -2;
    bool axes = g->plan->node[x].ndim > 0; /* else there are masks only */
    return draw[axes ? gen_below(g, 6) : gen_between(g, 2, 5)](g, x, why);
}
