/* Arrays whose size depends on data: where masks are true, what they select; and places in sorted arrays. */
#ifndef DISTARRAY_MASKS_H
#define DISTARRAY_MASKS_H

#include <distarray/array.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How many elements of a mask are true is known only once it is computed. What depends on that is still an ordinary lazy array: its
 * dtype and number of dimensions are known when the call returns, the extents that are not known yet are -1 in da_shape (and
 * da_size is -1), and da_compute finds them out on its way: what sizes depend on is computed first, and the array's shape is
 * complete afterwards. Such an array is distributed in blocks over all engines.
 *
 * Arrays without a size can be operands of all operators and reductions, and of indexing, da_permute_dims, da_flip, da_expand_dims,
 * da_squeeze, da_moveaxis, da_roll, da_reshape, da_flatten, da_broadcast_to, da_tile, da_repeat, da_repeat_each, da_concat, da_stack, da_set_slice, da_set_where,
 * da_diagonal, da_tril, da_triu, da_meshgrid, da_unstack along an axis of known extent, da_sort, da_cumulative_sum, da_astype, da_redistribute, da_rebalance, da_distribute_as, da_save and the functions below. Whether shapes fit is then checked when
 * sizes are known, and the error is da_compute's. Other functions refuse them: DA_ERR_STATE in the handle, "the size of its input
 * is known only once it is computed". */

/* The C-order flat indices of the elements of x that are true (not 0), ascending: 1-d, int64, of unknown extent.
 * Lazy. */
DA_API da_array *da_flatnonzero(da_array *x);

/* The indices of the elements of x that are true, in C order: out[k] holds those along axis k, 1-d, int64, of unknown extent. `out`
 * has room for da_ndim(x) handles. Lazy. Errors, in the handles: DA_ERR_SHAPE (x has no axes, out is untouched then). */
DA_API void da_nonzero(da_array *x, da_array **out);

/* The elements of x along an axis where the 1-d condition is true; as NumPy's compress the condition may be shorter than the axis. Of
 * unknown extent along the axis. DA_ALL_AXES: all elements of x in C order, 1-d. Lazy. Errors, in the handle: DA_ERR_SHAPE (the condition is
 * not 1-d), DA_ERR_ARGUMENT (no such axis, more than one); of da_compute: DA_ERR_INDEX (true beyond the end of the axis). */
DA_API da_array *da_compress(da_array *condition, da_array *x, da_axes axis);

/* x[mask]: the elements of x where the bool mask, which has the shape of x's leading axes, is true; 1-d in their place, of unknown extent.
 * A mask of 0 dimensions gives x all or not at all, under a new first axis of one or no element, as NumPy's x[True]. Lazy. Errors, in the handle: DA_ERR_INDEX (another shape), DA_ERR_DTYPE (the mask is not bool). */
DA_API da_array *da_mask_get(da_array *x, da_array *mask);

/* x with x[mask] = value: what broadcasts to one selected element goes to all of them, an array with one element per true element of the
 * mask gives each its own, in C order. The value is cast to x's dtype; the result lies as x does. Lazy. Errors, in the handle
 * or of da_compute where sizes are known only then: DA_ERR_INDEX and DA_ERR_DTYPE as da_mask_get, DA_ERR_SHAPE (the value does
 * not fit). */
DA_API da_array *da_mask_put(da_array *x, da_array *mask, da_operand value);

#ifdef DA_SUGAR
#define da_mask_put(x, mask, value) (da_mask_put)(x, mask, DA_OPERAND(value))
#endif

/* Which side of equal elements a place is on. */
enum da_side {
    DA_LEFT = 0, /* before the first of them */
    DA_RIGHT = 1 /* after the last of them */
};

/* Where the elements of x2 belong in x1, 1-d and ascending (NaN last): for each the number of elements of x1 that are less (DA_LEFT),
 * or not greater (DA_RIGHT). Both are promoted to one dtype. int64, of x2's shape and distribution. What comes of an x1
 * that is not ascending is not defined. Lazy. Errors, in the handle: DA_ERR_SHAPE (x1 is not 1-d), DA_ERR_ARGUMENT (no such
 * side). */
DA_API da_array *da_searchsorted(da_array *x1, da_array *x2, int side);

#ifdef __cplusplus
}
#endif
#endif
