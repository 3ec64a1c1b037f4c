/* Products of matrices, and sums of products over axes that arrays share. */
#ifndef DISTARRAY_LINALG_H
#define DISTARRAY_LINALG_H

#include <distarray/array.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Operands are promoted to one dtype, which is the result's. Integers wrap; of bools a product is "and", a sum "or". Floating-point
 * numbers are multiplied by OpenBLAS where the machine has it (loaded at the first such product, and told to use one thread in this
 * process, since the engine's threads share the work), else by own loops. A sum over no elements is 0.
 *
 * The result lies where the fewest bytes move: with the rows of x1, the columns of x2, on a grid of both, or, where what is
 * summed is long and the result small, on all engines that hold parts of the sums. On a grid, panels of x1 go round
 * along its rows and panels of x2 along its columns while others are multiplied (SUMMA, van de Geijn and Watts 1997), so that no engine
 * ever holds more of a remote operand than a few panels.
 *
 * Lazy. Errors, in the handle: DA_ERR_SHAPE (extents that do not agree), DA_ERR_ARGUMENT (axes that do not exist; two contexts). Operands
 * whose size is not known yet, as x[mask], are taken to agree: da_compute finds their sizes first, and that they do not. */

/* The product of the matrices that the last two axes are; axes before them broadcast. A 1-d x1 is a row and a 1-d x2 a column, which
 * the result lacks. da_matrix_transpose of an operand costs nothing. Errors: DA_ERR_SHAPE also for operands of 0 dimensions. */
DA_API da_array *da_matmul(da_array *x1, da_array *x2);

/* Summed over the last n axes of x1 and the first n of x2, pair by pair; the result has the other axes of x1, then those of x2. n 0: every
 * element of one times every element of the other. */
DA_API da_array *da_tensordot(da_array *x1, da_array *x2, int n);

/* The same over pairs of axes: axes1.axis[k] of x1 with axes2.axis[k] of x2. */
DA_API da_array *da_tensordot_axes(da_array *x1, da_array *x2, da_axes axes1, da_axes axes2);

/* Sums of conj(x1) * x2 along `axis` of each, which has as many elements in both; other axes broadcast. */
DA_API da_array *da_vecdot(da_array *x1, da_array *x2, int axis);

/* Every element of x1 times every element of x2, both flattened: 2-d. */
DA_API da_array *da_outer(da_array *x1, da_array *x2);

/* NumPy's dot: summed over the last axis of x1 and the last but one of x2 (the only one of a 1-d x2); with an operand of 0 dimensions the
 * product. */
DA_API da_array *da_dot(da_array *x1, da_array *x2);

/* NumPy's inner: summed over the last axes of both; with an operand of 0 dimensions the product. */
DA_API da_array *da_inner(da_array *x1, da_array *x2);

#ifdef __cplusplus
}
#endif
#endif
