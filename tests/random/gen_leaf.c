/* Random leaves: arrays from memory, constants, ranges and indices. */
#include "gen.h"

static int64_t draw_extent(struct gen *g, int ndim)
{
    if (gen_percent(g, 4))
        return 0;
    if (gen_percent(g, 8))
        return 1;
    if (g->big)
        return ndim == 1   ? gen_between(g, 500, 5000)
               : ndim == 2 ? gen_between(g, 20, 80)
                           : gen_between(g, 5, 16);
    return gen_between(g, 1, ndim <= 2 ? 20 : ndim == 3 ? 9 : 6);
}

int gen_shape(struct gen *g, int64_t *shape)
{
    static const int dims[] = {0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4};
    int ndim = dims[gen_below(g, (int64_t)(sizeof dims / sizeof *dims))];
    for (int k = 0; k < ndim; k++)
        shape[k] = draw_extent(g, ndim);
    return ndim;
}

void gen_set_dist(struct gen *g, struct plan_node *n, int ndim, const int64_t *shape)
{
    struct plan_arg *a = plan_arg(n, "dist");
    a->dist = gen_dist(g, ndim, shape);
    a->kind = a->dist != NULL ? DA__ARG_DIST : DA__ARG_NONE;
}

static void set_type(struct plan_node *n, da_dtype dtype, int ndim, const int64_t *shape)
{
    n->dtype = dtype;
    n->ndim = ndim;
    for (int k = 0; k < ndim; k++)
        n->shape[k] = shape[k];
}

int gen_array(struct gen *g, da_dtype dtype, int ndim, const int64_t *shape, struct da__error *why)
{
    int64_t nelem = da__nelem(ndim, shape);
    void *data = test_alloc((size_t)nelem * da__dtype_nbytes(dtype));
    gen_data(g, dtype, nelem, data);
    return gen_given(g, dtype, ndim, shape, data, why);
}

int gen_given(struct gen *g, da_dtype dtype, int ndim, const int64_t *shape, void *data,
              struct da__error *why)
{
    struct plan_node *n = gen_node(g, "array");
    set_type(n, dtype, ndim, shape);
    n->data = data;
    plan_arg(n, "data")->kind = DA__ARG_DATA;
    gen_set_dtype(n, "dtype", dtype);
    gen_set_dist(g, n, ndim, shape);
    return gen_finish(g, why);
}

static int draw_full(struct gen *g, struct da__error *why)
{
    static const char *const op[] = {"full", "full", "zeros", "ones"};
    struct plan_node *n = gen_node(g, op[gen_below(g, 4)]);
    int64_t shape[PLAN_DIMS];
    int ndim = gen_shape(g, shape);
    da_dtype dtype = gen_dtype(g);
    gen_set_ints(n, "shape", ndim, shape);
    gen_set_dtype(n, "dtype", dtype);
    set_type(n, dtype, ndim, shape);
    if (plan_is(n, "full")) {
        n->data = test_alloc(16);
        gen_element(g, dtype, n->data);
        plan_arg(n, "fill_value")->kind = DA__ARG_DATA;
    }
    gen_set_dist(g, n, ndim, shape);
    return gen_finish(g, why);
}

static struct da__scalar int_scalar(int64_t i)
{
    return (struct da__scalar){.kind = DA__SCALAR_INT, .i = i, .re = (double)i};
}

static struct da__scalar real_scalar(double x)
{
    return (struct da__scalar){.kind = DA__SCALAR_FLOAT, .re = x};
}

/* Whole arguments for any dtype, real ones for real dtypes. Every term fits an int8. */
static int draw_arange(struct gen *g, struct da__error *why)
{
    struct plan_node *n = gen_node(g, "arange");
    int64_t length = gen_percent(g, 5) ? 0 : gen_between(g, 1, 20),
            step = gen_between(g, 1, 5) * (gen_percent(g, 30) ? -1 : 1);
    int64_t start = step > 0 ? gen_between(g, 0, 6) : gen_between(g, 100, 120);
    bool real = gen_percent(g, 35);
    if (gen_percent(g, 25)) {
        gen_set_number(n, "start", int_scalar(length));
    } else if (real) {
        gen_set_number(n, "start", real_scalar((double)start / 7));
        gen_set_number(n, "stop", real_scalar((double)(start + length * step) / 7));
        gen_set_number(n, "step", real_scalar((double)step / 7));
        gen_set_dtype(n, "dtype", DA_FLOAT64);
    } else {
        gen_set_number(n, "start", int_scalar(start));
        gen_set_number(n, "stop", int_scalar(start + length * step));
        gen_set_number(n, "step", int_scalar(step));
        if (gen_percent(g, 70))
            gen_set_dtype(n, "dtype", (da_dtype)gen_between(g, DA_INT8, DA_COMPLEX128));
    }
    /* The length is the library's to find. */
    int64_t shape = da__ceil_div(length, 1);
    if (!real)
        gen_set_dist(g, n, 1, &shape);
    return gen_finish(g, why);
}

static int draw_linspace(struct gen *g, struct da__error *why)
{
    static const da_dtype dtype[] = {DA_FLOAT64, DA_FLOAT64,    DA_FLOAT32,
                                     DA_INT32,   DA_COMPLEX128, DA_INT64};
    struct plan_node *n = gen_node(g, "linspace");
    int64_t num = gen_percent(g, 5) ? 0 : gen_between(g, 1, 40);
    gen_set_number(n, "start", real_scalar((double)gen_between(g, -20, 20) / 3));
    gen_set_number(n, "stop",
                   gen_percent(g, 50) ? real_scalar(gen_unit(g) * 9)
                                      : int_scalar(gen_between(g, -5, 30)));
    gen_set_int(n, "num", num);
    if (gen_percent(g, 50))
        gen_set_dtype(n, "dtype", dtype[gen_below(g, 6)]);
    if (gen_percent(g, 50))
        gen_set_flag(n, "endpoint", gen_percent(g, 50));
    gen_set_dist(g, n, 1, &num);
    return gen_finish(g, why);
}

static int draw_eye(struct gen *g, struct da__error *why)
{
    struct plan_node *n = gen_node(g, "eye");
    int64_t shape[2] = {gen_between(g, 0, 12), gen_between(g, 0, 12)};
    gen_set_int(n, "n_rows", shape[0]);
    if (gen_percent(g, 70))
        gen_set_int(n, "n_cols", shape[1]);
    else
        shape[1] = shape[0];
    if (gen_percent(g, 60))
        gen_set_int(n, "k", gen_between(g, -13, 13));
    if (gen_percent(g, 60))
        gen_set_dtype(n, "dtype", gen_dtype(g));
    gen_set_dist(g, n, 2, shape);
    return gen_finish(g, why);
}

static int draw_index(struct gen *g, struct da__error *why)
{
    struct plan_node *n = gen_node(g, "index");
    int64_t shape[PLAN_DIMS];
    int ndim = 0;
    while (ndim == 0)
        ndim = gen_shape(g, shape);
    gen_set_int(n, "axis", gen_below(g, ndim));
    gen_set_ints(n, "shape", ndim, shape);
    gen_set_dist(g, n, ndim, shape);
    return gen_finish(g, why);
}

int gen_leaf(struct gen *g, struct da__error *why)
{
    int64_t shape[PLAN_DIMS];
    int chance = (int)gen_below(g, 100);
    if (chance < 10)
        return draw_full(g, why);
    if (chance < 17)
        return draw_arange(g, why);
    if (chance < 22)
        return draw_linspace(g, why);
    if (chance < 26)
        return draw_eye(g, why);
    if (chance < 30)
        return draw_index(g, why);
    if (chance < 38)
        return gen_random(g, why);
    da_dtype dtype = gen_dtype(g);
    int ndim = gen_shape(g, shape);
    return gen_array(g, dtype, ndim, shape, why);
}
