/* Inspecting: who owns what, the graph and its plan as text, counters, the machine. */
#ifndef DISTARRAY_INSPECT_H
#define DISTARRAY_INSPECT_H

#include <distarray/array.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- distributions ------------------------------------------------------------------------------ */

/* An array's distribution as text, "b,n,c(4) grid 2x1x2"; "everywhere" for arrays that are computed where they are needed
 * (constants, index ranges), "not known yet" while the shape is not. The caller releases *out by da_free; NULL on failure. */
DA_API da_status da_distribution_text(const da_array *a, char **out);

/* The extents of what an engine stores into shape[0 … da_ndim-1] (NULL: not wanted), halos included, all 0 where it holds
 * nothing. Returns the number of its elements; -1 for no such engine, a poisoned array or one whose shape is not known yet. */
DA_API int64_t da_local_shape(const da_array *a, int engine, int64_t *shape);

/* The (first) engine that owns the element at a global index, da_ndim numbers; -1 out of range, for a poisoned array or while the shape is not known. */
DA_API int da_owner(const da_array *a, const int64_t *index);

/* An engine's part of one axis in the words of the Distributed Array Protocol. */
typedef struct da_local_axis {
    char kind;    /* 'b' block (also an axis that is not split), 'c' cyclic, 'u' unstructured */
    int parts;    /* engines along the axis */
    int part;     /* this one's number among them; -1: the engine takes no part */
    int64_t size; /* the axis' extent, with the halos that wrap around its ends */
    int64_t start,
        stop; /* 'b': the stored indices of such an axis; 'c': start is the first index, or size */
    int64_t
        padding[2]; /* 'b': left and right; towards neighbours a halo, at the ends the boundary */
    int periodic;   /* 'b' */
    int64_t block;  /* 'c': the block size */
    int64_t count;  /* how many indices are stored: the extent of the local part */
} da_local_axis;

/* An engine's part of an axis into *out. Errors: a poisoned array's own status, DA_ERR_ARGUMENT (no such engine or axis,
 * or a shape that is not known yet). */
DA_API da_status da_local_map(const da_array *a, int engine, int axis, da_local_axis *out);

/* The global indices along an axis that an engine stores, in local order, halos included, into indices[0 … ] (NULL: only
 * counted). Returns their number; -1 for no such engine or axis, a poisoned array, one whose shape is not known yet, or no memory. */
DA_API int64_t da_local_indices(const da_array *a, int engine, int axis, int64_t *indices);

/* What engine 0, which runs in the master's process, stores of an array: C order, of the extents that da_local_shape tells.
 * Computes the array first where needed. *data stays valid as long as the array is kept; NULL where the part is empty.
 * Collective. Errors: as da_compute. */
DA_API da_status da_local_data(da_context *ctx, da_array *a, const void **data);

/* ---- graphs and plans --------------------------------------------------------------------------- */

/* Which graph to show. */
typedef enum da_stage {
    DA_STAGE_DEFERRED = 0, /* as the calls described it */
    DA_STAGE_OPTIMIZED = 1 /* as it would run, after all passes */
} da_stage;

/* How to write it. */
typedef enum da_format {
    DA_FORMAT_JSON = 0, /* a pipeline: loads back and runs */
    DA_FORMAT_DOT = 1   /* for Graphviz */
} da_format;

/* The graph below `n` arrays as text. Nothing is computed. The caller releases *out by da_free; NULL on failure.
 * Errors: a poisoned array's own status, DA_ERR_MEMORY. */
DA_API da_status da_graph_dump(da_context *ctx, int n, da_array *const *arrays, da_stage stage,
                               da_format format, char **out);

/* The program of `n` arrays as it is after one of the optimizer's passes (da_pass_name). Nothing is computed. The caller
 * releases *out by da_free; NULL on failure.
 * Errors: as da_graph_dump; DA_ERR_ARGUMENT (no such pass). */
DA_API da_status da_graph_dump_after(da_context *ctx, int n, da_array *const *arrays,
                                     const char *pass, da_format format, char **out);

/* The number of the optimizer's passes. */
DA_API int da_pass_count(void);

/* A pass' name, in the order in which they run, as da_options.passes and $DISTARRAY_PASSES switch it off; NULL: no more. */
DA_API const char *da_pass_name(int i);

/* What a pass is for, one line; NULL: no such pass. */
DA_API const char *da_pass_reason(int i);

/* What computing `n` arrays would do, for people: steps, what was fused or why not, messages and bytes. Nothing is
 * computed. The caller releases *out by da_free; NULL on failure.
 * Errors: a poisoned array's own status, DA_ERR_MEMORY. */
DA_API da_status da_explain(da_context *ctx, int n, da_array *const *arrays, char **out);

/* ---- counters ----------------------------------------------------------------------------------- */

/* What the engines have done since the start or da_counters_reset, as they reported with their last run. */
typedef struct da_counters {
    int64_t runs;             /* programs that were run */
    int64_t programs_shipped; /* of these, how many were sent to the engines */
    int64_t cache_hits;       /* of these, how many the engines already had */
    int64_t messages;         /* array data between engines */
    int64_t message_bytes;    /* their bytes */
    int64_t control_messages; /* programs, completion, agreement */
    int64_t kernel_sweeps;    /* kernel steps run, per program, not per engine */
    int64_t peak_bytes;       /* the largest memory of any engine */
    int64_t live_bytes;       /* bytes of arrays on engine 0 now */
    int64_t
        compiled; /* chains of operations that this process has as machine code, since the start */
    int64_t compiling; /* likewise: that wait for it */
} da_counters;

/* The counters as they are now. */
DA_API void da_counters_get(const da_context *ctx, da_counters *out);

/* All counters to 0. */
DA_API void da_counters_reset(da_context *ctx);

/* ---- the machine -------------------------------------------------------------------------------- */

/* Cores, caches and NUMA nodes inside what the launcher granted, for people. The caller releases *out by da_free; NULL on
 * failure. Needs no context. */
DA_API da_status da_topology_text(char **out);

#ifdef __cplusplus
}
#endif
#endif
