/* HDF5 files are foreign input: datasets are found without leaving the file, and refused where
 * their data lies elsewhere, needs code we do not have, or cannot be as large as claimed. */
#include "hdf5_parts.h"

#include <stdio.h>
#include <string.h>

/* A chunk is unpacked as a whole, so its claimed size is memory. */
#define CHUNK_NBYTES_CAP ((int64_t)1 << 30)

static herr_t refuse_external(const char *parent_file, const char *parent_group,
                              const char *child_file, const char *child_object, unsigned *flags,
                              hid_t list, void *refused)
{
    (void)parent_file, (void)parent_group, (void)flags, (void)list;
    snprintf(refused, DA__H5_REFUSED, "%s:%s", child_file, child_object);
    return -1;
}

hid_t da__h5_inside_only(char *refused)
{
    hid_t list = H5Pcreate(H5P_DATASET_ACCESS);
    refused[0] = '\0';
    if (list >= 0 && H5Pset_elink_cb(list, refuse_external, refused) < 0)
        da__h5_close(&list, H5Pclose);
    return list;
}

/* Is the link there, and, where the way goes on through it, the object too? */
static bool step_exists(hid_t file, const char *prefix, bool last, hid_t list)
{
    return H5Lexists(file, prefix, list) > 0 && (last || H5Oexists_by_name(file, prefix, list) > 0);
}

/* H5Lexists wants everything before the last link to exist, so we ask from the root on. */
bool da__h5_exists(hid_t file, const char *name)
{
    char refused[DA__H5_REFUSED];
    char *prefix = da__strdup(name);
    hid_t list = da__h5_inside_only(refused);
    bool exists = prefix != NULL && list >= 0;
    for (char *s = prefix; exists && s != NULL;) {
        s = strchr(s + 1, '/');
        if (s != NULL)
            *s = '\0';
        exists = step_exists(file, prefix, s == NULL, list);
        if (s != NULL)
            *s = '/';
    }
    da__h5_close(&list, H5Pclose);
    da__free(prefix);
    return exists;
}

static da_status fail_open(hid_t file, const char *path, const char *name, const char *refused,
                           struct da__error *err)
{
    struct da__error reason = {.status = DA_OK};
    da__h5_fail(&reason, DA_ERR_FORMAT, "%s: cannot open %s", path, name);
    if (refused[0] != '\0')
        return da__fail(err, DA_ERR_UNSUPPORTED,
                        "%s: %s leads out of the file by an external link (to %s), "
                        "which is not followed",
                        path, name, refused);
    if (!da__h5_exists(file, name))
        return da__h5_fail_missing(file, path, name, err);
    return da__fail(err, reason.status, "%s", reason.text);
}

da_status da__h5_open_dataset(hid_t file, const char *path, const char *name, hid_t *out,
                              struct da__error *err)
{
    char refused[DA__H5_REFUSED];
    da_status status = DA_OK;
    hid_t list = da__h5_inside_only(refused);
    *out = list >= 0 ? H5Oopen(file, name, list) : -1;
    if (*out < 0) {
        status = fail_open(file, path, name, refused, err);
    } else if (H5Iget_type(*out) != H5I_DATASET) {
        status = da__fail(err, DA_ERR_IO, "%s: %s is a %s, not a dataset", path, name,
                          H5Iget_type(*out) == H5I_GROUP ? "group" : "type");
        da__h5_close(out, H5Oclose);
    }
    da__h5_close(&list, H5Pclose);
    return status;
}

static da_status check_filters(hid_t properties, const char *path, const char *name,
                               struct da__error *err)
{
    int n = H5Pget_nfilters(properties);
    for (int i = 0; i < n; i++) {
        char filter[64] = "";
        size_t nvalues = 0;
        unsigned flags, config;
        H5Z_filter_t id = H5Pget_filter2(properties, (unsigned)i, &flags, &nvalues, NULL,
                                         sizeof filter, filter, &config);
        if (id < 0 || H5Zfilter_avail(id) <= 0)
            return da__fail(err, DA_ERR_UNSUPPORTED,
                            "%s: %s is stored with filter %d (%s), which HDF5 does not have here",
                            path, name, (int)id, filter[0] != '\0' ? filter : "unnamed");
    }
    return n >= 0 ? DA_OK : da__h5_fail(err, DA_ERR_FORMAT, "%s: filters of %s", path, name);
}

static da_status check_chunk(hid_t properties, hid_t type, const char *path, const char *name,
                             struct da__error *err)
{
    hsize_t chunk[DA_MAX_NDIM];
    int ndim = H5Pget_chunk(properties, DA_MAX_NDIM, chunk);
    int64_t nbytes = (int64_t)H5Tget_size(type);
    for (int i = 0; i < ndim && i < DA_MAX_NDIM; i++) {
        if (chunk[i] > INT64_MAX || !da__mul_i64(nbytes, (int64_t)chunk[i], &nbytes))
            nbytes = INT64_MAX;
    }
    if (nbytes > CHUNK_NBYTES_CAP)
        return da__fail(err, DA_ERR_UNSUPPORTED,
                        "%s: chunks of %s have %lld bytes, the limit is %lld", path, name,
                        (long long)nbytes, (long long)CHUNK_NBYTES_CAP);
    return DA_OK;
}

/* Contiguous data that are there at all are there whole. */
static da_status check_contiguous(hid_t dataset, hid_t type, const char *path, const char *name,
                                  struct da__error *err)
{
    hid_t space = H5Dget_space(dataset);
    hssize_t nelem = space >= 0 ? H5Sget_simple_extent_npoints(space) : -1;
    hsize_t have = H5Dget_storage_size(dataset);
    int64_t need = 0;
    bool sane = nelem >= 0 && da__mul_i64((int64_t)nelem, (int64_t)H5Tget_size(type), &need);
    da__h5_close(&space, H5Sclose);
    if (!sane || (have != 0 && have < (hsize_t)need))
        return da__fail(err, DA_ERR_FORMAT, "%s: %s claims %lld bytes and stores %llu", path, name,
                        (long long)need, (unsigned long long)have);
    return DA_OK;
}

static da_status check_layout(hid_t dataset, hid_t properties, hid_t type, const char *path,
                              const char *name, struct da__error *err)
{
    switch (H5Pget_layout(properties)) {
    case H5D_COMPACT:
        return DA_OK;
    case H5D_CONTIGUOUS:
        if (H5Pget_external_count(properties) != 0)
            return da__fail(err, DA_ERR_UNSUPPORTED,
                            "%s: %s keeps its data in other files (external storage), "
                            "which are not opened",
                            path, name);
        return check_contiguous(dataset, type, path, name, err);
    case H5D_CHUNKED:
        DA_TRY(check_chunk(properties, type, path, name, err));
        return check_filters(properties, path, name, err);
    case H5D_VIRTUAL:
        return da__fail(err, DA_ERR_UNSUPPORTED,
                        "%s: %s is a virtual dataset made of others, which are not opened", path,
                        name);
    default:
        return da__fail(err, DA_ERR_FORMAT, "%s: %s has an unknown layout", path, name);
    }
}

da_status da__h5_check_storage(hid_t dataset, const char *path, const char *name,
                               struct da__error *err)
{
    hid_t properties = H5Dget_create_plist(dataset), type = H5Dget_type(dataset);
    da_status status = properties >= 0 && type >= 0
                           ? check_layout(dataset, properties, type, path, name, err)
                           : da__h5_fail(err, DA_ERR_FORMAT, "%s: cannot look at %s", path, name);
    da__h5_close(&properties, H5Pclose);
    da__h5_close(&type, H5Tclose);
    return status;
}
