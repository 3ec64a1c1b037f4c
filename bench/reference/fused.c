/* The loops of bench/fused.c by hand, for one core.
 *
 * usage: reference_fused polynomial|short|mandelbrot [SIZE] [REPETITIONS] */
#include <math.h>
#include <stdint.h>
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

static void polynomial(int64_t n, const double *restrict x, const double *restrict z,
                       double *restrict out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = ((x[i] * 2 + 1) * x[i] - 3) * x[i] + z[i];
}

static void few(int64_t n, const double *restrict x, const double *restrict z, double *restrict out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = (x[i] + z[i]) * 0.5 - fabs(x[i]);
}

static void mandelbrot(int64_t n, const double *restrict x, const double *restrict y,
                       double *restrict out)
{
    for (int64_t i = 0; i < n; i++) {
        double re = x[i], im = y[i], count = 0;
        for (int k = 0; k < ITERATIONS; k++) {
            double re2 = re * re, im2 = im * im, next = re * im * 2 + y[i];
            int inside = re2 + im2 <= 4;
            re = inside ? re2 - im2 + x[i] : re;
            im = inside ? next : im;
            count = inside ? count + 1 : count;
        }
        out[i] = count;
    }
}

static const struct {
    const char *name;
    int64_t size;
    int rounds;
    void (*run)(int64_t n, const double *x, const double *z, double *out);
} workloads[] = {{"polynomial", 20000000, 1, polynomial},
                 {"short", 1000, ROUNDS, few},
                 {"mandelbrot", 2000000, 1, mandelbrot}};

static double *ramp(int64_t n, double from, double to)
{
    double *a = malloc((size_t)n * sizeof *a);
    for (int64_t i = 0; a != NULL && i < n; i++)
        a[i] = i == n - 1 ? to : from + (double)i * ((to - from) / (double)(n - 1));
    return a;
}

int main(int argc, char **argv)
{
    int w = 0;
    while (w < 2 && (argc < 2 || strcmp(argv[1], workloads[w].name) != 0))
        w++;
    int64_t n = argc > 2 ? atoll(argv[2]) : workloads[w].size;
    int repetitions = argc > 3 ? atoi(argv[3]) : 5;
    double *x = ramp(n, -2, 1), *z = ramp(n, -1, 1), *out = ramp(n, 0, 0), sum = 0;
    if (x == NULL || z == NULL || out == NULL)
        return 1;
    for (int k = 0; k <= repetitions; k++) {
        double start = now();
        for (int i = 0; i < workloads[w].rounds; i++)
            workloads[w].run(n, x, z, out);
        if (k > 0)
            printf("%s %.6f\n", workloads[w].name, now() - start);
    }
    for (int64_t i = 0; i < n; i++)
        sum += out[i];
    printf("%s sum %.15g\n", workloads[w].name, sum);
    free(x);
    free(z);
    free(out);
    return 0;
}
