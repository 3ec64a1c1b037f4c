/* Moving a box between memory and an HDF5 dataset: the selections on both sides and the way of
 * transfer. */
#include "hdf5_parts.h"

static herr_t select_file(hid_t space, int ndim, const int64_t *start, const int64_t *count,
                          int64_t nelem)
{
    hsize_t at[DA_MAX_NDIM], n[DA_MAX_NDIM];
    if (nelem == 0)
        return H5Sselect_none(space);
    if (ndim == 0)
        return H5Sselect_all(space);
    for (int i = 0; i < ndim; i++) {
        at[i] = (hsize_t)start[i];
        n[i] = (hsize_t)count[i];
    }
    return H5Sselect_hyperslab(space, H5S_SELECT_SET, at, NULL, n, NULL);
}

/* A box is contiguous in memory: one axis. */
static hid_t memory_space(int64_t nelem)
{
    hsize_t extent = nelem > 0 ? (hsize_t)nelem : 1;
    hid_t space = H5Screate_simple(1, &extent, NULL);
    if (space >= 0 && nelem == 0 && H5Sselect_none(space) < 0)
        da__h5_close(&space, H5Sclose);
    return space;
}

/* Independent transfer over MPI fails from 2^31 bytes an engine on, collective transfer does not.
 */
static hid_t transfer_list(const struct da__io_peers *peers)
{
    hid_t list = H5Pcreate(H5P_DATASET_XFER);
#if defined(DA_HAVE_MPI) && defined(H5_HAVE_PARALLEL)
    if (list >= 0 && peers->comm != NULL && H5Pset_dxpl_mpio(list, H5FD_MPIO_COLLECTIVE) < 0)
        da__h5_close(&list, H5Pclose);
#else
    (void)peers;
#endif
    return list;
}

da_status da__h5_select(hid_t dataset, const char *path, const struct da__io_peers *peers, int ndim,
                        const int64_t *start, const int64_t *count, int64_t nelem,
                        struct da__h5_transfer *t, struct da__error *err)
{
    *t = (struct da__h5_transfer){memory_space(nelem), H5Dget_space(dataset), transfer_list(peers)};
    if (t->memory >= 0 && t->file >= 0 && t->list >= 0 &&
        select_file(t->file, ndim, start, count, nelem) >= 0)
        return DA_OK;
    return da__h5_fail(err, DA_ERR_MEMORY, "%s: cannot select %lld elements", path,
                       (long long)nelem);
}

void da__h5_unselect(struct da__h5_transfer *t)
{
    da__h5_close(&t->memory, H5Sclose);
    da__h5_close(&t->file, H5Sclose);
    da__h5_close(&t->list, H5Pclose);
}
