/* What the hand-written programs share: a clock, blocks, and the line they print. Plain C and MPI, nothing of DistArray. */
#ifndef REFERENCE_COMMON_H
#define REFERENCE_COMMON_H

#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static int rank, ranks;

static void begin(int *argc, char ***argv)
{
    MPI_Init(argc, argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
}

/* Where rank r's block of n begins; the first n mod ranks blocks are one longer. */
static int64_t low_of(int64_t n, int r)
{
    int64_t more = n % ranks;
    return n / ranks * r + (r < more ? r : more);
}

static double *room(int64_t n)
{
    double *p = aligned_alloc(64, ((size_t)n * sizeof *p + 127) / 64 * 64);
    if (p == NULL)
        MPI_Abort(MPI_COMM_WORLD, 1);
    return p;
}

static double start_clock(void)
{
    MPI_Barrier(MPI_COMM_WORLD);
    return MPI_Wtime();
}

/* One line a repetition: seconds until all ranks are done. */
static void stop_clock(const char *name, double start)
{
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0)
        printf("%s %.6f\n", name, MPI_Wtime() - start);
}

/* The sum over all ranks, to see that both programs compute the same. */
static void check(const char *name, const double *part, int64_t n)
{
    double mine = 0, all;
    for (int64_t i = 0; i < n; i++)
        mine += part[i];
    MPI_Reduce(&mine, &all, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0)
        printf("%s sum %.10e\n", name, all);
}

#endif
