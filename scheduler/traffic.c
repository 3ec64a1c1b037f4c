/* What one engine sends and receives in a run, from its plan alone: no engine is needed for it. */
#include "routine.h"

/* A plan takes its program over: it gets a copy. */
static da_status plan_of(const struct da__program *p, int engine, struct da__plan **out)
{
    struct da__bytes bytes = {0};
    struct da__program *copy = NULL;
    da_status status = da__program_write(p, &bytes);
    if (status == DA_OK)
        status = da__program_read(&bytes, &copy);
    da__bytes_free(&bytes);
    return status == DA_OK ? da__plan_make(copy, engine, out) : status;
}

static void add_messages(const struct da__messages *m, int64_t *messages, int64_t *nbytes)
{
    *messages += m->n;
    for (int k = 0; k < m->n; k++)
        *nbytes += m->message[k].nbytes - (m->message[k].bare ? 0 : DA__MESSAGE_HEADER);
}

static void add_step(const struct da__step *s, const struct da__step_plan *sp,
                     struct da__traffic *out)
{
    add_messages(&sp->exchange.send, &out->sent, &out->sent_bytes);
    add_messages(&sp->exchange.receive, &out->received, &out->received_bytes);
    if (s->kind == DA__STEP_ROUTINE && da__routine_ops(s->routine)->traffic != NULL)
        da__routine_ops(s->routine)->traffic(sp->own, out);
}

da_status da__traffic_of(const struct da__program *p, int engine, struct da__traffic *out)
{
    struct da__plan *plan = NULL;
    *out = (struct da__traffic){0};
    DA_TRY(plan_of(p, engine, &plan));
    const struct da__program *own = plan->program;
    for (int i = 0, last; i < own->nsteps; i = last) {
        for (last = i; last < own->nsteps && own->step[last].level == own->step[i].level; last++)
            add_step(&own->step[last], &plan->step[last], out);
        da__combine_traffic(plan, i, last, out);
    }
    da__plan_free(plan);
    return DA_OK;
}
