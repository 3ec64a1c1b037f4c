/* Products of matrices: every map, grid and subset of engines against plain C on the master; what travels, counted; what is
 * refused. */
#include "engine_test.h"

/* ---- the reference ---- */

/* c += a b for matrices of m times k and k times n, whose elements lie as their steps say. */
static void multiply(int64_t m, int64_t n, int64_t k, const double *a, int64_t row_a,
                     int64_t step_a, const double *b, int64_t row_b, int64_t step_b, double *c)
{
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++)
            for (int64_t l = 0; l < k; l++)
                c[i * n + j] += a[i * row_a + l * step_a] * b[l * row_b + j * step_b];
}

static void check_values(da_array *a, int64_t n, const double *want, const char *what)
{
    double *got = gathered(a, what);
    assert_int_equal(da__nelem(a->ndim, a->shape), n);
    for (int64_t i = 0; i < n; i++)
        if (got[i] != want[i])
            fail_msg("%s, %d engines: element %lld is %.17g, not %.17g", what, P, (long long)i,
                     got[i], want[i]);
    free(got);
}

/* Small integers, so that every order of adding up gives the same. */
static da_array *small(int ndim, const int64_t *shape, da_dtype dtype,
                       const struct da__dist_spec *spec, double **out)
{
    int64_t n = da__nelem(ndim, shape);
    double *data = malloc((size_t)(n + 1) * sizeof *data);
    for (int64_t i = 0; i < n; i++)
        data[i] = (double)((i * 7 + i / 5) % 11) - 4;
    da_array *a = da__runtime_import(rt, data, DA_FLOAT64, ndim, shape, spec);
    if (out != NULL)
        *out = data;
    else
        free(data);
    return da__make_astype(g, a, dtype);
}

/* ---- every map ---- */

static void check_pair(const struct da__dist_spec *one, const struct da__dist_spec *two,
                       const struct da__dist_spec *three, da_dtype dtype, const char *text)
{
    const int64_t shape1[2] = {12, 9}, shape2[2] = {9, 7}, shape3[2] = {12, 7};
    double *a, *b, c[12 * 12] = {0}, d[12 * 12] = {0}, e[12 * 12] = {0}, v[12] = {0}, w[12] = {0};
    da__scope_push(g);
    struct da__name name[] = {{"x", small(2, shape1, dtype, one, &a)},
                              {"y", small(2, shape2, dtype, two, &b)},
                              {"z", small(2, shape3, dtype, three, NULL)}};
    double *z = gathered(name[2].array, text);
    multiply(12, 7, 9, a, 9, 1, b, 7, 1, c);
    check_values(da__eval(g, "x @ y", 3, name), 12 * 7, c, text);
    multiply(9, 7, 12, a, 1, 9, z, 7, 1, d);
    check_values(da__eval(g, "matrix_transpose(x) @ z", 3, name), 9 * 7, d, text);
    multiply(9, 12, 7, b, 7, 1, z, 1, 7, e);
    check_values(da__eval(g, "matmul(y, matrix_transpose(z))", 3, name), 9 * 12, e, text);
    multiply(12, 1, 9, a, 9, 1, b, 7, 1, v);
    check_values(da__eval(g, "x @ y[:, 0]", 3, name), 12, v, text);
    multiply(1, 7, 9, a, 0, 1, b, 7, 1, w);
    check_values(da__eval(g, "x[0] @ y", 3, name), 7, w, text);
    double *column = gathered(da__eval(g, "(x @ y)[:, 3]", 3, name), text);
    check_values(da__eval(g, "tensordot(y, x, axes=[[0], [1]])[3]", 3, name), 12, column, text);
    free(column);
    free(a);
    free(b);
    free(z);
    da__scope_pop(g);
}

static void every_map_on_every_engine_set(void **state)
{
    (void)state;
    static const da_dtype dtype[] = {DA_FLOAT64, DA_INT32, DA_FLOAT32, DA_COMPLEX128, DA_INT8};
    const int64_t shape1[2] = {12, 9}, shape2[2] = {9, 7}, shape3[2] = {12, 7};
    struct layout one, two, three;
    for (int i = 0; i < NMAPS * NMAPS; i++) {
        char first[] = {MAPS[i / NMAPS], MAPS[i % NMAPS], '\0'}, text[160];
        for (int j = 0; j < 2; j++) {
            int other = (i * 5 + j * 11) % (NMAPS * NMAPS);
            char second[] = {MAPS[other / NMAPS], MAPS[other % NMAPS], '\0'};
            layout_subset(&one, 2, shape1, first, i % 2, i % NSUBSETS);
            layout_subset(&two, 2, shape2, second, i % 2, j);
            layout_subset(&three, 2, shape3, first, i % 2, i % NSUBSETS);
            snprintf(text, sizeof text, "%s times %s", one.text, two.text);
            check_pair(&one.spec, &two.spec, &three.spec, dtype[(i + j) % 5], text);
        }
    }
}

static void batches_broadcast(void **state)
{
    (void)state;
    const int64_t shape1[4] = {3, 1, 4, 5}, shape2[3] = {2, 5, 6};
    static const char *const maps[] = {"bnnn", "nnbn", "nnnb", "bnbn", "cn3b"};
    struct layout one, two;
    for (int i = 0; i < 5; i++) {
        double *a, *b, want[3 * 2 * 4 * 6] = {0};
        da__scope_push(g);
        struct da__name name[] = {
            {"x", small(4, shape1, DA_FLOAT64, layout(&one, 4, shape1, maps[i], 0), &a)},
            {"y", small(3, shape2, DA_FLOAT64, layout(&two, 3, shape2, maps[4 - i] + 1, 0), &b)}};
        for (int k = 0; k < 6; k++)
            multiply(4, 6, 5, a + k / 2 * 20, 5, 1, b + k % 2 * 30, 6, 1, want + k * 24);
        check_values(da__eval(g, "x @ y", 2, name), 144, want, one.text);
        free(a);
        free(b);
        da__scope_pop(g);
    }
}

/* ---- what travels ---- */

static int64_t log2_above(int64_t n)
{
    int64_t k = 0;
    while ((int64_t)1 << k < n)
        k++;
    return k;
}

/* The sum of all elements, which decides little but costs nothing to know. */
static void check_sum(da_array *a, int64_t n)
{
    double *got = gathered(a, "product"), sum = 0, want = 0;
    for (int64_t i = 0; i < da__nelem(a->ndim, a->shape); i++)
        sum += got[i];
    for (int64_t k = 0; k < n; k++) {
        double column = 0, line = 0;
        for (int64_t i = 0; i < n; i++) {
            column += (double)(((i * n + k) * 7 + (i * n + k) / 5) % 11) - 4;
            line += (double)(((k * n + i) * 7 + (k * n + i) / 5) % 11) - 4;
        }
        want += column * line;
    }
    assert_true(sum == want);
    free(got);
}

/* Computes and checks x @ y, and tells what travelled. */
static struct da__counters product_traffic(const struct da__name *name, int64_t n)
{
    da_array *c = da__eval(g, "x @ y", 2, name);
    assert_sound(c, "x @ y");
    da__runtime_reset_counters(rt);
    compute(1, &c);
    struct da__counters count = counters();
    check_sum(c, n);
    return count;
}

/* On a grid of q times q each engine has each of q panels of both operands once: it gets q-1 of either, and passes on as many. */
static void panels_go_round_square_grids(void **state)
{
    (void)state;
    int q = (int)lround(sqrt(P));
    if (q * q != P)
        return;
    const int64_t n = 60 * q, shape[2] = {n, n};
    struct layout l;
    da__scope_push(g);
    layout(&l, 2, shape, "bb", 0);
    struct da__name name[] = {{"x", small(2, shape, DA_FLOAT64, &l.spec, NULL)},
                              {"y", small(2, shape, DA_FLOAT64, &l.spec, NULL)}};
    da_array *operand[] = {name[0].array, name[1].array};
    compute(2, operand);
    struct da__counters c = product_traffic(name, n);
    assert_int_equal(c.messages, P * 2 * (q - 1));
    assert_int_equal(c.message_bytes, 2 * (q - 1) * n * n * 8);
    da__scope_pop(g);
}

/* Rows times rows: the second operand goes round once. Rows times a replica: nothing. */
static void rows_need_the_other_operand_once(void **state)
{
    (void)state;
    const int64_t n = 60 * P, shape[2] = {n, n};
    struct layout l;
    da__scope_push(g);
    layout(&l, 2, shape, "bn", 0);
    struct da__name name[] = {{"x", small(2, shape, DA_FLOAT64, &l.spec, NULL)},
                              {"y", small(2, shape, DA_FLOAT64, &l.spec, NULL)}};
    const struct da__dist *everywhere;
    da_array *operand[] = {name[0].array, name[1].array};
    compute(2, operand);
    struct da__counters c = product_traffic(name, n);
    if (P < 9) {
        assert_int_equal(c.messages, P * (P - 1));
        assert_int_equal(c.message_bytes, (P - 1) * n * n * 8);
    } else /* a square grid pays, the way to it included */
        assert_true(c.message_bytes < (P - 1) * n * n * 8);
    assert_int_equal(da__dist_replicated(2, shape, P, &everywhere), DA_OK);
    name[1].array = da__make_redistribute_to(g, name[1].array, everywhere);
    da__dist_drop(everywhere);
    compute(1, &name[1].array);
    assert_int_equal(product_traffic(name, n).messages, 0);
    da__scope_pop(g);
}

/* Few elements along the sum's axis: partial sums are joined, small vectors gathered, in logarithmically many messages. */
static void sums_and_vectors_take_few_messages(void **state)
{
    (void)state;
    const int64_t tall[2] = {64 * P, 3}, square[2] = {16 * P, 16 * P}, line[1] = {16 * P};
    struct layout l;
    da__scope_push(g);
    struct da__name name[] = {
        {"x", small(2, tall, DA_FLOAT64, layout(&l, 2, tall, "bn", 0), NULL)},
        {"a", small(2, square, DA_FLOAT64, layout(&l, 2, square, "bn", 0), NULL)},
        {"v", small(1, line, DA_FLOAT64, layout(&l, 1, line, "b", 0), NULL)}};
    for (int k = 0; k < 3; k++)
        compute(1, &name[k].array);
    static const char *const text[] = {"matrix_transpose(x) @ x", "v @ v", "a @ v", "v @ a"};
    for (int k = 0; k < 4; k++) {
        da_array *c = da__eval(g, text[k], 3, name);
        assert_sound(c, text[k]);
        da__runtime_reset_counters(rt);
        compute(1, &c);
        if (counters().messages > P * (log2_above(P) + 1))
            fail_msg("%s: %lld messages between %d engines", text[k],
                     (long long)counters().messages, P);
    }
    da__scope_pop(g);
}

/* Panels of a wide operand are narrower than its parts. */
static void wide_operands_go_in_panels(void **state)
{
    (void)state;
    const int64_t m = 48 * P, k = 40 * P, n = 60000, shape1[2] = {m, k}, shape2[2] = {k, n};
    struct layout l;
    if (P > 4)
        return; /* too much to multiply for a test */
    da__scope_push(g);
    struct da__operand one[] = {
        {.array =
             da__make_full(g, 2, shape2, (struct da__scalar){.kind = DA__SCALAR_FLOAT, .re = 0.5},
                           DA_FLOAT64, layout(&l, 2, shape2, "bn", 0))},
        {.array = da__make_index(g, 0, 2, shape2, &l.spec)}};
    da_array *b = da__make_elementwise(g, DA__OP_ADD, 2, one);
    da_array *a =
        da__make_full(g, 2, shape1, (struct da__scalar){.kind = DA__SCALAR_FLOAT, .re = 2},
                      DA_FLOAT64, layout(&l, 2, shape1, "bn", 0));
    da_array *leaves[] = {da__make_redistribute(g, a, &l.spec), b};
    compute(1, &leaves[1]);
    da_array *c = da__make_matmul(g, leaves[0], leaves[1], false, false);
    da__runtime_reset_counters(rt);
    compute(1, &c);
    if (P > 1)
        assert_true(counters().messages > P * (P - 1));
    double *got = gathered(c, "wide");
    for (int64_t i = 0; i < m * n; i++)
        assert_true(got[i] == 2 * (0.5 * (double)k + (double)(k * (k - 1) / 2)));
    free(got);
    da__scope_pop(g);
}

/* ---- what is refused, and what is empty ---- */

static void refused(const char *text, da_status status, const char *why)
{
    const int64_t shape[2] = {3, 4};
    da__scope_push(g);
    struct da__name name[] = {{"x", small(2, shape, DA_FLOAT64, NULL, NULL)}};
    const struct da__error *e = da__node_error(da__eval(g, text, 1, name));
    assert_non_null(e);
    if (e->status != status || strstr(e->text, why) == NULL)
        fail_msg("%s: %s", text, e->text);
    da__scope_pop(g);
}

static void bad_calls_are_told(void **state)
{
    (void)state;
    refused("x @ x", DA_ERR_SHAPE, "shapes (3, 4) and (3, 4) do not multiply");
    refused("x @ 2", DA_ERR_SHAPE, "second operand has 0 dimensions");
    refused("x[0, 0] @ x", DA_ERR_SHAPE, "first operand has 0 dimensions");
    refused("ones((2, 3, 4)) @ ones((5, 4, 3))", DA_ERR_SHAPE, "do not broadcast");
    refused("tensordot(x, x, axes=3)", DA_ERR_ARGUMENT, "3 axes of an array of 2 dimensions");
    refused("tensordot(x, x, axes=[[0, 0], [0, 1]])", DA_ERR_ARGUMENT, "axis 0 is named twice");
    refused("tensordot(x, x, axes=[[0], [0, 1]])", DA_ERR_ARGUMENT, "two lists of as many axes");
    refused("tensordot(x, x, axes=[[2], [0]])", DA_ERR_ARGUMENT, "axis 2 is out of range");
    refused("tensordot(x, x, axes=1)", DA_ERR_SHAPE, "do not multiply");
    refused("vecdot(x, x[:, :3])", DA_ERR_SHAPE, "do not multiply");
    refused("vecdot(x, 3)", DA_ERR_ARGUMENT, "out of range");
}

static void empty_products(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t nelem;
    } row[] = {{"ones((4, 0)) @ ones((0, 3))", 12},
               {"ones((0, 3)) @ ones((3, 2))", 0},
               {"ones((2, 0, 3)) @ ones((3, 0))", 0},
               {"ones(0) @ ones(0)", 1},
               {"tensordot(ones((2, 0, 3)), ones((3, 0)), axes=[[1, 2], [1, 0]])", 2},
               {"ones((0, 2, 3)) @ ones((3, 4))", 0}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        da__scope_push(g);
        double zero[12] = {0};
        check_values(da__eval(g, row[i].text, 0, NULL), row[i].nelem, zero, row[i].text);
        da__scope_pop(g);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_map_on_every_engine_set),
    cmocka_unit_test(batches_broadcast),
    cmocka_unit_test(panels_go_round_square_grids),
    cmocka_unit_test(rows_need_the_other_operand_once),
    cmocka_unit_test(sums_and_vectors_take_few_messages),
    cmocka_unit_test(wide_operands_go_in_panels),
    cmocka_unit_test(bad_calls_are_told),
    cmocka_unit_test(empty_products),
};

ENGINE_TEST_MAIN(tests)
