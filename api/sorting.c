/* Sorting and running sums as exported functions. */
#include "api.h"

static bool flags_known(struct da__graph *g, const char *what, int flags, int known, da_array **bad)
{
    if ((flags & ~known) == 0)
        return true;
    *bad = da__api_poison(g, DA_ERR_ARGUMENT, "%s: flags %d are not known; there is %s", what,
                          flags, known == DA_DESCENDING ? "DA_DESCENDING" : "DA_INCLUDE_INITIAL");
    return false;
}

static da_array *sort(da_array *x, int axis, int flags, bool indices)
{
    struct da__graph *g;
    da_array *bad;
    if (!da__api_array(x, &g, &bad) ||
        !flags_known(g, indices ? "da_argsort" : "da_sort", flags, DA_DESCENDING, &bad))
        return bad;
    return da__make_sort(g, x, axis, (flags & DA_DESCENDING) != 0, indices);
}

da_array *da_sort(da_array *x, int axis, int flags)
{
    return sort(x, axis, flags, false);
}

da_array *da_argsort(da_array *x, int axis, int flags)
{
    return sort(x, axis, flags, true);
}

static da_array *cumulative(da_array *x, int axis, int flags, bool product, da_dtype dtype)
{
    struct da__graph *g;
    da_array *bad;
    int64_t along = axis;
    if (!da__api_array_for(product ? "cumulative_prod" : "cumulative_sum", x, &g, &bad) ||
        !flags_known(g, product ? "da_cumulative_prod" : "da_cumulative_sum", flags,
                     DA_INCLUDE_INITIAL, &bad))
        return bad;
    return da__make_scan(g, x, &along, product, dtype, (flags & DA_INCLUDE_INITIAL) != 0);
}

da_array *da_cumulative_sum(da_array *x, int axis, int flags)
{
    return cumulative(x, axis, flags, false, DA_DTYPE_DEFAULT);
}

da_array *da_cumulative_prod(da_array *x, int axis, int flags)
{
    return cumulative(x, axis, flags, true, DA_DTYPE_DEFAULT);
}

da_array *da_cumulative_sum_as(da_array *x, int axis, int flags, da_dtype dtype)
{
    return cumulative(x, axis, flags, false, dtype);
}

da_array *da_cumulative_prod_as(da_array *x, int axis, int flags, da_dtype dtype)
{
    return cumulative(x, axis, flags, true, dtype);
}
