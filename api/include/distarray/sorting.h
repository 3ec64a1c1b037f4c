/* Along an axis: sorting, and running sums and products. */
#ifndef DISTARRAY_SORTING_H
#define DISTARRAY_SORTING_H

#include <distarray/array.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Results lie as x does. The order of elements is that of NumPy's sort: numbers, then NaNs, in both directions; complex numbers
 * by real, then imaginary part. Sorting is stable: equal elements (-0.0 and 0.0 are) stay in their order, also descending.
 * A one-dimensional array that is split is sorted by all its engines together, and each of them holds at most a fifth more than its
 * share meanwhile; of an array of several dimensions whole lines go to engines. Running sums go on from engine to engine in
 * index order, so that they do not depend on timing.
 *
 * Lazy. Errors, in the handle: DA_ERR_ARGUMENT (no such axis, 0 dimensions, unknown flags), DA_ERR_DTYPE. */

/* Flags. */
enum {
    DA_DESCENDING = 1, /* da_sort, da_argsort: the largest first */
    DA_INCLUDE_INITIAL =
        2 /* da_cumulative_…: 0 (1 of a product) in front; the axis is one longer */
};

/* Sorted along `axis`; x's shape and dtype. */
DA_API da_array *da_sort(da_array *x, int axis, int flags);

/* The indices along `axis` that sort x; x's shape, int64. */
DA_API da_array *da_argsort(da_array *x, int axis, int flags);

/* Element i is the sum of the elements 0 … i along `axis`. Bools and signed integers give int64, unsigned ones uint64, others
 * their dtype. */
DA_API da_array *da_cumulative_sum(da_array *x, int axis, int flags);

/* Element i is the product of the elements 0 … i along `axis`. dtypes as da_cumulative_sum. */
DA_API da_array *da_cumulative_prod(da_array *x, int axis, int flags);

/* da_cumulative_sum of x converted to `dtype`, giving `dtype`. */
DA_API da_array *da_cumulative_sum_as(da_array *x, int axis, int flags, da_dtype dtype);

/* da_cumulative_prod of x converted to `dtype`, giving `dtype`. */
DA_API da_array *da_cumulative_prod_as(da_array *x, int axis, int flags, da_dtype dtype);

#ifdef __cplusplus
}
#endif
#endif
