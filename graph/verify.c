/* The invariants of a program, checked between passes and on every program that arrives as bytes. */
#include "program.h"

#include <string.h>

#define BROKEN(...) return da__fail(err, DA_ERR_INTERNAL, __VA_ARGS__)

static bool in_range(int i, int n)
{
    return i >= 0 && i < n;
}

static da_status check_value(const struct da__program *p, int i, struct da__error *err)
{
    const struct da__value *v = &p->value[i];
    if (v->kind > DA__VALUE_OUTPUT || !da__dtype_valid((int)v->dtype) ||
        !in_range(v->dist, p->ndists))
        BROKEN("value %d: kind %d, dtype %d or distribution %d does not exist", i, (int)v->kind,
               (int)v->dtype, v->dist);
    if ((v->kind == DA__VALUE_TEMP) != (v->slot < 0) || v->slot >= p->nslots)
        BROKEN("value %d: slot %d does not fit its kind", i, v->slot);
    const struct da__dist *d = p->dist[v->dist];
    if (d->ndim != v->ndim)
        BROKEN("value %d: %d dimensions, its distribution %d", i, v->ndim, d->ndim);
    for (int k = 0; k < v->ndim; k++)
        if (d->map[k].count != v->shape[k])
            BROKEN("value %d: extent %lld of axis %d, its distribution %lld", i,
                   (long long)v->shape[k], k, (long long)d->map[k].count);
    return DA_OK;
}

static da_status check_view_axis(const struct da__view *v, int b, int64_t count, int64_t extent,
                                 struct da__error *err)
{
    struct da__stretch stretch[2];
    int64_t way, last;
    if (v->period[b] < 0 || v->phase[b] < 0 || v->phase[b] >= (v->period[b] > 0 ? v->period[b] : 1))
        BROKEN("phase %lld of period %lld", (long long)v->phase[b], (long long)v->period[b]);
    if (count > 0 &&
        (!da__mul_i64(v->step[b], count - 1, &way) || !da__add_i64(v->offset[b], way, &last)))
        BROKEN("its view overflows");
    if (v->period[b] > 0 && count > 0 && (way < 0 ? -way : way) >= v->period[b])
        BROKEN("its view wraps around more than once");
    int n = v->axis[b] < 0 ? 1 : da__view_stretches(v, b, count, stretch);
    if (v->axis[b] < 0)
        stretch[0] = (struct da__stretch){0, count, v->offset[b]};
    for (int k = 0; k < n && count > 0; k++) {
        int64_t first = stretch[k].start,
                end = first + (v->axis[b] < 0 ? 0 : v->step[b] * (stretch[k].n - 1));
        if (first < 0 || first >= extent || end < 0 || end >= extent)
            BROKEN("reads %lld … %lld of axis %d with %lld elements", (long long)first,
                   (long long)end, b, (long long)extent);
    }
    return DA_OK;
}

/* A view by a step's space of a value. */
static da_status check_view(const struct da__program *p, const struct da__step *s, int at, int k,
                            int value, const struct da__view *v, struct da__error *err)
{
    const struct da__value *base = &p->value[value];
    if (v->ndim != s->ndim || v->base_ndim != base->ndim)
        BROKEN("step %d operand %d: its view is of %d over %d dimensions, not %d over %d", at, k,
               v->ndim, v->base_ndim, s->ndim, base->ndim);
    bool empty = da__nelem(s->ndim, s->shape) == 0;
    for (int b = 0; b < v->base_ndim; b++) {
        if (v->axis[b] < -1 || v->axis[b] >= s->ndim)
            BROKEN("step %d operand %d: its view reads axis %d", at, k, v->axis[b]);
        int64_t count = v->axis[b] < 0 ? 1 : s->shape[v->axis[b]];
        da_status status = check_view_axis(v, b, empty ? 0 : count, base->shape[b], err);
        if (status != DA_OK) {
            da__error_prefix(err, "step %d operand %d", at, k);
            return status;
        }
    }
    return DA_OK;
}

static da_status check_ref(const struct da__step *s, int at, int ninsns, da__ref ref,
                           struct da__error *err)
{
    int n = DA__REF_NUMBER(ref);
    int limit[] = {ninsns, s->body.ninputs, s->body.nparams, s->ndim};
    int kind = (int)DA__REF_KIND(ref);
    if (!in_range(kind, 4) || n >= limit[kind])
        BROKEN("step %d: reference %d of kind %d does not exist", at, n, kind);
    return DA_OK;
}

static da_status check_insn(const struct da__program *p, const struct da__step *s, int at, int i,
                            struct da__error *err)
{
    const struct da__insn *insn = &s->body.insn[i];
    bool user = da__op_is_user(insn->op);
    if (insn->op >= DA__OP_END || (!user && !da__dtype_valid(insn->compute)) ||
        !da__dtype_valid(insn->result))
        BROKEN("step %d instruction %d: operator %d does not exist", at, i, insn->op);
    enum da__op_id op = (enum da__op_id)insn->op;
    const struct da__user *u = user && insn->compute < p->nusers ? p->user[insn->compute] : NULL;
    if (user && (u == NULL || u->kind != DA__USER_STRIP || u->nin != da__op_info(op)->nin ||
                 u->out != (da_dtype)insn->result))
        BROKEN("step %d instruction %d: its function is another one", at, i);
    for (int k = 0; k < da__op_info(op)->nin; k++) {
        DA_TRY(check_ref(s, at, i, insn->arg[k], err));
        da_dtype has = da__body_dtype(&s->body, insn->arg[k]),
                 wants = user ? u->in[k] : da__op_input_dtype(op, k, (da_dtype)insn->compute);
        if (has != wants)
            BROKEN("step %d instruction %d (%s): operand %d is %s, not %s", at, i,
                   da__op_info(op)->name, k, da__dtype(has)->name, da__dtype(wants)->name);
    }
    return DA_OK;
}

static da_status check_reduction(const struct da__program *p, const struct da__step *s, int at,
                                 int k, struct da__error *err)
{
    const struct da__body_reduction *r = &s->body.reduction[k];
    bool user = r->red == DA__RED_USER;
    if (user && (r->user >= p->nusers || p->user[r->user]->kind != DA__USER_REDUCTION ||
                 p->user[r->user]->in[0] != (da_dtype)r->compute))
        BROKEN("step %d reduction %d: its function is another one", at, k);
    if (r->red > DA__RED_USER || !da__dtype_valid(r->compute) ||
        !in_range(s->reduction[k].value, p->nvalues))
        BROKEN("step %d reduction %d: it does not exist", at, k);
    DA_TRY(check_ref(s, at, s->body.ninsns, r->value, err));
    if (da__body_dtype(&s->body, r->value) != (da_dtype)r->compute)
        BROKEN("step %d reduction %d: the value's dtype is not the reduction's", at, k);
    const struct da__value *v = &p->value[s->reduction[k].value];
    int axis = 0;
    for (int a = 0; a < s->ndim; a++) {
        bool gone = r->mask >> a & 1;
        if (gone && !s->reduction[k].keepdims)
            continue;
        if (axis >= v->ndim || v->shape[axis] != (gone ? 1 : s->shape[a]))
            BROKEN("step %d reduction %d: the result's axis %d does not fit", at, k, axis);
        axis++;
    }
    if (axis != v->ndim)
        BROKEN("step %d reduction %d: the result has %d dimensions, not %d", at, k, v->ndim, axis);
    return DA_OK;
}

/* A part's view goes to places of the output, each once, under owners that are the step's. */
static da_status check_part(const struct da__program *p, const struct da__step *s, int at, int k,
                            struct da__error *err)
{
    const struct da__part *part = &s->part[k];
    const struct da__value *v = &p->value[s->output[k]];
    if (s->kind != DA__STEP_KERNEL || part->base < -1 || part->base >= s->ninputs)
        BROKEN("step %d output %d: its base %d does not exist", at, k, part->base);
    DA_TRY(check_view(p, s, at, k, s->output[k], &part->view, err));
    bool named[DA_MAX_NDIM] = {false};
    for (int b = 0; b < v->ndim; b++) {
        int axis = part->view.axis[b];
        if (axis >= 0 && (named[axis] || part->view.period[b] != 0 || part->view.step[b] == 0))
            BROKEN("step %d output %d: its part has no places of its own", at, k);
        if (axis >= 0)
            named[axis] = true;
    }
    for (int a = 0; a < s->ndim; a++)
        if (!named[a] && s->shape[a] > 1)
            BROKEN("step %d output %d: axis %d has no place in the whole", at, k, a);
    if (part->base >= 0) {
        const struct da__value *base = &p->value[s->input[part->base].value];
        if (base->dist != v->dist || base->dtype != v->dtype || base->ndim != v->ndim)
            BROKEN("step %d output %d: its base is another kind of array", at, k);
    }
    const struct da__dist *d = NULL;
    DA_TRY(da__dist_view(p->dist[v->dist], &part->view, s->shape, &d));
    bool same = da__dist_equal(d, p->dist[s->dist]);
    da__dist_drop(d);
    if (!same)
        BROKEN("step %d output %d: its owners are not the part's", at, k);
    return DA_OK;
}

static da_status check_output(const struct da__program *p, const struct da__step *s, int at, int k,
                              struct da__error *err)
{
    int value = s->output[k];
    if (!in_range(value, p->nvalues))
        BROKEN("step %d: output value %d does not exist", at, value);
    const struct da__value *v = &p->value[value];
    if (s->kind == DA__STEP_ROUTINE)
        return DA_OK;
    if (da__step_is_part(s, k))
        return check_part(p, s, at, k, err);
    if (v->ndim != s->ndim || v->dist != s->dist)
        BROKEN("step %d: its output %d lies in another space", at, value);
    for (int a = 0; a < s->ndim; a++)
        if (v->shape[a] != s->shape[a])
            BROKEN("step %d: its output %d has another shape", at, value);
    return DA_OK;
}

/* Inputs and outputs are as many as the function's arguments say; what it updates lies as before. */
static da_status check_apply(const struct da__program *p, const struct da__step *s, int at,
                             struct da__error *err)
{
    int nin = 0, nout = 0;
    bool known = s->nattributes == 1 && s->attribute[0] >= 0 && s->attribute[0] < p->nusers;
    const struct da__user *u = known ? p->user[s->attribute[0]] : NULL;
    if (u == NULL || u->kind != DA__USER_LOCAL)
        BROKEN("step %d: its function is another one", at);
    for (int k = 0; k < u->nin; k++) {
        bool in = u->intents[k] != 'w', out = u->intents[k] != 'r';
        if ((in && nin >= s->ninputs) || (out && nout >= s->noutputs))
            BROKEN("step %d: %s has other arguments", at, u->name);
        if (in && out) {
            if (!in_range(s->input[nin].value, p->nvalues) ||
                !in_range(s->output[nout], p->nvalues))
                BROKEN("step %d: %s updates what does not exist", at, u->name);
            const struct da__value *x = &p->value[s->input[nin].value],
                                   *y = &p->value[s->output[nout]];
            if (x->dist != y->dist || x->dtype != y->dtype || x->ndim != y->ndim ||
                (x->ndim > 0 &&
                 memcmp(x->shape, y->shape, (size_t)x->ndim * sizeof *x->shape) != 0))
                BROKEN("step %d: what %s updates lies elsewhere", at, u->name);
        }
        nin += in;
        nout += out;
    }
    if (nin != s->ninputs || nout + 1 != s->noutputs || !in_range(s->output[nout], p->nvalues) ||
        p->value[s->output[nout]].dtype != DA_INT64 || p->value[s->output[nout]].ndim != 0)
        BROKEN("step %d: %s has other arguments", at, u->name);
    return DA_OK;
}

static da_status check_step(const struct da__program *p, int at, bool *made, struct da__error *err)
{
    const struct da__step *s = &p->step[at];
    if (s->kind > DA__STEP_ROUTINE || s->routine >= DA__NROUTINES ||
        !in_range(s->dist, p->ndists) || p->dist[s->dist]->ndim != s->ndim)
        BROKEN("step %d: its kind or distribution does not exist", at);
    if (s->kind == DA__STEP_KERNEL &&
        (s->body.ninputs != s->ninputs || s->body.noutputs != s->noutputs))
        BROKEN("step %d: its body has other inputs or outputs", at);
    if (s->kind != DA__STEP_KERNEL && s->body.nreductions + s->body.ninsns > 0)
        BROKEN("step %d: has a body but is no kernel", at);
    if (da__dist_padded(p->dist[s->dist]) &&
        (s->kind != DA__STEP_KERNEL || s->body.nreductions > 0))
        BROKEN("step %d: halos under work that is done once per element", at);
    bool source = s->kind == DA__STEP_LOAD || s->kind == DA__STEP_CALL;
    if ((source && s->ninputs != 0) || (s->kind == DA__STEP_SAVE && s->ninputs != 1) ||
        ((source || (s->kind == DA__STEP_ROUTINE && s->routine != DA__ROUTINE_APPLY)) &&
         s->noutputs != 1) ||
        (s->kind != DA__STEP_KERNEL && s->part != NULL))
        BROKEN("step %d: has %d inputs and %d outputs", at, s->ninputs, s->noutputs);
    if (s->kind == DA__STEP_ROUTINE && s->routine == DA__ROUTINE_APPLY)
        DA_TRY(check_apply(p, s, at, err));
    for (int k = 0; k < s->ninputs; k++) {
        if (!in_range(s->input[k].value, p->nvalues) || !made[s->input[k].value])
            BROKEN("step %d: reads value %d before it is made", at, s->input[k].value);
        if (s->kind == DA__STEP_KERNEL &&
            s->body.input_dtype[k] != p->value[s->input[k].value].dtype)
            BROKEN("step %d input %d: its dtype is not the value's", at, k);
        if (s->kind != DA__STEP_ROUTINE || !da__routine_reads_raw(s->routine, k))
            DA_TRY(check_view(p, s, at, k, s->input[k].value, &s->input[k].view, err));
    }
    for (int k = 0; k < s->body.nparams; k++)
        if (!in_range(s->param[k], p->nparams) ||
            s->body.param_dtype[k] != p->param[s->param[k]].dtype)
            BROKEN("step %d: parameter %d does not exist", at, k);
    for (int i = 0; i < s->body.ninsns; i++)
        DA_TRY(check_insn(p, s, at, i, err));
    for (int k = 0; k < s->noutputs; k++) {
        DA_TRY(check_output(p, s, at, k, err));
        if (s->kind == DA__STEP_KERNEL)
            DA_TRY(check_ref(s, at, s->body.ninsns, s->body.output[k], err));
        made[s->output[k]] = true;
    }
    for (int k = 0; k < s->body.nreductions; k++) {
        DA_TRY(check_reduction(p, s, at, k, err));
        made[s->reduction[k].value] = true;
    }
    return DA_OK;
}

da_status da__program_verify(const struct da__program *p, struct da__error *err)
{
    for (int i = 0; i < p->nvalues; i++)
        DA_TRY(check_value(p, i, err));
    for (int i = 0; i < p->nparams; i++)
        if (!da__dtype_valid((int)p->param[i].dtype))
            BROKEN("parameter %d: its dtype does not exist", i);
    bool *made = da__calloc((size_t)p->nvalues + 1, sizeof *made);
    if (made == NULL)
        return da__fail(err, DA_ERR_MEMORY, "out of memory while verifying a program");
    for (int i = 0; i < p->nvalues; i++)
        made[i] = p->value[i].kind == DA__VALUE_INPUT;
    da_status status = DA_OK;
    for (int i = 0; i < p->nsteps && status == DA_OK; i++)
        status = check_step(p, i, made, err);
    da__free(made);
    return status;
}
