/* Inference with stand-ins: the call is made with arrays of supposed sizes in place of the unsized ones. What comes out the same
 * whatever the supposed sizes are is known, an extent that follows them is not. */
#include "infer.h"

#include "node.h"

#include <string.h>

/* Slices end early in short arrays, indices lie inside of long ones only, and 1 broadcasts. */
enum supposed { ZERO, ONE, TWO, LARGE, LARGER, NSUPPOSED };
struct trial {
    struct da__graph *g;
    const struct da__callable *call;
    const struct da__arg *arg;
    enum supposed usual, other; /* extents of unsized arrays … */
    const da_array *differs;    /* … of this one other than usual … */
    bool all_differ;            /* … or of all */
};

static int log2_above(int64_t n)
{
    int bits = 0;
    while (bits < 62 && ((int64_t)1 << bits) < n)
        bits++;
    return bits;
}

/* So large that no index lies outside, and small enough that the array's elements can still be counted. */
static int64_t supposed_extent(const da_array *x, enum supposed supposed)
{
    if (supposed < LARGE)
        return (int64_t)supposed;
    int unsized = 0, bits = 0;
    for (int k = 0; k < x->ndim; k++) {
        unsized += x->shape[k] == DA__UNSIZED;
        bits += x->shape[k] > 1 ? log2_above(x->shape[k]) : 0;
    }
    int left = (59 - bits) / unsized;
    return (int64_t)(supposed == LARGER ? 2 : 1) << (left > 40 ? 40 : left < 1 ? 1 : left);
}

static da_array *stand_in(const struct trial *t, da_array *x, struct da__error *err)
{
    if (!x->unsized)
        return x;
    int64_t shape[DA_MAX_NDIM];
    bool other = t->all_differ || t->differs == x;
    int64_t extent = supposed_extent(x, other ? t->other : t->usual);
    for (int k = 0; k < x->ndim; k++)
        shape[k] = x->shape[k] == DA__UNSIZED ? extent : x->shape[k];
    const struct da__dist *d = da__default_dist(t->g, x->ndim, shape, err);
    return d != NULL ? da__make_leaf(t->g, 0, x->dtype, x->ndim, shape, d)
                     : da__node_no_memory(t->g);
}

/* The arguments with stand-ins, in `arg` and `array`. */
static bool substitute(const struct trial *t, struct da__arg *arg, da_array **array,
                       struct da__error *err)
{
    for (int k = 0; k < t->call->nparams; k++) {
        arg[k] = t->arg[k];
        if (arg[k].operand.array != NULL) {
            arg[k].operand.array = stand_in(t, arg[k].operand.array, err);
            if (arg[k].operand.array->kind == DA__NODE_POISON)
                return false;
        }
        if (arg[k].narrays == 0)
            continue;
        arg[k].arrays = array;
        for (int64_t i = 0; i < arg[k].narrays; i++, array++) {
            *array = stand_in(t, t->arg[k].arrays[i], err);
            if ((*array)->kind == DA__NODE_POISON)
                return false;
        }
    }
    return true;
}

static da_status read_result(const da_array *a, struct da__inferred *out, struct da__error *err)
{
    const struct da__error *e = da__node_error(a);
    if (e != NULL)
        return da__fail(err, e->status, "%s", e->text);
    out->dtype = a->dtype;
    out->ndim = a->ndim;
    memcpy(out->shape, a->shape, (size_t)a->ndim * sizeof *a->shape);
    out->dist = a->dist != NULL ? da__dist_keep(a->dist) : NULL;
    return DA_OK;
}

static da_status try_call(const struct trial *t, struct da__inferred *out, struct da__error *err)
{
    size_t narrays = 0, nparams = (size_t)t->call->nparams;
    for (size_t k = 0; k < nparams; k++)
        narrays += (size_t)t->arg[k].narrays;
    struct da__arg *arg = da__calloc(nparams + 1, sizeof *arg);
    da_array **array = da__calloc(narrays + 1, sizeof(da_array *));
    da_status status = DA_ERR_MEMORY;
    *out = (struct da__inferred){0};
    if (arg != NULL && array != NULL && da__scope_push(t->g) == DA_OK) {
        if (substitute(t, arg, array, err))
            status = read_result(t->call->build(t->g, t->call, arg), out, err);
        da__scope_pop(t->g);
    }
    da__free(array);
    da__free(arg);
    return status;
}

/* Extents that another supposed size changes are unsized. A size under which the call is none says nothing. */
static da_status compare(const struct trial *t, struct da__inferred *out)
{
    struct da__inferred other;
    struct da__error ignored = {.engine = -1};
    da_status status = try_call(t, &other, &ignored);
    for (int k = 0; status == DA_OK && k < out->ndim; k++)
        if (other.shape[k] != out->shape[k])
            out->shape[k] = DA__UNSIZED;
    da__dist_drop(status == DA_OK ? other.dist : NULL);
    return status == DA_ERR_MEMORY ? status : DA_OK;
}

/* Each unsized array in turn has another extent than usual. */
static da_status vary_each(struct trial *t, struct da__inferred *out)
{
    for (int k = 0; k < t->call->nparams; k++) {
        const struct da__arg *a = &t->arg[k];
        t->differs = a->operand.array;
        if (t->differs != NULL && t->differs->unsized)
            DA_TRY(compare(t, out));
        for (int64_t i = 0; i < a->narrays; i++) {
            t->differs = a->arrays[i];
            if (t->differs->unsized)
                DA_TRY(compare(t, out));
        }
    }
    t->differs = NULL;
    return DA_OK;
}

static da_status vary(struct trial *t, struct da__inferred *out)
{
    for (t->other = ZERO; t->other < NSUPPOSED; t->other++) {
        if (t->other == t->usual)
            continue;
        t->all_differ = true;
        DA_TRY(compare(t, out));
        t->all_differ = false;
        DA_TRY(vary_each(t, out));
    }
    return DA_OK;
}

/* Calls whose result has its first argument's shape, and that may be none under a supposed size: a distribution's bounds, or values
 * for as many elements. */
static bool keeps_shape(const struct da__callable *c)
{
    return strcmp(c->name, "redistribute") == 0 || strcmp(c->name, "put") == 0 ||
           strcmp(c->name, "set_where") == 0 || strcmp(c->name, "set_slice") == 0;
}

/* Calls that fail under most sizes: arrays that must agree, shapes of just as many elements. */
static const struct {
    const char *name;
    da_status (*tell)(struct da__graph *g, const struct da__callable *c, const struct da__arg *arg,
                      struct da__inferred *out, struct da__error *err);
} told[] = {
    {"concat", da__tell_concat},        {"stack", da__tell_stack}, {"reshape", da__tell_reshape},
    {"repeat", da__tell_repeat},        {"get", da__tell_get},     {"extract", da__tell_extract},
    {"distribute_as", da__tell_reshape}};

da_status da__settle_dist(struct da__graph *g, struct da__inferred *out, struct da__error *err)
{
    bool unsized = false;
    for (int k = 0; k < out->ndim; k++)
        unsized |= out->shape[k] == DA__UNSIZED;
    if (unsized) {
        da__dist_drop(out->dist);
        out->dist = NULL;
    } else if (da__nelem(out->ndim, out->shape) < 0) {
        return da__fail(err, DA_ERR_SHAPE, "the result has more than 2^63 elements");
    } else if (out->dist == NULL) {
        return da__spec_dist(g, out->ndim, out->shape, NULL, &out->dist, err);
    }
    return DA_OK;
}

da_status da__infer_by_trial(struct da__graph *g, const struct da__callable *c,
                             const struct da__arg *arg, struct da__inferred *out,
                             struct da__error *err)
{
    struct trial t = {.g = g, .call = c, .arg = arg, .usual = LARGE};
    struct da__error first = {.engine = -1};
    da_status status = try_call(&t, out, &first);
    if (status != DA_OK) { /* what broadcasts does so from 1, whatever it meets */
        struct da__error second = {.engine = -1};
        t.usual = ONE;
        status = try_call(&t, out, &second);
        if (status != DA_OK)
            return second.status != DA_OK ? da__fail(err, status, "%s", second.text) : status;
    }
    return vary(&t, out);
}

da_status da__infer(struct da__graph *g, const struct da__callable *c, const struct da__arg *arg,
                    struct da__inferred *out, struct da__error *err)
{
    *out = (struct da__inferred){0};
    if (keeps_shape(c)) {
        DA_TRY(read_result(arg[0].operand.array, out, err));
        return da__settle_dist(g, out, err);
    }
    da_status (*tell)(struct da__graph *, const struct da__callable *, const struct da__arg *,
                      struct da__inferred *, struct da__error *) = da__infer_by_trial;
    for (size_t k = 0; k < sizeof told / sizeof *told; k++)
        if (strcmp(told[k].name, c->name) == 0)
            tell = told[k].tell;
    da_status status = tell(g, c, arg, out, err);
    if (status == DA_OK)
        status = da__settle_dist(g, out, err);
    if (status != DA_OK) {
        da__dist_drop(out->dist);
        out->dist = NULL;
    }
    return status;
}
