/* Starting engines on an MPI communicator of the program's own: the only public header that includes mpi.h. */
#ifndef DISTARRAY_MPI_H
#define DISTARRAY_MPI_H

#include <mpi.h>
#include <distarray/context.h>

/* As da_start, on the ranks of `comm`, which the program has initialised (MPI_Init or MPI_Init_thread; FUNNELED suffices)
 * and finalizes itself afterwards. The communicator is duplicated: messages of the program and of the engines never mix.
 * `options` may be NULL. Returns on every rank: *out is the context on rank 0 of `comm`; on the others the call serves until
 * that rank finalizes it, and *out is NULL.
 * Collective over `comm`. Errors: as da_init; DA_ERR_UNSUPPORTED where the library was built without MPI. */
static inline da_status da_start_on(MPI_Comm comm, const da_options *options, da_context **out)
{
    da_options with_comm = {0, 0, 0, 0, 0, 0, 0, 0};
    if (options)
        with_comm = *options;
    with_comm.mpi_comm = &comm;
    return da_start(&with_comm, out);
}

#endif
