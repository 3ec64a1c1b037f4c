/* Pass `views`: computing moves to where it is read. A temporary that is read once, through a slice, is computed only there;
 * ranges and other steps that read no array are computed wherever they are read. */
#include "pass.h"

enum { CHEAP_INSNS = 16 }; /* a generator up to this length is computed by every reader */

static int64_t space_nelem(const struct da__step *s)
{
    return da__nelem(s->ndim, s->shape);
}

static bool is_plain_kernel(const struct da__step *s)
{
    return s->kind == DA__STEP_KERNEL && s->noutputs == 1 && s->body.nreductions == 0 &&
           s->part == NULL;
}

/* Random numbers take about as long as reading them would, so nobody reads them; but nobody repeats them either. */
static bool draws(const struct da__step *s)
{
    for (int i = 0; i < s->body.ninsns; i++)
        if (da__op_info((enum da__op_id)s->body.insn[i].op)->rule >= DA__RULE_DRAW_INT64)
            return true;
    return false;
}

/* Whether the producer's owners, seen through the view, are the reader's: then inlining moves nothing more. */
static bool view_keeps_owners(const struct da__program *p, const struct da__step *producer,
                              const struct da__step *reader, const struct da__view *v)
{
    const struct da__dist *d = NULL;
    if (da__dist_view(p->dist[producer->dist], v, reader->shape, &d) != DA_OK)
        return false;
    bool same = da__dist_equal(d, p->dist[reader->dist]);
    da__dist_drop(d);
    return same;
}

/* Every input of the producer, read through the view, is a view again. */
static bool composes(const struct da__step *producer, const struct da__view *v)
{
    struct da__view both;
    for (int k = 0; k < producer->ninputs && da__view_wraps(v); k++)
        if (!da__view_compose(&producer->input[k].view, v, &both))
            return false;
    return true;
}

static bool may_inline(const struct da__program *p, const struct da__step *reader, int k)
{
    const struct da__step_input *in = &reader->input[k];
    const struct da__value *v = &p->value[in->value];
    if (da__step_is_base(reader, k))
        return false;
    if (v->producer < 0 || !is_plain_kernel(&p->step[v->producer]))
        return false;
    const struct da__step *producer = &p->step[v->producer];
    if (producer->ninputs == 0)
        return producer->body.ninsns <= CHEAP_INSNS &&
               (space_nelem(reader) <= space_nelem(producer) || !draws(producer));
    if (!composes(producer, &in->view))
        return false;
    bool in_place = da__view_is_identity(&in->view) && da__step_same_space(producer, reader);
    if (in_place || v->kind != DA__VALUE_TEMP || v->nreaders != 1 ||
        space_nelem(reader) > space_nelem(producer))
        return false;
    return producer->ninputs == 1 || view_keeps_owners(p, producer, reader, &in->view);
}

/* What the reader uses instead of reading input k. */
static da__ref inlined(struct da__step_builder *b, struct da__program *p,
                       const struct da__step_input *in)
{
    const struct da__step *producer = &p->step[p->value[in->value].producer];
    da__ref *map = da__alloc((size_t)(producer->body.ninsns + 1) * sizeof *map);
    if (map == NULL) {
        b->failed = true;
        return 0;
    }
    da__builder_inline(b, producer, &in->view, NULL, map);
    da__ref ref = da__builder_mapped(b, producer, &in->view, NULL, map, producer->body.output[0]);
    da__free(map);
    b->step.nnodes += producer->nnodes;
    p->value[in->value].nreaders--;
    return ref;
}

static da_status rebuild(struct da__program *p, int at, const bool *inline_it)
{
    struct da__step *s = &p->step[at];
    da__ref *inputs_as = da__alloc((size_t)(s->ninputs + 1) * sizeof *inputs_as);
    da__ref *map = da__alloc((size_t)(s->body.ninsns + 1) * sizeof *map);
    if (inputs_as == NULL || map == NULL) {
        da__free(inputs_as);
        da__free(map);
        return DA_ERR_MEMORY;
    }
    struct da__step_builder b;
    da__builder_start(&b, p, s->ndim, s->shape, s->dist, s->node);
    b.step.nnodes = s->nnodes;
    for (int k = 0; k < s->ninputs; k++)
        inputs_as[k] = inline_it[k] ? inlined(&b, p, &s->input[k]) : -1;
    da__builder_inline(&b, s, NULL, inputs_as, map);
    for (int k = 0; k < s->noutputs; k++)
        da__builder_take_output(&b, s, k,
                                da__builder_mapped(&b, s, NULL, inputs_as, map, s->body.output[k]));
    for (int k = 0; k < s->body.nreductions; k++) {
        struct da__body_reduction r = s->body.reduction[k];
        r.value = da__builder_mapped(&b, s, NULL, inputs_as, map, r.value);
        da__builder_reduction(&b, &r, &s->reduction[k]);
    }
    da__builder_replace(&b, at);
    da__free(inputs_as);
    da__free(map);
    return p->failed ? DA_ERR_MEMORY : DA_OK;
}

da_status da__pass_views(struct da__program *p)
{
    for (int i = 0; i < p->nsteps; i++) {
        struct da__step *s = &p->step[i];
        if (s->kind != DA__STEP_KERNEL || s->ninputs == 0)
            continue;
        bool any = false;
        bool *inline_it = da__calloc((size_t)s->ninputs, sizeof *inline_it);
        if (inline_it == NULL)
            return DA_ERR_MEMORY;
        for (int k = 0; k < s->ninputs; k++)
            any |= inline_it[k] = may_inline(p, s, k);
        da_status status = any ? rebuild(p, i, inline_it) : DA_OK;
        da__free(inline_it);
        DA_TRY(status);
    }
    return da__pass_prune(p);
}
