/* Masks and sorted arrays as exported functions. */
#include "api.h"

da_array *da_flatnonzero(da_array *x)
{
    struct da__graph *g;
    da_array *bad;
    return da__api_array(x, &g, &bad) ? da__make_flatnonzero(g, x) : bad;
}

void da_nonzero(da_array *x, da_array **out)
{
    struct da__graph *g;
    da_array *bad;
    bool ok = da__api_array(x, &g, &bad);
    for (int k = 0; x != NULL && k < x->ndim; k++)
        out[k] = ok ? da__make_nonzero(g, x, k) : bad;
}

da_array *da_searchsorted(da_array *x1, da_array *x2, int side)
{
    struct da__graph *g, *other;
    da_array *bad;
    if (!da__api_array(x1, &g, &bad) || !da__api_array(x2, &other, &bad))
        return bad;
    if (g != other)
        return da__api_poison(g, DA_ERR_ARGUMENT,
                              "da_searchsorted: the arrays belong to two contexts");
    if (side != DA_LEFT && side != DA_RIGHT)
        return da__api_poison(g, DA_ERR_ARGUMENT, "da_searchsorted: %d is no side", side);
    return da__make_searchsorted(g, x1, x2, side == DA_RIGHT);
}
