/* Pass `fuse`: elementwise steps over one space and distribution become one kernel; reductions over it join at its end; a
 * result with readers elsewhere becomes a further output.
 *
 * Legality by levels: an edge that cannot be fused leads to a higher level, so groups of one level never depend on each other
 * through other steps and no cycle can arise. Near-linear in the number of steps and edges. */
#include "pass.h"

enum { MOST_INSNS = 2048, MOST_INPUTS = 256 }; /* of one kernel: it must stay quick to plan */

struct fusing {
    struct da__program *p;
    int *level;
    int *group;            /* union-find: parent */
    int *ninsns, *ninputs; /* of the group, at its root */
    bool *cut;             /* the step begins a kernel of its own: its producers' ones are full */
};

static int root(struct fusing *f, int i)
{
    while (f->group[i] != i) {
        f->group[i] = f->group[f->group[i]];
        i = f->group[i];
    }
    return i;
}

static void join(struct fusing *f, int a, int b)
{
    a = root(f, a);
    b = root(f, b);
    if (a == b)
        return;
    f->group[b] = a;
    f->ninsns[a] += f->ninsns[b];
    f->ninputs[a] += f->ninputs[b];
}

static bool same_shape(const struct da__step *a, const struct da__step *b)
{
    bool same = a->ndim == b->ndim;
    for (int k = 0; k < a->ndim && same; k++)
        same = a->shape[k] == b->shape[k];
    return same;
}

/* NULL: the edge from the producer of step i's input k can be fused. */
static const char *why_not(const struct fusing *f, int i, int k)
{
    const struct da__program *p = f->p;
    const struct da__step *s = &p->step[i];
    const struct da__value *v = &p->value[s->input[k].value];
    const struct da__step *producer = &p->step[v->producer];
    if (s->kind == DA__STEP_SAVE)
        return "a save reads a stored array";
    if (producer->kind == DA__STEP_LOAD)
        return "a load fills a stored array";
    if (producer->kind == DA__STEP_CALL)
        return "a function fills a stored array";
    if (producer->kind == DA__STEP_ROUTINE)
        return "a routine fills a stored array";
    if (s->kind == DA__STEP_ROUTINE)
        return "a routine reads a stored array";
    if (da__step_is_base(s, k))
        return "an update writes into a stored array";
    if (da__output_position(producer, s->input[k].value) < 0)
        return "a reduction must be finished before it is read";
    if (da__step_is_part(producer, da__output_position(producer, s->input[k].value)))
        return "an update is part of a stored array";
    if (!da__view_is_identity(&s->input[k].view) || !same_shape(producer, s))
        return "it is read through a view";
    if (producer->dist != s->dist)
        return "the distributions differ";
    if (!da__reads_in_place(p, s, s->input[k].value))
        return "it is also read through a view";
    if (f->cut[i])
        return "the kernel would grow too long";
    return NULL;
}

static bool joins(const struct fusing *f, const struct da__step *s, int k, int level)
{
    int producer = f->p->value[s->input[k].value].producer;
    return producer >= 0 && f->level[producer] == level;
}

/* Whether an input before the k-th comes from the same group, which counts once. */
static bool joined_before(struct fusing *f, const struct da__step *s, int k, int level)
{
    int group = root(f, f->p->value[s->input[k].value].producer);
    for (int i = 0; i < k; i++)
        if (joins(f, s, i, level) && root(f, f->p->value[s->input[i].value].producer) == group)
            return true;
    return false;
}

/* As early as possible: the level at which step i can run, joining the producers it can be fused with. */
static void place(struct fusing *f, int i)
{
    struct da__program *p = f->p;
    const struct da__step *s = &p->step[i];
    int level = 0;
    for (int k = 0; k < s->ninputs; k++) {
        int producer = p->value[s->input[k].value].producer;
        if (producer < 0)
            continue;
        int least = f->level[producer] + (why_not(f, i, k) != NULL);
        level = least > level ? least : level;
    }
    int64_t insns = s->body.ninsns, inputs = 0;
    f->ninputs[i] = 0; /* what the group makes itself does not count */
    for (int k = 0; k < s->ninputs; k++) {
        if (!joins(f, s, k, level)) {
            f->ninputs[i]++;
        } else if (!joined_before(f, s, k, level)) {
            int group = root(f, p->value[s->input[k].value].producer);
            insns += f->ninsns[group];
            inputs += f->ninputs[group];
        }
    }
    inputs += f->ninputs[i];
    bool full = insns > MOST_INSNS || inputs > MOST_INPUTS;
    f->level[i] = level + full;
    f->cut[i] = full;
    if (full)
        f->ninputs[i] = s->ninputs;
    for (int k = 0; k < s->ninputs && !full; k++) {
        int producer = p->value[s->input[k].value].producer;
        if (producer >= 0 && f->level[producer] == level)
            join(f, producer, i);
    }
}

/* A step that only feeds later levels runs there: its result need not be stored. Readers come later in the list. */
static void sink(struct fusing *f, int *first_reader)
{
    struct da__program *p = f->p;
    for (int i = p->nsteps - 1; i >= 0; i--) {
        const struct da__step *s = &p->step[i];
        bool movable = s->kind == DA__STEP_KERNEL && s->body.nreductions == 0;
        int latest = movable ? 1 << 30 : f->level[i];
        for (int k = 0; k < s->noutputs; k++) {
            if (p->value[s->output[k]].kind != DA__VALUE_TEMP)
                latest = f->level[i];
            if (first_reader[s->output[k]] < latest)
                latest = first_reader[s->output[k]];
        }
        if (latest < 1 << 30 && latest > f->level[i])
            f->level[i] = latest;
        for (int k = 0; k < s->ninputs; k++) {
            int value = s->input[k].value;
            if (p->value[value].producer < 0)
                continue;
            int bound = f->level[i] - (why_not(f, i, k) != NULL);
            if (bound < first_reader[value])
                first_reader[value] = bound;
        }
    }
}

static void group_edges(struct fusing *f)
{
    struct da__program *p = f->p;
    for (int i = 0; i < p->nsteps; i++)
        f->group[i] = i;
    for (int i = 0; i < p->nsteps; i++) {
        const struct da__step *s = &p->step[i];
        for (int k = 0; k < s->ninputs; k++) {
            int producer = p->value[s->input[k].value].producer;
            if (producer < 0)
                continue;
            const char *reason = why_not(f, i, k);
            if (reason == NULL && f->level[producer] == f->level[i]) {
                join(f, producer, i);
                continue;
            }
            da__program_add_unfused(
                p, p->step[producer].node, s->node,
                reason != NULL ? reason : "the reader waits for another step of a later level");
        }
    }
    for (int i = 0; i < p->nsteps; i++)
        f->group[i] = root(f, i);
}

da_status da__pass_fuse(struct da__program *p)
{
    size_t n = (size_t)p->nsteps + 1;
    struct fusing f = {.p = p};
    int *first_reader = da__alloc(((size_t)p->nvalues + 1) * sizeof *first_reader);
    f.level = da__calloc(n, sizeof *f.level);
    f.group = da__alloc(n * sizeof *f.group);
    f.ninsns = da__alloc(n * sizeof *f.ninsns);
    f.ninputs = da__alloc(n * sizeof *f.ninputs);
    f.cut = da__calloc(n, sizeof *f.cut);
    da_status status = DA_ERR_MEMORY;
    if (first_reader == NULL || f.level == NULL || f.group == NULL || f.ninsns == NULL ||
        f.ninputs == NULL || f.cut == NULL)
        goto done;
    for (int i = 0; i < p->nvalues; i++)
        first_reader[i] = 1 << 30;
    for (int i = 0; i < p->nsteps; i++) {
        f.group[i] = i;
        f.ninsns[i] = p->step[i].body.ninsns;
        place(&f, i);
    }
    sink(&f, first_reader);
    group_edges(&f);
    status = da__merge_groups(p, f.group, f.level);
    if (status == DA_OK)
        da__program_compact_values(p);
done:
    da__free(first_reader);
    da__free(f.level);
    da__free(f.group);
    da__free(f.ninsns);
    da__free(f.ninputs);
    da__free(f.cut);
    return status;
}
