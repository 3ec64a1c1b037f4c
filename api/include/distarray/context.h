/* Contexts: starting and ending the engines, errors, scopes and ownership. */
#ifndef DISTARRAY_CONTEXT_H
#define DISTARRAY_CONTEXT_H

#include <distarray/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The engines and everything that lives on them. Opaque. */
typedef struct da_context da_context;

/* A lazy array: its shape, dtype and distribution, and how to compute it. Opaque. */
typedef struct da_array da_array;

/* ---- starting and ending ----------------------------------------------------------------------- */

/* How to start; zeros are the defaults, so `da_options o = {0}` is a good beginning. */
typedef struct da_options {
    int engines; /* virtual engines in this process; 0: $DISTARRAY_ENGINES, else 1. Under mpirun the ranks are the engines */
    int threads; /* per engine; 0: $DISTARRAY_THREADS, else the granted cores, shared among this process' engines */
    int64_t memory;     /* budget in bytes per engine; 0: $DISTARRAY_MEMORY, else none */
    const char *passes; /* optimizer passes to switch off, "-fuse,-cse"; NULL: $DISTARRAY_PASSES */
    const void *mpi_comm; /* an MPI_Comm * of the program's own; see distarray/mpi.h */
    int no_mpi;           /* never start MPI: virtual engines only */
    int plan_engines; /* describe, dump and explain for that many engines without having them; computing is refused */
    /* 1: sums of floating-point numbers have the same bits for any number of engines and threads, any distribution and any instruction
     * set; 0: $DISTARRAY_REPRODUCIBLE (1 or 0), else they may differ in the last bits. It holds for sum, mean, var, std, cumulative_sum and
     * products of matrices: da_sum and da_mean become da_reproducible_sum and da_reproducible_mean (reductions.h), var and std take two
     * sweeps of these; element i of a running sum is such a sum of the elements 0 … i; products with a vector are such sums, too, and
     * in other products of matrices each element adds up by ascending k. A sum costs up to twice the time; products of matrices several
     * times. */
    int reproducible;
} da_options;

/* Starts the engines: the ranks of `mpirun`, otherwise virtual engines in this process. Returns on the master (rank 0, an
 * engine too); the other ranks serve inside this call and end their process there, by exit(0), when the master finalizes.
 * That is the library's only exit; da_start does without.
 * `argc` and `argv` may be NULL; they are left as they are.
 * Returns a context, never NULL. Where starting failed, every call on it fails with the cause (da_error_message).
 * Collective: called once by every rank. Errors: DA_ERR_ARGUMENT, DA_ERR_TRANSPORT, DA_ERR_MEMORY. */
DA_API da_context *da_init(int *argc, char ***argv);

/* da_init with options; NULL: the defaults.
 * Collective. Errors: as da_init. */
DA_API da_context *da_init_with(const da_options *options);

/* As da_init_with, but returns on every rank. On the master *out is the context. On the others, where the call returns when
 * the master has finalized, *out is NULL with DA_OK: that rank has served, and its program goes on.
 * On failure *out is a context that only holds the message; da_finalize releases it as well.
 * Collective. Errors: as da_init. */
DA_API da_status da_start(const da_options *options, da_context **out);

/* Ends the engines and releases the context with all its arrays, kept ones too; all handles become invalid.
 * Returns the program's exit code: 0, or 1 where a call that acts has failed since the start or da_error_clear. NULL: 0. */
DA_API int da_finalize(da_context *ctx);

/* The number of engines. */
DA_API int da_engines(const da_context *ctx);

/* Worker threads per engine. */
DA_API int da_threads(const da_context *ctx);

/* 1 where the engines are MPI ranks, 0 where they are virtual. */
DA_API int da_is_mpi(const da_context *ctx);

/* The library's version, "0.1.0". Static text. */
DA_API const char *da_version(void);

/* ---- errors ------------------------------------------------------------------------------------ */

/* The message of the last call on this context that failed, one line; "" where none has. Borrowed: valid until the next
 * failing call. */
DA_API const char *da_error_message(const da_context *ctx);

/* The status of the last call on this context that failed; DA_OK where none has. */
DA_API da_status da_error_status(const da_context *ctx);

/* The engine that reported it; -1 where it was not an engine's. */
DA_API int da_error_engine(const da_context *ctx);

/* Forgets the last failure: for programs that have dealt with it. */
DA_API void da_error_clear(da_context *ctx);

/* A status as a word: "shape", "memory", … Static text. */
DA_API const char *da_status_name(da_status status);

/* DA_OK for a sound array, else the status of its first cause; the cause becomes the context's last error too. */
DA_API da_status da_check(const da_array *a);

/* The first cause in a poisoned array, "" for a sound one. Borrowed from the array. */
DA_API const char *da_cause(const da_array *a);

/* ---- scopes and ownership ---------------------------------------------------------------------- */

/* Opens a scope: handles returned from now on live until it is popped. The context itself is the outermost scope.
 * Errors: DA_ERR_MEMORY. */
DA_API da_status da_scope_push(da_context *ctx);

/* Closes the innermost scope and drops its handles; what other arrays still need lives on unseen.
 * Errors: DA_ERR_STATE where no scope is open. */
DA_API da_status da_scope_pop(da_context *ctx);

/* Makes a handle the caller's until da_drop, whatever happens to its scope; returns it. A kept array is also materialized
 * when a da_compute passes through it, and so never computed twice. Keeps nest. */
DA_API da_array *da_keep(da_array *a);

/* Ends one da_keep; the handle must not be used afterwards, unless its scope is still open. NULL is allowed. */
DA_API void da_drop(da_array *a);

/* *held = next: keeps `next` and drops what *held was (NULL is allowed), for time loops. */
DA_API void da_replace(da_array **held, da_array *next);

/* A label for messages and dumps, copied; returns `a`. */
DA_API da_array *da_name(da_array *a, const char *name);

/* Releases text that a call wrote through a `char **out`. NULL is allowed. */
DA_API void da_free(void *block);

#ifdef __cplusplus
}
#endif
#endif
