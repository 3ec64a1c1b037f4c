/* Partial outputs: a step that writes a part of an array. The rest is what the base holds, whose memory is taken over where
 * nobody else reads it; else the base is copied, beside the part only where the part is a box. */
#include "needs.h"

#include <string.h>

/* ---- planning ---- */

bool da__body_reads(const struct da__body *b, int input)
{
    da__ref ref = DA__REF(DA__REF_INPUT, input);
    for (int i = 0; i < b->ninsns; i++)
        for (int k = 0; k < da__op_info((enum da__op_id)b->insn[i].op)->nin; k++)
            if (b->insn[i].arg[k] == ref)
                return true;
    for (int i = 0; i < b->noutputs; i++)
        if (b->output[i] == ref)
            return true;
    for (int i = 0; i < b->nreductions; i++)
        if (b->reduction[i].value == ref)
            return true;
    return false;
}

/* The base's memory can become output k's: nobody else reads it, and where this kernel does, it reads each element before it
 * stores its only result there. Of several parts of one base the last takes it, when the others have copied the rest. */
static bool can_take(const struct da__program *p, const struct da__step *s, int k)
{
    int base = s->part[k].base;
    if (base < 0)
        return false;
    for (int other = k + 1; other < s->noutputs; other++)
        if (s->part[other].on && s->part[other].base >= 0 &&
            s->input[s->part[other].base].value == s->input[base].value)
            return false;
    const struct da__value *v = &p->value[s->input[base].value];
    bool alone = s->body.noutputs == 1 && s->body.nreductions == 0;
    return v->kind == DA__VALUE_TEMP && v->nreaders == 1 &&
           (alone || !da__body_reads(&s->body, base));
}

/* Where this engine's part of the step's space lies along axis b of the output's part. */
static da_status meet_axis(const struct da__step *s, const struct da__dist *space,
                           const struct da__dist *whole, const struct da__view *v, int b,
                           int engine, struct da__match_list *out)
{
    int coord[DA_MAX_NDIM], axis = v->axis[b];
    struct da__needs needs;
    struct da__index_set owned;
    da__set_init(&owned);
    da__dist_coords(space, engine, coord);
    da_status status = da__needs_of(v, space, b, axis >= 0 ? da__dist_part(space, coord, axis) : 0,
                                    axis >= 0 ? s->shape[axis] : 1, &needs);
    if (status == DA_OK)
        status = da__dist_local_set(whole, engine, b, &owned);
    if (status == DA_OK)
        status = da__set_intersect(&needs.all, &owned, out);
    da__needs_free(&needs);
    da__set_free(&owned);
    return status;
}

/* Strides where each axis is one line of positions, and the box that the part is. */
static void settle_part(const struct da__view *v, struct da__part_plan *part)
{
    part->direct = part->slabs = true;
    for (int b = 0; b < part->base_ndim; b++) {
        const struct da__match_list *l = &part->axis[b];
        const struct da__match *m = &l->m[0];
        if (l->n != 1 || m->reps != 1 || (m->count > 1 && m->step_a != 1)) {
            part->direct = part->slabs = false;
            return;
        }
        part->offset += m->b * part->out_stride[b];
        if (v->axis[b] >= 0)
            part->stride[v->axis[b]] = m->step_b * part->out_stride[b];
        int64_t way = m->count > 1 ? m->step_b : 1;
        part->slabs = part->slabs && (way == 1 || way == -1);
        part->low[b] = way > 0 ? m->b : m->b - (m->count - 1);
        part->high[b] = part->low[b] + m->count;
    }
}

da_status da__part_plan(const struct da__program *p, const struct da__step *s, int engine, int k,
                        struct da__part_plan *out)
{
    const struct da__part *part = &s->part[k];
    const struct da__value *v = &p->value[s->output[k]];
    const struct da__dist *space = p->dist[s->dist], *whole = p->dist[v->dist];
    int64_t mine[DA_MAX_NDIM];
    out->base_ndim = v->ndim;
    out->takes = can_take(p, s, k);
    out->empty = da__dist_local_shape(space, engine, mine) == 0;
    da__dist_local_shape(whole, engine, out->out_shape);
    da__strides_c(v->ndim, out->out_shape, (int64_t)da__dtype_nbytes(v->dtype), out->out_stride);
    if (out->empty)
        return DA_OK;
    out->axis = da__calloc((size_t)v->ndim + 1, sizeof *out->axis);
    if (out->axis == NULL)
        return DA_ERR_MEMORY;
    for (int b = 0; b < v->ndim; b++)
        DA_TRY(meet_axis(s, space, whole, &part->view, b, engine, &out->axis[b]));
    for (int b = 0; b < v->ndim; b++)
        out->empty = out->empty || out->axis[b].nelem == 0;
    if (!out->empty)
        settle_part(&part->view, out);
    return DA_OK;
}

void da__part_free(struct da__part_plan *part)
{
    for (int b = 0; part->axis != NULL && b < part->base_ndim; b++)
        da__matches_free(&part->axis[b]);
    da__free(part->axis);
}

/* ---- running ---- */

/* Everything but the box low … high-1: per axis what lies before and behind it, within the box along the axes before. */
static void copy_slabs(const struct da__part_plan *part, size_t item, char *to, const char *from)
{
    int64_t first[DA_MAX_NDIM] = {0}, extent[DA_MAX_NDIM];
    memcpy(extent, part->out_shape, sizeof extent);
    for (int b = 0; b < part->base_ndim; b++) {
        int64_t begin[2] = {0, part->high[b]}, end[2] = {part->low[b], part->out_shape[b]};
        for (int side = 0; side < 2; side++) {
            first[b] = begin[side];
            extent[b] = end[side] - begin[side];
            int64_t at = 0;
            for (int k = 0; k < part->base_ndim; k++)
                at += first[k] * part->out_stride[k];
            if (extent[b] > 0)
                da__copy_strided(part->base_ndim, extent, item, to + at, part->out_stride,
                                 from + at, part->out_stride);
        }
        first[b] = part->low[b];
        extent[b] = part->high[b] - part->low[b];
    }
}

static void run_base(struct da__execution *r, const struct da__step *s,
                     const struct da__part_plan *part, int k)
{
    const struct da__program *p = r->plan->program;
    int value = s->output[k], base = s->part[k].base;
    int from = base >= 0 ? s->input[base].value : -1;
    const struct da__local *local = &r->plan->value[value];
    if (da__run_failed(r) || !local->member)
        return;
    if (part->takes) {
        r->data[value] = r->data[from];
        return;
    }
    void *to = da__run_value(r, value);
    if (to == NULL || from < 0 || r->data[from] == NULL || local->nelem == 0)
        return;
    size_t item = da__dtype_nbytes(p->value[value].dtype);
    if (part->slabs && !part->empty)
        copy_slabs(part, item, to, r->data[from]);
    else
        memcpy(to, r->data[from], (size_t)local->nbytes);
}

void da__run_bases(struct da__execution *r, int step)
{
    const struct da__step *s = &r->plan->program->step[step];
    for (int k = 0; s->part != NULL && k < s->noutputs; k++)
        if (s->part[k].on)
            run_base(r, s, &r->plan->step[step].part[k], k);
}

void da__run_bases_end(struct da__execution *r, int step)
{
    const struct da__step *s = &r->plan->program->step[step];
    for (int k = 0; s->part != NULL && k < s->noutputs; k++) {
        if (!s->part[k].on || !r->plan->step[step].part[k].takes)
            continue;
        void **from = &r->data[s->input[s->part[k].base].value];
        if (*from == r->data[s->output[k]])
            *from = NULL;
    }
}

bool da__part_bind(struct da__execution *r, int step, int k, struct da__strided *out, void **temp)
{
    const struct da__step *s = &r->plan->program->step[step];
    const struct da__step_plan *sp = &r->plan->step[step];
    const struct da__part_plan *part = &sp->part[k];
    int64_t item = (int64_t)da__dtype_nbytes(r->plan->program->value[s->output[k]].dtype);
    char *data = da__run_value(r, s->output[k]);
    if (data == NULL)
        return false;
    if (part->direct || part->empty) {
        out->data = data + part->offset;
        memcpy(out->stride, part->stride, sizeof part->stride);
        return true;
    }
    *temp = da__pool_get(r->engine->pool, sp->space.nelem * item);
    if (*temp == NULL) {
        da__run_fail(r, DA_ERR_MEMORY, "no memory for %lld bytes of a part",
                     (long long)(sp->space.nelem * item));
        return false;
    }
    out->data = *temp;
    da__strides_c(s->ndim, sp->space.shape, item, out->stride);
    return true;
}

void da__part_finish(struct da__execution *r, int step, int k, void *temp)
{
    const struct da__step *s = &r->plan->program->step[step];
    const struct da__step_plan *sp = &r->plan->step[step];
    const struct da__part_plan *part = &sp->part[k];
    if (temp == NULL)
        return;
    size_t item = da__dtype_nbytes(r->plan->program->value[s->output[k]].dtype);
    int64_t stride[DA_MAX_NDIM];
    struct da__match_axis axis[DA_MAX_NDIM];
    da__strides_c(s->ndim, sp->space.shape, (int64_t)item, stride);
    for (int b = 0; b < part->base_ndim; b++) {
        int a = s->part[k].view.axis[b];
        axis[b] = (struct da__match_axis){part->axis[b].m, part->axis[b].n, a >= 0 ? stride[a] : 0,
                                          part->out_stride[b]};
    }
    if (!da__run_failed(r))
        da__copy_matched(part->base_ndim, axis, item, temp, r->data[s->output[k]], true);
    da__pool_put(r->engine->pool, temp);
}
