/* The invariants of a program, checked between passes and on every program that arrives as bytes. */
#include "program.h"

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

static da_status check_view(const struct da__program *p, const struct da__step *s, int at, int k,
                            struct da__error *err)
{
    const struct da__view *v = &s->input[k].view;
    const struct da__value *base = &p->value[s->input[k].value];
    if (v->ndim != s->ndim || v->base_ndim != base->ndim)
        BROKEN("step %d input %d: its view is of %d over %d dimensions, not %d over %d", at, k,
               v->ndim, v->base_ndim, s->ndim, base->ndim);
    bool empty = da__nelem(s->ndim, s->shape) == 0;
    for (int b = 0; b < v->base_ndim; b++) {
        if (v->axis[b] < -1 || v->axis[b] >= s->ndim)
            BROKEN("step %d input %d: its view reads axis %d", at, k, v->axis[b]);
        int64_t first = v->offset[b], last = first, way;
        if (v->axis[b] >= 0 && s->shape[v->axis[b]] > 0)
            if (!da__mul_i64(v->step[b], s->shape[v->axis[b]] - 1, &way) ||
                !da__add_i64(first, way, &last))
                BROKEN("step %d input %d: its view overflows", at, k);
        if (!empty && (first < 0 || first >= base->shape[b] || last < 0 || last >= base->shape[b]))
            BROKEN("step %d input %d: reads %lld … %lld of axis %d with %lld elements", at, k,
                   (long long)first, (long long)last, b, (long long)base->shape[b]);
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

static da_status check_insn(const struct da__step *s, int at, int i, struct da__error *err)
{
    const struct da__insn *insn = &s->body.insn[i];
    if (insn->op >= DA__NELEMENTWISE || !da__dtype_valid(insn->compute) ||
        !da__dtype_valid(insn->result))
        BROKEN("step %d instruction %d: operator %d does not exist", at, i, insn->op);
    enum da__op_id op = (enum da__op_id)insn->op;
    for (int k = 0; k < da__op_info(op)->nin; k++) {
        DA_TRY(check_ref(s, at, i, insn->arg[k], err));
        da_dtype has = da__body_dtype(&s->body, insn->arg[k]),
                 wants = da__op_input_dtype(op, k, (da_dtype)insn->compute);
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
    if (r->red >= DA__NREDUCTIONS || !da__dtype_valid(r->compute) ||
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

static da_status check_output(const struct da__program *p, const struct da__step *s, int at,
                              int value, struct da__error *err)
{
    if (!in_range(value, p->nvalues))
        BROKEN("step %d: output value %d does not exist", at, value);
    const struct da__value *v = &p->value[value];
    if (v->ndim != s->ndim || v->dist != s->dist)
        BROKEN("step %d: its output %d lies in another space", at, value);
    for (int k = 0; k < s->ndim; k++)
        if (v->shape[k] != s->shape[k])
            BROKEN("step %d: its output %d has another shape", at, value);
    return DA_OK;
}

static da_status check_step(const struct da__program *p, int at, bool *made, struct da__error *err)
{
    const struct da__step *s = &p->step[at];
    if (s->kind > DA__STEP_CALL || !in_range(s->dist, p->ndists) ||
        p->dist[s->dist]->ndim != s->ndim)
        BROKEN("step %d: its kind or distribution does not exist", at);
    if (s->kind == DA__STEP_KERNEL &&
        (s->body.ninputs != s->ninputs || s->body.noutputs != s->noutputs))
        BROKEN("step %d: its body has other inputs or outputs", at);
    if (s->kind != DA__STEP_KERNEL && s->body.nreductions + s->body.ninsns > 0)
        BROKEN("step %d: has a body but is no kernel", at);
    if (s->ninputs != (s->kind == DA__STEP_SAVE     ? 1
                       : s->kind == DA__STEP_KERNEL ? s->ninputs
                                                    : 0) ||
        ((s->kind == DA__STEP_LOAD || s->kind == DA__STEP_CALL) && s->noutputs != 1))
        BROKEN("step %d: has %d inputs and %d outputs", at, s->ninputs, s->noutputs);
    for (int k = 0; k < s->ninputs; k++) {
        if (!in_range(s->input[k].value, p->nvalues) || !made[s->input[k].value])
            BROKEN("step %d: reads value %d before it is made", at, s->input[k].value);
        if (s->kind == DA__STEP_KERNEL &&
            s->body.input_dtype[k] != p->value[s->input[k].value].dtype)
            BROKEN("step %d input %d: its dtype is not the value's", at, k);
        DA_TRY(check_view(p, s, at, k, err));
    }
    for (int k = 0; k < s->body.nparams; k++)
        if (!in_range(s->param[k], p->nparams) ||
            s->body.param_dtype[k] != p->param[s->param[k]].dtype)
            BROKEN("step %d: parameter %d does not exist", at, k);
    for (int i = 0; i < s->body.ninsns; i++)
        DA_TRY(check_insn(s, at, i, err));
    for (int k = 0; k < s->noutputs; k++) {
        DA_TRY(check_output(p, s, at, s->output[k], err));
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
