/* Random numbers: the published answers of Philox, the variants' bits, every pattern of indices against one at a time, and the
 * statistics that the distributions promise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "strips.h"

/* ---- Philox ---- */

typedef void block_fn(uint64_t number, uint64_t seed, uint64_t stream, uint64_t *block);

struct variant {
    block_fn *block;
    da__strip_fn *const *strip;
};

/* Those that this processor runs. */
static int variants(struct variant *v)
{
    static block_fn *const block[DA__NISAS] = DA__VARIANTS(da__philox);
    static da__strip_fn *const *const strip[DA__NISAS] = DA__VARIANTS(da__strips_random);
    int n = 0;
    for (int isa = 0; isa <= (int)da__isa_best(); isa++)
        v[n++] = (struct variant){block[isa], strip[isa]};
    return n;
}

/* Random123's kat_vectors, philox4x32 10: counter, key, answer. */
static void test_published_answers(void **state)
{
    (void)state;
    static const uint32_t answers[3][10] = {
        {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d,
         0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09,
         0x94fdcceb, 0x5001e420, 0x24126ea1},
    };
    struct variant v[3];
    int n = variants(v);
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < n; i++) {
            const uint32_t *a = answers[k];
            uint64_t block[2];
            v[i].block(a[0] | (uint64_t)a[1] << 32, a[4] | (uint64_t)a[5] << 32,
                       a[2] | (uint64_t)a[3] << 32, block);
            assert_int_equal(block[0], a[6] | (uint64_t)a[7] << 32);
            assert_int_equal(block[1], a[8] | (uint64_t)a[9] << 32);
        }
}

/* ---- loops ---- */

static const enum da__op_id drawing[] = {DA__OP_RANDOM_BITS, DA__OP_RANDOM_UNIFORM,
                                         DA__OP_RANDOM_UNIFORM32, DA__OP_RANDOM_NORMAL,
                                         DA__OP_RANDOM_EXPONENTIAL};
enum { NDRAWING = sizeof drawing / sizeof drawing[0], N = 1100 };

static size_t item_of(enum da__op_id op)
{
    return op == DA__OP_RANDOM_UNIFORM32 ? 4 : 8;
}

/* Indices that run, jump, break off and run again, from odd and even starts; seeds and streams that stay or change. */
static void fill(int pattern, int64_t *index, int64_t *seed, int64_t *stream)
{
    for (int64_t i = 0; i < N; i++) {
        index[i] = pattern == 0   ? i
                   : pattern == 1 ? i + 4294967295
                   : pattern == 2 ? 2 * i + 1
                   : pattern == 3 ? i + i / 100 * 977
                   : pattern == 4 ? -i
                                  : (int64_t)((uint64_t)i * 0x9e3779b97f4a7c15u);
        seed[i] = pattern < 5 ? 42 : (int64_t)((uint64_t)i * 12345678901234567u);
        stream[i] = pattern < 4 ? -3 : i / 7;
    }
}

static void compare_all(enum da__op_id op, int pattern, unsigned scalars, int64_t n)
{
    static int64_t index[N], seed[N], stream[N];
    static char got[8 * N], one[8];
    const void *in[3] = {index, seed, stream};
    struct variant v[3];
    int nvariants = variants(v);
    size_t item = item_of(op);
    fill(pattern, index, seed, stream);
    for (int k = 0; k < nvariants; k++) {
        v[k].strip[op](n, got, in, scalars);
        for (int64_t i = 0; i < n; i++) {
            const void *at[3] = {&index[scalars & 1 ? 0 : i], &seed[scalars & 2 ? 0 : i],
                                 &stream[scalars & 4 ? 0 : i]};
            v[0].strip[op](1, one, at, 7);
            if (memcmp(one, got + (size_t)i * item, item) != 0)
                fail_msg("%s: pattern %d, scalars %u, variant %d, element %lld of %lld",
                         da__op_info(op)->name, pattern, scalars, k, (long long)i, (long long)n);
        }
    }
}

static void test_all_patterns(void **state)
{
    (void)state;
    static const int64_t lengths[] = {1, 2, 3, 5, 16, 31, 64, 65, 200, N};
    for (int op = 0; op < NDRAWING; op++)
        for (int pattern = 0; pattern < 6; pattern++)
            for (unsigned scalars = 0; scalars < 8; scalars++)
                for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++)
                    compare_all(drawing[op], pattern, scalars, lengths[k]);
}

static void test_in_place(void **state)
{
    (void)state;
    static int64_t index[N], seed[N], stream[N];
    static uint64_t apart[N];
    for (int pattern = 0; pattern < 6; pattern++)
        for (int place = 0; place < 3; place++) {
            fill(pattern, index, seed, stream);
            int64_t *const all[3] = {index, seed, stream};
            const void *in[3] = {index, seed, stream};
            da__strip(DA__OP_RANDOM_BITS, DA_INT64, DA_UINT64, N, apart, in, 0);
            da__strip(DA__OP_RANDOM_BITS, DA_INT64, DA_UINT64, N, all[place], in, 0);
            assert_memory_equal(apart, all[place], sizeof apart);
        }
}

/* ---- values ---- */

enum { MANY = 200000 };

static void draw_many(enum da__op_id op, int64_t seed, int64_t stream, void *out)
{
    static int64_t index[MANY];
    const void *in[3] = {index, &seed, &stream};
    for (int64_t i = 0; i < MANY; i++)
        index[i] = i;
    da__strip_find(op, DA_INT64, DA_FLOAT64)(MANY, out, in, 6);
}

static void test_values_of_bits(void **state)
{
    (void)state;
    static uint64_t bits[MANY];
    static double uniform[MANY], normal[MANY], exponential[MANY];
    static float uniform32[MANY];
    draw_many(DA__OP_RANDOM_BITS, 1, 2, bits);
    draw_many(DA__OP_RANDOM_UNIFORM, 1, 2, uniform);
    draw_many(DA__OP_RANDOM_UNIFORM32, 1, 2, uniform32);
    draw_many(DA__OP_RANDOM_NORMAL, 1, 2, normal);
    draw_many(DA__OP_RANDOM_EXPONENTIAL, 1, 2, exponential);
    double worst = 0;
    for (int64_t i = 0; i < MANY; i++) {
        double u = (double)(bits[i] >> 11) * 0x1p-53;
        assert_true(uniform[i] == u && u >= 0 && u < 1);
        uint32_t word = (uint32_t)(bits[i / 2] >> 32 * (i % 2));
        assert_true(uniform32[i] == (float)(word >> 8) * 0x1p-24f);
        long double log = -log1pl(-(long double)u);
        assert_true(fabsl(exponential[i] - log) <= 3 * 0x1p-52L * log);
        long double a = (long double)(bits[i / 2 * 2] >> 11) * 0x1p-53L,
                    b = (long double)(bits[i / 2 * 2 + 1] >> 11) * 0x1p-53L;
        long double turn = 2 * acosl(-1) * b, r = sqrtl(-2 * log1pl(-a));
        long double z = r * (i % 2 == 0 ? cosl(turn) : sinl(turn));
        double off = (double)(fabsl(normal[i] - z) / (fabsl(z) * 0x1p-52L + r * 0x1p-61L));
        worst = off > worst ? off : worst;
    }
    assert_true(worst < 5);
}

/* ---- statistics ---- */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double uniform_cdf(double x)
{
    return x;
}

static double normal_cdf(double x)
{
    return 0.5 * erfc(-x / sqrt(2));
}

static double exponential_cdf(double x)
{
    return -expm1(-x);
}

/* Moments within 5 standard errors; Kolmogorov and Smirnov's distance below its 1e-6 quantile, 2.7 / sqrt(n). */
static void check_distribution(enum da__op_id op, double mean, double variance, double fourth,
                               double (*cdf)(double))
{
    static double x[MANY];
    for (int64_t seed = 0; seed < 5; seed++) {
        draw_many(op, seed * 1000003, seed, x);
        double sum = 0, squares = 0, neighbours = 0, far = 0;
        for (int64_t i = 0; i < MANY; i++) {
            double d = x[i] - mean;
            sum += d;
            squares += d * d;
            neighbours += i > 0 ? d * (x[i - 1] - mean) : 0;
        }
        double error = sqrt(variance / MANY);
        assert_true(fabs(sum / MANY) < 5 * error);
        assert_true(fabs(squares / MANY - variance) <
                    5 * sqrt((fourth - variance * variance) / MANY));
        assert_true(fabs(neighbours / MANY) < 5 * variance / sqrt(MANY));
        qsort(x, MANY, sizeof *x, ascending);
        for (int64_t i = 0; i < MANY; i++) {
            double f = cdf(x[i]);
            far = fmax(far, fmax(f - (double)i / MANY, (double)(i + 1) / MANY - f));
        }
        assert_true(far < 2.7 / sqrt(MANY));
    }
}

static void test_distributions(void **state)
{
    (void)state;
    check_distribution(DA__OP_RANDOM_UNIFORM, 0.5, 1. / 12, 1. / 80, uniform_cdf);
    check_distribution(DA__OP_RANDOM_NORMAL, 0, 1, 3, normal_cdf);
    check_distribution(DA__OP_RANDOM_EXPONENTIAL, 1, 1, 9, exponential_cdf);
}

/* Streams and seeds next to each other, and far apart in a few bits. */
static void test_streams_do_not_correlate(void **state)
{
    (void)state;
    static double x[MANY], y[MANY];
    static const int64_t other[][2] = {{1, 0},  {0, 1},         {-1, 0},
                                       {0, -1}, {1LL << 32, 0}, {0, 1LL << 32}};
    draw_many(DA__OP_RANDOM_NORMAL, 0, 0, x);
    for (size_t k = 0; k < sizeof other / sizeof *other; k++) {
        draw_many(DA__OP_RANDOM_NORMAL, other[k][0], other[k][1], y);
        double sum = 0;
        for (int64_t i = 0; i < MANY; i++)
            sum += x[i] * y[i];
        assert_true(fabs(sum) < 5 * sqrt(MANY));
    }
}

/* Chi-square of k - 1 degrees of freedom stays below its mean + 6 standard deviations. */
static void check_even(const int64_t *count, int k, int64_t total)
{
    double chi = 0, wanted = (double)total / k;
    for (int i = 0; i < k; i++)
        chi += ((double)count[i] - wanted) * ((double)count[i] - wanted) / wanted;
    assert_true(chi < k - 1 + 6 * sqrt(2. * (k - 1)) + 6);
}

static void test_integers_are_even(void **state)
{
    (void)state;
    static uint64_t bits[MANY], x[MANY];
    for (uint64_t k = 2; k <= 1000; k = k * 3 + 1) {
        int64_t count[1024] = {0};
        const void *in[2] = {bits, &k};
        draw_many(DA__OP_RANDOM_BITS, 7, (int64_t)k, bits);
        da__strip(DA__OP_MULTIPLY_HIGH, DA_UINT64, DA_UINT64, MANY, x, in, 2);
        for (int64_t i = 0; i < MANY; i++) {
            assert_true(x[i] < k);
            count[x[i]]++;
        }
        check_even(count, (int)k, MANY);
    }
}

/* ---- permutations ---- */

static void permute(int64_t n, int64_t key, int64_t count, const int64_t *index, int64_t *out)
{
    const void *in[3] = {index, &n, &key};
    da__strip(DA__OP_RANDOM_PERMUTE, DA_INT64, DA_INT64, count, out, in, 6);
}

static void test_permutations(void **state)
{
    (void)state;
    enum { MOST = 3000 };
    static int64_t index[MOST], out[MOST];
    static bool seen[MOST];
    for (int64_t i = 0; i < MOST; i++)
        index[i] = i;
    for (int64_t n = 0; n <= MOST; n = n < 70 ? n + 1 : n * 5 / 3) {
        memset(seen, 0, sizeof seen);
        permute(n, n * 77, n, index, out);
        for (int64_t i = 0; i < n; i++) {
            assert_true(out[i] >= 0 && out[i] < n && !seen[out[i]]);
            seen[out[i]] = true;
        }
    }
    int64_t outside[] = {-1, 5, 6, INT64_MIN, INT64_MAX}, same[5];
    permute(5, 3, 5, outside, same);
    assert_memory_equal(outside, same, sizeof same);
    permute(INT64_MIN, 3, 5, outside, same);
    assert_memory_equal(outside, same, sizeof same);
}

/* The largest extents: places stay inside, and are not found twice. */
static void test_large_permutations(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    static const int64_t extents[] = {INT64_MAX, (1LL << 53) + 1, (1LL << 62) - 1, 1000000007};
    for (size_t k = 0; k < sizeof extents / sizeof *extents; k++) {
        int64_t index[COUNT], out[COUNT];
        for (int64_t i = 0; i < COUNT; i++)
            index[i] = i % 2 == 0 ? i : extents[k] - i;
        permute(extents[k], 11, COUNT, index, out);
        for (int64_t i = 0; i < COUNT; i++) {
            assert_true(out[i] >= 0 && out[i] < extents[k]);
            for (int64_t j = 0; j < i; j++)
                assert_true(out[i] != out[j]);
        }
    }
}

/* All orders of few elements are as likely; of many, every place gets any element, and neighbours part. */
static void test_permutations_are_even(void **state)
{
    (void)state;
    enum { KEYS = 60000, LARGE = 1 << 16 };
    static int64_t index[LARGE], out[LARGE];
    for (int64_t i = 0; i < LARGE; i++)
        index[i] = i;
    for (int64_t n = 2; n <= 5; n++) {
        int64_t count[120] = {0}, orders = 1;
        for (int64_t i = 2; i <= n; i++)
            orders *= i;
        for (int64_t key = 0; key < KEYS; key++) {
            int64_t rank = 0;
            permute(n, key, n, index, out);
            for (int64_t i = 0; i < n; i++) {
                int64_t smaller = 0;
                for (int64_t j = i + 1; j < n; j++)
                    smaller += out[j] < out[i];
                rank = rank * (n - i) + smaller;
            }
            count[rank]++;
        }
        check_even(count, (int)orders, KEYS);
    }
    for (int64_t key = 0; key < 8; key++) {
        int64_t count[256] = {0}, rises = 0, sum = 0;
        permute(LARGE, key, LARGE, index, out);
        for (int64_t i = 0; i < LARGE; i++) {
            count[(i >> 12) * 16 + (out[i] >> 12)]++;
            rises += i > 0 && out[i] > out[i - 1];
            sum += i > 0 && llabs(out[i] - out[i - 1]) == 1;
        }
        check_even(count, 256, LARGE);
        assert_true(llabs(rises - LARGE / 2) < 5 * (int64_t)sqrt(LARGE / 12.));
        assert_true(sum < 15);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_answers),  cmocka_unit_test(test_all_patterns),
        cmocka_unit_test(test_in_place),           cmocka_unit_test(test_values_of_bits),
        cmocka_unit_test(test_distributions),      cmocka_unit_test(test_streams_do_not_correlate),
        cmocka_unit_test(test_integers_are_even),  cmocka_unit_test(test_permutations),
        cmocka_unit_test(test_large_permutations), cmocka_unit_test(test_permutations_are_even),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
