/* Reductions: sums, means and extrema over some axes or all of them. */
#ifndef DISTARRAY_REDUCTIONS_H
#define DISTARRAY_REDUCTIONS_H

#include <distarray/array.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Axes are DA_AXES(0), DA_AXES(0, -1), DA_ALL_AXES; reduced axes vanish, or stay with extent 1 under DA_KEEPDIMS. Axes that
 * stay keep their distribution. Names, dtypes and NaN handling are NumPy's. The order in which partial results are combined
 * never depends on timing: the same program on the same engines gives the same bits.
 *
 * Lazy. Errors, in the handle: DA_ERR_ARGUMENT (no such axis, an axis twice), DA_ERR_SHAPE (no element where the reduction
 * has no value for that), DA_ERR_DTYPE. */

/* Flags. */
enum {
    DA_KEEPDIMS = 1 /* reduced axes stay, with extent 1 */
};

/* Sum. Bools and signed integers give int64, unsigned ones uint64, others their dtype. Of nothing: 0. */
DA_API da_array *da_sum(da_array *x, da_axes axes, int flags);

/* Product. dtypes as da_sum. Of nothing: 1. */
DA_API da_array *da_prod(da_array *x, da_axes axes, int flags);

/* Arithmetic mean. Bools and integers give float64. Of nothing: NaN. */
DA_API da_array *da_mean(da_array *x, da_axes axes, int flags);

/* da_sum computed in, and giving, `dtype`. */
DA_API da_array *da_sum_as(da_array *x, da_axes axes, int flags, da_dtype dtype);

/* da_prod computed in, and giving, `dtype`. */
DA_API da_array *da_prod_as(da_array *x, da_axes axes, int flags, da_dtype dtype);

/* da_mean computed in, and giving, `dtype`. */
DA_API da_array *da_mean_as(da_array *x, da_axes axes, int flags, da_dtype dtype);

/* Variance: the squared deviations from the mean, summed and divided by count - correction (0: of the population, 1: the
 * sample's unbiased estimate). Real: complex input gives its real dtype, bools and integers float64. */
DA_API da_array *da_var(da_array *x, da_axes axes, double correction, int flags);

/* Standard deviation: the square root of da_var. */
DA_API da_array *da_std(da_array *x, da_axes axes, double correction, int flags);

/* The smallest element; NaN if there is one. x's dtype. Of nothing: an error. */
DA_API da_array *da_min(da_array *x, da_axes axes, int flags);

/* The largest element; NaN if there is one. x's dtype. Of nothing: an error. */
DA_API da_array *da_max(da_array *x, da_axes axes, int flags);

/* Whether any element is not zero; bool. Of nothing: false. */
DA_API da_array *da_any(da_array *x, da_axes axes, int flags);

/* da_sum whose bits depend on the elements alone: for any number of engines and threads, any distribution, order and instruction set.
 * Within 80 bits below the largest element nothing is lost before the one rounding at the end, so cancellation does no harm; sums in
 * between do not overflow. Elements that are not finite give what da_sum gives (one kind of NaN). Integers and bools: as da_sum.
 * Algorithm: Demmel and Nguyen, Parallel Reproducible Summation, IEEE Trans. Computers 64(7), 2015, with integer bins. */
DA_API da_array *da_reproducible_sum(da_array *x, da_axes axes, int flags);

/* da_reproducible_sum over count - correction; ints and bools in float64. With a correction of 0 the mean. */
DA_API da_array *da_reproducible_mean(da_array *x, da_axes axes, double correction, int flags);

/* Whether no element is zero; bool. Of nothing: true. */
DA_API da_array *da_all(da_array *x, da_axes axes, int flags);

/* Index of the first smallest element along one axis, or of the first NaN; int64. With DA_ALL_AXES the index in C order. Of
 * nothing: an error. */
DA_API da_array *da_argmin(da_array *x, da_axes axes, int flags);

/* Index of the first largest element along one axis, or of the first NaN; int64. With DA_ALL_AXES the index in C order. Of
 * nothing: an error. */
DA_API da_array *da_argmax(da_array *x, da_axes axes, int flags);

/* Number of elements that are not zero; int64. */
DA_API da_array *da_count_nonzero(da_array *x, da_axes axes, int flags);

#ifdef __cplusplus
}
#endif
#endif
