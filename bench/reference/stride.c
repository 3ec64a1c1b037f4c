/* z = x[::3] + y[1::3] of n float64 in blocks; z lies where x[::3] does, and what y lacks comes from the next rank.
 *
 * usage: reference_stride [N] [REPETITIONS]      N divisible by 3 */
#include "common.h"

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    int64_t n = argc > 1 ? atoll(argv[1]) : 60000000;
    int repetitions = argc > 2 ? atoi(argv[2]) : 3;
    int64_t low = low_of(n, rank), high = low_of(n, rank + 1);
    int64_t first = (low + 2) / 3, last = (high + 2) / 3; /* of z: 3 i in [low, high) */
    double *x = room(high - low), *y = room(high - low), *z = room(last - first + 1), beyond = 0;
    for (int64_t i = low; i < high; i++) {
        x[i - low] = (double)i;
        y[i - low] = 1e-3 * (double)i;
    }
    /* y[3 i + 1] is the next rank's where 3 i is this rank's last element. */
    int gives = low > 0 && low % 3 == 1, takes = high < n && high % 3 == 1;
    for (int k = 0; k <= repetitions; k++) {
        double start = start_clock();
        MPI_Request request[2] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL};
        if (takes)
            MPI_Irecv(&beyond, 1, MPI_DOUBLE, rank + 1, 0, MPI_COMM_WORLD, &request[0]);
        if (gives)
            MPI_Isend(&y[0], 1, MPI_DOUBLE, rank - 1, 0, MPI_COMM_WORLD, &request[1]);
        int64_t here = last - takes;
        const double *xs = x + (3 * first - low), *ys = y + (3 * first + 1 - low);
        for (int64_t i = 0; i < here - first; i++)
            z[i] = xs[3 * i] + ys[3 * i];
        MPI_Waitall(2, request, MPI_STATUSES_IGNORE);
        if (takes)
            z[last - 1 - first] = x[3 * (last - 1) - low] + beyond;
        if (k > 0)
            stop_clock("stride", start);
    }
    check("stride", z, last - first);
    MPI_Finalize();
    return 0;
}
