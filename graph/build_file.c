/* Files as nodes: loads (with the part that is read, and netCDF decoding as ordinary operators that fuse) and saves. */
#include "deferred.h"
#include "node.h"

#include <math.h>
#include <string.h>

static da_array *poison(struct da__graph *g, struct da__error *err)
{
    return err->status == DA_OK ? da__node_no_memory(g) : da__make_poison(g, err);
}

static struct da__node_file *file_new(const char *path, const char *dataset)
{
    struct da__node_file *f = da__calloc(1, sizeof *f);
    if (f == NULL)
        return NULL;
    f->path = da__strdup(path);
    f->dataset = dataset != NULL ? da__strdup(dataset) : NULL;
    if (f->path != NULL && (dataset == NULL || f->dataset != NULL))
        return f;
    da__free(f->path);
    da__free(f->dataset);
    da__free(f);
    return NULL;
}

/* Cuts a view of a whole dataset into the box that must be read and the view of that box: what a step skips at the ends and
 * what ints leave out is never read. */
static void cut_region(const struct da__view *v, const int64_t *shape, int64_t *start,
                       int64_t *count, struct da__view *rest)
{
    *rest = *v;
    for (int b = 0; b < v->base_ndim; b++) {
        int64_t n = v->axis[b] < 0 ? 1 : shape[v->axis[b]];
        int64_t last = v->offset[b] + (n > 0 ? n - 1 : 0) * v->step[b];
        int64_t low = v->step[b] < 0 && n > 0 && v->axis[b] >= 0 ? last : v->offset[b];
        start[b] = n > 0 ? low : 0;
        count[b] =
            n > 0 ? (v->axis[b] < 0 ? 1 : 1 + (n - 1) * (v->step[b] < 0 ? -v->step[b] : v->step[b]))
                  : 0;
        rest->offset[b] = n > 0 ? v->offset[b] - start[b] : 0;
    }
}

/* The load itself: a box of the file, distributed in boxes. */
static da_array *load_box(struct da__graph *g, const struct da__file_info *info, const char *path,
                          const char *dataset, const int64_t *start, const int64_t *count,
                          const struct da__dist *dist)
{
    da_array *a = da__node_new(g, DA__NODE_LOAD, info->dtype, info->ndim, count, dist);
    if (a == NULL)
        return da__node_no_memory(g);
    a->u.file = file_new(path, dataset);
    if (a->u.file == NULL)
        return da__node_no_memory(g);
    memcpy(a->u.file->start, start, (size_t)info->ndim * sizeof *start);
    return a;
}

/* netCDF: float64 raw*scale + offset, NaN where raw is the fill value. */
static da_array *decode_cf(struct da__graph *g, da_array *raw, const struct da__file_info *info)
{
    struct da__operand in[3] = {{.array = da__make_astype(g, raw, DA_FLOAT64)}};
    in[1] = (struct da__operand){.scalar = {.kind = DA__SCALAR_FLOAT, .re = info->scale}};
    if (info->has_scale)
        in[0].array = da__make_elementwise(g, DA__OP_MULTIPLY, 2, in);
    in[1].scalar.re = info->offset;
    if (info->has_offset)
        in[0].array = da__make_elementwise(g, DA__OP_ADD, 2, in);
    if (!info->has_fill)
        return in[0].array;
    struct da__operand same[2] = {{.array = da__make_astype(g, raw, DA_FLOAT64)},
                                  {.scalar = {.kind = DA__SCALAR_FLOAT, .re = info->fill}}};
    struct da__operand pick[3] = {{.array = da__make_elementwise(g, DA__OP_EQUAL, 2, same)},
                                  {.scalar = {.kind = DA__SCALAR_FLOAT, .re = (double)NAN}},
                                  {.array = in[0].array}};
    return da__make_elementwise(g, DA__OP_WHERE, 3, pick);
}

static da_status check_decode(const char *decode, const struct da__file_info *info,
                              const char *path, struct da__error *err)
{
    if (decode == NULL)
        return DA_OK;
    if (strcmp(decode, "cf") != 0)
        return da__fail(err, DA_ERR_ARGUMENT,
                        "da_load: decode \"%s\" is not known; there is \"cf\"", decode);
    char kind = da__dtype(info->dtype)->kind;
    if (kind == 'c' || kind == 'b')
        return da__fail(err, DA_ERR_DTYPE,
                        "da_load: %s: %s data cannot be decoded by netCDF's conventions", path,
                        da__dtype(info->dtype)->name);
    return DA_OK;
}

da_array *da__make_load(struct da__graph *g, const char *path, const char *dataset,
                        const char *decode, int nitems, const struct da__index_item *item,
                        da_dtype dtype, const struct da__dist_spec *spec)
{
    struct da__error err = {.engine = -1};
    struct da__file_spec file = {path, dataset};
    struct da__file_info info;
    if (da__file_probe(&file, &info, &err) != DA_OK ||
        check_decode(decode, &info, path, &err) != DA_OK)
        return poison(g, &err);
    struct da__view v, rest;
    int ndim = info.ndim;
    int64_t shape[DA_MAX_NDIM], start[DA_MAX_NDIM] = {0}, count[DA_MAX_NDIM];
    da__view_identity(info.ndim, &v);
    memcpy(shape, info.shape, sizeof shape);
    if (nitems >= 0 &&
        da__index_resolve(info.ndim, info.shape, nitems, item, &v, &ndim, shape, &err) != DA_OK) {
        da__error_prefix(&err, "da_load: %s", path);
        return poison(g, &err);
    }
    cut_region(&v, shape, start, count, &rest);

    const struct da__dist *wanted = NULL, *boxes = NULL;
    da_array *a = NULL;
    if (da__spec_dist(g, ndim, shape, spec, &wanted, &err) != DA_OK)
        return poison(g, &err);
    bool direct = da__view_is_identity(&rest) && ndim == info.ndim && da__dist_is_boxes(wanted);
    if (direct && da__dist_unpadded(wanted, &boxes) != DA_OK)
        goto done;
    if (!direct && da__spec_dist(g, info.ndim, count, NULL, &boxes, &err) != DA_OK)
        goto done;
    a = da__make_view(g, load_box(g, &info, path, dataset, start, count, boxes), &rest, ndim,
                      shape);
    if (decode != NULL)
        a = decode_cf(g, a, &info);
    if (dtype != DA_DTYPE_DEFAULT)
        a = da__make_astype(g, a, dtype);
    if (spec != NULL && (!direct || da__dist_padded(wanted)))
        a = da__make_redistribute_to(g, a, wanted);
done:
    da__dist_drop(wanted);
    da__dist_drop(boxes);
    return a != NULL ? a : poison(g, &err);
}

da_array *da__make_save(struct da__graph *g, da_array *x, const char *path, const char *dataset)
{
    if (x->kind == DA__NODE_POISON)
        return da__node_again(g, x);
    struct da__error err = {.engine = -1};
    const char *format = da__file_format(path, &err);
    if (format == NULL)
        return poison(g, &err);
    if (x->unsized) {
        struct da__later c;
        da__later_begin(&c, "save");
        da__later_array(&c, "x", x);
        da__later_text(&c, "file", DA__ARG_FILE, path);
        da__later_text(&c, "dataset", DA__ARG_TEXT, dataset);
        return da__later_defer(g, &c);
    }
    const struct da__dist *dist = x->dist != NULL ? da__dist_keep(x->dist) : NULL;
    if (dist == NULL && da__spec_dist(g, x->ndim, x->shape, NULL, &dist, &err) != DA_OK)
        return poison(g, &err);
    da_array *a = da__node_new(g, DA__NODE_SAVE, x->dtype, x->ndim, x->shape, dist);
    da__dist_drop(dist);
    if (a == NULL)
        return da__node_no_memory(g);
    a->u.file = file_new(path, dataset);
    if (a->u.file == NULL)
        return da__node_no_memory(g);
    da__node_add_input(a, x);
    return a;
}
