/* A greedy shrinker: one target, nodes cut to leaves that hold what NumPy computes there, nodes stepped over, wishes and
 * distributions left out; whatever still fails is kept. */
#include "shrink.h"

#include <stdlib.h>
#include <string.h>

struct shrinker {
    struct plan *plan;
    struct how *how;
    struct session *session;
    struct oracle *oracle;
    struct failure *failure;
};

static bool still_fails(struct shrinker *k, struct plan *candidate, const struct how *how)
{
    struct failure f = {.node = -1};
    plan_prune(candidate);
    if (candidate->nnodes == 0 || !run_tell(candidate, k->oracle, &f) ||
        run_plan(candidate, how, k->session, k->oracle, &f))
        return false;
    /* Cutting must not turn a wrong value into a refusal. */
    if ((f.node < 0) != (k->failure->node < 0))
        return false;
    *k->failure = f;
    return true;
}

/* Takes the candidate over where it fails; it is freed otherwise. */
static bool take(struct shrinker *k, struct plan *candidate, const struct how *how)
{
    if (!still_fails(k, candidate, how)) {
        plan_free(candidate);
        return false;
    }
    plan_free(k->plan);
    *k->plan = *candidate;
    *k->how = *how;
    return true;
}

static bool try_one_target(struct shrinker *k, int i)
{
    struct plan c;
    plan_copy(k->plan, &c);
    bool smaller = false;
    for (int j = 0; j < c.nnodes; j++) {
        smaller |= j != i && (c.node[j].target || c.node[j].kept || c.node[j].early);
        c.node[j].target = j == i;
        c.node[j].kept = c.node[j].early = false;
    }
    if (smaller)
        return take(k, &c, k->how);
    plan_free(&c);
    return false;
}

static bool try_no_wish(struct shrinker *k, int i)
{
    struct plan c;
    const struct plan_node *n = &k->plan->node[i];
    if (!n->kept && !n->early)
        return false;
    plan_copy(k->plan, &c);
    c.node[i].kept = c.node[i].early = false;
    return take(k, &c, k->how);
}

static bool has_inputs(struct plan_node *n)
{
    return plan_input(n, 0) != NULL;
}

static void become_leaf(struct plan_node *n, void *data)
{
    free(n->data);
    for (int k = 0; k < PLAN_ARGS; k++)
        plan_dist_free(n->arg[k].dist);
    memset(n->arg, 0, sizeof n->arg);
    n->call = da__callable_find("array");
    n->data = data;
    plan_arg(n, "data")->kind = DA__ARG_DATA;
    plan_arg(n, "dtype")->kind = DA__ARG_DTYPE;
    plan_arg(n, "dtype")->dtype = n->dtype;
}

static bool try_leaf(struct shrinker *k, int i)
{
    struct plan c;
    struct failure f;
    struct plan_node *n = &k->plan->node[i];
    char id[16];
    snprintf(id, sizeof id, "n%d", i);
    if (plan_is(n, "array") || (!has_inputs(n) && plan_is(n, "zeros")) ||
        !run_tell(k->plan, k->oracle, &f))
        return false;
    void *data = oracle_value(k->oracle, id, n->dtype, da__nelem(n->ndim, n->shape));
    if (data == NULL)
        return false;
    plan_copy(k->plan, &c);
    become_leaf(&c.node[i], data);
    return take(k, &c, k->how);
}

/* Readers of node i read its first input of the same shape and dtype instead. */
static bool try_step_over(struct shrinker *k, int i)
{
    struct plan c;
    struct plan_node *n = &k->plan->node[i], *x;
    int from = -1;
    for (int a = 0; plan_input(n, a) != NULL && from < 0; a++) {
        x = &k->plan->node[*plan_input(n, a)];
        if (x->dtype == n->dtype && x->ndim == n->ndim &&
            memcmp(x->shape, n->shape, (size_t)n->ndim * sizeof *n->shape) == 0)
            from = *plan_input(n, a);
    }
    if (from < 0)
        return false;
    plan_copy(k->plan, &c);
    for (int j = i + 1; j < c.nnodes; j++)
        for (int a = 0; plan_input(&c.node[j], a) != NULL; a++)
            if (*plan_input(&c.node[j], a) == i)
                *plan_input(&c.node[j], a) = from;
    c.node[from].target |= c.node[i].target;
    c.node[i].target = c.node[i].kept = c.node[i].early = false;
    return take(k, &c, k->how);
}

static bool try_no_dist(struct shrinker *k, int i)
{
    struct plan c;
    if (plan_is(&k->plan->node[i], "redistribute"))
        return false;
    for (int a = 0; a < PLAN_ARGS; a++) {
        if (k->plan->node[i].arg[a].dist == NULL)
            continue;
        plan_copy(k->plan, &c);
        plan_dist_free(c.node[i].arg[a].dist);
        c.node[i].arg[a].dist = NULL;
        c.node[i].arg[a].kind = DA__ARG_NONE;
        return take(k, &c, k->how);
    }
    return false;
}

static bool try_how(struct shrinker *k, struct how how)
{
    struct plan c;
    if (memcmp(&how, k->how, sizeof how) == 0)
        return false;
    plan_copy(k->plan, &c);
    return take(k, &c, &how);
}

/* The plainest way, fewest engines, one thread, all passes. */
static bool simplify_how(struct shrinker *k)
{
    struct how h = *k->how;
    bool better = false;
    h.way = RUN_BUILD;
    better |= try_how(k, h);
    h = *k->how;
    h.threads = 1;
    better |= try_how(k, h);
    h = *k->how;
    memset(h.passes, 0, sizeof h.passes);
    better |= try_how(k, h);
    for (int e = 1; e < k->how->engines; e++) {
        h = *k->how;
        h.engines = e;
        if (try_how(k, h))
            return true;
    }
    return better;
}

void shrink(struct plan *p, struct how *h, struct session *s, struct oracle *o, struct failure *f)
{
    static bool (*const step[])(struct shrinker *, int) = {try_one_target, try_leaf, try_no_wish,
                                                           try_step_over, try_no_dist};
    struct shrinker k = {p, h, s, o, f};
    for (bool better = true; better;) {
        better = false;
        for (size_t n = 0; n < sizeof step / sizeof *step; n++)
            for (int i = p->nnodes - 1; i >= 0; i--)
                if (i < p->nnodes)
                    better |= step[n](&k, i);
        better |= simplify_how(&k);
    }
}
