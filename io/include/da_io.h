/* What io offers: files as sources and sinks of boxes of an array. A format is one file behind one small vtable and one
 * row in formats.def. No graph, no distributions: whoever calls brings boxes (contiguous C-order memory on both sides). */
#ifndef DA_IO_H
#define DA_IO_H

#include "da_core.h"

/* What names an array in a file. `path` is already resolved; dataset NULL: the format's only array, or the file's only dataset. */
struct da__file_spec {
    const char *path;
    const char *dataset; /* "/t2m" */
};
/* Splits the user's "air.h5:/t2m" into path and dataset (copies, the caller frees both). */
da_status da__file_split(const char *text, char **path, char **dataset, struct da__error *err);

/* What a header tells, read without touching data. */
struct da__file_info {
    const char *format; /* "npy", "hdf5" */
    da_dtype dtype;     /* as stored, native byte order */
    int ndim;
    int64_t shape[DA_MAX_NDIM];
    /* netCDF's conventions where the dataset has the attributes (decoding is the graph's work: raw*scale + offset). */
    bool has_scale, has_offset, has_fill;
    double scale, offset;
    double fill; /* _FillValue, else missing_value, as stored (packed) */
    /* for people: chunks, compression, byte order; one line, may be empty */
    char layout[160];
    char units[64], long_name[128];
};
da_status da__file_probe(const struct da__file_spec *spec, struct da__file_info *out,
                         struct da__error *err);
/* Calls back for each array in the file (one for .npy), for `da info`. */
da_status da__file_list(const char *path,
                        da_status (*each)(void *self, const char *dataset,
                                          const struct da__file_info *info),
                        void *self, struct da__error *err);
/* The format a path's suffix means for writing, NULL: none known (then err names the known ones). */
const char *da__file_format(const char *path, struct da__error *err);

/* The engines that work on one file together. All calls below are collective over them, in the same order, also by an
 * engine whose box is empty or that has failed before (it passes its status on). */
struct da__io_peers {
    int rank, size;
    const void
        *comm; /* an MPI_Comm*, or NULL: peers are threads of one process (or there is one) */
    /* Everybody's worst status, the same on every engine: the first failing rank's record in err. Also a barrier. */
    da_status (*agree)(void *self, da_status mine, struct da__error *err);
    void *self;
};

struct da__source;
struct da__sink;
da_status da__source_open(const struct da__file_spec *spec, const struct da__io_peers *peers,
                          struct da__source **out, struct da__error *err);
const struct da__file_info *da__source_info(const struct da__source *s);
/* Reads a box (native byte order). Elements: product of count; an empty box reads nothing but takes part. Memory NULL means an
 * empty box too: how an engine without a part says so where there are no axes. Writing likewise. */
da_status da__source_read(struct da__source *s, const int64_t *start, const int64_t *count,
                          void *out, struct da__error *err);
void da__source_close(struct da__source *s);

/* A sink writes beside its target and appears at commit: temporary name in the same folder, flushed, fsynced, renamed.
 * HDF5: other datasets of an existing file are kept (the file is copied first); an existing dataset of the name is replaced.
 * Before the first byte, the space is reserved so that a full disk shows early. */
da_status da__sink_create(const struct da__file_spec *spec, da_dtype dtype, int ndim,
                          const int64_t *shape, const struct da__io_peers *peers,
                          struct da__sink **out, struct da__error *err);
da_status da__sink_write(struct da__sink *s, const int64_t *start, const int64_t *count,
                         const void *data, struct da__error *err);
da_status
da__sink_commit(struct da__sink *s, da_status mine,
                struct da__error *err); /* mine: any failure so far makes all abort; frees s */
void da__sink_abort(
    struct da__sink *s); /* local: removes the temporary file where this rank made it; frees s */

/* Removes the files that sinks of this process have not finished, and lets it begin no more: the process is about to end. May be
 * called by a signal handler. */
void da__unfinished_remove(void);

#endif
