/* Temporaries go where they are read. A sum over shifted views of one template is many nodes, and which of them lies where depends
 * on the order in which they were written. A temporary that others only read element for element, all of them in one place
 * that is its own but for a shift, is computed in that place: the whole expression becomes one step that reads the template
 * around it, be it in the middle of the views or where an update writes. */
#include "cost.h"
#include "layout.h"
#include "lower.h"

static bool can_follow(const struct da__program *p, const struct da__step *s)
{
    return s->kind == DA__STEP_KERNEL && s->part == NULL && s->body.nreductions == 0 &&
           s->noutputs == 1 && s->body.ninsns > 0 &&
           p->value[s->output[0]].kind == DA__VALUE_TEMP && !p->value[s->output[0]].unsized;
}

static bool same_shape(const struct da__step *a, const struct da__step *b)
{
    if (a->ndim != b->ndim)
        return false;
    for (int k = 0; k < a->ndim; k++)
        if (a->shape[k] != b->shape[k])
            return false;
    return true;
}

/* The distribution under which all readers of the step's result read it in place; -1: there is none. */
static int readers_dist(const struct da__program *p, const struct da__readers *r,
                        const struct da__step *s)
{
    int value = s->output[0], dist = -1;
    for (int at = r->start[value]; at < r->start[value + 1]; at++) {
        const struct da__step *reader = &p->step[r->step[at]];
        const struct da__step_input *in = &reader->input[r->input[at]];
        if (reader->kind != DA__STEP_KERNEL || da__step_is_base(reader, r->input[at]) ||
            !da__view_is_identity(&in->view) || !same_shape(reader, s) ||
            (dist >= 0 && reader->dist != dist))
            return -1;
        dist = reader->dist;
    }
    return dist;
}

da_status da__lower_align(struct da__program *p)
{
    struct da__readers readers = {0};
    if (p->ndists < 2)
        return DA_OK;
    DA_TRY(da__readers_make(p, &readers));
    for (int i = p->nsteps - 1; i >= 0; i--) { /* readers stand behind what they read */
        struct da__step *s = &p->step[i];
        int dist = can_follow(p, s) ? readers_dist(p, &readers, s) : -1;
        if (dist < 0 || dist == s->dist || da__dist_padded(p->dist[dist]) ||
            !da__dist_shifted(p->dist[dist], p->dist[s->dist]))
            continue;
        s->dist = p->value[s->output[0]].dist = dist;
    }
    da__readers_free(&readers);
    return DA_OK;
}
