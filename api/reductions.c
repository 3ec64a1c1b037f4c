/* Reductions as exported functions. */
#include "api.h"

static da_array *reduce(enum da__red_id red, da_array *x, da_axes axes, double correction,
                        int flags, da_dtype dtype)
{
    struct da__graph *g;
    da_array *bad;
    int64_t list[DA_MAX_NDIM];
    const char *name = da__red_info(red)->name;
    if (!da__api_array_for(name, x, &g, &bad) || !da__api_axes(g, name, axes, list, &bad))
        return bad;
    if ((flags & ~DA_KEEPDIMS) != 0)
        return da__api_poison(g, DA_ERR_ARGUMENT,
                              "da_%s: flags %d are not known; there is DA_KEEPDIMS", name, flags);
    return da__make_reduce(g, red, x, axes.n, list, (flags & DA_KEEPDIMS) != 0, correction, dtype);
}

#define PLAIN(id, name)                                                                            \
    da_array *da_##name(da_array *x, da_axes axes, int flags)                                      \
    {                                                                                              \
        return reduce(DA__RED_##id, x, axes, 0, flags, DA_DTYPE_DEFAULT);                          \
    }
#define WITH_DTYPE(id, name)                                                                       \
    da_array *da_##name##_as(da_array *x, da_axes axes, int flags, da_dtype dtype)                 \
    {                                                                                              \
        return reduce(DA__RED_##id, x, axes, 0, flags, dtype);                                     \
    }
#define WITH_CORRECTION(id, name)                                                                  \
    da_array *da_##name(da_array *x, da_axes axes, double correction, int flags)                   \
    {                                                                                              \
        return reduce(DA__RED_##id, x, axes, correction, flags, DA_DTYPE_DEFAULT);                 \
    }

/* clang-format off */
PLAIN(SUM, sum)
PLAIN(PROD, prod)
PLAIN(MEAN, mean)
PLAIN(MIN, min)
PLAIN(MAX, max)
PLAIN(ANY, any)
PLAIN(ALL, all)
PLAIN(ARGMIN, argmin)
PLAIN(ARGMAX, argmax)
PLAIN(COUNT_NONZERO, count_nonzero)
PLAIN(REPRODUCIBLE_SUM, reproducible_sum)
WITH_DTYPE(SUM, sum)
WITH_DTYPE(PROD, prod)
WITH_DTYPE(MEAN, mean)
WITH_CORRECTION(VAR, var)
WITH_CORRECTION(STD, std)
WITH_CORRECTION(REPRODUCIBLE_MEAN, reproducible_mean)
/* clang-format on */
