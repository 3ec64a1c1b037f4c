/* The HDF5 format as a sink: rank 0 makes a file with the dataset beside the target, all write
 * their boxes into it, rank 0 renames it. Other datasets of an existing file are kept: the new file
 * starts as a copy of it. */
#include "hdf5_parts.h"

#include <string.h>
#include <sys/stat.h>

#define DEFAULT_NAME "/data" /* of a file's array that the user gave no name */
#define MERGE_TOKEN UINT64_C(0x9e3779b97f4a7c15)

/* Which file was in the target's place. */
struct identity {
    bool exists;
    dev_t device;
    ino_t inode;
    off_t nbytes;
    struct timespec changed;
};

struct hdf5_sink {
    struct da__sink base;
    char *name;
    uint64_t token;
    struct da__temporary temporary;
    struct identity copied; /* rank 0: what the temporary started from */
    hid_t file, dataset, memory;
};

static struct identity identify(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return (struct identity){.exists = false};
    return (struct identity){true, st.st_dev, st.st_ino, st.st_size, st.st_mtim};
}

static bool is_same(const struct identity *a, const struct identity *b)
{
    return a->exists == b->exists &&
           (!a->exists ||
            (a->device == b->device && a->inode == b->inode && a->nbytes == b->nbytes &&
             a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec));
}

/* ---- the dataset in the temporary file (rank 0 alone) ------------------------------------------
 */

/* Unlinks what has the name: a dataset or a link; a group is not ours to delete. */
static da_status remove_old(hid_t file, const char *path, const char *name, struct da__error *err)
{
    char refused[DA__H5_REFUSED];
    da_status status = DA_OK;
    if (!da__h5_exists(file, name))
        return DA_OK;
    hid_t list = da__h5_inside_only(refused);
    hid_t object = H5Oopen(file, name, list);
    if (object >= 0 && H5Iget_type(object) != H5I_DATASET)
        status = da__fail(err, DA_ERR_IO, "%s: %s is a group and is not replaced", path, name);
    else if (H5Ldelete(file, name, list) < 0)
        status = da__h5_fail(err, DA_ERR_IO, "%s: cannot replace %s", path, name);
    da__h5_close(&object, H5Oclose);
    da__h5_close(&list, H5Pclose);
    return status;
}

/* The groups on the way to a new name are made with it. */
static hid_t link_list(void)
{
    hid_t list = H5Pcreate(H5P_LINK_CREATE);
    if (list >= 0 && (H5Pset_create_intermediate_group(list, 1) < 0 ||
                      H5Pset_char_encoding(list, H5T_CSET_UTF8) < 0))
        da__h5_close(&list, H5Pclose);
    return list;
}

/* Space from the start, and no fill values: every element is going to be written. */
static hid_t create_list(void)
{
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    if (list >= 0 && (H5Pset_layout(list, H5D_CONTIGUOUS) < 0 ||
                      H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY) < 0 ||
                      H5Pset_fill_time(list, H5D_FILL_TIME_NEVER) < 0))
        da__h5_close(&list, H5Pclose);
    return list;
}

static hid_t array_space(const struct da__sink *s)
{
    hsize_t extent[DA_MAX_NDIM];
    for (int i = 0; i < s->ndim; i++)
        extent[i] = (hsize_t)s->shape[i];
    return s->ndim == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(s->ndim, extent, NULL);
}

static da_status put_dataset(const struct hdf5_sink *s, hid_t file, struct da__error *err)
{
    char refused[DA__H5_REFUSED];
    DA_TRY(remove_old(file, s->base.path, s->name, err));
    hid_t space = array_space(&s->base), links = link_list(), properties = create_list(),
          access = da__h5_inside_only(refused);
    da_status status = DA_OK;
    hid_t dataset = H5Dcreate2(file, s->name, s->memory, space, links, properties, access);
    if (dataset < 0)
        status = da__h5_fail(err, DA_ERR_IO, "%s: cannot create %s", s->base.path, s->name);
    else if (H5Dclose(dataset) < 0)
        status = da__h5_fail(err, DA_ERR_IO, "%s: cannot make room for %s", s->base.path, s->name);
    da__h5_close(&space, H5Sclose);
    da__h5_close(&links, H5Pclose);
    da__h5_close(&properties, H5Pclose);
    da__h5_close(&access, H5Pclose);
    return status;
}

static da_status new_file(const char *path, const char *target, hid_t *out, struct da__error *err)
{
    da_status status = DA_OK;
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    *out = -1;
#if H5_VERSION_GE(1, 10, 7)
    H5Pset_file_locking(access, false, true);
#endif
    if (access >= 0)
        *out = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    if (*out < 0)
        status = da__h5_fail(err, DA_ERR_IO, "%s: cannot create it", target);
    da__h5_close(&access, H5Pclose);
    return status;
}

/* The temporary as an HDF5 file: a copy of the target where that has contents, else new. */
static da_status start_file(const struct da__temporary *t, const char *path,
                            const struct identity *old, hid_t *out, struct da__error *err)
{
    if (!old->exists || old->nbytes == 0)
        return new_file(t->path, path, out, err);
    if (H5Fis_hdf5(t->path) <= 0)
        return da__fail(err, DA_ERR_FORMAT, "%s: exists and is no HDF5 file that could be added to",
                        path);
    return da__h5_open_file(t->path, true, NULL, out, err);
}

/* Makes the temporary with whatever the target has now. */
static da_status start_temporary(struct da__temporary *t, struct identity *old,
                                 struct da__error *err)
{
    DA_TRY(da__temporary_make(t, err));
    *old = identify(t->target);
    return old->exists ? da__temporary_copy_target(t, err) : DA_OK;
}

/* HDF5 has set the file's length by now; the disk has to have as much. */
static da_status reserve_all(struct hdf5_sink *s, struct da__error *err)
{
    struct identity now = identify(s->temporary.path);
    return da__temporary_reserve(&s->temporary, (int64_t)now.nbytes, err);
}

static da_status make_file(struct hdf5_sink *s, struct da__error *err)
{
    struct da__h5_guard guard;
    hid_t file = -1;
    DA_TRY(start_temporary(&s->temporary, &s->copied, err));
    da__h5_lock(&guard);
    da_status status = start_file(&s->temporary, s->base.path, &s->copied, &file, err);
    if (status == DA_OK)
        status = put_dataset(s, file, err);
    if (!da__h5_close(&file, H5Fclose) && status == DA_OK)
        status = da__h5_fail(err, DA_ERR_IO, "%s: cannot create it", s->base.path);
    da__h5_unlock(&guard);
    return status == DA_OK ? reserve_all(s, err) : status;
}

/* ---- committing (rank 0 alone) -----------------------------------------------------------------
 */

static da_status copy_dataset(struct hdf5_sink *s, hid_t to, struct da__error *err)
{
    DA_TRY(remove_old(to, s->base.path, s->name, err));
    hid_t links = link_list(), from = -1;
    da_status status = da__h5_open_file(s->temporary.path, false, NULL, &from, err);
    if (status == DA_OK && H5Ocopy(from, s->name, to, s->name, H5P_DEFAULT, links) < 0)
        status = da__h5_fail(err, DA_ERR_IO, "%s: cannot add %s", s->base.path, s->name);
    da__h5_close(&from, H5Fclose);
    da__h5_close(&links, H5Pclose);
    return status;
}

static da_status merge_into(struct hdf5_sink *s, struct da__temporary *fresh, struct da__error *err)
{
    struct da__h5_guard guard;
    struct identity now;
    hid_t file = -1;
    DA_TRY(da__temporary_name(fresh, s->base.path, s->token ^ MERGE_TOKEN, err));
    DA_TRY(start_temporary(fresh, &now, err));
    da__h5_lock(&guard);
    da_status status = start_file(fresh, s->base.path, &now, &file, err);
    if (status == DA_OK)
        status = copy_dataset(s, file, err);
    if (!da__h5_close(&file, H5Fclose) && status == DA_OK)
        status = da__h5_fail(err, DA_ERR_IO, "%s: cannot add %s", s->base.path, s->name);
    da__h5_unlock(&guard);
    return status == DA_OK ? da__temporary_commit(fresh, err) : status;
}

/* Another dataset was saved into the target since it was copied (two sinks of one program): ours is
 * added to what it has become, so that none is lost. */
static da_status finish(struct hdf5_sink *s, struct da__error *err)
{
    struct identity now = identify(s->temporary.target);
    struct da__temporary fresh;
    if (!now.exists || is_same(&now, &s->copied))
        return da__temporary_commit(&s->temporary, err);
    da__temporary_init(&fresh);
    da_status status = merge_into(s, &fresh, err);
    da__temporary_discard(&fresh);
    return status;
}

/* ---- writing together --------------------------------------------------------------------------
 */

/* Over MPI closing a file is collective, so this is always done by all. */
static bool close_handles(struct hdf5_sink *s)
{
    struct da__h5_guard guard;
    da__h5_lock(&guard);
    bool ok = da__h5_close(&s->memory, H5Tclose);
    ok = da__h5_close(&s->dataset, H5Oclose) && ok;
    ok = da__h5_close(&s->file, H5Fclose) && ok;
    da__h5_unlock(&guard);
    return ok;
}

static void abort_sink(struct da__sink *base)
{
    struct hdf5_sink *s = (struct hdf5_sink *)base;
    close_handles(s);
    da__temporary_discard(&s->temporary);
    da__free(s->name);
    da__free(base->path);
    da__free(s);
}

static da_status write_box(struct da__sink *base, const int64_t *start, const int64_t *count,
                           int64_t nelem, const void *data, struct da__error *err)
{
    struct hdf5_sink *s = (struct hdf5_sink *)base;
    struct da__h5_transfer t;
    struct da__h5_guard guard;
    uint64_t nothing = 0;
    if (base->nbytes == 0 || (nelem == 0 && base->peers.comm == NULL))
        return DA_OK;
    da__h5_lock(&guard);
    da_status status = da__h5_select(s->dataset, base->path, &base->peers, base->ndim, start, count,
                                     nelem, &t, err);
    da__h5_unlock(&guard);
    if (base->peers.comm != NULL) /* one engine that stays away would hang the others */
        status = da__agree(&base->peers, status, err);
    da__h5_lock(&guard);
    if (status == DA_OK &&
        H5Dwrite(s->dataset, s->memory, t.memory, t.file, t.list, nelem > 0 ? data : &nothing) < 0)
        status = da__h5_fail(err, DA_ERR_IO, "%s: cannot write %lld elements of %s", base->path,
                             (long long)nelem, s->name);
    da__h5_unselect(&t);
    da__h5_unlock(&guard);
    return status;
}

/* Threads share one open file, which rank 0 flushes; processes each flush theirs, together. */
static da_status flush(struct hdf5_sink *s, struct da__error *err)
{
    struct da__h5_guard guard;
    da_status status = DA_OK;
    if (s->base.peers.comm == NULL && s->base.peers.rank != 0)
        return DA_OK;
    da__h5_lock(&guard);
    if (H5Fflush(s->file, H5F_SCOPE_GLOBAL) < 0)
        status = da__h5_fail(err, DA_ERR_IO, "%s: cannot flush", s->base.path);
    da__h5_unlock(&guard);
    return status;
}

static da_status commit_sink(struct da__sink *base, da_status mine, struct da__error *err)
{
    struct hdf5_sink *s = (struct hdf5_sink *)base;
    da_status status = da__agree(&base->peers, mine, err);
    if (status == DA_OK)
        status = da__agree(&base->peers, flush(s, err), err);
    bool closed = close_handles(s);
    if (status == DA_OK && !closed)
        status = da__fail(err, DA_ERR_IO, "%s: closing failed, so it is not saved", base->path);
    status = da__agree(&base->peers, status, err);
    if (status == DA_OK) {
        if (base->peers.rank == 0)
            status = finish(s, err);
        status = da__agree(&base->peers, status, err);
    }
    abort_sink(base); /* what is committed is no longer there to be removed */
    return status;
}

static const struct da__sink_ops sink_ops = {write_box, commit_sink, abort_sink};

/* ---- creating ----------------------------------------------------------------------------------
 */

static da_status make_names(struct hdf5_sink *s, const struct da__file_spec *spec, uint64_t token,
                            struct da__error *err)
{
    const char *name = spec->dataset != NULL ? spec->dataset : DEFAULT_NAME;
    struct da__hash h = da__hash_init();
    struct da__text text = {0};
    s->base.path = da__strdup(spec->path);
    da__text_add(&text, "%s%s", name[0] == '/' ? "" : "/", name);
    if (s->base.path == NULL || text.failed) {
        da__text_free(&text);
        return da__fail(err, DA_ERR_MEMORY, "%s: no memory to create it", spec->path);
    }
    s->name = text.s;
    da__hash_bytes(&h, s->name, strlen(s->name));
    s->token = token ^ h.lo ^ h.hi; /* two datasets of one file have two temporaries */
    return da__temporary_name(&s->temporary, spec->path, s->token, err);
}

static da_status create_local(struct hdf5_sink *s, const struct da__file_spec *spec, uint64_t token,
                              struct da__error *err)
{
    struct da__h5_guard guard;
    DA_TRY(make_names(s, spec, token, err));
    da__h5_lock(&guard);
    s->memory = da__h5_memory_type(s->base.dtype, -1);
    da_status status = s->memory >= 0
                           ? DA_OK
                           : da__h5_fail(err, DA_ERR_MEMORY, "%s: type of %s", spec->path, s->name);
    da__h5_unlock(&guard);
    if (status == DA_OK && s->base.peers.rank == 0)
        status = make_file(s, err);
    return status;
}

static da_status open_together(struct hdf5_sink *s, struct da__error *err)
{
    struct da__h5_guard guard;
    da__h5_lock(&guard);
    da_status status = da__h5_open_file(s->temporary.path, true, &s->base.peers, &s->file, err);
    if (status == DA_OK)
        status = da__h5_open_dataset(s->file, s->temporary.path, s->name, &s->dataset, err);
    da__h5_unlock(&guard);
    return status;
}

da_status da__h5_create_sink(const struct da__file_spec *spec, const struct da__sink *like,
                             struct da__sink **out, struct da__error *err)
{
    const struct da__io_peers *peers = &like->peers;
    uint64_t token = 0;
    struct hdf5_sink *s = da__calloc(1, sizeof *s);
    if (s != NULL) {
        s->base = *like;
        s->base.ops = &sink_ops;
        s->file = s->dataset = s->memory = -1;
        da__temporary_init(&s->temporary);
    }
    da_status status = da__run_token(peers, &token, err);
    if (s == NULL)
        status = da__fail(err, DA_ERR_MEMORY, "%s: no memory to create it", spec->path);
    if (status == DA_OK)
        status = create_local(s, spec, token, err);
    status = da__agree(peers, status, err); /* rank 0 has made it */
    if (status == DA_OK)
        status = da__agree(peers, open_together(s, err), err);
    if (status == DA_OK)
        *out = &s->base;
    else if (s != NULL)
        abort_sink(&s->base);
    return status;
}
