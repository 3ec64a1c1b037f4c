/* Pass `prune`: copies that change nothing, and steps whose results nobody needs. */
#include "pass.h"

/* The value that a step only copies, element for element under the same owners; -1: it does more. */
static int copied_value(const struct da__program *p, const struct da__step *s)
{
    if (s->kind != DA__STEP_KERNEL || s->body.noutputs != 1 || s->body.nreductions != 0 ||
        DA__REF_KIND(s->body.output[0]) != DA__REF_INPUT || da__step_is_part(s, 0))
        return -1;
    const struct da__step_input *in = &s->input[DA__REF_NUMBER(s->body.output[0])];
    const struct da__value *from = &p->value[in->value], *to = &p->value[s->output[0]];
    if (to->kind != DA__VALUE_TEMP || !da__view_is_identity(&in->view) || from->ndim != to->ndim ||
        from->dist != to->dist)
        return -1;
    for (int k = 0; k < to->ndim; k++)
        if (from->shape[k] != to->shape[k])
            return -1;
    return in->value;
}

static void read_instead(struct da__program *p, int from, int to)
{
    for (int i = 0; i < p->nsteps; i++)
        for (int k = 0; k < p->step[i].ninputs; k++)
            if (p->step[i].input[k].value == from)
                p->step[i].input[k].value = to;
}

static bool is_needed(const struct da__program *p, const struct da__step *s)
{
    if (s->kind == DA__STEP_SAVE)
        return true;
    for (int k = 0; k < s->noutputs; k++)
        if (p->value[s->output[k]].nreaders > 0 || p->value[s->output[k]].kind == DA__VALUE_OUTPUT)
            return true;
    for (int k = 0; k < s->body.nreductions; k++)
        if (p->value[s->reduction[k].value].nreaders > 0 ||
            p->value[s->reduction[k].value].kind == DA__VALUE_OUTPUT)
            return true;
    return false;
}

da_status da__pass_prune(struct da__program *p)
{
    bool *dead = da__calloc((size_t)p->nsteps + 1, sizeof *dead);
    if (dead == NULL)
        return DA_ERR_MEMORY;
    for (int i = 0; i < p->nsteps; i++) {
        int from = copied_value(p, &p->step[i]);
        if (from >= 0)
            read_instead(p, p->step[i].output[0], from);
    }
    da__program_index(p);
    for (int i = p->nsteps - 1; i >= 0;
         i--) { /* readers come later, so one sweep backwards finds chains */
        struct da__step *s = &p->step[i];
        dead[i] = !is_needed(p, s);
        for (int k = 0; dead[i] && k < s->ninputs; k++)
            p->value[s->input[k].value].nreaders--;
    }
    da__program_remove_steps(p, dead);
    da__program_compact_values(p);
    da__program_index(p);
    da__free(dead);
    return DA_OK;
}
