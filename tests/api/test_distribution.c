/* Distributions: text and struct, ownership as the inspecting calls tell it. */
#include "api_test.h"

static void test_text_is_checked_with_the_column(void **state)
{
    (void)state;
    static const char *const good[] = {"b",
                                       "n,b",
                                       " b , n ",
                                       "c",
                                       "c(4)",
                                       "c( 4 ), n",
                                       "b[0,3,10]",
                                       "u[[0,5],[1,2,3,4]]",
                                       "u[[],[0,1]]",
                                       "b,n,c(4) grid 2x1x2",
                                       "b engines 0,2",
                                       "b,b grid 1x2 engines 2, 0"};
    static const struct {
        const char *text, *words;
    } bad[] = {
        {"", "column 1"},
        {"x", "column 1"},
        {"b,", "column 3"},
        {"c(", "number"},
        {"c(4", "\")\""},
        {"b[0,3", "\"]\""},
        {"u", "index list"},
        {"u[0]", "\"[\""},
        {"b n", "column 3"},
        {"b grid", "number"},
        {"b grid 2x", "number"},
        {"b engines", "number"},
        {"c(99999999999999999999)", "64 bits"},
        {"b gridx 2", "column 3"},
        {"b grid 99999999999", "smaller"},
    };
    char message[256];
    for (size_t k = 0; k < sizeof good / sizeof *good; k++)
        if (da_distribution_check(good[k], message, sizeof message) != DA_OK)
            fail_msg("%s: %s", good[k], message);
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        assert_int_equal(da_distribution_check(bad[k].text, message, sizeof message),
                         DA_ERR_FORMAT);
        if (strstr(message, bad[k].words) == NULL)
            fail_msg("\"%s\": \"%s\" does not say \"%s\"", bad[k].text, message, bad[k].words);
    }
    assert_int_equal(da_distribution_check("q", NULL, 0), DA_ERR_FORMAT);
    assert_int_equal(da_distribution_check(NULL, NULL, 0), DA_ERR_FORMAT);
}

/* The owners of a 1-d array as text, one digit each. */
static void assert_owners(const da_array *a, const char *owners)
{
    assert_string_equal(da_cause(a), "");
    char got[64] = "";
    for (int64_t i = 0; i < da_size(a); i++)
        got[i] = (char)('0' + da_owner(a, &i));
    assert_string_equal(got, owners);
}

static da_array *with(da_context *ctx, const char *text)
{
    da_array *x = da_astype(da_arange(ctx, 0, 10, 1, DA_INT64, NULL), DA_FLOAT32);
    return da_redistribute(x, DA_DIST(text));
}

static void test_owners(void **state)
{
    (void)state;
    da_context *ctx = open_with(3, 1);
    assert_owners(with(ctx, "b"), "0000111222");
    assert_owners(with(ctx, "b[0,1,9,10]"), "0111111112");
    assert_owners(with(ctx, "c"), "0120120120");
    assert_owners(with(ctx, "c(2)"), "0011220011");
    assert_owners(with(ctx, "u[[9,0],[1,2,3,4],[5,6,7,8]]"), "0111122220");
    assert_owners(with(ctx, "b engines 2,0"), "0000022222");
    assert_owners(da_index(with(ctx, "c"), "1::3"), "111");
    int64_t local[1], last = 10, first = -1;
    assert_int_equal(da_local_shape(with(ctx, "b"), 0, local), 4);
    assert_int_equal(local[0], 4);
    assert_int_equal(da_local_shape(with(ctx, "b engines 2,0"), 1, local), 0);
    assert_int_equal(da_local_shape(with(ctx, "b"), 3, NULL), -1);
    assert_int_equal(da_local_shape(with(ctx, "b"), -1, NULL), -1);
    assert_int_equal(da_owner(with(ctx, "b"), &last), -1);
    assert_int_equal(da_owner(with(ctx, "b"), &first), -1);
    assert_int_equal(da_owner(with(ctx, "b"), NULL), -1);
    assert_int_equal(da_finalize(ctx), 0);
}

static void test_struct_and_text_mean_the_same(void **state)
{
    (void)state;
    da_context *ctx = open_with(4, 1);
    const int64_t bounds[] = {0, 1, 6}, lists_a[] = {0, 2, 4}, lists_b[] = {5, 3, 1},
                  nelem[] = {3, 3};
    const int64_t *const lists[] = {lists_a, lists_b};
    const da_axis_map maps[2][2] = {
        {{.kind = 'b', .nbounds = 3, .bounds = bounds}, {.kind = 'c', .block = 2}},
        {{.kind = 'n'}, {.kind = 'u', .nlists = 2, .list_nelem = nelem, .list = lists}}};
    const char *const texts[] = {"b[0,1,6], c(2) grid 2x2",
                                 "n, u[[0,2,4],[5,3,1]] grid 1x2 engines 3,1"};
    const int grids[2][2] = {{2, 2}, {1, 2}}, engines[] = {3, 1};
    for (int k = 0; k < 2; k++) {
        da_distribution d = {.nmaps = 2,
                             .map = maps[k],
                             .ngrid = 2,
                             .grid = grids[k],
                             .nengines = k ? 2 : 0,
                             .engines = engines};
        da_array *x = da_redistribute(da_eye(ctx, 6, 6, 0, DA_FLOAT64, NULL), &d);
        da_array *y = da_redistribute(da_eye(ctx, 6, 6, 0, DA_FLOAT64, NULL), DA_DIST(texts[k]));
        assert_string_equal(da_cause(x), "");
        assert_string_equal(da_cause(y), "");
        for (int64_t i = 0; i < 36; i++) {
            int64_t at[] = {i / 6, i % 6};
            assert_int_equal(da_owner(x, at), da_owner(y, at));
        }
        char *text;
        assert_int_equal(da_distribution_text(x, &text), DA_OK);
        assert_true(strlen(text) > 2);
        da_free(text);
    }
    assert_int_equal(da_finalize(ctx), 0);
}

static void test_impossible_distributions(void **state)
{
    (void)state;
    da_context *ctx = open_with(2, 1);
    assert_poisoned(da_zeros(ctx, DA_SHAPE(4), DA_FLOAT64, DA_DIST("b[0,5]")), DA_ERR_DISTRIBUTION,
                    "");
    assert_poisoned(da_zeros(ctx, DA_SHAPE(4), DA_FLOAT64, DA_DIST("b engines 0,9")),
                    DA_ERR_DISTRIBUTION, "9");
    assert_poisoned(da_zeros(ctx, DA_SHAPE(4), DA_FLOAT64, DA_DIST("q")), DA_ERR_FORMAT,
                    "da_zeros");
    assert_poisoned(da_zeros(ctx, DA_SHAPE(4), DA_FLOAT64, DA_DIST("b,b")), DA_ERR_DISTRIBUTION,
                    "");
    da_distribution d = {.nmaps = 1};
    assert_poisoned(da_zeros(ctx, DA_SHAPE(4), DA_FLOAT64, &d), DA_ERR_DISTRIBUTION, "NULL");
    d = (da_distribution){.ngrid = -1};
    assert_poisoned(da_zeros(ctx, DA_SHAPE(4), DA_FLOAT64, &d), DA_ERR_DISTRIBUTION, "-1");
    da_error_clear(ctx);
    assert_int_equal(da_finalize(ctx), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_is_checked_with_the_column),
        cmocka_unit_test(test_owners),
        cmocka_unit_test(test_struct_and_text_mean_the_same),
        cmocka_unit_test(test_impossible_distributions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
