/* c = a + transpose(a), n x n float64 in blocks of rows: each pair of ranks exchanges one message, tiles of what is local are
 * added while messages travel.
 *
 * usage: reference_transpose [N] [REPETITIONS] */
#include "common.h"

enum { TILE = 64 };

/* c[i][j] = a[i][j] + t[j - j0][i - i0] for local rows and the columns j0 … j1-1; t has `width` columns. */
static void add_tiles(int64_t rows, int64_t n, double *c, const double *a, int64_t j0, int64_t j1,
                      const double *t, int64_t width)
{
    for (int64_t ii = 0; ii < rows; ii += TILE)
        for (int64_t jj = j0; jj < j1; jj += TILE) {
            int64_t i1 = ii + TILE < rows ? ii + TILE : rows, je = jj + TILE < j1 ? jj + TILE : j1;
            for (int64_t i = ii; i < i1; i++)
                for (int64_t j = jj; j < je; j++)
                    c[i * n + j] = a[i * n + j] + t[(j - j0) * width + i];
        }
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    int64_t n = argc > 1 ? atoll(argv[1]) : 8000;
    int repetitions = argc > 2 ? atoi(argv[2]) : 3;
    int64_t low = low_of(n, rank), rows = low_of(n, rank + 1) - low;
    double *a = room(rows * n), *c = room(rows * n), *out = room(rows * n), *in = room(rows * n);
    MPI_Request *request = malloc(2 * (size_t)ranks * sizeof *request);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < n; j++)
            a[i * n + j] = (double)((i + low) % 1000) + 1e-3 * (double)j;
    for (int k = 0; k <= repetitions; k++) {
        double start = start_clock();
        for (int r = 0; r < ranks; r++) { /* what rank r has of my columns: its rows x my rows */
            int64_t lr = low_of(n, r), nr = low_of(n, r + 1) - lr;
            request[r] = MPI_REQUEST_NULL;
            if (r != rank)
                MPI_Irecv(in + lr * rows, (int)(nr * rows), MPI_DOUBLE, r, 0, MPI_COMM_WORLD,
                          &request[r]);
        }
        for (int r = 0; r < ranks; r++) {
            int64_t lr = low_of(n, r), nr = low_of(n, r + 1) - lr;
            double *to = out + lr * rows;
            request[ranks + r] = MPI_REQUEST_NULL;
            if (r == rank)
                continue;
            for (int64_t i = 0; i < rows; i++)
                for (int64_t j = 0; j < nr; j++)
                    to[i * nr + j] = a[i * n + lr + j];
            MPI_Isend(to, (int)(nr * rows), MPI_DOUBLE, r, 0, MPI_COMM_WORLD, &request[ranks + r]);
        }
        add_tiles(rows, n, c, a, low, low + rows, a + low, n);
        for (int left = ranks - 1; left > 0; left--) {
            int r;
            MPI_Waitany(ranks, request, &r, MPI_STATUS_IGNORE);
            int64_t lr = low_of(n, r), nr = low_of(n, r + 1) - lr;
            add_tiles(rows, n, c, a, lr, lr + nr, in + lr * rows, rows);
        }
        MPI_Waitall(ranks, request + ranks, MPI_STATUSES_IGNORE);
        if (k > 0)
            stop_clock("transpose", start);
    }
    check("transpose", c, rows * n);
    MPI_Finalize();
    return 0;
}
