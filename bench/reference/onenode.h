/* What the hand-written programs of one node share: inputs, a clock, the lines they print. Plain C and OpenMP, nothing of
 * DistArray; compiled for this machine, with the compiler's vector mathematics. */
#ifndef REFERENCE_ONENODE_H
#define REFERENCE_ONENODE_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A workload: `prepare` makes its inputs and results, `run` is what is timed (divided by `repeats`), `sum` adds up the results. */
struct work {
    const char *name;
    int64_t size;
    void (*prepare)(int64_t n);
    void (*run)(int64_t n);
    double (*sum)(int64_t n);
    int repeats;
};

extern const struct work passes[], computing[], ordering[], drawing[], products[];

static inline void *room(int64_t nbytes)
{
    void *p = aligned_alloc(1 << 21, ((size_t)nbytes + (1 << 21) - 1) & ~(size_t)((1 << 21) - 1));
    if (p == NULL) {
        fputs("reference: out of memory\n", stderr);
        exit(1);
    }
    return p;
}

/* n values in [0, 1), written by the threads that will read them. */
double *scattered(int64_t n, double factor);
double *empty(int64_t n);
double total(const double *x, int64_t n);

#define GOLDEN 0.6180339887498949
#define SILVER 0.4142135623730951
#define BRONZE 0.3027756377319946

#endif
