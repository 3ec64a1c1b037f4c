/* Programs as text: expressions in NumPy's notation, and pipelines in JSON. */
#ifndef DISTARRAY_PIPELINE_H
#define DISTARRAY_PIPELINE_H

#include <distarray/array.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- expressions -------------------------------------------------------------------------------- */

/* A name in an expression and the array it stands for. */
typedef struct da_named {
    const char *name;
    da_array *array;
} da_named;

/* An expression over `n` named arrays: "where(x > 0.5, x*2, mean(y, axis=0, keepdims=True))". Python's operators and
 * precedence, slices u[1:-1, ::2], calls with the array API standard's parameters by position or keyword.
 * Lazy. Errors, in the handle: DA_ERR_FORMAT, with the column; and those of the operators it calls. */
DA_API da_array *da_eval(da_context *ctx, const char *text, int n, const da_named *names);

/* ---- pipelines ---------------------------------------------------------------------------------- */

/* A pipeline that was read: named nodes and outputs. Opaque. */
typedef struct da_pipeline da_pipeline;

/* A value for "${NAME}" in a pipeline's texts and "$NAME" in its numbers. */
typedef struct da_define {
    const char *name, *value;
} da_define;

/* Reads a pipeline from a file; files that it names are relative to its folder. *out is the caller's until
 * da_pipeline_free, which must come before da_finalize; NULL on failure.
 * Errors: DA_ERR_IO, DA_ERR_FORMAT and those of its operators, each naming the place ("wind.json: nodes[3].in[0]: …"). */
DA_API da_status da_pipeline_open(da_context *ctx, const char *file, int ndefines,
                                  const da_define *defines, da_pipeline **out);

/* The same from text in memory. `source` names it in messages; files are relative to `folder` (NULL: the working folder).
 * Errors: as da_pipeline_open. */
DA_API da_status da_pipeline_parse(da_context *ctx, const char *text, const char *source,
                                   const char *folder, int ndefines, const da_define *defines,
                                   da_pipeline **out);

/* How many outputs it has. */
DA_API int da_pipeline_noutputs(const da_pipeline *p);

/* Output `i`; its handle lives as long as the pipeline. NULL out of range. */
DA_API da_array *da_pipeline_output(const da_pipeline *p, int i);

/* The id of output `i`; NULL out of range. Borrowed. */
DA_API const char *da_pipeline_output_name(const da_pipeline *p, int i);

/* The node of an id; NULL: none. Its handle lives as long as the pipeline. */
DA_API da_array *da_pipeline_find(const da_pipeline *p, const char *id);

/* Computes all outputs.
 * Errors: as da_compute_all. */
DA_API da_status da_pipeline_run(da_context *ctx, da_pipeline *p);

/* Releases it; arrays that the caller keeps stay. NULL is allowed. */
DA_API void da_pipeline_free(da_pipeline *p);

#ifdef __cplusplus
}
#endif
#endif
