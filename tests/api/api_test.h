/* What the tests of the public interface share: contexts for several engine and thread counts, and values compared. */
#ifndef API_TEST_H
#define API_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <distarray/distarray.h>
#include <stdio.h>
#include <string.h>

static inline da_context *open_with(int engines, int threads)
{
    da_options options = {.engines = engines, .threads = threads, .no_mpi = 1};
    da_context *ctx;
    assert_int_equal(da_start(&options, &ctx), DA_OK);
    assert_non_null(ctx);
    assert_int_equal(da_engines(ctx), engines);
    return ctx;
}

/* Runs `body` on every engine count, each with one and two threads. */
static inline void on_all_counts(void (*body)(da_context *ctx))
{
    static const int counts[] = {1, 2, 3, 4, 7};
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++)
        for (int threads = 1; threads <= 2; threads++) {
            da_context *ctx = open_with(counts[k], threads);
            body(ctx);
            assert_int_equal(da_finalize(ctx), 0);
        }
}

static inline void assert_shape(const da_array *a, int ndim, const int64_t *shape)
{
    assert_string_equal(da_cause(a), "");
    assert_int_equal(da_ndim(a), ndim);
    for (int k = 0; k < ndim; k++)
        assert_int_equal(da_shape(a)[k], shape[k]);
}
#define ASSERT_SHAPE(a, ...)                                                                       \
    assert_shape(a, (int)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)),               \
                 (const int64_t[]){__VA_ARGS__})

/* The cause contains `words`. */
static inline void assert_poisoned(const da_array *a, da_status status, const char *words)
{
    assert_non_null(a);
    if (strstr(da_cause(a), words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", da_cause(a), words);
    assert_int_equal(da_check(a), status);
}

static inline void assert_doubles(da_context *ctx, da_array *a, int64_t n, const double *expected)
{
    double got[256];
    assert_true(n <= 256);
    assert_int_equal(da_size(a), n);
    da_array *as = da_astype(a, DA_FLOAT64);
    if (da_get(ctx, as, got, sizeof got) != DA_OK)
        fail_msg("%s", da_error_message(ctx));
    for (int64_t k = 0; k < n; k++)
        if (!(got[k] == expected[k] || (got[k] != got[k] && expected[k] != expected[k])))
            fail_msg("element %lld is %.17g, not %.17g", (long long)k, got[k], expected[k]);
}
#define ASSERT_DOUBLES(ctx, a, ...)                                                                \
    assert_doubles(ctx, a, (int64_t)(sizeof((const double[]){__VA_ARGS__}) / sizeof(double)),      \
                   (const double[]){__VA_ARGS__})

#endif
