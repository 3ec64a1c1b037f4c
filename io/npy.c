/* The .npy format: every peer reads and writes its own boxes with pread and pwrite; rank 0 makes
 * and renames the file. */
#include "format.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* ---- headers -----------------------------------------------------------------------------------
 */

static da_status read_header(int fd, const char *path, int64_t file_nbytes,
                             struct da__npy_header *h, struct da__error *err)
{
    uint8_t prefix[DA__NPY_PREFIX];
    int64_t n = file_nbytes < DA__NPY_PREFIX ? file_nbytes : DA__NPY_PREFIX;
    *h = (struct da__npy_header){0};
    DA_TRY(da__pread_all(fd, path, prefix, n, 0, err));
    DA_TRY(da__npy_prefix(path, prefix, n, file_nbytes, h, err));
    char *text = da__alloc((size_t)h->nbytes + 1); /* at most DA__NPY_HEADER_CAP */
    if (text == NULL)
        return da__fail(err, DA_ERR_MEMORY, "%s: no memory for a header of %lld bytes", path,
                        (long long)h->nbytes);
    da_status status = da__pread_all(fd, path, text, h->nbytes, h->at, err);
    if (status == DA_OK)
        status = da__npy_parse(path, text, file_nbytes, h, err);
    da__free(text);
    return status;
}

static const char *order_text(const struct da__npy_header *h)
{
    bool little = (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) != h->swap;
    if (da__dtype_nbytes(h->dtype) == 1)
        return "";
    return little ? ", little-endian" : ", big-endian";
}

static void fill_info(const struct da__npy_header *h, int64_t file_nbytes,
                      struct da__file_info *out)
{
    int64_t after = file_nbytes - h->at - h->nbytes - h->data_nbytes;
    *out = (struct da__file_info){.format = "npy", .dtype = h->dtype, .ndim = h->ndim};
    for (int i = 0; i < h->ndim; i++)
        out->shape[i] = h->shape[i];
    int n = snprintf(out->layout, sizeof out->layout, "npy %d.0, %s order%s", h->version,
                     h->fortran ? "fortran" : "C", order_text(h));
    if (after > 0)
        snprintf(out->layout + n, sizeof out->layout - (size_t)n, ", %lld bytes follow",
                 (long long)after);
}

/* Opens and reads everything but the data. */
static da_status open_header(const struct da__file_spec *spec, int *fd, struct da__npy_header *h,
                             struct da__file_info *info, struct da__error *err)
{
    int64_t nbytes = 0;
    DA_TRY(da__open_file(spec->path, fd, &nbytes, err));
    da_status status = read_header(*fd, spec->path, nbytes, h, err);
    if (status != DA_OK) {
        close(*fd);
        *fd = -1;
        return status;
    }
    fill_info(h, nbytes, info);
    return DA_OK;
}

static da_status probe(const struct da__file_spec *spec, struct da__file_info *out,
                       struct da__error *err)
{
    struct da__npy_header h;
    int fd = -1;
    DA_TRY(open_header(spec, &fd, &h, out, err));
    close(fd);
    return DA_OK;
}

static da_status list(const char *path,
                      da_status (*each)(void *self, const char *dataset,
                                        const struct da__file_info *info),
                      void *self, struct da__error *err)
{
    struct da__file_info info;
    DA_TRY(probe(&(struct da__file_spec){.path = path}, &info, err));
    return each(self, NULL, &info);
}

/* ---- source ------------------------------------------------------------------------------------
 */

struct npy_source {
    struct da__source base;
    int fd;
    struct da__npy_header header;
};

static da_status read_box(struct da__source *base, const int64_t *start, const int64_t *count,
                          int64_t nelem, void *out, struct da__error *err)
{
    struct npy_source *s = (struct npy_source *)base;
    const struct da__npy_header *h = &s->header;
    if (nelem == 0)
        return DA_OK;
    struct da__dense d = {.fd = s->fd,
                          .path = base->path,
                          .offset = h->at + h->nbytes,
                          .itemsize = (int64_t)da__dtype_nbytes(h->dtype),
                          .fortran = h->fortran,
                          .ndim = h->ndim,
                          .shape = h->shape};
    DA_TRY(da__box_read(&d, start, count, out, err));
    if (h->swap)
        da__swap_bytes(out, nelem, h->dtype);
    if (h->dtype == DA_BOOL)
        da__normalise_bool(out, nelem);
    return DA_OK;
}

static void close_source(struct da__source *base)
{
    struct npy_source *s = (struct npy_source *)base;
    if (s->fd >= 0)
        close(s->fd);
    da__free(base->path);
    da__free(s);
}

static const struct da__source_ops source_ops = {read_box, close_source};

static da_status open_local(struct npy_source *s, const struct da__file_spec *spec,
                            const struct da__io_peers *peers, struct da__error *err)
{
    s->base.ops = &source_ops;
    s->base.peers = *peers;
    s->fd = -1;
    s->base.path = da__strdup(spec->path);
    if (s->base.path == NULL)
        return da__fail(err, DA_ERR_MEMORY, "%s: no memory to open it", spec->path);
    return open_header(spec, &s->fd, &s->header, &s->base.info, err);
}

static da_status open_source(const struct da__file_spec *spec, const struct da__io_peers *peers,
                             struct da__source **out, struct da__error *err)
{
    struct npy_source *s = da__calloc(1, sizeof *s);
    da_status status = s != NULL
                           ? open_local(s, spec, peers, err)
                           : da__fail(err, DA_ERR_MEMORY, "%s: no memory to open it", spec->path);
    status = da__agree(peers, status, err);
    if (status == DA_OK)
        *out = &s->base;
    else if (s != NULL)
        close_source(&s->base);
    return status;
}

/* ---- sink --------------------------------------------------------------------------------------
 */

struct npy_sink {
    struct da__sink base;
    struct da__temporary file;
    int64_t offset; /* where the data starts */
};

static da_status write_box(struct da__sink *base, const int64_t *start, const int64_t *count,
                           int64_t nelem, const void *data, struct da__error *err)
{
    struct npy_sink *s = (struct npy_sink *)base;
    if (nelem == 0)
        return DA_OK;
    struct da__dense d = {.fd = s->file.fd,
                          .path = base->path,
                          .offset = s->offset,
                          .itemsize = (int64_t)da__dtype_nbytes(base->dtype),
                          .ndim = base->ndim,
                          .shape = base->shape};
    return da__box_write(&d, start, count, data, err);
}

static void abort_sink(struct da__sink *base)
{
    struct npy_sink *s = (struct npy_sink *)base;
    da__temporary_discard(&s->file);
    da__free(base->path);
    da__free(s);
}

/* Every process flushes its own bytes; between machines nobody else could. */
static da_status flush_mine(struct npy_sink *s, struct da__error *err)
{
    if (s->base.peers.comm == NULL && s->base.peers.rank != 0)
        return DA_OK;
    return da__fsync(s->file.fd, s->base.path, err);
}

static da_status commit_sink(struct da__sink *base, da_status mine, struct da__error *err)
{
    struct npy_sink *s = (struct npy_sink *)base;
    da_status status = da__agree(&base->peers, mine, err);
    if (status == DA_OK)
        status = da__agree(&base->peers, flush_mine(s, err), err);
    if (status == DA_OK) {
        if (base->peers.rank == 0)
            status = da__temporary_commit(&s->file, err);
        status = da__agree(&base->peers, status, err);
    }
    abort_sink(base); /* what is committed is no longer there to be removed */
    return status;
}

static const struct da__sink_ops sink_ops = {write_box, commit_sink, abort_sink};

/* Rank 0: the file with its header and its full size. */
static da_status make_file(struct npy_sink *s, const char *header, struct da__error *err)
{
    int64_t nbytes;
    if (!da__add_i64(s->offset, s->base.nbytes, &nbytes))
        return da__fail(err, DA_ERR_ARGUMENT, "%s: %lld bytes of data are too many for a file",
                        s->base.path, (long long)s->base.nbytes);
    DA_TRY(da__temporary_make(&s->file, err));
    DA_TRY(da__temporary_reserve(&s->file, nbytes, err));
    return da__pwrite_all(s->file.fd, s->base.path, header, s->offset, 0, err);
}

static da_status create_local(struct npy_sink *s, const struct da__file_spec *spec,
                              const struct da__sink *like, uint64_t token, struct da__error *err)
{
    char header[DA__NPY_WRITE_CAP];
    s->base = *like;
    s->base.ops = &sink_ops;
    s->base.path = da__strdup(spec->path);
    if (s->base.path == NULL)
        return da__fail(err, DA_ERR_MEMORY, "%s: no memory to create it", spec->path);
    DA_TRY(da__temporary_name(&s->file, spec->path, token, err));
    s->offset = da__npy_write(like->dtype, like->ndim, like->shape, header);
    return like->peers.rank == 0 ? make_file(s, header, err) : DA_OK;
}

static da_status create(const struct da__file_spec *spec, const struct da__sink *like,
                        struct da__sink **out, struct da__error *err)
{
    const struct da__io_peers *peers = &like->peers;
    uint64_t token = 0;
    struct npy_sink *s = da__calloc(1, sizeof *s);
    if (s != NULL)
        da__temporary_init(&s->file);
    da_status status = da__run_token(peers, &token, err);
    if (s == NULL)
        status = da__fail(err, DA_ERR_MEMORY, "%s: no memory to create it", spec->path);
    if (status == DA_OK)
        status = create_local(s, spec, like, token, err);
    status = da__agree(peers, status, err); /* rank 0 has made it */
    if (status == DA_OK && peers->size > 1) {
        if (peers->rank != 0)
            status = da__temporary_open(&s->file, err);
        status = da__agree(peers, status, err);
    }
    if (status == DA_OK)
        *out = &s->base;
    else if (s != NULL)
        abort_sink(&s->base);
    return status;
}

const struct da__format da__npy_format = {probe, list, open_source, create};
