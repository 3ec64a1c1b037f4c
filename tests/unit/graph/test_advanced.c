/* NumPy's indexing by arrays as inference alone: shapes, where each base axis' index comes from, extents not known yet, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "advanced.h"

static const int64_t base[] = {4, 5, 6};

/* Shapes of index arrays: a digit per extent, "?" for one that is not known. */
static int read_arrays(const char *const *text, struct da__extents *out, int64_t (*shape)[4])
{
    int n = 0;
    for (; text[n] != NULL; n++) {
        out[n] = (struct da__extents){(int)strlen(text[n]), shape[n]};
        for (int k = 0; k < out[n].ndim; k++)
            shape[n][k] = text[n][k] == '?' ? DA__UNSIZED : text[n][k] - '0';
    }
    return n;
}

static da_status resolve(const char *index, const char *const *arrays, struct da__advanced *out,
                         struct da__error *err)
{
    struct da__index_item item[16];
    struct da__extents extents[4];
    int64_t shape[4][4];
    int nitems;
    *err = (struct da__error){.engine = -1};
    int n = read_arrays(arrays, extents, shape);
    DA_TRY(da__index_parse(index, 16, item, &nitems, err));
    return da__advanced_resolve(3, base, nitems, item, n, extents, out, err);
}

static void shapes_and_rules(void **state)
{
    (void)state;
    static const struct {
        const char *index, *arrays[4], *shape;
        int64_t rule[9];
    } row[] = {
        {"@0", {"7"}, "(7, 5, 6)", {-2, 0, 0, 1, 0, 1, 2, 0, 1}},
        {"@0", {""}, "(5, 6)", {-2, 0, 0, 0, 0, 1, 1, 0, 1}},
        {"@0", {"23"}, "(2, 3, 5, 6)", {-2, 0, 0, 2, 0, 1, 3, 0, 1}},
        {"@0, @1", {"21", "3"}, "(2, 3, 6)", {-2, 0, 0, -2, 1, 0, 2, 0, 1}},
        {":, @1, @0", {"3", "3"}, "(4, 3)", {0, 0, 1, -2, 1, 0, -2, 0, 0}},
        {"@0, :, @1", {"3", "3"}, "(3, 5)", {-2, 0, 0, 1, 0, 1, -2, 1, 0}},
        {"1:3, -1, @0", {"7"}, "(2, 7)", {0, 1, 1, -1, 4, 0, -2, 0, 0}},
        {"-1, :, @0", {"7"}, "(7, 5)", {-1, 3, 0, 1, 0, 1, -2, 0, 0}},
        {"..., None, @0", {"7"}, "(4, 5, 1, 7)", {0, 0, 1, 1, 0, 1, -2, 0, 0}},
        {"@0, None, @0", {"7"}, "(7, 1, 6)", {-2, 0, 0, -2, 0, 0, 2, 0, 1}},
        {"::-2, @0", {"0"}, "(2, 0, 6)", {0, 3, -2, -2, 0, 0, 2, 0, 1}},
        {"@0, ..., @1", {"?", "?"}, "(-1, 5)", {-2, 0, 0, 1, 0, 1, -2, 1, 0}},
        {":, @0", {"?"}, "(4, -1, 6)", {0, 0, 1, -2, 0, 0, 2, 0, 1}},
    };
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
        struct da__advanced a;
        struct da__error err;
        char text[64];
        if (resolve(row[k].index, row[k].arrays, &a, &err) != DA_OK)
            fail_msg("[%s]: %s", row[k].index, err.text);
        if (strcmp(da__shape_text(a.ndim, a.shape, text, sizeof text), row[k].shape) != 0)
            fail_msg("[%s]: %s, not %s", row[k].index, text, row[k].shape);
        for (int i = 0; i < 9; i++)
            if (a.rule[i] != row[k].rule[i])
                fail_msg("[%s]: attribute %d is %lld, not %lld", row[k].index, i,
                         (long long)a.rule[i], (long long)row[k].rule[i]);
    }
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *index, *arrays[4];
        da_status status;
        const char *why;
    } row[] = {
        {"@0, @1", {"2", "3"}, DA_ERR_SHAPE, "do not broadcast"},
        {"@0, @0, @0, @0", {"2"}, DA_ERR_INDEX, "too many indices"},
        {"@0, ..., ...", {"2"}, DA_ERR_INDEX, "only one ellipsis"},
        {"@0, 5", {"2"}, DA_ERR_INDEX, "index 5"},
        {"@1", {"2", "2"}, DA_ERR_INDEX, "index array 0"},
        {"@0, @1", {"2"}, DA_ERR_INDEX, "index array 1"},
        {"@", {"2"}, DA_ERR_FORMAT, "number of an index array"},
        {"@-1", {"2"}, DA_ERR_FORMAT, "number of an index array"},
    };
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
        struct da__advanced a;
        struct da__error err;
        assert_int_equal(resolve(row[k].index, row[k].arrays, &a, &err), row[k].status);
        if (strstr(err.text, row[k].why) == NULL)
            fail_msg("[%s]: \"%s\" does not say \"%s\"", row[k].index, err.text, row[k].why);
    }
}

static void arrays_are_seen_in_the_result(void **state)
{
    (void)state;
    static const char *const arrays[] = {"21", "3", NULL};
    const int64_t own[] = {3};
    const struct da__extents second = {1, own};
    struct da__advanced a;
    struct da__error err;
    struct da__view v;
    int64_t shape[DA_MAX_NDIM];
    assert_int_equal(resolve("1:3, @0, @1", arrays, &a, &err), DA_OK);
    da__advanced_view(&a, &second, &v, shape);
    assert_int_equal(v.ndim, 3);
    assert_int_equal(v.axis[0], 2);
    assert_true(shape[0] == 1 && shape[1] == 1 && shape[2] == 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_and_rules),
        cmocka_unit_test(refusals),
        cmocka_unit_test(arrays_are_seen_in_the_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
