/* The private side of the HDF5 format. Every function here is called between da__h5_lock and
 * da__h5_unlock, but for these. */
#ifndef DA_HDF5_PARTS_H
#define DA_HDF5_PARTS_H

#include <hdf5.h>
#include "format.h"

/* ---- hdf5_library.c: the library as a whole ----------------------------------------------------
 */

/* What the program's own use of HDF5 had set, put back by unlock. */
struct da__h5_guard {
    H5E_auto2_t report;
    void *report_data;
    unsigned plugins;
};
/* HDF5 is not thread safe: one thread of the process at a time. Never held over an agreement or a
 * callback. */
void da__h5_lock(struct da__h5_guard *g);
void da__h5_unlock(const struct da__h5_guard *g);
/* da__fail with ": " and the innermost message of HDF5's error stack; right after the call that
 * failed. */
da_status da__h5_fail(struct da__error *err, da_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Opens a file; over the peers' communicator where they have one (then collective), else for this
 * process alone. */
da_status da__h5_open_file(const char *path, bool write, const struct da__io_peers *peers,
                           hid_t *out, struct da__error *err);
/* Closes what is open (>= 0) with its own close function and forgets it; false where closing
 * failed. */
bool da__h5_close(hid_t *id, herr_t (*close)(hid_t id));

/* ---- hdf5_types.c: dtypes ----------------------------------------------------------------------
 */

/* The dtype that a stored type reads as; an error that names `path` and `name` where there is none.
 */
da_status da__h5_dtype(hid_t type, const char *path, const char *name, da_dtype *out,
                       struct da__error *err);
/* A new type for elements in memory, with the member names of `stored` where it is a complex type;
 * stored -1: h5py's. */
hid_t da__h5_memory_type(da_dtype dtype, hid_t stored);

/* ---- hdf5_safety.c: finding datasets without leaving the file ----------------------------------
 */

/* Does a link of this absolute name exist, reached within the file? */
bool da__h5_exists(hid_t file, const char *name);
/* A dataset-access list that refuses external links; `refused` (at least DA__H5_REFUSED bytes) gets
 * where one led. */
#define DA__H5_REFUSED 128
hid_t da__h5_inside_only(char *refused);
da_status da__h5_open_dataset(hid_t file, const char *path, const char *name, hid_t *out,
                              struct da__error *err);
/* Refuses data in other files, filters that are missing, and sizes that cannot be. */
da_status da__h5_check_storage(hid_t dataset, const char *path, const char *name,
                               struct da__error *err);

/* ---- hdf5_names.c: the datasets of a file ------------------------------------------------------
 */

struct da__h5_names {
    char **name; /* absolute, in alphabetical order of the walk */
    int64_t n, cap;
};
void da__h5_names_free(struct da__h5_names *names);
/* All datasets but netCDF's dimensions without data. */
da_status da__h5_names_read(hid_t file, const char *path, struct da__h5_names *out,
                            struct da__error *err);
/* Records that there is no such dataset, and what there is. */
da_status da__h5_fail_missing(hid_t file, const char *path, const char *name,
                              struct da__error *err);
/* The asked name with its slash, or the file's only readable dataset where asked is NULL: a copy.
 */
da_status da__h5_resolve(hid_t file, const char *path, const char *asked, char **name,
                         struct da__error *err);

/* ---- hdf5_info.c and hdf5_attributes.c: what a dataset says of itself --------------------------
 */

da_status da__h5_info(hid_t dataset, const char *path, const char *name, struct da__file_info *out,
                      struct da__error *err);
void da__h5_attributes(hid_t dataset, struct da__file_info *out);
/* The text of a string attribute, "" where there is none; control characters become blanks. */
void da__h5_text_attribute(hid_t object, const char *name, char *out, size_t size);

/* ---- hdf5_transfer.c: moving a box -------------------------------------------------------------
 */

struct da__h5_transfer {
    hid_t memory, file; /* dataspaces with their selections */
    hid_t list;         /* transfer properties */
};
/* Selects the box on both sides (nothing where nelem is 0). */
da_status da__h5_select(hid_t dataset, const char *path, const struct da__io_peers *peers, int ndim,
                        const int64_t *start, const int64_t *count, int64_t nelem,
                        struct da__h5_transfer *t, struct da__error *err);
void da__h5_unselect(struct da__h5_transfer *t);

/* ---- hdf5_sink.c -------------------------------------------------------------------------------
 */

da_status da__h5_create_sink(const struct da__file_spec *spec, const struct da__sink *like,
                             struct da__sink **out, struct da__error *err);

#endif
