/* Making one kernel step of several over the same space: what fusing and merging share. */
#include "pass.h"

int da__output_position(const struct da__step *s, int value)
{
    for (int k = 0; k < s->noutputs; k++)
        if (s->output[k] == value)
            return k;
    return -1;
}

bool da__reads_in_place(const struct da__program *p, const struct da__step *reader, int value)
{
    const struct da__value *v = &p->value[value];
    if (v->producer < 0)
        return false;
    const struct da__step *producer = &p->step[v->producer];
    if (producer->kind != DA__STEP_KERNEL || reader->kind != DA__STEP_KERNEL ||
        !da__step_same_space(producer, reader) || da__output_position(producer, value) < 0 ||
        da__step_is_part(producer, da__output_position(producer, value)))
        return false;
    for (int k = 0; k < reader->ninputs; k++)
        if (reader->input[k].value == value &&
            (!da__view_is_identity(&reader->input[k].view) || da__step_is_base(reader, k)))
            return false;
    return true;
}

struct merging {
    struct da__program *p;
    const int *group;
    da__ref *at;  /* per value: its reference inside the group that is being built, or -1 */
    int *outside; /* per value: how many inputs outside its producer's group read it */
    int *next;    /* members of a group as a chain in step order */
    int *first;
};

static void take_member(struct merging *m, struct da__step_builder *b, int at)
{
    const struct da__step *s = &m->p->step[at];
    da__ref *inputs_as = da__alloc((size_t)(s->ninputs + 1) * sizeof *inputs_as);
    da__ref *map = da__alloc((size_t)(s->body.ninsns + 1) * sizeof *map);
    if (inputs_as == NULL || map == NULL) {
        b->failed = true;
        goto done;
    }
    for (int k = 0; k < s->ninputs; k++)
        inputs_as[k] = m->at[s->input[k].value];
    da__builder_inline(b, s, NULL, inputs_as, map);
    for (int k = 0; k < s->noutputs; k++) {
        int value = s->output[k];
        da__ref ref = da__builder_mapped(b, s, NULL, inputs_as, map, s->body.output[k]);
        m->at[value] = ref;
        if (m->p->value[value].kind == DA__VALUE_OUTPUT || m->outside[value] > 0)
            da__builder_take_output(b, s, k, ref);
    }
    for (int k = 0; k < s->body.nreductions; k++) {
        struct da__body_reduction r = s->body.reduction[k];
        r.value = da__builder_mapped(b, s, NULL, inputs_as, map, r.value);
        da__builder_reduction(b, &r, &s->reduction[k]);
    }
    b->step.nnodes += s->nnodes;
done:
    da__free(inputs_as);
    da__free(map);
}

static void build_group(struct merging *m, int name)
{
    struct da__program *p = m->p;
    const struct da__step *s = &p->step[m->first[name]];
    struct da__step_builder b;
    da__builder_start(&b, p, s->ndim, s->shape, s->dist, s->node);
    b.step.nnodes = 0;
    for (int i = m->first[name]; i >= 0; i = m->next[i])
        take_member(m, &b, i);
    for (int i = m->first[name]; i >= 0;
         i = m->next[i]) /* what was visible inside the group is not outside */
        for (int k = 0; k < p->step[i].noutputs; k++)
            m->at[p->step[i].output[k]] = -1;
    da__builder_replace(&b, m->first[name]);
}

static void count_outside(struct merging *m)
{
    struct da__program *p = m->p;
    for (int i = 0; i < p->nsteps; i++)
        for (int k = 0; k < p->step[i].ninputs; k++) {
            int value = p->step[i].input[k].value, producer = p->value[value].producer;
            if (producer >= 0 && m->group[producer] != m->group[i])
                m->outside[value]++;
        }
}

/* Stable counting sort of the steps by level; the dead ones are freed and left out. */
static da_status sort_by_level(struct da__program *p, const int *level, const bool *dead)
{
    int top = 0;
    for (int i = 0; i < p->nsteps; i++)
        top = level[i] > top ? level[i] : top;
    int *start = da__calloc((size_t)top + 2, sizeof *start);
    struct da__step *sorted = da__alloc((size_t)(p->nsteps + 1) * sizeof *sorted);
    if (start == NULL || sorted == NULL) {
        da__free(start);
        da__free(sorted);
        return DA_ERR_MEMORY;
    }
    int kept = 0;
    for (int i = 0; i < p->nsteps; i++)
        if (!dead[i]) {
            start[level[i] + 1]++;
            kept++;
        }
    for (int l = 0; l < top; l++)
        start[l + 1] += start[l];
    for (int i = 0; i < p->nsteps; i++) {
        if (dead[i])
            da__step_free(&p->step[i]);
        else
            sorted[start[level[i]]++] = p->step[i];
    }
    for (int i = 0; i < kept; i++)
        p->step[i] = sorted[i];
    p->nsteps = kept;
    da__program_index(p);
    da__free(start);
    da__free(sorted);
    return DA_OK;
}

da_status da__merge_groups(struct da__program *p, const int *group, const int *level)
{
    struct merging m = {.p = p, .group = group};
    size_t n = (size_t)p->nsteps + 1, nvalues = (size_t)p->nvalues + 1;
    da_status status = DA_ERR_MEMORY;
    bool *dead = da__calloc(n, sizeof *dead);
    int *last = da__alloc(n * sizeof *last);
    m.at = da__alloc(nvalues * sizeof *m.at);
    m.outside = da__calloc(nvalues, sizeof *m.outside);
    m.next = da__alloc(n * sizeof *m.next);
    m.first = da__alloc(n * sizeof *m.first);
    if (dead == NULL || last == NULL || m.at == NULL || m.outside == NULL || m.next == NULL ||
        m.first == NULL)
        goto done;
    for (int i = 0; i < p->nvalues; i++)
        m.at[i] = -1;
    for (int i = 0; i < p->nsteps; i++)
        m.first[i] = m.next[i] = -1;
    for (int i = 0; i < p->nsteps; i++) {
        int name = group[i];
        if (m.first[name] < 0)
            m.first[name] = i;
        else {
            m.next[last[name]] = i;
            dead[i] = true;
        }
        last[name] = i;
    }
    count_outside(&m);
    for (int name = 0; name < p->nsteps; name++)
        if (m.first[name] >= 0 && m.next[m.first[name]] >= 0)
            build_group(&m, name);
    status = p->failed ? DA_ERR_MEMORY : sort_by_level(p, level, dead);
done:
    da__free(dead);
    da__free(last);
    da__free(m.at);
    da__free(m.outside);
    da__free(m.next);
    da__free(m.first);
    return status;
}
