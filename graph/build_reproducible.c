/* Reductions and products whose bits do not depend on engines, threads or distributions, made of sums that do not. */
#include "product.h"

static da_array *unary(struct da__graph *g, enum da__op_id op, da_array *x)
{
    struct da__operand in = {.array = x};
    return da__make_elementwise(g, op, 1, &in);
}

static da_array *binary(struct da__graph *g, enum da__op_id op, da_array *x1, da_array *x2)
{
    struct da__operand in[2] = {{.array = x1}, {.array = x2}};
    return da__make_elementwise(g, op, 2, in);
}

static da_array *squared(struct da__graph *g, da_array *x)
{
    return binary(g, DA__OP_MULTIPLY, x, x);
}

/* Two sweeps: the mean, then the mean of the squared deviations, both in double precision. */
da_array *da__make_reproducible_var(struct da__graph *g, enum da__red_id red, da_array *x,
                                    int naxes, const int64_t *axes, bool keepdims,
                                    double correction, da_dtype result)
{
    bool complex = da__dtype(x->dtype)->kind == 'c';
    const enum da__red_id mean_of = DA__RED_REPRODUCIBLE_MEAN;
    x = da__make_astype(g, x, complex ? DA_COMPLEX128 : DA_FLOAT64);
    da_array *mean = da__make_reduce(g, mean_of, x, naxes, axes, true, 0, DA_DTYPE_DEFAULT);
    da_array *off = binary(g, DA__OP_SUBTRACT, x, mean), *square;
    if (complex)
        square = binary(g, DA__OP_ADD, squared(g, unary(g, DA__OP_REAL, off)),
                        squared(g, unary(g, DA__OP_IMAG, off)));
    else
        square = squared(g, off);
    da_array *var =
        da__make_reduce(g, mean_of, square, naxes, axes, keepdims, correction, DA_DTYPE_DEFAULT);
    return da__make_astype(g, red == DA__RED_STD ? unary(g, DA__OP_SQRT, var) : var, result);
}

/* The operand with its own axes in front of the summed ones, and an axis of one element for each that the other operand has alone. */
static da_array *spread(struct da__graph *g, const int64_t *attribute, da_array *x, int side)
{
    struct da__factor f = da__factor_of(attribute, x->ndim, side);
    int64_t order[DA_MAX_NDIM];
    for (int k = 0; k < x->ndim; k++)
        order[k] = k < f.nbatch             ? k
                   : k < f.nbatch + f.nkept ? f.kept + k - f.nbatch
                                            : f.k + k - f.nbatch - f.nkept;
    x = da__make_permute(g, x, x->ndim, order);
    for (int64_t k = 0; k < attribute[DA__PRODUCT_M + 1 - side]; k++)
        x = da__make_expand_dims(g, x, f.nbatch);
    return x;
}

/* One operand has no axes of its own, so the elementwise products are as many as the other has elements. */
da_array *da__make_summed_product(struct da__graph *g, const int64_t *attribute, da_array *x1,
                                  da_array *x2, da_dtype dtype)
{
    int64_t axes[DA_MAX_NDIM];
    int nk = (int)attribute[DA__PRODUCT_K];
    for (int k = 0; k < nk; k++)
        axes[k] = k - nk;
    da_array *product =
        binary(g, DA__OP_MULTIPLY, spread(g, attribute, x1, 0), spread(g, attribute, x2, 1));
    return da__make_reduce(g, DA__RED_REPRODUCIBLE_SUM, product, nk, axes, false, 0, dtype);
}
