/* One engine: opening, closing, and obeying the master's commands. */
#include "engine.h"

#include <string.h>

/* Messages that are begun ahead of their step may hold this much, or that share of a budget. */
enum { AHEAD_BYTES = 64 << 20, AHEAD_SHARE = 8 };

da_status da__engine_open(struct da__endpoint *endpoint, int nthreads, const int *cpu,
                          int64_t memory, struct da__engine **out, struct da__error *err)
{
    struct da__engine *e = da__calloc(1, sizeof *e);
    if (e == NULL)
        return da__fail(err, DA_ERR_MEMORY, "out of memory for an engine");
    e->endpoint = endpoint;
    e->rank = endpoint->rank;
    e->size = endpoint->size;
    e->nthreads = nthreads;
    e->ahead_limit =
        memory > 0 && memory / AHEAD_SHARE < AHEAD_BYTES ? memory / AHEAD_SHARE : AHEAD_BYTES;
    da_status status = da__pool_open(memory, &e->pool);
    if (status == DA_OK && !da__command_reserve(e, DA__COMMAND_ROOM))
        status = DA_ERR_MEMORY;
    if (status == DA_OK)
        status = da__workers_start(nthreads, cpu, &e->workers, err);
    if (status != DA_OK) {
        da__engine_close(e);
        return da__fail(err, status, "engine %d could not start", endpoint->rank);
    }
    *out = e;
    return DA_OK;
}

void da__engine_close(struct da__engine *e)
{
    if (e == NULL)
        return;
    for (int64_t i = 0; i < e->nplans; i++)
        da__plan_free(e->plan[i]);
    da__free(e->plan);
    if (e->workers != NULL)
        da__workers_stop(e->workers);
    if (e->pool != NULL) {
        da__buffers_free(&e->buffers, e->pool);
        da__pool_close(e->pool);
    }
    da__free(e->extent);
    da__free(e->scratch);
    da__bytes_free(&e->command);
    da__free(e);
}

/* A new program: unfolded once. All engines agree that they could, so that nobody runs a program alone. */
static void learn(struct da__engine *e, struct da__bytes *command)
{
    struct da__error err = {.engine = -1};
    int64_t id = da__get_i64(command);
    struct da__program *p = NULL;
    struct da__plan *plan = NULL;
    da_status status = da__program_read(command, &p);
    if (status == DA_OK)
        status = da__plan_make(p, e->rank, &plan);
    if (status == DA_OK &&
        !da__grow((void **)&e->plan, &e->plans_cap, id + 1, sizeof(struct da__plan *)))
        status = DA_ERR_MEMORY;
    if (status != DA_OK)
        da__fail(&err, status,
                 status == DA_ERR_MEMORY ? "no memory to unfold the program"
                                         : "the program arrived broken");
    status = da__engine_agree(e, status, &err);
    if (status != DA_OK) {
        e->failure = err;
        da__plan_free(plan);
        return;
    }
    while (e->nplans <= id)
        e->plan[e->nplans++] = NULL;
    plan->id = (uint64_t)id;
    e->plan[id] = plan;
}

static void forget_buffers(struct da__engine *e, struct da__bytes *command)
{
    int64_t n = da__get_i64(command);
    for (int64_t i = 0; i < n && !command->failed; i++)
        da__buffers_drop(&e->buffers, e->pool, (uint64_t)da__get_i64(command));
}

/* The command's bytes are 8-byte aligned where slots and parameters begin (see runtime.c). */
static void run(struct da__engine *e, struct da__bytes *command)
{
    int64_t id = da__get_i64(command);
    int64_t nslots = da__get_i64(command);
    const uint64_t *slot = (const uint64_t *)(const void *)(command->data + command->at);
    command->at += nslots * 8;
    int64_t nparams = da__get_i64(command);
    const uint8_t *param = command->data + command->at;
    command->at += nparams * 16;
    if (command->at > command->nbytes || id < 0 || id >= e->nplans || e->plan[id] == NULL) {
        da__fail(&e->failure, DA_ERR_INTERNAL, "program %lld is not known here", (long long)id);
        return;
    }
    da__run_program(e, e->plan[id], slot, param);
}

static void forget_programs(struct da__engine *e)
{
    for (int64_t i = 0; i < e->nplans; i++)
        da__plan_free(e->plan[i]);
    e->nplans = 0;
}

bool da__engine_obey(struct da__engine *e, struct da__bytes *command, struct da__report *report)
{
    enum da__command_kind kind = (enum da__command_kind)da__get_i64(command);
    da__error_clear(&e->failure);
    if (e->size > 1) /* what travels has no stray bytes in it */
        memset(report, 0, sizeof *report);
    switch (kind) {
    case DA__COMMAND_PROGRAM:
        learn(e, command);
        break;
    case DA__COMMAND_RUN:
        forget_buffers(e, command);
        da__pool_reset_peak(e->pool);
        run(e, command);
        break;
    case DA__COMMAND_FORGET:
        forget_buffers(e, command);
        if (da__get_i64(command) != 0)
            forget_programs(e);
        break;
    case DA__COMMAND_STOP:
        return false;
    case DA__COMMAND_RESERVE:
        if (!da__command_reserve(e, da__get_i64(command)))
            da__fail(&e->failure, DA_ERR_MEMORY, "no memory for a long command");
        break;
    }
    if (e->failure.status != DA_OK && e->failure.engine < 0)
        e->failure.engine = e->rank;
    if (e->failure.status != DA_OK)
        report->failure = e->failure;
    else
        da__error_clear(&report->failure);
    report->messages = e->data_messages;
    report->message_bytes = e->data_bytes;
    report->largest_bytes = e->largest_bytes;
    report->control_messages = e->control_messages;
    report->peak_bytes = da__pool_peak(e->pool);
    report->sort_share = e->sort_share;
    report->live_bytes = da__pool_live(e->pool);
    e->data_messages = e->data_bytes = e->control_messages = e->largest_bytes = e->sort_share = 0;
    return true;
}

/* Until the master stops the engines, or can be heard no more. */
void da__engine_serve(struct da__engine *e)
{
    struct da__report report;
    while (da__command_receive(e) == DA_OK && da__engine_obey(e, &e->command, &report))
        if (da__report_up(e, &report) != DA_OK)
            break;
}
