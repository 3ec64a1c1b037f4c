/* What a compute would do, in words: steps, what is fused and why the rest is not, messages and bytes. Works for any number of
 * engines without having them: the plans of a few are made by index arithmetic alone. */
#include "runtime.h"

#include <string.h>

static const char *kind_name(const struct da__step *s)
{
    static const char *const name[] = {[DA__STEP_KERNEL] = "kernel",
                                       [DA__STEP_LOAD] = "load",
                                       [DA__STEP_SAVE] = "save",
                                       [DA__STEP_CALL] = "call"};
    return s->kind == DA__STEP_ROUTINE ? da__routine_name(s->routine) : name[s->kind];
}

static void list_operations(const struct da__step *s, struct da__text *out)
{
    if (s->kind == DA__STEP_ROUTINE) {
        da__text_add(out, "%s", da__routine_name(s->routine));
        return;
    }
    if (s->kind != DA__STEP_KERNEL) {
        da__text_add(out, "%s%s%s", s->file.path != NULL ? s->file.path : s->call.object,
                     s->file.dataset != NULL ? ":" : "",
                     s->file.dataset != NULL ? s->file.dataset : "");
        return;
    }
    for (int i = 0; i < s->body.ninsns; i++)
        da__text_add(out, "%s%s", i > 0 ? " " : "",
                     da__op_info((enum da__op_id)s->body.insn[i].op)->name);
    for (int i = 0; i < s->body.nreductions; i++)
        da__text_add(out, "%s%s", s->body.ninsns + i > 0 ? " " : "",
                     da__red_info((enum da__red_id)s->body.reduction[i].red)->name);
    if (s->body.ninsns + s->body.nreductions == 0)
        da__text_add(out, "copy");
}

static void explain_step(const struct da__program *p, int i, struct da__text *out)
{
    const struct da__step *s = &p->step[i];
    char shape[256], dist[512];
    da__text_add(out, "step %d  level %d  %s  %d operation%s over %s  [%s]\n", i, s->level,
                 kind_name(s), s->nnodes, s->nnodes == 1 ? "" : "s",
                 da__shape_text(s->ndim, s->shape, shape, sizeof shape),
                 da__dist_text(p->dist[s->dist], dist, sizeof dist));
    da__text_add(out, "    ");
    list_operations(s, out);
    da__text_add(out, "\n");
    for (int k = 0; k < s->ninputs; k++) {
        const struct da__value *v = &p->value[s->input[k].value];
        da__text_add(out, "    reads value %d %s %s%s\n", s->input[k].value,
                     da__dtype(v->dtype)->name,
                     da__shape_text(v->ndim, v->shape, shape, sizeof shape),
                     da__view_is_identity(&s->input[k].view) ? "" : " through a view");
    }
    for (int k = 0; k < s->noutputs; k++)
        da__text_add(out, "    stores value %d %s%s\n", s->output[k],
                     da__dtype(p->value[s->output[k]].dtype)->name,
                     p->value[s->output[k]].kind == DA__VALUE_TEMP ? " (temporary)" : "");
}

/* Messages and bytes of one engine; plans are made and dropped. */
static da_status explain_engine(const struct da__program *p, int engine, struct da__text *out)
{
    int64_t sent = 0, nbytes = 0, received = 0;
    for (int i = 0; i < p->nsteps; i++) {
        if (p->step[i].kind != DA__STEP_KERNEL)
            continue;
        struct da__exchange x;
        da_status status = da__exchange_plan(p, &p->step[i], engine, &x);
        for (int k = 0; k < x.send.n; k++)
            nbytes += x.send.peer[k].nbytes - DA__MESSAGE_HEADER;
        sent += x.send.n;
        received += x.receive.n;
        da__exchange_free(&x);
        DA_TRY(status);
    }
    da__text_add(out, "engine %d: sends %lld messages with %lld bytes, receives %lld\n", engine,
                 (long long)sent, (long long)nbytes, (long long)received);
    return DA_OK;
}

da_status da__runtime_explain(struct da__runtime *rt, int ntargets, da_array *const *target,
                              struct da__text *out, struct da__error *err)
{
    struct da__program *p = NULL;
    struct da__binding bind;
    struct da__need need;
    DA_TRY(da__graph_size(rt->graph, ntargets, target, &need, err));
    bool waits = need.n > 0;
    da_status planned = da__runtime_plan(rt, waits ? need.n : ntargets, waits ? need.node : target,
                                         NULL, &p, &bind, err);
    if (waits)
        da__text_add(out,
                     "the rest waits for the size of %d array%s, which this program finds out:\n",
                     need.n, need.n == 1 ? "" : "s");
    da__free(need.node);
    DA_TRY(planned);
    da__binding_free(&bind);
    int n = da__graph_nengines(rt->graph);
    da__text_add(out, "%d step%s, %d value%s, %d engine%s\n", p->nsteps, p->nsteps == 1 ? "" : "s",
                 p->nvalues, p->nvalues == 1 ? "" : "s", n, n == 1 ? "" : "s");
    for (int i = 0; i < p->nsteps; i++)
        explain_step(p, i, out);
    for (int i = 0; i < p->nunfused; i++)
        da__text_add(out, "not fused: n%llu into n%llu: %s\n",
                     (unsigned long long)p->unfused[i].producer,
                     (unsigned long long)p->unfused[i].consumer, p->unfused[i].reason);
    int sample[] = {0, 1, n / 2, n - 1};
    da_status status = DA_OK;
    for (int i = 0; i < 4 && status == DA_OK; i++)
        if (i == 0 || sample[i] > sample[i - 1])
            status = explain_engine(p, sample[i], out);
    da__program_free(p);
    if (status == DA_OK && out->failed)
        status = DA_ERR_MEMORY;
    return status != DA_OK ? da__fail(err, status, "out of memory for an explanation") : DA_OK;
}
