/* n float64 from blocks to cyclic and back. An element i lies on rank i mod ranks at i / ranks when cyclic, so that what one
 * rank's block gives another is strided on the block's side and consecutive on the cyclic one.
 *
 * usage: reference_redistribute [N] [REPETITIONS] */
#include "common.h"

#include <string.h>

static int64_t n, low, high;

/* The first index of block l … that rank r has when cyclic, and how many. */
static int64_t first_of(int64_t l, int r)
{
    return l + (r - l % ranks + ranks) % ranks;
}

static int64_t count_of(int64_t l, int64_t h, int r)
{
    int64_t first = first_of(l, r);
    return first < h ? (h - 1 - first) / ranks + 1 : 0;
}

static void to_cyclic(const double *block, double *cyclic, double *packed, MPI_Request *request)
{
    double *at = packed;
    for (int r = 0; r < ranks; r++) {
        int64_t l = low_of(n, r), h = low_of(n, r + 1);
        request[r] = request[ranks + r] = MPI_REQUEST_NULL;
        if (r != rank)
            MPI_Irecv(cyclic + first_of(l, rank) / ranks, (int)count_of(l, h, rank), MPI_DOUBLE, r,
                      0, MPI_COMM_WORLD, &request[r]);
    }
    for (int r = 0; r < ranks; r++) {
        int64_t first = first_of(low, r), count = count_of(low, high, r);
        double *to = r == rank ? cyclic + first / ranks : at;
        for (int64_t k = 0; k < count; k++)
            to[k] = block[first - low + k * ranks];
        if (r != rank)
            MPI_Isend(to, (int)count, MPI_DOUBLE, r, 0, MPI_COMM_WORLD, &request[ranks + r]);
        at += count;
    }
    MPI_Waitall(2 * ranks, request, MPI_STATUSES_IGNORE);
}

static void to_block(const double *cyclic, double *block, double *packed, MPI_Request *request)
{
    double *at = packed;
    for (int r = 0; r < ranks; r++) {
        int64_t count = count_of(low, high, r);
        request[r] = request[ranks + r] = MPI_REQUEST_NULL;
        if (r != rank)
            MPI_Irecv(at, (int)count, MPI_DOUBLE, r, 1, MPI_COMM_WORLD, &request[r]);
        at += count;
    }
    for (int r = 0; r < ranks; r++) {
        int64_t l = low_of(n, r), h = low_of(n, r + 1);
        if (r != rank)
            MPI_Isend(cyclic + first_of(l, rank) / ranks, (int)count_of(l, h, rank), MPI_DOUBLE, r,
                      1, MPI_COMM_WORLD, &request[ranks + r]);
    }
    at = packed;
    for (int step = 0; step < ranks; step++) {
        int r = (rank + step) % ranks;
        int64_t first = first_of(low, r), count = count_of(low, high, r);
        at = packed;
        for (int q = 0; q < r; q++)
            at += count_of(low, high, q);
        const double *from = r == rank ? cyclic + first / ranks : at;
        MPI_Wait(&request[r], MPI_STATUS_IGNORE);
        for (int64_t k = 0; k < count; k++)
            block[first - low + k * ranks] = from[k];
    }
    MPI_Waitall(2 * ranks, request, MPI_STATUSES_IGNORE);
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    n = argc > 1 ? atoll(argv[1]) : 40000000;
    int repetitions = argc > 2 ? atoi(argv[2]) : 3;
    low = low_of(n, rank);
    high = low_of(n, rank + 1);
    double *block = room(high - low), *cyclic = room(n / ranks + 1), *back = room(high - low),
           *packed = room(high - low);
    MPI_Request *request = malloc(2 * (size_t)ranks * sizeof *request);
    for (int64_t i = low; i < high; i++)
        block[i - low] = (double)i;
    for (int k = 0; k <= repetitions; k++) {
        double start = start_clock();
        to_cyclic(block, cyclic, packed, request);
        to_block(cyclic, back, packed, request);
        if (k > 0)
            stop_clock("redistribute", start);
    }
    if (memcmp(block, back, (size_t)(high - low) * sizeof *block) != 0)
        MPI_Abort(MPI_COMM_WORLD, 1);
    check("redistribute", back, high - low);
    MPI_Finalize();
    return 0;
}
