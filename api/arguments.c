/* Arguments of describing calls: from public types to the graph's, or to the poisoned handle that says what is wrong. */
#include "api.h"

#include <stdio.h>
#include <string.h>

/* ---- poisoned handles ---- */

static const struct da__error loose_cause[] = {
    [DA__LOOSE_NO_CONTEXT] = {DA_ERR_STATE, -1,
                              "the context is NULL or did not start (da_error_message tells why)"},
    [DA__LOOSE_NO_ARRAY] = {DA_ERR_ARGUMENT, -1,
                            "no array among the operands: at least one must be an array"},
    [DA__LOOSE_NULL_ARRAY] = {DA_ERR_ARGUMENT, -1, "an array argument is NULL"},
};
#define LOOSE(why)                                                                                 \
    [why] = {.kind = DA__NODE_POISON,                                                              \
             .dtype = DA_BOOL,                                                                     \
             .compute = DA_BOOL,                                                                   \
             .u.error = (struct da__error *)&loose_cause[why]}
static const da_array loose[] = {LOOSE(DA__LOOSE_NO_CONTEXT), LOOSE(DA__LOOSE_NO_ARRAY),
                                 LOOSE(DA__LOOSE_NULL_ARRAY)};

da_array *da__loose_poison(enum da__loose_poison why)
{
    return (da_array *)&loose[why];
}

da_array *da__api_poison(struct da__graph *g, da_status status, const char *format, ...)
{
    struct da__error err = {.status = status, .engine = -1};
    va_list args;
    va_start(args, format);
    vsnprintf(err.text, sizeof err.text, format, args);
    va_end(args);
    return da__make_poison(g, &err);
}

/* ---- graphs ---- */

bool da__api_graph(da_context *ctx, struct da__graph **g, da_array **bad)
{
    if (ctx != NULL && ctx->rt != NULL) {
        *g = ctx->graph;
        return true;
    }
    *bad = da__loose_poison(DA__LOOSE_NO_CONTEXT);
    return false;
}

static bool any_array(da_array *x, struct da__graph **g, da_array **bad)
{
    *bad = x != NULL ? x : da__loose_poison(DA__LOOSE_NULL_ARRAY);
    *g = (*bad)->graph;
    return *g != NULL;
}

bool da__api_list(const char *what, int64_t n, da_array *const *x, struct da__graph **g,
                  da_array **bad)
{
    *bad = da__loose_poison(n > 0 && x == NULL ? DA__LOOSE_NULL_ARRAY : DA__LOOSE_NO_ARRAY);
    *g = NULL;
    for (int64_t k = 0; k < n && x != NULL; k++) {
        struct da__graph *own;
        if (!da__api_array(x[k], &own, bad))
            return false;
        if (*g != NULL && own != *g) {
            *bad = da__api_poison(*g, DA_ERR_ARGUMENT, "da_%s: the arrays belong to two contexts",
                                  what);
            return false;
        }
        *g = own;
    }
    return *g != NULL;
}

bool da__api_array_for(const char *entry, da_array *x, struct da__graph **g, da_array **bad)
{
    static const char prefix[] = "da_";
    size_t n = strncmp(entry, prefix, sizeof prefix - 1) == 0 ? sizeof prefix - 1 : 0;
    if (!any_array(x, g, bad))
        return false;
    if (!x->unsized || entry[0] == '\0' || da__takes_unsized(entry + n))
        return true;
    *bad = da__api_poison(*g, DA_ERR_STATE,
                          "%s: the size of its input is known only once it is computed: compute it "
                          "first",
                          entry);
    return false;
}

/* ---- operands ---- */

static bool scalar_of(const da_operand *x, struct da__scalar *out)
{
    static const enum da__scalar_kind kinds[] = {
        [DA_OPERAND_BOOL] = DA__SCALAR_BOOL,
        [DA_OPERAND_INT] = DA__SCALAR_INT,
        [DA_OPERAND_REAL] = DA__SCALAR_FLOAT,
        [DA_OPERAND_COMPLEX] = DA__SCALAR_COMPLEX,
    };
    if (x->kind < DA_OPERAND_BOOL || x->kind > DA_OPERAND_COMPLEX)
        return false;
    bool whole = x->kind == DA_OPERAND_BOOL || x->kind == DA_OPERAND_INT;
    out->kind = kinds[x->kind];
    out->i = x->kind == DA_OPERAND_BOOL ? x->i != 0 : x->i;
    out->re = whole ? (double)out->i : x->re;
    out->im = x->kind == DA_OPERAND_COMPLEX ? x->im : 0;
    return true;
}

static da_array *not_a_scalar(struct da__graph *g, const char *what, const da_operand *x)
{
    if (x->kind == DA_OPERAND_TOO_LARGE)
        return da__api_poison(g, DA_ERR_DTYPE, "da_%s: the scalar %llu is beyond int64", what,
                              (unsigned long long)x->i);
    if (x->kind == DA_OPERAND_ARRAY)
        return da__api_poison(g, DA_ERR_ARGUMENT, "da_%s: takes scalars here, not arrays", what);
    return da__api_poison(g, DA_ERR_ARGUMENT, "da_%s: %d is no kind of operand", what, x->kind);
}

/* The graph of the first array; every array must be there and have one. */
static bool find_graph(int n, const da_operand *x, struct da__graph **g, da_array **bad)
{
    *g = NULL;
    for (int k = 0; k < n; k++) {
        struct da__graph *own;
        if (x[k].kind != DA_OPERAND_ARRAY)
            continue;
        if (!any_array(x[k].array, &own, bad))
            return false;
        if (*g == NULL)
            *g = own;
    }
    if (*g == NULL)
        *bad = da__loose_poison(DA__LOOSE_NO_ARRAY);
    return *g != NULL;
}

bool da__api_operands(const char *what, int n, const da_operand *x, struct da__operand *out,
                      struct da__graph **g, da_array **bad)
{
    if (!find_graph(n, x, g, bad))
        return false;
    for (int k = 0; k < n; k++) {
        out[k].array = x[k].kind == DA_OPERAND_ARRAY ? x[k].array : NULL;
        if (out[k].array == NULL && !scalar_of(&x[k], &out[k].scalar)) {
            *bad = not_a_scalar(*g, what, &x[k]);
            return false;
        }
        if (out[k].array != NULL && out[k].array->graph != *g) {
            *bad = da__api_poison(*g, DA_ERR_ARGUMENT, "da_%s: the operands belong to two contexts",
                                  what);
            return false;
        }
    }
    return true;
}

bool da__api_scalar(struct da__graph *g, const char *what, const da_operand *x,
                    struct da__scalar *out, da_array **bad)
{
    if (scalar_of(x, out))
        return true;
    *bad = not_a_scalar(g, what, x);
    return false;
}

/* ---- axes, shapes, distributions ---- */

bool da__api_axes(struct da__graph *g, const char *what, da_axes axes, int64_t *out, da_array **bad)
{
    if (axes.n > DA_MAX_NDIM || (axes.n > 0 && axes.axis == NULL)) {
        *bad =
            da__api_poison(g, DA_ERR_ARGUMENT,
                           "da_%s: %d axes, at most %d can be named, and a list must not be NULL",
                           what, axes.n, DA_MAX_NDIM);
        return false;
    }
    for (int k = 0; k < axes.n; k++)
        out[k] = axes.axis[k];
    return true;
}

bool da__api_extents(struct da__graph *g, const char *what, da_extents shape, da_array **bad)
{
    if (shape.n >= 0 && shape.n <= DA_MAX_NDIM && (shape.n == 0 || shape.extent != NULL))
        return true;
    *bad = da__api_poison(g, DA_ERR_ARGUMENT,
                          "da_%s: a shape of %d dimensions, which must be 0 to %d and not NULL",
                          what, shape.n, DA_MAX_NDIM);
    return false;
}

bool da__api_spec(struct da__graph *g, const char *what, const da_distribution *dist,
                  struct da__spec *own, const struct da__dist_spec **spec, da_array **bad)
{
    struct da__error err = {.engine = -1};
    if (da__spec_make(dist, own, spec, &err) == DA_OK)
        return true;
    da__spec_free(own);
    da__error_prefix(&err, "da_%s", what);
    *bad = da__make_poison(g, &err);
    return false;
}
