/* Random numbers by counters, written by hand: Philox4x32-10 (Salmon et al. 2011) for eight counters at a time, two float64 each. */
#include "onenode.h"

enum { LANES = 8 };

static double *x, pi_found;

typedef uint64_t lanes __attribute__((vector_size(8 * LANES)));

/* 53-bit numbers in [0, 1) of the counters c … c + LANES - 1; `second` is the counter's upper half. */
static inline void draw(uint64_t c, uint64_t second, double *a, double *b)
{
    const lanes low = (lanes){0} + 0xffffffff;
    lanes at = (lanes){0, 1, 2, 3, 4, 5, 6, 7} + c, v0 = at & low, v1 = at >> 32;
    lanes v2 = (lanes){0} + second, v3 = {0};
    uint32_t k0 = 7, k1 = 0;
    for (int r = 0; r < 10; r++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
        lanes p = v0 * 0xD2511F53u, q = v2 * 0xCD9E8D57u;
        v0 = (q >> 32) ^ v1 ^ k0;
        v1 = q & low;
        v2 = (p >> 32) ^ v3 ^ k1;
        v3 = p & low;
    }
    lanes first = (v1 << 32 | v0) >> 11, other = (v3 << 32 | v2) >> 11;
    for (int i = 0; i < LANES; i++) {
        a[i] = (double)(int64_t)first[i] * 0x1p-53;
        b[i] = (double)(int64_t)other[i] * 0x1p-53;
    }
}

static void prepare(int64_t n)
{
    x = empty(n);
}

static void uniform(int64_t n)
{
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n / 2; i += LANES) {
        double a[LANES], b[LANES];
        draw((uint64_t)i, 0, a, b);
        for (int k = 0; k < LANES && 2 * (i + k) + 1 < n; k++) {
            x[2 * (i + k)] = a[k];
            x[2 * (i + k) + 1] = b[k];
        }
    }
}

static void normal(int64_t n)
{
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n / 2; i += LANES) {
        double a[LANES], b[LANES], c[LANES], s[LANES];
        draw((uint64_t)i, 0, a, b);
        for (int k = 0; k < LANES; k++) {
            double radius = sqrt(-2 * log(1 - a[k])), angle = 6.283185307179586 * b[k];
            c[k] = radius * cos(angle);
            s[k] = radius * sin(angle);
        }
        for (int k = 0; k < LANES && 2 * (i + k) + 1 < n; k++) {
            x[2 * (i + k)] = c[k];
            x[2 * (i + k) + 1] = s[k];
        }
    }
}

static void pi(int64_t n)
{
    int64_t inside = 0;
#pragma omp parallel for schedule(static) reduction(+ : inside)
    for (int64_t i = 0; i < n; i += LANES) {
        double a[LANES], b[LANES];
        draw((uint64_t)i, 0, a, b);
        for (int k = 0; k < LANES; k++)
            inside += i + k < n && a[k] * a[k] + b[k] * b[k] < 1;
    }
    pi_found = 4 * (double)inside / (double)n;
}

static void nothing(int64_t n)
{
    (void)n;
}

static double all(int64_t n)
{
    return total(x, n);
}

static double found(int64_t n)
{
    (void)n;
    return pi_found;
}

const struct work drawing[] = {
    {"uniform", 50000000, prepare, uniform, all, 1},
    {"normal", 50000000, prepare, normal, all, 1},
    {"pi", 50000000, nothing, pi, found, 1},
    {0},
};
