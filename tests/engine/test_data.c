/* Data in and out, and what becomes of nodes: every dtype, several targets, kept arrays, time loops that neither grow nor ship
 * programs anew. */
#include "engine_test.h"

/* ---- in and out --------------------------------------------------------------------------------- */

/* The bytes that come back are the bytes that went in. */
static void round_trip(da_dtype dtype, int ndim, const int64_t *shape, const struct layout *l)
{
    struct da__error err = {.engine = -1};
    size_t nbytes = (size_t)da__nelem(ndim, shape) * da__dtype_nbytes(dtype);
    unsigned char *in = malloc(nbytes + 1), *out = malloc(nbytes + 1);
    for (size_t i = 0; i < nbytes; i++)
        in[i] = dtype == DA_BOOL ? i % 3 == 0 : (unsigned char)(i * 37 + i / 256 + 11);
    memset(out, 0xee, nbytes);
    da__scope_push(g);
    da_array *x = da__runtime_import(rt, in, dtype, ndim, shape, l != NULL ? &l->spec : NULL);
    assert_sound(x, da__dtype(dtype)->name);
    assert_int_equal(x->dtype, dtype);
    assert_ok(da__runtime_gather(rt, x, out, &err), &err, da__dtype(dtype)->name);
    if (memcmp(in, out, nbytes) != 0)
        fail_msg("%s, %s, %d engines: other bytes come back", da__dtype(dtype)->name,
                 l != NULL ? l->text : "default", P);
    da__scope_pop(g);
    free(in);
    free(out);
}

static void all_dtypes_come_back(void **state)
{
    (void)state;
    const int64_t shape[3] = {6, 5, 7};
    struct layout l;
    for (int d = 0; d < DA_NDTYPES; d++) {
        round_trip((da_dtype)d, 3, shape, NULL);
        for (int a = 0; a < NMAPS; a++) {
            char maps[] = {MAPS[a], MAPS[(a + d) % NMAPS], MAPS[(a * 2 + 1) % NMAPS], '\0'};
            layout_subset(&l, 3, shape, maps, d, a % NSUBSETS);
            round_trip((da_dtype)d, 3, shape, &l);
        }
        round_trip((da_dtype)d, 0, NULL, NULL);
        round_trip((da_dtype)d, 3, (int64_t[3]){6, 0, 7}, NULL);
    }
}

static void many_axes(void **state)
{
    (void)state;
    int64_t shape[DA_MAX_NDIM];
    for (int k = 0; k < DA_MAX_NDIM; k++)
        shape[k] = k % 6 == 0 ? 2 : 1;
    round_trip(DA_INT32, DA_MAX_NDIM, shape, NULL);
}

/* ---- nodes -------------------------------------------------------------------------------------- */

static double double_at(const int64_t *i)
{
    return 2 * (double)i[0];
}
static double square_at(const int64_t *i)
{
    return 4 * (double)i[0] * (double)i[0];
}
static double sum_at(const int64_t *i)
{
    (void)i;
    return 4 * 285;
}

/* Targets and kept arrays become leaves, temporaries do not. */
static void kept_arrays_become_leaves(void **state)
{
    (void)state;
    const int64_t shape[1] = {10};
    struct layout l;
    da__scope_push(g);
    struct da__name name[] = {
        {"x", numbers(1, shape, 0, 1, layout(&l, 1, shape, "c", 0))}, {"y", NULL}, {"z", NULL}};
    name[1].array = da__eval(g, "x * 2", 1, name);
    name[2].array = da__eval(g, "y * y", 2, name);
    da_array *sum = da__eval(g, "sum(z)", 3, name), *other = da__eval(g, "y + 1", 2, name);
    da__node_keep(name[1].array);
    da_array *target[] = {sum, sum};
    compute(2, target);
    assert_int_equal(sum->kind, DA__NODE_LEAF);
    assert_int_equal(name[1].array->kind, DA__NODE_LEAF);
    assert_int_equal(name[2].array->kind, DA__NODE_ELEMENTWISE);
    assert_int_equal(other->kind, DA__NODE_ELEMENTWISE);
    da__node_drop(name[1].array);
    check(name[1].array, 1, shape, double_at, "the kept array");
    check(name[2].array, 1, shape, square_at, "the temporary, computed later");
    check(sum, 0, NULL, sum_at, "the target");
    int64_t runs = counters().runs;
    compute(1, &sum);
    assert_int_equal(counters().runs, runs); /* computed arrays are never computed twice */
    da__scope_pop(g);
}

static double tens_at(const int64_t *i)
{
    return 10 * (double)i[0];
}

/* Twenty targets over inputs of different layouts in one run; some are equal, one is an input already. */
static void several_targets(void **state)
{
    (void)state;
    const int64_t shape[1] = {30};
    struct layout l;
    da_array *target[20];
    da__scope_push(g);
    for (int k = 0; k < 20; k++) {
        char text[64], maps[] = {MAPS[k % NMAPS], '\0'};
        struct da__name name[] = {{"x", numbers(1, shape, 0, 1, layout(&l, 1, shape, maps, 0))}};
        snprintf(text, sizeof text, "x * %d + x[::-1] * 0", k);
        target[k] = k == 13 ? target[3] : da__eval(g, text, 1, name);
    }
    compute(20, target);
    for (int k = 0; k < 20; k++) {
        double *got = gathered(target[k], "a target"), factor = k == 13 ? 3 : k;
        for (int i = 0; i < 30; i++)
            assert_true(got[i] == factor * i);
        free(got);
    }
    check(target[10], 1, shape, tens_at, "the tenth");
    da__scope_pop(g);
}

static void refuse(const char *text, const char *part)
{
    struct da__error err = {.engine = -1};
    struct da__name name[] = {{"x", numbers(1, (int64_t[1]){4}, 0, 1, NULL)}};
    da_array *bad = da__eval(g, text, 1, name);
    assert_non_null(da__node_error(bad));
    assert_int_not_equal(da__runtime_compute(rt, 1, &bad, &err), DA_OK);
    if (strstr(err.text, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, part);
}

static void poison_surfaces(void **state)
{
    (void)state;
    da__scope_push(g);
    refuse("x + y", "y");
    refuse("x[7]", "7");
    refuse("x + x[1:]", "broadcast");
    da__scope_pop(g);
}

/* ---- time loops --------------------------------------------------------------------------------- */

enum { SIDE = 12, STEPS = 1000 };
static double grid_now[SIDE * SIDE];

static double grid_at(const int64_t *i)
{
    return grid_now[i[0] * SIDE + i[1]];
}

/* One step of Jacobi's iteration for (I - F/4 - T/4) u = b, where F mirrors the rows and T transposes. */
static void plain_step(const double *b)
{
    double next[SIDE * SIDE];
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++)
            next[i * SIDE + j] =
                b[i * SIDE + j] +
                (grid_now[(SIDE - 1 - i) * SIDE + j] + grid_now[j * SIDE + i]) * 0.25;
    memcpy(grid_now, next, sizeof next);
}

/* 1,000 steps under one distribution: the state is kept, the one before is dropped; nothing grows and one program serves. */
static void iterate(const char *maps)
{
    const int64_t shape[2] = {SIDE, SIDE};
    struct layout l;
    double b[SIDE * SIDE];
    da__scope_push(g);
    layout(&l, 2, shape, maps, 0);
    da_array *u = numbers(2, shape, 0, 1, &l.spec), *source = numbers(2, shape, 3, 0.25, &l.spec);
    for (int k = 0; k < SIDE * SIDE; k++) {
        grid_now[k] = k;
        b[k] = 3 + 0.25 * k;
    }
    compute(2, (da_array *[]){u, source});
    da__node_keep(u);
    int64_t blocks = 0, bytes = 0, sweeps = 0;
    da__runtime_reset_counters(rt);
    for (int step = 0; step < STEPS; step++) {
        da__scope_push(g);
        struct da__name name[] = {{"u", u}, {"b", source}};
        da_array *next = da__eval(g, "b + (u[::-1] + matrix_transpose(u)) * 0.25", 2, name);
        da__node_keep(next);
        compute(1, &next);
        da__node_drop(u);
        u = next;
        da__scope_pop(g);
        plain_step(b);
        if (step == 0)
            sweeps = counters().kernel_sweeps;
        if (step == 100) {
            blocks = da__graph_live_nodes(g);
            bytes = counters().live_bytes;
        }
        if (step > 100) {
            assert_int_equal(da__graph_live_nodes(g), blocks);
            assert_int_equal(counters().live_bytes, bytes);
        }
    }
    assert_true(counters().programs_shipped <= 1); /* one engine knows it from the loop before */
    assert_int_equal(counters().cache_hits, STEPS - counters().programs_shipped);
    assert_int_equal(counters().runs, STEPS);
    assert_int_equal(counters().kernel_sweeps, STEPS * sweeps);
    check(u, 2, shape, grid_at, l.text);
    da__node_drop(u);
    da__scope_pop(g);
}

static void time_loop_blocks(void **state)
{
    (void)state;
    iterate("bn");
}

static void time_loop_cyclic(void **state)
{
    (void)state;
    iterate("cb");
}

/* Other scalars make no other program. */
static void scalars_are_parameters(void **state)
{
    (void)state;
    const int64_t shape[1] = {10};
    da__scope_push(g);
    struct da__name name[] = {{"x", numbers(1, shape, 0, 1, NULL)}};
    compute(1, &name[0].array);
    da__runtime_reset_counters(rt);
    for (int k = 1; k <= 5; k++) {
        char text[32];
        snprintf(text, sizeof text, "x * %d.5 - %d", k, k);
        double *got = gathered(da__eval(g, text, 1, name), text);
        for (int i = 0; i < 10; i++)
            assert_true(got[i] == i * (k + 0.5) - k);
        free(got);
    }
    assert_int_equal(counters().programs_shipped,
                     P > 1 ? 2 : 1); /* the expression, and the gathering */
    da__scope_pop(g);
}

/* More programs than the engines remember: all are forgotten once, results stay right. */
static void many_programs(void **state)
{
    (void)state;
    const int64_t shape[1] = {6};
    da__scope_push(g);
    da_array *x = numbers(1, shape, 0, 1, NULL);
    compute(1, &x);
    for (int k = 0; k < 1100; k++) {
        da__scope_push(g);
        struct da__name name[] = {{"x", x}};
        char text[200] = "x";
        for (int bit = 0; bit < 11; bit++)
            strcat(text, k >> bit & 1 ? " + x" : " - x");
        da_array *y = da__eval(g, text, 1, name);
        compute(1, &y);
        if (k % 100 == 0) {
            double *got = gathered(y, text);
            assert_true(got[5] == 5 * (1 + 2 * __builtin_popcount((unsigned)k) - 11));
            free(got);
        }
        da__scope_pop(g);
    }
    da__scope_pop(g);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(all_dtypes_come_back),      cmocka_unit_test(many_axes),
    cmocka_unit_test(kept_arrays_become_leaves), cmocka_unit_test(several_targets),
    cmocka_unit_test(poison_surfaces),           cmocka_unit_test(time_loop_blocks),
    cmocka_unit_test(time_loop_cyclic),          cmocka_unit_test(many_programs),
    cmocka_unit_test(scalars_are_parameters),
};
ENGINE_TEST_MAIN(tests)
