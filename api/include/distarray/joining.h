/* Arrays put together and taken apart: rolls, diagonals, joins, and arrays with parts replaced. */
#ifndef DISTARRAY_JOINING_H
#define DISTARRAY_JOINING_H

#include <distarray/operators.h>
#include <distarray/views.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Lazy. Errors, in the handle: DA_ERR_ARGUMENT (no such axis, no arrays, arrays of two contexts), DA_ERR_SHAPE (extents that do not
 * fit), DA_ERR_INDEX (an index out of range), DA_ERR_FORMAT (an index text that is malformed), DA_ERR_DTYPE (a scalar that the
 * array's dtype cannot hold), DA_ERR_UNSUPPORTED (flattening where it is not offered). */

/* ---- the same elements elsewhere ---------------------------------------------------------------- */

/* Elements moved `shift` places along each of the axes, round the end: element i of the result is x's element i - shift. Any sign
 * and size. DA_ALL_AXES: as if flattened, as NumPy's roll without an axis. A view: elements keep their engines, and a small
 * shift moves little. */
DA_API da_array *da_roll(da_array *x, int64_t shift, da_axes axes);

/* n rolls at once: by shift[k] along axis[k]; repeated axes add up. */
DA_API da_array *da_roll_each(da_array *x, int n, const int64_t *shift, const int *axis);

/* The diagonal of two axes as the last axis, as a view: elements x[…, i, …, i + offset, …]. */
DA_API da_array *da_diagonal(da_array *x, int64_t offset, int axis1, int axis2);

/* x with zeros above the k-th diagonal of its last two axes. */
DA_API da_array *da_tril(da_array *x, int64_t k);

/* x with zeros below the k-th diagonal of its last two axes. */
DA_API da_array *da_triu(da_array *x, int64_t k);

/* ---- arrays side by side ------------------------------------------------------------------------ */

/* n arrays one after the other along an axis; their other extents agree, their dtypes are promoted. Where they are all distributed
 * alike on the other axes, the result is, too, and the joined axis is split evenly over the same engines; otherwise it has the
 * default distribution. */
DA_API da_array *da_concat(int n, da_array *const *x, int axis);

/* n arrays of any shapes, each flattened in C order, one after the other. */
DA_API da_array *da_concat_flat(int n, da_array *const *x);

/* n arrays of one shape side by side along a new axis at `axis`, -ndim-1 … ndim. */
DA_API da_array *da_stack(int n, da_array *const *x, int axis);

/* The n = da_shape(x)[axis] slices of x along an axis, which goes. Where n is another number every out[k] is poisoned, and
 * where data decide the axis's extent (DA_ERR_STATE): it must be computed first. Other extents may be unknown. */
DA_API void da_unstack(da_array *x, int axis, int64_t n, da_array **out);

/* n vectors spread over the grid of all of them: out[k] repeats x[k] along every other axis. indexing "ij": out[k] varies along
 * axis k; "xy" or NULL: the first two axes change places. Views: nothing is copied. */
DA_API void da_meshgrid(int n, da_array *const *x, const char *indexing, da_array **out);

/* ---- arrays with parts replaced ----------------------------------------------------------------- */

/* Arrays are immutable values, so these give a new array; where nobody needs the old one any more, its memory is reused. The
 * value is cast to x's dtype, as NumPy's assignment casts. It may be made from x itself. */

/* x with the part that the items name replaced by the value, which broadcasts to that part. */
DA_API da_array *da_set_slice(da_array *x, da_operand value, int n, const da_item *item);

/* The same with the index as text: da_set_index(u, v, "1:-1, 1:-1"). */
DA_API da_array *da_set_index(da_array *x, da_operand value, const char *index);

/* x with the value wherever the mask is true; mask and value broadcast to x. */
DA_API da_array *da_set_where(da_array *x, da_operand mask, da_operand value);

#ifdef DA_SUGAR
/* clang-format off */
#define da_set_slice(x, value, n, item) (da_set_slice)((x), DA_OPERAND(value), (n), (item))
#define da_set_index(x, value, index) (da_set_index)((x), DA_OPERAND(value), (index))
#define da_set_where(x, mask, value) (da_set_where)((x), DA_OPERAND(mask), DA_OPERAND(value))
/* clang-format on */
#endif

#ifdef __cplusplus
}
#endif
#endif
