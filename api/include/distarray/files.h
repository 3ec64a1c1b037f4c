/* Files: loading and saving arrays, and looking into files. */
#ifndef DISTARRAY_FILES_H
#define DISTARRAY_FILES_H

#include <distarray/array.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A file is named by its path, followed by ":/dataset" where it holds several arrays: "x.npy", "air.h5:/t2m". Formats are
 * known by their content when read and by the path's suffix when written. Relative paths are relative to the working
 * folder. Every engine reads and writes its own part; no array travels through the master. */

/* The array of a file, under the default distribution. The header is read at once, the data when computed.
 * Lazy. Errors, in the handle: DA_ERR_IO, DA_ERR_FORMAT. */
DA_API da_array *da_load(da_context *ctx, const char *file);

/* How to load; zeros (and dtype DA_DTYPE_DEFAULT, as DA_LOAD_OPTIONS sets it) are the defaults. */
typedef struct da_load_options {
    const char *dataset; /* where the file's name does not say it */
    const char
        *decode; /* "cf": packed netCDF values become float64 raw*scale + offset, fill values NaN */
    const char *index;           /* read only that part: NumPy's notation, as da_index */
    da_dtype dtype;              /* converted while loading; DA_DTYPE_DEFAULT: as stored */
    const da_distribution *dist; /* of the part that is read; NULL: the default */
} da_load_options;
#ifdef __cplusplus
#define DA_LOAD_OPTIONS (da_load_options{nullptr, nullptr, nullptr, DA_DTYPE_DEFAULT, nullptr})
#else
#define DA_LOAD_OPTIONS ((da_load_options){.dtype = DA_DTYPE_DEFAULT})
#endif

/* da_load with options; NULL: the defaults.
 * Lazy. Errors, in the handle: as da_load, and DA_ERR_INDEX, DA_ERR_DISTRIBUTION. */
DA_API da_array *da_load_with(da_context *ctx, const char *file, const da_load_options *options);

/* x, which is also written to a file when it is computed; compute the result, not x. The file appears complete or not at
 * all: it is written beside its name and renamed. Other datasets of an HDF5 file stay.
 * Lazy. Errors, in the handle: DA_ERR_ARGUMENT (a suffix that no format has), DA_ERR_UNSUPPORTED (a
 * format that this build lacks). */
DA_API da_array *da_save(da_array *x, const char *file);

/* The file that an array made by da_load reads or by da_save writes, "air.h5" (and its dataset, where out is not NULL);
 * NULL for other arrays, and once it is computed. Borrowed from the array. */
DA_API const char *da_file_of(const da_array *a, const char **dataset);

/* ---- looking into files -------------------------------------------------------------------------- */

/* What a file tells of one of its arrays. The texts are borrowed for the time of the call that hands them out. */
typedef struct da_file_info {
    const char *format;  /* "npy", "hdf5" */
    const char *dataset; /* NULL where the format holds one array */
    da_dtype dtype;      /* as stored */
    int ndim;
    const int64_t *shape;
    const char *layout;    /* chunks, compression, byte order; may be "" */
    const char *units;     /* the attribute; "" where there is none */
    const char *long_name; /* the attribute; "" where there is none */
    int packed;            /* 1 where decode = "cf" would change the values */
    double scale, offset;  /* of packed values: raw*scale + offset */
} da_file_info;

/* Called for each array of a file; anything but DA_OK ends the listing and is returned. */
typedef da_status (*da_file_visit)(void *self, const da_file_info *info);

/* Calls `visit` for each array in a file; only headers are read.
 * Errors: DA_ERR_IO, DA_ERR_FORMAT. */
DA_API da_status da_file_list(da_context *ctx, const char *path, da_file_visit visit, void *self);

#ifdef __cplusplus
}
#endif
#endif
