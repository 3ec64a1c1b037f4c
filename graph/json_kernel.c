/* Kernel nodes of a program's dump become nodes again: each instruction of the body is one
 * operation over the kernel's space. The body says all casts, so inference gives the same dtypes.
 */
#include "json_load.h"

#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "node.h"

#define COUNT(list) ((int)(sizeof(list) / sizeof *(list)))

struct kernel {
    struct da__loader *l;
    int64_t item;
    int ndim;
    int64_t space[DA_MAX_NDIM];
    int64_t ninputs, nparams, ninsns; /* those that exist so far */
    da_array **input, **param, **insn;
    da_array *index[DA_MAX_NDIM]; /* made when first read */
    struct da__dist_spec spec;
    const struct da__dist *dist; /* that of the space, counted; NULL: left to inference */
};

/* The list under `key`, empty where there is none. */
static da_status find_list(const struct kernel *k, const char *key, json_t **out)
{
    *out = json_object_get(k->l->item[k->item].object, key);
    if (*out == NULL || json_is_array(*out))
        return DA_OK;
    return da__item_fail(k->l, k->item, &(struct da__place){.key = key}, DA_ERR_FORMAT,
                         "a list is wanted, not %s", da__json_what(*out));
}

static da_status new_list(const struct kernel *k, const json_t *list, da_array ***out)
{
    *out = da__arena_alloc(&k->l->arena, (json_array_size(list) + 1) * sizeof **out);
    return *out != NULL ? DA_OK : da__json_no_memory(k->l);
}

/* An array in the kernel's space. */
static da_array *in_space(const struct kernel *k, da_array *a)
{
    bool same = a->ndim == k->ndim;
    for (int i = 0; same && i < k->ndim; i++)
        same = a->shape[i] == k->space[i];
    return same ? a : da__make_broadcast_to(k->l->g, a, k->ndim, k->space);
}

/* An input under the kernel's distribution, so that all its operations inherit that. */
static da_array *under_dist(const struct kernel *k, da_array *a)
{
    if (k->dist == NULL || a->dist == NULL || da__node_error(a) != NULL ||
        da__dist_equal(a->dist, k->dist))
        return a;
    return da__make_redistribute_to(k->l->g, a, k->dist);
}

static da_status read_dist(struct kernel *k)
{
    struct da__place place = {.key = "dist"};
    struct da__error err = {.engine = -1};
    bool derived;
    json_t *j = json_object_get(k->l->item[k->item].object, "dist");
    if (j == NULL)
        return DA_OK;
    DA_TRY(da__json_dist_read(k->l, k->item, &place, j, &k->spec, &derived));
    if (da__dist_make(k->ndim, k->space, &k->spec, da__graph_nengines(k->l->g), &k->dist, &err) !=
        DA_OK)
        return da__item_fail(k->l, k->item, &place, err.status, "%s", err.text);
    return DA_OK;
}

/* ---- inputs and parameters ---- */

static da_status read_inputs(struct kernel *k)
{
    json_t *in, *value;
    size_t i;
    int64_t child = k->l->item[k->item].first_child;
    DA_TRY(find_list(k, "in", &in));
    DA_TRY(new_list(k, in, &k->input));
    json_array_foreach(in, i, value)
    {
        struct da__place list = {.key = "in"}, at = {.up = &list, .index = (int64_t)i};
        struct da__raw raw;
        DA_TRY(da__item_input(k->l, k->item, i, value, &child, &raw));
        if (raw.kind != DA__RAW_ARRAY)
            return da__item_fail(k->l, k->item, &at, DA_ERR_FORMAT,
                                 "a kernel's input is an id or a view, not %s", da__raw_what(&raw));
        k->input[i] = under_dist(k, in_space(k, raw.u.array));
        DA_TRY(da__item_built(k->l, k->item, &at, k->input[i]));
        k->ninputs++;
    }
    return DA_OK;
}

static da_status read_dtype(const struct kernel *k, const struct da__place *place,
                            const json_t *object, da_dtype *out)
{
    const char *name = json_string_value(json_object_get(object, "dtype"));
    if (name == NULL || !da__dtype_find(name, out))
        return da__item_fail(k->l, k->item, place, DA_ERR_FORMAT,
                             "\"dtype\" is missing or unknown");
    return DA_OK;
}

static da_status read_param(struct kernel *k, const struct da__place *place, json_t *object)
{
    static const char *const known[] = {"value", "dtype"};
    struct da__error err = {.engine = -1};
    struct da__scalar zero = {.kind = DA__SCALAR_BOOL};
    struct da__literal literal;
    struct da__raw raw;
    da_dtype dtype;
    DA_TRY(da__json_keys(k->l, k->item, place, object, COUNT(known), known));
    DA_TRY(read_dtype(k, place, object, &dtype));
    const json_t *value = json_object_get(object, "value");
    if (value == NULL)
        return da__item_fail(k->l, k->item, place, DA_ERR_FORMAT, "\"value\" is missing");
    DA_TRY(da__json_raw(k->l, k->item, place, value, &raw));
    if (da__literal_read(&raw, dtype, &k->l->arena, &literal, &err) != DA_OK)
        return da__item_fail(k->l, k->item, place, err.status, "%s", err.text);
    if (literal.ndim > 0)
        return da__item_fail(k->l, k->item, place, DA_ERR_FORMAT, "a parameter is one number");
    da_array *a = da__make_scalar(k->l->g, &zero, dtype, "kernel");
    DA_TRY(da__item_built(k->l, k->item, place, a));
    memcpy(a->u.constant, literal.data, da__dtype_nbytes(dtype));
    k->param[k->nparams++] = a;
    return DA_OK;
}

/* Calls back for each object of a list. */
static da_status each_object(struct kernel *k, const char *key, da_array ***room,
                             da_status (*read)(struct kernel *k, const struct da__place *place,
                                               json_t *object))
{
    json_t *list, *value;
    size_t i;
    DA_TRY(find_list(k, key, &list));
    if (room != NULL)
        DA_TRY(new_list(k, list, room));
    json_array_foreach(list, i, value)
    {
        struct da__place top = {.key = key}, at = {.up = &top, .index = (int64_t)i};
        if (!json_is_object(value))
            return da__item_fail(k->l, k->item, &at, DA_ERR_FORMAT, "an object is wanted, not %s",
                                 da__json_what(value));
        DA_TRY(read(k, &at, value));
    }
    return DA_OK;
}

/* ---- the body ---- */

static da_array *index_array(struct kernel *k, int64_t axis)
{
    if (k->index[axis] == NULL)
        k->index[axis] = da__make_index(k->l->g, (int)axis, k->ndim, k->space,
                                        k->dist != NULL ? &k->spec : NULL);
    return k->index[axis];
}

/* "i0" input, "p0" parameter, "x0" index along an axis, "r0" result of an instruction. */
static da_status find_ref(struct kernel *k, const struct da__place *place, const json_t *j,
                          da_array **out)
{
    const char *text = json_string_value(j);
    char *end = NULL;
    long number = text != NULL && text[0] != '\0' && text[1] >= '0' && text[1] <= '9'
                      ? strtol(text + 1, &end, 10)
                      : -1;
    *out = NULL;
    if (end != NULL && *end == '\0') {
        if (text[0] == 'i' && number < k->ninputs)
            *out = k->input[number];
        else if (text[0] == 'p' && number < k->nparams)
            *out = k->param[number];
        else if (text[0] == 'x' && number < k->ndim)
            *out = index_array(k, number);
        else if (text[0] == 'r' && number < k->ninsns)
            *out = k->insn[number];
    }
    if (*out != NULL)
        return da__item_built(k->l, k->item, place, *out);
    return da__item_fail(
        k->l, k->item, place, DA_ERR_FORMAT,
        "\"%s\" names no earlier result (r), input (i), parameter (p) or index (x)",
        text != NULL ? text : da__json_what(j));
}

static da_status find_value(struct kernel *k, const struct da__place *place, json_t *object,
                            da_array **out)
{
    struct da__place at = {.up = place, .key = "value"};
    const json_t *value = json_object_get(object, "value");
    if (value == NULL)
        return da__item_fail(k->l, k->item, place, DA_ERR_FORMAT, "\"value\" is missing");
    DA_TRY(find_ref(k, &at, value, out));
    *out = in_space(k, *out);
    return da__item_built(k->l, k->item, &at, *out);
}

static da_status find_op(const struct kernel *k, const struct da__place *place,
                         const json_t *object, const char **out)
{
    *out = json_string_value(json_object_get(object, "op"));
    return *out != NULL ? DA_OK
                        : da__item_fail(k->l, k->item, place, DA_ERR_FORMAT, "\"op\" is missing");
}

static da_status unknown_op(const struct kernel *k, const struct da__place *place, const char *op)
{
    struct da__place at = {.up = place, .key = "op"};
    char near[96];
    return da__item_fail(k->l, k->item, &at, DA_ERR_FORMAT, "no operation \"%s\"%s", op,
                         da__near_callable(op, near, sizeof near));
}

static da_status read_insn(struct kernel *k, const struct da__place *place, json_t *object)
{
    static const char *const known[] = {"op", "args", "dtype"};
    const char *name;
    enum da__op_id op = DA__OP_ADD;
    da_dtype dtype;
    struct da__operand operand[3] = {{0}};
    struct da__place args_place = {.up = place, .key = "args"};
    DA_TRY(da__json_keys(k->l, k->item, place, object, COUNT(known), known));
    DA_TRY(find_op(k, place, object, &name));
    const struct da__user *u = da__user_of(k->l->g, name);
    if (u == NULL && !da__op_find(name, &op))
        return unknown_op(k, place, name);
    DA_TRY(read_dtype(k, place, object, &dtype));
    const json_t *args = json_object_get(object, "args");
    if (u != NULL && u->kind != DA__USER_STRIP)
        return unknown_op(k, place, name);
    int nin = u != NULL ? u->nin : da__op_info(op)->nin;
    if (!json_is_array(args) || json_array_size(args) != (size_t)nin)
        return da__item_fail(k->l, k->item, &args_place, DA_ERR_FORMAT, "%s takes a list of %d",
                             name, nin);
    for (int i = 0; i < nin; i++) {
        struct da__place at = {.up = &args_place, .index = i};
        DA_TRY(find_ref(k, &at, json_array_get(args, (size_t)i), &operand[i].array));
    }
    da_array *a = u != NULL             ? da__make_user_elementwise(k->l->g, name, nin, operand)
                  : op == DA__OP_ASTYPE ? da__make_astype(k->l->g, operand[0].array, dtype)
                                        : da__make_elementwise(k->l->g, op, nin, operand);
    DA_TRY(da__item_built(k->l, k->item, place, a));
    if (a->dtype != dtype)
        return da__item_fail(k->l, k->item, place, DA_ERR_DTYPE, "%s gives %s, not %s", name,
                             da__dtype(a->dtype)->name, da__dtype(dtype)->name);
    k->insn[k->ninsns++] = a;
    return DA_OK;
}

/* ---- results ---- */

/* Where the space lies in the whole, checked: a view that names every place once. */
static da_status read_part(const struct kernel *k, const struct da__place *place, json_t *part,
                           int ndim, const int64_t *shape, struct da__view *out)
{
    static const char *const known[] = {"axis", "offset", "step"};
    struct da__place at = {.up = place, .key = "part"};
    struct da__error err = {.engine = -1};
    int64_t list[COUNT(known)][DA_MAX_NDIM];
    int n[COUNT(known)] = {0};
    if (!json_is_object(part))
        return da__item_fail(k->l, k->item, &at, DA_ERR_FORMAT, "an object is wanted, not %s",
                             da__json_what(part));
    DA_TRY(da__json_keys(k->l, k->item, &at, part, COUNT(known), known));
    for (int i = 0; i < COUNT(known); i++) {
        struct da__place key = {.up = &at, .key = known[i]};
        const json_t *ints = json_object_get(part, known[i]);
        if (ints == NULL)
            return da__item_fail(k->l, k->item, &at, DA_ERR_FORMAT, "\"%s\" is missing", known[i]);
        DA_TRY(da__json_int_list(k->l, k->item, &key, ints, DA_MAX_NDIM, list[i], &n[i]));
    }
    const struct da__view_lists lists = {.nshape = k->ndim,
                                         .shape = k->space,
                                         .naxis = n[0],
                                         .axis = list[0],
                                         .noffset = n[1],
                                         .offset = list[1],
                                         .nstep = n[2],
                                         .step = list[2]};
    if (da__view_read(ndim, shape, &lists, out, &err) != DA_OK ||
        da__view_is_place(out, k->space, &err) != DA_OK)
        return da__item_fail(k->l, k->item, &at, err.status, "%s", err.text);
    return DA_OK;
}

/* What the whole was before: another value, or anything where later kernels write the rest. */
static da_status find_base(const struct kernel *k, const struct da__place *place, json_t *object,
                           da_dtype dtype, da_array **out)
{
    struct da__place at = {.up = place, .key = "base"}, shape_at = {.up = place, .key = "shape"};
    const json_t *base = json_object_get(object, "base");
    const struct da__id *id =
        json_is_string(base) ? da__id_find(k->l, json_string_value(base)) : NULL;
    if (base != NULL && id == NULL)
        return da__item_fail(k->l, k->item, &at, DA_ERR_FORMAT, "the id of a value is wanted");
    if (id != NULL) {
        *out = da__id_array(k->l, id);
        if ((*out)->dtype == dtype)
            return da__item_built(k->l, k->item, &at, *out);
        return da__item_fail(k->l, k->item, &at, DA_ERR_DTYPE, "the base is %s, its part %s",
                             da__dtype((*out)->dtype)->name, da__dtype(dtype)->name);
    }
    const json_t *extents = json_object_get(object, "shape");
    json_t *dist = json_object_get(object, "dist");
    struct da__dist_spec spec;
    bool readable = false;
    int64_t shape[DA_MAX_NDIM];
    int ndim = 0;
    if (extents == NULL)
        return da__item_fail(k->l, k->item, place, DA_ERR_FORMAT, "\"shape\" is missing");
    DA_TRY(da__json_int_list(k->l, k->item, &shape_at, extents, DA_MAX_NDIM, shape, &ndim));
    if (dist != NULL)
        DA_TRY(da__json_dist_read(k->l, k->item, place, dist, &spec, &readable));
    *out = da__make_full(k->l->g, ndim, shape, (struct da__scalar){.kind = DA__SCALAR_BOOL}, dtype,
                         readable ? &spec : NULL);
    return da__item_built(k->l, k->item, place, *out);
}

static da_status read_output(struct kernel *k, const struct da__place *place, json_t *object)
{
    static const char *const known[] = {"id", "value", "dtype", "shape", "dist", "part", "base"};
    json_t *part = json_object_get(object, "part");
    struct da__view v;
    da_array *a, *base = NULL;
    DA_TRY(da__json_keys(k->l, k->item, place, object, COUNT(known), known));
    DA_TRY(find_value(k, place, object, &a));
    if (part != NULL) {
        DA_TRY(find_base(k, place, object, a->dtype, &base));
        DA_TRY(read_part(k, place, part, base->ndim, base->shape, &v));
        a = da__make_assign(k->l->g, "kernel", base, a, &v, k->ndim, k->space);
        DA_TRY(da__item_built(k->l, k->item, place, a));
    }
    DA_TRY(da__item_check(k->l, k->item, place, object, false, &a));
    return da__item_result(k->l, k->item, a);
}

static bool takes_dtype(enum da__red_id red)
{
    return red == DA__RED_SUM || red == DA__RED_PROD || red == DA__RED_MEAN ||
           red == DA__RED_REPRODUCIBLE_SUM;
}

static da_status read_reduction(struct kernel *k, const struct da__place *place, json_t *object)
{
    static const char *const known[] = {"id",         "op",    "value", "axis", "keepdims",
                                        "correction", "dtype", "shape", "dist"};
    struct da__place axis_place = {.up = place, .key = "axis"};
    const char *name;
    enum da__red_id red = DA__RED_USER;
    da_array *value;
    int64_t axis[DA_MAX_NDIM];
    int naxes = 0;
    da_dtype dtype;
    DA_TRY(da__json_keys(k->l, k->item, place, object, COUNT(known), known));
    DA_TRY(find_op(k, place, object, &name));
    const struct da__user *u = da__user_of(k->l->g, name);
    if (u == NULL ? !da__red_find(name, &red) : u->kind != DA__USER_REDUCTION)
        return unknown_op(k, place, name);
    DA_TRY(find_value(k, place, object, &value));
    DA_TRY(read_dtype(k, place, object, &dtype));
    const json_t *axes = json_object_get(object, "axis"),
                 *correction = json_object_get(object, "correction");
    if (axes != NULL)
        DA_TRY(da__json_int_list(k->l, k->item, &axis_place, axes, DA_MAX_NDIM, axis, &naxes));
    if (correction != NULL && !json_is_number(correction))
        return da__item_fail(k->l, k->item, place, DA_ERR_FORMAT,
                             "the correction is %s, not a number", da__json_what(correction));
    /* All axes are said by none: argmin takes all or one. */
    bool keepdims = json_is_true(json_object_get(object, "keepdims"));
    if (axes == NULL || naxes == k->ndim)
        naxes = -1;
    da_array *a = u != NULL ? da__make_user_reduce(k->l->g, name, value, naxes, axis, keepdims)
                            : da__make_reduce(k->l->g, red, value, naxes, axis, keepdims,
                                              json_number_value(correction),
                                              takes_dtype(red) ? dtype : DA_DTYPE_DEFAULT);
    DA_TRY(da__item_built(k->l, k->item, place, a));
    DA_TRY(da__item_check(k->l, k->item, place, object, false, &a));
    return da__item_result(k->l, k->item, a);
}

static da_status build(struct kernel *k)
{
    DA_TRY(read_dist(k));
    DA_TRY(read_inputs(k));
    DA_TRY(each_object(k, "params", &k->param, read_param));
    DA_TRY(each_object(k, "body", &k->insn, read_insn));
    DA_TRY(each_object(k, "outputs", NULL, read_output));
    return each_object(k, "reductions", NULL, read_reduction);
}

da_status da__kernel_build(struct da__loader *l, int64_t item)
{
    static const char *const known[] = {"id",     "op",   "level",   "space",      "dist",   "in",
                                        "params", "body", "outputs", "reductions", "comment"};
    struct kernel k = {.l = l, .item = item};
    struct da__place space = {.key = "space"};
    json_t *object = l->item[item].object;
    DA_TRY(da__json_keys(l, item, NULL, object, COUNT(known), known));
    const json_t *shape = json_object_get(object, "space");
    if (shape == NULL)
        return da__item_fail(l, item, NULL, DA_ERR_FORMAT, "\"space\" is missing");
    DA_TRY(da__json_int_list(l, item, &space, shape, DA_MAX_NDIM, k.space, &k.ndim));
    for (int i = 0; i < k.ndim; i++)
        if (k.space[i] < 0)
            return da__item_fail(l, item, &space, DA_ERR_SHAPE, "extent %lld is negative",
                                 (long long)k.space[i]);
    da_status status = build(&k);
    da__dist_drop(k.dist);
    return status;
}
