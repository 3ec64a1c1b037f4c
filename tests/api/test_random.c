/* Random arrays through the public interface: known numbers, the same on several engine and thread counts, and as pipelines say it. */
#include "api_test.h"

/* The first block of seed 0, stream 0 is Random123's published answer for a counter and a key of zeros. */
static void known_numbers(da_context *ctx)
{
    da_array *bits = da_random_bits(da_arange(ctx, 0, 2, 1, DA_INT64, NULL), 0, 0);
    uint64_t got[2];
    assert_int_equal(da_get(ctx, bits, got, sizeof got), DA_OK);
    assert_true(got[0] == 0xe169c58d6627e8d5 && got[1] == 0x9b00dbd8bc57ac4c);
    ASSERT_DOUBLES(ctx, da_uniform(ctx, DA_SHAPE(2), 0, 1, 0, 0, DA_FLOAT64, NULL),
                   (double)(0xe169c58d6627e8d5 >> 11) * 0x1p-53,
                   (double)(0x9b00dbd8bc57ac4c >> 11) * 0x1p-53);
    ASSERT_DOUBLES(ctx, da_uniform(ctx, DA_SHAPE(2, 2), 0, 1, 0, 0, DA_FLOAT32, NULL),
                   0x6627e8 * 0x1p-24, 0xe169c5 * 0x1p-24, 0xbc57ac * 0x1p-24, 0x9b00db * 0x1p-24);
    ASSERT_DOUBLES(ctx, da_integers(ctx, DA_SHAPE(2), -8, 7, 1, 0, 0, DA_INT8, NULL), 0xe - 8,
                   0x9 - 8);
}

static void expect_words(da_context *ctx, da_array *a, uint64_t first, uint64_t second)
{
    uint64_t got[2];
    assert_int_equal(da_get(ctx, a, got, sizeof got), DA_OK);
    assert_true(got[0] == first && got[1] == second);
}

/* Of one known block: all of int64 and of uint64, and ranges that no double holds. */
static void wide_integers(da_context *ctx)
{
    const uint64_t first = 0xe169c58d6627e8d5, second = 0x9b00dbd8bc57ac4c,
                   sign = UINT64_C(1) << 63;
    const int64_t odd = (INT64_C(1) << 53) + 1;
    const da_extents two = DA_SHAPE(2);
    expect_words(ctx, da_integers(ctx, two, INT64_MIN, INT64_MAX, 1, 0, 0, DA_INT64, NULL),
                 first + sign, second + sign);
    expect_words(ctx, da_integers(ctx, two, odd, odd + 16, 0, 0, 0, DA_DTYPE_DEFAULT, NULL),
                 (uint64_t)odd + 0xe, (uint64_t)odd + 0x9);
    expect_words(ctx, da_integers(ctx, two, INT64_MAX - 16, INT64_MAX, 0, 0, 0, DA_UINT64, NULL),
                 INT64_MAX - 16 + 0xe, INT64_MAX - 16 + 0x9);
    expect_words(ctx,
                 da_integers_unsigned(ctx, two, 0, UINT64_MAX, 1, 0, 0, DA_DTYPE_DEFAULT, NULL),
                 first, second);
    expect_words(ctx, da_integers_unsigned(ctx, two, sign, sign + 16, 0, 0, 0, DA_UINT64, NULL),
                 sign + 0xe, sign + 0x9);
    expect_words(
        ctx, da_integers_unsigned(ctx, two, UINT64_MAX - 15, UINT64_MAX, 1, 0, 0, DA_UINT64, NULL),
        UINT64_MAX - 15 + 0xe, UINT64_MAX - 15 + 0x9);
    expect_words(ctx, da_integers_unsigned(ctx, two, 7, sign + 7, 0, 0, 0, DA_UINT64, NULL),
                 (first >> 1) + 7, (second >> 1) + 7);
    expect_words(ctx, da_integers_unsigned(ctx, two, 3, 19, 0, 0, 0, DA_INT64, NULL), 3 + 0xe,
                 3 + 0x9);
}

/* What has no size yet is shuffled as what has. */
static void unknown_sizes(da_context *ctx)
{
    da_array *x = da_arange(ctx, 0, 40, 1, DA_INT64, NULL);
    da_array *late = da_shuffle(da_mask_get(x, da_less(x, 23)), 0, 5, 6);
    da_array *same = da_all(da_equal(late, da_permutation(ctx, 23, 5, 6, NULL)), DA_ALL_AXES, 0);
    ASSERT_DOUBLES(ctx, same, 1);
    assert_int_equal(da_shape(late)[0], 23);
}

/* What the functions make and what the callables of expressions make, with seeds beyond int64. */
static void as_expressions(da_context *ctx)
{
    static const uint64_t seed = 7, large = UINT64_MAX;
    da_array *x = da_arange(ctx, 0, 30, 1, DA_INT64, NULL);
    const da_named names[] = {{"x", x}};
    const struct {
        const char *text;
        da_array *made;
    } pairs[] = {
        {"uniform((5, 7), -1, 2, seed=7, stream=3)",
         da_uniform(ctx, DA_SHAPE(5, 7), -1, 2, seed, 3, DA_DTYPE_DEFAULT, NULL)},
        {"uniform(9, seed=-1)",
         da_uniform(ctx, DA_SHAPE(9), 0, 1, large, 0, DA_DTYPE_DEFAULT, NULL)},
        {"normal((5, 7), std=3, mean=1, seed=7, dtype=float32)",
         da_normal(ctx, DA_SHAPE(5, 7), 1, 3, seed, 0, DA_FLOAT32, NULL)},
        {"exponential(33, 4, seed=7)",
         da_exponential(ctx, DA_SHAPE(33), 4, seed, 0, DA_DTYPE_DEFAULT, NULL)},
        {"integers(1, 6, 33, True, seed=7)",
         da_integers(ctx, DA_SHAPE(33), 1, 6, 1, seed, 0, DA_DTYPE_DEFAULT, NULL)},
        {"permutation(30, seed=7)", da_permutation(ctx, 30, seed, 0, NULL)},
        {"permutation(x, seed=7)", da_permutation(ctx, 30, seed, 0, NULL)},
        {"permutation(x, axis=0, seed=7)", da_shuffle(x, 0, seed, 0)},
    };
    for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++) {
        da_array *a = da_eval(ctx, pairs[k].text, 1, names);
        assert_string_equal(da_cause(a), "");
        assert_int_equal(da_dtype_of(a), da_dtype_of(pairs[k].made));
        ASSERT_DOUBLES(ctx, da_all(da_equal(a, pairs[k].made), DA_ALL_AXES, 0), 1);
    }
}

static void test_values(void **state)
{
    (void)state;
    on_all_counts(known_numbers);
    on_all_counts(wide_integers);
    on_all_counts(unknown_sizes);
    on_all_counts(as_expressions);
}

static void test_wrong_calls_give_poison(void **state)
{
    (void)state;
    da_context *ctx = open_with(2, 1);
    da_array *x = da_ones(ctx, DA_SHAPE(4), DA_FLOAT64, NULL);
    assert_poisoned(da_uniform(NULL, DA_SHAPE(4), 0, 1, 0, 0, DA_FLOAT64, NULL), DA_ERR_STATE,
                    "context");
    assert_poisoned(da_uniform(ctx, DA_SHAPE(-4), 0, 1, 0, 0, DA_FLOAT64, NULL), DA_ERR_SHAPE,
                    "negative");
    assert_poisoned(da_normal(ctx, DA_SHAPE(4), 0, 1, 0, 0, DA_INT8, NULL), DA_ERR_DTYPE, "int8");
    assert_poisoned(da_integers(ctx, DA_SHAPE(4), 0, 257, 0, 0, 0, DA_UINT8, NULL), DA_ERR_ARGUMENT,
                    "uint8");
    assert_poisoned(da_permutation(ctx, -1, 0, 0, NULL), DA_ERR_SHAPE, "negative");
    assert_poisoned(da_shuffle(x, 1, 0, 0), DA_ERR_ARGUMENT, "axis");
    assert_poisoned(da_shuffle(NULL, 0, 0, 0), DA_ERR_ARGUMENT, "NULL");
    assert_poisoned(da_shuffle(da_flatnonzero(x), 1, 0, 0), DA_ERR_ARGUMENT, "axis");
    assert_poisoned(da_integers_unsigned(ctx, DA_SHAPE(4), 0, UINT64_MAX, 1, 0, 0, DA_INT64, NULL),
                    DA_ERR_ARGUMENT, "0 to 18446744073709551615 do not fit int64");
    assert_poisoned(da_integers_unsigned(ctx, DA_SHAPE(4), UINT64_MAX, 1, 1, 0, 0, DA_UINT64, NULL),
                    DA_ERR_ARGUMENT, "no integers from 18446744073709551615 to 1");
    assert_poisoned(
        da_integers_unsigned(ctx, DA_SHAPE(4), UINT64_MAX, UINT64_MAX, 0, 0, 0, DA_UINT64, NULL),
        DA_ERR_ARGUMENT, "which is left out");
    assert_poisoned(da_random_bits(x, 0, 0), DA_ERR_DTYPE, "float64");
    assert_poisoned(da_eval(ctx, "uniform(5)", 0, NULL), DA_ERR_ARGUMENT, "seed");
    assert_poisoned(da_eval(ctx, "uniform(5, 0, 1j, seed=1)", 0, NULL), DA_ERR_DTYPE, "real");
    assert_poisoned(da_eval(ctx, "permutation(2.5, seed=1)", 0, NULL), DA_ERR_ARGUMENT, "integer");
    da_finalize(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_wrong_calls_give_poison),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
