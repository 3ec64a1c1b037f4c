/* Reshape through graph and engines: all pairs of maps and engine subsets, replicas, views, chains, tile and repeat, what is
 * wrong. Elements are their flat indices, so that a misplaced one shows. */
#include "engine_test.h"

static double zero_at(const int64_t *i)
{
    (void)i;
    return 0;
}

static int64_t extent_now[MOST_AXES];
static int ndim_now;

/* The flat index in the shape being checked. */
static double flat_at(const int64_t *i)
{
    int64_t flat = 0;
    for (int k = 0; k < ndim_now; k++)
        flat = flat * extent_now[k] + i[k];
    return (double)flat;
}

static void check_flat(da_array *a, int ndim, const int64_t *shape, const char *what)
{
    ndim_now = ndim;
    memcpy(extent_now, shape, (size_t)ndim * sizeof *shape);
    check(a, ndim, shape, flat_at, what);
}

/* `to` NULL: the distribution that reshape chooses. The difference is taken where the elements lie. */
static void check_reshape(int from_ndim, const int64_t *from_shape,
                          const struct da__dist_spec *from, int to_ndim, const int64_t *to_shape,
                          const struct da__dist_spec *to, const char *what)
{
    da__scope_push(g);
    da_array *x = numbers(from_ndim, from_shape, 0, 1, from);
    da_array *y = da__make_reshape(g, x, to_ndim, to_shape, to);
    assert_sound(y, what);
    struct da__name name[] = {{"y", y}, {"there", numbers(to_ndim, to_shape, 0, 1, to)}};
    da_array *worst = da__eval(g, "sum(abs(y - there))", 2, name);
    da__node_keep(y);
    check(worst, 0, NULL, zero_at, what);
    check_flat(y, to_ndim, to_shape, what);
    da__node_drop(y);
    da__scope_pop(g);
}

static void line_and_table(void **state)
{
    (void)state;
    const int64_t line[] = {40}, table[] = {5, 8};
    struct layout l, m;
    char what[160];
    for (int a = 0; a < NMAPS; a++)
        for (int b = 0; b < NMAPS * NMAPS; b++) {
            char from[] = {MAPS[a], '\0'}, to[] = {MAPS[b / NMAPS], MAPS[b % NMAPS], '\0'};
            layout_subset(&l, 1, line, from, 0, a % NSUBSETS);
            layout_subset(&m, 2, table, to, b, b % NSUBSETS);
            snprintf(what, sizeof what, "%s to %s", l.text, m.text);
            check_reshape(1, line, &l.spec, 2, table, &m.spec, what);
            check_reshape(2, table, &m.spec, 1, line, &l.spec, what);
        }
}

static void pairs_of_tables(void **state)
{
    (void)state;
    const int64_t from_shape[] = {9, 14}, to_shape[] = {6, 21};
    struct layout l, m;
    char what[160];
    for (int a = 0; a < NMAPS * NMAPS; a++)
        for (int b = a % 7; b < NMAPS * NMAPS; b += 7) {
            char from[] = {MAPS[a / NMAPS], MAPS[a % NMAPS], '\0'},
                 to[] = {MAPS[b / NMAPS], MAPS[b % NMAPS], '\0'};
            layout_subset(&l, 2, from_shape, from, 0, a % NSUBSETS);
            layout_subset(&m, 2, to_shape, to, 1, b % NSUBSETS);
            snprintf(what, sizeof what, "%s to %s", l.text, m.text);
            check_reshape(2, from_shape, &l.spec, 2, to_shape, &m.spec, what);
        }
}

/* Nobody says where the result should lie. */
static void chosen_distributions(void **state)
{
    (void)state;
    static const struct {
        int from, to;
        int64_t a[3], b[3];
    } shape[] = {
        {1, 2, {40}, {5, 8}},       {2, 1, {5, 8}, {40}},         {3, 2, {3, 5, 2}, {6, 5}},
        {3, 2, {6, 5, 4}, {6, 20}}, {2, 3, {6, 20}, {2, 3, 20}},  {3, 3, {4, 6, 5}, {24, 1, 5}},
        {3, 1, {2, 1, 9}, {18}},    {3, 2, {0, 4, 3}, {5, 0}},    {3, 3, {1, 1, 1}, {1, 1, 1}},
        {2, 2, {7, 1}, {1, 7}},     {3, 3, {3, 4, 5}, {5, 4, 3}}, {1, 3, {1}, {1, 1, 1}}};
    static const char *const maps[] = {"bnn", "nbn", "nnb", "bbn", "c3u", "iub", "nnn", "u3b"};
    struct layout l;
    char what[160], from[4];
    for (size_t s = 0; s < sizeof shape / sizeof *shape; s++)
        for (int m = 0; m < 8; m++)
            for (int subset = 0; subset < NSUBSETS; subset++) {
                snprintf(from, sizeof from, "%.*s", shape[s].from, maps[m]);
                layout_subset(&l, shape[s].from, shape[s].a, from, m, subset);
                snprintf(what, sizeof what, "case %zu, %s", s, l.text);
                check_reshape(shape[s].from, shape[s].a, &l.spec, shape[s].to, shape[s].b, NULL,
                              what);
            }
}

static void distarrays_cube(void **state)
{
    (void)state;
    const int64_t cube[] = {13, 17, 19}, table[] = {13, 323};
    struct layout l, m;
    layout(&l, 3, cube, "bnb", 0);
    layout(&m, 2, table, "bb", 0);
    check_reshape(3, cube, &l.spec, 2, table, &m.spec, "13 x 17 x 19");
    check_reshape(2, table, &m.spec, 3, cube, &l.spec, "13 x 323");
    check_reshape(3, cube, &l.spec, 2, table, NULL, "13 x 17 x 19, chosen");
}

static da_array *eval(const char *text, int n, const struct da__name *name)
{
    da_array *a = da__eval(g, text, n, name);
    assert_sound(a, text);
    return a;
}

static void check_text(const char *text, const char *same, int n, const struct da__name *name)
{
    char both[512];
    snprintf(both, sizeof both, "sum(astype((%s) != (%s), int64))", text, same);
    check(eval(both, n, name), 0, NULL, zero_at, text);
}

/* A sum over a split axis leaves replicas, which each read their own. */
static void replicas(void **state)
{
    (void)state;
    const int64_t shape[] = {6, 9, 4};
    static const char *const maps[] = {"bbn", "b3u", "cbn", "bnb", "bui"};
    struct layout l;
    for (int m = 0; m < 5; m++) {
        da__scope_push(g);
        layout(&l, 3, shape, maps[m], 0);
        struct da__name name[] = {{"x", numbers(3, shape, 0, 1, &l.spec)}};
        check_text("reshape(sum(x, axis=0), (12, 3))", "reshape(arange(36) * 6.0 + 540, (12, 3))",
                   1, name);
        check_text("reshape(sum(x, axis=0), 36)", "arange(36) * 6.0 + 540", 1, name);
        check_text("reshape(sum(x), (1, 1))", "full((1, 1), 23220.0)", 1, name);
        da__scope_pop(g);
    }
}

static void views_and_chains(void **state)
{
    (void)state;
    const int64_t shape[] = {8, 9};
    static const char *const maps[] = {"bn", "nb", "cb", "u3", "bb", "3i"};
    struct layout l;
    for (int m = 0; m < 6; m++) {
        da__scope_push(g);
        layout(&l, 2, shape, maps[m], 0);
        struct da__name name[] = {{"x", numbers(2, shape, 0, 1, &l.spec)}};
        check_text("reshape(x[::-1, ::-1], 72)", "71.0 - arange(72)", 1, name);
        check_text("reshape(matrix_transpose(x), (6, 12))",
                   "astype(reshape(arange(72) % 8 * 9 + arange(72) // 8, (6, 12)), float64)", 1,
                   name);
        check_text("reshape(x[1:7:2, ::3], 9)",
                   "astype(9 + arange(9) // 3 * 18 + arange(9) % 3 * 3, float64)", 1, name);
        check_text("reshape(x[3], (3, 3))", "reshape(arange(9) + 27.0, (3, 3))", 1, name);
        check_text("reshape(reshape(reshape(x, (2, 36)), (6, 12)), (8, 9))", "x", 1, name);
        check_text("reshape(reshape(x * 2, 72) + 1, (8, 9))", "x * 2 + 1", 1, name);
        check_text("reshape(astype(x, int8), (3, -1))[1]", "astype(arange(24) + 24, int8)", 1,
                   name);
        check_text("reshape(x > 35, -1)", "arange(72) > 35", 1, name);
        check_text("reshape(astype(x, complex128), (4, 18)) + 0.0",
                   "reshape(arange(72), (4, 18)) + 0j", 1, name);
        da__scope_pop(g);
    }
}

static void tiles_and_repeats(void **state)
{
    (void)state;
    const int64_t shape[] = {4, 5};
    static const char *const maps[] = {"bn", "nb", "cu", "3b"};
    struct layout l;
    for (int m = 0; m < 4; m++) {
        da__scope_push(g);
        layout(&l, 2, shape, maps[m], 0);
        struct da__name name[] = {{"x", numbers(2, shape, 0, 1, &l.spec)}};
        check_text("tile(x, (2, 3))",
                   "astype(index(0, (8, 15)) % 4 * 5 + index(1, (8, 15)) % 5, float64)", 1, name);
        check_text("tile(x, 2)", "astype(index(0, (4, 10)) * 5 + index(1, (4, 10)) % 5, float64)",
                   1, name);
        check_text("tile(x, (3, 1, 2))",
                   "astype(index(1, (3, 4, 10)) * 5 + index(2, (3, 4, 10)) % 5, float64)", 1, name);
        check_text("tile(x[0, 0], (2, 3))", "zeros((2, 3))", 1, name);
        check_text("repeat(x, 3, axis=0)",
                   "astype(index(0, (12, 5)) // 3 * 5 + index(1, (12, 5)), float64)", 1, name);
        check_text("repeat(x, 2, axis=-1)",
                   "astype(index(0, (4, 10)) * 5 + index(1, (4, 10)) // 2, float64)", 1, name);
        check_text("repeat(x, 2)", "astype(arange(40) // 2, float64)", 1, name);
        da_array *none = eval("repeat(x, 0, axis=1)", 1, name);
        assert_int_equal(none->shape[0], 4);
        assert_int_equal(none->shape[1], 0);
        check(none, 2, none->shape, zero_at, "nothing repeated");
        da__scope_pop(g);
    }
}

/* What bringing the data in has sent is reported with the next run. */
static da_array *settled_numbers(int ndim, const int64_t *shape, const struct da__dist_spec *spec)
{
    struct da__name name[] = {{"x", numbers(ndim, shape, -1, 1, spec)}};
    da_array *x = eval("x + 1", 1, name);
    compute(1, &x);
    return x;
}

/* Where only axes of extent 1 change, nothing is run and nothing is sent. */
static void views_move_nothing(void **state)
{
    (void)state;
    const int64_t shape[] = {6, 1, 5};
    struct layout l;
    da__scope_push(g);
    layout(&l, 3, shape, "bnn", 0);
    da_array *x = settled_numbers(3, shape, &l.spec);
    static const int64_t to[][4] = {{6, 5, 1, 1}, {1, 6, 5, 1}, {6, 1, 1, 5}};
    int64_t before = counters().messages;
    for (int k = 0; k < 3; k++) {
        da_array *y = da__make_reshape(g, x, 4, to[k], NULL);
        assert_int_equal(y->kind, DA__NODE_VIEW);
        da_array *sum = da__make_redistribute_to(g, y, y->dist);
        compute(1, &sum);
    }
    assert_ptr_equal(da__make_reshape(g, x, 3, shape, NULL), x);
    assert_int_equal(counters().messages, before);
    da__scope_pop(g);
}

/* Row blocks that fit joined and divided axes stay where they are. */
static void row_blocks_stay(void **state)
{
    (void)state;
    const int64_t shape[] = {4 * P, 3, 5}, line[] = {60 * P}, joined[] = {4 * P, 15};
    da__scope_push(g);
    da_array *x = settled_numbers(3, shape, NULL);
    da_array *y[] = {da__make_reshape(g, x, 1, line, NULL),
                     da__make_reshape(g, x, 2, joined, NULL)};
    for (int k = 0; k < 2; k++)
        da__node_keep(y[k]);
    int64_t before = counters().message_bytes;
    compute(2, y);
    da_array *back = da__make_reshape(g, y[0], 3, shape, NULL);
    compute(1, &back);
    assert_int_equal(counters().message_bytes, before);
    check_flat(y[0], 1, line, "joined");
    check_flat(y[1], 2, joined, "joined axes");
    for (int k = 0; k < 2; k++)
        da__node_drop(y[k]);
    da__scope_pop(g);
}

static void wrong_calls(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {"reshape(arange(12), (5, 3))", "cannot reshape array of size 12 into shape (5,3)"},
        {"reshape(arange(12), 5)", "cannot reshape array of size 12 into shape (5,)"},
        {"reshape(arange(12), (-1, 5))", "cannot reshape array of size 12 into shape (-1,5)"},
        {"reshape(arange(0), (-1, 0))", "cannot reshape array of size 0 into shape (-1,0)"},
        {"reshape(arange(12), (-1, -1))", "can only specify one unknown dimension"},
        {"reshape(arange(12), (-2, 6))", "axis 0 has extent -2"},
        {"tile(arange(3), (-1,))", "repetition -1 of axis 0 is negative"},
        {"tile(arange(3), (4000000000, 4000000000))", "more than 2^63 elements"},
        {"repeat(arange(3), -1)", "may not contain negative values"},
        {"repeat(arange(3), 2, axis=1)", "axis 1"},
        {"repeat(arange(3), (1, 2, 3))", "an array or a number"}};
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        da__scope_push(g);
        const struct da__error *e = da__node_error(da__eval(g, wrong[k].text, 0, NULL));
        if (e == NULL || strstr(e->text, wrong[k].says) == NULL)
            fail_msg("%s says: %s", wrong[k].text, e != NULL ? e->text : "nothing");
        da__scope_pop(g);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(line_and_table),
    cmocka_unit_test(pairs_of_tables),
    cmocka_unit_test(chosen_distributions),
    cmocka_unit_test(distarrays_cube),
    cmocka_unit_test(replicas),
    cmocka_unit_test(views_and_chains),
    cmocka_unit_test(tiles_and_repeats),
    cmocka_unit_test(views_move_nothing),
    cmocka_unit_test(row_blocks_stay),
    cmocka_unit_test(wrong_calls),
};
ENGINE_TEST_MAIN(tests)
