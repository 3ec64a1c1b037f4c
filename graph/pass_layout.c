/* Pass `layout`: temporaries are computed where the fewest bytes move. Steps that pass elements on in place move together, so that a
 * long computation is weighed as one; what the user asked for (targets, redistributions, files) stays where it is. */
#include "layout.h"
#include "pass.h"

enum { SWEEPS = 2 };

struct moving {
    struct da__program *p;
    struct da__readers readers;
    int *group; /* union-find over steps: parent */
    int *next;  /* the next member of a group, -1: the last */
    int *first; /* by the group's number: its first member, -1: none that may move */
};

static int root(int *group, int i)
{
    while (group[i] != i) {
        group[i] = group[group[i]];
        i = group[i];
    }
    return i;
}

/* Whether step i goes where the producer of its input k goes. */
static bool follows(const struct moving *m, const bool *movable, int i, int k)
{
    const struct da__program *p = m->p;
    const struct da__step_input *in = &p->step[i].input[k];
    int producer = p->value[in->value].producer;
    return producer >= 0 && movable[i] && movable[producer] &&
           da__output_position(&p->step[producer], in->value) >= 0 &&
           da__view_is_identity(&in->view) && da__step_same_space(&p->step[producer], &p->step[i]);
}

static da_status make_groups(struct moving *m)
{
    struct da__program *p = m->p;
    bool *movable = da__calloc((size_t)p->nsteps + 1, sizeof *movable);
    int *last = da__calloc((size_t)p->nsteps + 1, sizeof *last);
    if (movable == NULL || last == NULL) {
        da__free(movable);
        da__free(last);
        return DA_ERR_MEMORY;
    }
    for (int i = 0; i < p->nsteps; i++) {
        movable[i] = da__layout_fixed(p, &m->readers, i) == NULL;
        m->group[i] = i;
        m->next[i] = m->first[i] = -1;
    }
    for (int i = 0; i < p->nsteps; i++)
        for (int k = 0; k < p->step[i].ninputs; k++)
            if (follows(m, movable, i, k))
                m->group[root(m->group, p->value[p->step[i].input[k].value].producer)] =
                    root(m->group, i);
    for (int i = 0; i < p->nsteps; i++) {
        int name = m->group[i] = root(m->group, i);
        if (!movable[i])
            continue;
        if (m->first[name] < 0)
            m->first[name] = i;
        else
            m->next[last[name]] = i;
        last[name] = i;
    }
    da__free(movable);
    da__free(last);
    return DA_OK;
}

static void move_step(struct da__program *p, int step, const struct da__dist *to)
{
    struct da__step *s = &p->step[step];
    int dist = da__program_add_dist(p, to);
    if (dist < 0)
        return;
    s->dist = dist;
    for (int k = 0; k < s->noutputs; k++)
        p->value[s->output[k]].dist = dist;
    for (int k = 0; k < s->body.nreductions; k++) {
        const struct da__dist *reduced = NULL;
        if (da__dist_reduce(to, s->body.reduction[k].mask, s->reduction[k].keepdims, &reduced) !=
            DA_OK) {
            p->failed = true;
            return;
        }
        int id = da__program_add_dist(p, reduced);
        da__dist_drop(reduced);
        if (id >= 0)
            p->value[s->reduction[k].value].dist = id;
    }
}

static da_status place_group(struct moving *m, int name)
{
    struct da__layout_group g = {
        .p = m->p, .readers = &m->readers, .group = m->group, .number = name};
    struct da__layout choice = {0};
    da_status status = DA_OK;
    for (int i = m->first[name]; i >= 0 && status == DA_OK; i = m->next[i])
        status = da__layout_add(&g, i);
    if (status == DA_OK)
        status = da__layout_weigh(&g, &choice);
    for (int i = m->first[name]; i >= 0 && status == DA_OK && choice.best > 0; i = m->next[i])
        move_step(m->p, i, choice.candidate[choice.best].dist);
    da__layout_free(&choice);
    da__layout_group_free(&g);
    return m->p->failed ? DA_ERR_MEMORY : status;
}

/* With one engine there is nothing to choose. */
static bool has_choice(const struct da__program *p)
{
    for (int i = 0; i < p->ndists; i++)
        if (p->dist[i]->engines.nelem > 1 ||
            p->dist[i]->engines.run[0].start != p->dist[0]->engines.run[0].start)
            return true;
    return false;
}

da_status da__pass_layout(struct da__program *p)
{
    if (!has_choice(p))
        return DA_OK;
    size_t n = (size_t)p->nsteps + 1;
    struct moving m = {.p = p};
    m.group = da__calloc(n, sizeof *m.group);
    m.next = da__calloc(n, sizeof *m.next);
    m.first = da__calloc(n, sizeof *m.first);
    da_status status = DA_ERR_MEMORY;
    if (m.group != NULL && m.next != NULL && m.first != NULL)
        status = da__readers_make(p, &m.readers);
    if (status == DA_OK)
        status = make_groups(&m);
    /* Forwards, towards the operands' owners; backwards, towards the readers'. */
    for (int sweep = 0; sweep < SWEEPS && status == DA_OK; sweep++)
        for (int i = 0; i < p->nsteps && status == DA_OK; i++) {
            int name = sweep % 2 == 0 ? i : p->nsteps - 1 - i;
            if (m.first[name] >= 0)
                status = place_group(&m, name);
        }
    da__readers_free(&m.readers);
    da__free(m.group);
    da__free(m.next);
    da__free(m.first);
    DA_TRY(status);
    return da__pass_prune(p); /* redistributions may have become copies that change nothing */
}
