/* What travels between engines, counted: sibling reductions in few sweeps and one message per tree edge, none where owners
 * agree, one per pair of neighbours otherwise, and no byte more than has to move. */
#include "engine_test.h"

static const int64_t shape1[1] = {1000};

static da_array *ready(int ndim, const int64_t *shape, const struct da__dist_spec *spec)
{
    da_array *x = numbers(ndim, shape, 1, 1, spec);
    compute(1, &x);
    da__runtime_reset_counters(rt);
    return x;
}

static void sibling_reductions_travel_together(void **state)
{
    (void)state;
    struct layout l;
    for (int a = 1; a < NMAPS; a++) {
        char maps[] = {MAPS[a], '\0'};
        const int64_t shape[1] = {60};
        da__scope_push(g);
        struct da__name name[] = {{"x", ready(1, shape, layout(&l, 1, shape, maps, 0))}};
        static const char *const text[] = {"sum((x - mean(x)) ** 2)", "mean(x)", "var(x)", "min(x)",
                                           "max(x)"};
        static const double wanted[] = {17995, 30.5, 17995.0 / 60, 1, 60};
        da_array *target[5];
        for (int k = 0; k < 5; k++)
            target[k] = da__eval(g, text[k], 1, name);
        compute(5, target);
        struct da__counters c = counters();
        assert_true(c.kernel_sweeps <= 2);
        assert_int_equal(c.runs, 1);
        assert_int_equal(c.programs_shipped + c.cache_hits, 1);
        assert_int_equal(c.messages,
                         2 * (P - 1) *
                             2); /* two levels; one message up and one down each edge of the tree */
        for (int k = 0; k < 5; k++) {
            double *got = gathered(target[k], text[k]);
            assert_true(same_value(got[0], wanted[k], 1e-14));
            free(got);
        }
        da__scope_pop(g);
    }
}

static void aligned_operands_send_nothing(void **state)
{
    (void)state;
    struct layout l;
    const int64_t shape[2] = {20, 15};
    for (int a = 0; a < NMAPS * NMAPS; a++) {
        char maps[] = {MAPS[a / NMAPS], MAPS[a % NMAPS], '\0'};
        da__scope_push(g);
        layout(&l, 2, shape, maps, 0);
        struct da__name name[] = {{"x", ready(2, shape, &l.spec)}, {"y", ready(2, shape, &l.spec)}};
        da_array *z = da__eval(g, "where(x > y, sqrt(x) + 1, y * 2 - x)", 2, name);
        compute(1, &z);
        assert_int_equal(counters().messages, 0);
        assert_int_equal(counters().message_bytes, 0);
        assert_int_equal(counters().kernel_sweeps, 1);
        da__scope_pop(g);
    }
}

/* A slice of both operands in the same way, and the reduction of whole axes, need nobody either. */
static void aligned_views_send_nothing(void **state)
{
    (void)state;
    struct layout l;
    const int64_t shape[2] = {20, 15};
    da__scope_push(g);
    struct da__name name[] = {{"x", ready(2, shape, layout(&l, 2, shape, "bn", 0))}};
    da_array *target[] = {da__eval(g, "x[3:17:2, ::-1] + x[3:17:2, 0:1]", 1, name),
                          da__eval(g, "sum(x, axis=1)", 1, name)};
    compute(2, target);
    assert_int_equal(counters().messages, 0);
    da__scope_pop(g);
}

/* Each engine needs one element of its neighbour, once, however often it is read. */
static void halos_are_one_message_per_neighbour(void **state)
{
    (void)state;
    struct layout l;
    static const char *const text[] = {"x[1:] - x[:-1]",
                                       "x[1:] * 2 - x[:-1] + x[1:] * x[:-1] - (x[1:] - x[:-1])"};
    for (int k = 0; k < 2; k++) {
        da__scope_push(g);
        struct da__name name[] = {{"x", ready(1, shape1, layout(&l, 1, shape1, "b", 0))}};
        da_array *y = da__eval(g, text[k], 1, name);
        compute(1, &y);
        assert_int_equal(counters().messages, P - 1);
        assert_int_equal(counters().message_bytes, 8 * (P - 1));
        assert_int_equal(counters().kernel_sweeps, 1);
        da__scope_pop(g);
    }
}

/* Redistribution moves exactly the elements that change their owner, in at most one message per pair of engines. */
static void only_what_moves_is_sent(void **state)
{
    (void)state;
    struct layout l, m;
    const int64_t shape[1] = {60};
    for (int a = 0; a < NMAPS; a++)
        for (int b = 0; b < NMAPS; b++) {
            char from[] = {MAPS[a], '\0'}, to[] = {MAPS[b], '\0'};
            bool talk[MOST_PARTS][MOST_PARTS] = {{false}};
            int64_t moved = 0, pairs = 0;
            da__scope_push(g);
            da_array *x = ready(1, shape, layout(&l, 1, shape, from, 0));
            da_array *y = da__make_redistribute(g, x, layout(&m, 1, shape, to, 0));
            const struct da__dist *old = x->dist, *new = y->dist;
            for (int64_t i = 0; i < shape[0]; i++) {
                int p = da__map_owner(&old->map[0], i), q = da__map_owner(&new->map[0], i);
                moved += p != q;
                pairs += p != q && !talk[p][q];
                talk[p][q] = true;
            }
            compute(1, &y);
            if (counters().messages != pairs || counters().message_bytes != 8 * moved)
                fail_msg("%s to %s: %lld messages with %lld bytes, not %lld with %lld", l.text,
                         m.text, (long long)counters().messages,
                         (long long)counters().message_bytes, (long long)pairs,
                         (long long)(8 * moved));
            da__scope_pop(g);
        }
}

/* A step that reads two remote arrays hears of both in one message. */
static void inputs_share_messages(void **state)
{
    (void)state;
    struct layout l;
    da__scope_push(g);
    layout(&l, 1, shape1, "b", 0);
    struct da__name name[] = {{"x", ready(1, shape1, &l.spec)}, {"y", ready(1, shape1, &l.spec)}};
    da_array *z = da__eval(g, "x[1:] + x[:-1] - y[:-1]", 2, name);
    compute(1, &z);
    assert_int_equal(counters().messages, P - 1);
    assert_int_equal(counters().message_bytes, 16 * (P - 1));
    da__scope_pop(g);
}

/* Control traffic of a repeated run: one message down and one up each edge of the tree, whatever is computed. */
static void repeated_runs_cost_two_control_messages_per_edge(void **state)
{
    (void)state;
    struct layout l;
    da__scope_push(g);
    struct da__name name[] = {{"x", ready(1, shape1, layout(&l, 1, shape1, "c", 0))}};
    for (int k = 0; k < 3; k++) {
        da_array *y = da__eval(g, "sum(x * 2) + 1", 1, name);
        compute(1, &y);
        if (k == 0) {
            y = da__eval(g, "sum(x * 2) + 1", 1,
                         name); /* the last report upwards counts with the next run */
            compute(1, &y);
            da__runtime_reset_counters(rt);
        }
    }
    assert_int_equal(counters().control_messages, 2 * 2 * (P - 1));
    assert_int_equal(counters().programs_shipped, 0);
    assert_int_equal(counters().cache_hits, 2);
    da__scope_pop(g);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(sibling_reductions_travel_together),
    cmocka_unit_test(aligned_operands_send_nothing),
    cmocka_unit_test(aligned_views_send_nothing),
    cmocka_unit_test(halos_are_one_message_per_neighbour),
    cmocka_unit_test(only_what_moves_is_sent),
    cmocka_unit_test(inputs_share_messages),
    cmocka_unit_test(repeated_runs_cost_two_control_messages_per_edge),
};
ENGINE_TEST_MAIN(tests)
