/* Inspecting arrays, graphs, plans, counters and the machine as exported functions. */
#include "api.h"

#include <string.h>

/* ---- what an array is ---- */

da_dtype da_dtype_of(const da_array *a)
{
    return a != NULL ? a->dtype : DA_BOOL;
}

int da_ndim(const da_array *a)
{
    return a != NULL ? a->ndim : 0;
}

const int64_t *da_shape(const da_array *a)
{
    return a != NULL && a->ndim > 0 ? a->shape : NULL;
}

int64_t da_size(const da_array *a)
{
    if (a == NULL || a->kind == DA__NODE_POISON)
        return 0;
    return a->unsized ? -1 : da__nelem(a->ndim, a->shape);
}

da_context *da_context_of(const da_array *a)
{
    return a != NULL && a->graph != NULL ? da__graph_owner(a->graph) : NULL;
}

const char *da_dtype_name(da_dtype dtype)
{
    return da__dtype_valid((int)dtype) ? da__dtype(dtype)->name : NULL;
}

size_t da_dtype_nbytes(da_dtype dtype)
{
    return da__dtype_valid((int)dtype) ? da__dtype_nbytes(dtype) : 0;
}

da_status da_dtype_find(const char *name, da_dtype *out)
{
    return name != NULL && out != NULL && da__dtype_find(name, out) ? DA_OK : DA_ERR_DTYPE;
}

/* ---- distributions ---- */

static bool is_sound(const da_array *a)
{
    return a != NULL && a->kind != DA__NODE_POISON;
}

da_status da_distribution_text(const da_array *a, char **out)
{
    if (out == NULL)
        return DA_ERR_ARGUMENT;
    *out = NULL;
    if (!is_sound(a))
        return da_check(a);
    char text[1024];
    if (a->unsized)
        *out = da__strdup("not known yet");
    else
        *out =
            da__strdup(a->dist != NULL ? da__dist_text(a->dist, text, sizeof text) : "everywhere");
    return *out != NULL ? DA_OK : DA_ERR_MEMORY;
}

int64_t da_local_shape(const da_array *a, int engine, int64_t *shape)
{
    if (!is_sound(a) || a->unsized || engine < 0 || engine >= da__graph_nengines(a->graph))
        return -1;
    int64_t local[DA_MAX_NDIM] = {0};
    int64_t nelem = da__nelem(a->ndim, a->shape);
    if (a->dist != NULL)
        nelem = da__dist_local_shape(a->dist, engine, local);
    else
        memcpy(local, a->shape, (size_t)a->ndim * sizeof *local);
    if (shape != NULL)
        memcpy(shape, local, (size_t)a->ndim * sizeof *local);
    return nelem;
}

int da_owner(const da_array *a, const int64_t *index)
{
    if (!is_sound(a) || a->unsized || (a->ndim > 0 && index == NULL))
        return -1;
    for (int k = 0; k < a->ndim; k++)
        if (index[k] < 0 || index[k] >= a->shape[k])
            return -1;
    const struct da__dist *d = a->dist;
    if (d == NULL)
        return 0;
    int coord[DA_MAX_NDIM] = {0};
    for (int k = 0; k < d->ndim; k++)
        if (d->axis_grid[k] >= 0)
            coord[d->axis_grid[k]] = da__map_owner(&d->map[k], index[k]);
    return da__dist_engine(d, coord);
}

static bool has_axis(const da_array *a, int engine, int axis)
{
    return engine >= 0 && engine < da__graph_nengines(a->graph) && axis >= 0 && axis < a->ndim;
}

/* The halos that wrap around both ends count as indices of the axis, in the protocol's way. */
static void describe_block(const struct da__map *m, da_local_axis *out)
{
    int64_t first, last, none, left, right, lo = 0, hi = m->count;
    da__map_padding(m, out->part, &left, &right);
    da__map_padding(m, 0, &first, &none);
    da__map_padding(m, m->parts - 1, &none, &last);
    da__map_block(m, out->part, &lo, &hi);
    bool wraps = da__map_periodic(m);
    out->periodic = wraps;
    out->padding[0] = left;
    out->padding[1] = right;
    out->size += wraps ? first + last : 0;
    out->start = lo - (out->part > 0 || wraps ? left : 0) + (wraps ? first : 0);
    out->stop = out->start + out->count;
}

static void describe_axis(const struct da__map *m, da_local_axis *out)
{
    bool whole = m->start == 0 && m->step == 1 && m->count == m->size;
    out->count = da__map_stored_count(m, out->part);
    out->kind = 'b';
    if (m->kind == DA__MAP_U || (m->kind == DA__MAP_C && !whole)) {
        out->kind = 'u';
    } else if (m->kind == DA__MAP_C) {
        out->kind = 'c';
        out->block = m->block;
        out->start = out->count > 0 ? out->part * m->block : m->count;
    } else {
        describe_block(m, out);
    }
}

da_status da_local_map(const da_array *a, int engine, int axis, da_local_axis *out)
{
    if (!is_sound(a))
        return da_check(a);
    if (out == NULL || a->unsized || !has_axis(a, engine, axis))
        return DA_ERR_ARGUMENT;
    int coord[DA_MAX_NDIM];
    int64_t n = a->shape[axis];
    *out = (da_local_axis){.kind = 'b', .parts = 1, .size = n, .stop = n, .count = n};
    if (a->dist == NULL)
        return DA_OK;
    *out = (da_local_axis){.kind = 'b', .parts = a->dist->map[axis].parts, .part = -1, .size = n};
    if (!da__dist_coords(a->dist, engine, coord))
        return DA_OK;
    out->part = da__dist_part(a->dist, coord, axis);
    describe_axis(&a->dist->map[axis], out);
    return DA_OK;
}

int64_t da_local_indices(const da_array *a, int engine, int axis, int64_t *indices)
{
    struct da__index_set own;
    if (!is_sound(a) || a->unsized || !has_axis(a, engine, axis))
        return -1;
    da_status status = a->dist != NULL ? da__dist_local_set(a->dist, engine, axis, &own)
                                       : da__set_range(&own, 0, 1, a->shape[axis]);
    if (status != DA_OK)
        return -1;
    int64_t n = 0;
    for (const struct da__run *run = own.run; indices != NULL && run < own.run + own.nruns; run++)
        for (int64_t r = 0; r < run->reps; r++)
            for (int64_t k = 0; k < run->count; k++)
                indices[n++] = run->start + r * run->stride + k * run->step;
    n = own.nelem;
    da__set_free(&own);
    return n;
}

da_status da_local_data(da_context *ctx, da_array *a, const void **data)
{
    if (data == NULL)
        return da__api_fail(ctx, DA_ERR_ARGUMENT, "da_local_data: there is no place for the data");
    *data = NULL;
    DA_TRY(da__api_arrays(ctx, "da_local_data", 1, &a));
    struct da__error err = {.engine = -1};
    da_status status = da__runtime_local(ctx->rt, a, data, &err);
    return status == DA_OK ? DA_OK : da__api_failed(ctx, &err);
}

/* ---- graphs and plans ---- */

/* `pass`: the last one that has run; NULL: all have. */
typedef da_status (*dump)(da_context *ctx, int n, da_array *const *arrays, const char *pass,
                          struct da__text *out, struct da__error *err);

static da_status deferred_json(da_context *ctx, int n, da_array *const *arrays, const char *pass,
                               struct da__text *out, struct da__error *err)
{
    (void)pass;
    return da__graph_dump_json(ctx->graph, n, arrays, out, err);
}

static da_status deferred_dot(da_context *ctx, int n, da_array *const *arrays, const char *pass,
                              struct da__text *out, struct da__error *err)
{
    (void)pass;
    return da__graph_dump_dot(ctx->graph, n, arrays, out, err);
}

static da_status optimized_json(da_context *ctx, int n, da_array *const *arrays, const char *pass,
                                struct da__text *out, struct da__error *err)
{
    struct da__program *p;
    struct da__binding bind;
    DA_TRY(da__runtime_plan(ctx->rt, n, arrays, pass, &p, &bind, err));
    da_status status = da__program_json(p, ctx->graph, &bind, out, err);
    da__binding_free(&bind);
    da__program_free(p);
    return status;
}

static da_status optimized_dot(da_context *ctx, int n, da_array *const *arrays, const char *pass,
                               struct da__text *out, struct da__error *err)
{
    struct da__program *p;
    struct da__binding bind;
    DA_TRY(da__runtime_plan(ctx->rt, n, arrays, pass, &p, &bind, err));
    da_status status = da__program_dump_dot(p, out, err);
    da__binding_free(&bind);
    da__program_free(p);
    return status;
}

static da_status explain(da_context *ctx, int n, da_array *const *arrays, const char *pass,
                         struct da__text *out, struct da__error *err)
{
    (void)pass;
    return da__runtime_explain(ctx->rt, n, arrays, out, err);
}

/* Text about sound arrays of this context, as the caller's own. */
static da_status text_about(da_context *ctx, const char *what, dump write, int n,
                            da_array *const *arrays, const char *pass, char **out)
{
    if (out == NULL)
        return da__api_fail(ctx, DA_ERR_ARGUMENT, "%s: there is no place for the text", what);
    *out = NULL;
    DA_TRY(da__api_arrays(ctx, what, n, arrays));
    struct da__error err = {.engine = -1};
    struct da__text text = {0};
    da_status status = write(ctx, n, arrays, pass, &text, &err);
    if (status == DA_OK && text.s != NULL && !text.failed) {
        *out = text.s;
        return DA_OK;
    }
    da__text_free(&text);
    if (err.status == DA_OK)
        da__fail(&err, status != DA_OK ? status : DA_ERR_MEMORY, "%s: out of memory for the text",
                 what);
    return da__api_failed(ctx, &err);
}

da_status da_graph_dump(da_context *ctx, int n, da_array *const *arrays, da_stage stage,
                        da_format format, char **out)
{
    static const dump writers[2][2] = {
        [DA_STAGE_DEFERRED] = {[DA_FORMAT_JSON] = deferred_json, [DA_FORMAT_DOT] = deferred_dot},
        [DA_STAGE_OPTIMIZED] = {[DA_FORMAT_JSON] = optimized_json, [DA_FORMAT_DOT] = optimized_dot},
    };
    if ((unsigned)stage > DA_STAGE_OPTIMIZED || (unsigned)format > DA_FORMAT_DOT)
        return da__api_fail(ctx, DA_ERR_ARGUMENT,
                            "da_graph_dump: stage %d or format %d does not exist", (int)stage,
                            (int)format);
    return text_about(ctx, "da_graph_dump", writers[stage][format], n, arrays, NULL, out);
}

da_status da_graph_dump_after(da_context *ctx, int n, da_array *const *arrays, const char *pass,
                              da_format format, char **out)
{
    static const dump writers[2] = {
        [DA_FORMAT_JSON] = optimized_json, [DA_FORMAT_DOT] = optimized_dot};
    if ((unsigned)format > DA_FORMAT_DOT || pass == NULL)
        return da__api_fail(ctx, DA_ERR_ARGUMENT,
                            "da_graph_dump_after: format %d does not exist, or no pass is named",
                            (int)format);
    return text_about(ctx, "da_graph_dump_after", writers[format], n, arrays, pass, out);
}

int da_pass_count(void)
{
    return da__npasses();
}

const char *da_pass_name(int i)
{
    return i >= 0 && i < da__npasses() ? da__pass_info(i)->name : NULL;
}

const char *da_pass_reason(int i)
{
    return i >= 0 && i < da__npasses() ? da__pass_info(i)->reason : NULL;
}

da_status da_explain(da_context *ctx, int n, da_array *const *arrays, char **out)
{
    return text_about(ctx, "da_explain", explain, n, arrays, NULL, out);
}

/* ---- counters ---- */

void da_counters_get(const da_context *ctx, da_counters *out)
{
    struct da__counters c = {0};
    if (out == NULL)
        return;
    if (ctx != NULL && ctx->rt != NULL)
        da__runtime_counters(ctx->rt, &c);
    *out = (da_counters){
        .runs = c.runs,
        .programs_shipped = c.programs_shipped,
        .cache_hits = c.cache_hits,
        .messages = c.messages,
        .message_bytes = c.message_bytes,
        .control_messages = c.control_messages,
        .kernel_sweeps = c.kernel_sweeps,
        .peak_bytes = c.peak_bytes,
        .live_bytes = c.live_bytes,
        .compiled = c.compiled,
        .compiling = c.compiling,
    };
}

void da_counters_reset(da_context *ctx)
{
    if (ctx != NULL && ctx->rt != NULL)
        da__runtime_reset_counters(ctx->rt);
}

/* ---- the machine ---- */

da_status da_topology_text(char **out)
{
    if (out == NULL)
        return DA_ERR_ARGUMENT;
    *out = NULL;
    struct da__text text = {0};
    struct da__error err = {.engine = -1};
    da_status status = da__runtime_machine(&text, &err);
    if (status == DA_OK && text.s != NULL && !text.failed) {
        *out = text.s;
        return DA_OK;
    }
    da__text_free(&text);
    return status != DA_OK ? status : DA_ERR_MEMORY;
}
