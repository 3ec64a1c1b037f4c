/* Pass `merge`: kernel steps of one level over one space and distribution that read the same array run in one sweep, so that
 * sibling reductions read their data once and their partial results travel together. */
#include "pass.h"

static int root(int *group, int i)
{
    while (group[i] != i)
        i = group[i] = group[group[i]];
    return i;
}

/* The readers of a value, newest first, as chains over (step, input) pairs. */
struct reading {
    int step, next;
};

/* Joins `step` with earlier readers of the value at its level and in its space. Readers that are joined already are one, so
 * the chain keeps a single entry for them: short chains for any number of readers. */
static void join_reader(struct da__program *p, int *group, struct reading *reading, int *head,
                        int *nreadings, int step)
{
    for (int r = *head; r >= 0; r = reading[r].next) {
        int other = reading[r].step;
        if (root(group, other) == root(group, step))
            return;
        if (p->step[other].level == p->step[step].level &&
            da__step_same_space(&p->step[other], &p->step[step])) {
            group[root(group, step)] = root(group, other);
            return;
        }
    }
    reading[*nreadings] = (struct reading){step, *head};
    *head = (*nreadings)++;
}

da_status da__pass_merge(struct da__program *p)
{
    size_t ninputs = 1;
    for (int i = 0; i < p->nsteps; i++)
        ninputs += (size_t)p->step[i].ninputs;
    int *head = da__alloc((size_t)(p->nvalues + 1) * sizeof *head);
    int *group = da__alloc((size_t)(p->nsteps + 1) * sizeof *group);
    int *level = da__alloc((size_t)(p->nsteps + 1) * sizeof *level);
    struct reading *reading = da__alloc(ninputs * sizeof *reading);
    da_status status = DA_ERR_MEMORY;
    int nreadings = 0;
    if (head == NULL || group == NULL || level == NULL || reading == NULL)
        goto done;
    for (int i = 0; i < p->nvalues; i++)
        head[i] = -1;
    for (int i = 0; i < p->nsteps; i++) {
        group[i] = i;
        level[i] = p->step[i].level;
    }
    for (int i = 0; i < p->nsteps; i++)
        for (int k = 0; p->step[i].kind == DA__STEP_KERNEL && k < p->step[i].ninputs; k++)
            join_reader(p, group, reading, &head[p->step[i].input[k].value], &nreadings, i);
    for (int i = 0; i < p->nsteps; i++)
        group[i] = root(group, i);
    status = da__merge_groups(p, group, level);
done:
    da__free(head);
    da__free(group);
    da__free(level);
    da__free(reading);
    return status;
}
