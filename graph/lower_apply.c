/* Functions on local parts as steps: inputs as they lie, an output for every argument that is written, and the number of
 * calls as the last one. */
#include "lower.h"

#include <string.h>

/* Input k under its owners, without halos. */
static int input_value(struct da__lowering *l, const da_array *x)
{
    const struct da__dist *d = da__lower_dist(l, x), *core = NULL;
    if (d == NULL || da__dist_unpadded(d, &core) != DA_OK) {
        l->program->failed = true;
        return -1;
    }
    int value = da__lower_stored(l, x, core);
    da__dist_drop(core);
    return value;
}

static int output_value(struct da__lowering *l, const da_array *a,
                        const struct da__apply_argument *of)
{
    int dist = da__program_add_dist(l->program, of->dist);
    return da__program_add_value(l->program, DA__VALUE_TEMP, of->dtype, of->ndim, of->shape, dist,
                                 a->id);
}

static bool copy_data(struct da__step *s, const struct da__apply *apply, int user)
{
    s->attribute = da__alloc(sizeof *s->attribute);
    s->call.data = da__alloc((size_t)apply->nbytes + 1);
    if (s->attribute == NULL || s->call.data == NULL)
        return false;
    s->nattributes = 1;
    s->attribute[0] = user;
    s->call.nbytes = apply->nbytes;
    if (apply->nbytes > 0)
        memcpy(s->call.data, apply->data, (size_t)apply->nbytes);
    return true;
}

void da__lower_apply(struct da__lowering *l, struct da__entry *e, da_array *a, bool wanted)
{
    const struct da__apply *apply = a->u.apply;
    struct da__step_builder b;
    struct da__view same;
    int64_t entry = e - l->entry;
    if (wanted) {
        da__fail(l->err, DA_ERR_INTERNAL, "%s: the call itself is no array", apply->user->name);
        return;
    }
    int user = da__lower_user(l, apply->user), dist = da__program_add_dist(l->program, a->dist);
    int input[32];
    for (int k = 0; k < a->nin && !l->program->failed; k++)
        input[k] = input_value(l, a->in[k]);
    if (l->program->failed)
        return;
    da__builder_start(&b, l->program, 0, NULL, dist, a->id);
    b.step.kind = DA__STEP_ROUTINE;
    b.step.routine = DA__ROUTINE_APPLY;
    for (int k = 0; k < a->nin; k++) {
        da__view_identity(a->in[k]->ndim, &same);
        da__builder_add_input(&b, input[k], &same);
    }
    for (int k = 0; k < apply->user->nin; k++)
        if (apply->argument[k].dist != NULL)
            da__builder_output(&b, 0, output_value(l, a, &apply->argument[k]));
    da__builder_output(
        &b, 0, da__program_add_value(l->program, DA__VALUE_TEMP, DA_INT64, 0, NULL, dist, a->id));
    if (!copy_data(&b.step, apply, user))
        b.failed = true;
    b.step.body.noutputs = 0; /* the values are the step's, there is no body */
    b.step.body.ninputs = 0;
    l->entry[entry].value = da__builder_finish(&b);
}

void da__lower_result_of(struct da__lowering *l, struct da__entry *e, da_array *a, bool wanted)
{
    const da_array *call = a->in[0];
    int at = l->entry[call->mark].value, output = 0;
    if (at < 0) {
        l->program->failed = true;
        return;
    }
    const struct da__step *s = &l->program->step[at];
    for (int k = 0; k < a->u.axis; k++)
        output += call->u.apply->argument[k].dist != NULL;
    e->value = s->output[a->u.axis >= 0 ? output : s->noutputs - 1];
    if (!wanted)
        return;
    l->program->value[e->value].kind = DA__VALUE_OUTPUT;
    l->program->value[e->value].slot = da__lower_slot(l, da__graph_new_buffer(l->graph), a);
}
