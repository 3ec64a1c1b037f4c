/* The HDF5 library as a whole: one thread at a time, its errors as ours, files opened safely. */
#include "hdf5_parts.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* The library is not thread safe and keeps its state per process, so its lock is per process too.
 */
static pthread_mutex_t library_mutex = PTHREAD_MUTEX_INITIALIZER;

void da__h5_lock(struct da__h5_guard *g)
{
    pthread_mutex_lock(&library_mutex);
    H5open();
    *g = (struct da__h5_guard){.plugins = H5PL_ALL_PLUGIN};
    H5Eget_auto2(H5E_DEFAULT, &g->report, &g->report_data);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* it would print */
    H5PLget_loading_state(&g->plugins);
    H5PLset_loading_state(0); /* a file must not choose code to load */
}

void da__h5_unlock(const struct da__h5_guard *g)
{
    H5Eset_auto2(H5E_DEFAULT, g->report, g->report_data);
    H5PLset_loading_state(g->plugins);
    pthread_mutex_unlock(&library_mutex);
}

static herr_t take_innermost(unsigned n, const H5E_error2_t *e, void *out)
{
    if (n == 0 && e->desc != NULL)
        snprintf(out, DA__ERROR_TEXT / 2, "%s", e->desc);
    return 0;
}

da_status da__h5_fail(struct da__error *err, da_status status, const char *format, ...)
{
    char text[DA__ERROR_TEXT], why[DA__ERROR_TEXT / 2] = "HDF5 gives no reason";
    va_list args;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_innermost, why);
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (char *s = why; *s != '\0'; s++) {
        if ((unsigned char)*s < ' ')
            *s = ' ';
    }
    return da__fail(err, status, "%s: %s", text, why);
}

bool da__h5_close(hid_t *id, herr_t (*close)(hid_t id))
{
    hid_t old = *id;
    *id = -1;
    return old < 0 || close(old) >= 0;
}

/* Locks of the file system guard readers against other programs' writers where it has any; a sink's
 * file is ours alone. */
static herr_t set_serial(hid_t list, bool write)
{
#if H5_VERSION_GE(1, 10, 7)
    return H5Pset_file_locking(list, !write, true);
#else
    (void)list, (void)write;
    return 0;
#endif
}

static herr_t set_driver(hid_t list, bool write, const struct da__io_peers *peers)
{
    if (peers == NULL || peers->comm == NULL)
        return set_serial(list, write);
#if defined(DA_HAVE_MPI) && defined(H5_HAVE_PARALLEL)
    return H5Pset_fapl_mpio(list, *(const MPI_Comm *)peers->comm, MPI_INFO_NULL);
#else
    return -1;
#endif
}

da_status da__h5_open_file(const char *path, bool write, const struct da__io_peers *peers,
                           hid_t *out, struct da__error *err)
{
    da_status status = DA_OK;
    hid_t list = H5Pcreate(H5P_FILE_ACCESS);
    *out = -1;
    if (list < 0 || set_driver(list, write, peers) < 0)
        status = da__h5_fail(err, DA_ERR_UNSUPPORTED, "%s: cannot choose how to open it", path);
    else if ((*out = H5Fopen(path, write ? H5F_ACC_RDWR : H5F_ACC_RDONLY, list)) < 0)
        status =
            da__h5_fail(err, write ? DA_ERR_IO : DA_ERR_FORMAT, "%s: cannot open as HDF5", path);
    da__h5_close(&list, H5Pclose);
    return status;
}
