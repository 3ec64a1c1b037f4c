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
 * da_squeeze, da_moveaxis, da_astype, da_redistribute, da_save and the functions below. Whether shapes fit is then checked when
 * sizes are known, and the error is da_compute's. Other functions refuse them: DA_ERR_STATE in the handle, "the size of its input
 * is known only once it is computed". */

/* The C-order flat indices of the elements of x that are true (not 0), ascending: 1-d, int64, of unknown extent.
 * Lazy. */
DA_API da_array *da_flatnonzero(da_array *x);

/* The indices of the elements of x that are true, in C order: out[k] holds those along axis k, 1-d, int64, of unknown extent. `out`
 * has room for da_ndim(x) handles. Lazy. Errors, in the handles: DA_ERR_SHAPE (x has no axes, out is untouched then). */
DA_API void da_nonzero(da_array *x, da_array **out);

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
