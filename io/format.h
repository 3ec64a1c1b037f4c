/* The private side of io: what a format is behind its vtable, and the helpers that formats share.
 */
#ifndef DA_FORMAT_H
#define DA_FORMAT_H

#include "da_io.h"

/* ---- a format ----------------------------------------------------------------------------------
 */

/* file.c has checked a box against the shape. `nelem` is its number of elements; 0 for an engine
 * that only takes part (then the pointers may be NULL). */
struct da__source_ops {
    da_status (*read)(struct da__source *s, const int64_t *start, const int64_t *count,
                      int64_t nelem, void *out, struct da__error *err);
    void (*close)(struct da__source *s);
};
struct da__sink_ops {
    da_status (*write)(struct da__sink *s, const int64_t *start, const int64_t *count,
                       int64_t nelem, const void *data, struct da__error *err);
    da_status (*commit)(struct da__sink *s, da_status mine, struct da__error *err);
    void (*abort)(struct da__sink *s);
};

/* What every source and sink begins with. */
struct da__source {
    const struct da__source_ops *ops;
    struct da__io_peers peers;
    char *path; /* owned; for messages and opening */
    struct da__file_info info;
};
struct da__sink {
    const struct da__sink_ops *ops;
    struct da__io_peers peers;
    char *path; /* owned; as the user named it, for messages */
    da_dtype dtype;
    int ndim;
    int64_t shape[DA_MAX_NDIM];
    int64_t nbytes; /* of the whole array */
};

struct da__format {
    da_status (*probe)(const struct da__file_spec *spec, struct da__file_info *out,
                       struct da__error *err);
    da_status (*list)(const char *path,
                      da_status (*each)(void *self, const char *dataset,
                                        const struct da__file_info *info),
                      void *self, struct da__error *err);
    /* Collective. They allocate their own struct, which begins with `da__source` or `da__sink`. */
    da_status (*open)(const struct da__file_spec *spec, const struct da__io_peers *peers,
                      struct da__source **out, struct da__error *err);
    da_status (*create)(const struct da__file_spec *spec, const struct da__sink *like,
                        struct da__sink **out, struct da__error *err);
};
extern const struct da__format da__npy_format;
#define DA__NPY_FORMAT &da__npy_format
#ifdef DA_HAVE_HDF5
extern const struct da__format da__hdf5_format;
#define DA__HDF5_FORMAT &da__hdf5_format
#else
#define DA__HDF5_FORMAT NULL
#endif

/* ---- peers.c -----------------------------------------------------------------------------------
 */

/* peers->agree, also without an err and for an engine alone (no agree function). */
da_status da__agree(const struct da__io_peers *peers, da_status mine, struct da__error *err);
/* A number that all peers know and no other run on the machine has (collective). */
da_status da__run_token(const struct da__io_peers *peers, uint64_t *token, struct da__error *err);

/* ---- posix.c: system calls, whole or failed ----------------------------------------------------
 */

/* Records "path: what: <the system's text for code>" as DA_ERR_IO. */
da_status da__fail_errno(struct da__error *err, int code, const char *path, const char *what);
/* Opens a regular file for reading and tells its size. */
da_status da__open_file(const char *path, int *fd, int64_t *nbytes, struct da__error *err);
/* All bytes or an error; interrupted and short transfers go on. */
da_status da__pread_all(int fd, const char *path, void *out, int64_t nbytes, int64_t offset,
                        struct da__error *err);
da_status da__pwrite_all(int fd, const char *path, const void *data, int64_t nbytes, int64_t offset,
                         struct da__error *err);
da_status da__fsync(int fd, const char *path, struct da__error *err);

/* ---- box.c: boxes of a dense array in a file ---------------------------------------------------
 */

struct da__dense {
    int fd;
    const char *path;
    int64_t offset; /* of the first element */
    int64_t itemsize;
    bool fortran; /* the first axis varies fastest */
    int ndim;
    const int64_t *shape;
};
/* Neither is called with an empty box. Bytes as stored: no swapping. Writing is for C order only.
 */
da_status da__box_read(const struct da__dense *d, const int64_t *start, const int64_t *count,
                       void *out, struct da__error *err);
da_status da__box_write(const struct da__dense *d, const int64_t *start, const int64_t *count,
                        const void *data, struct da__error *err);
void da__swap_bytes(void *data, int64_t nelem, da_dtype dtype);
void da__normalise_bool(void *data, int64_t nelem);

/* ---- npy_header.c ------------------------------------------------------------------------------
 */

#define DA__NPY_PREFIX 12 /* bytes that suffice to know the header's length */
#define DA__NPY_HEADER_CAP (1 << 20)
#define DA__NPY_WRITE_CAP 2048 /* 32 extents of 20 digits and the rest fit */

struct da__npy_header {
    int version;    /* 1, 2 or 3 */
    int64_t at;     /* where the header text starts */
    int64_t nbytes; /* its length */
    da_dtype dtype;
    bool swap, fortran;
    int ndim;
    int64_t shape[DA_MAX_NDIM];
    int64_t data_nbytes;
};
/* Reads version and length from the first bytes (at most DA__NPY_PREFIX) of a file of
 * `file_nbytes`. */
da_status da__npy_prefix(const char *path, const uint8_t *bytes, int64_t n, int64_t file_nbytes,
                         struct da__npy_header *h, struct da__error *err);
/* Reads the header text (h->nbytes of it) and checks that the data it speaks of is in the file. */
da_status da__npy_parse(const char *path, const char *text, int64_t file_nbytes,
                        struct da__npy_header *h, struct da__error *err);
/* The bytes that numpy.save writes before the data of a C-order array in native byte order; returns
 * their number. */
int64_t da__npy_write(da_dtype dtype, int ndim, const int64_t *shape, char *out);

/* ---- temporary.c: files that appear complete or not at all -------------------------------------
 */

struct da__temporary {
    char *target; /* owned; symbolic links resolved */
    char *path;   /* owned; beside the target */
    int fd;       /* -1: not open */
    bool made;    /* this rank made the file and so removes or renames it */
    struct da__temporary *next, *previous; /* while `made`: the process' others (unfinished.c) */
};
void da__temporary_init(struct da__temporary *t);
/* Names it, the same on all peers that give the same token. */
da_status da__temporary_name(struct da__temporary *t, const char *target, uint64_t token,
                             struct da__error *err);
da_status da__temporary_make(struct da__temporary *t,
                             struct da__error *err); /* the one that makes */
da_status da__temporary_open(struct da__temporary *t, struct da__error *err); /* the others */
/* Makes room on the disk, so that a full one shows before work is done. */
da_status da__temporary_reserve(struct da__temporary *t, int64_t nbytes, struct da__error *err);
da_status da__temporary_copy_target(struct da__temporary *t, struct da__error *err);
/* fsync, rename, fsync of the folder. */
da_status da__temporary_commit(struct da__temporary *t, struct da__error *err);
void da__temporary_discard(struct da__temporary *t); /* removes what is not committed; frees */
/* unfinished.c: a file that exists under its temporary name. It stays where it is in memory. */
void da__unfinished_add(struct da__temporary *t);
void da__unfinished_drop(struct da__temporary *t);

#endif
