/* Pass `cse`: a step that repeats an earlier one (same operation, inputs, space, owners) goes; its readers read the first. */
#include "pass.h"

#include <string.h>

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_body(const struct da__step *a, const struct da__step *b)
{
    const struct da__body *x = &a->body, *y = &b->body;
    if (x->ninsns != y->ninsns || x->nparams != y->nparams || x->nreductions != y->nreductions ||
        x->noutputs != y->noutputs)
        return false;
    for (int i = 0; i < x->ninsns; i++)
        if (x->insn[i].op != y->insn[i].op || x->insn[i].compute != y->insn[i].compute ||
            x->insn[i].result != y->insn[i].result ||
            memcmp(x->insn[i].arg, y->insn[i].arg, sizeof x->insn[i].arg) != 0)
            return false;
    for (int i = 0; i < x->nparams; i++)
        if (a->param[i] != b->param[i])
            return false;
    for (int i = 0; i < x->noutputs; i++)
        if (x->output[i] != y->output[i])
            return false;
    for (int i = 0; i < x->nreductions; i++) {
        const struct da__body_reduction *r = &x->reduction[i], *q = &y->reduction[i];
        if (r->red != q->red || r->user != q->user || r->compute != q->compute ||
            r->value != q->value || r->mask != q->mask ||
            a->reduction[i].keepdims != b->reduction[i].keepdims ||
            a->reduction[i].correction != b->reduction[i].correction)
            return false;
    }
    return true;
}

static bool same_call(const struct da__node_call *a, const struct da__node_call *b)
{
    return a->offset == b->offset && a->nbytes == b->nbytes && same_text(a->object, b->object) &&
           (a->nbytes == 0 || memcmp(a->data, b->data, (size_t)a->nbytes) == 0);
}

/* The space says shape and owners of what is written whole, but not of what a part or a routine goes to. */
static bool same_whole(const struct da__program *p, int a, int b)
{
    const struct da__value *x = &p->value[a], *y = &p->value[b];
    bool same = x->dist == y->dist && x->ndim == y->ndim;
    for (int k = 0; same && k < x->ndim; k++)
        same = x->shape[k] == y->shape[k];
    return same;
}

static bool same_part(const struct da__program *p, const struct da__step *a,
                      const struct da__step *b, int k)
{
    bool on = da__step_is_part(a, k);
    if (on != da__step_is_part(b, k))
        return false;
    if ((on || a->kind == DA__STEP_ROUTINE) && !same_whole(p, a->output[k], b->output[k]))
        return false;
    return !on || (a->part[k].base == b->part[k].base &&
                   da__view_equal(&a->part[k].view, &b->part[k].view));
}

static bool same_step(const struct da__program *p, const struct da__step *a,
                      const struct da__step *b)
{
    if (a->kind == DA__STEP_ROUTINE && a->routine == DA__ROUTINE_APPLY)
        return false; /* what the user's function does beside its results is done as often as it is asked for */
    if (a->kind != b->kind || a->kind == DA__STEP_SAVE || !da__step_same_space(a, b) ||
        a->ninputs != b->ninputs || a->noutputs != b->noutputs)
        return false;
    for (int k = 0; k < a->ninputs; k++)
        if (a->input[k].value != b->input[k].value ||
            !da__view_equal(&a->input[k].view, &b->input[k].view))
            return false;
    for (int k = 0; k < a->noutputs; k++)
        if (p->value[a->output[k]].dtype != p->value[b->output[k]].dtype || !same_part(p, a, b, k))
            return false;
    if (a->kind == DA__STEP_ROUTINE)
        return a->routine == b->routine && a->nattributes == b->nattributes &&
               memcmp(a->attribute, b->attribute, (size_t)a->nattributes * sizeof *a->attribute) ==
                   0;
    for (int k = 0; k < a->body.nreductions && k < b->body.nreductions; k++)
        if (p->value[a->reduction[k].value].dtype != p->value[b->reduction[k].value].dtype)
            return false;
    if (a->kind == DA__STEP_LOAD)
        return same_text(a->file.path, b->file.path) &&
               same_text(a->file.dataset, b->file.dataset) &&
               memcmp(a->file.start, b->file.start, (size_t)a->ndim * sizeof a->file.start[0]) == 0;
    if (a->kind == DA__STEP_CALL)
        return same_call(&a->call, &b->call);
    return same_body(a, b);
}

static uint64_t step_hash(const struct da__step *s)
{
    struct da__hash h = da__hash_init();
    da__hash_i64(&h, s->kind);
    da__hash_i64(&h, s->dist);
    da__hash_i64(&h, s->ndim);
    for (int k = 0; k < s->ndim; k++)
        da__hash_i64(&h, s->shape[k]);
    for (int k = 0; k < s->ninputs; k++) {
        da__hash_i64(&h, s->input[k].value);
        for (int b = 0; b < s->input[k].view.base_ndim; b++)
            da__hash_i64(&h, s->input[k].view.offset[b]);
    }
    for (int k = 0; k < s->body.ninsns; k++)
        da__hash_i64(&h, s->body.insn[k].op);
    for (int k = 0; k < s->body.nparams; k++)
        da__hash_i64(&h, s->param[k]);
    for (int k = 0; k < s->body.nreductions; k++)
        da__hash_i64(&h, s->body.reduction[k].red);
    return h.lo;
}

static void read_instead(int *now, const struct da__step *twin, const struct da__step *first)
{
    for (int k = 0; k < twin->noutputs; k++)
        now[twin->output[k]] = first->output[k];
    for (int k = 0; k < twin->body.nreductions; k++)
        now[twin->reduction[k].value] = first->reduction[k].value;
}

/* A twin may go when its results are temporaries: what the user keeps stays a result of its own. */
static bool may_go(const struct da__program *p, const struct da__step *s)
{
    for (int k = 0; k < s->noutputs; k++)
        if (p->value[s->output[k]].kind != DA__VALUE_TEMP)
            return false;
    for (int k = 0; k < s->body.nreductions; k++)
        if (p->value[s->reduction[k].value].kind != DA__VALUE_TEMP)
            return false;
    return true;
}

struct table {
    int *slot; /* step + 1 */
    uint64_t mask;
};

static int find_twin(const struct da__program *p, struct table *t, int at)
{
    const struct da__step *s = &p->step[at];
    for (uint64_t i = step_hash(s) & t->mask;; i = (i + 1) & t->mask) {
        if (t->slot[i] == 0) {
            t->slot[i] = at + 1;
            return -1;
        }
        if (same_step(p, &p->step[t->slot[i] - 1], s))
            return t->slot[i] - 1;
    }
}

da_status da__pass_cse(struct da__program *p)
{
    struct table t = {NULL, 63};
    while (t.mask < 2 * (uint64_t)p->nsteps)
        t.mask = 2 * t.mask + 1;
    t.slot = da__calloc(t.mask + 1, sizeof *t.slot);
    int *now = da__alloc((size_t)(p->nvalues + 1) * sizeof *now);
    bool *dead = da__calloc((size_t)p->nsteps + 1, sizeof *dead);
    da_status status = DA_ERR_MEMORY;
    if (t.slot == NULL || now == NULL || dead == NULL)
        goto done;
    for (int i = 0; i < p->nvalues; i++)
        now[i] = i;
    for (int i = 0; i < p->nsteps; i++) {
        struct da__step *s = &p->step[i];
        for (int k = 0; k < s->ninputs; k++)
            s->input[k].value = now[s->input[k].value];
        int twin = find_twin(p, &t, i);
        if (twin < 0 || !may_go(p, s))
            continue;
        read_instead(now, s, &p->step[twin]);
        p->step[twin].nnodes += s->nnodes;
        dead[i] = true;
    }
    da__program_remove_steps(p, dead);
    da__program_compact_values(p);
    da__program_index(p);
    status = DA_OK;
done:
    da__free(t.slot);
    da__free(now);
    da__free(dead);
    return status;
}
