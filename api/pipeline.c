/* Expressions and pipelines as exported functions. */
#include "api.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- expressions ---- */

static da_array *bad_name(struct da__graph *g, int n, const da_named *names)
{
    if (n < 0 || (n > 0 && names == NULL))
        return da__api_poison(g, DA_ERR_ARGUMENT, "da_eval: %d names, or a list that is NULL", n);
    for (int k = 0; k < n; k++) {
        struct da__graph *own;
        da_array *bad;
        if (names[k].name == NULL)
            return da__api_poison(g, DA_ERR_ARGUMENT, "da_eval: name %d is NULL", k);
        if (!da__api_array_for("", names[k].array, &own, &bad))
            return da__api_poison(g, DA_ERR_ARGUMENT, "da_eval: %s: %s", names[k].name,
                                  da_cause(bad));
        if (own != g)
            return da__api_poison(g, DA_ERR_ARGUMENT,
                                  "da_eval: the array %s belongs to another context",
                                  names[k].name);
    }
    return NULL;
}

da_array *da_eval(da_context *ctx, const char *text, int n, const da_named *names)
{
    struct da__graph *g;
    da_array *bad;
    if (!da__api_graph(ctx, &g, &bad) || (bad = bad_name(g, n, names)) != NULL)
        return bad;
    if (text == NULL)
        return da__api_poison(g, DA_ERR_ARGUMENT, "da_eval: the expression is NULL");
    struct da__name *list = da__calloc((size_t)n + 1, sizeof *list);
    if (list == NULL)
        return da__api_poison(g, DA_ERR_MEMORY, "da_eval: out of memory for %d names", n);
    for (int k = 0; k < n; k++)
        list[k] = (struct da__name){names[k].name, names[k].array};
    da_array *a = da__eval(g, text, n, list);
    da__free(list);
    return a;
}

/* ---- pipelines ---- */

struct da_pipeline {
    struct da__pipeline *p;
};

static da_status parse(da_context *ctx, const char *text, size_t nbytes, const char *source,
                       const char *folder, int ndefines, const da_define *defines,
                       da_pipeline **out)
{
    struct da__error err = {.engine = -1};
    da_status status = DA_ERR_MEMORY;
    da_pipeline *handle = da__calloc(1, sizeof *handle);
    struct da__define *list = da__calloc((size_t)ndefines + 1, sizeof *list);
    if (handle != NULL && list != NULL) {
        for (int k = 0; k < ndefines; k++)
            list[k] = (struct da__define){defines[k].name, defines[k].value};
        status = da__pipeline_load(ctx->graph, text, nbytes, source, folder, ndefines, list,
                                   &handle->p, &err);
    }
    da__free(list);
    if (status == DA_OK) {
        *out = handle;
        return DA_OK;
    }
    da__free(handle);
    if (err.status == DA_OK)
        da__fail(&err, status, "%s: %s", source, da__status_text(status));
    return da__api_failed(ctx, &err);
}

static da_status check(da_context *ctx, const char *what, const char *text, int ndefines,
                       const da_define *defines, da_pipeline **out)
{
    DA_TRY(da__api_running(ctx, what));
    if (text == NULL || out == NULL || ndefines < 0 || (ndefines > 0 && defines == NULL))
        return da__api_fail(ctx, DA_ERR_ARGUMENT, "%s: an argument is NULL, or %d definitions",
                            what, ndefines);
    *out = NULL;
    for (int k = 0; k < ndefines; k++)
        if (defines[k].name == NULL || defines[k].value == NULL)
            return da__api_fail(ctx, DA_ERR_ARGUMENT, "%s: definition %d is NULL", what, k);
    return DA_OK;
}

da_status da_pipeline_parse(da_context *ctx, const char *text, const char *source,
                            const char *folder, int ndefines, const da_define *defines,
                            da_pipeline **out)
{
    DA_TRY(check(ctx, "da_pipeline_parse", text, ndefines, defines, out));
    return parse(ctx, text, strlen(text), source != NULL ? source : "pipeline", folder, ndefines,
                 defines, out);
}

/* A text file of any size, also one that cannot be measured (a pipe). */
static da_status read_text(const char *file, struct da__bytes *out, struct da__error *err)
{
    FILE *f = fopen(file, "rb");
    if (f == NULL)
        return da__fail(err, DA_ERR_IO, "%s: %s", file, strerror(errno));
    char piece[4096];
    size_t n;
    errno = 0;
    while ((n = fread(piece, 1, sizeof piece, f)) > 0)
        da__put_bytes(out, piece, n);
    bool broken = ferror(f) != 0;
    int why = errno;
    fclose(f);
    if (broken)
        return da__fail(err, DA_ERR_IO, "%s: %s", file, strerror(why));
    return out->failed ? da__fail(err, DA_ERR_MEMORY, "%s: out of memory", file) : DA_OK;
}

/* The folder of a file's name that has one. The caller frees. */
static char *folder_of(const char *file, const char *slash)
{
    size_t length = slash == file ? 1 : (size_t)(slash - file);
    char *folder = da__alloc(length + 1);
    if (folder != NULL) {
        memcpy(folder, file, length);
        folder[length] = '\0';
    }
    return folder;
}

da_status da_pipeline_open(da_context *ctx, const char *file, int ndefines,
                           const da_define *defines, da_pipeline **out)
{
    DA_TRY(check(ctx, "da_pipeline_open", file, ndefines, defines, out));
    struct da__error err = {.engine = -1};
    struct da__bytes text = {0};
    const char *slash = strrchr(file, '/');
    char *folder = slash != NULL ? folder_of(file, slash) : NULL;
    da_status status = slash == NULL || folder != NULL
                           ? read_text(file, &text, &err)
                           : da__fail(&err, DA_ERR_MEMORY, "%s: out of memory", file);
    if (status != DA_OK)
        da__api_failed(ctx, &err);
    else
        status = parse(ctx, text.data != NULL ? (const char *)text.data : "", (size_t)text.nbytes,
                       slash != NULL ? slash + 1 : file, folder, ndefines, defines, out);
    da__bytes_free(&text);
    da__free(folder);
    return status;
}

int da_pipeline_noutputs(const da_pipeline *p)
{
    return p != NULL ? p->p->noutputs : 0;
}

da_array *da_pipeline_output(const da_pipeline *p, int i)
{
    return p != NULL && i >= 0 && i < p->p->noutputs ? p->p->output[i] : NULL;
}

const char *da_pipeline_output_name(const da_pipeline *p, int i)
{
    return p != NULL && i >= 0 && i < p->p->noutputs ? p->p->output_id[i] : NULL;
}

da_array *da_pipeline_find(const da_pipeline *p, const char *id)
{
    if (p == NULL || id == NULL)
        return NULL;
    for (int k = 0; k < p->p->nnodes; k++)
        if (p->p->id[k] != NULL && strcmp(p->p->id[k], id) == 0)
            return p->p->node[k];
    return NULL;
}

da_status da_pipeline_run(da_context *ctx, da_pipeline *p)
{
    DA_TRY(da__api_running(ctx, "da_pipeline_run"));
    if (p == NULL)
        return da__api_fail(ctx, DA_ERR_ARGUMENT, "da_pipeline_run: the pipeline is NULL");
    return da_compute_all(ctx, p->p->noutputs, p->p->output);
}

void da_pipeline_free(da_pipeline *p)
{
    if (p == NULL)
        return;
    da__pipeline_free(p->p);
    da__free(p);
}
