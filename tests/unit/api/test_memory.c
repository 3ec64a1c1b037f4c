/* Every allocation of a program fails in turn: no call crashes or returns NULL, the program can end, and nothing leaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <distarray/distarray.h>
#include <string.h>
#include "da_core.h"

static const char pipeline_text[] =
    "{\"distarray\": 1, \"nodes\": [{\"id\": \"x\", \"op\": \"arange\", \"start\": 0, \"stop\": 9},"
    "{\"id\": \"y\", \"expr\": \"where(x > 3, x, -x)\"}], \"outputs\": [\"y\"]}";

static void ten(int ndim, const int64_t *index, int64_t step, int64_t count, void *out,
                const void *data)
{
    (void)ndim, (void)index, (void)step, (void)data;
    for (int64_t k = 0; k < count; k++)
        ((double *)out)[k] = 10;
}

/* A handle that is there: sound, or poisoned with a cause. */
static da_array *there(da_array *a)
{
    assert_non_null(a);
    assert_true(da_cause(a)[0] == '\0' || da_check(a) != DA_OK);
    return a;
}

static void describe(da_context *ctx)
{
    da_array *x = there(da_from_function(ctx, ten, NULL, 0, DA_SHAPE(6, 4), DA_FLOAT64,
                                         DA_DIST("b[0,2,6], c(2) grid 2x1")));
    da_array *y = there(da_where(da_greater(x, 2.0), da_index(x, "::-1, :"),
                                 da_full(ctx, DA_SHAPE(4), 7, DA_INT16, NULL)));
    there(da_name(y, "y"));
    there(da_redistribute(da_sum(y, DA_AXES(0), DA_KEEPDIMS), DA_DIST("n, u[[0,3],[2,1]]")));
    there(da_zeros_like(da_astype(y, DA_UINT8), DA_DTYPE_DEFAULT));
    there(da_eval(ctx, "mean(a[1:], axis=0) + b", 2, (da_named[]){{"a", x}, {"b", y}}));
    da_array *pair[2];
    da_broadcast_arrays(2, (da_array *[]){x, da_linspace(ctx, 0, 1, 4, 1, DA_FLOAT32, NULL)}, pair);
    there(pair[1]);
    there(da_save(y, "folder/file.npy"));
    there(da_load(ctx, "no such file.npy"));
}

static void act(da_context *ctx)
{
    da_array *x = there(da_keep(da_arange(ctx, 0, 10, 1, DA_FLOAT64, NULL)));
    char *text = NULL;
    for (int stage = DA_STAGE_DEFERRED; stage <= DA_STAGE_OPTIMIZED; stage++)
        for (int format = DA_FORMAT_JSON; format <= DA_FORMAT_DOT; format++) {
            assert_true((da_graph_dump(ctx, 1, &x, (da_stage)stage, (da_format)format, &text) ==
                         DA_OK) == (text != NULL));
            da_free(text);
        }
    da_explain(ctx, 1, &x, &text);
    da_free(text);
    da_distribution_text(x, &text);
    da_free(text);
    da_pipeline *p = NULL;
    if (da_pipeline_parse(ctx, pipeline_text, "text", NULL, 0, NULL, &p) == DA_OK)
        assert_non_null(da_pipeline_find(p, "y"));
    else
        assert_true(p == NULL && da_error_message(ctx)[0] != '\0');
    da_pipeline_free(p);
    da_drop(x);
}

static void compute(da_context *ctx)
{
    double data[6] = {1, 2, 3, 4, 5, 6}, total = 0;
    da_array *x = there(da_asarray(ctx, data, DA_SHAPE(6), DA_FLOAT64, NULL));
    if (da_get_double(ctx, da_sum(da_multiply(x, 2), DA_ALL_AXES, 0), &total) == DA_OK)
        assert_true(total == 42);
    else
        assert_true(da_error_message(ctx)[0] != '\0');
}

/* The next place to fail at: all of the first forty, then ever sparser ones, since every one takes a new context. */
static int64_t next(int64_t n)
{
    return n + 1 + n / 40;
}

/* Runs `body` in a new context while the n-th allocation (and, with `forever`, every later one) fails, until nothing fails
 * any more. */
static void fail_everywhere(void (*body)(da_context *ctx), int engines, bool forever,
                            bool also_start)
{
    for (int64_t n = 1;; n = next(n)) {
        assert_true(n < 20000);
        int64_t before = da__alloc_live();
        da_options options = {.engines = engines, .threads = 1, .no_mpi = 1};
        da_context *ctx;
        if (also_start)
            da__alloc_fail_at(n, forever);
        da_status started = da_start(&options, &ctx);
        assert_non_null(ctx);
        if (!also_start)
            da__alloc_fail_at(n, forever);
        da_scope_push(ctx);
        body(ctx);
        da__alloc_fail_at(0, false);
        bool went_well = started == DA_OK && da_error_status(ctx) == DA_OK;
        assert_int_equal(da_finalize(ctx), went_well ? 0 : 1);
        assert_int_equal(da__alloc_live(), before);
        if (went_well)
            break;
    }
}

static void test_describing(void **state)
{
    (void)state;
    for (int64_t n = 1; n < 600; n = next(n))
        for (int forever = 0; forever < 2; forever++) {
            int64_t before = da__alloc_live();
            da_options options = {.engines = 2, .threads = 1, .no_mpi = 1};
            da_context *ctx;
            assert_int_equal(da_start(&options, &ctx), DA_OK);
            da__alloc_fail_at(n, forever);
            describe(ctx);
            da__alloc_fail_at(0, false);
            da_finalize(ctx);
            assert_int_equal(da__alloc_live(), before);
        }
}

static void test_acting(void **state)
{
    (void)state;
    fail_everywhere(act, 2, false, false);
    fail_everywhere(act, 2, true, false);
}

static void test_computing(void **state)
{
    (void)state;
    fail_everywhere(compute, 2, false, false);
    fail_everywhere(compute, 2, true, false);
}

static void test_starting(void **state)
{
    (void)state;
    fail_everywhere(compute, 2, false, true);
    fail_everywhere(compute, 2, true, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_describing),
        cmocka_unit_test(test_acting),
        cmocka_unit_test(test_computing),
        cmocka_unit_test(test_starting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
