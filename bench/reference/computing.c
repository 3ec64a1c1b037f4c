/* Much arithmetic on little memory, and matrices, written by hand. */
#include "onenode.h"

static double *x, *y, *z, *a, *b, *c;
static int32_t *steps;

static double three_sums(int64_t n)
{
    return total(a, n) + total(b, n) + total(c, n);
}

/* ---- Black and Scholes ---- */

static void options(int64_t n)
{
    x = scattered(n, GOLDEN);
    y = scattered(n, SILVER);
    z = scattered(n, BRONZE);
    a = empty(n);
    b = empty(n);
    for (int64_t i = 0; i < n; i++) {
        x[i] = x[i] * 90 + 10;
        y[i] = y[i] * 90 + 10;
        z[i] = z[i] * 9 + 1;
    }
}

static void black_scholes(int64_t n)
{
    const double rate = 0.1, volatility = 0.2, root = 0.7071067811865476;
#pragma omp parallel for simd schedule(static)
    for (int64_t i = 0; i < n; i++) {
        double spread = volatility * sqrt(z[i]);
        double d1 = (log(x[i] / y[i]) + (rate + volatility * volatility / 2) * z[i]) / spread;
        double d2 = d1 - spread, present = y[i] * exp(-rate * z[i]);
        double call = x[i] * (0.5 + 0.5 * erf(d1 * root)) - present * (0.5 + 0.5 * erf(d2 * root));
        a[i] = call;
        b[i] = call + present - x[i];
    }
}

static double two_sums(int64_t n)
{
    return total(a, n) + total(b, n);
}

/* ---- Mandelbrot's set ---- */

static void plane(int64_t n)
{
    steps = room(n * n * (int64_t)sizeof *steps);
    memset(steps, 0, (size_t)(n * n) * sizeof *steps);
}

enum { LANES = 16, ESCAPE_STEPS = 50 };

/* A group of points takes steps together until none is left inside. */
static void mandelbrot(int64_t n)
{
#pragma omp parallel for schedule(dynamic, 8)
    for (int64_t i = 0; i < n; i++) {
        double ci = -1.25 + 2.5 * (double)i / (double)(n - 1);
        for (int64_t j0 = 0; j0 < n; j0 += LANES) {
            double cr[LANES], u[LANES] = {0}, v[LANES] = {0};
            int64_t count[LANES] = {0}, left = LANES;
            for (int k = 0; k < LANES; k++)
                cr[k] = -2.0 + 2.5 * (double)(j0 + k) / (double)(n - 1);
            for (int step = 0; step < ESCAPE_STEPS && left > 0; step++) {
                left = 0;
                for (int k = 0; k < LANES; k++) {
                    double uu = u[k] * u[k], vv = v[k] * v[k];
                    int64_t inside = uu + vv <= 4.0;
                    double next = uu - vv + cr[k], other = 2 * u[k] * v[k] + ci;
                    u[k] = inside ? next : u[k];
                    v[k] = inside ? other : v[k];
                    count[k] += inside;
                    left += inside;
                }
            }
            for (int k = 0; k < LANES && j0 + k < n; k++)
                steps[i * n + j0 + k] = (int32_t)count[k];
        }
    }
}

static double steps_sum(int64_t n)
{
    double s = 0;
    for (int64_t i = 0; i < n * n; i++)
        s += steps[i];
    return s;
}

/* ---- bodies ---- */

static void bodies(int64_t n)
{
    x = scattered(n, GOLDEN);
    y = scattered(n, SILVER);
    z = scattered(n, BRONZE);
    a = empty(n);
    b = empty(n);
    c = empty(n);
}

static void nbody(int64_t n)
{
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i++) {
        double fx = 0, fy = 0, fz = 0;
        for (int64_t j = 0; j < n; j++) {
            double dx = x[j] - x[i], dy = y[j] - y[i], dz = z[j] - z[i];
            double rr = dx * dx + dy * dy + dz * dz + 1e-3, w = 1 / (rr * sqrt(rr));
            fx += dx * w;
            fy += dy * w;
            fz += dz * w;
        }
        a[i] = fx;
        b[i] = fy;
        c[i] = fz;
    }
}

/* ---- matrices ---- */

enum { TILE = 64, STEPS = 50 };

static void square(int64_t n)
{
    x = empty(n * n);
    a = empty(n * n);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++)
            x[i * n + j] = (double)(i % 1000) + 1e-3 * (double)j;
}

static void transpose(int64_t n)
{
#pragma omp parallel for schedule(static)
    for (int64_t ii = 0; ii < n; ii += TILE)
        for (int64_t jj = 0; jj < n; jj += TILE) {
            int64_t i1 = ii + TILE < n ? ii + TILE : n, j1 = jj + TILE < n ? jj + TILE : n;
            for (int64_t i = ii; i < i1; i++)
                for (int64_t j = jj; j < j1; j++)
                    a[i * n + j] = x[i * n + j] + x[j * n + i];
        }
}

static double square_sum(int64_t n)
{
    return total(a, n * n);
}

static void grid(int64_t n)
{
    x = empty(n * n);
    y = empty(n * n);
    a = empty(n * n);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++)
            x[i * n + j] = (double)(i * j % 1000);
}

static void jacobi(int64_t n)
{
    double *from = y, *to = a;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i++) {
        memcpy(y + i * n, x + i * n, (size_t)n * sizeof *x);
        memcpy(a + i * n, x + i * n, (size_t)n * sizeof *x);
    }
    for (int step = 0; step < STEPS; step++) {
#pragma omp parallel for schedule(static)
        for (int64_t i = 1; i < n - 1; i++)
            for (int64_t j = 1; j < n - 1; j++)
                to[i * n + j] = 0.25 * (from[(i - 1) * n + j] + from[(i + 1) * n + j] +
                                        from[i * n + j - 1] + from[i * n + j + 1]);
        double *swap = from;
        from = to;
        to = swap;
    }
    if (from != a)
        memcpy(a, from, (size_t)(n * n) * sizeof *a);
}

const struct work computing[] = {
    {"black-scholes", 10000000, options, black_scholes, two_sums, 1},
    {"mandelbrot", 2000, plane, mandelbrot, steps_sum, 1},
    {"nbody", 2000, bodies, nbody, three_sums, 1},
    {"transpose", 8000, square, transpose, square_sum, 1},
    {"jacobi", 4000, grid, jacobi, square_sum, 1},
    {0},
};
