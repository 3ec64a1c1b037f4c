/* Products with operands whose sizes data decide: what is known of them before, and the call that waits. */
#include "deferred.h"
#include "product.h"

#include <string.h>

static da_array *poison(struct da__graph *g, struct da__error *err)
{
    return err->status == DA_OK ? da__node_no_memory(g) : da__make_poison(g, err);
}

static void begin(struct da__later *c, const char *name, da_array *x1, da_array *x2)
{
    da__later_begin(c, name);
    da__later_array(c, "x1", x1);
    da__later_array(c, "x2", x2);
}

da_array *da__matmul_later(struct da__graph *g, const int64_t *attribute, da_array *x1,
                           da_array *x2)
{
    struct da__error err = {.engine = -1};
    struct da__inferred in = {.dtype = da__promote(x1->dtype, x2->dtype)};
    da_array *const x[2] = {x1, x2};
    struct da__later c;
    if (da__product_shape("da_matmul", attribute, x, &in.ndim, in.shape, &err) != DA_OK)
        return poison(g, &err);
    begin(&c, "matmul", x1, x2);
    da__later_flag(&c, "transpose1", attribute[DA__PRODUCT_TRANSPOSED]);
    da__later_flag(&c, "transpose2", attribute[DA__PRODUCT_TRANSPOSED + 1]);
    da__later_flag(&c, "reproducible", da__graph_reproducible(g));
    return da__later_defer_as(g, &c, &in);
}

/* The axes that are not summed over, the first operand's first. */
static void kept_axes(da_array *const *x, int n, const int64_t *const *axes,
                      struct da__inferred *out)
{
    for (int side = 0; side < 2; side++) {
        bool summed[DA_MAX_NDIM] = {false};
        for (int k = 0; k < n; k++)
            summed[axes[side][k] < 0 ? axes[side][k] + x[side]->ndim : axes[side][k]] = true;
        for (int k = 0; k < x[side]->ndim; k++)
            if (!summed[k])
                out->shape[out->ndim++] = x[side]->shape[k];
    }
}

/* tensordot, or dot or inner, which name no axes. */
da_array *da__tensordot_later(struct da__graph *g, const char *what, da_array *const *x, int n,
                              const int64_t *const *axes)
{
    struct da__error err = {.engine = -1};
    struct da__inferred in = {.dtype = da__promote(x[0]->dtype, x[1]->dtype)};
    struct da__raw raw[2 * DA_MAX_NDIM + 3];
    struct da__later c;
    int ndim = x[0]->ndim + x[1]->ndim - 2 * n;
    if (ndim > DA_MAX_NDIM) {
        da__fail(&err, DA_ERR_SHAPE, "%s: the result has %d dimensions, more than %d", what, ndim,
                 DA_MAX_NDIM);
        return poison(g, &err);
    }
    kept_axes(x, n, axes, &in);
    begin(&c, what + strlen("da_"), x[0], x[1]);
    da__later_pairs(&c, "axes", n, axes, raw);
    da__later_flag(&c, "reproducible", da__graph_reproducible(g));
    return da__later_defer_as(g, &c, &in);
}

da_array *da__vecdot_later(struct da__graph *g, da_array *const *x, int64_t axis, const int *at)
{
    struct da__error err = {.engine = -1};
    struct da__inferred in = {.dtype = da__promote(x[0]->dtype, x[1]->dtype)};
    struct da__later c;
    for (int side = 0; side < 2; side++) {
        int64_t rest[DA_MAX_NDIM];
        int n = 0;
        for (int k = 0; k < x[side]->ndim; k++)
            if (k != at[side])
                rest[n++] = x[side]->shape[k];
        if (da__product_broadcast(&in.ndim, in.shape, n, rest, "da_vecdot", &err) != DA_OK)
            return poison(g, &err);
    }
    begin(&c, "vecdot", x[0], x[1]);
    da__later_int(&c, "axis", axis);
    return da__later_defer_as(g, &c, &in);
}
