/* Running a plan one way and asking the oracle about every result. */
#include "run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

const char *const run_way_name[RUN_NWAYS] = {"build", "pipeline", "expressions", "dump", "program"};

static bool fail(struct failure *f, int node, const char *what, const char *text)
{
    f->node = node;
    snprintf(f->text, sizeof f->text, "%s%s%s", what, text[0] != '\0' ? ": " : "", text);
    return false;
}

bool run_tell(const struct plan *p, struct oracle *o, struct failure *f)
{
    struct da__text t = {0};
    plan_json(p, false, &t);
    bool told = oracle_graph(o, t.s, t.len);
    da__text_free(&t);
    return told || fail(f, -1, "NumPy refuses the graph", o->line);
}

void answers_forget(struct answers *a)
{
    for (int i = 0; i < PLAN_NODES; i++)
        free(a->node[i].data);
    *a = (struct answers){0};
}

static bool same_float(da_dtype dtype, const char *a, const char *b)
{
    double x, y;
    float s, t;
    if (dtype == DA_FLOAT64 || dtype == DA_COMPLEX128) {
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
    } else {
        memcpy(&s, a, sizeof s);
        memcpy(&t, b, sizeof t);
        x = (double)s;
        y = (double)t;
    }
    return x == y || (x != x && y != y);
}

/* Which zero a minimum gives, and which NaN comes out of two, is left open. */
static bool as_before(struct answer *before, da_dtype dtype, const void *data, size_t nbytes)
{
    char kind = da__dtype(dtype)->kind;
    size_t item = da__dtype_nbytes(dtype);
    if (before->data == NULL) {
        before->data = test_alloc(nbytes);
        before->nbytes = nbytes;
        memcpy(before->data, data, nbytes);
        return true;
    }
    if (before->nbytes != nbytes)
        return false;
    if (kind != 'f' && kind != 'c')
        return memcmp(before->data, data, nbytes) == 0;
    item /= kind == 'c' ? 2 : 1;
    for (size_t at = 0; at < nbytes; at += item)
        if (!same_float(dtype, (const char *)before->data + at, (const char *)data + at))
            return false;
    return true;
}

/* Gathers an array and asks about it under its id; `i` is its node in the plan, -1: it has none. */
static bool check_id(struct da__runtime *rt, da_array *a, const char *id, int i, struct oracle *o,
                     struct failure *f)
{
    struct da__error err = {.engine = -1};
    if (da__runtime_size(rt, 1, &a, &err) != DA_OK)
        return fail(f, -1, "size", err.text);
    size_t nbytes = (size_t)da__nelem(a->ndim, a->shape) * da__dtype_nbytes(a->dtype);
    void *data = test_alloc(nbytes);
    bool good = true;
    if (da__runtime_gather(rt, a, data, &err) != DA_OK)
        good = fail(f, -1, "gather", err.text);
    else if (!oracle_check(o, id, a->dtype, a->ndim, a->shape, data))
        good = fail(f, i, id, o->line);
    else if (i >= 0 && o->answers != NULL &&
             !as_before(&o->answers->node[i], a->dtype, data, nbytes))
        good = fail(f, i, id, "other bits than in an earlier run");
    free(data);
    return good;
}

static bool check(struct da__runtime *rt, da_array *a, int i, struct oracle *o, struct failure *f)
{
    char id[16];
    snprintf(id, sizeof id, "n%d", i);
    return check_id(rt, a, id, i, o, f);
}

/* ---- the nodes as they are ---- */

static bool build_all(const struct plan *p, const struct how *h, struct da__runtime *rt,
                      da_array **array, struct failure *f)
{
    for (int i = 0; i < p->nnodes; i++) {
        plan_build_node(p, i, rt, h->dists, array);
        const struct da__error *cause = da__node_error(array[i]);
        if (cause != NULL)
            return fail(f, -1, "refused", cause->text);
    }
    return true;
}

static bool compute_all(const struct plan *p, struct da__runtime *rt, da_array *const *array,
                        struct failure *f)
{
    struct da__error err = {.engine = -1};
    da_array *target[PLAN_NODES];
    int ntargets = 0;
    for (int i = 0; i < p->nnodes; i++) {
        da_array *one = array[i];
        if (p->node[i].early && da__runtime_compute(rt, 1, &one, &err) != DA_OK)
            return fail(f, -1, "compute", err.text);
        if (p->node[i].target)
            target[ntargets++] = array[i];
    }
    if (da__runtime_compute(rt, ntargets, target, &err) != DA_OK)
        return fail(f, -1, "compute", err.text);
    return true;
}

static bool check_all(const struct plan *p, struct da__runtime *rt, da_array *const *array,
                      struct oracle *o, struct failure *f)
{
    for (int i = 0; i < p->nnodes; i++) {
        if (!p->node[i].target && !p->node[i].early && !p->node[i].kept)
            continue;
        bool computed = array[i]->kind == DA__NODE_LEAF || array[i]->dist == NULL;
        if (p->node[i].target && !computed)
            return fail(f, i, "a target was not computed", "");
        if (!check(rt, array[i], i, o, f))
            return false;
    }
    return true;
}

static bool run_build(const struct plan *p, const struct how *h, struct da__runtime *rt,
                      struct oracle *o, struct failure *f)
{
    da_array *array[PLAN_NODES];
    if (!build_all(p, h, rt, array, f))
        return false;
    for (int i = 0; i < p->nnodes; i++)
        if (p->node[i].kept)
            da__node_keep(array[i]);
    bool good = compute_all(p, rt, array, f) && check_all(p, rt, array, o, f);
    for (int i = 0; i < p->nnodes; i++)
        if (p->node[i].kept)
            da__node_drop(array[i]);
    return good;
}

/* ---- through text ---- */

/* Loads a text whose outputs are the given nodes of the plan. */
static bool load_and_check(const struct da__text *t, int noutputs, const int *node,
                           struct da__runtime *rt, struct oracle *o, struct failure *f)
{
    struct da__error err = {.engine = -1};
    struct da__pipeline *l = NULL;
    if (da__pipeline_load(da__runtime_graph(rt), t->s, t->len, "text", NULL, 0, NULL, &l, &err) !=
        DA_OK)
        return fail(f, -1, "load", err.text);
    bool good = true;
    if (l->noutputs != noutputs)
        good = fail(f, -1, "load", "another number of outputs");
    else if (da__runtime_compute(rt, noutputs, l->output, &err) != DA_OK)
        good = fail(f, -1, "compute", err.text);
    for (int k = 0; good && k < noutputs; k++)
        good = check(rt, l->output[k], node[k], o, f);
    da__pipeline_free(l);
    return good;
}

static int targets_of(const struct plan *p, da_array *const *array, da_array **target, int *node)
{
    int n = 0;
    for (int i = 0; i < p->nnodes; i++)
        if (p->node[i].target) {
            target[n] = array != NULL ? array[i] : NULL;
            node[n++] = i;
        }
    return n;
}

static bool run_pipeline(const struct plan *p, const struct how *h, struct da__runtime *rt,
                         struct oracle *o, struct failure *f)
{
    da_array *target[PLAN_NODES];
    int node[PLAN_NODES];
    struct da__text t = {0};
    plan_json(p, h->way == RUN_EXPRESSIONS, &t);
    bool good = load_and_check(&t, targets_of(p, NULL, target, node), node, rt, o, f);
    da__text_free(&t);
    return good;
}

static bool run_dump(const struct plan *p, const struct how *h, struct da__runtime *rt,
                     struct oracle *o, struct failure *f)
{
    da_array *array[PLAN_NODES], *target[PLAN_NODES];
    int node[PLAN_NODES];
    struct da__text t = {0};
    struct da__error err = {.engine = -1};
    if (!build_all(p, h, rt, array, f))
        return false;
    int n = targets_of(p, array, target, node);
    bool good = da__graph_dump_json(da__runtime_graph(rt), n, target, &t, &err) == DA_OK ||
                fail(f, -1, "dump", err.text);
    good = good && load_and_check(&t, n, node, rt, o, f);
    da__text_free(&t);
    return good;
}

struct verdict {
    struct failure *f;
    bool good;
};

static void verify(void *self, const char *pass, const struct da__program *program)
{
    struct verdict *v = self;
    struct da__error err = {.engine = -1};
    if (v->good && da__program_verify(program, &err) != DA_OK)
        v->good = fail(v->f, -1, pass, err.text);
}

/* The plan's nodes behind the program's outputs, in the order of their slots; false where one is none of the plan's. */
static bool outputs_of(const struct plan *p, da_array *const *array,
                       const struct da__program *program, const struct da__binding *b, int *n,
                       int *node)
{
    *n = 0;
    for (int slot = 0; slot < b->nslots; slot++)
        for (int k = 0; k < program->nvalues; k++) {
            if (program->value[k].kind != DA__VALUE_OUTPUT || program->value[k].slot != slot)
                continue;
            int i = p->nnodes - 1;
            while (i >= 0 && array[i] != b->node[slot])
                i--;
            if (i < 0)
                return false;
            node[(*n)++] = i;
        }
    return true;
}

static bool run_program(const struct plan *p, const struct how *h, struct da__runtime *rt,
                        struct oracle *o, struct failure *f)
{
    da_array *array[PLAN_NODES], *target[PLAN_NODES];
    int node[PLAN_NODES], n;
    struct da__program *program = NULL;
    struct da__binding b = {0};
    struct da__text t = {0};
    struct da__error err = {.engine = -1};
    struct verdict v = {f, true};
    if (!build_all(p, h, rt, array, f))
        return false;
    struct da__graph *g = da__runtime_graph(rt);
    n = targets_of(p, array, target, node);
    if (da__runtime_size(rt, n, target, &err) != DA_OK) /* a program has every size */
        return fail(f, -1, "size", err.text);
    if (da__lower(g, n, target, h->passes, &program, &b, &err) != DA_OK)
        return fail(f, -1, "lower", err.text);
    verify(&v, "lower", program);
    bool good = da__optimize(program, h->passes, verify, &v, &err) == DA_OK ||
                fail(f, -1, "optimize", err.text);
    good = good && v.good;
    if (good && !outputs_of(p, array, program, &b, &n, node))
        good = fail(f, -1, "program", "an output belongs to no node");
    good = good && (da__program_json(program, g, &b, &t, &err) == DA_OK ||
                    fail(f, -1, "program dump", err.text));
    good = good && load_and_check(&t, n, node, rt, o, f);
    da__text_free(&t);
    da__binding_free(&b);
    da__program_free(program);
    return good;
}

/* ---- all ways ---- */

static bool nothing_left(struct da__graph *g, struct failure *f)
{
    char text[64];
    snprintf(text, sizeof text, "%" PRId64, da__graph_live_nodes(g));
    return da__graph_live_nodes(g) == 0 || fail(f, -1, "nodes left over", text);
}

bool run_plan(const struct plan *p, const struct how *h, struct session *s, struct oracle *o,
              struct failure *f)
{
    static bool (*const way[RUN_NWAYS])(const struct plan *, const struct how *,
                                        struct da__runtime *, struct oracle *, struct failure *) = {
        run_build, run_pipeline, run_pipeline, run_dump, run_program};
    struct da__runtime *rt = session_get(s, h->engines, h->threads, h->passes);
    if (rt == NULL)
        return fail(f, -1, "runtime", "does not open");
    struct da__graph *g = da__runtime_graph(rt);
    da__scope_push(g);
    bool good = way[h->way](p, h, rt, o, f);
    da__scope_pop(g);
    return good && nothing_left(g, f);
}

bool run_text(const char *json, size_t length, struct da__runtime *rt, struct oracle *o,
              struct failure *f)
{
    struct da__error err = {.engine = -1};
    struct da__pipeline *l = NULL;
    struct da__graph *g = da__runtime_graph(rt);
    if (!oracle_graph(o, json, length))
        return fail(f, -1, "NumPy refuses the graph", o->line);
    da__scope_push(g);
    bool good = da__pipeline_load(g, json, length, "text", NULL, 0, NULL, &l, &err) == DA_OK ||
                fail(f, -1, "load", err.text);
    good = good && (da__runtime_compute(rt, l->noutputs, l->output, &err) == DA_OK ||
                    fail(f, -1, "compute", err.text));
    for (int k = 0; good && k < l->noutputs; k++)
        good = check_id(rt, l->output[k], l->output_id[k], -1, o, f);
    da__pipeline_free(l);
    da__scope_pop(g);
    return good && nothing_left(g, f);
}
