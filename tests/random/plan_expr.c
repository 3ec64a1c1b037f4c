/* Nodes of a plan as expressions in NumPy's notation. */
#include "plan.h"

#include <math.h>
#include <string.h>

#include "text.h"

/* Other scalars have no literal of their own. */
static bool scalar_expr(const struct da__scalar *s, struct da__text *t)
{
    if (s->kind == DA__SCALAR_BOOL) {
        da__text_add(t, s->i != 0 ? "True" : "False");
        return true;
    }
    if (s->kind == DA__SCALAR_INT && s->i > -INT64_MAX) {
        da__text_add(t, s->i < 0 ? "(%lld)" : "%lld", (long long)s->i);
        return true;
    }
    if (s->kind != DA__SCALAR_FLOAT || !isfinite(s->re))
        return false;
    da__text_add(t, "(");
    da__json_real(t, s->re, false);
    da__text_add(t, ")");
    return true;
}

static bool operand_expr(const struct plan_arg *a, struct da__text *t)
{
    if (a->node < 0)
        return scalar_expr(&a->scalar, t);
    da__text_add(t, "n%d", a->node);
    return true;
}

static bool ints_expr(const struct plan_arg *a, struct da__text *t)
{
    da__text_add(t, "(");
    for (int k = 0; k < a->nints; k++)
        da__text_add(t, "%lld,", (long long)a->ints[k]);
    da__text_add(t, ")");
    return a->nints > 0;
}

static bool value_expr(const struct plan_arg *a, struct da__text *t)
{
    switch (a->kind) {
    case DA__ARG_OPERAND:
        return operand_expr(a, t);
    case DA__ARG_ARRAYS:
        for (int k = 0; k < a->nlist; k++)
            da__text_add(t, k > 0 ? ", n%d" : "[n%d", a->list[k]);
        da__text_add(t, "]");
        return true;
    case DA__ARG_INTS:
        return ints_expr(a, t);
    case DA__ARG_INT:
    case DA__ARG_NUMBER:
        return scalar_expr(&a->scalar, t);
    case DA__ARG_BOOL:
        da__text_add(t, a->flag ? "True" : "False");
        return true;
    case DA__ARG_DTYPE:
        da__text_add(t, "%s", da__dtype(a->dtype)->name);
        return true;
    case DA__ARG_DATA:
        plan_pairs(a, t);
        return true;
    case DA__ARG_NONE:
        da__text_add(t, "None");
        return true;
    default:
        return false;
    }
}

static bool symbol_expr(const struct plan_node *n, const char *symbol, struct da__text *t)
{
    bool good = true;
    if (n->call->nparams > 1) {
        good = operand_expr(&n->arg[0], t);
        da__text_add(t, " %s ", symbol);
    } else {
        da__text_add(t, "%s", symbol);
    }
    return operand_expr(&n->arg[n->call->nparams > 1], t) && good;
}

static bool call_expr(const struct plan_node *n, struct da__text *t)
{
    const char *comma = "";
    bool good = true;
    da__text_add(t, "%s(", n->call->name);
    for (int k = 0; good && k < n->call->nparams; k++) {
        if (n->arg[k].kind == DA__ARG_NONE && !n->arg[k].flag)
            continue;
        da__text_add(t, "%s", comma);
        if (n->arg[k].kind != DA__ARG_OPERAND && n->arg[k].kind != DA__ARG_ARRAYS)
            da__text_add(t, "%s=", n->call->param[k].name);
        good = value_expr(&n->arg[k], t);
        comma = ", ";
    }
    da__text_add(t, ")");
    return good;
}

/* x[…] with the names of index arrays where the text has their numbers. */
static void get_expr(const struct plan_node *n, struct da__text *t)
{
    da__text_add(t, "n%d[", n->arg[0].node);
    for (const char *s = n->arg[2].text; *s != '\0'; s++)
        if (*s == '@')
            da__text_add(t, "n%d", n->arg[1].list[*++s - '0']);
        else
            da__text_add(t, "%c", *s);
    da__text_add(t, "]");
}

bool plan_expr(const struct plan_node *n, int i, struct da__text *t)
{
    enum da__op_id op;
    if (n->arg[0].kind != DA__ARG_OPERAND && n->arg[0].kind != DA__ARG_ARRAYS)
        return false;
    if (plan_is(n, "slice")) {
        da__text_add(t, "n%d[%s]", n->arg[0].node, n->arg[1].text);
        return true;
    }
    if (plan_is(n, "get")) {
        get_expr(n, t);
        return true;
    }
    bool plain =
        plan_is(n, "matmul") && n->arg[2].kind == DA__ARG_NONE && n->arg[3].kind == DA__ARG_NONE;
    if (plain && i % 3 > 0)
        return symbol_expr(n, "@", t);
    const char *symbol = da__op_find(n->call->name, &op) ? da__op_info(op)->symbol : NULL;
    return symbol != NULL && i % 3 > 0 ? symbol_expr(n, symbol, t) : call_expr(n, t);
}
