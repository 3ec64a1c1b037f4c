/* What a compute would do, in words: steps, what is fused and why the rest is not, messages and bytes. Works for any number of
 * engines without having them: the plans of a few are made by index arithmetic alone. */
#include "routine.h"
#include "runtime.h"

#include <stdio.h>

const char *da__step_name(const struct da__step *s)
{
    static const char *const name[] = {[DA__STEP_KERNEL] = "kernel",
                                       [DA__STEP_LOAD] = "load",
                                       [DA__STEP_SAVE] = "save",
                                       [DA__STEP_CALL] = "call"};
    return s->kind == DA__STEP_ROUTINE ? da__routine_name(s->routine) : name[s->kind];
}

static void list_operations(const struct da__program *p, const struct da__step *s,
                            struct da__text *out)
{
    if (s->kind == DA__STEP_ROUTINE) {
        da__text_add(out, "%s", da__step_routine_name(p, s));
        return;
    }
    if (s->kind != DA__STEP_KERNEL) {
        da__text_add(out, "%s%s%s", s->file.path != NULL ? s->file.path : s->call.object,
                     s->file.dataset != NULL ? ":" : "",
                     s->file.dataset != NULL ? s->file.dataset : "");
        return;
    }
    for (int i = 0; i < s->body.ninsns; i++)
        da__text_add(out, "%s%s", i > 0 ? " " : "", da__insn_name(p, &s->body.insn[i]));
    for (int i = 0; i < s->body.nreductions; i++)
        da__text_add(out, "%s%s", s->body.ninsns + i > 0 ? " " : "",
                     da__reduction_name(p, &s->body.reduction[i]));
    if (s->body.ninsns + s->body.nreductions == 0)
        da__text_add(out, "copy");
}

static void explain_step(const struct da__program *p, int i, struct da__text *out)
{
    const struct da__step *s = &p->step[i];
    char shape[256], dist[512];
    da__text_add(out, "step %d  level %d  %s  %d operation%s over %s  [%s]\n", i, s->level,
                 da__step_name(s), s->nnodes, s->nnodes == 1 ? "" : "s",
                 da__shape_text(s->ndim, s->shape, shape, sizeof shape),
                 da__dist_text(p->dist[s->dist], dist, sizeof dist));
    da__text_add(out, "    ");
    list_operations(p, s, out);
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

/* Where the step could be computed, and what moves then; the first one is where it is. */
static void explain_layout(const struct da__layout *l, struct da__text *out)
{
    for (int k = 0; k < l->n; k++) {
        const struct da__candidate *c = &l->candidate[k];
        char dist[512], number[32] = "";
        if (c->number >= 0)
            snprintf(number, sizeof number, " %d", c->number);
        da__text_add(
            out, "    %s %s%s [%s]: %.0f bytes move, %.0f elements on the busiest engine%s%s%s\n",
            k == 0 ? "chosen:" : "instead:", c->from, number,
            da__dist_text(c->dist, dist, sizeof dist), c->nbytes, c->most,
            k == 0 && l->fixed != NULL ? " (kept: " : "",
            k == 0 && l->fixed != NULL ? l->fixed : "", k == 0 && l->fixed != NULL ? ")" : "");
    }
}

static da_status explain_steps(const struct da__program *p, struct da__text *out)
{
    struct da__layout *layout = da__calloc((size_t)p->nsteps + 1, sizeof *layout);
    if (layout == NULL)
        return DA_ERR_MEMORY;
    da_status status = da__layout_explain(p, layout);
    for (int i = 0; i < p->nsteps && status == DA_OK; i++) {
        explain_step(p, i, out);
        explain_layout(&layout[i], out);
        da__layout_free(&layout[i]);
    }
    da__free(layout);
    return status;
}

/* ---- engines ---- */

enum { ALL_ENGINES = 16, MOST_SAMPLE = 64 };
struct sample {
    int n, engine[MOST_SAMPLE];
};

static void take(struct sample *s, int64_t engine)
{
    int at = s->n;
    for (int k = 0; k < s->n; k++)
        if (s->engine[k] == engine)
            return;
    if (s->n == MOST_SAMPLE)
        return;
    while (at > 0 && s->engine[at - 1] > engine) {
        s->engine[at] = s->engine[at - 1];
        at--;
    }
    s->engine[at] = (int)engine;
    s->n++;
}

/* The first, the middle and the last coordinate along up to three dimensions of a step's grid: its corners, edges and middle. */
static void take_grid(struct sample *s, const struct da__dist *d)
{
    int ndims = d->ngrid < 3 ? d->ngrid : 3, coord[DA_MAX_NDIM] = {0}, n = 1;
    for (int g = 0; g < ndims; g++)
        n *= 3;
    for (int i = 0; i < n; i++) {
        for (int g = 0, rest = i; g < ndims; g++, rest /= 3)
            coord[g] = (int)((int64_t)(d->grid[g] - 1) * (rest % 3) / 2);
        take(s, da__dist_engine(d, coord));
    }
}

static struct sample choose_engines(const struct da__program *p, int n)
{
    struct sample s = {0};
    if (n <= ALL_ENGINES) {
        for (int e = 0; e < n; e++)
            take(&s, e);
        return s;
    }
    const struct da__step *widest = NULL;
    for (int i = 0; i < p->nsteps; i++)
        if (widest == NULL ||
            da__nelem(p->step[i].ndim, p->step[i].shape) > da__nelem(widest->ndim, widest->shape))
            widest = &p->step[i];
    const int64_t always[] = {0, 1, n / 2, n - 2, n - 1};
    for (int k = 0; k < 5; k++)
        take(&s, always[k]);
    if (widest != NULL)
        take_grid(&s, p->dist[widest->dist]);
    return s;
}

static void write_traffic(struct da__text *out, const char *who, const struct da__traffic *t)
{
    da__text_add(out, "%10s %12lld %16lld %12lld %16lld\n", who, (long long)t->sent,
                 (long long)t->sent_bytes, (long long)t->received, (long long)t->received_bytes);
}

static void grow_to(int64_t *most, int64_t x)
{
    *most = x > *most ? x : *most;
}

/* A table of a bounded number of engines: plans are made by index arithmetic and dropped. */
static da_status explain_engines(const struct da__program *p, int n, struct da__text *out)
{
    struct sample s = choose_engines(p, n);
    struct da__traffic total = {0}, most = {0}, t;
    da__text_add(out, "%10s %12s %16s %12s %16s\n", "engine", "sends", "bytes", "receives",
                 "bytes");
    for (int i = 0; i < s.n; i++) {
        char number[16];
        DA_TRY(da__traffic_of(p, s.engine[i], &t));
        snprintf(number, sizeof number, "%d", s.engine[i]);
        write_traffic(out, number, &t);
        total.sent += t.sent;
        total.sent_bytes += t.sent_bytes;
        total.received += t.received;
        total.received_bytes += t.received_bytes;
        grow_to(&most.sent, t.sent);
        grow_to(&most.sent_bytes, t.sent_bytes);
        grow_to(&most.received, t.received);
        grow_to(&most.received_bytes, t.received_bytes);
    }
    write_traffic(out, "most", &most);
    write_traffic(out, "together", &total);
    if (s.n < n)
        da__text_add(out, "(%d of %d engines)\n", s.n, n);
    for (int i = 0; i < p->nsteps; i++)
        if (p->step[i].kind == DA__STEP_ROUTINE &&
            da__routine_ops(p->step[i].routine)->traffic == NULL)
            da__text_add(out, "(without what step %d, %s, sends by itself)\n", i,
                         da__routine_name(p->step[i].routine));
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
    da_status status = explain_steps(p, out);
    for (int i = 0; i < p->nunfused; i++)
        da__text_add(out, "not fused: n%llu into n%llu: %s\n",
                     (unsigned long long)p->unfused[i].producer,
                     (unsigned long long)p->unfused[i].consumer, p->unfused[i].reason);
    if (status == DA_OK)
        status = explain_engines(p, n, out);
    da__program_free(p);
    if (status == DA_OK && out->failed)
        status = DA_ERR_MEMORY;
    return status != DA_OK ? da__fail(err, status, "out of memory for an explanation") : DA_OK;
}
