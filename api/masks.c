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

da_array *da_compress(da_array *condition, da_array *x, da_axes axis)
{
    struct da__graph *g, *other;
    da_array *bad;
    int64_t list[DA_MAX_NDIM];
    if (!da__api_array(condition, &g, &bad) || !da__api_array(x, &other, &bad) ||
        !da__api_axes(g, "compress", axis, list, &bad))
        return bad;
    if (g != other)
        return da__api_poison(g, DA_ERR_ARGUMENT, "da_compress: the arrays belong to two contexts");
    if (axis.n >= 0 && axis.n != 1)
        return da__api_poison(g, DA_ERR_ARGUMENT, "da_compress: takes one axis or all, not %d",
                              axis.n);
    return da__make_compress(g, condition, x, axis.n < 0 ? NULL : list);
}

/* The arrays' graph, where the mask is one. */
static bool mask_of(const char *what, da_array *x, da_array *mask, struct da__graph **g,
                    da_array **bad)
{
    struct da__graph *other;
    if (!da__api_array_for(what, x, g, bad) || !da__api_array_for(what, mask, &other, bad))
        return false;
    if (*g != other)
        *bad = da__api_poison(*g, DA_ERR_ARGUMENT, "%s: the arrays belong to two contexts", what);
    else if (mask->kind != DA__NODE_POISON && mask->dtype != DA_BOOL)
        *bad = da__api_poison(*g, DA_ERR_DTYPE, "%s: the mask is %s, not bool", what,
                              da__dtype(mask->dtype)->name);
    else
        return true;
    return false;
}

static const struct da__index_item whole_mask = {.kind = DA__INDEX_ARRAY};

da_array *da_mask_get(da_array *x, da_array *mask)
{
    struct da__graph *g;
    da_array *bad;
    return mask_of(__func__, x, mask, &g, &bad) ? da__make_get(g, x, 1, &whole_mask, 1, &mask)
                                                : bad;
}

da_array *da_mask_put(da_array *x, da_array *mask, da_operand value)
{
    struct da__graph *g;
    da_array *bad;
    struct da__operand own[2];
    da_operand both[2] = {{.array = x, .kind = DA_OPERAND_ARRAY}, value};
    if (!mask_of(__func__, x, mask, &g, &bad) ||
        !da__api_operands("mask_put", 2, both, own, &g, &bad))
        return bad;
    return da__make_put(g, x, &own[1], 1, &whole_mask, 1, &mask);
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
