/* Functions of the program's own on the engines: elementwise, as reductions, and on the parts of arrays that an engine has. */
#ifndef DISTARRAY_FUNCTIONS_H
#define DISTARRAY_FUNCTIONS_H

#include <distarray/array.h>
#include <distarray/reductions.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A C function is registered under a name, on the master, in a context that has started: the engines need no call of their own. They
 * find the function by the file that holds it (the program itself, or a shared library) and its place there, so under mpirun every
 * process must have loaded that file; where one has not, the run that calls the function fails with DA_ERR_ARGUMENT, which names the
 * function, the file and the engine, before anything is called. Names are identifiers of at most 63 characters that mean nothing
 * else, and each is registered once in a context. Expressions and pipelines (pipeline.h) call registered functions by these names.
 *
 * `data` (nbytes, may be NULL and 0) is copied, travels with the program and is given to the function: no pointers in it.
 *
 * Functions of equal arguments must give equal results: the library may call them never, once or several times for one element, in
 * any order. Elementwise functions and those of reductions are called by all threads of an engine at once, and with several
 * engines in one process by threads of all of these; so they must not write what others read. A function on local parts is called by
 * one thread of its engine. None of them may call the library, apart from what is below and takes a da_part or a da_engine. */

/* ---- elementwise functions ---------------------------------------------------------------------- */

/* Computes n elements of the result from n elements of each operand: element i of operand k is in[k][i * step[k]], where step[k] is 1,
 * or 0 for an operand that is one element for all n. `out` may be the very memory of an operand of its dtype: write element i after
 * having read elements i. Called on strips of some hundred elements inside fused kernels. */
typedef void (*da_elementwise_function)(int64_t n, void *out, const void *const *in,
                                        const int64_t *step, const void *data);

/* Registers an elementwise function of `ninputs` operands, 1 to 3, of the dtypes inputs[0 … ninputs-1], whose result is of dtype
 * `result`. Errors: DA_ERR_ARGUMENT (the name, no function, another number of operands), DA_ERR_DTYPE (no dtype). */
DA_API da_status da_register_elementwise(da_context *ctx, const char *name,
                                         da_elementwise_function function, int ninputs,
                                         const da_dtype *inputs, da_dtype result, const void *data,
                                         size_t nbytes);

/* The function applied to operands that broadcast together, arrays of the context or scalars (DA_OPERAND, da_number …), `n` of them. Arrays
 * are cast to the dtypes that were registered, as promotion allows: int64 becomes float64, float64 never float32. Distributed as
 * the results of operators are, and fused with them. Lazy. Errors, in the handle: DA_ERR_ARGUMENT (not registered, another number of
 * operands), DA_ERR_DTYPE (an operand is not cast to its dtype), DA_ERR_SHAPE. */
DA_API da_array *da_call(da_context *ctx, const char *name, int n, const da_operand *operand);

/* ---- reductions --------------------------------------------------------------------------------- */

/* A reduction: elements go into states, states are combined, and a state becomes a result. */
typedef struct da_reduction {
    da_dtype input;  /* elements are cast to it, as promotion allows */
    da_dtype result; /* of what `finish` writes */
    size_t
        state_nbytes; /* 1 to 2^20; states travel as bytes: no pointers in them. Aligned to 16 bytes, zeroed before `identity` */
    /* Makes the state of no elements. */
    void (*identity)(void *state, const void *data);
    /* Adds n elements: x[i * step], where step is 1, or 0 for one element n times. */
    void (*accumulate)(void *state, int64_t n, const void *x, int64_t step, const void *data);
    /* Adds the elements of another state. */
    void (*combine)(void *state, const void *other, const void *data);
    /* Writes one element of the result. */
    void (*finish)(const void *state, void *out, const void *data);
} da_reduction;

/* Registers a reduction; the description is copied. The order in which elements are accumulated and states combined follows from
 * shapes, distribution and number of engines, never from timing or threads; it is not the order of the indices, so that
 * `combine` should be associative and commutative, up to rounding. Errors: as da_register_elementwise. */
DA_API da_status da_register_reduction(da_context *ctx, const char *name,
                                       const da_reduction *reduction, const void *data,
                                       size_t nbytes);

/* x reduced over axes (DA_AXES(…), DA_ALL_AXES); flags: 0 or DA_KEEPDIMS. Without elements the result is what `finish` makes of
 * `identity`. Distributed as da_sum's result; fused with what x is computed from. Lazy. Errors, in the handle:
 * DA_ERR_ARGUMENT (not registered, an axis), DA_ERR_DTYPE. */
DA_API da_array *da_reduce(da_array *x, const char *name, da_axes axes, int flags);

/* ---- functions on local parts ------------------------------------------------------------------- */

/* The part of one array that an engine has. Borrowed for the time of the call. */
typedef struct da_part da_part;
/* The engine that calls, and its messages to the others. Borrowed for the time of the call. */
typedef struct da_engine da_engine;

/* Called once on every engine of the context, also on those that have no elements of the arrays. A status other than DA_OK is the run's
 * error, which names the function and the engine; da_engine_fail gives it a text. The others are told, and the run leaves all
 * arrays as they were. */
typedef da_status (*da_local_function)(da_engine *engine, int nlocals, const da_part *const *local,
                                       const void *data, size_t nbytes);

/* Flags of da_register. */
enum da_register_flags {
    DA_TALKS =
        1 /* it exchanges messages (da_engine_send …); such a call ends for no engine before it has ended for all */
};

/* Registers a function on local parts. `intents` has a letter for each array that it is called with, at most 32: 'r' it reads the array;
 * 'u' it updates it: the result begins with the array's elements; 'w' it writes a result, which begins as zeros. flags: 0 or
 * DA_TALKS. Errors: DA_ERR_ARGUMENT (the name, no function, intents, flags). */
DA_API da_status da_register(da_context *ctx, const char *name, da_local_function function,
                             const char *intents, int flags);

/* Calls the function on the parts of `n` arrays of the context, as many as it has intents, as they are distributed (halos are left out).
 * What is updated or written becomes a new array of the same shape, dtype and distribution; the arrays themselves stay as they are (the
 * old memory is used again where nobody else needs it). Of an array for 'w' only shape, dtype and distribution are looked at, so
 * da_empty will do; it is not computed. Arrays may lie in different ways, and replicated parts must be written alike by all who
 * have them. result[k] (where `result` is not NULL; room for n) receives the new array of argument k, NULL for 'r'. Returns the first
 * of them, or where there is none a 0-d int64 array, the number of engines, whose computing makes the calls. `data` (nbytes) is
 * copied. The call is made in runs that need one of its results, once for all those of one run. Lazy. Errors, in the handles: DA_ERR_ARGUMENT (not
 * registered, another number of arrays), DA_ERR_STATE (an array's size is not known yet); of da_compute: what the
 * function returns. */
DA_API da_array *da_apply(da_context *ctx, const char *name, int n, da_array *const *array,
                          const void *data, size_t nbytes, da_array **result);

/* The part's elements; NULL where it has none. Those of 'r' are not to be written. */
DA_API void *da_part_data(const da_part *x);

/* Its element type. */
DA_API da_dtype da_part_dtype(const da_part *x);

/* Its number of dimensions. */
DA_API int da_part_ndim(const da_part *x);

/* The extents of the part, da_part_ndim of them; 0 everywhere where the engine has none. */
DA_API const int64_t *da_part_shape(const da_part *x);

/* Bytes from one element to the next, per axis; parts lie in C order. */
DA_API const int64_t *da_part_strides(const da_part *x);

/* The extents of the whole array. */
DA_API const int64_t *da_part_global_shape(const da_part *x);

/* The number of elements of the part. */
DA_API int64_t da_part_size(const da_part *x);

/* The global index along an axis of the part's position, 0 … da_part_shape(x)[axis] - 1. O(log runs). */
DA_API int64_t da_part_index(const da_part *x, int axis, int64_t position);
/* The position of a global index along an axis; -1: it is not in the part. */
DA_API int64_t da_part_position(const da_part *x, int axis, int64_t index);
/* The global indices along an axis, in the order of positions, as strided runs: index start + r*stride + i*step for r = 0 … reps-1,
 * and for each r i = 0 … count-1. Blocks and cyclic maps have few of them, however many elements. */
typedef struct da_index_run {
    int64_t start, step, count, stride, reps;
} da_index_run;

/* How many runs there are along an axis. */
DA_API int da_part_nruns(const da_part *x, int axis);

/* Run k of them. */
DA_API da_index_run da_part_run(const da_part *x, int axis, int k);
/* The engine `offset` places further (-1: the one before) in the grid along an axis, the same along the others. -1: there is none,
 * or this engine has no part. It may have no elements. */
DA_API int da_part_neighbour(const da_part *x, int axis, int offset);

/* The calling engine, 0 … da_engine_count - 1. */
DA_API int da_engine_rank(const da_engine *engine);

/* How many engines the context has. */
DA_API int da_engine_count(const da_engine *engine);

/* Messages, of functions registered with DA_TALKS. Between two engines they arrive in the order sent; an engine may send to itself.
 * Every message must be received by the end of the call: the run fails where one was not. Where an engine fails, the others'
 * receives return DA_ERR_TRANSPORT, and the function should return it; a receive that nobody sends to waits for ever.
 * Errors: DA_ERR_ARGUMENT (no such engine, messages of another length), DA_ERR_STATE (registered without DA_TALKS),
 * DA_ERR_MEMORY, DA_ERR_TRANSPORT; each of them ends the call, whatever the function returns. */

/* Sends bytes; returns at once, `data` is copied. */
DA_API da_status da_engine_send(da_engine *engine, int to, const void *data, size_t nbytes);
/* Receives exactly `nbytes`; waits for them. */
DA_API da_status da_engine_receive(da_engine *engine, int from, void *data, size_t nbytes);
/* Sends to one engine and receives from another (or the same); a negative engine is left out, as da_part_neighbour gives it. */
DA_API da_status da_engine_exchange(da_engine *engine, int to, const void *out, size_t out_nbytes,
                                    int from, void *in, size_t in_nbytes);
/* state := all engines' states combined in the order of engines, the same on all of them; every engine calls. O(log engines) messages. */
DA_API da_status da_engine_combine(da_engine *engine, void *state, size_t nbytes,
                                   void (*combine)(void *state, const void *other,
                                                   const void *data),
                                   const void *data);
/* x[k] := the sum over all engines, for k = 0 … n-1; every engine calls. */
DA_API da_status da_engine_sum(da_engine *engine, int n, double *x);
/* Makes the run fail with a text; returns the status, for `return da_engine_fail(engine, DA_ERR_ARGUMENT, "…")`. The first failure of an engine counts. */
DA_API da_status da_engine_fail(da_engine *engine, da_status status, const char *text);

#ifdef __cplusplus
}
#endif
#endif
