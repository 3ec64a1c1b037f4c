/* Stencils on grids of engines: values against plain C, and messages counted. However many operands read them, elements of a
 * neighbour come in one message, once. */
#include "engine_test.h"

#include "../../graph/node.h"

static int grid[2]; /* P engines, as square as may be */

static void make_grid(void)
{
    for (grid[0] = (int)sqrt(P); P % grid[0] != 0; grid[0]--)
        continue;
    grid[1] = P / grid[0];
}

static const struct da__dist_spec *on_grid(void)
{
    static const struct da__map_spec map[2] = {{.kind = 'b'}, {.kind = 'b'}};
    static struct da__dist_spec spec;
    spec = (struct da__dist_spec){.nmaps = 2, .map = map, .ngrid = 2, .grid = grid};
    return &spec;
}

/* Some array of which no stencil is a multiple of itself. */
static da_array *field(const int64_t *shape, double *data)
{
    for (int64_t i = 0; i < shape[0] * shape[1]; i++)
        data[i] = (double)(i * 7919 % 1009);
    da_array *u = da__runtime_import(rt, data, DA_FLOAT64, 2, shape, on_grid());
    compute(1, &u);
    da__runtime_reset_counters(rt);
    return u;
}

static void check_data(da_array *a, const double *want, const char *what)
{
    double *got = gathered(a, what);
    for (int64_t i = 0; i < da__nelem(a->ndim, a->shape); i++)
        if (got[i] != want[i])
            fail_msg("%s, %d engines: element %lld is %g, not %g", what, P, (long long)i, got[i],
                     want[i]);
    free(got);
}

/* u with its inside replaced by the stencil. */
static da_array *stepped(da_array *u, const char *stencil)
{
    struct da__name name[] = {{"u", u}};
    da_array *inside = da__eval(g, stencil, 1, name);
    struct da__view v;
    assert_sound(inside, stencil);
    da_array *a = da__node_new(g, DA__NODE_ASSIGN, u->dtype, 2, u->shape, u->dist);
    assert_non_null(a);
    da__view_identity(2, &v);
    v.offset[0] = v.offset[1] = 1;
    a->u.view = da__alloc(sizeof v);
    assert_non_null(a->u.view);
    *a->u.view = v;
    da__node_add_input(a, u);
    da__node_add_input(a, inside);
    return a;
}

/* The same in plain C: `reach` 4 or 8 neighbours, summed in the stencil's order. */
static void step_data(const int64_t *shape, double *u, int reach)
{
    static const int at[8][2] = {{-1, 0},  {1, 0},  {0, -1}, {0, 1},
                                 {-1, -1}, {-1, 1}, {1, -1}, {1, 1}};
    int64_t n = shape[0], m = shape[1];
    double *old = malloc((size_t)(n * m) * sizeof *old);
    memcpy(old, u, (size_t)(n * m) * sizeof *old);
    for (int64_t i = 1; i < n - 1; i++)
        for (int64_t j = 1; j < m - 1; j++) {
            double sum = old[i * m + j] * 4;
            for (int k = 0; k < reach; k++)
                sum += old[(i + at[k][0]) * m + j + at[k][1]];
            u[i * m + j] = sum * 0.125;
        }
    free(old);
}

/* The middle comes first: the result lies as it does. */
static const char *const stencil[] = {
    "(u[1:-1, 1:-1] * 4 + u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]) * 0.125",
    "(u[1:-1, 1:-1] * 4 + u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]"
    " + u[:-2, :-2] + u[:-2, 2:] + u[2:, :-2] + u[2:, 2:]) * 0.125"};
static const int reaches[] = {4, 8};

/* Pairs of engines beside each other, each in both directions. */
static int64_t neighbours(int reach)
{
    int64_t p = grid[0], q = grid[1];
    return 2 * (p * (q - 1) + q * (p - 1)) + (reach == 8 ? 4 * (p - 1) * (q - 1) : 0);
}

static void one_message_per_neighbour_and_step(void **state)
{
    (void)state;
    const int64_t shape[2] = {6 * grid[0] + 3, 7 * grid[1] + 2};
    int64_t rows = (shape[0] + grid[0] - 1) / grid[0], columns = (shape[1] + grid[1] - 1) / grid[1];
    double *data = malloc((size_t)(shape[0] * shape[1]) * sizeof *data);
    for (int k = 0; k < 2; k++)
        for (int steps = 1; steps <= 10; steps += 9) {
            da__scope_push(g);
            da_array *u = field(shape, data);
            for (int i = 0; i < steps; i++) {
                u = stepped(u, stencil[k]);
                step_data(shape, data, reaches[k]);
            }
            compute(1, &u);
            assert_int_equal(counters().runs, 1);
            assert_int_equal(counters().messages, steps * neighbours(reaches[k]));
            assert_true(counters().largest_message <= 8 * (rows > columns ? rows : columns));
            check_data(u, data, stencil[k]);
            da__scope_pop(g);
        }
    free(data);
}

/* The same round a torus, written with rolls. */
static da_array *rolled(da_array *u, int axis, int64_t shift)
{
    struct da__view v;
    da__view_identity(2, &v);
    v.period[axis] = u->shape[axis];
    v.phase[axis] = da__floor_mod(-shift, u->shape[axis]);
    return da__make_view(g, u, &v, 2, u->shape);
}

static int64_t around(int parts)
{
    return parts == 1 ? 0 : parts == 2 ? 1 : 2;
}

static void rolls_talk_to_neighbours(void **state)
{
    (void)state;
    const int64_t shape[2] = {5 * grid[0] + 2, 4 * grid[1] + 3};
    int64_t n = shape[0], m = shape[1];
    double *data = malloc((size_t)(n * m) * sizeof *data),
           *want = malloc((size_t)(n * m) * sizeof *want);
    da__scope_push(g);
    da_array *u = field(shape, data);
    struct da__name name[] = {{"u", u},
                              {"n", rolled(u, 0, 1)},
                              {"s", rolled(u, 0, -1)},
                              {"w", rolled(u, 1, 1)},
                              {"e", rolled(u, 1, -1)}};
    da_array *a = da__eval(g, "u * 4 - n - s - w - e + n * 2 - (n + n)", 5, name);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < m; j++)
            want[i * m + j] = data[i * m + j] * 4 - data[(i + n - 1) % n * m + j] -
                              data[(i + 1) % n * m + j] - data[i * m + (j + m - 1) % m] -
                              data[i * m + (j + 1) % m];
    compute(1, &a);
    assert_int_equal(counters().messages, P * (around(grid[0]) + around(grid[1])));
    assert_true(counters().largest_message <= 2 * 8 * 8);
    check_data(a, want, "rolls");
    da__scope_pop(g);
    free(data);
    free(want);
}

static void transposes_meet_in_pairs(void **state)
{
    (void)state;
    const int64_t shape[2] = {20, 20};
    double data[400], want[400];
    da__scope_push(g);
    struct da__name name[] = {{"x", field(shape, data)}};
    da_array *a = da__eval(g, "x + matrix_transpose(x) * 2", 1, name);
    for (int i = 0; i < 20; i++)
        for (int j = 0; j < 20; j++)
            want[20 * i + j] = data[20 * i + j] + 2 * data[20 * j + i];
    compute(1, &a);
    if (grid[0] == grid[1])
        assert_int_equal(counters().messages, P - grid[0]);
    else
        assert_true(counters().messages <= P * (P - 1));
    check_data(a, want, "transpose");
    da__scope_pop(g);
}

/* Two steps of one program, one after the other, read the same elements of a neighbour: they come once. */
static void later_steps_find_what_came(void **state)
{
    (void)state;
    const int64_t shape[1] = {1000};
    da__scope_push(g);
    da_array *u = numbers(1, shape, 1, 1, NULL);
    compute(1, &u);
    da__runtime_reset_counters(rt);
    struct da__name name[] = {{"u", u}};
    da_array *a = da__eval(g, "(u[1:] - u[:-1]) * sum(u[1:] * u[:-1])", 1, name);
    compute(1, &a);
    assert_int_equal(counters().kernel_sweeps, 2);
    assert_int_equal(counters().messages, 3 * (P - 1)); /* the halo, and up and down a tree */
    double *got = gathered(a, "later"), sum = 0;
    for (int i = 1; i < 1000; i++)
        sum += (double)i * (i + 1);
    for (int i = 0; i < 999; i++)
        assert_true(got[i] == sum);
    free(got);
    da__scope_pop(g);
}

/* Large dense regions leave from where they lie, also from temporaries that nobody reads any more. */
static void large_regions_arrive(void **state)
{
    (void)state;
    const int64_t shape[1] = {700001};
    struct layout l, m;
    da__scope_push(g);
    da_array *x = numbers(1, shape, 1, 1, layout(&l, 1, shape, "b", 0));
    struct da__name name[] = {{"x", x}};
    da_array *twice = da__eval(g, "x * 2", 1, name);
    da_array *y = da__make_redistribute(g, twice, layout_subset(&m, 1, shape, "b", 0, 2));
    struct da__name more[] = {{"y", y}, {"x", x}};
    da_array *z =
        da__make_redistribute(g, da__eval(g, "y * y + 1", 2, more), layout(&l, 1, shape, "b", 0));
    struct da__name last[] = {{"z", z}, {"x", x}};
    da_array *a = da__eval(g, "z - x[::-1]", 2, last);
    compute(1, &a);
    double *got = gathered(a, "large");
    for (int64_t i = 0; i < shape[0]; i++) {
        double v = (double)(i + 1);
        if (got[i] != 4 * v * v + 1 - (double)(shape[0] - i))
            fail_msg("%d engines: element %lld is %g", P, (long long)i, got[i]);
    }
    free(got);
    da__scope_pop(g);
}

static int prepare(void **state)
{
    (void)state;
    make_grid();
    return 0;
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(one_message_per_neighbour_and_step, prepare),
    cmocka_unit_test_setup(rolls_talk_to_neighbours, prepare),
    cmocka_unit_test_setup(transposes_meet_in_pairs, prepare),
    cmocka_unit_test(later_steps_find_what_came),
    cmocka_unit_test(large_regions_arrive),
};
ENGINE_TEST_MAIN(tests)
