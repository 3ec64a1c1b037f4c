/* Contexts: starting and ending, the last error, scopes and ownership. */
#include "api.h"

#include <stdio.h>
#include <stdlib.h>

#define VERSION_TEXT_(x) #x
#define VERSION_TEXT(x) VERSION_TEXT_(x)

/* What da_start gives where there is no memory for a context. Never written to. */
static const da_context no_memory = {
    .error = {DA_ERR_MEMORY, -1, "da_start: out of memory for a context"}, .failed = true};

/* ---- starting and ending ---- */

static da_status check_options(const da_options *o, struct da__error *err)
{
    if (o->engines < 0 || o->threads < 0 || o->memory < 0 || o->plan_engines < 0)
        return da__fail(err, DA_ERR_ARGUMENT,
                        "da_start: engines (%d), threads (%d), memory (%lld) and plan_engines (%d) "
                        "must not be negative",
                        o->engines, o->threads, (long long)o->memory, o->plan_engines);
    return DA_OK;
}

static da_status open_runtime(const da_options *options, struct da__runtime **rt,
                              struct da__error *err)
{
    da_options o = {0};
    if (options != NULL)
        o = *options;
    DA_TRY(check_options(&o, err));
    struct da__runtime_options internal = {
        .engines = o.engines,
        .threads = o.threads,
        .memory = o.memory,
        .passes = o.passes,
        .mpi_comm = o.mpi_comm,
        .no_mpi = o.no_mpi != 0,
        .plan_engines = o.plan_engines,
        .reproducible = o.reproducible != 0,
    };
    return da__runtime_open(&internal, rt, err);
}

da_status da_start(const da_options *options, da_context **out)
{
    if (out == NULL)
        return DA_ERR_ARGUMENT;
    *out = NULL;
    struct da__runtime *rt = NULL;
    struct da__error err = {.engine = -1};
    da_status status = open_runtime(options, &rt, &err);
    if (status == DA_OK && rt == NULL)
        return DA_OK; /* an engine that has served */
    if (status != DA_OK && err.status == DA_OK)
        da__fail(&err, status, "da_start: %s", da__status_text(status));
    da_context *ctx = da__calloc(1, sizeof *ctx);
    if (ctx == NULL) {
        if (rt != NULL)
            da__runtime_close(rt);
        *out = (da_context *)&no_memory;
        return DA_ERR_MEMORY;
    }
    ctx->error = err;
    ctx->failed = status != DA_OK;
    if (status == DA_OK) {
        ctx->rt = rt;
        ctx->graph = da__runtime_graph(rt);
        da__graph_set_owner(ctx->graph, ctx);
    }
    *out = ctx;
    return status;
}

da_context *da_init_with(const da_options *options)
{
    da_context *ctx;
    da_start(options, &ctx);
    if (ctx == NULL)
        exit(EXIT_SUCCESS); /* this rank was an engine and the master has finalized */
    return ctx;
}

da_context *da_init(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return da_init_with(NULL);
}

int da_finalize(da_context *ctx)
{
    if (ctx == NULL)
        return EXIT_SUCCESS;
    int code = ctx->failed ? EXIT_FAILURE : EXIT_SUCCESS;
    if (ctx == &no_memory)
        return code;
    if (ctx->rt != NULL)
        da__runtime_close(ctx->rt);
    da__free(ctx);
    return code;
}

int da_engines(const da_context *ctx)
{
    return ctx != NULL && ctx->rt != NULL ? da__runtime_nengines(ctx->rt) : 0;
}

int da_threads(const da_context *ctx)
{
    return ctx != NULL && ctx->rt != NULL ? da__runtime_nthreads(ctx->rt) : 0;
}

int da_is_mpi(const da_context *ctx)
{
    return ctx != NULL && ctx->rt != NULL && da__runtime_is_mpi(ctx->rt);
}

const char *da_version(void)
{
    return VERSION_TEXT(DA_VERSION);
}

/* ---- errors ---- */

da_status da__api_failed(da_context *ctx, const struct da__error *err)
{
    if (ctx != NULL && ctx != &no_memory) {
        ctx->failed = true;
        ctx->error = *err;
    }
    return err->status;
}

da_status da__api_fail(da_context *ctx, da_status status, const char *format, ...)
{
    struct da__error err = {.status = status, .engine = -1};
    va_list args;
    va_start(args, format);
    vsnprintf(err.text, sizeof err.text, format, args);
    va_end(args);
    return da__api_failed(ctx, &err);
}

da_status da__api_running(da_context *ctx, const char *what)
{
    if (ctx == NULL)
        return DA_ERR_ARGUMENT;
    if (ctx->rt != NULL)
        return DA_OK;
    if (ctx->error.status == DA_OK) /* cleared by the program */
        return da__api_fail(ctx, DA_ERR_STATE, "%s: the context did not start", what);
    return ctx->error.status;
}

da_status da__api_arrays(da_context *ctx, const char *what, int n, da_array *const *arrays)
{
    DA_TRY(da__api_running(ctx, what));
    if (n < 0 || (n > 0 && arrays == NULL))
        return da__api_fail(ctx, DA_ERR_ARGUMENT, "%s: %d arrays, or a list that is NULL", what, n);
    for (int k = 0; k < n; k++) {
        const da_array *a = arrays[k] != NULL ? arrays[k] : da__loose_poison(DA__LOOSE_NULL_ARRAY);
        const struct da__error *err = da__node_error(a);
        if (err != NULL)
            return da__api_failed(ctx, err);
        if (a->graph != ctx->graph)
            return da__api_fail(ctx, DA_ERR_ARGUMENT, "%s: array %d belongs to another context",
                                what, k);
    }
    return DA_OK;
}

const char *da_error_message(const da_context *ctx)
{
    return ctx != NULL ? ctx->error.text : "the context is NULL";
}

da_status da_error_status(const da_context *ctx)
{
    return ctx != NULL ? ctx->error.status : DA_ERR_ARGUMENT;
}

int da_error_engine(const da_context *ctx)
{
    return ctx != NULL && ctx->error.status != DA_OK ? ctx->error.engine : -1;
}

void da_error_clear(da_context *ctx)
{
    if (ctx == NULL || ctx == &no_memory)
        return;
    ctx->failed = false;
    ctx->error = (struct da__error){.engine = -1};
}

const char *da_status_name(da_status status)
{
    return da__status_name(status);
}

da_status da_check(const da_array *a)
{
    const struct da__error *err =
        da__node_error(a != NULL ? a : da__loose_poison(DA__LOOSE_NULL_ARRAY));
    if (err == NULL)
        return DA_OK;
    return da__api_failed(da_context_of(a), err);
}

const char *da_cause(const da_array *a)
{
    const struct da__error *err =
        da__node_error(a != NULL ? a : da__loose_poison(DA__LOOSE_NULL_ARRAY));
    return err != NULL ? err->text : "";
}

/* ---- scopes and ownership ---- */

da_status da_scope_push(da_context *ctx)
{
    DA_TRY(da__api_running(ctx, "da_scope_push"));
    da_status status = da__scope_push(ctx->graph);
    if (status != DA_OK)
        return da__api_fail(ctx, status, "da_scope_push: %s", da__status_text(status));
    ctx->nscopes++;
    return DA_OK;
}

da_status da_scope_pop(da_context *ctx)
{
    DA_TRY(da__api_running(ctx, "da_scope_pop"));
    if (ctx->nscopes == 0) /* the graph's own scope is the context's */
        return da__api_fail(ctx, DA_ERR_STATE, "da_scope_pop: no scope is open");
    ctx->nscopes--;
    return da__scope_pop(ctx->graph);
}

da_array *da_keep(da_array *a)
{
    if (a == NULL)
        return da__loose_poison(DA__LOOSE_NULL_ARRAY);
    if (a->graph != NULL)
        da__node_keep(a);
    return a;
}

void da_drop(da_array *a)
{
    if (a != NULL && a->graph != NULL)
        da__node_drop(a);
}

void da_replace(da_array **held, da_array *next)
{
    if (held == NULL)
        return;
    da_array *old = *held;
    *held = da_keep(next);
    da_drop(old);
}

da_array *da_name(da_array *a, const char *name)
{
    if (a == NULL)
        return da__loose_poison(DA__LOOSE_NULL_ARRAY);
    if (a->graph != NULL && a->kind != DA__NODE_POISON)
        da__node_set_name(a, name);
    return a;
}

void da_free(void *block)
{
    da__free(block);
}
