/* Nodes to a program, one step per operation. Only what the targets need is visited, views dissolve into how values are
 * read, and (pass `fold`) operations on constants are done here, so that their results are parameters. */
#include "lower.h"

#include <string.h>

static struct da__entry *entry_of(struct da__lowering *l, const da_array *a)
{
    return &l->entry[a->mark];
}

/* Views and saves are looked through. */
struct da__lowered da__lower_resolve(struct da__lowering *l, const da_array *a)
{
    struct da__lowered o;
    da__view_identity(a->ndim, &o.view);
    for (;; a = a->in[0]) {
        o.entry = entry_of(l, a);
        if (o.entry->kind == DA__ENTRY_VIEW) {
            struct da__view outer = o.view;
            if (!da__view_compose(a->u.view, &outer, &o.view))
                l->program->failed = true; /* building has put a copy between such views */
        } else if (o.entry->kind != DA__ENTRY_SAME)
            return o;
    }
}

const struct da__dist *da__lower_dist(struct da__lowering *l, const da_array *a)
{
    return a->dist != NULL ? a->dist : da__default_dist(l->graph, a->ndim, a->shape, l->err);
}

/* The owners under a distribution, for what is done once per element; -1: no memory. */
static int add_cores(struct da__lowering *l, const struct da__dist *d)
{
    const struct da__dist *core = NULL;
    if (d == NULL || da__dist_unpadded(d, &core) != DA_OK) {
        l->program->failed = true;
        return -1;
    }
    int id = da__program_add_dist(l->program, core);
    da__dist_drop(core);
    return id;
}

static void start_step(struct da__lowering *l, struct da__step_builder *b, const da_array *space,
                       const da_array *node)
{
    int dist = add_cores(l, da__lower_dist(l, space));
    da__builder_start(b, l->program, space->ndim, space->shape, dist, node->id);
    b->share = l->share;
}

static void cast_element(da_dtype from, const uint8_t *element, da_dtype to, uint8_t out[16])
{
    const void *arg = element;
    memset(out, 0, 16);
    if (from == to)
        memcpy(out, element, da__dtype_nbytes(to));
    else
        da__strip(DA__OP_ASTYPE, from, to, 1, out, &arg, 0);
}

void da__param_cast(const da_array *constant, da_dtype dtype, uint8_t out[16])
{
    cast_element(constant->dtype, constant->u.constant, dtype, out);
}

/* A constant is a parameter; the binding remembers whose. */
static da__ref constant_operand(struct da__lowering *l, struct da__step_builder *b,
                                const struct da__entry *e, da_dtype wanted)
{
    struct da__binding *bind = l->bind;
    uint8_t cast[16];
    cast_element(e->dtype, e->constant, wanted, cast);
    int param = da__program_add_param(l->program, wanted, cast);
    bind->folded = bind->folded || e->node->kind != DA__NODE_CONSTANT;
    if (!da__grow((void **)&bind->use, &l->uses_cap, bind->nuses + 1, sizeof *bind->use))
        l->program->failed = true;
    else
        bind->use[bind->nuses++] = (struct da__param_use){e->node, wanted, param};
    return da__builder_param(b, param);
}

/* The operand as a reference of `wanted` dtype in a step over a space that its shape broadcasts to. */
da__ref da__lower_operand(struct da__lowering *l, struct da__step_builder *b, const da_array *a,
                          int ndim, const int64_t *shape, da_dtype wanted)
{
    struct da__lowered o = da__lower_resolve(l, a);
    if (o.entry->kind == DA__ENTRY_CONSTANT)
        return constant_operand(l, b, o.entry, wanted);
    struct da__view spread, v;
    da__view_broadcast(a->ndim, a->shape, ndim, shape, &spread);
    if (!da__view_compose(&o.view, &spread, &v))
        l->program->failed = true;
    da__view_simplify(&v, shape);
    da__ref ref;
    if (o.entry->kind == DA__ENTRY_INDEX)
        ref = da__builder_index(b, &v, o.entry->node->u.axis);
    else
        ref = da__builder_input(b, o.entry->value, &v);
    return da__builder_cast(b, ref, wanted);
}

/* ---- results ---- */

int da__lower_slot(struct da__lowering *l, uint64_t buffer, da_array *node)
{
    struct da__binding *b = l->bind;
    if (!da__grow((void **)&b->buffer, &l->slots_cap, b->nslots + 1, sizeof *b->buffer) ||
        !da__grow((void **)&b->node, &l->nodes_cap, b->nslots + 1, sizeof(da_array *))) {
        l->program->failed = true;
        return -1;
    }
    b->buffer[b->nslots] = buffer;
    b->node[b->nslots] = node;
    l->program->nslots = b->nslots + 1;
    return b->nslots++;
}

/* A result whose size the run finds out has room for as many elements as its input has. */
static int unsized_result(struct da__lowering *l, da_array *a)
{
    int64_t most = da__nelem(a->in[0]->ndim, a->in[0]->shape);
    const struct da__dist *d = da__default_dist(l->graph, 1, &most, l->err);
    int dist = d != NULL ? da__program_add_dist(l->program, d) : -1;
    int value =
        da__program_add_value(l->program, DA__VALUE_OUTPUT, a->dtype, 1, &most, dist, a->id);
    if (value >= 0) {
        l->program->value[value].slot = da__lower_slot(l, da__graph_new_buffer(l->graph), a);
        l->program->value[value].unsized = true;
    }
    return value;
}

/* The value a node's result goes to: an output where the user wants to keep it. */
int da__lower_result(struct da__lowering *l, da_array *a, bool wanted)
{
    if (a->unsized)
        return unsized_result(l, a);
    const struct da__dist *d = da__lower_dist(l, a);
    int dist = d != NULL ? da__program_add_dist(l->program, d) : -1;
    int value = da__program_add_value(l->program, wanted ? DA__VALUE_OUTPUT : DA__VALUE_TEMP,
                                      a->dtype, a->ndim, a->shape, dist, a->id);
    if (value >= 0 && wanted)
        l->program->value[value].slot = da__lower_slot(l, da__graph_new_buffer(l->graph), a);
    if (wanted && a->dist == NULL &&
        d != NULL) /* a scalar was everywhere; as a leaf it lies somewhere */
        a->dist = da__dist_keep(d);
    return value;
}

int da__lower_stored(struct da__lowering *l, const da_array *a, const struct da__dist *dist)
{
    struct da__lowered o = da__lower_resolve(l, a);
    if (o.entry->kind == DA__ENTRY_VALUE && da__view_is_identity(&o.view)) {
        const struct da__value *v = &l->program->value[o.entry->value];
        bool same = v->ndim == a->ndim && v->dtype == a->dtype;
        for (int k = 0; same && k < a->ndim; k++)
            same = v->shape[k] == a->shape[k];
        const struct da__dist *lies = l->program->dist[v->dist];
        if (same && (dist == NULL ? !da__dist_padded(lies) : da__dist_equal(dist, lies)))
            return o.entry->value;
    }
    int id =
        dist != NULL ? da__program_add_dist(l->program, dist) : add_cores(l, da__lower_dist(l, a));
    int value =
        da__program_add_value(l->program, DA__VALUE_TEMP, a->dtype, a->ndim, a->shape, id, a->id);
    da__lower_copy(l, a, a, id >= 0 ? l->program->dist[id] : NULL, value);
    return value;
}

static bool is_wanted(const da_array *a, bool target)
{
    return target || a->kept > 0;
}

/* A kernel that only copies: the operand's elements under `a`'s distribution, into `value`. */
void da__lower_copy(struct da__lowering *l, const da_array *from, const da_array *to,
                    const struct da__dist *dist, int value)
{
    struct da__step_builder b;
    int d = dist != NULL ? da__program_add_dist(l->program, dist) : -1;
    da__builder_start(&b, l->program, to->ndim, to->shape, d, to->id);
    b.share = l->share;
    da__builder_output(&b, da__lower_operand(l, &b, from, to->ndim, to->shape, to->dtype), value);
    da__builder_finish(&b);
}

/* ---- one function per kind of node ---- */

static bool fold_constant(struct da__lowering *l, struct da__entry *e, const da_array *a)
{
    const void *arg[3];
    uint8_t bytes[3][16];
    if (!l->fold || da__op_is_user(a->op))
        return false;
    for (int k = 0; k < a->nin; k++) {
        struct da__lowered o = da__lower_resolve(l, a->in[k]);
        if (o.entry->kind != DA__ENTRY_CONSTANT)
            return false;
        da_dtype wanted = da__op_input_dtype((enum da__op_id)a->op, k, a->compute);
        cast_element(o.entry->dtype, o.entry->constant, wanted, bytes[k]);
        arg[k] = bytes[k];
    }
    e->kind = DA__ENTRY_CONSTANT;
    e->dtype = a->dtype;
    memset(e->constant, 0, sizeof e->constant);
    da__strip((enum da__op_id)a->op, a->compute, a->dtype, 1, e->constant, arg, 0);
    return true;
}

int da__lower_user(struct da__lowering *l, struct da__user *u)
{
    int number = da__program_add_user(l->program, u);
    if (number < 0 && l->program->nusers > UINT8_MAX)
        da__fail(l->err, DA_ERR_UNSUPPORTED,
                 "%s: one run calls at most %d registered functions; compute some of them first",
                 u->name, UINT8_MAX + 1);
    return number;
}

static void lower_elementwise(struct da__lowering *l, struct da__entry *e, da_array *a, bool wanted)
{
    if (!wanted && fold_constant(l, e, a))
        return;
    struct da__step_builder b;
    start_step(l, &b, a, a);
    struct da__insn insn = {
        .op = (uint16_t)a->op, .compute = (uint8_t)a->compute, .result = (uint8_t)a->dtype};
    bool user = da__op_is_user(a->op);
    if (user)
        insn.compute = (uint8_t)da__lower_user(l, a->u.user);
    for (int k = 0; k < a->nin; k++)
        insn.arg[k] = da__lower_operand(
            l, &b, a->in[k], a->ndim, a->shape,
            user ? a->u.user->in[k] : da__op_input_dtype((enum da__op_id)a->op, k, a->compute));
    e->value = da__lower_result(l, a, wanted);
    da__builder_output(&b, da__builder_insn(&b, &insn), e->value);
    da__builder_finish(&b);
}

static void lower_reduce(struct da__lowering *l, struct da__entry *e, da_array *a, bool wanted)
{
    const da_array *x = a->in[0];
    struct da__step_builder b;
    start_step(l, &b, x, a);
    int64_t count = 1;
    for (int k = 0; k < x->ndim; k++)
        if (a->u.reduce.mask >> k & 1)
            count *= x->shape[k];
    da__ref ref = da__lower_operand(l, &b, x, x->ndim, x->shape, a->compute);
    e->value = da__lower_result(l, a, wanted);
    struct da__body_reduction body = {.red = (uint16_t)a->op,
                                      .compute = (uint8_t)a->compute,
                                      .value = ref,
                                      .mask = a->u.reduce.mask};
    if (a->op == DA__RED_USER)
        body.user = (uint8_t)da__lower_user(l, a->u.reduce.user);
    struct da__step_reduction r = {.value = e->value,
                                   .keepdims = a->u.reduce.keepdims,
                                   .correction = a->u.reduce.correction,
                                   .count = count};
    da__builder_reduction(&b, &body, &r);
    da__builder_finish(&b);
}

static bool copy_file(struct da__node_file *to, const struct da__node_file *from)
{
    memcpy(to->start, from->start, sizeof to->start);
    to->path = da__strdup(from->path);
    to->dataset = from->dataset != NULL ? da__strdup(from->dataset) : NULL;
    return to->path != NULL && (from->dataset == NULL || to->dataset != NULL);
}

static bool copy_call(struct da__node_call *to, const struct da__node_call *from)
{
    to->offset = from->offset;
    to->nbytes = from->nbytes;
    to->object = da__strdup(from->object);
    to->data = da__alloc((size_t)from->nbytes);
    if (to->data != NULL && from->nbytes > 0)
        memcpy(to->data, from->data, (size_t)from->nbytes);
    return to->object != NULL && to->data != NULL;
}

/* LOAD, CALL: a step with one output and no inputs. */
static void lower_source(struct da__lowering *l, struct da__entry *e, da_array *a, bool wanted)
{
    struct da__step_builder b;
    start_step(l, &b, a, a);
    b.step.kind = a->kind == DA__NODE_LOAD ? DA__STEP_LOAD : DA__STEP_CALL;
    if (a->kind == DA__NODE_LOAD ? !copy_file(&b.step.file, a->u.file)
                                 : !copy_call(&b.step.call, a->u.call))
        b.failed = true;
    e->value = da__lower_result(l, a, wanted);
    da__builder_output(&b, 0, e->value);
    b.step.body.noutputs = 0; /* the value is the step's, there is no body */
    da__builder_finish(&b);
}

/* Files want boxes and values that lie in memory as they are; anything else is copied first. */
static int savable_value(struct da__lowering *l, const da_array *a)
{
    struct da__lowered o = da__lower_resolve(l, a->in[0]);
    if (o.entry->kind == DA__ENTRY_VALUE && da__view_is_identity(&o.view)) {
        const struct da__value *v = &l->program->value[o.entry->value];
        const struct da__dist *lies = l->program->dist[v->dist];
        if (v->ndim == a->ndim && da__dist_is_boxes(lies) && !da__dist_padded(lies))
            return o.entry->value;
    }
    const struct da__dist *d = da__lower_dist(l, a);
    if (d == NULL || !da__dist_is_boxes(d))
        d = da__default_dist(l->graph, a->ndim, a->shape, l->err);
    int dist = d != NULL ? da__program_add_dist(l->program, d) : -1;
    int value =
        da__program_add_value(l->program, DA__VALUE_TEMP, a->dtype, a->ndim, a->shape, dist, a->id);
    da__lower_copy(l, a->in[0], a, d, value);
    return value;
}

static void lower_save(struct da__lowering *l, struct da__entry *e, da_array *a)
{
    e->kind = DA__ENTRY_SAME;
    if (a->saved)
        return;
    int value = savable_value(l, a);
    if (value < 0)
        return;
    struct da__step_builder b;
    da__builder_start(&b, l->program, a->ndim, a->shape, l->program->value[value].dist, a->id);
    b.step.kind = DA__STEP_SAVE;
    struct da__view same;
    da__view_identity(a->ndim, &same);
    da__builder_input(&b, value, &same);
    if (!copy_file(&b.step.file, a->u.file) ||
        !da__grow((void **)&l->bind->save, &l->saves_cap, l->bind->nsaves + 1, sizeof(da_array *)))
        b.failed = true;
    else
        l->bind->save[l->bind->nsaves++] = a;
    da__builder_finish(&b);
}

static void lower_copy(struct da__lowering *l, struct da__entry *e, da_array *a,
                       const da_array *from, bool wanted)
{
    e->value = da__lower_result(l, a, wanted);
    da__lower_copy(l, from, a, da__lower_dist(l, a), e->value);
}

static void lower_constant(struct da__lowering *l, struct da__entry *e, da_array *a, bool target)
{
    struct da__entry constant = {.kind = DA__ENTRY_CONSTANT, .node = a, .dtype = a->dtype};
    memcpy(constant.constant, a->u.constant, sizeof constant.constant);
    *e = constant;
    if (!target)
        return;
    int value = da__lower_result(l, a, true);
    da__lower_copy(l, a, a, da__lower_dist(l, a), value);
    entry_of(l, a)->kind = DA__ENTRY_VALUE;
    entry_of(l, a)->value = value;
}

static void lower_index(struct da__lowering *l, struct da__entry *e, da_array *a, bool target)
{
    e->kind = DA__ENTRY_INDEX;
    if (!target)
        return;
    int value = da__lower_result(l, a, true);
    da__lower_copy(l, a, a, da__lower_dist(l, a), value);
    entry_of(l, a)->kind = DA__ENTRY_VALUE;
    entry_of(l, a)->value = value;
}

static void lower_view(struct da__lowering *l, struct da__entry *e, da_array *a, bool target)
{
    e->kind = DA__ENTRY_VIEW;
    bool wanted = target || (a->kept > 0 && a->in[0]->kind != DA__NODE_LEAF);
    if (!wanted)
        return;
    int value = da__lower_result(l, a, true);
    da__lower_copy(l, a, a, da__lower_dist(l, a), value);
    entry_of(l, a)->kind = DA__ENTRY_VALUE;
    entry_of(l, a)->value = value;
}

static void lower_leaf(struct da__lowering *l, struct da__entry *e, da_array *a)
{
    int dist = da__program_add_dist(l->program, a->dist);
    e->value = da__program_add_value(l->program, DA__VALUE_INPUT, a->dtype, a->ndim, a->shape, dist,
                                     a->id);
    if (e->value >= 0)
        l->program->value[e->value].slot = da__lower_slot(l, a->buffer, a);
}

static void lower_node(struct da__lowering *l, da_array *a, bool target)
{
    if (!da__grow((void **)&l->entry, &l->entries_cap, l->nentries + 1, sizeof *l->entry)) {
        l->program->failed = true;
        return;
    }
    a->mark = l->nentries++;
    a->mark_epoch = l->epoch;
    struct da__entry *e = entry_of(l, a);
    *e = (struct da__entry){.kind = DA__ENTRY_VALUE, .node = a, .value = -1};
    bool wanted = is_wanted(a, target);
    switch (a->kind) {
    case DA__NODE_LEAF:
        lower_leaf(l, e, a);
        break;
    case DA__NODE_CONSTANT:
        lower_constant(l, e, a, target);
        break;
    case DA__NODE_INDEX:
        lower_index(l, e, a, target);
        break;
    case DA__NODE_ELEMENTWISE:
        lower_elementwise(l, e, a, wanted);
        break;
    case DA__NODE_REDUCE:
        lower_reduce(l, e, a, wanted);
        break;
    case DA__NODE_VIEW:
        lower_view(l, e, a, target);
        break;
    case DA__NODE_COPY:
        lower_copy(l, e, a, a->in[0], wanted);
        break;
    case DA__NODE_LOAD:
    case DA__NODE_CALL:
        lower_source(l, e, a, wanted);
        break;
    case DA__NODE_SAVE:
        lower_save(l, e, a);
        break;
    case DA__NODE_CONCAT:
        da__lower_concat(l, e, a, wanted);
        break;
    case DA__NODE_ASSIGN:
        da__lower_assign(l, e, a, wanted);
        break;
    case DA__NODE_ROUTINE:
        da__lower_routine(l, e, a, wanted);
        break;
    case DA__NODE_APPLY:
        da__lower_apply(l, e, a, wanted);
        break;
    case DA__NODE_RESULT:
        da__lower_result_of(l, e, a, wanted);
        break;
    case DA__NODE_DEFERRED:
        da__fail(l->err, DA_ERR_STATE,
                 "da_%s: the size of its input is known only once it is computed: compute it first",
                 da__deferred_name(a));
        break;
    case DA__NODE_POISON:
        da__fail(l->err, a->u.error->status, "%s", a->u.error->text);
        break;
    }
}

/* ---- the walk ---- */

struct visit {
    da_array *node;
    int next; /* the input to visit next */
};
struct walk {
    struct visit *stack;
    int64_t depth, cap;
};

static bool push(struct da__lowering *l, struct walk *w, da_array *a)
{
    if (!da__grow((void **)&w->stack, &w->cap, w->depth + 1, sizeof *w->stack)) {
        l->program->failed = true;
        return false;
    }
    w->stack[w->depth++] = (struct visit){a, 0};
    return true;
}

/* Inputs before readers, each node once; a target is marked so before the walk begins. */
static void visit_all(struct da__lowering *l, struct walk *w, da_array *root)
{
    if (root->mark_epoch == l->epoch && root->mark >= 0)
        return;
    push(l, w, root);
    while (w->depth > 0 && !l->program->failed && l->err->status == DA_OK) {
        struct visit *v = &w->stack[w->depth - 1];
        if (v->next < v->node->nin) {
            da_array *in = v->node->in[v->next++];
            if (in->mark_epoch != l->epoch || in->mark < 0)
                push(l, w, in);
            continue;
        }
        da_array *a = v->node;
        w->depth--;
        if (a->mark_epoch == l->epoch && a->mark >= 0)
            continue;
        bool is_target = a->mark_epoch == l->epoch;
        lower_node(l, a, is_target);
    }
}

void da__binding_free(struct da__binding *b)
{
    da__free(b->buffer);
    da__free(b->node);
    da__free(b->save);
    da__free(b->use);
    memset(b, 0, sizeof *b);
}

da_status da__lower(struct da__graph *g, int ntargets, da_array *const *target, const char *passes,
                    struct da__program **out, struct da__binding *bind, struct da__error *err)
{
    struct da__error local = {.engine = -1};
    struct walk w = {NULL, 0, 0};
    memset(bind, 0, sizeof *bind);
    bind->ntargets = ntargets;
    struct da__lowering l = {
        .graph = g, .program = da__program_new(), .bind = bind, .err = err != NULL ? err : &local};
    l.fold = da__pass_on(passes, "fold");
    l.share = da__pass_on(passes, "cse");
    l.epoch = da__graph_epoch(g);
    *out = NULL;
    if (l.program == NULL)
        return da__fail(err, DA_ERR_MEMORY, "out of memory for a program");
    for (int i = 0; i < ntargets; i++) { /* epoch set and mark < 0: a target not yet visited */
        target[i]->mark_epoch = l.epoch;
        target[i]->mark = -1;
    }
    for (int i = 0; i < ntargets; i++)
        visit_all(&l, &w, target[i]);
    da__free(w.stack);
    da__free(l.entry);
    if (l.program->failed)
        da__fail(l.err, DA_ERR_MEMORY, "out of memory while lowering the graph");
    if (l.err->status != DA_OK) {
        da__program_free(l.program);
        da__binding_free(bind);
        return l.err->status;
    }
    l.program->nlowered = l.program->nparams;
    da__program_index(l.program);
    if (da__lower_align(l.program) != DA_OK) {
        da__program_free(l.program);
        da__binding_free(bind);
        return da__fail(l.err, DA_ERR_MEMORY, "out of memory while lowering the graph");
    }
    *out = l.program;
    return DA_OK;
}
