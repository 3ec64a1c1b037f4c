/* What the programs that measure share: a workload as data, and the loop that times it. */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include <distarray/distarray.h>

#include <stdbool.h>

enum { WORKLOAD_ARRAYS = 8 };

/* Up to WORKLOAD_ARRAYS arrays, all kept by whoever holds the list; unused ones are NULL. */
struct arrays {
    da_array *a[WORKLOAD_ARRAYS];
};
/* `input` describes the input, which is computed before the clock runs (NULL: there is none). `run` describes the results of one
 * repetition, which are computed while it runs; time loops compute by themselves, and give an empty list where that fails.
 * Seconds are divided by `repeats`: how often `run` does what is measured. */
struct workload {
    const char *name;
    int64_t size;
    struct arrays (*input)(da_context *ctx, int64_t n);
    struct arrays (*run)(da_context *ctx, struct arrays in);
    int repeats;
};

/* The tables, each ended by a row without a name. */
extern const struct workload moves[], kernels[];

/* The list of these arrays, each kept; ends at the first NULL. */
struct arrays kept(struct arrays list);
static inline struct arrays one(da_array *a)
{
    return kept((struct arrays){{a}});
}
/* A float64 range 0 … n-1 along an axis of a matrix: a column for axis 0, a row for axis 1. */
da_array *index_along(da_context *ctx, int64_t n, int axis);

#endif
