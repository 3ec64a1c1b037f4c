/* The callables that make random arrays. */
#include "calls.h"

static da_array *fail(struct da__graph *g, const struct da__callable *c, da_status status,
                      const char *what)
{
    struct da__error err = {.engine = -1};
    da__fail(&err, status, "da_%s: %s", c->name, what);
    return da__make_poison(g, &err);
}

/* The seed stands behind what may be left out, but never is. */
static da_array *no_seed(struct da__graph *g, const struct da__callable *c)
{
    return fail(g, c, DA_ERR_ARGUMENT, "seed is missing");
}

static double real_or(const struct da__arg *arg, double otherwise)
{
    return da__arg_given(arg) ? arg->operand.scalar.re : otherwise;
}

static int64_t int_or(const struct da__arg *arg, int64_t otherwise)
{
    return da__arg_given(arg) ? arg->operand.scalar.i : otherwise;
}

/* A parameter that is a real number, if given. */
static bool is_real(const struct da__arg *arg)
{
    return !da__arg_given(arg) || arg->operand.scalar.kind != DA__SCALAR_COMPLEX;
}

/* The parameters `dtype`, `seed`, `stream` and `dist`, which follow each other. */
static struct da__draw draw_of(const struct da__arg *shape, const struct da__arg *rest)
{
    return (struct da__draw){.ndim =
                                 shape->nints > DA_MAX_NDIM ? DA_MAX_NDIM + 1 : (int)shape->nints,
                             .shape = shape->ints,
                             .dtype = da__arg_given(&rest[0]) ? rest[0].dtype : DA_DTYPE_DEFAULT,
                             .seed = int_or(&rest[1], 0),
                             .stream = int_or(&rest[2], 0),
                             .spec = rest[3].dist};
}

da_array *da__call_uniform(struct da__graph *g, const struct da__callable *c,
                           const struct da__arg *arg)
{
    struct da__draw d = draw_of(&arg[0], &arg[3]);
    if (!da__arg_given(&arg[4]))
        return no_seed(g, c);
    if (!is_real(&arg[1]) || !is_real(&arg[2]))
        return fail(g, c, DA_ERR_DTYPE, "low and high must be real numbers");
    return da__make_uniform(g, real_or(&arg[1], 0), real_or(&arg[2], 1), &d);
}

da_array *da__call_normal(struct da__graph *g, const struct da__callable *c,
                          const struct da__arg *arg)
{
    struct da__draw d = draw_of(&arg[0], &arg[3]);
    if (!da__arg_given(&arg[4]))
        return no_seed(g, c);
    if (!is_real(&arg[1]) || !is_real(&arg[2]))
        return fail(g, c, DA_ERR_DTYPE, "mean and std must be real numbers");
    return da__make_normal(g, real_or(&arg[1], 0), real_or(&arg[2], 1), &d);
}

da_array *da__call_exponential(struct da__graph *g, const struct da__callable *c,
                               const struct da__arg *arg)
{
    struct da__draw d = draw_of(&arg[0], &arg[2]);
    if (!da__arg_given(&arg[3]))
        return no_seed(g, c);
    if (!is_real(&arg[1]))
        return fail(g, c, DA_ERR_DTYPE, "scale must be a real number");
    return da__make_exponential(g, real_or(&arg[1], 1), &d);
}

/* An unsigned integer beyond int64 shows by its sign. */
static bool beyond_int64(const struct da__scalar *s)
{
    return s->i < 0 && s->re > 0;
}

da_array *da__call_integers(struct da__graph *g, const struct da__callable *c,
                            const struct da__arg *arg)
{
    struct da__draw d = draw_of(&arg[2], &arg[4]);
    if (!da__arg_given(&arg[5]))
        return no_seed(g, c);
    if (beyond_int64(&arg[0].operand.scalar) || beyond_int64(&arg[1].operand.scalar))
        return fail(g, c, DA_ERR_ARGUMENT, "low and high must fit int64");
    return da__make_integers(g, arg[0].operand.scalar.i, arg[1].operand.scalar.i,
                             da__arg_given(&arg[3]) && arg[3].flag, &d);
}

/* Of a number: of that many indices; of an array: its elements along the axis. */
da_array *da__call_permutation(struct da__graph *g, const struct da__callable *c,
                               const struct da__arg *arg)
{
    int64_t seed = int_or(&arg[2], 0), stream = int_or(&arg[3], 0);
    if (!da__arg_given(&arg[2]))
        return no_seed(g, c);
    if (arg[0].operand.array == NULL) {
        if (arg[0].operand.scalar.kind != DA__SCALAR_INT || beyond_int64(&arg[0].operand.scalar))
            return fail(g, c, DA_ERR_ARGUMENT, "x must be an array or an integer");
        if (da__arg_given(&arg[1]) && arg[1].operand.scalar.i != 0 && arg[1].operand.scalar.i != -1)
            return fail(g, c, DA_ERR_ARGUMENT, "a permutation of indices has one axis only");
        return da__make_permutation(g, arg[0].operand.scalar.i, seed, stream, arg[4].dist);
    }
    da_array *y = da__make_shuffle(g, arg[0].operand.array, int_or(&arg[1], 0), seed, stream);
    return arg[4].dist != NULL ? da__make_redistribute(g, y, arg[4].dist) : y;
}
