/* Computing on the master: lower, look up, optimize and ship where new, run, and settle what became of the nodes. */
#include "runtime.h"

#include <string.h>

enum { MOST_PROGRAMS = 1024 }; /* known at a time; then all are forgotten */

void da__command_start(struct da__runtime *rt, enum da__command_kind kind)
{
    rt->command.nbytes = rt->command.at = 0;
    rt->command.failed = false;
    da__put_i64(&rt->command, kind);
}

/* Before a long command goes out every engine has room for it, so that none falls silent over it. */
static da_status reserve(struct da__runtime *rt, struct da__error *err)
{
    struct da__engine *e = rt->engine;
    if (rt->command.nbytes <= rt->reserved || e->size == 1)
        return DA_OK;
    int64_t word[2] = {DA__COMMAND_RESERVE, rt->command.nbytes};
    struct da__report report = {.failure = {.engine = -1}};
    da_status status = da__command_send(e, word, sizeof word);
    if (status == DA_OK)
        status = da__report_up(e, &report);
    if (status != DA_OK)
        return da__fail(err, status, "the engines could not be reached");
    rt->counters.control_messages += report.control_messages;
    if (report.failure.status != DA_OK) {
        if (err != NULL && err->status == DA_OK)
            *err = report.failure;
        return report.failure.status;
    }
    rt->reserved = rt->command.nbytes;
    return DA_OK;
}

/* Everything below is 8-byte words, so that engines can read slots and parameters where they lie. */
da_status da__runtime_command(struct da__runtime *rt, struct da__error *err)
{
    struct da__engine *e = rt->engine;
    struct da__report report;
    if (rt->command.failed)
        return da__fail(err, DA_ERR_MEMORY, "out of memory for a command");
    DA_TRY(reserve(rt, err));
    da_status status = da__command_send(e, rt->command.data, rt->command.nbytes);
    rt->command.at = 0;
    if (status == DA_OK) {
        da__engine_obey(e, &rt->command, &report);
        status = da__report_up(e, &report);
    }
    if (status != DA_OK)
        return da__fail(err, status, "the engines could not be reached");
    rt->counters.messages += report.messages;
    rt->counters.message_bytes += report.message_bytes;
    rt->counters.control_messages += report.control_messages;
    rt->counters.live_bytes = da__pool_live(e->pool);
    if (report.largest_bytes > rt->counters.largest_message)
        rt->counters.largest_message = report.largest_bytes;
    if (report.peak_bytes > rt->counters.peak_bytes)
        rt->counters.peak_bytes = report.peak_bytes;
    if (report.sort_share > rt->counters.sort_share)
        rt->counters.sort_share = report.sort_share;
    if (report.failure.status == DA_OK)
        return DA_OK;
    if (err != NULL && err->status == DA_OK)
        *err = report.failure;
    return report.failure.status;
}

static void put_dead(struct da__runtime *rt, int64_t n, const uint64_t *names)
{
    da__put_i64(&rt->command, n);
    for (int64_t i = 0; i < n; i++)
        da__put_i64(&rt->command, (int64_t)names[i]);
}

da_status da__runtime_ship(struct da__runtime *rt, const struct da__program *p, int64_t id,
                           struct da__error *err)
{
    da__command_start(rt, DA__COMMAND_PROGRAM);
    da__put_i64(&rt->command, id);
    if (da__program_write(p, &rt->command) != DA_OK)
        return da__fail(err, DA_ERR_MEMORY, "out of memory for a program");
    rt->counters.programs_shipped++;
    return da__runtime_command(rt, err);
}

static da_status forget_everything(struct da__runtime *rt, struct da__error *err)
{
    da__cache_clear(&rt->cache);
    da__recipes_clear(&rt->recipes);
    rt->next_program = 0;
    da__command_start(rt, DA__COMMAND_FORGET);
    put_dead(rt, 0, NULL);
    da__put_i64(&rt->command, 1);
    return da__runtime_command(rt, err);
}

/* The program that every engine knows for this lowered one. */
static da_status find_or_ship(struct da__runtime *rt, struct da__program *lowered,
                              struct da__cached **out, struct da__error *err)
{
    struct da__bytes *key = &rt->key;
    key->nbytes = 0;
    key->failed = false;
    da_status status = da__program_write(lowered, key);
    if (status != DA_OK)
        return da__fail(err, status, "out of memory for a program");
    *out = da__cache_find(&rt->cache, key);
    if (*out != NULL) {
        rt->counters.cache_hits++;
        return DA_OK;
    }
    if (rt->cache.count >= MOST_PROGRAMS)
        status = forget_everything(rt, err);
    if (status == DA_OK)
        status = da__optimize(lowered, rt->passes, NULL, NULL, err);
    if (status == DA_OK)
        status = da__runtime_ship(rt, lowered, rt->next_program, err);
    if (status == DA_OK) {
        *out = da__cache_add(&rt->cache, key, rt->next_program++, lowered);
        if (*out == NULL)
            status = da__fail(err, DA_ERR_MEMORY, "out of memory for the program cache");
    }
    return status;
}

static void put_params(struct da__bytes *command, int n, const struct da__param *param)
{
    for (int i = 0; i < n; i++)
        da__put_bytes(command, param[i].bytes, sizeof param[i].bytes);
}

/* The names of an interrupted run's results go; engines that have none under them do not mind. */
static void forget_outputs(struct da__runtime *rt, const struct da__binding *bind,
                           const bool *is_output)
{
    da__command_start(rt, DA__COMMAND_FORGET);
    int64_t n = 0;
    for (int i = 0; i < bind->nslots; i++)
        n += is_output[i];
    da__put_i64(&rt->command, n);
    for (int i = 0; i < bind->nslots; i++)
        if (is_output[i])
            da__put_i64(&rt->command, (int64_t)bind->buffer[i]);
    da__put_i64(&rt->command, 0);
    struct da__error ignored = {.engine = -1};
    da__runtime_command(rt, &ignored);
}

/* A run about to start: the program that all engines know, and what it works on. */
struct planned {
    int64_t cached; /* position in the cache; -1: there is nothing to run */
    struct da__binding bind;
    bool *is_output; /* per slot */
    int nparams;
    struct da__param *param; /* the nodes' own; those of `lowered`, or recalled */
    struct da__program *lowered;
    bool recalled; /* everything lies in the runtime's room */
};

static void free_planned(struct planned *p)
{
    if (p->recalled)
        return;
    da__free(p->is_output);
    da__binding_free(&p->bind);
    da__program_free(p->lowered);
}

/* What a recalled run needs for its time, in room that stays for the next one. */
static bool room_for(struct da__runtime *rt, const struct da__recipe *r, struct planned *p)
{
    int64_t params = r->nparams * (int64_t)sizeof *p->param,
            each = (int64_t)(sizeof *p->bind.buffer + sizeof(da_array *) + sizeof *p->is_output);
    if (!da__grow(&rt->recalled, &rt->recalled_cap, params + r->nslots * each, 1))
        return false;
    p->bind.buffer = rt->recalled; /* what needs the most alignment first */
    p->bind.node = (da_array **)(void *)(p->bind.buffer + r->nslots);
    p->param = (struct da__param *)(void *)(p->bind.node + r->nslots);
    p->is_output = (bool *)(void *)(p->param + r->nparams);
    return true;
}

/* The graph was computed before: everything follows from its signature. */
static bool recall(struct da__runtime *rt, struct planned *p)
{
    const struct da__recipe *r = da__recipes_find(&rt->recipes, &rt->signature);
    if (r == NULL)
        return false;
    if (!room_for(rt, r, p) ||
        !da__recipe_bind(r, &rt->signature, rt->graph, p->param, &p->bind, p->is_output)) {
        *p = (struct planned){.cached = -1};
        return false;
    }
    p->nparams = r->nparams;
    p->cached = r->cached;
    p->recalled = true;
    rt->counters.cache_hits++;
    return true;
}

static void mark_outputs(const struct da__program *p, bool *is_output)
{
    for (int i = 0; i < p->nvalues; i++)
        if (p->value[i].kind == DA__VALUE_OUTPUT)
            is_output[p->value[i].slot] = true;
}

/* The long way: lowered, looked up by the program, optimized and shipped where that is new. */
static da_status plan(struct da__runtime *rt, int ntargets, da_array *const *target, bool signs,
                      struct planned *p, struct da__error *err)
{
    struct da__cached *c;
    DA_TRY(da__lower(rt->graph, ntargets, target, rt->passes, &p->lowered, &p->bind, err));
    p->is_output = da__calloc((size_t)p->bind.nslots, sizeof *p->is_output);
    if (p->is_output == NULL)
        return da__fail(err, DA_ERR_MEMORY, "out of memory for %d arrays", p->bind.nslots);
    mark_outputs(p->lowered, p->is_output);
    p->nparams = p->lowered->nlowered;
    if (p->lowered->nsteps == 0)
        return DA_OK;
    DA_TRY(find_or_ship(rt, p->lowered, &c, err));
    p->param = p->lowered->param;
    p->cached = c - rt->cache.entry;
    if (signs)
        da__recipes_add(&rt->recipes, &rt->signature, p->lowered, &p->bind, p->is_output,
                        p->cached);
    return DA_OK;
}

static da_status run(struct da__runtime *rt, const struct planned *p, struct da__error *err)
{
    const struct da__cached *c = &rt->cache.entry[p->cached];
    const uint64_t *dead;
    int64_t ndead = da__graph_take_dead(rt->graph, &dead);
    da__command_start(rt, DA__COMMAND_RUN);
    put_dead(rt, ndead, dead);
    da__put_i64(&rt->command, c->id);
    da__put_i64(&rt->command, p->bind.nslots);
    for (int i = 0; i < p->bind.nslots; i++)
        da__put_i64(&rt->command, (int64_t)p->bind.buffer[i]);
    da__put_i64(&rt->command, p->nparams + c->nextra);
    put_params(&rt->command, p->nparams, p->param);
    put_params(&rt->command, c->nextra, c->extra);
    rt->counters.runs++;
    rt->counters.kernel_sweeps += c->nkernels;
    return da__runtime_command(rt, err);
}

static da_status first_poison(int ntargets, da_array *const *target, struct da__error *err)
{
    for (int i = 0; i < ntargets; i++) {
        const struct da__error *cause = da__node_error(target[i]);
        if (cause != NULL)
            return da__fail(err, cause->status, "%s", cause->text);
    }
    return DA_OK;
}

/* Results become leaves, those whose size the run has found out with that size. */
static da_status settle_nodes(struct da__runtime *rt, const struct da__binding *bind,
                              bool *is_output, struct da__error *err)
{
    for (int i = 0; i < bind->nslots; i++) {
        if (!is_output[i])
            continue;
        if (bind->node[i]->unsized)
            DA_TRY(da__node_size(bind->node[i], rt->engine->extent[i], err));
        da__node_computed(bind->node[i], bind->buffer[i]);
        is_output[i] = false;
    }
    for (int i = 0; i < bind->nsaves; i++)
        bind->save[i]->saved = true;
    return DA_OK;
}

/* One program for targets below which every size is known, or which are routines that find out their own. */
static da_status compute_sized(struct da__runtime *rt, int ntargets, da_array *const *target,
                               struct da__error *err)
{
    struct planned p = {.cached = -1};
    bool signs = da__sign(rt->graph, ntargets, target, &rt->signature);
    da_status status = DA_OK;
    if (!signs || !recall(rt, &p))
        status = plan(rt, ntargets, target, signs, &p, err);
    if (status == DA_OK && p.cached >= 0) {
        status = run(rt, &p, err);
        if (status == DA_OK)
            status = settle_nodes(rt, &p.bind, p.is_output, err);
        if (status != DA_OK)
            forget_outputs(rt, &p.bind, p.is_output);
    }
    free_planned(&p);
    return status;
}

/* Finds out the sizes of everything below the targets: what others wait for is computed first, in waves, as sizes may hang on
 * arrays that wait for sizes themselves. */
da_status da__runtime_size(struct da__runtime *rt, int ntargets, da_array *const *target,
                           struct da__error *err)
{
    struct da__error local;
    da__error_clear(&local);
    err = err != NULL ? err : &local;
    DA_TRY(first_poison(ntargets, target, err));
    if (da__graph_nengines(rt->graph) != rt->engine->size)
        return da__fail(err, DA_ERR_STATE,
                        "this context only explains: it plans for %d engines and has %d",
                        da__graph_nengines(rt->graph), rt->engine->size);
    for (;;) {
        struct da__need need;
        DA_TRY(da__graph_size(rt->graph, ntargets, target, &need, err));
        da_status status = need.n > 0 ? compute_sized(rt, need.n, need.node, err) : DA_OK;
        bool sized = need.n == 0;
        da__free(need.node);
        if (sized || status != DA_OK)
            return status;
    }
}

da_status da__runtime_compute(struct da__runtime *rt, int ntargets, da_array *const *target,
                              struct da__error *err)
{
    struct da__error local;
    da__error_clear(&local);
    err = err != NULL ? err : &local;
    DA_TRY(da__runtime_size(rt, ntargets, target, err));
    return compute_sized(rt, ntargets, target, err);
}

/* The user's switches, with all passes behind `last` off. */
static da_status passes_up_to(const struct da__runtime *rt, const char *last, struct da__text *out,
                              struct da__error *err)
{
    bool behind = false;
    da__text_add(out, "%s", rt->passes != NULL ? rt->passes : "");
    for (int i = 0; i < da__npasses() && last != NULL; i++) {
        const char *name = da__pass_info(i)->name;
        if (behind)
            da__text_add(out, ",-%s", name);
        behind = behind || strcmp(name, last) == 0;
    }
    if (last != NULL && !behind)
        return da__fail(err, DA_ERR_ARGUMENT, "there is no pass \"%s\"", last);
    return out->failed ? da__fail(err, DA_ERR_MEMORY, "out of memory for the names of passes")
                       : DA_OK;
}

da_status da__runtime_plan(struct da__runtime *rt, int ntargets, da_array *const *target,
                           const char *last_pass, struct da__program **out,
                           struct da__binding *bind, struct da__error *err)
{
    struct da__text passes = {0};
    *out = NULL;
    memset(bind, 0, sizeof *bind);
    da_status status = first_poison(ntargets, target, err);
    if (status == DA_OK)
        status = passes_up_to(rt, last_pass, &passes, err);
    if (status == DA_OK)
        status = da__lower(rt->graph, ntargets, target, passes.s, out, bind, err);
    if (status == DA_OK)
        status = da__optimize(*out, passes.s, NULL, NULL, err);
    if (status != DA_OK) {
        da__program_free(*out);
        *out = NULL;
        da__binding_free(bind);
    }
    da__text_free(&passes);
    return status;
}

/* ---- data to and from the master's memory ---- */

/* Whether engine 0, which holds all of the axis, has it in the order of its indices: lists and halos may say so as well. */
static bool is_natural(const struct da__dist *d, int axis)
{
    struct da__index_set own;
    int64_t start, step;
    if (d->map[axis].kind != DA__MAP_U && d->map[axis].padding == NULL)
        return true;
    if (da__dist_local_set(d, 0, axis, &own) != DA_OK)
        return false;
    bool natural = da__set_is_affine(&own, &start, &step) && (own.nelem < 2 || step == 1);
    da__set_free(&own);
    return natural;
}

/* The leaf's elements where engine 0 holds all of them in their natural order. */
static const void *whole_on_master(struct da__runtime *rt, const da_array *a)
{
    if (a->kind != DA__NODE_LEAF)
        return NULL;
    int64_t shape[DA_MAX_NDIM];
    if (da__dist_local_shape(a->dist, 0, shape) != da__nelem(a->ndim, a->shape) ||
        !da__dist_has(a->dist, 0))
        return NULL;
    for (int k = 0; k < a->ndim; k++)
        if (!is_natural(a->dist, k))
            return NULL;
    struct da__buffer *b = da__buffers_find(&rt->engine->buffers, a->buffer);
    return b != NULL ? b->data : NULL;
}

da_status da__runtime_gather(struct da__runtime *rt, da_array *a, void *out, struct da__error *err)
{
    DA_TRY(da__runtime_size(rt, 1, &a, err));
    const struct da__dist *single = NULL;
    da_array *stored = a; /* a save has no elements of its own */
    while (stored->kind == DA__NODE_SAVE)
        stored = stored->in[0];
    if (a->kind != DA__NODE_LEAF)
        DA_TRY(da__runtime_compute(rt, a != stored ? 2 : 1, (da_array *[]){a, stored}, err));
    a = stored;
    int64_t nelem = da__nelem(a->ndim, a->shape);
    size_t nbytes = (size_t)nelem * da__dtype_nbytes(a->dtype);
    const void *data = whole_on_master(rt, a);
    if (data != NULL || nbytes == 0) {
        if (nbytes > 0)
            memcpy(out, data, nbytes);
        return DA_OK;
    }
    if (da__dist_single(a->ndim, a->shape, 0, &single) != DA_OK ||
        da__scope_push(rt->graph) != DA_OK) {
        da__dist_drop(single);
        return da__fail(err, DA_ERR_MEMORY, "out of memory for gathering an array");
    }
    da_array *copy = da__make_redistribute_to(rt->graph, a, single);
    da_status status = da__runtime_compute(rt, 1, &copy, err);
    if (status == DA_OK) {
        data = whole_on_master(rt, copy);
        if (data == NULL)
            status = da__fail(err, DA_ERR_INTERNAL, "the gathered array is not on the master");
        else
            memcpy(out, data, nbytes);
    }
    da__dist_drop(single);
    da__scope_pop(rt->graph);
    return status;
}

da_status da__runtime_local(struct da__runtime *rt, da_array *a, const void **data,
                            struct da__error *err)
{
    DA_TRY(first_poison(1, &a, err));
    da_array *stored = a; /* a save has no elements of its own */
    while (stored->kind == DA__NODE_SAVE)
        stored = stored->in[0];
    if (a->kind != DA__NODE_LEAF)
        DA_TRY(da__runtime_compute(rt, a != stored ? 2 : 1, (da_array *[]){a, stored}, err));
    int64_t shape[DA_MAX_NDIM];
    struct da__buffer *b = da__buffers_find(&rt->engine->buffers, stored->buffer);
    bool any = da__dist_local_shape(stored->dist, 0, shape) > 0;
    *data = any && b != NULL ? b->data : NULL;
    return any && b == NULL
               ? da__fail(err, DA_ERR_INTERNAL, "the array's part is not on the master")
               : DA_OK;
}

static da_array *import_failed(struct da__runtime *rt, const struct da__dist *single,
                               struct da__error *err, da_status status, const char *text)
{
    da__dist_drop(single);
    da__fail(err, status, "%s", text);
    return da__make_poison(rt->graph, err);
}

da_array *da__runtime_import(struct da__runtime *rt, const void *data, da_dtype dtype, int ndim,
                             const int64_t *shape, const struct da__dist_spec *spec)
{
    struct da__error err = {.engine = -1};
    const struct da__dist *single = NULL;
    int64_t nelem = ndim >= 0 && ndim <= DA_MAX_NDIM ? da__nelem(ndim, shape) : -1;
    for (int k = 0; nelem >= 0 && k < ndim; k++)
        if (shape[k] < 0)
            nelem = -1;
    if (nelem < 0 || !da__dtype_valid((int)dtype))
        return import_failed(rt, NULL, &err, DA_ERR_SHAPE,
                             "array from memory: an impossible shape or dtype");
    int64_t nbytes = nelem * (int64_t)da__dtype_nbytes(dtype);
    if (da__dist_single(ndim, shape, 0, &single) != DA_OK)
        return import_failed(rt, NULL, &err, DA_ERR_MEMORY, "array from memory: out of memory");
    void *block = da__pool_get(rt->engine->pool, nbytes);
    uint64_t name = da__graph_new_buffer(rt->graph);
    if (block == NULL || !da__buffers_add(&rt->engine->buffers, name, block, nbytes)) {
        da__pool_put(rt->engine->pool, block);
        return import_failed(rt, single, &err, DA_ERR_MEMORY,
                             "array from memory: no memory for its elements");
    }
    if (nbytes > 0)
        memcpy(block, data, (size_t)nbytes);
    da_array *leaf = da__make_leaf(rt->graph, name, dtype, ndim, shape, single);
    da__dist_drop(single);
    return da__make_redistribute(rt->graph, leaf, spec);
}

void da__runtime_counters(const struct da__runtime *rt, struct da__counters *out)
{
    struct da__compiler_counters c;
    *out = rt->counters;
    da__compiler_count(rt->compiler, &c);
    out->compiled = c.compiled;
    out->compiling = c.pending;
}

void da__runtime_reset_counters(struct da__runtime *rt)
{
    memset(&rt->counters, 0, sizeof rt->counters);
}
