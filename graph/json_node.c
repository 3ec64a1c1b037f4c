/* One node of a pipeline becomes an array: an expression, or a callable with its inputs and
 * attributes. */
#include "json_load.h"

#include <string.h>

/* What every node may bear beside its parameters. */
static const char *const common_key[] = {"id", "op", "in", "dtype", "shape", "dist", "comment"};
static const char *const expr_key[] = {"id", "expr", "dtype", "shape", "dist", "comment"};
#define COUNT(list) ((int)(sizeof(list) / sizeof *(list)))

/* The keys of `object` are among the callable's parameters (none for NULL) and `common`. */
static da_status check_keys(const struct da__loader *l, int64_t item, const struct da__callable *c,
                            int ncommon, const char *const *common)
{
    const char *known[64];
    int n = 0;
    for (int k = 0; k < ncommon; k++)
        known[n++] = common[k];
    for (int k = 0; c != NULL && k < c->nparams && n < COUNT(known); k++)
        if (c->param[k].kind != DA__ARG_ARRAYS)
            known[n++] = c->param[k].name;
    return da__json_keys(l, item, NULL, l->item[item].object, n, known);
}

/* ---- inputs ---- */

da_status da__item_input(struct da__loader *l, int64_t item, size_t k, json_t *value,
                         int64_t *child, struct da__raw *out)
{
    struct da__place in = {.key = "in"}, at = {.up = &in, .index = (int64_t)k};
    const struct da__id *id =
        json_is_string(value) ? da__id_find(l, json_string_value(value)) : NULL;
    bool nested = json_is_object(value) && !da__json_is_complex(value);
    *out = (struct da__raw){.kind = DA__RAW_ARRAY};
    if (nested && l->item[*child].nresults != 1)
        return da__item_fail(l, item, &at, DA_ERR_FORMAT,
                             "a nested node has one result, this one has %lld",
                             (long long)l->item[*child].nresults);
    if (nested)
        out->u.array = l->result[l->item[(*child)++].first_result];
    else if (id != NULL)
        out->u.array = da__id_array(l, id);
    else if (json_is_array(value))
        return da__item_fail(l, item, &at, DA_ERR_FORMAT,
                             "an id, a number or a node is wanted, not a list");
    else
        return da__json_raw(l, item, &at, value, out);
    return DA_OK;
}

/* The callable's positional values: one per input parameter; a parameter for lists takes all that
 * are left. */
static da_status read_inputs(struct da__loader *l, int64_t item, const struct da__callable *c,
                             struct da__raw **out, int *n)
{
    json_t *in = json_object_get(l->item[item].object, "in"), *value;
    size_t count = json_array_size(in), k;
    struct da__raw *raw = da__arena_alloc(&l->arena, (count + 1) * sizeof *raw);
    int wanted = 0;
    int64_t child = l->item[item].first_child;
    if (raw == NULL)
        return da__json_no_memory(l);
    while (wanted < c->nparams && c->param[wanted].kind == DA__ARG_OPERAND)
        wanted++;
    bool takes_list = wanted < c->nparams && c->param[wanted].kind == DA__ARG_ARRAYS;
    if (!takes_list && count > (size_t)wanted)
        return da__item_fail(l, item, &(struct da__place){.key = "in"}, DA_ERR_FORMAT,
                             "%s takes %d input%s, not %zu", c->name, wanted,
                             wanted == 1 ? "" : "s", count);
    json_array_foreach(in, k, value) DA_TRY(da__item_input(l, item, k, value, &child, &raw[k]));
    *out = raw;
    *n = (int)count;
    if (!takes_list || count < (size_t)wanted)
        return DA_OK;
    struct da__raw *list = da__arena_alloc(&l->arena, ((size_t)wanted + 1) * sizeof *list);
    if (list == NULL)
        return da__json_no_memory(l);
    memcpy(list, raw, (size_t)wanted * sizeof *list);
    list[wanted].kind = DA__RAW_LIST;
    list[wanted].u.list.n = (int64_t)count - wanted;
    list[wanted].u.list.item = raw + wanted;
    *out = list;
    *n = wanted + 1;
    return DA_OK;
}

/* ---- attributes ---- */

/* Whether there are engines enough for a spec's grid and copies. */
static bool has_engines(const struct da__dist_spec *spec, int nengines)
{
    int64_t n = 1;
    for (int k = 0; k < spec->ngrid && n <= nengines; k++)
        n *= spec->grid[k];
    for (int k = 0; k < spec->nreplicas && n <= nengines; k++)
        n *= spec->replicas[k];
    return n <= nengines;
}

/* What is made anew under owners that came of a view on more engines comes back under the default distribution. */
static da_status dist_raw(struct da__loader *l, int64_t item, const struct da__callable *c,
                          const struct da__place *place, json_t *value, struct da__raw *out)
{
    struct da__dist_spec *spec = da__arena_alloc(&l->arena, sizeof *spec);
    bool derived;
    if (spec == NULL)
        return da__json_no_memory(l);
    DA_TRY(da__json_dist_read(l, item, place, value, spec, &derived));
    *out = (struct da__raw){.kind = DA__RAW_NONE};
    if (derived && strcmp(c->name, "redistribute") != 0 &&
        !has_engines(spec, da__graph_nengines(l->g)))
        return DA_OK;
    *out = (struct da__raw){.kind = DA__RAW_DIST, .u.dist = spec};
    return DA_OK;
}

static da_status read_attributes(struct da__loader *l, int64_t item, const struct da__callable *c,
                                 struct da__keyword **out, int *n)
{
    struct da__keyword *keyword =
        da__arena_alloc(&l->arena, ((size_t)c->nparams + 1) * sizeof *keyword);
    if (keyword == NULL)
        return da__json_no_memory(l);
    *n = 0;
    *out = keyword;
    for (int k = 0; k < c->nparams; k++) {
        json_t *value = json_object_get(l->item[item].object, c->param[k].name);
        struct da__place place = {.key = c->param[k].name};
        if (value == NULL || c->param[k].kind == DA__ARG_ARRAYS)
            continue;
        struct da__keyword *kw = &keyword[(*n)++];
        kw->name = c->param[k].name;
        if (c->param[k].kind == DA__ARG_DIST && !json_is_null(value))
            DA_TRY(dist_raw(l, item, c, &place, value, &kw->value));
        else
            DA_TRY(da__json_raw(l, item, &place, value, &kw->value));
    }
    return DA_OK;
}

static bool has_dist_parameter(const struct da__callable *c)
{
    for (int k = 0; k < c->nparams; k++)
        if (c->param[k].kind == DA__ARG_DIST)
            return true;
    return false;
}

/* ---- results ---- */

da_status da__item_built(const struct da__loader *l, int64_t item, const struct da__place *place,
                         da_array *a)
{
    const struct da__error *e = da__node_error(a);
    return e == NULL ? DA_OK : da__item_fail(l, item, place, e->status, "%s", e->text);
}

static da_status check_dtype(const struct da__loader *l, int64_t item,
                             const struct da__place *place, const json_t *j, const da_array *a)
{
    struct da__place at = {.up = place, .key = "dtype"};
    da_dtype dtype;
    if (j == NULL)
        return DA_OK;
    if (!json_is_string(j))
        return da__item_fail(l, item, &at, DA_ERR_FORMAT, "a dtype is a string, not %s",
                             da__json_what(j));
    if (!da__dtype_find(json_string_value(j), &dtype))
        return da__item_fail(l, item, &at, DA_ERR_DTYPE, "no dtype \"%s\"", json_string_value(j));
    if (dtype != a->dtype)
        return da__item_fail(l, item, &at, DA_ERR_DTYPE, "the result is %s, not %s",
                             da__dtype(a->dtype)->name, da__dtype(dtype)->name);
    return DA_OK;
}

/* A list of extents, null where data decide. */
static da_status shape_of(const struct da__loader *l, int64_t item, const struct da__place *place,
                          json_t *j, int64_t *shape, int *ndim)
{
    json_t *sized = json_is_array(j) ? json_copy(j) : json_incref(j);
    size_t n = json_array_size(j), k;
    if (sized == NULL)
        return da__json_no_memory(l);
    for (k = 0; k < n; k++)
        if (json_is_null(json_array_get(j, k)))
            json_array_set_new(sized, k, json_integer(DA__UNSIZED));
    da_status status = da__json_int_list(l, item, place, sized, DA_MAX_NDIM, shape, ndim);
    json_decref(sized);
    return status;
}

static da_status check_shape(const struct da__loader *l, int64_t item,
                             const struct da__place *place, json_t *j, const da_array *a)
{
    struct da__place at = {.up = place, .key = "shape"};
    int64_t shape[DA_MAX_NDIM];
    char have[DA__ERROR_TEXT / 4], wanted[DA__ERROR_TEXT / 4];
    int ndim;
    if (j == NULL)
        return DA_OK;
    DA_TRY(shape_of(l, item, &at, j, shape, &ndim));
    bool same = ndim == a->ndim;
    for (int k = 0; same && k < ndim; k++)
        same = shape[k] == a->shape[k] || shape[k] == -1; /* -1: any */
    if (same)
        return DA_OK;
    return da__item_fail(l, item, &at, DA_ERR_SHAPE, "the result has the shape %s, not %s",
                         da__shape_text(a->ndim, a->shape, have, sizeof have),
                         da__shape_text(ndim, shape, wanted, sizeof wanted));
}

/* A node's "dist" is a wish: another distribution than the inferred one is reached by a redistribute. One that came of a view or
 * a reduction is inferred anew where there are too few engines for it. */
static da_status wish_dist(struct da__loader *l, int64_t item, const struct da__place *place,
                           json_t *j, da_array **a)
{
    struct da__place at = {.up = place, .key = "dist"};
    struct da__dist_spec spec;
    struct da__error err = {.engine = -1};
    const struct da__dist *wanted = NULL;
    bool derived;
    if (j == NULL || json_is_null(j))
        return DA_OK;
    DA_TRY(da__json_dist_read(l, item, &at, j, &spec, &derived));
    if (derived && !has_engines(&spec, da__graph_nengines(l->g)))
        return DA_OK;
    if ((*a)->unsized) {
        *a = da__make_redistribute(l->g, *a, &spec);
        return da__item_built(l, item, &at, *a);
    }
    if (da__dist_make((*a)->ndim, (*a)->shape, &spec, da__graph_nengines(l->g), &wanted, &err) !=
        DA_OK)
        return da__item_fail(l, item, &at, err.status, "%s", err.text);
    if ((*a)->dist != NULL && !da__dist_equal((*a)->dist, wanted))
        *a = da__make_redistribute_to(l->g, *a, wanted);
    da__dist_drop(wanted);
    return da__item_built(l, item, &at, *a);
}

da_status da__item_check(struct da__loader *l, int64_t item, const struct da__place *place,
                         json_t *object, bool dist_is_parameter, da_array **a)
{
    DA_TRY(check_dtype(l, item, place, json_object_get(object, "dtype"), *a));
    DA_TRY(check_shape(l, item, place, json_object_get(object, "shape"), *a));
    if (!dist_is_parameter)
        DA_TRY(wish_dist(l, item, place, json_object_get(object, "dist"), a));
    const char *id = json_string_value(json_object_get(object, "id"));
    if (id != NULL && (*a)->name == NULL)
        da__node_set_name(*a, id);
    return DA_OK;
}

/* Appends a result; a kernel has several. */
da_status da__item_result(struct da__loader *l, int64_t item, da_array *a)
{
    struct da__item *it = &l->item[item];
    if (!da__grow((void **)&l->result, &l->results_cap, l->nresults + 1, sizeof *l->result))
        return da__json_no_memory(l);
    if (it->nresults++ == 0)
        it->first_result = l->nresults;
    l->result[l->nresults++] = a;
    return DA_OK;
}

/* ---- the two forms of a node ---- */

static da_array *find_word(void *self, const char *word)
{
    const struct da__loader *l = self;
    const struct da__id *id = da__id_find(l, word);
    return id != NULL ? da__id_array(l, id) : NULL;
}

static const char *nearest_word(void *self, const char *word)
{
    struct da__loader *l = self;
    const char **known = da__arena_alloc(&l->arena, (size_t)l->nids * sizeof *known);
    if (known == NULL)
        return NULL;
    for (int64_t k = 0; k < l->nids; k++)
        known[k] = l->id[k].id;
    return da__near(word, known, (int)l->nids);
}

static da_status build_expr(struct da__loader *l, int64_t item)
{
    const char *text;
    struct da__error err = {.engine = -1};
    struct da__names names = {find_word, nearest_word, l, l->folder};
    DA_TRY(check_keys(l, item, NULL, COUNT(expr_key), expr_key));
    DA_TRY(da__json_text(l, item, "expr", true, &text));
    da_array *a = da__eval_names(l->g, text, &names, &err);
    if (a == NULL)
        return da__item_fail(l, item, &(struct da__place){.key = "expr"}, err.status, "%s",
                             err.text);
    DA_TRY(da__item_built(l, item, NULL, a));
    DA_TRY(da__item_check(l, item, NULL, l->item[item].object, false, &a));
    return da__item_result(l, item, a);
}

static da_status unknown_op(const struct da__loader *l, int64_t item, const char *op)
{
    static const struct {
        const char *op, *why;
    } known[] = {
        {"from_function", "holds a C function of the program that made it and cannot be loaded"},
        {"input", "stands for data in memory, which this dump does not hold"}};
    char near[96];
    struct da__place at = {.key = "op"};
    for (int k = 0; k < COUNT(known); k++)
        if (strcmp(op, known[k].op) == 0)
            return da__item_fail(l, item, &at, DA_ERR_UNSUPPORTED, "%s %s", op, known[k].why);
    return da__item_fail(l, item, &at, DA_ERR_FORMAT, "no operation \"%s\"%s", op,
                         da__near_callable(op, near, sizeof near));
}

static da_status culprit_fail(const struct da__loader *l, int64_t item,
                              const struct da__culprit *culprit, const struct da__keyword *keyword,
                              const struct da__error *err)
{
    struct da__place in = {.key = "in"}, input = {.up = &in, .index = culprit->positional};
    if (culprit->positional >= 0)
        return da__item_fail(l, item, &input, err->status, "%s", err->text);
    if (culprit->keyword >= 0)
        return da__item_fail(l, item, &(struct da__place){.key = keyword[culprit->keyword].name},
                             err->status, "%s", err->text);
    return da__item_fail(l, item, NULL, err->status, "%s", err->text);
}

static da_status build_op(struct da__loader *l, int64_t item)
{
    const char *op;
    struct da__raw *positional = NULL;
    struct da__keyword *keyword = NULL;
    int npositional = 0, nkeywords = 0;
    struct da__culprit culprit;
    struct da__error err = {.engine = -1};
    DA_TRY(da__json_text(l, item, "op", true, &op));
    if (strcmp(op, "kernel") == 0)
        return da__kernel_build(l, item);
    const struct da__callable *c = da__callable_in(l->g, op);
    if (c == NULL)
        return unknown_op(l, item, op);
    DA_TRY(check_keys(l, item, c, COUNT(common_key), common_key));
    DA_TRY(read_inputs(l, item, c, &positional, &npositional));
    DA_TRY(read_attributes(l, item, c, &keyword, &nkeywords));
    da_array *a = da__bind_call(l->g, c, npositional, positional, nkeywords, keyword, l->folder,
                                &l->arena, &culprit, &err);
    if (a == NULL)
        return culprit_fail(l, item, &culprit, keyword, &err);
    DA_TRY(da__item_built(l, item, NULL, a));
    DA_TRY(da__item_check(l, item, NULL, l->item[item].object, has_dist_parameter(c), &a));
    return da__item_result(l, item, a);
}

da_status da__item_build(struct da__loader *l, int64_t item)
{
    const json_t *object = l->item[item].object;
    bool has_op = json_object_get(object, "op") != NULL,
         has_expr = json_object_get(object, "expr") != NULL;
    if (has_op && has_expr)
        return da__item_fail(l, item, NULL, DA_ERR_FORMAT,
                             "a node has \"op\" or \"expr\", not both");
    if (!has_op && !has_expr)
        return da__item_fail(l, item, NULL, DA_ERR_FORMAT, "a node needs \"op\" or \"expr\"");
    return has_op ? build_op(l, item) : build_expr(l, item);
}
