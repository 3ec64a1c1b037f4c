/* The HDF5 format as a source: any dataset of numbers, netCDF-4's included, contiguous or chunked
 * and compressed. Engines that are processes read together by MPI-IO; threads of one process take
 * turns. */
#include "hdf5_parts.h"

/* Opens the file for this process alone and finds the dataset; MPI is not started. */
static da_status open_serial(const struct da__file_spec *spec, hid_t *file, hid_t *dataset,
                             char **name, struct da__file_info *info, struct da__error *err)
{
    DA_TRY(da__h5_open_file(spec->path, false, NULL, file, err));
    DA_TRY(da__h5_resolve(*file, spec->path, spec->dataset, name, err));
    DA_TRY(da__h5_open_dataset(*file, spec->path, *name, dataset, err));
    return da__h5_info(*dataset, spec->path, *name, info, err);
}

static da_status probe(const struct da__file_spec *spec, struct da__file_info *out,
                       struct da__error *err)
{
    struct da__h5_guard guard;
    hid_t file = -1, dataset = -1;
    char *name = NULL;
    da__h5_lock(&guard);
    da_status status = open_serial(spec, &file, &dataset, &name, out, err);
    da__h5_close(&dataset, H5Oclose);
    da__h5_close(&file, H5Fclose);
    da__h5_unlock(&guard);
    da__free(name);
    return status;
}

static da_status read_names(const char *path, struct da__h5_names *names, struct da__error *err)
{
    struct da__h5_guard guard;
    hid_t file = -1;
    da__h5_lock(&guard);
    da_status status = da__h5_open_file(path, false, NULL, &file, err);
    if (status == DA_OK)
        status = da__h5_names_read(file, path, names, err);
    da__h5_close(&file, H5Fclose);
    da__h5_unlock(&guard);
    return status;
}

/* Datasets of types that have no dtype are passed over. */
static da_status list(const char *path,
                      da_status (*each)(void *self, const char *dataset,
                                        const struct da__file_info *info),
                      void *self, struct da__error *err)
{
    struct da__h5_names names = {NULL, 0, 0};
    da_status status = read_names(path, &names, err);
    for (int64_t i = 0; i < names.n && status == DA_OK; i++) {
        struct da__file_spec spec = {path, names.name[i]};
        struct da__error own = {.status = DA_OK};
        struct da__file_info info;
        status = probe(&spec, &info, &own);
        if (status == DA_ERR_UNSUPPORTED)
            status = DA_OK;
        else if (status != DA_OK)
            da__fail(err, status, "%s", own.text);
        else
            status = each(self, names.name[i], &info);
    }
    da__h5_names_free(&names);
    return status;
}

/* ---- source ------------------------------------------------------------------------------------
 */

struct hdf5_source {
    struct da__source base;
    char *name;
    hid_t file, dataset;
    hid_t memory; /* type of elements in memory */
};

static da_status read_box(struct da__source *base, const int64_t *start, const int64_t *count,
                          int64_t nelem, void *out, struct da__error *err)
{
    struct hdf5_source *s = (struct hdf5_source *)base;
    struct da__h5_transfer t;
    struct da__h5_guard guard;
    uint64_t nothing = 0;
    if (nelem == 0 && base->peers.comm == NULL)
        return DA_OK;
    da__h5_lock(&guard);
    da_status status = da__h5_select(s->dataset, base->path, &base->peers, base->info.ndim, start,
                                     count, nelem, &t, err);
    da__h5_unlock(&guard);
    if (base->peers.comm != NULL) /* one engine that stays away would hang the others */
        status = da__agree(&base->peers, status, err);
    da__h5_lock(&guard);
    if (status == DA_OK &&
        H5Dread(s->dataset, s->memory, t.memory, t.file, t.list, nelem > 0 ? out : &nothing) < 0)
        status = da__h5_fail(err, DA_ERR_IO, "%s: cannot read %lld elements of %s", base->path,
                             (long long)nelem, s->name);
    da__h5_unselect(&t);
    da__h5_unlock(&guard);
    if (status == DA_OK && base->info.dtype == DA_BOOL)
        da__normalise_bool(out, nelem);
    return status;
}

static void close_handles(struct hdf5_source *s)
{
    struct da__h5_guard guard;
    da__h5_lock(&guard);
    da__h5_close(&s->memory, H5Tclose);
    da__h5_close(&s->dataset, H5Oclose);
    da__h5_close(&s->file, H5Fclose);
    da__h5_unlock(&guard);
}

static void close_source(struct da__source *base)
{
    struct hdf5_source *s = (struct hdf5_source *)base;
    close_handles(s);
    da__free(s->name);
    da__free(base->path);
    da__free(s);
}

static const struct da__source_ops source_ops = {read_box, close_source};

/* What each engine finds out by itself, before anything is done together. */
static da_status open_local(struct hdf5_source *s, const struct da__file_spec *spec,
                            const struct da__io_peers *peers, struct da__error *err)
{
    struct da__h5_guard guard;
    s->base.ops = &source_ops;
    s->base.peers = *peers;
    s->base.path = da__strdup(spec->path);
    if (s->base.path == NULL)
        return da__fail(err, DA_ERR_MEMORY, "%s: no memory to open it", spec->path);
    da__h5_lock(&guard);
    da_status status = open_serial(spec, &s->file, &s->dataset, &s->name, &s->base.info, err);
    if (status == DA_OK) {
        hid_t stored = H5Dget_type(s->dataset);
        s->memory = da__h5_memory_type(s->base.info.dtype, stored);
        if (s->memory < 0)
            status = da__h5_fail(err, DA_ERR_MEMORY, "%s: type of %s", spec->path, s->name);
        da__h5_close(&stored, H5Tclose);
        if (H5Dget_storage_size(s->dataset) == 0)
            s->base.peers.comm = NULL; /* nothing but fill values: MPI-IO has no place to read at */
    }
    if (s->base.peers.comm != NULL) { /* opened again, together */
        da__h5_close(&s->dataset, H5Oclose);
        da__h5_close(&s->file, H5Fclose);
    }
    da__h5_unlock(&guard);
    return status;
}

static da_status open_together(struct hdf5_source *s, struct da__error *err)
{
    struct da__h5_guard guard;
    da__h5_lock(&guard);
    da_status status = da__h5_open_file(s->base.path, false, &s->base.peers, &s->file, err);
    if (status == DA_OK)
        status = da__h5_open_dataset(s->file, s->base.path, s->name, &s->dataset, err);
    da__h5_unlock(&guard);
    return status;
}

static da_status open_source(const struct da__file_spec *spec, const struct da__io_peers *peers,
                             struct da__source **out, struct da__error *err)
{
    struct hdf5_source *s = da__calloc(1, sizeof *s);
    da_status status;
    if (s != NULL) {
        s->file = s->dataset = s->memory = -1;
        status = open_local(s, spec, peers, err);
    } else {
        status = da__fail(err, DA_ERR_MEMORY, "%s: no memory to open it", spec->path);
    }
    status = da__agree(peers, status, err);
    if (status == DA_OK && s->base.peers.comm != NULL)
        status = da__agree(peers, open_together(s, err), err);
    if (status == DA_OK)
        *out = &s->base;
    else if (s != NULL)
        close_source(&s->base);
    return status;
}

const struct da__format da__hdf5_format = {probe, list, open_source, da__h5_create_sink};
