/* Padded arrays on the engines: stencils send nothing, halos wrap around, nothing is counted twice, and padded arrays go to and
 * from every other distribution. */
#include "engine_test.h"

enum { N = 40 };

static double flat_at(const int64_t *i)
{
    return (double)i[0] + 1;
}
static double table_at(const int64_t *i)
{
    return (double)(i[0] * N + i[1]);
}

static const struct da__dist_spec *padded(struct layout *l, int ndim, const int64_t *shape,
                                          const char *maps, int64_t left, int64_t right,
                                          bool periodic)
{
    layout(l, ndim, shape, maps, 0);
    for (int k = 0; k < ndim; k++) {
        if (l->map[k].kind != 'b')
            continue;
        l->map[k].padding[0] = left;
        l->map[k].padding[1] = right;
        l->map[k].periodic = periodic;
    }
    return &l->spec;
}

static da_array *cut(da_array *x, const int64_t *start, const int64_t *shape)
{
    struct da__view v;
    da__view_identity(x->ndim, &v);
    for (int k = 0; k < x->ndim; k++)
        v.offset[k] = start[k];
    return da__make_view(g, x, &v, x->ndim, shape);
}

static da_array *sum_of(da_array *x, da_array *y)
{
    struct da__operand in[2] = {{.array = x}, {.array = y}};
    return da__make_elementwise(g, DA__OP_ADD, 2, in);
}

/* Messages of array data that computing an array takes. */
static int64_t messages_of(da_array *a)
{
    int64_t before = counters().messages;
    compute(1, &a);
    return counters().messages - before;
}

static double three_points(const int64_t *i)
{
    return 3.0 * (double)(i[0] + 2);
}

static void a_stencil_over_halos_sends_nothing(void **state)
{
    (void)state;
    const int64_t n = N, inner = N - 2;
    struct layout l;
    da__scope_push(g);
    da_array *x = numbers(1, &n, 1, 1, padded(&l, 1, &n, "b", 1, 1, false));
    compute(1, &x);
    assert_true(P == 1 || da__dist_padded(x->dist)); /* one engine has no neighbour */
    da_array *y = cut(x, (int64_t[]){1}, &inner);
    y = sum_of(sum_of(y, cut(x, (int64_t[]){0}, &inner)), cut(x, (int64_t[]){2}, &inner));
    assert_int_equal(messages_of(y), 0);
    assert_false(da__dist_padded(y->dist));
    check(y, 1, &inner, three_points, "x[1:-1] + x[:-2] + x[2:]");
    da__scope_pop(g);
}

/* Four neighbours and the corners, on a grid. */
static double nine_points(const int64_t *i)
{
    return 9.0 * (double)((i[0] + 1) * N + i[1] + 1);
}

static void corners_are_in_the_halos(void **state)
{
    (void)state;
    const int64_t shape[] = {12, N}, inner[] = {10, N - 2};
    struct layout l;
    da__scope_push(g);
    da_array *x = numbers(2, shape, 0, 1, padded(&l, 2, shape, "bb", 1, 1, false));
    compute(1, &x);
    da_array *y = cut(x, (int64_t[]){1, 1}, inner);
    for (int64_t k = 0; k < 9; k++)
        if (k != 4)
            y = sum_of(y, cut(x, (int64_t[]){k / 3, k % 3}, inner));
    assert_int_equal(messages_of(y), 0);
    check(y, 2, inner, nine_points, "nine points");
    da__scope_pop(g);
}

/* The halos of a periodic axis at its ends: the first elements with the last ones. */
static double across_the_end(const int64_t *i)
{
    return (double)(i[0] + 1 + i[0] + N - 1);
}

static void halos_wrap_around(void **state)
{
    (void)state;
    const int64_t n = N, two = 2;
    struct layout l;
    da__scope_push(g);
    da_array *x = numbers(1, &n, 1, 1, padded(&l, 1, &n, "b", 2, 2, true));
    compute(1, &x);
    da_array *first = cut(x, (int64_t[]){0}, &two), *last = cut(x, (int64_t[]){N - 2}, &two);
    da_array *left = sum_of(first, last), *right = sum_of(last, first);
    assert_int_equal(messages_of(left), 0);
    assert_int_equal(messages_of(right), 0);
    check(left, 1, &two, across_the_end, "left end");
    check(right, 1, &two, across_the_end, "right end");
    da__scope_pop(g);
}

/* Widths that differ from side to side and from cut to cut; more is fetched than the halos hold. */
static double five_apart(const int64_t *i)
{
    return (double)(i[0] + 1 + i[0] + 6);
}

static void halos_that_are_too_narrow_are_completed(void **state)
{
    (void)state;
    const int64_t n = N, inner = N - 5;
    static const int64_t width[][2] = {{0, 1}, {1, 0}, {2, 3}, {5, 5}};
    for (int k = 0; k < 4; k++)
        for (int periodic = 0; periodic < 2; periodic++) {
            struct layout l;
            da__scope_push(g);
            da_array *x = numbers(1, &n, 1, 1,
                                  padded(&l, 1, &n, "b", width[k][0], width[k][1], periodic != 0));
            compute(1, &x);
            da_array *low = cut(x, (int64_t[]){0}, &inner), *high = cut(x, (int64_t[]){5}, &inner);
            check(sum_of(low, high), 1, &inner, five_apart, "x[:-5] + x[5:]");
            check(sum_of(high, low), 1, &inner, five_apart, "x[5:] + x[:-5]");
            da__scope_pop(g);
        }
}

static void nothing_is_counted_twice(void **state)
{
    (void)state;
    const int64_t shape[] = {9, N};
    static const char *const maps[] = {"bb", "bn", "nb", "bc", "ub", "3b"};
    for (size_t k = 0; k < sizeof maps / sizeof *maps; k++)
        for (int periodic = 0; periodic < 2; periodic++) {
            struct layout l;
            da__scope_push(g);
            da_array *x =
                numbers(2, shape, 1, 0, padded(&l, 2, shape, maps[k], 1, 1, periodic != 0));
            compute(1, &x);
            da_array *total =
                da__make_reduce(g, DA__RED_SUM, x, -1, NULL, false, 0, DA_DTYPE_DEFAULT);
            double *got = gathered(total, maps[k]);
            assert_true(got[0] == 9.0 * N);
            free(got);
            int64_t axis = 0;
            da_array *sums =
                da__make_reduce(g, DA__RED_SUM, x, 1, &axis, false, 0, DA_DTYPE_DEFAULT);
            got = gathered(sums, maps[k]);
            for (int i = 0; i < N; i++)
                assert_true(got[i] == 9);
            free(got);
            da__scope_pop(g);
        }
}

static void padded_to_and_from_every_map(void **state)
{
    (void)state;
    const int64_t n = N, shape[] = {9, N};
    struct layout l, m;
    for (int k = 0; k < NMAPS; k++)
        for (int periodic = 0; periodic < 2; periodic++)
            for (int subset = 0; subset < NSUBSETS; subset++) {
                char other[] = {MAPS[k], '\0'}, table[] = {'b', MAPS[k], '\0'};
                da__scope_push(g);
                layout_subset(&m, 1, &n, other, 0, subset);
                da_array *x = numbers(1, &n, 1, 1, padded(&l, 1, &n, "b", 2, 1, periodic != 0));
                da_array *y = da__make_redistribute(g, x, &m.spec);
                da_array *z = da__make_redistribute(g, y, &l.spec);
                compute(3, (da_array *[]){x, y, z});
                assert_true(da__dist_equal(x->dist, z->dist));
                check(x, 1, &n, flat_at, "padded");
                check(y, 1, &n, flat_at, m.text);
                check(z, 1, &n, flat_at, "back");
                layout_subset(&m, 2, shape, table, 1, subset);
                x = numbers(2, shape, 0, 1, padded(&l, 2, shape, "bb", 1, 1, periodic != 0));
                y = da__make_redistribute(g, x, &m.spec);
                z = da__make_redistribute(g, y, &l.spec);
                check(y, 2, shape, table_at, m.text);
                check(z, 2, shape, table_at, "back");
                da__scope_pop(g);
            }
}

/* Engine 0's part, halos and all, against the global array taken modulo its extent. */
static void the_stored_part_is_as_numpy_takes_it(void **state)
{
    (void)state;
    const int64_t shape[] = {12, N};
    struct layout l;
    for (int periodic = 0; periodic < 2; periodic++) {
        struct da__error err = {.engine = -1};
        struct da__index_set rows, columns;
        const void *data;
        da__scope_push(g);
        da_array *x = numbers(2, shape, 0, 1, padded(&l, 2, shape, "bb", 1, 2, periodic != 0));
        assert_ok(da__runtime_local(rt, x, &data, &err), &err, "local part");
        const double *part = data;
        assert_int_equal(da__dist_local_set(x->dist, 0, 0, &rows), DA_OK);
        assert_int_equal(da__dist_local_set(x->dist, 0, 1, &columns), DA_OK);
        if (periodic)
            assert_int_equal(da__set_get(&columns, 0), N - 1);
        for (int64_t i = 0; i < rows.nelem; i++)
            for (int64_t j = 0; j < columns.nelem; j++)
                assert_true(part[i * columns.nelem + j] ==
                            (double)(da__set_get(&rows, i) * N + da__set_get(&columns, j)));
        da__set_free(&rows);
        da__set_free(&columns);
        da__scope_pop(g);
    }
}

/* What is made under a padded distribution is padded, whatever makes it. */
static void made_padded(void **state)
{
    (void)state;
    const int64_t n = N, shape[] = {N, N};
    const struct da__scalar one = {.kind = DA__SCALAR_INT, .i = 1, .re = 1},
                            zero = {.kind = DA__SCALAR_INT},
                            end = {.kind = DA__SCALAR_INT, .i = N, .re = N};
    struct layout l, m;
    padded(&l, 1, &n, "b", 1, 1, true);
    padded(&m, 2, shape, "bb", 1, 1, false);
    da__scope_push(g);
    da_array *made[] = {
        da__make_full(g, 1, &n, one, DA_FLOAT64, &l.spec),
        da__make_index(g, 0, 1, &n, &l.spec),
        da__make_arange(g, one,
                        (struct da__scalar){.kind = DA__SCALAR_INT, .i = N + 1, .re = N + 1}, one,
                        DA_FLOAT64, &l.spec),
        da__make_arange(g, zero, end, one, DA_FLOAT64, &l.spec),
        da__make_linspace(g, 1, N, N, true, DA_FLOAT64, &l.spec),
        da__make_eye(g, N, N, 0, DA_FLOAT64, &m.spec),
    };
    for (size_t k = 0; k < sizeof made / sizeof *made; k++) {
        assert_sound(made[k], "made padded");
        compute(1, &made[k]);
        assert_true(da__dist_padded(made[k]->dist) || (P == 1 && made[k]->ndim == 2));
    }
    check(made[2], 1, &n, flat_at, "arange");
    check(made[4], 1, &n, flat_at, "linspace");
    da__scope_pop(g);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_stencil_over_halos_sends_nothing),
    cmocka_unit_test(corners_are_in_the_halos),
    cmocka_unit_test(halos_wrap_around),
    cmocka_unit_test(halos_that_are_too_narrow_are_completed),
    cmocka_unit_test(nothing_is_counted_twice),
    cmocka_unit_test(padded_to_and_from_every_map),
    cmocka_unit_test(the_stored_part_is_as_numpy_takes_it),
    cmocka_unit_test(made_padded),
};
ENGINE_TEST_MAIN(tests)
