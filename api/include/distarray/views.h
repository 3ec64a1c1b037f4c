/* Views: indexing, permuting, broadcasting; and the two copies that resemble them, casts and redistribution. */
#ifndef DISTARRAY_VIEWS_H
#define DISTARRAY_VIEWS_H

#include <distarray/array.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A view reads another array's elements where they lie: nothing is copied, and elements keep their engines.
 *
 * Lazy. Errors, in the handle: DA_ERR_INDEX (out of range, too many indices), DA_ERR_ARGUMENT (no such axis, an axis twice),
 * DA_ERR_SHAPE (does not fit), DA_ERR_FORMAT (an index text that is malformed; the message names the column). */

/* ---- indexing ----------------------------------------------------------------------------------- */

/* NumPy's basic indexing as text: "1:-1, ::-2, ..., 3, None". Slices are clipped to the extent as Python's are; integers
 * out of range are an error. */
DA_API da_array *da_index(da_array *x, const char *index);

/* What one item of an index is. */
enum da_item_kind {
    DA_ITEM_INT = 0,      /* start: the index; the axis vanishes */
    DA_ITEM_SLICE = 1,    /* start:stop:step, each where its DA_HAS_… flag is set */
    DA_ITEM_ELLIPSIS = 2, /* as many whole axes as are left */
    DA_ITEM_NEWAXIS = 3,  /* a new axis of extent 1 */
    DA_ITEM_ARRAY = 4     /* array: integers (distarray/indexing.h) */
};
enum { DA_HAS_START = 1, DA_HAS_STOP = 2, DA_HAS_STEP = 4 };

/* One item of an index, for programs that compute their bounds. */
typedef struct da_item {
    int kind;     /* enum da_item_kind */
    unsigned has; /* DA_HAS_START | … */
    int64_t start, stop, step;
    da_array *array;
} da_item;

/* The item `i`. */
DA_API da_item da_at(int64_t i);

/* The item `start:stop`. */
DA_API da_item da_range(int64_t start, int64_t stop);

/* The item `start:stop:step`. For a stop before index 0 under a negative step give -extent - 1. */
DA_API da_item da_range_step(int64_t start, int64_t stop, int64_t step);

/* The item `:`, a whole axis. */
DA_API da_item da_whole(void);

/* The item `...`. */
DA_API da_item da_ellipsis(void);

/* The item `None`, a new axis. */
DA_API da_item da_newaxis(void);

/* Indexing by `n` items: da_slice(x, 2, (da_item[]){da_range(1, n - 1), da_whole()}). */
DA_API da_array *da_slice(da_array *x, int n, const da_item *item);

/* ---- axes ---------------------------------------------------------------------------------------- */

/* Axes in the given order: a permutation of all of them. DA_ALL_AXES: reversed. */
DA_API da_array *da_permute_dims(da_array *x, da_axes axes);

/* The last two axes exchanged; x has at least two. */
DA_API da_array *da_matrix_transpose(da_array *x);

/* A new axis of extent 1 before `axis`, -ndim-1 … ndim. */
DA_API da_array *da_expand_dims(da_array *x, int axis);

/* Without the given axes, each of extent 1. DA_ALL_AXES: without all axes of extent 1. */
DA_API da_array *da_squeeze(da_array *x, da_axes axes);

/* Reversed along the given axes. */
DA_API da_array *da_flip(da_array *x, da_axes axes);

/* Axes moved from `source` to `destination`, as many of each; the others keep their order. */
DA_API da_array *da_moveaxis(da_array *x, da_axes source, da_axes destination);

/* ---- other shapes ------------------------------------------------------------------------------- */

/* The elements of x in C order under another shape, NumPy's reshape. One extent may be -1: as many as are left. It is a view
 * where only axes of extent 1 come or go; else elements move to a distribution that keeps as many as possible where they are.
 * Lazy. Errors, in the handle: DA_ERR_SHAPE (another number of elements, two -1, a negative extent). */
DA_API da_array *da_reshape(da_array *x, da_extents shape);

/* The same as an array of one dimension. Lazy. */
DA_API da_array *da_flatten(da_array *x);

/* x repeated as a whole `repetitions.extent[k]` times along axis k; the shorter of repetitions and x's shape gets 1s in
 * front. dtype as x. Lazy. Errors, in the handle: DA_ERR_ARGUMENT (a negative number), DA_ERR_SHAPE. */
DA_API da_array *da_tile(da_array *x, da_extents repetitions);

/* Each element of x `repeats` times in a row along `axis`. Lazy. Errors, in the handle: DA_ERR_ARGUMENT (a negative number,
 * no such axis), DA_ERR_SHAPE. */
DA_API da_array *da_repeat(da_array *x, int64_t repeats, int axis);

/* Each element of x along `axis` as many times in a row as its own count says: `repeats` is 1-d, of integers, with one count per element,
 * or of one element for all. The extent along the axis is unknown until the array is computed. dtype as x. Lazy. Errors, in the
 * handle: DA_ERR_ARGUMENT (no such axis), DA_ERR_DTYPE (repeats that int64 cannot hold), DA_ERR_SHAPE (another number of counts);
 * of da_compute: DA_ERR_ARGUMENT (a negative count). */
DA_API da_array *da_repeat_each(da_array *x, da_array *repeats, int axis);

/* ---- broadcasting ------------------------------------------------------------------------------- */

/* x repeated to `shape`, by NumPy's broadcasting. */
DA_API da_array *da_broadcast_to(da_array *x, da_extents shape);

/* All n arrays broadcast against each other: out[i] is x[i] in their common shape. Where they do not fit, every out[i] is
 * poisoned. */
DA_API void da_broadcast_arrays(int n, da_array *const *x, da_array **out);

/* ---- copies that resemble views ----------------------------------------------------------------- */

/* Converted to `dtype`, as NumPy's astype: floats to integers truncate. */
DA_API da_array *da_astype(da_array *x, da_dtype dtype);

/* The same values under another distribution. Errors, in the handle: DA_ERR_DISTRIBUTION, DA_ERR_FORMAT. */
DA_API da_array *da_redistribute(da_array *x, const da_distribution *dist);

/* x distributed as `like`, which has the same shape. Errors, in the handle: DA_ERR_SHAPE. */
DA_API da_array *da_redistribute_like(da_array *x, const da_array *like);

/* The same values in balanced blocks of the first axis over all engines of the context, the default distribution: for a slice
 * that lies on few engines and feeds a long computation. x itself where it lies so already. Lazy. Errors, in the handle:
 * those of x. */
DA_API da_array *da_rebalance(da_array *x);

/* The elements of x in C order under another shape (as da_reshape; one extent may be -1) and distribution; `dist` NULL: the
 * default. Lazy. Errors, in the handle: DA_ERR_SHAPE (another number of elements), DA_ERR_DISTRIBUTION, DA_ERR_FORMAT. */
DA_API da_array *da_distribute_as(da_array *x, da_extents shape, const da_distribution *dist);

#ifdef __cplusplus
}
#endif
#endif
