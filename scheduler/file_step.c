/* Load, save and call steps: this engine's box of a file, and C functions that fill arrays. */
#include "engine.h"

#include <string.h>

static da_status agree(void *self, da_status mine, struct da__error *err)
{
    return da__engine_agree(self, mine, err);
}

/* Everybody has come this far, and in good health: files are opened together or not at all. */
static bool all_well(struct da__execution *r)
{
    struct da__error err = r->engine->failure;
    da_status status = da__engine_agree(r->engine, err.status, &err);
    if (status != DA_OK && !da__run_failed(r)) {
        da__run_fail(r, status, "%s", err.text);
        r->engine->failure.engine = err.engine;
    }
    return status == DA_OK;
}

/* The engine's box: index sets of these distributions are single ranges. */
static void box_of(const struct da__execution *r, int step, int64_t *start, int64_t *count)
{
    const struct da__step *s = &r->plan->program->step[step];
    const struct da__step_plan *sp = &r->plan->step[step];
    for (int k = 0; k < s->ndim; k++) {
        const struct da__index_set *set = &sp->index[k];
        count[k] = sp->space.member ? set->nelem : 0;
        start[k] = set->nelem > 0 ? da__set_get(set, 0) : 0;
    }
}

static void note(struct da__execution *r, da_status status, const struct da__error *err)
{
    if (status == DA_OK)
        return;
    da__run_fail(r, status, "%s", err->status != DA_OK ? err->text : da__status_text(status));
    if (err->engine >= 0 && r->engine->failure.status == err->status)
        r->engine->failure.engine = err->engine;
}

static void load(struct da__execution *r, int step, const struct da__io_peers *peers)
{
    const struct da__step *s = &r->plan->program->step[step];
    struct da__file_spec spec = {s->file.path, s->file.dataset};
    struct da__error err = {.engine = -1};
    struct da__source *source = NULL;
    int64_t start[DA_MAX_NDIM], count[DA_MAX_NDIM];
    void *out = r->plan->value[s->output[0]].member ? da__run_value(r, s->output[0]) : NULL;
    if (!all_well(r))
        return;
    da_status status = da__source_open(&spec, peers, &source, &err);
    if (status == DA_OK) {
        const struct da__file_info *info = da__source_info(source);
        bool same =
            info->ndim == s->ndim && info->dtype == r->plan->program->value[s->output[0]].dtype;
        box_of(r, step, start, count);
        for (int k = 0; k < s->ndim; k++) {
            start[k] += s->file.start[k];
            same = same && s->file.start[k] + s->shape[k] <= info->shape[k];
        }
        if (!same) { /* every engine reads the same header, so all of them come to this */
            da__fail(&err, DA_ERR_IO, "%s: changed since the graph was built", s->file.path);
            status = DA_ERR_IO;
        }
        if (same)
            status = da__source_read(source, start, count, out, &err);
        da__source_close(source);
    }
    note(r, status, &err);
}

static void save(struct da__execution *r, int step, const struct da__io_peers *peers)
{
    const struct da__step *s = &r->plan->program->step[step];
    const struct da__value *v = &r->plan->program->value[s->input[0].value];
    struct da__file_spec spec = {s->file.path, s->file.dataset};
    struct da__error err = {.engine = -1};
    struct da__sink *sink = NULL;
    int64_t start[DA_MAX_NDIM] = {0}, count[DA_MAX_NDIM] = {0};
    if (!all_well(r))
        return;
    da_status status = da__sink_create(&spec, v->dtype, v->ndim, v->shape, peers, &sink, &err);
    if (status == DA_OK) {
        box_of(r, step, start, count);
        bool writes = r->plan->step[step].writes;
        for (int k = 0; k < s->ndim && !writes; k++)
            count[k] = 0;
        status =
            da__sink_write(sink, start, count, writes ? r->data[s->input[0].value] : NULL, &err);
        struct da__error agreed = err;
        da_status committed = da__sink_commit(sink, status, &agreed);
        if (status == DA_OK && committed != DA_OK) {
            status = committed;
            err = agreed;
        }
    }
    note(r, status, &err);
}

void da__run_file(struct da__execution *r, int step)
{
    struct da__engine *e = r->engine;
    struct da__io_peers peers = {
        .rank = e->rank, .size = e->size, .comm = e->endpoint->comm, .agree = agree, .self = e};
    if (r->plan->program->step[step].kind == DA__STEP_LOAD)
        load(r, step, &peers);
    else
        save(r, step, &peers);
}

/* ---- calls ---- */

/* Every row of the engine's part along the last axis, run by run. */
static void fill_rows(struct da__execution *r, int step, da__fill fill, char *out)
{
    const struct da__step *s = &r->plan->program->step[step];
    const struct da__step_plan *sp = &r->plan->step[step];
    size_t item = da__dtype_nbytes(r->plan->program->value[s->output[0]].dtype);
    int64_t at[DA_MAX_NDIM] = {0}, index[DA_MAX_NDIM];
    if (s->ndim == 0) {
        fill(0, index, 1, 1, out, s->call.data);
        return;
    }
    int last = s->ndim - 1;
    for (int k = 0; k >= 0;) {
        for (int a = 0; a < last; a++)
            index[a] = da__set_get(&sp->index[a], at[a]);
        for (int i = 0; i < sp->index[last].nruns; i++) {
            const struct da__run *run = &sp->index[last].run[i];
            for (int64_t rep = 0; rep < run->reps; rep++) {
                index[last] = run->start + rep * run->stride;
                fill(s->ndim, index, run->step, run->count, out, s->call.data);
                out += (size_t)run->count * item;
            }
        }
        for (k = last - 1; k >= 0 && ++at[k] == sp->space.shape[k]; k--)
            at[k] = 0;
    }
}

void da__run_call(struct da__execution *r, int step)
{
    const struct da__step *s = &r->plan->program->step[step];
    const struct da__step_plan *sp = &r->plan->step[step];
    if (!sp->space.member || da__run_failed(r))
        return;
    void (*call)(void) = da__address_find(s->call.object, s->call.offset);
    da__fill fill = (da__fill)call;
    char *out = da__run_value(r, s->output[0]);
    if (fill == NULL)
        da__run_fail(r, DA_ERR_ARGUMENT,
                     "from_function: %s is not loaded here, so its function cannot be called",
                     s->call.object);
    else if (out != NULL && sp->space.nelem > 0)
        fill_rows(r, step, fill, out);
}
