/* Building kernel steps: every input, parameter and instruction is entered once. */
#include "program.h"

#include <string.h>

#define ROOM(b, items, cap, n)                                                                     \
    (!(b)->failed && (da__grow((void **)&(items), &(cap), (int64_t)(n) + 1, sizeof *(items)) ||    \
                      ((b)->failed = true, false)))

void da__builder_start(struct da__step_builder *b, struct da__program *p, int ndim,
                       const int64_t *shape, int dist, uint64_t node)
{
    memset(b, 0, sizeof *b);
    b->program = p;
    b->share = true;
    b->step.kind = DA__STEP_KERNEL;
    b->step.ndim = ndim;
    b->step.dist = dist;
    b->step.node = node;
    b->step.nnodes = 1;
    b->step.shape = da__alloc((size_t)(ndim > 0 ? ndim : 1) * sizeof *b->step.shape);
    b->failed = b->step.shape == NULL || dist < 0;
    if (!b->failed && ndim > 0)
        memcpy(b->step.shape, shape, (size_t)ndim * sizeof *shape);
}

da_dtype da__builder_dtype(const struct da__step_builder *b, da__ref ref)
{
    return b->failed ? DA_BOOL : da__body_dtype(&b->step.body, ref);
}

void da__builder_add_input(struct da__step_builder *b, int value, const struct da__view *v)
{
    struct da__step *s = &b->step;
    if (value < 0)
        b->failed = true;
    if (!ROOM(b, s->input, b->inputs_cap, s->ninputs) ||
        !ROOM(b, s->body.input_dtype, b->input_dtypes_cap, s->ninputs))
        return;
    s->input[s->ninputs] = (struct da__step_input){value, *v};
    s->body.input_dtype[s->ninputs] = (uint8_t)b->program->value[value].dtype;
    s->body.ninputs = ++s->ninputs;
}

da__ref da__builder_input(struct da__step_builder *b, int value, const struct da__view *v)
{
    struct da__step *s = &b->step;
    if (value < 0)
        b->failed = true;
    for (int k = 0; k < s->ninputs && !b->failed; k++)
        if (s->input[k].value == value && da__view_equal(&s->input[k].view, v))
            return DA__REF(DA__REF_INPUT, k);
    da__builder_add_input(b, value, v);
    return DA__REF(DA__REF_INPUT, s->ninputs - 1);
}

da__ref da__builder_param(struct da__step_builder *b, int param)
{
    struct da__step *s = &b->step;
    if (param < 0)
        b->failed = true;
    for (int k = 0; k < s->body.nparams && !b->failed; k++)
        if (s->param[k] == param)
            return DA__REF(DA__REF_PARAM, k);
    if (!ROOM(b, s->param, b->params_cap, s->body.nparams) ||
        !ROOM(b, s->body.param_dtype, b->param_dtypes_cap, s->body.nparams))
        return 0;
    s->param[s->body.nparams] = param;
    s->body.param_dtype[s->body.nparams] = (uint8_t)b->program->param[param].dtype;
    return DA__REF(DA__REF_PARAM, s->body.nparams++);
}

/* ---- instructions by value number ---- */

enum { FEW_INSNS = 16 }; /* up to here looking at all of them is quicker than a table */

static uint64_t insn_hash(const struct da__insn *i)
{
    uint64_t h = i->op * 0x9e3779b97f4a7c15u + i->compute * 31u + i->result;
    for (int k = 0; k < 3; k++)
        h = (h ^ (uint32_t)i->arg[k]) * 0xff51afd7ed558ccdu;
    return h ^ h >> 29;
}

static bool insn_equal(const struct da__insn *a, const struct da__insn *b)
{
    return a->op == b->op && a->compute == b->compute && a->result == b->result &&
           memcmp(a->arg, b->arg, sizeof a->arg) == 0;
}

static int *find_slot(struct da__step_builder *b, const struct da__insn *insn)
{
    uint64_t mask = (uint64_t)b->nslots - 1;
    for (uint64_t at = insn_hash(insn) & mask;; at = (at + 1) & mask)
        if (b->slot[at] == 0 || insn_equal(&b->step.body.insn[b->slot[at] - 1], insn))
            return &b->slot[at];
}

static bool grow_slots(struct da__step_builder *b)
{
    int n = b->nslots > 0 ? 2 * b->nslots : 64;
    int *slot = da__calloc((size_t)n, sizeof *slot);
    if (slot == NULL)
        return false;
    da__free(b->slot);
    b->slot = slot;
    b->nslots = n;
    for (int i = 0; i < b->step.body.ninsns; i++)
        *find_slot(b, &b->step.body.insn[i]) = i + 1;
    return true;
}

da__ref da__builder_insn(struct da__step_builder *b, const struct da__insn *insn)
{
    struct da__body *body = &b->step.body;
    if (b->failed)
        return 0;
    int *slot = NULL;
    bool few = body->ninsns < FEW_INSNS;
    for (int i = 0; i < body->ninsns && few && b->share; i++)
        if (insn_equal(&body->insn[i], insn))
            return DA__REF(DA__REF_INSN, i);
    if (b->share && !few) {
        if (2 * (body->ninsns + 1) > b->nslots && !grow_slots(b)) {
            b->failed = true;
            return 0;
        }
        slot = find_slot(b, insn);
        if (*slot != 0)
            return DA__REF(DA__REF_INSN, *slot - 1);
    }
    if (!ROOM(b, body->insn, b->insns_cap, body->ninsns))
        return 0;
    body->insn[body->ninsns++] = *insn;
    if (slot != NULL)
        *slot = body->ninsns;
    return DA__REF(DA__REF_INSN, body->ninsns - 1);
}

da__ref da__builder_cast(struct da__step_builder *b, da__ref ref, da_dtype to)
{
    da_dtype from = da__builder_dtype(b, ref);
    if (b->failed || from == to)
        return ref;
    struct da__insn cast = {
        .op = DA__OP_ASTYPE, .compute = (uint8_t)from, .result = (uint8_t)to, .arg = {ref}};
    return da__builder_insn(b, &cast);
}

static da__ref int_step(struct da__step_builder *b, enum da__op_id op, da__ref x, int64_t value)
{
    da__ref y = da__builder_param(b, da__program_add_param(b->program, DA_INT64, &value));
    struct da__insn insn = {
        .op = (uint16_t)op, .compute = DA_INT64, .result = DA_INT64, .arg = {x, y}};
    return da__builder_insn(b, &insn);
}

da__ref da__builder_index(struct da__step_builder *b, const struct da__view *v, int axis)
{
    if (v->axis[axis] < 0)
        return da__builder_param(b, da__program_add_param(b->program, DA_INT64, &v->offset[axis]));
    da__ref ref = DA__REF(DA__REF_INDEX, v->axis[axis]);
    if (v->step[axis] != 1)
        ref = int_step(b, DA__OP_MULTIPLY, ref, v->step[axis]);
    if (v->phase[axis] != 0)
        ref = int_step(b, DA__OP_ADD, ref, v->phase[axis]);
    if (v->period[axis] != 0)
        ref = int_step(b, DA__OP_REMAINDER, ref, v->period[axis]);
    if (v->offset[axis] != 0)
        ref = int_step(b, DA__OP_ADD, ref, v->offset[axis]);
    return ref;
}

void da__builder_output(struct da__step_builder *b, da__ref ref, int value)
{
    struct da__step *s = &b->step;
    if (value < 0)
        b->failed = true;
    if (!ROOM(b, s->output, b->outputs_cap, s->noutputs) ||
        !ROOM(b, s->body.output, b->output_refs_cap, s->noutputs))
        return;
    s->output[s->noutputs] = value;
    s->body.output[s->noutputs] = ref;
    s->body.noutputs = ++s->noutputs;
}

void da__builder_part(struct da__step_builder *b, da__ref ref, int value, int base_value,
                      const struct da__view *view)
{
    struct da__step *s = &b->step;
    int base = base_value < 0 ? -1 : DA__REF_NUMBER(da__builder_input(b, base_value, view));
    da__builder_output(b, ref, value);
    if (b->failed)
        return;
    int64_t had = b->parts_cap;
    if (!ROOM(b, s->part, b->parts_cap, s->noutputs - 1))
        return;
    memset(s->part + had, 0, (size_t)(b->parts_cap - had) * sizeof *s->part);
    s->part[s->noutputs - 1] = (struct da__part){true, base, *view};
}

void da__builder_take_output(struct da__step_builder *b, const struct da__step *s, int k,
                             da__ref ref)
{
    if (!da__step_is_part(s, k)) {
        da__builder_output(b, ref, s->output[k]);
        return;
    }
    const struct da__part *part = &s->part[k];
    da__builder_part(b, ref, s->output[k], part->base >= 0 ? s->input[part->base].value : -1,
                     &part->view);
}

void da__builder_reduction(struct da__step_builder *b, const struct da__body_reduction *body,
                           const struct da__step_reduction *r)
{
    struct da__step *s = &b->step;
    if (r->value < 0)
        b->failed = true;
    if (!ROOM(b, s->reduction, b->reductions_cap, s->body.nreductions) ||
        !ROOM(b, s->body.reduction, b->body_reductions_cap, s->body.nreductions))
        return;
    s->reduction[s->body.nreductions] = *r;
    memset(&s->body.reduction[s->body.nreductions], 0,
           sizeof *body); /* padding too: bodies are compared and shipped as bytes */
    s->body.reduction[s->body.nreductions].red = body->red;
    s->body.reduction[s->body.nreductions].compute = body->compute;
    s->body.reduction[s->body.nreductions].user = body->user;
    s->body.reduction[s->body.nreductions].value = body->value;
    s->body.reduction[s->body.nreductions++].mask = body->mask;
}

/* ---- taking over another step's instructions ---- */

da__ref da__builder_mapped(struct da__step_builder *b, const struct da__step *s,
                           const struct da__view *v, const da__ref *inputs_as, const da__ref *map,
                           da__ref ref)
{
    int n = DA__REF_NUMBER(ref);
    struct da__view view, same;
    switch (DA__REF_KIND(ref)) {
    case DA__REF_INSN:
        return map[n];
    case DA__REF_PARAM:
        return da__builder_param(b, s->param[n]);
    case DA__REF_INDEX:
        if (v != NULL)
            return da__builder_index(b, v, n);
        da__view_identity(s->ndim, &same);
        return da__builder_index(b, &same, n);
    case DA__REF_INPUT:
        break;
    }
    if (inputs_as != NULL && inputs_as[n] >= 0)
        return inputs_as[n];
    view = s->input[n].view;
    if (v != NULL && !da__view_compose(&s->input[n].view, v, &view))
        b->failed = true; /* whoever inlines asks first */
    else if (v != NULL && !b->failed)
        da__view_simplify(&view, b->step.shape);
    return da__builder_input(b, s->input[n].value, &view);
}

void da__builder_inline(struct da__step_builder *b, const struct da__step *s,
                        const struct da__view *v, const da__ref *inputs_as, da__ref *map)
{
    for (int i = 0; i < s->body.ninsns; i++) {
        struct da__insn insn = s->body.insn[i];
        for (int k = 0; k < da__op_info((enum da__op_id)insn.op)->nin; k++)
            insn.arg[k] = da__builder_mapped(b, s, v, inputs_as, map, insn.arg[k]);
        map[i] = da__builder_insn(b, &insn);
    }
}

void da__builder_abandon(struct da__step_builder *b)
{
    da__step_free(&b->step);
    da__free(b->slot);
    b->slot = NULL;
}

int da__builder_finish(struct da__step_builder *b)
{
    if (b->failed) {
        b->program->failed = true;
        da__builder_abandon(b);
        return -1;
    }
    int at = da__program_add_step(b->program, &b->step);
    da__free(b->slot);
    b->slot = NULL;
    return at;
}

void da__builder_replace(struct da__step_builder *b, int at)
{
    if (b->failed) {
        b->program->failed = true;
        da__builder_abandon(b);
        return;
    }
    b->step.node = b->program->step[at].node;
    da__step_free(&b->program->step[at]);
    b->program->step[at] = b->step;
    da__free(b->slot);
    b->slot = NULL;
}
