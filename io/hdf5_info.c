/* What an HDF5 dataset says of itself: dtype, shape, and its layout in words. */
#include "hdf5_parts.h"

#include <stdio.h>
#include <string.h>

/* A line of text in a fixed buffer; what does not fit is left out. */
struct line {
    char *s;
    size_t size, n;
};

static void add(struct line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct line *l, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(l->s + l->n, l->size - l->n, format, args);
    va_end(args);
    if (n > 0)
        l->n += (size_t)n < l->size - l->n ? (size_t)n : l->size - l->n - 1;
}

static const struct {
    H5Z_filter_t id;
    const char *name;
} filters[] = {
    {H5Z_FILTER_DEFLATE, "gzip"},
    {H5Z_FILTER_SHUFFLE, "shuffle"},
    {H5Z_FILTER_FLETCHER32, "fletcher32"},
    {H5Z_FILTER_SZIP, "szip"},
    {H5Z_FILTER_NBIT, "nbit"},
    {H5Z_FILTER_SCALEOFFSET, "scaleoffset"},
};

static void add_filter(struct line *l, hid_t properties, unsigned i)
{
    unsigned flags, config, value[8] = {0};
    size_t nvalues = sizeof value / sizeof *value;
    char own[64] = "";
    H5Z_filter_t id =
        H5Pget_filter2(properties, i, &flags, &nvalues, value, sizeof own, own, &config);
    const char *name = own[0] != '\0' ? own : "unnamed filter";
    for (size_t k = 0; k < sizeof filters / sizeof *filters; k++) {
        if (filters[k].id == id)
            name = filters[k].name;
    }
    add(l, ", %s", name);
    if (id == H5Z_FILTER_DEFLATE)
        add(l, " %u", value[0]);
}

static void add_chunks(struct line *l, hid_t properties)
{
    hsize_t chunk[DA_MAX_NDIM];
    int ndim = H5Pget_chunk(properties, DA_MAX_NDIM, chunk);
    add(l, "chunked");
    for (int i = 0; i < ndim && i < DA_MAX_NDIM; i++)
        add(l, "%c%llu", i == 0 ? ' ' : 'x', (unsigned long long)chunk[i]);
    int n = H5Pget_nfilters(properties);
    for (int i = 0; i < n; i++)
        add_filter(l, properties, (unsigned)i);
}

static void layout_text(hid_t dataset, hid_t type, struct da__file_info *out)
{
    struct line l = {out->layout, sizeof out->layout, 0};
    hid_t properties = H5Dget_create_plist(dataset);
    H5D_layout_t layout = properties >= 0 ? H5Pget_layout(properties) : H5D_LAYOUT_ERROR;
    if (layout == H5D_CHUNKED)
        add_chunks(&l, properties);
    else
        add(&l, layout == H5D_COMPACT ? "compact" : "contiguous");
    H5T_order_t order = H5Tget_order(type);
    if (H5Tget_size(type) > 1 && (order == H5T_ORDER_LE || order == H5T_ORDER_BE))
        add(&l, order == H5T_ORDER_LE ? ", little-endian" : ", big-endian");
    if (H5Tget_class(type) == H5T_FLOAT && H5Tget_size(type) != da__dtype_nbytes(out->dtype))
        add(&l, ", stored in %zu bits", 8 * H5Tget_size(type));
    da__h5_close(&properties, H5Pclose);
}

static da_status read_shape(hid_t space, const char *path, const char *name,
                            struct da__file_info *out, struct da__error *err)
{
    hsize_t extent[H5S_MAX_RANK];
    H5S_class_t class = H5Sget_simple_extent_type(space);
    int ndim = H5Sget_simple_extent_ndims(space);
    int64_t nbytes;
    if (class == H5S_NULL)
        return da__fail(err, DA_ERR_UNSUPPORTED, "%s: %s has no data (a null dataspace)", path,
                        name);
    if (ndim < 0 || ndim > DA_MAX_NDIM || H5Sget_simple_extent_dims(space, extent, NULL) < 0)
        return da__h5_fail(err, DA_ERR_FORMAT, "%s: shape of %s", path, name);
    out->ndim = ndim;
    for (int i = 0; i < ndim; i++) {
        if (extent[i] > INT64_MAX)
            return da__fail(err, DA_ERR_FORMAT, "%s: axis %d of %s is longer than 2^63", path, i,
                            name);
        out->shape[i] = (int64_t)extent[i];
    }
    int64_t nelem = da__nelem(ndim, out->shape);
    if (nelem < 0 || !da__mul_i64(nelem, (int64_t)da__dtype_nbytes(out->dtype), &nbytes))
        return da__fail(err, DA_ERR_FORMAT, "%s: %s has more than 2^63 bytes", path, name);
    return DA_OK;
}

da_status da__h5_info(hid_t dataset, const char *path, const char *name, struct da__file_info *out,
                      struct da__error *err)
{
    *out = (struct da__file_info){.format = "hdf5"};
    DA_TRY(da__h5_check_storage(dataset, path, name, err));
    hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    da_status status = type >= 0 && space >= 0
                           ? da__h5_dtype(type, path, name, &out->dtype, err)
                           : da__h5_fail(err, DA_ERR_FORMAT, "%s: cannot look at %s", path, name);
    if (status == DA_OK)
        status = read_shape(space, path, name, out, err);
    if (status == DA_OK) {
        layout_text(dataset, type, out);
        da__h5_attributes(dataset, out);
    }
    da__h5_close(&type, H5Tclose);
    da__h5_close(&space, H5Sclose);
    return status;
}
