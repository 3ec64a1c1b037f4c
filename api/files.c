/* Loading, saving and looking into files as exported functions. */
#include "api.h"

#include <string.h>

/* "air.h5:/t2m" as a path and a dataset; `dataset` given apart wins where the name has none. */
static bool split(struct da__graph *g, const char *what, const char *file, const char *apart,
                  char **path, char **dataset, da_array **bad)
{
    struct da__error err = {.engine = -1};
    *path = *dataset = NULL;
    if (file == NULL)
        da__fail(&err, DA_ERR_ARGUMENT, "the file name is NULL");
    else if (da__file_split(file, path, dataset, &err) == DA_OK && apart != NULL &&
             *dataset != NULL)
        da__fail(&err, DA_ERR_ARGUMENT, "\"%s\" names a dataset, and so does the option (\"%s\")",
                 file, apart);
    else if (err.status == DA_OK && apart != NULL && (*dataset = da__strdup(apart)) == NULL)
        da__fail(&err, DA_ERR_MEMORY, "out of memory for a file name");
    if (err.status == DA_OK)
        return true;
    da__error_prefix(&err, "%s", what);
    da__free(*path);
    da__free(*dataset);
    *bad = da__make_poison(g, &err);
    return false;
}

static da_array *load(struct da__graph *g, const char *path, const char *dataset,
                      const da_load_options *o)
{
    struct da__index_item item[DA__MAX_ITEMS];
    int nitems = -1;
    struct da__error err = {.engine = -1};
    if (o->index != NULL &&
        da__index_parse(o->index, DA__MAX_ITEMS, item, &nitems, &err) != DA_OK) {
        da__error_prefix(&err, "da_load: index");
        return da__make_poison(g, &err);
    }
    struct da__spec own;
    const struct da__dist_spec *spec;
    da_array *a;
    if (!da__api_spec(g, "load", o->dist, &own, &spec, &a))
        return a;
    a = da__make_load(g, path, dataset, o->decode, nitems, item, o->dtype, spec);
    da__spec_free(&own);
    return a;
}

da_array *da_load_with(da_context *ctx, const char *file, const da_load_options *options)
{
    static const da_load_options defaults = {.dtype = DA_DTYPE_DEFAULT};
    const da_load_options *o = options != NULL ? options : &defaults;
    struct da__graph *g;
    da_array *a;
    char *path, *dataset;
    if (!da__api_graph(ctx, &g, &a) || !split(g, "da_load", file, o->dataset, &path, &dataset, &a))
        return a;
    a = load(g, path, dataset, o);
    da__free(path);
    da__free(dataset);
    return a;
}

da_array *da_load(da_context *ctx, const char *file)
{
    return da_load_with(ctx, file, NULL);
}

da_array *da_save(da_array *x, const char *file)
{
    struct da__graph *g;
    da_array *a;
    char *path, *dataset;
    if (!da__api_array(x, &g, &a) || !split(g, "da_save", file, NULL, &path, &dataset, &a))
        return a;
    a = da__make_save(g, x, path, dataset);
    da__free(path);
    da__free(dataset);
    return a;
}

const char *da_file_of(const da_array *a, const char **dataset)
{
    const char *none = NULL;
    const char **part = dataset != NULL ? dataset : &none;
    *part = NULL;
    if (a == NULL || (a->kind != DA__NODE_LOAD && a->kind != DA__NODE_SAVE) || a->u.file == NULL)
        return NULL;
    *part = a->u.file->dataset;
    return a->u.file->path;
}

/* ---- looking into files ---- */

struct visitor {
    da_file_visit visit;
    void *self;
};

static da_status visit_one(void *self, const char *dataset, const struct da__file_info *info)
{
    const struct visitor *v = self;
    da_file_info public = {
        .format = info->format,
        .dataset = dataset,
        .dtype = info->dtype,
        .ndim = info->ndim,
        .shape = info->shape,
        .layout = info->layout,
        .units = info->units,
        .long_name = info->long_name,
        .packed = info->has_scale || info->has_offset || info->has_fill,
        .scale = info->has_scale ? info->scale : 1,
        .offset = info->has_offset ? info->offset : 0,
    };
    return v->visit(v->self, &public);
}

da_status da_file_list(da_context *ctx, const char *path, da_file_visit visit, void *self)
{
    DA_TRY(da__api_running(ctx, "da_file_list"));
    if (path == NULL || visit == NULL)
        return da__api_fail(ctx, DA_ERR_ARGUMENT, "da_file_list: the path or the function is NULL");
    struct da__error err = {.engine = -1};
    struct visitor v = {visit, self};
    da_status status = da__file_list(path, visit_one, &v, &err);
    if (status == DA_OK)
        return DA_OK;
    if (err.status == DA_OK)
        da__fail(&err, status, "da_file_list: %s: %s", path, da__status_text(status));
    return da__api_failed(ctx, &err);
}
