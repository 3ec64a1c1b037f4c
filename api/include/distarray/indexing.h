/* Indexing by arrays of integers: elements that the values of other arrays name, read and replaced. */
#ifndef DISTARRAY_INDEXING_H
#define DISTARRAY_INDEXING_H

#include <distarray/views.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Index arrays are of any integer dtype and any distribution; negative values count from the end. Unlike a view, the result is an
 * array of its own: elements travel from their owners to where they are wanted, each once, in one message per pair of engines.
 *
 * Lazy. Results lie where the index arrays do, if these are split over engines; where they address whole axes of x only, and the
 * rest of x is larger than the indices, as x does. da_redistribute chooses otherwise. Errors, in the handle: DA_ERR_DTYPE (an index
 * array that is not of integers), DA_ERR_UNSUPPORTED (a boolean one), DA_ERR_SHAPE (shapes that do not broadcast), DA_ERR_INDEX
 * (too many items, an int out of range), DA_ERR_ARGUMENT (no such axis). A value out of range is found when it is read: the
 * run fails with DA_ERR_INDEX and names it. */

/* The elements along `axis` that `indices` name: the result's shape is x's with the indices' shape in place of that axis. */
DA_API da_array *da_take(da_array *x, da_array *indices, int axis);

/* Along `axis` the elements that `indices` name, position by position along the others: indices have as many dimensions as x,
 * and their other axes broadcast with x's. */
DA_API da_array *da_take_along_axis(da_array *x, da_array *indices, int axis);

/* The item for an index array. */
DA_API da_item da_by(da_array *indices);

/* x[items] by NumPy's rules: index arrays broadcast together, and so do integers beside them; their common shape takes their
 * place in the result where all of them are neighbours, else it comes first. Slices, `...` and `None` mix with them:
 * da_get_items(x, 2, (da_item[]){da_by(i), da_range(1, 3)}). */
DA_API da_array *da_get_items(da_array *x, int n, const da_item *item);

/* x with x[items] replaced by `value`, an array that broadcasts to that shape or a number; it is cast to x's dtype. Where items
 * name an element more than once, the last value in C order of the index space stays. The result lies as x does. */
DA_API da_array *da_put_items(da_array *x, da_operand value, int n, const da_item *item);

#ifdef DA_SUGAR
#define da_put_items(x, value, ...) (da_put_items)(x, DA_OPERAND(value), __VA_ARGS__)
#endif

#ifdef __cplusplus
}
#endif
#endif
