/* Computing: running what was described, and bringing values to the program's memory. */
#ifndef DISTARRAY_COMPUTING_H
#define DISTARRAY_COMPUTING_H

#include <distarray/array.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Computes `n` arrays together: what they share is computed once, and files are written. Each becomes a leaf that holds its
 * values on the engines and is never computed again; so do kept arrays (da_keep) that the computation passes through.
 * A failing run reports once and leaves every array as it was.
 * Errors: a poisoned array's own status; DA_ERR_MEMORY, DA_ERR_IO, DA_ERR_FORMAT, DA_ERR_TRANSPORT. */
DA_API da_status da_compute_all(da_context *ctx, int n, da_array *const *arrays);

/* da_compute(ctx, a, b, …): da_compute_all of the arrays named. */
#ifndef __cplusplus
#define da_compute(ctx, ...)                                                                       \
    da_compute_all(ctx, (int)(sizeof((da_array *const[]){__VA_ARGS__}) / sizeof(da_array *)),      \
                   (da_array *const[]){__VA_ARGS__})
#endif

/* The whole array into `out`, C order, native byte order; computed first where need be. `nbytes` is the room in `out`, at
 * least da_size * da_dtype_nbytes.
 * Errors: DA_ERR_ARGUMENT (too little room), and as da_compute_all. */
DA_API da_status da_get(da_context *ctx, da_array *a, void *out, size_t nbytes);

/* The value of an array of one element as a double; complex ones must have no imaginary part.
 * Errors: DA_ERR_SHAPE (not one element), DA_ERR_DTYPE, and as da_compute_all. */
DA_API da_status da_get_double(da_context *ctx, da_array *a, double *out);

/* The value of an array of one element as an integer; bools and integers only.
 * Errors: DA_ERR_SHAPE (not one element), DA_ERR_DTYPE (also a uint64 beyond int64), and as da_compute_all. */
DA_API da_status da_get_int64(da_context *ctx, da_array *a, int64_t *out);

/* The value of an array of one element as a complex number, real and imaginary part.
 * Errors: DA_ERR_SHAPE (not one element), and as da_compute_all. */
DA_API da_status da_get_complex(da_context *ctx, da_array *a, double *re, double *im);

#ifdef __cplusplus
}
template <class... Arrays> static inline da_status da_compute(da_context *ctx, Arrays... arrays)
{
    da_array *list[] = {arrays...};
    return da_compute_all(ctx, static_cast<int>(sizeof...(arrays)), list);
}
#endif
#endif
