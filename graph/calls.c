/* From bound arguments to the builders: what each callable of the table does with its parameters.
 */
#include "calls.h"

#include <string.h>

static da_array *fail(struct da__graph *g, const struct da__callable *c, da_status status,
                      const char *what)
{
    struct da__error err = {.engine = -1};
    da__fail(&err, status, "da_%s: %s", c->name, what);
    return da__make_poison(g, &err);
}

static da_dtype dtype_or(const struct da__arg *arg, da_dtype otherwise)
{
    return da__arg_given(arg) ? arg->dtype : otherwise;
}

static struct da__scalar int_scalar(int64_t i)
{
    return (struct da__scalar){.kind = DA__SCALAR_INT, .i = i, .re = (double)i};
}

/* False and true are 0 and 1 in every dtype, bool too. */
static struct da__scalar bool_scalar(bool b)
{
    return (struct da__scalar){.kind = DA__SCALAR_BOOL, .i = b, .re = b};
}

static int64_t int_or(const struct da__arg *arg, int64_t otherwise)
{
    return da__arg_given(arg) ? arg->operand.scalar.i : otherwise;
}

static da_array *too_many(struct da__graph *g, const struct da__callable *c, const char *param,
                          int64_t n)
{
    struct da__error err = {.engine = -1};
    da__fail(&err, DA_ERR_SHAPE, "da_%s: %s has %lld entries, at most %d are possible", c->name,
             param, (long long)n, DA_MAX_NDIM);
    return da__make_poison(g, &err);
}

/* ---- rows of ops.def ---- */

da_array *da__arg_array(struct da__graph *g, const struct da__arg *arg)
{
    if (arg->operand.array != NULL)
        return arg->operand.array;
    return da__make_full(g, 0, NULL, arg->operand.scalar, DA_DTYPE_DEFAULT, NULL);
}

da_array *da__call_elementwise(struct da__graph *g, const struct da__callable *c,
                               const struct da__arg *arg)
{
    struct da__operand in[3];
    for (int k = 0; k < c->nparams; k++)
        in[k] = arg[k].operand;
    return da__make_elementwise(g, (enum da__op_id)c->op, c->nparams, in);
}

/* With one bound left out it is the other one's minimum or maximum. */
da_array *da__call_clip(struct da__graph *g, const struct da__callable *c,
                        const struct da__arg *arg)
{
    if (!da__arg_given(&arg[1]) && !da__arg_given(&arg[2]))
        return fail(g, c, DA_ERR_ARGUMENT, "min or max must be given");
    struct da__operand in[3] = {arg[0].operand, arg[1].operand, arg[2].operand};
    if (!da__arg_given(&arg[2]))
        return da__make_elementwise(g, DA__OP_MAXIMUM, 2, in);
    if (da__arg_given(&arg[1]))
        return da__make_elementwise(g, DA__OP_CLIP, 3, in);
    in[1] = in[2];
    return da__make_elementwise(g, DA__OP_MINIMUM, 2, in);
}

da_array *da__call_astype(struct da__graph *g, const struct da__callable *c,
                          const struct da__arg *arg)
{
    (void)c;
    return da__make_astype(g, da__arg_array(g, &arg[0]), arg[1].dtype);
}

static const struct da__arg *find_arg(const struct da__callable *c, const struct da__arg *arg,
                                      const char *name)
{
    for (int k = 0; k < c->nparams; k++)
        if (strcmp(c->param[k].name, name) == 0 && da__arg_given(&arg[k]))
            return &arg[k];
    return NULL;
}

da_array *da__call_reduce(struct da__graph *g, const struct da__callable *c,
                          const struct da__arg *arg)
{
    const struct da__arg *axis = find_arg(c, arg, "axis"), *dtype = find_arg(c, arg, "dtype");
    const struct da__arg *keepdims = find_arg(c, arg, "keepdims"),
                         *correction = find_arg(c, arg, "correction");
    if (correction != NULL && correction->operand.scalar.kind == DA__SCALAR_COMPLEX)
        return fail(g, c, DA_ERR_ARGUMENT, "correction must be a real number");
    if (axis != NULL && axis->nints > DA_MAX_NDIM)
        return too_many(g, c, "axis", axis->nints);
    return da__make_reduce(g, (enum da__red_id)c->op, da__arg_array(g, &arg[0]),
                           axis != NULL ? (int)axis->nints : -1, axis != NULL ? axis->ints : NULL,
                           keepdims != NULL && keepdims->flag,
                           correction != NULL ? correction->operand.scalar.re : 0,
                           dtype != NULL ? dtype->dtype : DA_DTYPE_DEFAULT);
}

/* ---- new arrays ---- */

da_array *da__call_array(struct da__graph *g, const struct da__callable *c,
                         const struct da__arg *arg)
{
    struct da__error err = {.engine = -1};
    struct da__arena arena = {0};
    struct da__literal literal;
    da_array *a;
    if (da__literal_read(arg[0].data, dtype_or(&arg[1], DA_DTYPE_DEFAULT), &arena, &literal,
                         &err) != DA_OK) {
        da__error_prefix(&err, "da_%s", c->name);
        a = da__make_poison(g, &err);
    } else if (literal.ndim > 0 || da__graph_can_import(g)) {
        a = da__graph_import(g, literal.data, literal.dtype, literal.ndim, literal.shape,
                             arg[2].dist);
    } else {
        struct da__scalar s;
        da__scalar_load(literal.data, literal.dtype, &s);
        a = da__make_full(g, 0, NULL, s, literal.dtype, arg[2].dist);
    }
    da__arena_free(&arena);
    return a;
}

da_array *da__call_arange(struct da__graph *g, const struct da__callable *c,
                          const struct da__arg *arg)
{
    (void)c;
    struct da__scalar start = arg[0].operand.scalar, stop = arg[1].operand.scalar;
    struct da__scalar step = da__arg_given(&arg[2]) ? arg[2].operand.scalar : int_scalar(1);
    if (!da__arg_given(&arg[1])) {
        stop = start;
        start = int_scalar(0);
    }
    return da__make_arange(g, start, stop, step, dtype_or(&arg[3], DA_DTYPE_DEFAULT), arg[4].dist);
}

da_array *da__call_linspace(struct da__graph *g, const struct da__callable *c,
                            const struct da__arg *arg)
{
    if (arg[0].operand.scalar.kind == DA__SCALAR_COMPLEX ||
        arg[1].operand.scalar.kind == DA__SCALAR_COMPLEX)
        return fail(g, c, DA_ERR_DTYPE, "start and stop must be real numbers");
    return da__make_linspace(g, arg[0].operand.scalar.re, arg[1].operand.scalar.re,
                             arg[2].operand.scalar.i, da__arg_given(&arg[4]) ? arg[4].flag : true,
                             dtype_or(&arg[3], DA_DTYPE_DEFAULT), arg[5].dist);
}

static da_array *filled(struct da__graph *g, const struct da__callable *c,
                        const struct da__arg *shape, struct da__scalar value, da_dtype dtype,
                        const struct da__dist_spec *dist)
{
    if (shape->nints > DA_MAX_NDIM)
        return too_many(g, c, "shape", shape->nints);
    return da__make_full(g, (int)shape->nints, shape->ints, value, dtype, dist);
}

da_array *da__call_zeros(struct da__graph *g, const struct da__callable *c,
                         const struct da__arg *arg)
{
    return filled(g, c, &arg[0], bool_scalar(false), dtype_or(&arg[1], DA_FLOAT64), arg[2].dist);
}

da_array *da__call_ones(struct da__graph *g, const struct da__callable *c,
                        const struct da__arg *arg)
{
    return filled(g, c, &arg[0], bool_scalar(true), dtype_or(&arg[1], DA_FLOAT64), arg[2].dist);
}

/* The value goes through a literal, so that every element of every dtype can be said. */
da_array *da__call_full(struct da__graph *g, const struct da__callable *c,
                        const struct da__arg *arg)
{
    struct da__error err = {.engine = -1};
    struct da__arena arena = {0};
    struct da__literal value;
    da_array *a;
    if (da__literal_read(arg[1].data, dtype_or(&arg[2], DA_DTYPE_DEFAULT), &arena, &value, &err) !=
        DA_OK) {
        da__error_prefix(&err, "da_%s: fill_value", c->name);
        a = da__make_poison(g, &err);
    } else if (value.ndim > 0) {
        a = fail(g, c, DA_ERR_ARGUMENT, "fill_value is a list, not a number");
    } else {
        a = filled(g, c, &arg[0], (struct da__scalar){.kind = DA__SCALAR_BOOL}, value.dtype,
                   arg[3].dist);
        if (a->kind == DA__NODE_CONSTANT)
            memcpy(a->u.constant, value.data, da__dtype_nbytes(value.dtype));
    }
    da__arena_free(&arena);
    return a;
}

da_array *da__call_eye(struct da__graph *g, const struct da__callable *c, const struct da__arg *arg)
{
    (void)c;
    int64_t nrows = arg[0].operand.scalar.i;
    return da__make_eye(g, nrows, int_or(&arg[1], nrows), int_or(&arg[2], 0),
                        dtype_or(&arg[3], DA_DTYPE_DEFAULT), arg[4].dist);
}

da_array *da__call_index(struct da__graph *g, const struct da__callable *c,
                         const struct da__arg *arg)
{
    if (arg[1].nints > DA_MAX_NDIM)
        return too_many(g, c, "shape", arg[1].nints);
    int axis;
    struct da__error err = {.engine = -1};
    if (da__axis(arg[0].operand.scalar.i, (int)arg[1].nints, "da_index", &axis, &err) != DA_OK)
        return da__make_poison(g, &err);
    return da__make_index(g, axis, (int)arg[1].nints, arg[1].ints, arg[2].dist);
}

/* An index expression of any length: commas bound the number of items. */
da_status da__items_parse(const char *text, struct da__index_item **item, int *nitems,
                          struct da__error *err)
{
    int cap = 1;
    for (const char *s = text; *s != '\0'; s++)
        cap += *s == ',';
    *item = da__calloc((size_t)cap, sizeof **item);
    if (*item == NULL)
        return da__fail(err, DA_ERR_MEMORY, "out of memory for an index");
    return da__index_parse(text, cap, *item, nitems, err);
}

static da_array *index_error(struct da__graph *g, const struct da__callable *c,
                             struct da__error *err)
{
    da__error_prefix(err, "da_%s: index", c->name);
    return da__make_poison(g, err);
}

da_array *da__call_slice(struct da__graph *g, const struct da__callable *c,
                         const struct da__arg *arg)
{
    struct da__error err = {.engine = -1};
    struct da__index_item *item = NULL;
    int nitems = 0;
    da_array *a;
    if (da__items_parse(arg[1].text, &item, &nitems, &err) != DA_OK)
        a = index_error(g, c, &err);
    else
        a = da__make_index_basic(g, da__arg_array(g, &arg[0]), nitems, item);
    da__free(item);
    return a;
}

/* "air.h5:/t2m" names the dataset too, where there is no parameter for it. */
static da_status split_file(const struct da__arg *file, const struct da__arg *dataset, char **path,
                            char **name, struct da__error *err)
{
    *path = *name = NULL;
    if (!da__arg_given(dataset))
        return da__file_split(file->text, path, name, err);
    *path = da__strdup(file->text);
    *name = da__strdup(dataset->text);
    return *path != NULL && *name != NULL
               ? DA_OK
               : da__fail(err, DA_ERR_MEMORY, "out of memory for a file name");
}

da_array *da__call_load(struct da__graph *g, const struct da__callable *c,
                        const struct da__arg *arg)
{
    struct da__error err = {.engine = -1};
    struct da__index_item *item = NULL;
    char *path = NULL, *dataset = NULL;
    int nitems = -1;
    da_array *a;
    if (split_file(&arg[0], &arg[1], &path, &dataset, &err) != DA_OK)
        a = da__make_poison(g, &err);
    else if (da__arg_given(&arg[3]) && da__items_parse(arg[3].text, &item, &nitems, &err) != DA_OK)
        a = index_error(g, c, &err);
    else
        a = da__make_load(g, path, dataset, da__arg_given(&arg[2]) ? arg[2].text : NULL, nitems,
                          item, dtype_or(&arg[4], DA_DTYPE_DEFAULT), arg[5].dist);
    da__free(item);
    da__free(path);
    da__free(dataset);
    return a;
}

da_array *da__call_save(struct da__graph *g, const struct da__callable *c,
                        const struct da__arg *arg)
{
    (void)c;
    struct da__error err = {.engine = -1};
    char *path = NULL, *dataset = NULL;
    da_array *a;
    if (split_file(&arg[1], &arg[2], &path, &dataset, &err) != DA_OK)
        a = da__make_poison(g, &err);
    else
        a = da__make_save(g, da__arg_array(g, &arg[0]), path, dataset);
    da__free(path);
    da__free(dataset);
    return a;
}

/* ---- views ---- */

da_array *da__call_permute(struct da__graph *g, const struct da__callable *c,
                           const struct da__arg *arg)
{
    da_array *x = da__arg_array(g, &arg[0]);
    if (!da__arg_given(&arg[1]))
        return da__make_permute(g, x, 0, NULL);
    if (arg[1].nints > DA_MAX_NDIM)
        return too_many(g, c, "axes", arg[1].nints);
    if (arg[1].nints == 0 && x->ndim > 0)
        return fail(g, c, DA_ERR_ARGUMENT, "axes is empty");
    return da__make_permute(g, x, (int)arg[1].nints, arg[1].ints);
}

da_array *da__call_matrix_transpose(struct da__graph *g, const struct da__callable *c,
                                    const struct da__arg *arg)
{
    (void)c;
    return da__make_matrix_transpose(g, da__arg_array(g, &arg[0]));
}

da_array *da__call_moveaxis(struct da__graph *g, const struct da__callable *c,
                            const struct da__arg *arg)
{
    if (arg[1].nints != arg[2].nints)
        return fail(g, c, DA_ERR_ARGUMENT, "source and destination have different lengths");
    if (arg[1].nints > DA_MAX_NDIM)
        return too_many(g, c, "source", arg[1].nints);
    return da__make_moveaxis(g, da__arg_array(g, &arg[0]), (int)arg[1].nints, arg[1].ints,
                             arg[2].ints);
}

da_array *da__call_expand_dims(struct da__graph *g, const struct da__callable *c,
                               const struct da__arg *arg)
{
    (void)c;
    return da__make_expand_dims(g, da__arg_array(g, &arg[0]), arg[1].operand.scalar.i);
}

da_array *da__call_squeeze(struct da__graph *g, const struct da__callable *c,
                           const struct da__arg *arg)
{
    if (arg[1].nints > DA_MAX_NDIM)
        return too_many(g, c, "axis", arg[1].nints);
    return da__make_squeeze(g, da__arg_array(g, &arg[0]), (int)arg[1].nints, arg[1].ints);
}

da_array *da__call_flip(struct da__graph *g, const struct da__callable *c,
                        const struct da__arg *arg)
{
    if (arg[1].nints > DA_MAX_NDIM)
        return too_many(g, c, "axis", arg[1].nints);
    return da__make_flip(g, da__arg_array(g, &arg[0]),
                         da__arg_given(&arg[1]) ? (int)arg[1].nints : -1, arg[1].ints);
}

da_array *da__call_broadcast_to(struct da__graph *g, const struct da__callable *c,
                                const struct da__arg *arg)
{
    if (arg[1].nints > DA_MAX_NDIM)
        return too_many(g, c, "shape", arg[1].nints);
    return da__make_broadcast_to(g, da__arg_array(g, &arg[0]), (int)arg[1].nints, arg[1].ints);
}

da_array *da__call_reshape(struct da__graph *g, const struct da__callable *c,
                           const struct da__arg *arg)
{
    if (arg[1].nints > DA_MAX_NDIM)
        return too_many(g, c, "shape", arg[1].nints);
    return da__make_reshape(g, da__arg_array(g, &arg[0]), (int)arg[1].nints, arg[1].ints,
                            da__arg_given(&arg[2]) ? arg[2].dist : NULL);
}

da_array *da__call_tile(struct da__graph *g, const struct da__callable *c,
                        const struct da__arg *arg)
{
    if (arg[1].nints > DA_MAX_NDIM)
        return too_many(g, c, "repetitions", arg[1].nints);
    return da__make_tile(g, da__arg_array(g, &arg[0]), (int)arg[1].nints, arg[1].ints);
}

da_array *da__call_repeat(struct da__graph *g, const struct da__callable *c,
                          const struct da__arg *arg)
{
    const int64_t *axis = da__arg_given(&arg[2]) ? &arg[2].operand.scalar.i : NULL;
    if (arg[1].operand.array != NULL)
        return da__make_repeat_each(g, da__arg_array(g, &arg[0]), arg[1].operand.array, axis);
    if (arg[1].operand.scalar.kind > DA__SCALAR_INT)
        return fail(g, c, DA_ERR_ARGUMENT, "repeats must be an integer or an array of integers");
    return da__make_repeat(g, da__arg_array(g, &arg[0]), arg[1].operand.scalar.i, axis);
}

da_array *da__call_redistribute(struct da__graph *g, const struct da__callable *c,
                                const struct da__arg *arg)
{
    (void)c;
    return da__make_redistribute(g, da__arg_array(g, &arg[0]), arg[1].dist);
}

da_array *da__call_rebalance(struct da__graph *g, const struct da__callable *c,
                             const struct da__arg *arg)
{
    (void)c;
    return da__make_rebalance(g, da__arg_array(g, &arg[0]));
}

da_array *da__call_distribute_as(struct da__graph *g, const struct da__callable *c,
                                 const struct da__arg *arg)
{
    if (arg[1].nints > DA_MAX_NDIM)
        return too_many(g, c, "shape", arg[1].nints);
    return da__make_distribute_as(g, da__arg_array(g, &arg[0]), (int)arg[1].nints, arg[1].ints,
                                  da__arg_given(&arg[2]) ? arg[2].dist : NULL);
}

da_array *da__call_view(struct da__graph *g, const struct da__callable *c,
                        const struct da__arg *arg)
{
    da_array *x = da__arg_array(g, &arg[0]);
    struct da__error err = {.engine = -1};
    struct da__view v;
    if (da__node_error(x) != NULL)
        return x;
    const struct da__view_lists lists = {arg[1].nints, arg[2].nints, arg[3].nints, arg[4].nints,
                                         arg[5].nints, arg[6].nints, arg[1].ints,  arg[2].ints,
                                         arg[3].ints,  arg[4].ints,  arg[5].ints,  arg[6].ints};
    if (da__view_read(x->ndim, x->shape, &lists, &v, &err) != DA_OK) {
        da__error_prefix(&err, "da_%s", c->name);
        return da__make_poison(g, &err);
    }
    return da__make_view(g, x, &v, v.ndim, arg[1].ints);
}

/* ---- along an axis ---- */

/* Sorting is stable whether or not that is asked for. */
da_array *da__call_sort(struct da__graph *g, const struct da__callable *c,
                        const struct da__arg *arg)
{
    return da__make_sort(g, da__arg_array(g, &arg[0]), int_or(&arg[1], -1), arg[2].flag,
                         strcmp(c->name, "argsort") == 0);
}

bool da__call_reproducible(struct da__graph *g, const struct da__arg *arg)
{
    bool before = da__graph_reproducible(g);
    da__graph_set_reproducible(g, before || (arg != NULL && da__arg_given(arg) && arg->flag));
    return before;
}

da_array *da__call_cumulative(struct da__graph *g, const struct da__callable *c,
                              const struct da__arg *arg)
{
    int64_t axis = int_or(&arg[1], 0);
    bool product = strcmp(c->name, "cumulative_prod") == 0;
    bool before = da__call_reproducible(g, product ? NULL : &arg[4]);
    da_array *a = da__make_scan(g, da__arg_array(g, &arg[0]), da__arg_given(&arg[1]) ? &axis : NULL,
                                product, dtype_or(&arg[2], DA_DTYPE_DEFAULT), arg[3].flag);
    da__graph_set_reproducible(g, before);
    return a;
}
