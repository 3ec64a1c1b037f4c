/* Rolls, diagonals, triangles, joins and assignments over every pair of maps, grids and subsets, against plain C. */
#include "engine_test.h"

static const int64_t shape2[2] = {10, 8};

static double X(int64_t i, int64_t j)
{
    return (double)(100 * i + j + 1);
}
static int64_t mod(int64_t i, int64_t n)
{
    return da__floor_mod(i, n);
}

static double rolled(const int64_t *i)
{
    return X(mod(i[0] - 3, 10), i[1]);
}
static double rolled_both(const int64_t *i)
{
    return X(mod(i[0] + 23, 10), mod(i[1] - 2, 8));
}
static double rolled_flat(const int64_t *i)
{
    int64_t flat = mod(8 * i[0] + i[1] - 13, 80);
    return X(flat / 8, flat % 8);
}
static double ring(const int64_t *i)
{
    return X(mod(i[0] - 1, 10), i[1]) + X(mod(i[0] + 1, 10), i[1]) - 2 * X(i[0], i[1]);
}
static double rolled_part(const int64_t *i)
{
    return X(mod(9 - 2 * i[0] - 4, 10), mod(1 + 2 * i[1] + 5, 8));
}
static double part_rolled(const int64_t *i)
{
    return X(1 + 3 * mod(i[0] - 1, 3), 7 - mod(i[1] - 5, 8));
}
static double rolled_part_rolled(const int64_t *i)
{
    return X(mod(1 + 2 * mod(i[0] - 1, 4) - 3, 10), i[1]);
}
static double turned(const int64_t *i)
{
    return X(mod(i[1] - 4, 10), mod(i[0] + 1, 8));
}
static double rolled_index(const int64_t *i)
{
    return (double)mod(i[0] - 3, 10);
}
static double one_row(const int64_t *i)
{
    return X(5, mod(i[0] + 1, 8));
}
static double diagonal(const int64_t *i)
{
    return X(i[0], i[0] + 1);
}
static double below(const int64_t *i)
{
    return X(i[0] + 4, i[0]);
}
static double lower(const int64_t *i)
{
    return i[1] <= i[0] + 1 ? X(i[0], i[1]) : 0;
}
static double upper(const int64_t *i)
{
    return i[1] >= i[0] - 2 ? X(i[0], i[1]) : 0;
}
static double rows_joined(const int64_t *i)
{
    return i[0] < 4 ? X(i[0], i[1]) : i[0] < 14 ? X(i[0] - 4, i[1]) * 2 : 7;
}
static double columns_joined(const int64_t *i)
{
    return i[1] < 8 ? X(i[0], 7 - i[1]) : i[1] < 9 ? X(i[0], 3) : X(9 - i[0], i[1] - 9);
}
static double joined_flat(const int64_t *i)
{
    return i[0] < 80 ? X(i[0] / 8, i[0] % 8) : i[0] < 88 ? X(4, i[0] - 80) : 5;
}
static double stacked(const int64_t *i)
{
    return i[1] == 0 ? X(i[0], i[2]) : i[1] == 1 ? -X(i[0], i[2]) : X(i[0], 7 - i[2]);
}
static double inner_zero(const int64_t *i)
{
    bool in = i[0] > 0 && i[0] < 9 && i[1] > 0 && i[1] < 7;
    return in ? 0 : X(i[0], i[1]);
}
static double heat(const int64_t *i)
{
    bool in = i[0] > 0 && i[0] < 9 && i[1] > 0 && i[1] < 7;
    return in ? X(i[0] - 1, i[1]) + X(i[0] + 1, i[1]) + X(i[0], i[1] - 1) : X(i[0], i[1]);
}
static double shifted_onto_itself(const int64_t *i)
{
    return i[0] < 3 ? X(i[0], i[1]) : X(i[0] - 3, i[1]);
}
static double backwards(const int64_t *i)
{
    bool in = (9 - i[0]) % 2 == 0;
    return in ? X((9 - i[0]) / 2, i[1]) : X(i[0], i[1]);
}
static double one_line(const int64_t *i)
{
    return i[1] == 6 ? (double)i[0] : X(i[0], i[1]);
}
static double one_element(const int64_t *i)
{
    return i[0] == 9 && i[1] == 0 ? 42 : X(i[0], i[1]);
}
static double twice_set(const int64_t *i)
{
    return i[0] < 2 ? 1 : i[1] > 5 ? X(i[0], 0) : X(i[0], i[1]);
}
static double replaced(const int64_t *i)
{
    return X(9 - i[0], i[1]);
}
static double masked(const int64_t *i)
{
    return X(i[0], i[1]) > 500 ? -(double)i[1] : X(i[0], i[1]);
}
static double same(const int64_t *i)
{
    return X(i[0], i[1]);
}

static const struct {
    const char *text;
    int ndim;
    int64_t shape[3];
    double (*value)(const int64_t *index);
} CASES[] = {
    {"roll(x, 3, axis=0)", 2, {10, 8}, rolled},
    {"roll(x, (-23, 2), axis=(0, 1))", 2, {10, 8}, rolled_both},
    {"roll(x, (-20, 2, -3), axis=(0, -1, -2))", 2, {10, 8}, rolled_both},
    {"roll(x, 13)", 2, {10, 8}, rolled_flat},
    {"roll(x, 1, axis=0) + roll(x, -1, axis=0) - 2 * x", 2, {10, 8}, ring},
    {"roll(x, (4, -5), axis=(0, 1))[::-2, 1::2]", 2, {5, 4}, rolled_part},
    {"roll(x[1:8:3, ::-1], (1, 5), axis=(0, 1))", 2, {3, 8}, part_rolled},
    {"roll(roll(x, 3, axis=0)[1:8:2], 1, axis=0)", 2, {4, 8}, rolled_part_rolled},
    {"matrix_transpose(roll(x, (4, -1), axis=(0, 1)))", 2, {8, 10}, turned},
    {"roll(index(axis=0, shape=(10,)), 3, axis=0)", 1, {10}, rolled_index},
    {"roll(x, (-2, -1), axis=(0, 1))[3]", 1, {8}, one_row},
    {"roll(roll(x, 7, axis=0) + 0, -7, axis=0)", 2, {10, 8}, same},
    {"diagonal(x, 1)", 1, {7}, diagonal},
    {"diagonal(x, -4, axis1=-2, axis2=1)", 1, {6}, below},
    {"tril(x, 1)", 2, {10, 8}, lower},
    {"triu(x, -2)", 2, {10, 8}, upper},
    {"concat([x[:4], x * 2, full((2, 8), 7)])", 2, {16, 8}, rows_joined},
    {"concat([x[:, ::-1], x[:, 3:3], x[:, 3:4], x[::-1]], axis=1)", 2, {10, 17}, columns_joined},
    {"concat([x, x[4], full((1, 1), 5)], axis=None)", 1, {89}, joined_flat},
    {"stack([x, -x, x[:, ::-1]], axis=1)", 3, {10, 3, 8}, stacked},
    {"set_slice(x, 0, '1:-1, 1:-1')", 2, {10, 8}, inner_zero},
    {"set_slice(x, x[:-2, 1:-1] + x[2:, 1:-1] + x[1:-1, :-2], '1:-1, 1:-1')", 2, {10, 8}, heat},
    {"set_slice(x, x[:7], '3:')", 2, {10, 8}, shifted_onto_itself},
    {"set_slice(x, x[:5], '::-2')", 2, {10, 8}, backwards},
    {"set_slice(x, index(axis=0, shape=(10,)), '..., -2')", 2, {10, 8}, one_line},
    {"set_slice(x, 42, '-1, 0')", 2, {10, 8}, one_element},
    {"set_slice(set_slice(x, x[:, 0:1], ':, 6:'), 1, ':2')", 2, {10, 8}, twice_set},
    {"set_slice(x, x[::-1], '...')", 2, {10, 8}, replaced},
    {"set_slice(x, 3, '5:5')", 2, {10, 8}, same},
    {"set_where(x, x > 500, -index(axis=0, shape=(8,)))", 2, {10, 8}, masked},
};
enum { NCASES = sizeof CASES / sizeof CASES[0] };

static void all_cases(const struct layout *l)
{
    char what[200];
    double data[80];
    da__scope_push(g);
    for (int k = 0; k < 80; k++)
        data[k] = X(k / 8, k % 8);
    struct da__name name[] = {{"x", da__runtime_import(rt, data, DA_FLOAT64, 2, shape2, &l->spec)}};
    for (int c = 0; c < NCASES; c++) {
        snprintf(what, sizeof what, "%s, x %s", CASES[c].text, l->text);
        check(da__eval(g, CASES[c].text, 1, name), CASES[c].ndim, CASES[c].shape, CASES[c].value,
              what);
    }
    check(name[0].array, 2, shape2, same, "x itself, after all of these");
    da__scope_pop(g);
}

static void over_all_maps(void **state)
{
    (void)state;
    struct layout l;
    for (int a = 0; a < NMAPS * NMAPS; a++) {
        char maps[] = {MAPS[a / NMAPS], MAPS[a % NMAPS], '\0'};
        layout(&l, 2, shape2, maps, a & 1);
        all_cases(&l);
    }
}

static void over_subsets(void **state)
{
    (void)state;
    static const char *const maps[] = {"bn", "cu", "n3", "ib", "uc"};
    struct layout l;
    for (int a = 0; a < 5; a++)
        for (int s = 1; s < NSUBSETS; s++) {
            layout_subset(&l, 2, shape2, maps[a], 0, s);
            all_cases(&l);
        }
}

/* A time loop: the inner part is replaced again and again, as a stencil's is; the old state goes each time. */
static void time_loop(void **state)
{
    (void)state;
    enum { N = 40, STEPS = 30 };
    const int64_t shape[1] = {N};
    double now[N], next[N];
    struct layout l;
    layout(&l, 1, shape, "b", 0);
    for (int i = 0; i < N; i++)
        now[i] = i * i % 17;
    struct da__name name[] = {{"u", da__runtime_import(rt, now, DA_FLOAT64, 1, shape, &l.spec)}};
    for (int t = 0; t < STEPS; t++) {
        name[0].array =
            da__eval(g, "set_slice(u, (u[:-2] + 2 * u[1:-1] + u[2:]) / 4, '1:-1')", 1, name);
        if (t % 3 == 0)
            compute(1, &name[0].array);
        memcpy(next, now, sizeof now);
        for (int i = 1; i < N - 1; i++)
            next[i] = (now[i - 1] + 2 * now[i] + now[i + 1]) / 4;
        memcpy(now, next, sizeof now);
    }
    double *got = gathered(name[0].array, "time loop");
    for (int i = 0; i < N; i++)
        assert_true(got[i] == now[i]);
    free(got);
}

/* A target keeps what it is, though a later array is made of it. */
static void kept_arrays_stay(void **state)
{
    (void)state;
    const int64_t shape[1] = {20};
    struct layout l;
    layout(&l, 1, shape, "c", 0);
    struct da__name name[] = {{"x", numbers(1, shape, 0, 1, &l.spec)}, {"y", NULL}};
    name[1].array = da__eval(g, "x + 1", 1, name);
    da_array *both[] = {name[1].array, da__eval(g, "set_slice(y, -1, '::2')", 2, name),
                        da__eval(g, "set_slice(y, -2, '1::2')", 2, name)};
    compute(3, both);
    double *y = gathered(both[0], "y"), *even = gathered(both[1], "even"),
           *odd = gathered(both[2], "odd");
    for (int i = 0; i < 20; i++) {
        assert_true(y[i] == i + 1);
        assert_true(even[i] == (i % 2 == 0 ? -1 : i + 1));
        assert_true(odd[i] == (i % 2 == 1 ? -2 : i + 1));
    }
    free(y);
    free(even);
    free(odd);
}

/* Hundreds of arrays, of different sizes and maps. */
static void many_arrays(void **state)
{
    (void)state;
    enum { MANY = 300 };
    da_array *list[MANY];
    int64_t total = 0;
    da__scope_push(g);
    for (int k = 0; k < MANY; k++) {
        struct layout l;
        const int64_t shape[1] = {k % 5};
        layout(&l, 1, shape, k % 2 ? "b" : "c", 0);
        list[k] = numbers(1, shape, 1000 * k, 1, &l.spec);
        total += k % 5;
    }
    da_array *a = da__make_concat(g, MANY, list, 0, false);
    double *got = gathered(a, "many arrays"), *at = got;
    assert_int_equal(a->shape[0], total);
    for (int k = 0; k < MANY; k++)
        for (int i = 0; i < k % 5; i++)
            assert_true(*at++ == 1000 * k + i);
    free(got);
    da__scope_pop(g);
}

static double across(const int64_t *i)
{
    return 10 + (double)i[1];
}
static double down(const int64_t *i)
{
    return (double)i[0];
}

static void meshes(void **state)
{
    (void)state;
    const int64_t n[2] = {5, 7}, xy[2] = {7, 5};
    struct layout l, m;
    layout(&l, 1, &n[0], "b", 0);
    layout(&m, 1, &n[1], "c", 0);
    da_array *x[] = {numbers(1, &n[0], 10, 1, &l.spec), numbers(1, &n[1], 0, 1, &m.spec)}, *out[2];
    da__make_meshgrid(g, 2, x, false, out);
    check(out[0], 2, xy, across, "meshgrid xy, first");
    check(out[1], 2, xy, down, "meshgrid xy, second");
    da_array *turned_x[] = {x[1], x[0]};
    da__make_meshgrid(g, 2, turned_x, true, out);
    check(out[0], 2, xy, down, "meshgrid ij, first");
    check(out[1], 2, xy, across, "meshgrid ij, second");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(over_all_maps),    cmocka_unit_test(over_subsets), cmocka_unit_test(time_loop),
    cmocka_unit_test(kept_arrays_stay), cmocka_unit_test(many_arrays),  cmocka_unit_test(meshes),
};
ENGINE_TEST_MAIN(tests)
