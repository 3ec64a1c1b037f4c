/* The door of io: finds the format of a file, splits file names, checks boxes, and hands over to
 * the format. */
#include "format.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct format_row {
    const char *name, *title;
    const char *suffixes; /* separated by blanks */
    const char *signature;
    int signature_nbytes;
    bool user_block;                 /* the signature may stand at byte 512 * 2^k */
    bool datasets;                   /* arrays in it have names */
    const struct da__format *format; /* NULL: not in this build */
};
static const struct format_row rows[] = {
#define DA__FORMAT(name, title, suffixes, signature, user_block, datasets, format)                 \
    {name, title, suffixes, signature, sizeof signature - 1, user_block, datasets, format},
#include "formats.def"
#undef DA__FORMAT
};
#define NROWS (int)(sizeof rows / sizeof *rows)

/* Well-known beginnings of files that are none of ours. */
static const struct {
    const char *signature;
    int nbytes;
    const char *what;
} foreign[] = {
    {"PK\x03\x04", 4, "a zip archive (.npz?): extract the .npy files first"},
    {"PK\x05\x06", 4, "an empty zip archive (.npz?)"},
    {"CDF\x01", 4, "a classic netCDF file: convert it with nccopy -k netCDF-4"},
    {"CDF\x02", 4, "a classic netCDF file: convert it with nccopy -k netCDF-4"},
    {"CDF\x05", 4, "a classic netCDF file: convert it with nccopy -k netCDF-4"},
    {"\x0e\x03\x13\x01", 4, "an HDF4 file: convert it with h4toh5"},
    {"\x1f\x8b", 2, "a gzip archive"},
    {"\x80\x02", 2, "a Python pickle, which is never read"},
    {"\x80\x03", 2, "a Python pickle, which is never read"},
    {"\x80\x04", 2, "a Python pickle, which is never read"},
    {"\x80\x05", 2, "a Python pickle, which is never read"},
    {"GRIB", 4, "a GRIB file"},
};

/* ---- names -------------------------------------------------------------------------------------
 */

/* The length of the row's suffix with which the first n bytes of the path end, or 0. */
static int suffix_length(const struct format_row *row, const char *path, size_t n)
{
    for (const char *s = row->suffixes; *s != '\0';) {
        size_t length = strcspn(s, " ");
        if (n > length && memcmp(path + n - length, s, length) == 0 && path[n - length - 1] != '/')
            return (int)length;
        s += length;
        s += *s == ' ';
    }
    return 0;
}

static const struct format_row *row_of_suffix(const char *path, size_t n)
{
    for (int i = 0; i < NROWS; i++) {
        if (suffix_length(&rows[i], path, n) > 0)
            return &rows[i];
    }
    return NULL;
}

static const struct format_row *row_for_writing(const char *path, struct da__error *err)
{
    const struct format_row *row = row_of_suffix(path, strlen(path));
    struct da__text known = {0};
    if (row == NULL) {
        for (int i = 0; i < NROWS; i++)
            da__text_add(&known, "%s%s", i == 0 ? "" : " ", rows[i].suffixes);
        da__fail(err, DA_ERR_ARGUMENT, "%s: the name's end tells no format (known: %s)", path,
                 known.failed ? "-" : known.s);
        da__text_free(&known);
    }
    return row;
}

const char *da__file_format(const char *path, struct da__error *err)
{
    const struct format_row *row = row_for_writing(path, err);
    return row != NULL ? row->name : NULL;
}

/* Where the ':' between file and dataset is: after a known suffix, else before a '/' unless the
 * whole text is a file name. */
static const char *find_colon(const char *text)
{
    size_t n = strlen(text);
    for (const char *s = strchr(text, ':'); s != NULL; s = strchr(s + 1, ':')) {
        if (row_of_suffix(text, (size_t)(s - text)) != NULL)
            return s;
    }
    return row_of_suffix(text, n) != NULL ? NULL : strstr(text, ":/");
}

/* "/a/b": one slash in front, none doubled or at the end. */
static char *clean_dataset(const char *name)
{
    char *out = da__alloc(strlen(name) + 2), *to = out;
    if (out == NULL)
        return NULL;
    while (*name != '\0') {
        size_t n = strcspn(name, "/");
        if (n > 0 && !(n == 1 && *name == '.')) {
            *to++ = '/';
            memcpy(to, name, n);
            to += n;
        }
        name += n;
        name += *name == '/';
    }
    *to = '\0';
    return out;
}

static char *copy_text(const char *text, size_t n)
{
    char *out = da__alloc(n + 1);
    if (out != NULL) {
        memcpy(out, text, n);
        out[n] = '\0';
    }
    return out;
}

da_status da__file_split(const char *text, char **path, char **dataset, struct da__error *err)
{
    *path = *dataset = NULL;
    if (text == NULL || *text == '\0')
        return da__fail(err, DA_ERR_ARGUMENT, "a file name is empty");
    const char *colon = find_colon(text);
    if (colon == text)
        return da__fail(err, DA_ERR_ARGUMENT, "%s: no file name before the ':'", text);
    da_status status = DA_OK;
    *path = copy_text(text, colon != NULL ? (size_t)(colon - text) : strlen(text));
    if (colon != NULL)
        *dataset = clean_dataset(colon + 1);
    if (*path == NULL || (colon != NULL && *dataset == NULL))
        status = da__fail(err, DA_ERR_MEMORY, "%s: no memory for a file name", text);
    else if (colon != NULL && **dataset == '\0')
        status = da__fail(err, DA_ERR_ARGUMENT, "%s: no dataset name after the ':'", text);
    if (status != DA_OK) {
        da__free(*path);
        da__free(*dataset);
        *path = *dataset = NULL;
    }
    return status;
}

/* ---- which format a file has -------------------------------------------------------------------
 */

#define HEAD_NBYTES 8

static bool has_signature(const struct format_row *row, int fd, const char *path, int64_t nbytes,
                          const uint8_t *head)
{
    uint8_t got[HEAD_NBYTES];
    int64_t n = row->signature_nbytes;
    if (nbytes >= n && memcmp(head, row->signature, (size_t)n) == 0)
        return true;
    for (int64_t at = 512; row->user_block && at <= nbytes - n; at *= 2) {
        if (da__pread_all(fd, path, got, n, at, NULL) != DA_OK)
            return false;
        if (memcmp(got, row->signature, (size_t)n) == 0)
            return true;
    }
    return false;
}

static da_status fail_unknown(const char *path, const uint8_t *head, int64_t nbytes,
                              struct da__error *err)
{
    const struct format_row *row = row_of_suffix(path, strlen(path));
    char hex[3 * HEAD_NBYTES + 1] = "";
    if (nbytes == 0)
        return da__fail(err, DA_ERR_FORMAT, "%s: the file is empty", path);
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        if (nbytes >= foreign[i].nbytes &&
            memcmp(head, foreign[i].signature, (size_t)foreign[i].nbytes) == 0)
            return da__fail(err, DA_ERR_FORMAT, "%s: looks like %s", path, foreign[i].what);
    }
    for (int i = 0; i < HEAD_NBYTES && i < nbytes; i++)
        snprintf(hex + 3 * i, 4, " %02x", head[i]);
    return da__fail(err, DA_ERR_FORMAT, "%s: is no %s file (it begins with%s)", path,
                    row != NULL ? row->title : "known kind of", hex);
}

static da_status recognise(const struct da__file_spec *spec, const struct format_row **out,
                           struct da__error *err)
{
    uint8_t head[HEAD_NBYTES] = {0};
    int64_t nbytes = 0;
    int fd = -1;
    *out = NULL;
    if (spec->path == NULL || *spec->path == '\0')
        return da__fail(err, DA_ERR_ARGUMENT, "a file name is empty");
    DA_TRY(da__open_file(spec->path, &fd, &nbytes, err));
    da_status status =
        da__pread_all(fd, spec->path, head, nbytes < HEAD_NBYTES ? nbytes : HEAD_NBYTES, 0, err);
    for (int i = 0; i < NROWS && status == DA_OK && *out == NULL; i++) {
        if (has_signature(&rows[i], fd, spec->path, nbytes, head))
            *out = &rows[i];
    }
    if (status == DA_OK && *out == NULL)
        status = fail_unknown(spec->path, head, nbytes, err);
    close(fd);
    return status;
}

static da_status check_row(const struct format_row *row, const struct da__file_spec *spec,
                           struct da__error *err)
{
    if (row->format == NULL)
        return da__fail(err, DA_ERR_UNSUPPORTED, "%s: this build has no %s", spec->path,
                        row->title);
    if (!row->datasets && spec->dataset != NULL)
        return da__fail(err, DA_ERR_ARGUMENT, "%s: a %s file has one array and no dataset %s",
                        spec->path, row->title, spec->dataset);
    return DA_OK;
}

static da_status find_format(const struct da__file_spec *spec, const struct format_row **row,
                             struct da__error *err)
{
    DA_TRY(recognise(spec, row, err));
    return check_row(*row, spec, err);
}

da_status da__file_probe(const struct da__file_spec *spec, struct da__file_info *out,
                         struct da__error *err)
{
    const struct format_row *row;
    DA_TRY(find_format(spec, &row, err));
    return row->format->probe(spec, out, err);
}

da_status da__file_list(const char *path,
                        da_status (*each)(void *self, const char *dataset,
                                          const struct da__file_info *info),
                        void *self, struct da__error *err)
{
    const struct format_row *row;
    DA_TRY(find_format(&(struct da__file_spec){.path = path}, &row, err));
    return row->format->list(path, each, self, err);
}

/* ---- boxes -------------------------------------------------------------------------------------
 */

/* The number of elements of a box that lies within the shape; without memory behind it the box is
 * empty. */
static da_status check_box(const char *path, int ndim, const int64_t *shape, const int64_t *start,
                           const int64_t *count, const void *data, int64_t *nelem,
                           struct da__error *err)
{
    *nelem = 0;
    if (data == NULL)
        return DA_OK;
    for (int i = 0; i < ndim; i++) {
        if (count[i] < 0 || start[i] < 0 || start[i] > shape[i] || count[i] > shape[i] - start[i])
            return da__fail(err, DA_ERR_INDEX, "%s: axis %d: %lld elements at %lld of %lld", path,
                            i, (long long)count[i], (long long)start[i], (long long)shape[i]);
    }
    *nelem = da__nelem(ndim, count);
    return DA_OK;
}

da_status da__source_open(const struct da__file_spec *spec, const struct da__io_peers *peers,
                          struct da__source **out, struct da__error *err)
{
    const struct format_row *row = NULL;
    *out = NULL;
    DA_TRY(da__agree(peers, find_format(spec, &row, err), err));
    return row->format->open(spec, peers, out, err);
}

const struct da__file_info *da__source_info(const struct da__source *s)
{
    return &s->info;
}

da_status da__source_read(struct da__source *s, const int64_t *start, const int64_t *count,
                          void *out, struct da__error *err)
{
    int64_t nelem;
    da_status box = check_box(s->path, s->info.ndim, s->info.shape, start, count, out, &nelem, err);
    da_status status = s->ops->read(s, start, count, nelem, out, err); /* takes part in any case */
    return box != DA_OK ? box : status;
}

void da__source_close(struct da__source *s)
{
    if (s != NULL)
        s->ops->close(s);
}

static da_status check_sink(const struct da__file_spec *spec, const struct format_row **row,
                            struct da__sink *like, struct da__error *err)
{
    if (spec->path == NULL || *spec->path == '\0')
        return da__fail(err, DA_ERR_ARGUMENT, "a file name is empty");
    *row = row_for_writing(spec->path, err);
    if (*row == NULL)
        return DA_ERR_ARGUMENT;
    DA_TRY(check_row(*row, spec, err));
    int64_t nelem = da__nelem(like->ndim, like->shape);
    if (nelem < 0 || !da__mul_i64(nelem, (int64_t)da__dtype_nbytes(like->dtype), &like->nbytes))
        return da__fail(err, DA_ERR_SHAPE, "%s: the array has more than 2^63 bytes", spec->path);
    return DA_OK;
}

da_status da__sink_create(const struct da__file_spec *spec, da_dtype dtype, int ndim,
                          const int64_t *shape, const struct da__io_peers *peers,
                          struct da__sink **out, struct da__error *err)
{
    const struct format_row *row = NULL;
    struct da__sink like = {.peers = *peers, .dtype = dtype, .ndim = ndim};
    *out = NULL;
    for (int i = 0; i < ndim; i++)
        like.shape[i] = shape[i];
    DA_TRY(da__agree(peers, check_sink(spec, &row, &like, err), err));
    return row->format->create(spec, &like, out, err);
}

da_status da__sink_write(struct da__sink *s, const int64_t *start, const int64_t *count,
                         const void *data, struct da__error *err)
{
    int64_t nelem;
    da_status box = check_box(s->path, s->ndim, s->shape, start, count, data, &nelem, err);
    da_status status = s->ops->write(s, start, count, nelem, data, err);
    return box != DA_OK ? box : status;
}

da_status da__sink_commit(struct da__sink *s, da_status mine, struct da__error *err)
{
    return s->ops->commit(s, mine, err);
}

void da__sink_abort(struct da__sink *s)
{
    if (s != NULL)
        s->ops->abort(s);
}
