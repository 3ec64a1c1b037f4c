/* Engines on a communicator of the program's own: da_start_on returns on every rank, the program's messages go on around it,
 * and a second context can follow the first. Run by mpirun; exit code 0 where all is well. */
#include <distarray/distarray.h>
#include <distarray/mpi.h>
#include <stdio.h>

/* 0 on a rank where everything was right. The master is rank 0 of `comm`. */
static int one_context(MPI_Comm comm, int rank, int size)
{
    da_context *ctx;
    if (da_start_on(comm, NULL, &ctx) != DA_OK) {
        fprintf(stderr, "rank %d: %s\n", rank, da_error_message(ctx));
        da_finalize(ctx);
        return 1;
    }
    if (rank > 0)
        return ctx != NULL; /* has served */
    double total = 0;
    da_array *x = da_arange(ctx, 0, 1000, 1, DA_FLOAT64, NULL);
    da_status status = da_get_double(ctx, da_sum(da_index(x, "::-1"), DA_ALL_AXES, 0), &total);
    int wrong = status != DA_OK || total != 499500 || da_engines(ctx) != size || !da_is_mpi(ctx);
    if (wrong)
        fprintf(stderr, "%d engines of %d, sum %g: %s\n", da_engines(ctx), size, total,
                da_error_message(ctx));
    return da_finalize(ctx) | wrong;
}

int main(int argc, char **argv)
{
    int world, size, wrong, any;
    MPI_Comm reversed;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &world);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_split(MPI_COMM_WORLD, 0, -world, &reversed); /* the last rank becomes the master */
    wrong = one_context(reversed, size - 1 - world, size);
    MPI_Barrier(MPI_COMM_WORLD);
    wrong |= one_context(MPI_COMM_WORLD, world, size);
    MPI_Allreduce(&wrong, &any, 1, MPI_INT, MPI_LOR, MPI_COMM_WORLD);
    MPI_Comm_free(&reversed);
    MPI_Finalize();
    return any;
}
