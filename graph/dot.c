/* Graphs as DOT, for pictures: boxes with operation, dtype, shape and distribution; arrows from
 * inputs to readers. */
#include "node.h"
#include "program.h"
#include "text.h"

#include <string.h>

/* Quotes and backslashes would end a label. */
static void add_label(struct da__text *t, const char *s)
{
    for (; *s != '\0'; s++)
        da__text_add(t, *s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
}

static void add_type(struct da__text *t, da_dtype dtype, int ndim, const int64_t *shape,
                     const struct da__dist *d)
{
    char text[256];
    da__text_add(t, "\\n%s %s", da__dtype(dtype)->name,
                 da__shape_text(ndim, shape, text, sizeof text));
    if (d != NULL) {
        da__text_add(t, "\\n");
        add_label(t, da__dist_text(d, text, sizeof text));
    }
}

static void open_graph(struct da__text *t, const char *name)
{
    da__text_add(t,
                 "digraph %s {\n  rankdir=TB;\n  node [shape=box, style=\"rounded,filled\", "
                 "fillcolor=white, fontname=\"Helvetica\", fontsize=10];\n",
                 name);
}

/* ---- the deferred graph ---- */

static const struct {
    const char *label, *color;
} look[] = {[DA__NODE_POISON] = {"poison", "tomato"},
            [DA__NODE_LEAF] = {"array", "lightgrey"},
            [DA__NODE_CONSTANT] = {"full", "white"},
            [DA__NODE_INDEX] = {"index", "white"},
            [DA__NODE_ELEMENTWISE] = {NULL, "lightblue"},
            [DA__NODE_REDUCE] = {NULL, "khaki"},
            [DA__NODE_VIEW] = {"view", "white"},
            [DA__NODE_COPY] = {"redistribute", "lightsalmon"},
            [DA__NODE_LOAD] = {"load", "palegreen"},
            [DA__NODE_SAVE] = {"save", "palegreen"},
            [DA__NODE_CALL] = {"from_function", "palegreen"},
            [DA__NODE_CONCAT] = {"concat", "lightsalmon"},
            [DA__NODE_ASSIGN] = {"set_slice", "lightsalmon"},
            [DA__NODE_ROUTINE] = {NULL, "plum"},
            [DA__NODE_APPLY] = {NULL, "plum"},
            [DA__NODE_RESULT] = {"result", "white"},
            [DA__NODE_DEFERRED] = {NULL, "thistle"}};

static const char *label_of(const da_array *a)
{
    if (a->kind == DA__NODE_DEFERRED)
        return da__deferred_name(a);
    if (a->kind == DA__NODE_ROUTINE)
        return da__routine_name((enum da__routine_id)a->op);
    if (a->kind == DA__NODE_APPLY)
        return a->u.apply->user->name;
    if (a->kind == DA__NODE_ELEMENTWISE)
        return da__node_op_name(a);
    return a->kind == DA__NODE_REDUCE ? da__node_op_name(a) : look[a->kind].label;
}

static void write_node(struct da__text *t, const da_array *a, int64_t i, const char *id,
                       bool target)
{
    da__text_add(t, "  n%lld [label=\"", (long long)i);
    add_label(t, id);
    da__text_add(t, ": %s", label_of(a));
    if (a->kind == DA__NODE_CONSTANT) {
        struct da__text value = {0};
        da__json_element(&value, a->u.constant, a->dtype);
        da__text_add(t, " ");
        add_label(t, value.s != NULL ? value.s : "");
        t->failed |= value.failed;
        da__text_free(&value);
    }
    if (a->kind == DA__NODE_LOAD || a->kind == DA__NODE_SAVE) {
        da__text_add(t, "\\n");
        add_label(t, a->u.file->path);
    }
    add_type(t, a->dtype, a->ndim, a->shape, a->dist);
    da__text_add(t, "\", fillcolor=%s%s];\n", look[a->kind].color, target ? ", penwidth=2" : "");
}

static bool is_target(const da_array *a, int ntargets, da_array *const *target)
{
    for (int k = 0; k < ntargets; k++)
        if (target[k] == a)
            return true;
    return false;
}

da_status da__graph_dump_dot(struct da__graph *g, int ntargets, da_array *const *target,
                             struct da__text *out, struct da__error *err)
{
    (void)g;
    struct da__order order;
    if (da__order_make(ntargets, target, &order) != DA_OK)
        return da__fail(err, DA_ERR_MEMORY, "out of memory while dumping the graph");
    char **id = da__order_ids(&order, NULL, NULL);
    open_graph(out, "deferred");
    for (int64_t i = 0; id != NULL && i < order.n; i++) {
        const da_array *a = order.node[i];
        write_node(out, a, i, id[i], is_target(a, ntargets, target));
        for (int k = 0; k < a->nin; k++)
            da__text_add(out, "  n%lld -> n%lld;\n", (long long)da__order_find(&order, a->in[k]),
                         (long long)i);
    }
    da__text_add(out, "}\n");
    bool ok = id != NULL && !out->failed;
    da__ids_free(id, order.n);
    da__order_free(&order);
    return ok ? DA_OK : da__fail(err, DA_ERR_MEMORY, "out of memory while dumping the graph");
}

/* ---- a program ---- */

static void write_kernel_label(struct da__text *t, const struct da__program *p,
                               const struct da__step *s)
{
    const int most = 12; /* long bodies would hide the graph */
    for (int k = 0; k < s->body.ninsns && k < most; k++)
        da__text_add(t, "%s%s",
                     k == 0       ? "\\n"
                     : k % 4 == 0 ? ",\\n"
                                  : ", ",
                     da__insn_name(p, &s->body.insn[k]));
    if (s->body.ninsns > most)
        da__text_add(t, ", and %d more", s->body.ninsns - most);
    for (int k = 0; k < s->body.nreductions; k++)
        da__text_add(t, "\\n%s", da__reduction_name(p, &s->body.reduction[k]));
}

static void write_step(struct da__text *t, const struct da__program *p, int step)
{
    static const char *const name[] = {[DA__STEP_KERNEL] = "kernel",
                                       [DA__STEP_LOAD] = "load",
                                       [DA__STEP_SAVE] = "save",
                                       [DA__STEP_CALL] = "from_function",
                                       [DA__STEP_ROUTINE] = "routine"};
    static const char *const color[] = {[DA__STEP_KERNEL] = "lightblue",
                                        [DA__STEP_LOAD] = "palegreen",
                                        [DA__STEP_SAVE] = "palegreen",
                                        [DA__STEP_CALL] = "palegreen",
                                        [DA__STEP_ROUTINE] = "plum"};
    const struct da__step *s = &p->step[step];
    char text[256];
    da__text_add(t, "  s%d [label=\"s%d: %s, level %d, over %s", step, step,
                 s->kind == DA__STEP_ROUTINE ? da__step_routine_name(p, s) : name[s->kind],
                 s->level, da__shape_text(s->ndim, s->shape, text, sizeof text));
    da__text_add(t, "\\n");
    add_label(t, da__dist_text(p->dist[s->dist], text, sizeof text));
    if (s->kind == DA__STEP_KERNEL)
        write_kernel_label(t, p, s);
    if (s->file.path != NULL) {
        da__text_add(t, "\\n");
        add_label(t, s->file.path);
    }
    da__text_add(t, "\", fillcolor=%s];\n", color[s->kind]);
}

static void write_value(struct da__text *t, const struct da__program *p, int value)
{
    const struct da__value *v = &p->value[value];
    static const char *const name[] = {
        [DA__VALUE_TEMP] = "temporary", [DA__VALUE_INPUT] = "input", [DA__VALUE_OUTPUT] = "output"};
    da__text_add(t, "  v%d [shape=ellipse, label=\"v%d: %s", value, value, name[v->kind]);
    add_type(t, v->dtype, v->ndim, v->shape, p->dist[v->dist]);
    da__text_add(t, "\"%s];\n", v->kind == DA__VALUE_OUTPUT ? ", penwidth=2" : "");
}

static const char *edge_label(const struct da__step *s, int k)
{
    const struct da__view *v = &s->input[k].view;
    if (da__step_is_base(s, k))
        return " [label=\"base\", fontsize=8]";
    if (da__view_wraps(v))
        return " [label=\"rolled view\", fontsize=8]";
    return da__view_is_identity(v) ? "" : " [label=\"view\", fontsize=8]";
}

static void write_edges(struct da__text *t, const struct da__program *p, int step)
{
    const struct da__step *s = &p->step[step];
    for (int k = 0; k < s->ninputs; k++)
        da__text_add(t, "  v%d -> s%d%s;\n", s->input[k].value, step, edge_label(s, k));
    for (int k = 0; k < s->noutputs; k++)
        da__text_add(t, "  s%d -> v%d%s;\n", step, s->output[k],
                     da__step_is_part(s, k) ? " [label=\"part\", fontsize=8]" : "");
    for (int k = 0; k < s->body.nreductions; k++)
        da__text_add(t, "  s%d -> v%d;\n", step, s->reduction[k].value);
}

da_status da__program_dump_dot(const struct da__program *p, struct da__text *out,
                               struct da__error *err)
{
    open_graph(out, "optimized");
    for (int k = 0; k < p->nvalues; k++)
        write_value(out, p, k);
    for (int k = 0; k < p->nsteps; k++) {
        write_step(out, p, k);
        write_edges(out, p, k);
    }
    da__text_add(out, "}\n");
    return out->failed ? da__fail(err, DA_ERR_MEMORY, "out of memory while dumping the program")
                       : DA_OK;
}
