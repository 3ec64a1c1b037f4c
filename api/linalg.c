/* Products as exported functions. */
#include "api.h"

static bool both(const char *what, da_array *x1, da_array *x2, struct da__graph **g, da_array **bad)
{
    da_array *const x[2] = {x1, x2};
    return da__api_list(what, 2, x, g, bad);
}

da_array *da_matmul(da_array *x1, da_array *x2)
{
    struct da__graph *g;
    da_array *bad;
    return both("matmul", x1, x2, &g, &bad) ? da__make_matmul(g, x1, x2, false, false) : bad;
}

da_array *da_tensordot(da_array *x1, da_array *x2, int n)
{
    struct da__graph *g;
    da_array *bad;
    int64_t axes1[DA_MAX_NDIM], axes2[DA_MAX_NDIM];
    if (!both("tensordot", x1, x2, &g, &bad))
        return bad;
    if (n < 0 || n > DA_MAX_NDIM)
        return da__api_poison(g, DA_ERR_ARGUMENT, "da_tensordot: %d is no number of axes", n);
    for (int k = 0; k < n; k++) {
        axes1[k] = k - n;
        axes2[k] = k;
    }
    return da__make_tensordot(g, x1, x2, n, axes1, axes2);
}

da_array *da_tensordot_axes(da_array *x1, da_array *x2, da_axes axes1, da_axes axes2)
{
    struct da__graph *g;
    da_array *bad;
    int64_t first[DA_MAX_NDIM], second[DA_MAX_NDIM];
    if (!both("tensordot", x1, x2, &g, &bad) || !da__api_axes(g, "tensordot", axes1, first, &bad) ||
        !da__api_axes(g, "tensordot", axes2, second, &bad))
        return bad;
    if (axes1.n < 0 || axes1.n != axes2.n)
        return da__api_poison(g, DA_ERR_ARGUMENT,
                              "da_tensordot: %d axes of the first operand for %d of the second",
                              axes1.n, axes2.n);
    return da__make_tensordot(g, x1, x2, axes1.n, first, second);
}

da_array *da_vecdot(da_array *x1, da_array *x2, int axis)
{
    struct da__graph *g;
    da_array *bad;
    return both("vecdot", x1, x2, &g, &bad) ? da__make_vecdot(g, x1, x2, axis) : bad;
}

da_array *da_outer(da_array *x1, da_array *x2)
{
    struct da__graph *g;
    da_array *bad;
    return both("outer", x1, x2, &g, &bad) ? da__make_outer(g, x1, x2) : bad;
}

da_array *da_dot(da_array *x1, da_array *x2)
{
    struct da__graph *g;
    da_array *bad;
    return both("dot", x1, x2, &g, &bad) ? da__make_dot(g, x1, x2, false) : bad;
}

da_array *da_inner(da_array *x1, da_array *x2)
{
    struct da__graph *g;
    da_array *bad;
    return both("inner", x1, x2, &g, &bad) ? da__make_dot(g, x1, x2, true) : bad;
}
