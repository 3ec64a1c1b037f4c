/* Computing and getting values as exported functions. */
#include "api.h"

#include <string.h>

/* A failed internal call: its record, or a plain sentence where it left none. */
static da_status failed(da_context *ctx, const char *what, da_status status, struct da__error *err)
{
    if (err->status == DA_OK)
        da__fail(err, status, "%s: %s", what, da__status_text(status));
    return da__api_failed(ctx, err);
}

da_status da_compute_all(da_context *ctx, int n, da_array *const *arrays)
{
    DA_TRY(da__api_arrays(ctx, "da_compute", n, arrays));
    struct da__error err;
    da__error_clear(&err);
    da_status status = n > 0 ? da__runtime_compute(ctx->rt, n, arrays, &err) : DA_OK;
    return status == DA_OK ? DA_OK : failed(ctx, "da_compute", status, &err);
}

static da_status gather(da_context *ctx, const char *what, da_array *a, void *out)
{
    struct da__error err = {.engine = -1};
    da_status status = da__runtime_gather(ctx->rt, a, out, &err);
    return status == DA_OK ? DA_OK : failed(ctx, what, status, &err);
}

/* An array's size, found out by computing where only data know it. */
static da_status know_size(da_context *ctx, const char *what, da_array *a)
{
    struct da__error err = {.engine = -1};
    da_status status = a->unsized ? da__runtime_size(ctx->rt, 1, &a, &err) : DA_OK;
    return status == DA_OK ? DA_OK : failed(ctx, what, status, &err);
}

da_status da_get(da_context *ctx, da_array *a, void *out, size_t nbytes)
{
    DA_TRY(da__api_arrays(ctx, "da_get", 1, &a));
    DA_TRY(know_size(ctx, "da_get", a));
    size_t need;
    if (!da__mul_size((size_t)da__nelem(a->ndim, a->shape), da__dtype_nbytes(a->dtype), &need) ||
        need > nbytes || (need > 0 && out == NULL)) {
        char shape[256];
        return da__api_fail(ctx, DA_ERR_ARGUMENT, "da_get: %zu bytes of room for %s %s",
                            out != NULL ? nbytes : (size_t)0, da__dtype(a->dtype)->name,
                            da__shape_text(a->ndim, a->shape, shape, sizeof shape));
    }
    return gather(ctx, "da_get", a, out);
}

/* ---- one element ---- */

static da_status get_scalar(da_context *ctx, const char *what, da_array *a, struct da__scalar *out)
{
    DA_TRY(da__api_arrays(ctx, what, 1, &a));
    DA_TRY(know_size(ctx, what, a));
    if (da__nelem(a->ndim, a->shape) != 1) {
        char shape[256];
        return da__api_fail(ctx, DA_ERR_SHAPE, "%s: shape %s is not one element", what,
                            da__shape_text(a->ndim, a->shape, shape, sizeof shape));
    }
    uint64_t element[2] = {0, 0}; /* aligned for every dtype */
    DA_TRY(gather(ctx, what, a, element));
    da__scalar_load(element, a->dtype, out);
    if (a->dtype == DA_UINT64) /* which a scalar's integer cannot hold in full */
        out->re = (double)element[0];
    return DA_OK;
}

da_status da_get_double(da_context *ctx, da_array *a, double *out)
{
    struct da__scalar s;
    DA_TRY(get_scalar(ctx, "da_get_double", a, &s));
    if (s.kind == DA__SCALAR_COMPLEX && s.im != 0)
        return da__api_fail(ctx, DA_ERR_DTYPE, "da_get_double: the value has the imaginary part %g",
                            s.im);
    *out = s.re;
    return DA_OK;
}

da_status da_get_int64(da_context *ctx, da_array *a, int64_t *out)
{
    struct da__scalar s;
    DA_TRY(get_scalar(ctx, "da_get_int64", a, &s));
    if (s.kind != DA__SCALAR_BOOL && s.kind != DA__SCALAR_INT)
        return da__api_fail(ctx, DA_ERR_DTYPE, "da_get_int64: the array is %s",
                            da__dtype(a->dtype)->name);
    if (a->dtype == DA_UINT64 && s.re >= 9223372036854775808.0)
        return da__api_fail(ctx, DA_ERR_DTYPE, "da_get_int64: the value %.0f is beyond int64",
                            s.re);
    *out = s.i;
    return DA_OK;
}

da_status da_get_complex(da_context *ctx, da_array *a, double *re, double *im)
{
    struct da__scalar s;
    DA_TRY(get_scalar(ctx, "da_get_complex", a, &s));
    *re = s.re;
    *im = s.im;
    return DA_OK;
}
