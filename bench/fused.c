/* Fused kernels: a polynomial on a long array, a few operations on a short one, and the steps of Mandelbrot's iteration. Prints what
 * bench/reference/fused.c prints for the same loops in C: a repetition's seconds, and a sum of the result to compare.
 *
 * usage: bench_fused polynomial|short|mandelbrot [SIZE] [REPETITIONS]      DISTARRAY_COMPILED=off|auto|always */
#include <distarray/distarray.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ITERATIONS = 12, ROUNDS = 2000 };

/* Of this thread's own time, which neighbours on the machine disturb least; for engines of one thread. */
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static da_array *ramp(da_context *ctx, int64_t n, double from, double to)
{
    da_array *a = da_keep(da_linspace(ctx, from, to, n, 1, DA_FLOAT64, NULL));
    da_compute(ctx, a);
    return a;
}

static da_array *polynomial(da_array *x, da_array *z)
{
    da_array *a = da_add(da_multiply(x, 2.0), 1.0);
    return da_add(da_multiply(da_subtract(da_multiply(a, x), 3.0), x), z);
}

static da_array *few(da_array *x, da_array *z)
{
    return da_subtract(da_multiply(da_add(x, z), 0.5), da_abs(x));
}

/* How many steps stay inside the circle of radius 2. */
static da_array *mandelbrot(da_array *x, da_array *y)
{
    da_array *re = x, *im = y, *count = da_multiply(x, 0.0);
    for (int i = 0; i < ITERATIONS; i++) {
        da_array *re2 = da_multiply(re, re), *im2 = da_multiply(im, im);
        da_array *inside = da_less_equal(da_add(re2, im2), 4.0);
        da_array *next = da_add(da_multiply(da_multiply(re, im), 2.0), y);
        re = da_where(inside, da_add(da_subtract(re2, im2), x), re);
        im = da_where(inside, next, im);
        count = da_where(inside, da_add(count, 1.0), count);
    }
    return count;
}

static const struct {
    const char *name;
    int64_t size;
    int rounds;
    da_array *(*make)(da_array *x, da_array *z);
} workloads[] = {{"polynomial", 20000000, 1, polynomial},
                 {"short", 1000, ROUNDS, few},
                 {"mandelbrot", 2000000, 1, mandelbrot}};

/* One repetition; the result is kept. */
static da_array *run(da_context *ctx, int w, da_array *x, da_array *z)
{
    da_array *a = NULL;
    for (int i = 0; i < workloads[w].rounds; i++) {
        if (a != NULL)
            da_drop(a);
        da_scope_push(ctx);
        a = da_keep(workloads[w].make(x, z));
        da_scope_pop(ctx);
        if (da_compute(ctx, a) != DA_OK)
            return NULL;
    }
    return a;
}

int main(int argc, char **argv)
{
    da_context *ctx = da_init(&argc, &argv);
    int w = 0;
    while (w < 2 && (argc < 2 || strcmp(argv[1], workloads[w].name) != 0))
        w++;
    int64_t n = argc > 2 ? atoll(argv[2]) : workloads[w].size;
    int repetitions = argc > 3 ? atoi(argv[3]) : 5;
    da_array *x = ramp(ctx, n, -2, 1), *z = ramp(ctx, n, -1, 1);
    for (int k = 0; k <= repetitions; k++) {
        double start = now(), sum = 0;
        da_array *a = run(ctx, w, x, z);
        if (a == NULL)
            break;
        if (k > 0)
            printf("%s %.6f\n", workloads[w].name, now() - start);
        if (k == repetitions && da_get_double(ctx, da_sum(a, DA_ALL_AXES, 0), &sum) == DA_OK)
            printf("%s sum %.15g\n", workloads[w].name, sum);
        da_drop(a);
    }
    return da_finalize(ctx);
}
