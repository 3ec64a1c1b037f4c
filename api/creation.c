/* Making arrays as exported functions. */
#include "api.h"

/* Holds for every dtype: a bool fits all of them. */
static struct da__scalar truth(bool value)
{
    return (struct da__scalar){.kind = DA__SCALAR_BOOL, .i = value, .re = value};
}

static da_dtype or_float64(da_dtype dtype)
{
    return dtype == DA_DTYPE_DEFAULT ? DA_FLOAT64 : dtype;
}

static da_array *full(const char *what, da_context *ctx, da_extents shape, const da_operand *value,
                      struct da__scalar fixed, da_dtype dtype, const da_distribution *dist)
{
    struct da__graph *g;
    da_array *bad;
    struct da__spec own;
    const struct da__dist_spec *spec;
    struct da__scalar scalar = fixed;
    if (!da__api_graph(ctx, &g, &bad) || !da__api_extents(g, what, shape, &bad) ||
        (value != NULL && !da__api_scalar(g, what, value, &scalar, &bad)) ||
        !da__api_spec(g, what, dist, &own, &spec, &bad))
        return bad;
    da_array *a = da__make_full(g, shape.n, shape.extent, scalar,
                                value != NULL ? dtype : or_float64(dtype), spec);
    da__spec_free(&own);
    return a;
}

da_array *da_zeros(da_context *ctx, da_extents shape, da_dtype dtype, const da_distribution *dist)
{
    return full("zeros", ctx, shape, NULL, truth(false), dtype, dist);
}

da_array *da_ones(da_context *ctx, da_extents shape, da_dtype dtype, const da_distribution *dist)
{
    return full("ones", ctx, shape, NULL, truth(true), dtype, dist);
}

da_array *da_empty(da_context *ctx, da_extents shape, da_dtype dtype, const da_distribution *dist)
{
    return full("empty", ctx, shape, NULL, truth(false), dtype, dist);
}

da_array *da_full(da_context *ctx, da_extents shape, da_operand value, da_dtype dtype,
                  const da_distribution *dist)
{
    return full("full", ctx, shape, &value, truth(false), dtype, dist);
}

/* ---- like another array ---- */

static da_array *like(da_array *x, struct da__scalar value, da_dtype dtype)
{
    struct da__graph *g;
    da_array *bad;
    if (!da__api_array_for("da_full_like", x, &g, &bad) || x->kind == DA__NODE_POISON)
        return bad;
    da_array *a = da__make_full(g, x->ndim, x->shape, value,
                                dtype == DA_DTYPE_DEFAULT ? x->dtype : dtype, NULL);
    return x->dist != NULL ? da__make_redistribute_to(g, a, x->dist) : a;
}

da_array *da_zeros_like(da_array *x, da_dtype dtype)
{
    return like(x, truth(false), dtype);
}

da_array *da_ones_like(da_array *x, da_dtype dtype)
{
    return like(x, truth(true), dtype);
}

da_array *da_empty_like(da_array *x, da_dtype dtype)
{
    return like(x, truth(false), dtype);
}

da_array *da_full_like(da_array *x, da_operand value, da_dtype dtype)
{
    struct da__graph *g;
    da_array *bad;
    struct da__scalar scalar;
    if (!da__api_array(x, &g, &bad) || !da__api_scalar(g, "full_like", &value, &scalar, &bad))
        return bad;
    return like(x, scalar, dtype);
}

/* ---- ranges ---- */

da_array *da_arange(da_context *ctx, da_operand start, da_operand stop, da_operand step,
                    da_dtype dtype, const da_distribution *dist)
{
    struct da__graph *g;
    da_array *bad;
    struct da__spec own;
    const struct da__dist_spec *spec;
    struct da__scalar from, to, by;
    if (!da__api_graph(ctx, &g, &bad) || !da__api_scalar(g, "arange", &start, &from, &bad) ||
        !da__api_scalar(g, "arange", &stop, &to, &bad) ||
        !da__api_scalar(g, "arange", &step, &by, &bad) ||
        !da__api_spec(g, "arange", dist, &own, &spec, &bad))
        return bad;
    da_array *a = da__make_arange(g, from, to, by, dtype, spec);
    da__spec_free(&own);
    return a;
}

da_array *da_linspace(da_context *ctx, double start, double stop, int64_t num, int endpoint,
                      da_dtype dtype, const da_distribution *dist)
{
    struct da__graph *g;
    da_array *bad;
    struct da__spec own;
    const struct da__dist_spec *spec;
    if (!da__api_graph(ctx, &g, &bad) || !da__api_spec(g, "linspace", dist, &own, &spec, &bad))
        return bad;
    da_array *a = da__make_linspace(g, start, stop, num, endpoint != 0, dtype, spec);
    da__spec_free(&own);
    return a;
}

da_array *da_eye(da_context *ctx, int64_t nrows, int64_t ncols, int64_t k, da_dtype dtype,
                 const da_distribution *dist)
{
    struct da__graph *g;
    da_array *bad;
    struct da__spec own;
    const struct da__dist_spec *spec;
    if (!da__api_graph(ctx, &g, &bad) || !da__api_spec(g, "eye", dist, &own, &spec, &bad))
        return bad;
    da_array *a = da__make_eye(g, nrows, ncols, k, dtype, spec);
    da__spec_free(&own);
    return a;
}

/* ---- from the program ---- */

da_array *da_from_function(da_context *ctx, da_fill fill, const void *data, size_t nbytes,
                           da_extents shape, da_dtype dtype, const da_distribution *dist)
{
    struct da__graph *g;
    da_array *bad;
    struct da__spec own;
    const struct da__dist_spec *spec;
    if (!da__api_graph(ctx, &g, &bad) || !da__api_extents(g, "from_function", shape, &bad) ||
        !da__api_spec(g, "from_function", dist, &own, &spec, &bad))
        return bad;
    da_array *a =
        nbytes > INT64_MAX
            ? da__api_poison(g, DA_ERR_ARGUMENT, "da_from_function: %zu bytes of data", nbytes)
            : da__make_from_function(g, fill, data, (int64_t)nbytes, shape.n, shape.extent,
                                     or_float64(dtype), spec);
    da__spec_free(&own);
    return a;
}

static da_array *check_memory(struct da__graph *g, const void *data, da_extents shape,
                              da_dtype dtype)
{
    for (int k = 0; k < shape.n; k++)
        if (shape.extent[k] < 0)
            return da__api_poison(g, DA_ERR_SHAPE, "da_asarray: extent %lld of axis %d is negative",
                                  (long long)shape.extent[k], k);
    int64_t nelem = da__nelem(shape.n, shape.extent);
    if (nelem < 0)
        return da__api_poison(g, DA_ERR_SHAPE, "da_asarray: the shape has more than 2^63 elements");
    if (!da__dtype_valid((int)dtype))
        return da__api_poison(g, DA_ERR_DTYPE, "da_asarray: %d is no dtype", (int)dtype);
    if (data == NULL && nelem > 0)
        return da__api_poison(g, DA_ERR_ARGUMENT, "da_asarray: the data are NULL");
    return NULL;
}

da_array *da_asarray(da_context *ctx, const void *data, da_extents shape, da_dtype dtype,
                     const da_distribution *dist)
{
    struct da__graph *g;
    da_array *bad;
    struct da__spec own;
    const struct da__dist_spec *spec;
    if (!da__api_graph(ctx, &g, &bad) || !da__api_extents(g, "asarray", shape, &bad) ||
        (bad = check_memory(g, data, shape, dtype)) != NULL ||
        !da__api_spec(g, "asarray", dist, &own, &spec, &bad))
        return bad;
    da_array *a = da__runtime_import(ctx->rt, data, dtype, shape.n, shape.extent, spec);
    da__spec_free(&own);
    struct da__error err = {.engine = -1};
    if (a->kind != DA__NODE_POISON &&
        da__runtime_compute(ctx->rt, 1, &a, &err) != DA_OK) /* so that they leave the master once */
        return da__make_poison(g, &err);
    return a;
}
