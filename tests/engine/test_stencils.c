/* Stencils in every order of their operands: whichever is written first, an engine sends each neighbour one message a step, with
 * no more than the halo in it. */
#include "engine_test.h"

enum { POINTS = 9, MOST_TEXT = 1024 };

static int grid[2]; /* P engines, as square as may be */
static int64_t extent[2];

static int prepare(void **state)
{
    (void)state;
    for (grid[0] = (int)sqrt(P); P % grid[0] != 0; grid[0]--)
        continue;
    grid[1] = P / grid[0];
    return 0;
}

static void set_extent(int64_t rows, int64_t columns)
{
    extent[0] = rows;
    extent[1] = columns;
}

/* ---- the stencils ---- */

static const int at[POINTS][2] = {{0, 0},   {-1, 0}, {1, 0},  {0, -1}, {0, 1},
                                  {-1, -1}, {-1, 1}, {1, -1}, {1, 1}};
static const int weight[POINTS] = {4, 1, 2, 3, 5, 7, 6, 9, 8};
static const char *const part[3] = {":-2", "1:-1", "2:"};

/* Ways of writing a sum of n terms, which change what is added to what. */
enum form { LEFT, RIGHT, PAIRS, NFORMS };

static void write_sum(int n, const int *order, enum form form, bool rolls, char *out)
{
    char *s = out, *end = out + MOST_TEXT;
    for (int k = 0; k < n; k++) {
        const int *o = at[order[k]];
        bool opens = form == RIGHT ? k < n - 1 : form == PAIRS && k % 2 == 0 && k < n - 1;
        bool closes = form == PAIRS && k % 2 == 1;
        s += snprintf(s, (size_t)(end - s), "%s%s", k > 0 ? " + " : "", opens ? "(" : "");
        if (rolls)
            s += snprintf(s, (size_t)(end - s), "roll(u, [%d, %d], axis=[0, 1])", -o[0], -o[1]);
        else
            s += snprintf(s, (size_t)(end - s), "u[%s, %s]", part[o[0] + 1], part[o[1] + 1]);
        s += snprintf(s, (size_t)(end - s), " * %d%s", weight[order[k]], closes ? ")" : "");
    }
    for (int k = 0; form == RIGHT && k < n - 1; k++)
        s += snprintf(s, (size_t)(end - s), ")");
    assert_true(s < end);
}

/* The same in plain C, around the ends too: the inside is right for both. */
static void stencil_data(int n, const double *u, double *out)
{
    int64_t rows = extent[0], columns = extent[1];
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) {
            double sum = 0;
            for (int k = 0; k < n; k++)
                sum +=
                    weight[k] *
                    u[(i + at[k][0] + rows) % rows * columns + (j + at[k][1] + columns) % columns];
            out[i * columns + j] = sum;
        }
}

static int64_t neighbours(int n)
{
    int64_t p = grid[0], q = grid[1];
    return 2 * (p * (q - 1) + q * (p - 1)) + (n == POINTS ? 4 * (p - 1) * (q - 1) : 0);
}

static int64_t halo_nbytes(void)
{
    int64_t rows = da__ceil_div(extent[0], grid[0]), columns = da__ceil_div(extent[1], grid[1]);
    return 8 * (rows > columns ? rows : columns);
}

/* ---- checks ---- */

static da_array *field(double *data)
{
    static const struct da__map_spec map[2] = {{.kind = 'b'}, {.kind = 'b'}};
    struct da__dist_spec spec = {.nmaps = 2, .map = map, .ngrid = 2, .grid = grid};
    for (int64_t i = 0; i < extent[0] * extent[1]; i++)
        data[i] = (double)(i * 7919 % 1009);
    da_array *u = da__runtime_import(rt, data, DA_FLOAT64, 2, extent, &spec);
    compute(1, &u);
    da__runtime_reset_counters(rt);
    return u;
}

static void check_messages(int64_t most, const char *text)
{
    struct da__counters c = counters();
    if (c.messages != most)
        fail_msg("%s, grid %d x %d: %lld messages, not %lld", text, grid[0], grid[1],
                 (long long)c.messages, (long long)most);
    if (c.largest_message > halo_nbytes())
        fail_msg("%s, grid %d x %d: a message of %lld bytes is more than the halo", text, grid[0],
                 grid[1], (long long)c.largest_message);
}

/* `margin` rows and columns at each end are left out of `a`, or are u's own. */
static void check_values(da_array *a, int margin, const double *inside, const double *outside,
                         const char *text)
{
    double *got = gathered(a, text);
    int64_t columns = a->shape[1];
    int64_t shift = outside != NULL ? 0 : margin;
    for (int64_t i = 0; i < a->shape[0]; i++)
        for (int64_t j = 0; j < columns; j++) {
            int64_t r = i + shift, c = j + shift, k = r * extent[1] + c;
            bool in =
                r >= margin && c >= margin && r < extent[0] - margin && c < extent[1] - margin;
            double want = in ? inside[k] : outside[k];
            if (got[i * columns + j] != want)
                fail_msg("%s: element (%lld, %lld) is %g, not %g", text, (long long)i, (long long)j,
                         got[i * columns + j], want);
        }
    free(got);
}

static da_array *assigned(da_array *u, da_array *inside)
{
    struct da__view v;
    da__view_identity(2, &v);
    v.offset[0] = v.offset[1] = 1;
    da_array *a = da__make_assign(g, "stencil", u, inside, &v, 2, inside->shape);
    assert_sound(a, "assigned");
    return a;
}

/* One step in each of the ways in which a program can take it. */
static void check_step(int n, const char *text)
{
    int64_t nelem = extent[0] * extent[1];
    double *data = malloc((size_t)nelem * sizeof *data),
           *want = malloc((size_t)nelem * sizeof *want);
    da__scope_push(g);
    da_array *u = field(data);
    struct da__name name[] = {{"u", u}};
    stencil_data(n, data, want);

    da_array *bare = da__eval(g, text, 1, name);
    assert_sound(bare, text);
    compute(1, &bare);
    check_messages(neighbours(n), text);
    check_values(bare, 1, want, NULL, text);

    da__runtime_reset_counters(rt);
    da_array *later = assigned(u, bare); /* a step that was computed before */
    compute(1, &later);
    check_messages(0, text);
    check_values(later, 1, want, data, text);

    da__runtime_reset_counters(rt);
    da_array *whole = assigned(u, da__eval(g, text, 1, name));
    compute(1, &whole);
    check_messages(neighbours(n), text);
    check_values(whole, 1, want, data, text);
    da__scope_pop(g);
    free(data);
    free(want);
}

/* The k-th order of n operands: rotations first, then some that look like none. */
static void make_order(int n, int k, int *order)
{
    for (int i = 0; i < n; i++)
        order[i] = (i + k) % n;
    unsigned state = (unsigned)k * 2654435761u;
    for (int i = n - 1; i > 0 && k >= n; i--) {
        state = state * 1664525u + 1013904223u;
        int j = (int)((state >> 16) % (unsigned)(i + 1)), other = order[i];
        order[i] = order[j];
        order[j] = other;
    }
}

static void check_orders(int n)
{
    enum { ORDERS = 24 };
    char text[MOST_TEXT];
    int order[POINTS];
    set_extent(6 * grid[0] + 3, 7 * grid[1] + 2);
    for (int k = 0; k < n + ORDERS; k++)
        for (int form = 0; form < NFORMS; form++) {
            make_order(n, k, order);
            write_sum(n, order, (enum form)form, false, text);
            check_step(n, text);
        }
}

static void five_points_in_any_order(void **state)
{
    (void)state;
    check_orders(5);
}

static void nine_points_in_any_order(void **state)
{
    (void)state;
    check_orders(POINTS);
}

/* Ten steps of one program: ten times the messages of one. */
static void ten_steps_send_ten_times_that(void **state)
{
    (void)state;
    char text[MOST_TEXT];
    int order[POINTS];
    set_extent(5 * grid[0] + 2, 6 * grid[1] + 3);
    double *data = malloc((size_t)(extent[0] * extent[1]) * sizeof *data);
    for (int n = 5; n <= POINTS; n += POINTS - 5)
        for (int k = 0; k < 2 * n; k++) {
            make_order(n, k, order);
            write_sum(n, order, (enum form)(k % NFORMS), false, text);
            da__scope_push(g);
            da_array *u = field(data);
            for (int i = 0; i < 10; i++) {
                struct da__name name[] = {{"u", u}};
                u = assigned(u, da__eval(g, text, 1, name));
            }
            compute(1, &u);
            assert_int_equal(counters().runs, 1);
            check_messages(10 * neighbours(n), text);
            da__scope_pop(g);
        }
    free(data);
}

/* Round a torus: two neighbours along an axis, where it has as many other coordinates. */
static int64_t around(int parts)
{
    return parts < 3 ? parts - 1 : 2;
}

static void rolls_in_any_order(void **state)
{
    (void)state;
    char text[MOST_TEXT];
    int order[POINTS];
    set_extent(5 * grid[0] + 2, 4 * grid[1] + 3);
    double *data = malloc((size_t)(extent[0] * extent[1]) * sizeof *data),
           *want = malloc((size_t)(extent[0] * extent[1]) * sizeof *want);
    int64_t p = around(grid[0]), q = around(grid[1]);
    for (int n = 5; n <= POINTS; n += POINTS - 5)
        for (int k = 0; k < 2 * n; k++) {
            make_order(n, k, order);
            write_sum(n, order, (enum form)(k % NFORMS), true, text);
            da__scope_push(g);
            struct da__name name[] = {{"u", field(data)}};
            da_array *a = da__eval(g, text, 1, name);
            stencil_data(n, data, want);
            assert_sound(a, text);
            compute(1, &a);
            int64_t most = P * (n == POINTS ? (1 + p) * (1 + q) - 1 : p + q);
            struct da__counters c = counters();
            if (c.messages != most || c.largest_message > 2 * halo_nbytes())
                fail_msg("%s, grid %d x %d: %lld messages, not %lld; the largest has %lld bytes",
                         text, grid[0], grid[1], (long long)c.messages, (long long)most,
                         (long long)c.largest_message);
            check_values(a, 0, want, NULL, text);
            da__scope_pop(g);
        }
    free(data);
    free(want);
}

/* ---- other templates ---- */

static int64_t messages_of(const char *text, const struct da__dist_spec *spec, int64_t nelem)
{
    const int64_t shape[1] = {nelem};
    da__scope_push(g);
    da_array *x = numbers(1, shape, 1, 1, spec);
    compute(1, &x);
    da__runtime_reset_counters(rt);
    struct da__name name[] = {{"x", x}};
    da_array *a = da__eval(g, text, 1, name);
    assert_sound(a, text);
    compute(1, &a);
    int64_t messages = counters().messages;
    double *got = gathered(a, text);
    for (int64_t i = 0; i < a->shape[0]; i++)
        assert_true(got[i] == 2 || got[i] == -2);
    free(got);
    da__scope_pop(g);
    return messages;
}

/* A difference over two places needs one halo element on each side, not two on one. */
static void padding_reaches_to_both_sides(void **state)
{
    (void)state;
    const struct da__map_spec plain = {.kind = 'b'}, padded = {.kind = 'b', .padding = {1, 1}};
    struct da__dist_spec spec = {.nmaps = 1, .map = &padded};
    assert_int_equal(messages_of("x[2:] - x[:-2]", &spec, 8 * P + 3), 0);
    assert_int_equal(messages_of("x[:-2] - x[2:]", &spec, 8 * P + 3), 0);
    assert_int_equal(
        messages_of("x[2:]*2 - x[1:-1] - x[:-2] + x[1:-1]*0 + x[1:-1] - x[2:]", &spec, 8 * P + 3),
        0);
    spec.map = &plain;
    assert_int_equal(messages_of("x[2:] - x[:-2]", &spec, 8 * P + 3), 2 * (P - 1));
}

/* Views that are further apart than an engine's elements have no middle: the result stays with the first. */
static void far_views_stay_apart(void **state)
{
    (void)state;
    const int64_t shape[1] = {40};
    const struct da__map_spec cyclic = {.kind = 'c', .block = 1};
    struct da__dist_spec spec = {.nmaps = 1, .map = &cyclic};
    da__scope_push(g);
    struct da__name name[] = {{"x", numbers(1, shape, 1, 1, &spec)}};
    da_array *a = da__eval(g, "x[2:] - x[:-2]", 1, name);
    da_array *first = da__eval(g, "x[2:]", 1, name);
    assert_true(da__dist_equal(a->dist, first->dist));
    da_array *pair = da__eval(g, "x[1:] - x[:-1]", 1, name);
    da_array *left = da__eval(g, "x[1:]", 1, name);
    assert_true(da__dist_equal(pair->dist, left->dist));
    da__scope_pop(g);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(five_points_in_any_order, prepare),
    cmocka_unit_test_setup(nine_points_in_any_order, prepare),
    cmocka_unit_test_setup(ten_steps_send_ten_times_that, prepare),
    cmocka_unit_test_setup(rolls_in_any_order, prepare),
    cmocka_unit_test(padding_reaches_to_both_sides),
    cmocka_unit_test(far_views_stay_apart),
};
ENGINE_TEST_MAIN(tests)
