/* Graphs that were computed before are recognized, and only those: the same expression with other scalars and arrays needs no
 * planning, and whatever differs in more than that is a graph of its own. */
#include "engine_test.h"

enum { N = 24 };
static const int64_t shape[1] = {N};

/* x[i] = 1 + i, y[i] = 100 - 2 i. */
static double x_at(int64_t i)
{
    return 1.0 + (double)i;
}
static double y_at(int64_t i)
{
    return 100.0 - 2.0 * (double)i;
}

struct row {
    const char *text;
    int64_t n;
    double (*value)(int64_t i);
};
#define ROW(name, expression)                                                                      \
    static double name(int64_t i)                                                                  \
    {                                                                                              \
        return expression;                                                                         \
    }
ROW(same_scalars, x_at(i) * 2 + 2)
ROW(two_scalars, x_at(i) * 2 + 3)
ROW(other_two, x_at(i) * 5 + 7)
ROW(same_again, x_at(i) * 3 + 3)
ROW(twice, x_at(i) + x_at(i))
ROW(both, x_at(i) + y_at(i))
ROW(minus, x_at(i) - y_at(i))
ROW(minus_turned, y_at(i) - x_at(i))
ROW(forward, x_at(i + 1) - x_at(i))
ROW(further, x_at(i + 2) - x_at(i))
ROW(backward, x_at(N - 1 - i) + 1)
ROW(rolled, x_at((i + N - 1) % N) * 2)
ROW(rolled_on, x_at((i + N - 5) % N) * 2)
ROW(indices, x_at(i) + 3.0 * (double)i)
ROW(other_indices, x_at(i) + 3.0 * (double)(i + 4))
ROW(folded, x_at(i) * 6)
ROW(assigned, i >= 1 && i < N - 1 ? 2 * y_at(i) : x_at(i))
ROW(assigned_less, i >= 2 && i < N - 1 ? 2 * y_at(i) : x_at(i))
ROW(joined, i < N ? x_at(i) : y_at(i - N))
ROW(centred, x_at(i) - (1.0 + (N - 1) / 2.0))

static const struct row rows[] = {
    {"x * 2 + 2", N, same_scalars},
    {"x * 2 + 3", N, two_scalars},
    {"x * 5 + 7", N, other_two},
    {"x * 3 + 3", N, same_again},
    {"x + x", N, twice},
    {"x + y", N, both},
    {"x - y", N, minus},
    {"y - x", N, minus_turned},
    {"x[1:] - x[:-1]", N - 1, forward},
    {"x[2:] - x[:-2]", N - 2, further},
    {"x[::-1] + 1", N, backward},
    {"roll(x, 1) * 2", N, rolled},
    {"roll(x, 5) * 2", N, rolled_on},
    {"x + arange(24) * 3", N, indices},
    {"x + arange(4, 28) * 3", N, other_indices},
    {"x * (abs(-2.0) * 3)", N, folded},
    {"set_slice(x, (y * 2)[1:-1], index=\"1:-1\")", N, assigned},
    {"set_slice(x, (y * 2)[2:-1], index=\"2:-1\")", N, assigned_less},
    {"concat([x, y])", 2 * N, joined},
    {"x - mean(x)", N, centred},
};
enum { NROWS = sizeof rows / sizeof *rows };

static void check_row(const struct row *r, const struct da__name *name)
{
    da__scope_push(g);
    da_array *a = da__eval(g, r->text, 2, name);
    assert_sound(a, r->text);
    double *got = gathered(a, r->text);
    assert_int_equal(da__nelem(a->ndim, a->shape), r->n);
    for (int64_t i = 0; i < r->n; i++)
        if (!same_value(got[i], r->value(i), 1e-14))
            fail_msg("%s, %d engines: element %lld is %.17g, not %.17g", r->text, P, (long long)i,
                     got[i], r->value(i));
    free(got);
    da__scope_pop(g);
}

/* In three orders, so that each graph is met behind several others and known already. */
static void graphs_are_told_apart(void **state)
{
    (void)state;
    for (int m = 0; m < NMAPS; m++) {
        struct layout lx, ly;
        char map[] = {MAPS[m], '\0'};
        da__scope_push(g);
        struct da__name name[] = {{"x", numbers(1, shape, 1, 1, layout(&lx, 1, shape, map, 0))},
                                  {"y", numbers(1, shape, 100, -2, layout(&ly, 1, shape, "b", 0))}};
        compute(2, (da_array *[]){name[0].array, name[1].array});
        for (int k = 0; k < NROWS; k++)
            check_row(&rows[k], name);
        for (int k = NROWS - 1; k >= 0; k--)
            check_row(&rows[k], name);
        for (int k = 0; k < NROWS; k++)
            check_row(&rows[7 * k % NROWS], name);
        da__scope_pop(g);
    }
}

static void other_scalars_need_no_planning(void **state)
{
    (void)state;
    struct layout l;
    da__scope_push(g);
    struct da__name name[] = {{"x", numbers(1, shape, 1, 1, layout(&l, 1, shape, "b", 0))}};
    compute(1, &name[0].array);
    for (int k = 0; k < 9; k++) {
        char text[64];
        snprintf(text, sizeof text, "x * %d + %d.5", k + 2, k);
        da_array *a = da__eval(g, text, 1, name);
        compute(1, &a);
        if (k == 0)
            da__runtime_reset_counters(rt);
    }
    assert_int_equal(counters().programs_shipped, 0);
    assert_int_equal(counters().cache_hits, 8);
    da__scope_pop(g);
}

/* What is kept on the way is a result, too; and which nodes are targets is part of the graph. */
static void keepers_and_targets_count(void **state)
{
    (void)state;
    struct layout l;
    for (int round = 0; round < 8; round++) {
        da__scope_push(g);
        da_array *x = numbers(1, shape, 1, 1, layout(&l, 1, shape, "c", 0));
        compute(1, &x);
        struct da__name name[] = {{"x", x}, {"y", NULL}};
        da_array *y = da__eval(g, "x * 3", 1, name);
        name[1].array = y;
        da_array *z = da__eval(g, "y + 1", 2, name);
        bool keeps = round & 1, both_asked = round & 2;
        if (keeps)
            da__node_keep(y);
        compute(both_asked ? 2 : 1, (da_array *[]){z, y});
        assert_int_equal(z->kind, DA__NODE_LEAF);
        assert_int_equal(y->kind == DA__NODE_LEAF, keeps || both_asked);
        double *got = gathered(z, "y + 1"), *below = gathered(y, "x * 3");
        for (int64_t i = 0; i < N; i++) {
            assert_true(got[i] == 3 * x_at(i) + 1);
            assert_true(below[i] == 3 * x_at(i));
        }
        free(got);
        free(below);
        if (keeps)
            da__node_drop(y);
        da__scope_pop(g);
    }
}

/* Reductions that differ in what they reduce, and 0-d results of scalars alone, which lie nowhere before. */
static void attributes_count(void **state)
{
    (void)state;
    static const int64_t square[2] = {4, 6};
    static const char *const text[] = {"sum(x, axis=0)[1]",
                                       "sum(x, axis=1)[1]",
                                       "sum(x, axis=1, keepdims=True)[1, 0]",
                                       "var(x)",
                                       "var(x, correction=1)",
                                       "max(x, axis=0)[1]",
                                       "x[1, 2] + 0",
                                       "x[2, 1] + 0"};
    static const double wanted[] = {4 * 11, 6 * 9.5, 6 * 9.5, 575.0 / 12, 50, 20, 9, 14};
    struct layout l;
    da__scope_push(g);
    struct da__name name[] = {{"x", numbers(2, square, 1, 1, layout(&l, 2, square, "bc", 0))}};
    compute(1, &name[0].array);
    for (int round = 0; round < 3; round++)
        for (int k = 0; k < 8; k++) {
            double *got = gathered(da__eval(g, text[k], 1, name), text[k]);
            if (!same_value(got[0], wanted[k], 1e-14))
                fail_msg("%s is %.17g, not %.17g", text[k], got[0], wanted[k]);
            free(got);
        }
    da__scope_pop(g);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(graphs_are_told_apart),
    cmocka_unit_test(other_scalars_need_no_planning),
    cmocka_unit_test(keepers_and_targets_count),
    cmocka_unit_test(attributes_count),
};
ENGINE_TEST_MAIN(tests)
