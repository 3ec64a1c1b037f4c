/* Binding: which value belongs to which parameter of a callable, and whether it is of the kind that
 * the parameter takes. */
#include "deferred.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *da__raw_what(const struct da__raw *r)
{
    static const char *const number[] = {[DA__SCALAR_BOOL] = "a truth value",
                                         [DA__SCALAR_INT] = "an integer",
                                         [DA__SCALAR_FLOAT] = "a float",
                                         [DA__SCALAR_COMPLEX] = "a complex number"};
    static const char *const other[] = {
        [DA__RAW_NONE] = "None",   [DA__RAW_ARRAY] = "an array", [DA__RAW_LIST] = "a list",
        [DA__RAW_TEXT] = "a text", [DA__RAW_DTYPE] = "a dtype",  [DA__RAW_DIST] = "a distribution"};
    return r->kind == DA__RAW_SCALAR ? number[r->u.scalar.kind] : other[r->kind];
}

const char *da__near_text(const char *word, const char *const *candidate, int n, char *buf,
                          size_t size)
{
    const char *near = da__near(word, candidate, n);
    buf[0] = '\0';
    if (near != NULL)
        snprintf(buf, size, " (did you mean \"%s\"?)", near);
    return buf;
}

bool da__number_word(const char *text, struct da__scalar *out)
{
    static const struct {
        const char *word;
        double value;
    } word[] = {{"nan", (double)NAN}, {"inf", (double)INFINITY}, {"-inf", -(double)INFINITY}};
    for (size_t k = 0; k < sizeof word / sizeof *word; k++)
        if (strcmp(text, word[k].word) == 0) {
            *out = (struct da__scalar){.kind = DA__SCALAR_FLOAT, .re = word[k].value};
            return true;
        }
    return false;
}

const char *da__resolve_file(const char *folder, const char *file, struct da__arena *arena)
{
    if (folder == NULL || folder[0] == '\0' || file[0] == '/')
        return file;
    size_t nfolder = strlen(folder), nfile = strlen(file);
    char *path = da__arena_alloc(arena, nfolder + nfile + 2);
    if (path == NULL)
        return NULL;
    memcpy(path, folder, nfolder);
    if (folder[nfolder - 1] != '/')
        path[nfolder++] = '/';
    memcpy(path + nfolder, file, nfile);
    return path;
}

/* ---- one value as its parameter wants it ---- */

struct context {
    const struct da__callable *callable;
    const struct da__callable_param *param;
    const char *folder;
    struct da__arena *arena;
    struct da__error *err;
};
typedef da_status (*converter)(const struct context *c, const struct da__raw *r,
                               struct da__arg *arg);

static da_status wrong_kind(const struct context *c, const struct da__raw *r, const char *wanted)
{
    return da__fail(c->err, DA_ERR_ARGUMENT, "%s: %s is %s, not %s", c->callable->name,
                    c->param->name, wanted, da__raw_what(r));
}

static da_status no_memory(const struct context *c)
{
    return da__fail(c->err, DA_ERR_MEMORY, "%s: out of memory", c->callable->name);
}

static da_status to_number(const struct context *c, const struct da__raw *r, struct da__arg *arg)
{
    if (r->kind == DA__RAW_SCALAR)
        arg->operand.scalar = r->u.scalar;
    else if (r->kind != DA__RAW_TEXT || !da__number_word(r->u.text, &arg->operand.scalar))
        return wrong_kind(c, r, "a number");
    return DA_OK;
}

static da_status to_operand(const struct context *c, const struct da__raw *r, struct da__arg *arg)
{
    arg->operand.array = r->kind == DA__RAW_ARRAY ? r->u.array : NULL;
    if (r->kind == DA__RAW_ARRAY)
        return DA_OK;
    return r->kind == DA__RAW_SCALAR || r->kind == DA__RAW_TEXT
               ? to_number(c, r, arg)
               : wrong_kind(c, r, "an array or a number");
}

static da_status to_arrays(const struct context *c, const struct da__raw *r, struct da__arg *arg)
{
    if (r->kind != DA__RAW_LIST)
        return wrong_kind(c, r, "a list of arrays");
    da_array **array = da__arena_alloc(c->arena, (size_t)r->u.list.n * sizeof(da_array *));
    if (array == NULL)
        return no_memory(c);
    for (int64_t k = 0; k < r->u.list.n; k++) {
        const struct da__raw *item = &r->u.list.item[k];
        if (item->kind != DA__RAW_ARRAY)
            return da__fail(c->err, DA_ERR_ARGUMENT,
                            "%s: %s is a list of arrays, and its item %lld is %s",
                            c->callable->name, c->param->name, (long long)k, da__raw_what(item));
        array[k] = item->u.array;
    }
    arg->arrays = array;
    arg->narrays = r->u.list.n;
    return DA_OK;
}

static bool is_int(const struct da__raw *r)
{
    return r->kind == DA__RAW_SCALAR && r->u.scalar.kind == DA__SCALAR_INT;
}

static da_status to_int(const struct context *c, const struct da__raw *r, struct da__arg *arg)
{
    if (!is_int(r))
        return wrong_kind(c, r, "an integer");
    arg->operand.scalar = r->u.scalar;
    return DA_OK;
}

static da_status to_ints(const struct context *c, const struct da__raw *r, struct da__arg *arg)
{
    const struct da__raw *item = r;
    arg->nints = 1;
    if (r->kind == DA__RAW_LIST) {
        item = r->u.list.item;
        arg->nints = r->u.list.n;
    }
    int64_t *ints = da__arena_alloc(c->arena, (size_t)arg->nints * sizeof *ints);
    if (ints == NULL)
        return no_memory(c);
    for (int64_t k = 0; k < arg->nints; k++) {
        if (!is_int(&item[k]))
            return wrong_kind(c, &item[k], "an integer or a list of integers");
        ints[k] = item[k].u.scalar.i;
    }
    arg->ints = ints;
    return DA_OK;
}

static da_status to_bool(const struct context *c, const struct da__raw *r, struct da__arg *arg)
{
    if (r->kind != DA__RAW_SCALAR || r->u.scalar.kind != DA__SCALAR_BOOL)
        return wrong_kind(c, r, "true or false");
    arg->flag = r->u.scalar.i != 0;
    return DA_OK;
}

static da_status to_dtype(const struct context *c, const struct da__raw *r, struct da__arg *arg)
{
    if (r->kind == DA__RAW_DTYPE) {
        arg->dtype = r->u.dtype;
        return DA_OK;
    }
    if (r->kind != DA__RAW_TEXT)
        return wrong_kind(c, r, "a dtype");
    if (da__dtype_find(r->u.text, &arg->dtype))
        return DA_OK;
    const char *name[DA_NDTYPES];
    for (int k = 0; k < DA_NDTYPES; k++)
        name[k] = da__dtype((da_dtype)k)->name;
    char near[64];
    return da__fail(c->err, DA_ERR_DTYPE, "%s: no dtype \"%s\"%s", c->callable->name, r->u.text,
                    da__near_text(r->u.text, name, DA_NDTYPES, near, sizeof near));
}

static da_status to_text(const struct context *c, const struct da__raw *r, struct da__arg *arg)
{
    if (r->kind != DA__RAW_TEXT)
        return wrong_kind(c, r, "a text");
    arg->text = r->u.text;
    return DA_OK;
}

static da_status to_file(const struct context *c, const struct da__raw *r, struct da__arg *arg)
{
    DA_TRY(to_text(c, r, arg));
    if (arg->text[0] == '\0')
        return da__fail(c->err, DA_ERR_ARGUMENT, "%s: the file name is empty", c->callable->name);
    arg->text = da__resolve_file(c->folder, arg->text, c->arena);
    return arg->text != NULL ? DA_OK : no_memory(c);
}

static da_status to_data(const struct context *c, const struct da__raw *r, struct da__arg *arg)
{
    if (r->kind != DA__RAW_LIST && r->kind != DA__RAW_SCALAR && r->kind != DA__RAW_TEXT)
        return wrong_kind(c, r, "a number or nested lists of numbers");
    arg->data = r;
    return DA_OK;
}

/* ---- distributions in an expression: "b,n,c(4)", or ["b", "n"] ---- */

/* One map at `s`; what follows it, or NULL. */
static const char *read_map(const char *s, struct da__map_spec *out)
{
    s += strspn(s, " ");
    if (*s == '\0' || strchr("nbc", *s) == NULL)
        return NULL;
    out->kind = *s++;
    if (out->kind == 'c' && *s == '(') {
        s++;
        while (*s >= '0' && *s <= '9' && out->block < INT64_MAX / 20)
            out->block = 10 * out->block + (*s++ - '0');
        if (out->block == 0 || *s++ != ')')
            return NULL;
    }
    if (out->kind == 'b' && *s == '(') {
        s++;
        if (!da__padding_read(&s, out))
            return NULL;
    }
    return s + strspn(s, " ");
}

static da_status bad_map(const struct context *c, const char *text)
{
    return da__fail(
        c->err, DA_ERR_DISTRIBUTION,
        "%s: \"%s\" names no maps; wanted are n, b, b(pad=1), c and c(SIZE), as in \"b,n,c(4)\"",
        c->callable->name, text);
}

static da_status maps_of_text(const struct context *c, const char *text, struct da__dist_spec *spec)
{
    struct da__map_spec *map = da__arena_alloc(c->arena, DA_MAX_NDIM * sizeof *map);
    if (map == NULL)
        return no_memory(c);
    spec->map = map;
    for (const char *s = text;; s++) {
        if (spec->nmaps == DA_MAX_NDIM)
            return bad_map(c, text);
        s = read_map(s, &map[spec->nmaps++]);
        if (s == NULL || (*s != ',' && *s != '\0'))
            return bad_map(c, text);
        if (*s == '\0')
            return DA_OK;
    }
}

static da_status maps_of_list(const struct context *c, const struct da__raw *r,
                              struct da__dist_spec *spec)
{
    if (r->u.list.n > DA_MAX_NDIM)
        return da__fail(c->err, DA_ERR_DISTRIBUTION, "%s: %lld maps", c->callable->name,
                        (long long)r->u.list.n);
    struct da__map_spec *map = da__arena_alloc(c->arena, DA_MAX_NDIM * sizeof *map);
    if (map == NULL)
        return no_memory(c);
    spec->map = map;
    for (int64_t k = 0; k < r->u.list.n; k++) {
        const struct da__raw *item = &r->u.list.item[k];
        if (item->kind != DA__RAW_TEXT)
            return wrong_kind(c, item, "a list of maps such as [\"b\", \"n\"]");
        const char *end = read_map(item->u.text, &map[spec->nmaps++]);
        if (end == NULL || *end != '\0')
            return bad_map(c, item->u.text);
    }
    return DA_OK;
}

static da_status to_dist(const struct context *c, const struct da__raw *r, struct da__arg *arg)
{
    if (r->kind == DA__RAW_DIST) {
        arg->dist = r->u.dist;
        return DA_OK;
    }
    if (r->kind != DA__RAW_TEXT && r->kind != DA__RAW_LIST)
        return wrong_kind(c, r, "a distribution");
    struct da__dist_spec *spec = da__arena_alloc(c->arena, sizeof *spec);
    if (spec == NULL)
        return no_memory(c);
    arg->dist = spec;
    return r->kind == DA__RAW_TEXT ? maps_of_text(c, r->u.text, spec) : maps_of_list(c, r, spec);
}

static const converter convert[] = {
    [DA__ARG_OPERAND] = to_operand, [DA__ARG_ARRAYS] = to_arrays, [DA__ARG_INTS] = to_ints,
    [DA__ARG_INT] = to_int,         [DA__ARG_NUMBER] = to_number, [DA__ARG_BOOL] = to_bool,
    [DA__ARG_DTYPE] = to_dtype,     [DA__ARG_TEXT] = to_text,     [DA__ARG_DIST] = to_dist,
    [DA__ARG_FILE] = to_file,       [DA__ARG_DATA] = to_data};

/* ---- all of a call's values ---- */

static int find_param(const struct da__callable *c, const char *name)
{
    for (int k = 0; k < c->nparams; k++)
        if (strcmp(c->param[k].name, name) == 0)
            return k;
    return -1;
}

static da_status unknown_keyword(const struct da__callable *c, const char *name,
                                 struct da__error *err)
{
    const char *known[DA_MAX_NDIM];
    char near[64];
    for (int k = 0; k < c->nparams; k++)
        known[k] = c->param[k].name;
    return da__fail(err, DA_ERR_ARGUMENT, "%s has no parameter \"%s\"%s", c->name, name,
                    da__near_text(name, known, c->nparams, near, sizeof near));
}

/* value[k] is parameter k's, NULL where left out. */
static da_status assign(const struct da__callable *c, int npositional,
                        const struct da__raw *positional, int nkeywords,
                        const struct da__keyword *keyword, const struct da__raw **value,
                        struct da__culprit *culprit, struct da__error *err)
{
    for (int k = 0; k < npositional; k++) {
        culprit->positional = k;
        if (k >= c->nparams)
            return da__fail(err, DA_ERR_ARGUMENT, "%s takes at most %d arguments, not %d", c->name,
                            c->nparams, npositional);
        value[k] = &positional[k];
    }
    culprit->positional = -1;
    for (int k = 0; k < nkeywords; k++) {
        culprit->keyword = k;
        int p = find_param(c, keyword[k].name);
        if (p < 0)
            return unknown_keyword(c, keyword[k].name, err);
        if (value[p] != NULL)
            return da__fail(err, DA_ERR_ARGUMENT, "%s: %s is given twice", c->name,
                            keyword[k].name);
        value[p] = &keyword[k].value;
    }
    culprit->keyword = -1;
    return DA_OK;
}

static void blame(const struct da__raw *value, int npositional, const struct da__raw *positional,
                  int nkeywords, const struct da__keyword *keyword, struct da__culprit *culprit)
{
    for (int k = 0; k < npositional; k++)
        if (value == &positional[k])
            culprit->positional = k;
    for (int k = 0; k < nkeywords; k++)
        if (value == &keyword[k].value)
            culprit->keyword = k;
}

da_array *da__bind_call(struct da__graph *g, const struct da__callable *c, int npositional,
                        const struct da__raw *positional, int nkeywords,
                        const struct da__keyword *keyword, const char *folder,
                        struct da__arena *arena, struct da__culprit *culprit, struct da__error *err)
{
    *culprit = (struct da__culprit){-1, -1};
    size_t n = (size_t)c->nparams;
    const struct da__raw **value = da__arena_alloc(arena, n * sizeof *value);
    struct da__arg *arg = da__arena_alloc(arena, n * sizeof *arg);
    if (value == NULL || arg == NULL) {
        da__fail(err, DA_ERR_MEMORY, "%s: out of memory", c->name);
        return NULL;
    }
    if (assign(c, npositional, positional, nkeywords, keyword, value, culprit, err) != DA_OK)
        return NULL;
    for (int k = 0; k < c->nparams; k++) {
        struct context at = {c, &c->param[k], folder, arena, err};
        bool none = value[k] == NULL || value[k]->kind == DA__RAW_NONE;
        if (none && c->param[k].required) {
            if (value[k] != NULL)
                blame(value[k], npositional, positional, nkeywords, keyword, culprit);
            da__fail(err, DA_ERR_ARGUMENT, "%s: %s is missing", c->name, c->param[k].name);
            return NULL;
        }
        arg[k].flag = value[k] != NULL;
        if (none)
            continue;
        arg[k].kind = c->param[k].kind;
        if (convert[arg[k].kind](&at, value[k], &arg[k]) != DA_OK) {
            blame(value[k], npositional, positional, nkeywords, keyword, culprit);
            return NULL;
        }
    }
    if (c->op < 0 && da__args_unsized(c, arg) && !da__takes_unsized(c->name)) {
        da__fail(err, DA_ERR_STATE,
                 "da_%s: the size of its input is known only once it is computed: compute it first",
                 c->name);
        return NULL;
    }
    return c->build(g, c, arg);
}
