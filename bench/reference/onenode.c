/* Runs one hand-written workload: the seconds of each repetition, and a sum of the results.
 *
 * usage: reference_onenode NAME [SIZE] [REPETITIONS] */
#include "onenode.h"

#include <sys/mman.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double *empty(int64_t n)
{
    double *x = room(n * (int64_t)sizeof *x);
    madvise(x, (size_t)n * sizeof *x, MADV_HUGEPAGE);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i++)
        x[i] = 0;
    return x;
}

double *scattered(int64_t n, double factor)
{
    double *x = empty(n);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i++)
        x[i] = (double)i * factor - floor((double)i * factor);
    return x;
}

double total(const double *x, int64_t n)
{
    double sum = 0;
#pragma omp parallel for schedule(static) reduction(+ : sum)
    for (int64_t i = 0; i < n; i++)
        sum += x[i];
    return sum;
}

static int measure(const struct work *w, int64_t n, int repetitions)
{
    w->prepare(n);
    for (int k = 0; k <= repetitions; k++) { /* the first one warms up */
        double start = now();
        w->run(n);
        if (k > 0)
            printf("%s %.9f\n", w->name, (now() - start) / w->repeats);
    }
    printf("%s sum %.10e\n", w->name, w->sum(n));
    return 0;
}

int main(int argc, char **argv)
{
    const struct work *tables[] = {passes, computing, ordering, drawing,
#ifdef HAVE_CBLAS
                                   products
#endif
    };
    for (size_t t = 0; argc > 1 && t < sizeof tables / sizeof *tables; t++)
        for (const struct work *w = tables[t]; w->name != NULL; w++)
            if (strcmp(w->name, argv[1]) == 0)
                return measure(w, argc > 2 ? atoll(argv[2]) : w->size,
                               argc > 3 ? atoi(argv[3]) : 3);
    fputs("usage: reference_onenode NAME [SIZE] [REPETITIONS]\n", stderr);
    return 2;
}
