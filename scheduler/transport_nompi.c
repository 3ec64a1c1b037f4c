/* Stands in for the MPI transport where the library is built without MPI. */
#include "transport.h"

#include "launch.h"

/* Tells the truth here too, so that the processes of an mpirun end with a clear error and not as so
 * many masters. */
bool da__mpi_launched(void)
{
    return da__launched_as_one_of_several();
}

da_status da__mpi_open(const void *mpi_comm, struct da__endpoint **endpoint, struct da__error *err)
{
    (void)mpi_comm;
    *endpoint = NULL;
    return da__fail(err, DA_ERR_UNSUPPORTED, "MPI: this library was built without MPI");
}
