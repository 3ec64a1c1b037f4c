/* Routines as steps: their inputs are brought where they want them, and their results where the node says. */
#include "lower.h"
#include "routine.h"

#include <string.h>

typedef da_status (*input_rule)(struct da__graph *g, const da_array *a, int k,
                                const struct da__dist **out);

/* A routine does its work once per element: it knows no halos. */
static bool to_cores(const struct da__dist **d)
{
    const struct da__dist *core = NULL;
    if (*d == NULL)
        return true;
    da_status status = da__dist_unpadded(*d, &core);
    da__dist_drop(*d);
    *d = core;
    return status == DA_OK;
}

/* Input k as a value of the program that lies as the routine wants it. */
static int raw_input(struct da__lowering *l, const da_array *a, int k, input_rule rule)
{
    const struct da__dist *d = NULL;
    if (rule != NULL && (rule(l->graph, a, k, &d) != DA_OK || !to_cores(&d)))
        l->program->failed = true;
    int value = l->program->failed ? -1 : da__lower_stored(l, a->in[k], d);
    da__dist_drop(d);
    return value;
}

/* An input that the exchange brings to the step's space: a value and a view of it. */
static void spread_input(struct da__lowering *l, struct da__step_builder *b, const da_array *in,
                         int ndim, const int64_t *shape)
{
    struct da__lowered o = da__lower_resolve(l, in);
    struct da__view spread, v;
    da__view_broadcast(in->ndim, in->shape, ndim, shape, &spread);
    if (o.entry->kind != DA__ENTRY_VALUE) {
        int value = da__lower_stored(l, in, NULL);
        da__builder_add_input(b, value, &spread);
        return;
    }
    if (!da__view_compose(&o.view, &spread, &v))
        b->failed = true;
    da__view_simplify(&v, shape);
    da__builder_add_input(b, o.entry->value, &v);
}

static void add_inputs(struct da__lowering *l, struct da__step_builder *b, const da_array *a,
                       const struct da__routine_rules *rules, int ndim, const int64_t *shape)
{
    struct da__view same;
    for (int k = 0; k < a->nin && !l->program->failed; k++) {
        if (!da__routine_reads_raw((enum da__routine_id)a->op, k)) {
            spread_input(l, b, a->in[k], ndim, shape);
            continue;
        }
        da__view_identity(a->in[k]->ndim, &same);
        da__builder_add_input(b, raw_input(l, a, k, rules->input_dist), &same);
    }
}

static bool copy_attributes(struct da__step *s, const struct da__ints *from)
{
    s->attribute = da__alloc(((size_t)from->n + 1) * sizeof *s->attribute);
    if (s->attribute == NULL)
        return false;
    memcpy(s->attribute, from->v, (size_t)from->n * sizeof *s->attribute);
    s->nattributes = from->n;
    return true;
}

/* The step itself, its result in `value`, over `d` where the space is the output's. */
static void routine_step(struct da__lowering *l, const da_array *a,
                         const struct da__routine_rules *rules, const struct da__dist *d, int value)
{
    struct da__step_builder b;
    const da_array *space = rules->space > 0 ? a->in[rules->space - 1] : a;
    const struct da__dist *made = NULL;
    if (rules->space_dist != NULL && rules->space_dist(l->graph, a, &made) != DA_OK)
        l->program->failed = true;
    const struct da__dist *over = rules->space > 0 ? da__lower_dist(l, space) : d;
    if (made == NULL && over != NULL)
        made = da__dist_keep(over);
    if (!to_cores(&made))
        l->program->failed = true;
    da__builder_start(&b, l->program, space->ndim, space->shape,
                      made != NULL ? da__program_add_dist(l->program, made) : -1, a->id);
    da__dist_drop(made);
    b.step.kind = DA__STEP_ROUTINE;
    b.step.routine = (enum da__routine_id)a->op;
    add_inputs(l, &b, a, rules, space->ndim, space->shape);
    if (!copy_attributes(&b.step, a->u.ints))
        b.failed = true;
    da__builder_output(&b, 0, value);
    b.step.body.noutputs = 0; /* the value is the step's, there is no body */
    b.step.body.ninputs = 0;
    da__builder_finish(&b);
}

void da__lower_routine(struct da__lowering *l, struct da__entry *e, da_array *a, bool wanted)
{
    const struct da__routine_rules *rules = da__routine_rules((enum da__routine_id)a->op);
    const struct da__dist *made = NULL;
    const struct da__dist *d = da__lower_dist(l, a->unsized ? a->in[0] : a);
    if (d == NULL)
        return;
    if (rules->output_dist != NULL &&
        (rules->output_dist(l->graph, a, &made) != DA_OK || !to_cores(&made)))
        l->program->failed = true;
    if (l->program->failed || made == NULL || da__dist_equal(made, d)) {
        e->value = da__lower_result(l, a, wanted);
        routine_step(l, a, rules, d, e->value);
    } else {
        int dist = da__program_add_dist(l->program, made);
        int value = da__program_add_value(l->program, DA__VALUE_TEMP, a->dtype, a->ndim, a->shape,
                                          dist, a->id);
        routine_step(l, a, rules, made, value);
        struct da__step_builder b;
        struct da__view same;
        da__view_identity(a->ndim, &same);
        e->value = da__lower_result(l, a, wanted);
        da__builder_start(&b, l->program, a->ndim, a->shape, da__program_add_dist(l->program, d),
                          a->id);
        da__builder_output(&b, da__builder_input(&b, value, &same), e->value);
        da__builder_finish(&b);
    }
    da__dist_drop(made);
}
