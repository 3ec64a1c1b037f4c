/* A program as JSON: its steps as nodes, fused ones as `kernel` nodes with their body. It loads
 * back and gives the same. */
#include "program.h"
#include "routine.h"
#include "text.h"

#include <string.h>

struct dump {
    const struct da__program *p;
    struct da__graph *g; /* NULL: leaves' data are not at hand */
    const struct da__binding *bind;
    int nengines;
    struct da__text *t;
    struct da__error *err;
};

static da_status write_dist(struct dump *d, int dist)
{
    da__text_add(d->t, ",\"dist\":");
    return da__json_dist(d->t, d->p->dist[dist], d->nengines);
}

static da_status write_type(struct dump *d, const struct da__value *v)
{
    da__json_type(d->t, v->dtype, v->ndim, v->shape);
    return write_dist(d, v->dist);
}

/* ---- inputs of the run ---- */

static da_status write_input_value(struct dump *d, int value)
{
    const struct da__value *v = &d->p->value[value];
    bool at_hand = d->g != NULL && d->bind != NULL && v->slot < d->bind->nslots;
    da__text_add(d->t, "    {\"id\":\"v%d\",\"op\":\"%s\",", value,
                 at_hand ? da__json_leaf_op(v->ndim, v->shape) : "input");
    if (at_hand)
        DA_TRY(da__json_data(d->g, d->bind->node[v->slot], d->t, d->err));
    DA_TRY(write_type(d, v));
    da__text_add(d->t, "}");
    return DA_OK;
}

/* ---- steps ---- */

/* An id, or a view of it where the step reads it otherwise than element by element. */
static void write_input(struct dump *d, const struct da__step *s, const struct da__step_input *in)
{
    const struct da__value *v = &d->p->value[in->value];
    bool plain = da__view_is_identity(&in->view) && v->ndim == s->ndim;
    for (int k = 0; plain && k < s->ndim; k++)
        plain = v->shape[k] == s->shape[k];
    if (plain) {
        da__text_add(d->t, "\"v%d\"", in->value);
        return;
    }
    da__text_add(d->t, "{\"op\":\"view\",\"in\":[\"v%d\"],", in->value);
    da__json_view(d->t, &in->view);
    da__text_add(d->t, ",\"shape\":");
    da__json_ints(d->t, s->ndim, s->shape);
    da__text_add(d->t, "}");
}

static void write_inputs(struct dump *d, const struct da__step *s)
{
    da__text_add(d->t, "\"in\":[");
    for (int k = 0; k < s->ninputs; k++) {
        da__text_add(d->t, k > 0 ? "," : "");
        write_input(d, s, &s->input[k]);
    }
    da__text_add(d->t, "]");
}

static void write_ref(struct da__text *t, da__ref ref)
{
    static const char letter[] = {
        [DA__REF_INSN] = 'r', [DA__REF_INPUT] = 'i', [DA__REF_PARAM] = 'p', [DA__REF_INDEX] = 'x'};
    da__text_add(t, "\"%c%d\"", letter[DA__REF_KIND(ref)], (int)DA__REF_NUMBER(ref));
}

static void write_params(struct dump *d, const struct da__step *s)
{
    if (s->body.nparams == 0)
        return;
    da__text_add(d->t, ",\n      \"params\":[");
    for (int k = 0; k < s->body.nparams; k++) {
        const struct da__param *p = &d->p->param[s->param[k]];
        da__text_add(d->t, k > 0 ? ",{\"value\":" : "{\"value\":");
        da__json_element(d->t, p->bytes, p->dtype);
        da__text_add(d->t, ",\"dtype\":\"%s\"}", da__dtype(p->dtype)->name);
    }
    da__text_add(d->t, "]");
}

static void write_body(struct dump *d, const struct da__body *b)
{
    if (b->ninsns == 0)
        return;
    da__text_add(d->t, ",\n      \"body\":[");
    for (int k = 0; k < b->ninsns; k++) {
        const struct da__insn *insn = &b->insn[k];
        const struct da__op_info *info = da__op_info((enum da__op_id)insn->op);
        da__text_add(d->t, "%s{\"op\":\"%s\",\"args\":[", k > 0 ? ",\n        " : "",
                     da__insn_name(d->p, insn));
        for (int i = 0; i < info->nin; i++) {
            da__text_add(d->t, i > 0 ? "," : "");
            write_ref(d->t, insn->arg[i]);
        }
        da__text_add(d->t, "],\"dtype\":\"%s\"}", da__dtype((da_dtype)insn->result)->name);
    }
    da__text_add(d->t, "]");
}

/* Where an output's elements lie in the whole, and what the rest of it is. */
static void write_part(struct dump *d, const struct da__step *s, const struct da__part *part)
{
    da__text_add(d->t, ",\"part\":{");
    da__json_view(d->t, &part->view);
    da__text_add(d->t, "}");
    if (part->base >= 0)
        da__text_add(d->t, ",\"base\":\"v%d\"", s->input[part->base].value);
}

static da_status write_outputs(struct dump *d, const struct da__step *s)
{
    if (s->body.noutputs == 0)
        return DA_OK;
    da__text_add(d->t, ",\n      \"outputs\":[");
    for (int k = 0; k < s->body.noutputs; k++) {
        da__text_add(d->t, "%s{\"id\":\"v%d\",\"value\":", k > 0 ? ",\n        " : "",
                     s->output[k]);
        write_ref(d->t, s->body.output[k]);
        if (da__step_is_part(s, k))
            write_part(d, s, &s->part[k]);
        da__text_add(d->t, ",");
        DA_TRY(write_type(d, &d->p->value[s->output[k]]));
        da__text_add(d->t, "}");
    }
    da__text_add(d->t, "]");
    return DA_OK;
}

static void write_axes(struct da__text *t, int ndim, uint32_t mask)
{
    const char *comma = "";
    da__text_add(t, ",\"axis\":[");
    for (int k = 0; k < ndim; k++)
        if (mask >> k & 1) {
            da__text_add(t, "%s%d", comma, k);
            comma = ",";
        }
    da__text_add(t, "]");
}

static da_status write_reductions(struct dump *d, const struct da__step *s)
{
    if (s->body.nreductions == 0)
        return DA_OK;
    da__text_add(d->t, ",\n      \"reductions\":[");
    for (int k = 0; k < s->body.nreductions; k++) {
        const struct da__body_reduction *b = &s->body.reduction[k];
        const struct da__red_info *info = da__red_info((enum da__red_id)b->red);
        da__text_add(d->t, "%s{\"id\":\"v%d\",\"op\":\"%s\",\"value\":", k > 0 ? ",\n        " : "",
                     s->reduction[k].value, da__reduction_name(d->p, b));
        write_ref(d->t, b->value);
        write_axes(d->t, s->ndim, b->mask);
        da__text_add(d->t, ",\"keepdims\":%s", s->reduction[k].keepdims ? "true" : "false");
        if (info->has_correction) {
            da__text_add(d->t, ",\"correction\":");
            da__json_real(d->t, s->reduction[k].correction, false);
        }
        da__text_add(d->t, ",");
        DA_TRY(write_type(d, &d->p->value[s->reduction[k].value]));
        da__text_add(d->t, "}");
    }
    da__text_add(d->t, "]");
    return DA_OK;
}

static da_status write_kernel(struct dump *d, int step)
{
    const struct da__step *s = &d->p->step[step];
    da__text_add(d->t, "    {\"id\":\"k%d\",\"op\":\"kernel\",\"level\":%d,\"space\":", step,
                 s->level);
    da__json_ints(d->t, s->ndim, s->shape);
    DA_TRY(write_dist(d, s->dist));
    da__text_add(d->t, ",\n      ");
    write_inputs(d, s);
    write_params(d, s);
    write_body(d, &s->body);
    DA_TRY(write_outputs(d, s));
    DA_TRY(write_reductions(d, s));
    da__text_add(d->t, "}");
    return DA_OK;
}

static void write_file(struct dump *d, const struct da__node_file *f)
{
    da__text_add(d->t, "\"file\":");
    da__json_file(d->t, f->path);
    if (f->dataset != NULL) {
        da__text_add(d->t, ",\"dataset\":");
        da__json_string(d->t, f->dataset);
    }
    da__text_add(d->t, ",");
}

static da_status write_load(struct dump *d, int step)
{
    const struct da__step *s = &d->p->step[step];
    da__text_add(d->t, "    {\"id\":\"v%d\",\"op\":\"load\",", s->output[0]);
    write_file(d, &s->file);
    if (s->ndim > 0) {
        da__text_add(d->t, "\"index\":");
        da__json_region(d->t, s->ndim, s->file.start, s->shape);
        da__text_add(d->t, ",");
    }
    DA_TRY(write_type(d, &d->p->value[s->output[0]]));
    da__text_add(d->t, "}");
    return DA_OK;
}

static da_status write_save(struct dump *d, int step)
{
    const struct da__step *s = &d->p->step[step];
    const struct da__value *v = &d->p->value[s->input[0].value];
    da__text_add(d->t, "    {\"id\":\"s%d\",\"op\":\"save\",", step);
    write_inputs(d, s);
    da__text_add(d->t, ",");
    write_file(d, &s->file);
    da__json_type(d->t, v->dtype, s->ndim, s->shape);
    da__text_add(d->t, "}");
    return DA_OK;
}

static da_status write_call(struct dump *d, int step)
{
    const struct da__step *s = &d->p->step[step];
    da__text_add(d->t, "    {\"id\":\"v%d\",\"op\":\"from_function\",\"object\":", s->output[0]);
    da__json_string(d->t, s->call.object);
    da__text_add(d->t, ",\"offset\":%lld,\"nbytes\":%lld,", (long long)s->call.offset,
                 (long long)s->call.nbytes);
    DA_TRY(write_type(d, &d->p->value[s->output[0]]));
    da__text_add(d->t, "}");
    return DA_OK;
}

/* Result `output` of a call of the user's function, as a node of its own. */
static da_status write_result(struct dump *d, const struct da__step *s, int output, int argument)
{
    const struct da__user *u = d->p->user[s->attribute[0]];
    int nin = 0, nout = 0;
    da__text_add(d->t, "%s    {\"id\":\"v%d\",\"op\":\"%s\",\"in\":[", output > 0 ? ",\n" : "",
                 s->output[output], u->name);
    for (int k = 0; k < u->nin; k++) {
        const struct da__value *v = &d->p->value[s->output[nout]];
        da__text_add(d->t, k > 0 ? "," : "");
        if (u->intents[k] != 'w')
            da__text_add(d->t, "\"v%d\"", s->input[nin++].value);
        else
            DA_TRY(da__json_blank(d->t, v->dtype, v->ndim, v->shape, d->p->dist[v->dist],
                                  d->nengines));
        nout += u->intents[k] != 'r';
    }
    da__text_add(d->t, "],");
    da__json_call_attributes(d->t, argument, s->call.nbytes, s->call.data);
    DA_TRY(write_type(d, &d->p->value[s->output[output]]));
    da__text_add(d->t, "}");
    return DA_OK;
}

static da_status write_apply(struct dump *d, const struct da__step *s)
{
    const struct da__user *u = d->p->user[s->attribute[0]];
    int output = 0;
    for (int k = 0; k < u->nin; k++)
        if (u->intents[k] != 'r')
            DA_TRY(write_result(d, s, output++, k));
    return write_result(d, s, output, -1);
}

static da_status write_routine(struct dump *d, int step)
{
    const struct da__step *s = &d->p->step[step];
    if (s->routine == DA__ROUTINE_APPLY)
        return write_apply(d, s);
    da__text_add(d->t, "    {\"id\":\"v%d\",\"op\":\"%s\",\"in\":[", s->output[0],
                 da__routine_op(s->routine, s->attribute));
    for (int k = 0; k < s->ninputs; k++) {
        da__text_add(d->t, k > 0 ? "," : "");
        if (da__routine_reads_raw(s->routine, k))
            da__text_add(d->t, "\"v%d\"", s->input[k].value);
        else
            write_input(d, s, &s->input[k]);
    }
    da__text_add(d->t, "],");
    da__routine_write(d->t, s->routine, s->nattributes, s->attribute);
    DA_TRY(write_type(d, &d->p->value[s->output[0]]));
    da__text_add(d->t, "}");
    return DA_OK;
}

/* ---- the frame ---- */

/* How a remark names a node: by the value that came from it, if there is one. */
static void write_node_name(struct dump *d, uint64_t node)
{
    for (int k = 0; k < d->p->nvalues; k++)
        if (d->p->value[k].node == node) {
            da__text_add(d->t, "\"v%d\"", k);
            return;
        }
    da__text_add(d->t, "\"node %llu\"", (unsigned long long)node);
}

static void write_unfused(struct dump *d)
{
    if (d->p->nunfused == 0)
        return;
    da__text_add(d->t, ",\n  \"unfused\": [\n");
    for (int k = 0; k < d->p->nunfused; k++) {
        da__text_add(d->t, k > 0 ? ",\n    {\"producer\":" : "    {\"producer\":");
        write_node_name(d, d->p->unfused[k].producer);
        da__text_add(d->t, ",\"consumer\":");
        write_node_name(d, d->p->unfused[k].consumer);
        da__text_add(d->t, ",\"reason\":");
        da__json_string(d->t, d->p->unfused[k].reason);
        da__text_add(d->t, "}");
    }
    da__text_add(d->t, "\n  ]");
}

static void write_results(struct dump *d)
{
    const char *comma = "";
    da__text_add(d->t, "\n  ],\n  \"outputs\": [");
    for (int slot = 0; slot < d->p->nslots; slot++)
        for (int k = 0; k < d->p->nvalues; k++)
            if (d->p->value[k].kind == DA__VALUE_OUTPUT && d->p->value[k].slot == slot) {
                da__text_add(d->t, "%s\"v%d\"", comma, k);
                comma = ",";
            }
    for (int k = 0; k < d->p->nsteps; k++)
        if (d->p->step[k].kind == DA__STEP_SAVE) {
            da__text_add(d->t, "%s\"s%d\"", comma, k);
            comma = ",";
        }
    da__text_add(d->t, "]");
}

static da_status write_all(struct dump *d)
{
    static da_status (*const write_step[])(struct dump * d,
                                           int step) = {[DA__STEP_KERNEL] = write_kernel,
                                                        [DA__STEP_LOAD] = write_load,
                                                        [DA__STEP_SAVE] = write_save,
                                                        [DA__STEP_CALL] = write_call,
                                                        [DA__STEP_ROUTINE] = write_routine};
    const char *comma = "";
    da__text_add(d->t, "{ \"distarray\": 1,\n  \"stage\": \"optimized\",\n  \"nodes\": [\n");
    for (int k = 0; k < d->p->nvalues; k++) {
        if (d->p->value[k].kind != DA__VALUE_INPUT)
            continue;
        da__text_add(d->t, "%s", comma);
        DA_TRY(write_input_value(d, k));
        comma = ",\n";
    }
    for (int k = 0; k < d->p->nsteps; k++) {
        da__text_add(d->t, "%s", comma);
        DA_TRY(write_step[d->p->step[k].kind](d, k));
        comma = ",\n";
    }
    write_results(d);
    write_unfused(d);
    da__text_add(d->t, " }\n");
    return DA_OK;
}

/* Without a graph the number of engines is what the distributions span. */
static int spanned_engines(const struct da__program *p)
{
    int64_t n = 1;
    for (int k = 0; k < p->ndists; k++) {
        const struct da__dist *d = p->dist[k];
        for (int r = 0; r < d->engines.nruns; r++) {
            const struct da__run *run = &d->engines.run[r];
            int64_t last =
                run->start + (run->reps - 1) * run->stride + (run->count - 1) * run->step;
            n = last + 1 > n ? last + 1 : n;
        }
    }
    return (int)n;
}

da_status da__program_json(const struct da__program *p, struct da__graph *g,
                           const struct da__binding *bind, struct da__text *out,
                           struct da__error *err)
{
    struct da__error own = {.engine = -1};
    struct dump d = {p,    g,
                     bind, g != NULL ? da__graph_nengines(g) : spanned_engines(p),
                     out,  err != NULL ? err : &own};
    da_status status = write_all(&d);
    if (status == DA_OK && out->failed)
        status = DA_ERR_MEMORY;
    if (status == DA_ERR_MEMORY)
        da__fail(d.err, status, "out of memory while dumping the program");
    return status;
}

da_status da__program_dump_json(const struct da__program *p, struct da__text *out,
                                struct da__error *err)
{
    return da__program_json(p, NULL, NULL, out, err);
}
