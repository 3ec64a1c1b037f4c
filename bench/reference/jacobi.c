/* Jacobi's iteration on an n x n grid with fixed borders, in blocks of rows: rows at the seams travel while the rows between are
 * computed.
 *
 * usage: reference_jacobi [N] [STEPS] [REPETITIONS] */
#include "common.h"

#include <string.h>

static void sweep_row(int64_t n, double *restrict to, const double *restrict above,
                      const double *restrict row, const double *restrict below)
{
    for (int64_t j = 1; j < n - 1; j++)
        to[j] = 0.25 * (((above[j] + below[j]) + row[j - 1]) + row[j + 1]);
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    int64_t n = argc > 1 ? atoll(argv[1]) : 4000;
    int steps = argc > 2 ? atoi(argv[2]) : 50, repetitions = argc > 3 ? atoi(argv[3]) : 3;
    int64_t low = low_of(n, rank), rows = low_of(n, rank + 1) - low;
    double *u = room((rows + 2) * n), *next = room((rows + 2) * n); /* a row above and below */
    int up = rank > 0 ? rank - 1 : MPI_PROC_NULL,
        down = rank < ranks - 1 ? rank + 1 : MPI_PROC_NULL;
    for (int k = 0; k <= repetitions; k++) {
        for (int64_t i = 0; i < rows; i++)
            for (int64_t j = 0; j < n; j++)
                u[(i + 1) * n + j] = (double)((i + low) * j % 1000);
        memcpy(next, u, (size_t)((rows + 2) * n) * sizeof *u);
        double start = start_clock();
        for (int s = 0; s < steps; s++) {
            MPI_Request request[4];
            MPI_Irecv(u, (int)n, MPI_DOUBLE, up, 0, MPI_COMM_WORLD, &request[0]);
            MPI_Irecv(u + (rows + 1) * n, (int)n, MPI_DOUBLE, down, 1, MPI_COMM_WORLD, &request[1]);
            MPI_Isend(u + n, (int)n, MPI_DOUBLE, up, 1, MPI_COMM_WORLD, &request[2]);
            MPI_Isend(u + rows * n, (int)n, MPI_DOUBLE, down, 0, MPI_COMM_WORLD, &request[3]);
            for (int64_t i = 2; i < rows; i++)
                sweep_row(n, next + i * n, u + (i - 1) * n, u + i * n, u + (i + 1) * n);
            MPI_Waitall(4, request, MPI_STATUSES_IGNORE);
            for (int64_t i = 1; i <= rows; i += rows > 1 ? rows - 1 : 1)
                if (i + low - 1 > 0 && i + low - 1 < n - 1)
                    sweep_row(n, next + i * n, u + (i - 1) * n, u + i * n, u + (i + 1) * n);
            double *t = u;
            u = next;
            next = t;
        }
        if (k > 0)
            stop_clock("jacobi", start);
    }
    check("jacobi", u + n, rows * n);
    MPI_Finalize();
    return 0;
}
