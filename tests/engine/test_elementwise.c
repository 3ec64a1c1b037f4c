/* Elementwise operations on engines: every pair of axis maps, operands that disagree, engine subsets, mixed dtypes. */
#include "engine_test.h"

static const int64_t shape2[2] = {9, 7};

static double x_at(const int64_t *i)
{
    return (double)(i[0] * 7 + i[1]);
}

static double y_at(const int64_t *i)
{
    return 100 - 0.5 * (double)(i[0] * 7 + i[1]);
}

static double choice_at(const int64_t *i)
{
    double x = x_at(i), y = y_at(i);
    return x > 20 ? x * 2 - y : y / 4 + x;
}

static void run_choice(const struct da__dist_spec *dx, const struct da__dist_spec *dy,
                       const char *what)
{
    da__scope_push(g);
    struct da__name name[] = {{"x", numbers(2, shape2, 0, 1, dx)},
                              {"y", numbers(2, shape2, 100, -0.5, dy)}};
    check(da__eval(g, "where(x > 20, x * 2 - y, y / 4 + x)", 2, name), 2, shape2, choice_at, what);
    da__scope_pop(g);
}

static void mixes_all_maps(void **state)
{
    (void)state;
    struct layout l;
    for (int a = 0; a < NMAPS; a++)
        for (int b = 0; b < NMAPS; b++)
            for (int turn = 0; turn < 2; turn++) {
                char maps[] = {MAPS[a], MAPS[b], '\0'};
                layout(&l, 2, shape2, maps, turn);
                run_choice(&l.spec, &l.spec, l.text);
            }
}

static void operands_disagree(void **state)
{
    (void)state;
    struct layout l, m;
    char what[160];
    for (int a = 0; a < NMAPS * NMAPS; a++) {
        int b = (a * 7 + 5) % (NMAPS * NMAPS);
        char maps[] = {MAPS[a / NMAPS], MAPS[a % NMAPS], '\0'},
             other[] = {MAPS[b % NMAPS], MAPS[b / NMAPS], '\0'};
        layout(&l, 2, shape2, maps, 0);
        layout(&m, 2, shape2, other, 1);
        snprintf(what, sizeof what, "%s with %s", l.text, m.text);
        run_choice(&l.spec, &m.spec, what);
    }
}

static void runs_on_subsets(void **state)
{
    (void)state;
    static const char *const maps[] = {"bn", "nb", "cu", "3b", "ic", "uu", "nn"};
    struct layout l, m;
    char what[160];
    for (int a = 0; a < 7; a++)
        for (int s = 0; s < NSUBSETS; s++)
            for (int t = 0; t < NSUBSETS; t++) {
                layout_subset(&l, 2, shape2, maps[a], 0, s);
                layout_subset(&m, 2, shape2, maps[(a + s) % 7], 1, t);
                snprintf(what, sizeof what, "%s with %s", l.text, m.text);
                run_choice(&l.spec, &m.spec, what);
            }
}

static double outer_at(const int64_t *i)
{
    return (double)(i[0] * 10 + 1) * (double)(i[1] + 3);
}

/* A column and a row, each distributed its own way, meet in a table. */
static void broadcasts_operands(void **state)
{
    (void)state;
    const int64_t column[2] = {9, 1}, row[1] = {7};
    struct layout l, m;
    char what[160];
    for (int a = 0; a < NMAPS; a++)
        for (int b = 0; b < NMAPS; b++) {
            char maps[] = {MAPS[a], 'n', '\0'}, other[] = {MAPS[b], '\0'};
            da__scope_push(g);
            layout_subset(&l, 2, column, maps, 0, a % NSUBSETS);
            layout_subset(&m, 1, row, other, 0, b % NSUBSETS);
            snprintf(what, sizeof what, "%s by %s", l.text, m.text);
            struct da__name name[] = {{"x", numbers(2, column, 1, 10, &l.spec)},
                                      {"y", numbers(1, row, 3, 1, &m.spec)}};
            check(da__eval(g, "x * y", 2, name), 2, shape2, outer_at, what);
            da__scope_pop(g);
        }
}

static double mixed_at(const int64_t *i)
{
    int64_t k = i[0] * 7 + i[1];
    return (double)((int16_t)(k * 500) / 2.0f) + (double)(uint8_t)(k * 5 + 100) + (k % 3 == 0);
}

/* int16, uint8 and bool of three layouts: promotion happens on the engines. */
static void mixes_dtypes(void **state)
{
    (void)state;
    int16_t a[63];
    uint8_t b[63];
    uint8_t c[63];
    struct layout l, m, n;
    for (int k = 0; k < 63; k++) {
        a[k] = (int16_t)(k * 500);
        b[k] = (uint8_t)(k * 5 + 100);
        c[k] = k % 3 == 0;
    }
    layout(&l, 2, shape2, "cb", 0);
    layout(&m, 2, shape2, "nu", 0);
    layout(&n, 2, shape2, "3n", 0);
    da__scope_push(g);
    struct da__name name[] = {{"a", da__runtime_import(rt, a, DA_INT16, 2, shape2, &l.spec)},
                              {"b", da__runtime_import(rt, b, DA_UINT8, 2, shape2, &m.spec)},
                              {"c", da__runtime_import(rt, c, DA_BOOL, 2, shape2, &n.spec)}};
    check(da__eval(g, "a / 2 + b + c", 3, name), 2, shape2, mixed_at, "int16, uint8, bool");
    da__scope_pop(g);
}

static double scalar_at(const int64_t *i)
{
    (void)i;
    return 42;
}

static void scalars_and_nothing(void **state)
{
    (void)state;
    const int64_t none[2] = {0, 7};
    double two = 2;
    struct layout l;
    da__scope_push(g);
    struct da__name name[] = {{"x", da__runtime_import(rt, &two, DA_FLOAT64, 0, NULL, NULL)},
                              {"e", numbers(2, none, 0, 1, layout(&l, 2, none, "bc", 0))}};
    check(da__eval(g, "x * 21", 2, name), 0, NULL, scalar_at, "a scalar");
    check(da__eval(g, "e * 2 + x", 2, name), 2, none, scalar_at, "nothing");
    da__scope_pop(g);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(mixes_all_maps),  cmocka_unit_test(operands_disagree),
    cmocka_unit_test(runs_on_subsets), cmocka_unit_test(broadcasts_operands),
    cmocka_unit_test(mixes_dtypes),    cmocka_unit_test(scalars_and_nothing),
};
ENGINE_TEST_MAIN(tests)
