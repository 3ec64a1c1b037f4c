/* Indexing by integer arrays, read and written, for every map of the array and of the indices: negative indices, repeats, broadcasts,
 * empty and 0-d index arrays, indices out of range on one engine, and what travels. */
#include <time.h>

#include "engine_test.h"

/* Sanitizers take ten times as long: every fifth combination of maps then, and a tenth of the elements. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { EVERY = 5, MANY = 100000 };
#else
enum { EVERY = 1, MANY = 1000000 };
#endif

static const int64_t shape2[2] = {10, 8};

static double X(int64_t i, int64_t j)
{
    return (double)(100 * i + j + 1);
}

/* The index arrays of all tests, by name. */
static const int64_t ROWS[] = {3, -1, 0, 9, 3, -10}, COLUMNS[] = {7, -8, 2, 2, -1, 0};
static const int64_t TABLE[] = {0, 9, -2, 4, 4, 1}, ONE[] = {-3};
static int64_t down[4 * 8], along[10 * 3];

static int64_t wrapped(int64_t i, int64_t n)
{
    return i < 0 ? i + n : i;
}
static int64_t row(int64_t k)
{
    return wrapped(ROWS[k], 10);
}
static int64_t column(int64_t k)
{
    return wrapped(COLUMNS[k], 8);
}

static double rows_at(const int64_t *i)
{
    return X(row(i[0]), i[1]);
}
static double columns_at(const int64_t *i)
{
    return X(i[0], column(i[1]));
}
static double pairs_at(const int64_t *i)
{
    return X(row(i[0]), column(i[0]));
}
static double cross_at(const int64_t *i)
{
    return X(row(i[0]), column(i[1]));
}
static double turned_at(const int64_t *i)
{
    return X(row(i[1]), column(i[0]));
}
static double table_at(const int64_t *i)
{
    return X(wrapped(TABLE[3 * i[0] + i[1]], 10), i[2]);
}
static double one_at(const int64_t *i)
{
    return X(7, i[0]);
}
static double element_at(const int64_t *i)
{
    (void)i;
    return X(7, 2);
}
static double sliced_at(const int64_t *i)
{
    return X(1 + 3 * i[0], column(i[1]));
}
static double fresh_at(const int64_t *i)
{
    return X(row(i[0]), 7 - 2 * i[2]);
}
static double pinned_at(const int64_t *i)
{
    return X(row(i[0]), 5);
}
static double apart_at(const int64_t *i)
{
    return X(row(i[0]), i[1]);
}
static double viewed_at(const int64_t *i)
{
    return X(9 - row(i[0]), 2 * i[1]) * 2;
}
static double down_at(const int64_t *i)
{
    return X(wrapped(down[8 * i[0] + i[1]], 10), i[1]);
}
static double along_at(const int64_t *i)
{
    return X(i[0], wrapped(along[3 * i[0] + i[1]], 8));
}
static double spread_at(const int64_t *i)
{
    return X(4, wrapped(along[3 * i[0] + i[1]], 8));
}

static const struct {
    const char *text;
    int ndim;
    int64_t shape[3];
    double (*value)(const int64_t *index);
} GETS[] = {
    {"x[i]", 2, {6, 8}, rows_at},
    {"x[:, j]", 2, {10, 6}, columns_at},
    {"x[i, j]", 1, {6}, pairs_at},
    {"x[i[:, None], j]", 2, {6, 6}, cross_at},
    {"x[i, j[:, None]]", 2, {6, 6}, turned_at},
    {"x[t]", 3, {2, 3, 8}, table_at},
    {"x[z]", 1, {8}, one_at},
    {"x[z, 2]", 0, {0}, element_at},
    {"x[none]", 2, {0, 8}, rows_at},
    {"x[1:9:3, j]", 2, {3, 6}, sliced_at},
    {"x[i, None, ::-2]", 3, {6, 1, 4}, fresh_at},
    {"x[i, -3]", 1, {6}, pinned_at},
    {"x[:, :, None][i, :, 0]", 2, {6, 8}, apart_at},
    {"get(x, [i], \"@0, ...\")", 2, {6, 8}, rows_at},
    {"(x[::-1, ::2] * 2)[i]", 2, {6, 4}, viewed_at},
    {"take(x, i, axis=0)", 2, {6, 8}, rows_at},
    {"take(x, astype(t, int8), axis=0)", 3, {2, 3, 8}, table_at},
    {"take(x, j, axis=-1)", 2, {10, 6}, columns_at},
    {"take_along_axis(x, down, axis=0)", 2, {4, 8}, down_at},
    {"take_along_axis(x, along)", 2, {10, 3}, along_at},
    {"take_along_axis(x[4:5], along)", 2, {10, 3}, spread_at},
};
enum { NGETS = sizeof GETS / sizeof GETS[0], NNAMES = 9 };

static da_array *indices(int ndim, const int64_t *shape, const int64_t *data, char map, int subset)
{
    struct layout l;
    char maps[] = {map, ndim == 2 && map == '3' ? 'u' : 'n', '\0'};
    return da__runtime_import(rt, data, DA_INT64, ndim, shape,
                              ndim == 0 ? NULL : layout_subset(&l, ndim, shape, maps, 0, subset));
}

static void fill_indices(void)
{
    for (int k = 0; k < 4 * 8; k++)
        down[k] = (7 * k) % 20 - 10;
    for (int k = 0; k < 10 * 3; k++)
        along[k] = (5 * k) % 16 - 8;
}

static da_array *import_x(const struct da__dist_spec *spec)
{
    double data[80];
    for (int k = 0; k < 80; k++)
        data[k] = X(k / 8, k % 8);
    return da__runtime_import(rt, data, DA_FLOAT64, 2, shape2, spec);
}

static void make_names(struct da__name *name, const struct da__dist_spec *spec, char map,
                       int subset)
{
    const int64_t six[1] = {6}, table[2] = {2, 3}, zero[1] = {0}, shape[2] = {4, 8},
                  other[2] = {10, 3};
    const struct da__name all[NNAMES] = {
        {"x", import_x(spec)},
        {"i", indices(1, six, ROWS, map, subset)},
        {"j", indices(1, six, COLUMNS, map, subset)},
        {"t", indices(2, table, TABLE, map, subset)},
        {"z", indices(0, NULL, ONE, map, subset)},
        {"none", indices(1, zero, ONE, map, 0)},
        {"down", indices(2, shape, down, map, subset)},
        {"along", indices(2, other, along, map, subset)},
        {"v", numbers(1, six, -1, -1, NULL)},
    };
    memcpy(name, all, sizeof all);
}

static void all_gets(const struct layout *l, char map, int subset)
{
    char what[200];
    struct da__name name[NNAMES];
    da_array *target[NGETS];
    da__scope_push(g);
    make_names(name, &l->spec, map, subset);
    for (int k = 0; k < NGETS; k++) {
        target[k] = da__eval(g, GETS[k].text, NNAMES, name);
        assert_sound(target[k], GETS[k].text);
    }
    compute(NGETS, target);
    for (int k = 0; k < NGETS; k++) {
        snprintf(what, sizeof what, "%s, x %s, indices %c of subset %d", GETS[k].text, l->text, map,
                 subset);
        check(target[k], GETS[k].ndim, GETS[k].shape, GETS[k].value, what);
    }
    da__scope_pop(g);
}

static void reads_by_every_map(void **state)
{
    (void)state;
    struct layout l;
    for (int k = 0; k < NMAPS * NMAPS * NMAPS; k += EVERY) {
        int a = k / NMAPS;
        char maps[] = {MAPS[a / NMAPS], MAPS[a % NMAPS], '\0'};
        layout(&l, 2, shape2, maps, a & 1);
        all_gets(&l, MAPS[k % NMAPS], 0);
    }
}

static void reads_on_subsets(void **state)
{
    (void)state;
    static const char *const maps[] = {"bn", "cu", "n3", "ib", "uc", "nn"};
    struct layout l;
    for (int a = 0; a < 6; a++)
        for (int s = 0; s < NSUBSETS; s++)
            for (int t = 0; t < NSUBSETS; t++) {
                layout_subset(&l, 2, shape2, maps[a], 0, s);
                all_gets(&l, MAPS[(a + s) % NMAPS], t);
            }
}

/* A base that is a view of an array under every map, and copies of it that a reduction leaves. */
static void reads_of_views_and_copies(void **state)
{
    (void)state;
    struct layout l;
    const int64_t six[1] = {6};
    for (int a = 0; a < NMAPS * NMAPS; a++) {
        char maps[] = {MAPS[a / NMAPS], MAPS[a % NMAPS], '\0'};
        struct da__name name[NNAMES];
        da__scope_push(g);
        layout(&l, 2, shape2, maps, a & 1);
        make_names(name, &l.spec, MAPS[a % NMAPS], 0);
        da_array *rows = da__eval(g, "sum(x, axis=1)[i] - 28 - 8 * (100 * i + 1)", NNAMES, name);
        da_array *columns = da__eval(g, "x[1:9:2, ::-1][:, j][0] + j - 100 - 8", NNAMES, name);
        double *got = gathered(rows, l.text);
        for (int k = 0; k < 6; k++)
            assert_true(got[k] == (ROWS[k] < 0 ? 8000 : 0));
        free(got);
        got = gathered(columns, l.text);
        for (int k = 0; k < 6; k++)
            assert_true(got[k] == (COLUMNS[k] < 0 ? -8 : 0));
        free(got);
        assert_int_equal(rows->shape[0], six[0]);
        da__scope_pop(g);
    }
}

/* ---- writing ------------------------------------------------------------------------------------ */

/* What x holds after an update, found without the library. */
static double after[80];

static void reset_after(void)
{
    for (int k = 0; k < 80; k++)
        after[k] = X(k / 8, k % 8);
}
static double after_at(const int64_t *i)
{
    return after[8 * i[0] + i[1]];
}
static void put_rows(void)
{
    for (int k = 0; k < 6; k++)
        for (int j = 0; j < 8; j++)
            after[8 * row(k) + j] = -1 - k;
}
static void put_pairs(void)
{
    for (int k = 0; k < 6; k++)
        after[8 * row(k) + column(k)] = -1 - k;
}
static void put_cross(void)
{
    for (int k = 0; k < 6; k++)
        for (int j = 0; j < 6; j++)
            after[8 * row(k) + column(j)] = -1 - j;
}
static void put_columns(void)
{
    for (int k = 0; k < 6; k++)
        for (int i = 0; i < 10; i++)
            after[8 * i + column(k)] = -1 - k;
}
static void put_half_columns(void)
{
    for (int k = 0; k < 6; k++)
        for (int i = 0; i < 5; i++)
            after[8 * (9 - 2 * i) + column(k)] = -1 - k;
}
static void put_seven(void)
{
    for (int k = 0; k < 6; k++)
        after[8 * wrapped(TABLE[k], 10) + 3] = 7;
}
static void put_range(void)
{
    for (int k = 0; k < 6; k++)
        for (int j = 0; j < 8; j++)
            after[8 * wrapped(TABLE[k], 10) + j] = k;
}
static void put_nothing(void)
{
}
static void put_slice(void)
{
    for (int i = 1; i < 10; i += 2)
        for (int j = 0; j < 6; j++)
            after[8 * i + j] = -1 - j;
}

static const struct {
    const char *text;
    void (*put)(void);
} PUTS[] = {
    {"put(x, v[:, None], [i], \"@0\")", put_rows},
    {"put(x, v, [i, j], \"@0, @1\")", put_pairs},
    {"put(x, v, [i[:, None], j], \"@0, @1\")", put_cross},
    {"put(x, v, [j], \":, @0\")", put_columns},
    {"put(x, v, [j], \"::-2, @0\")", put_half_columns},
    {"put(x, 7, [t], \"@0, 3\")", put_seven},
    {"put(x, arange(6)[:, None], [reshaped], \"@0\")", put_range},
    {"put(x, 3.5, [none], \"@0\")", put_nothing},
    {"put(x, v[None], [], \"1::2, :6\")", put_slice},
};
enum { NPUTS = sizeof PUTS / sizeof PUTS[0] };

static void all_puts(const struct layout *l, char map, int subset)
{
    char what[200];
    struct da__name name[NNAMES + 1];
    da_array *target[NPUTS];
    const int64_t six[1] = {6};
    struct layout own;
    da__scope_push(g);
    make_names(name, &l->spec, map, subset);
    name[8].array = numbers(1, six, -1, -1, layout(&own, 1, six, map == 'n' ? "u" : "c", 0));
    name[9] = (struct da__name){"reshaped", indices(1, six, TABLE, map, subset)};
    for (int k = 0; k < NPUTS; k++) {
        target[k] = da__eval(g, PUTS[k].text, NNAMES + 1, name);
        assert_sound(target[k], PUTS[k].text);
    }
    compute(NPUTS, target);
    for (int k = 0; k < NPUTS; k++) {
        snprintf(what, sizeof what, "%s, x %s, indices %c of subset %d", PUTS[k].text, l->text, map,
                 subset);
        reset_after();
        PUTS[k].put();
        check(target[k], 2, shape2, after_at, what);
    }
    reset_after();
    check(name[0].array, 2, shape2, after_at, "x itself");
    da__scope_pop(g);
}

static void writes_by_every_map(void **state)
{
    (void)state;
    struct layout l;
    for (int k = 0; k < NMAPS * NMAPS * NMAPS; k += EVERY) {
        int a = k / NMAPS;
        char maps[] = {MAPS[a / NMAPS], MAPS[a % NMAPS], '\0'};
        layout(&l, 2, shape2, maps, a & 1);
        all_puts(&l, MAPS[k % NMAPS], 0);
    }
}

static void writes_on_subsets(void **state)
{
    (void)state;
    static const char *const maps[] = {"bn", "cu", "n3", "ib", "uc", "nn"};
    struct layout l;
    for (int a = 0; a < 6; a++)
        for (int s = 0; s < NSUBSETS; s++)
            for (int t = 0; t < NSUBSETS; t++) {
                layout_subset(&l, 2, shape2, maps[a], 0, s);
                all_puts(&l, MAPS[(a + t) % NMAPS], t);
            }
}

/* All copies of a base get the values: sum(x, axis=0) lies on the engines of the reduced grid dimension too. */
static void writes_to_all_copies(void **state)
{
    (void)state;
    struct layout l;
    for (int a = 0; a < NMAPS * NMAPS; a++) {
        char maps[] = {MAPS[a / NMAPS], MAPS[a % NMAPS], '\0'};
        struct da__name name[NNAMES];
        da__scope_push(g);
        layout(&l, 2, shape2, maps, a & 1);
        make_names(name, &l.spec, MAPS[a / NMAPS], 0);
        /* The updated row is read next to every row of x: each engine reads the copy that it has. */
        da_array *y = da__eval(g, "x * 0 + put(sum(x, axis=0), v, [j], \"@0\")", NNAMES, name);
        double *got = gathered(y, l.text);
        for (int i = 0; i < 10; i++)
            for (int j = 0; j < 8; j++) {
                double wanted = 4500 + 10 * (j + 1);
                for (int k = 0; k < 6; k++)
                    wanted = column(k) == j ? -1 - k : wanted;
                if (got[8 * i + j] != wanted)
                    fail_msg("%s: element %d, %d is %g, not %g", l.text, i, j, got[8 * i + j],
                             wanted);
            }
        free(got);
        da__scope_pop(g);
    }
}

/* ---- what is refused, and what goes wrong on an engine ------------------------------------------- */

static void out_of_bounds(void **state)
{
    (void)state;
    static const char *const text[] = {"x[i]", "x[:, i]", "put(x, 1, [i], \"@0\")",
                                       "take_along_axis(x, i[:, None] + zeros((1, 8), int64), 0)"};
    static const int64_t wrong[] = {12, -11, 10};
    struct layout l;
    for (int w = 0; w < 12; w++)
        for (int m = 0; m < NMAPS; m++) {
            int64_t data[10] = {0};
            const int64_t ten[1] = {10};
            struct da__error err = {.engine = -1};
            char maps[] = {MAPS[m], MAPS[w % NMAPS], '\0'}, wanted[100];
            data[(5 * m + w) % 10] = wrong[w / 4];
            snprintf(wanted, sizeof wanted, "index %lld is out of bounds for axis %d with size %d",
                     (long long)wrong[w / 4], w % 4 == 1, w % 4 == 1 ? 8 : 10);
            da__scope_push(g);
            struct da__name name[] = {{"x", import_x(layout(&l, 2, shape2, maps, 0))},
                                      {"i", indices(1, ten, data, MAPS[m], 0)}};
            da_array *a = da__eval(g, text[w % 4], 2, name);
            assert_sound(a, text[w % 4]);
            da_status status = da__runtime_compute(rt, 1, &a, &err);
            if (status != DA_ERR_INDEX || strstr(err.text, wanted) == NULL)
                fail_msg("%s: \"%s\" instead of \"%s\"", text[w % 4], err.text, wanted);
            data[(5 * m + w) % 10] = 1;
            reset_after();
            check(name[0].array, 2, shape2, after_at, "x after a failed run");
            da__scope_pop(g);
        }
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"x[x]", "is float64, not of integers"},
        {"x[x > 1]", "is bool"},
        {"x[i, j[:4]]", "do not broadcast"},
        {"x[i, j, i]", "too many indices"},
        {"x[..., i, ...]", "only one ellipsis"},
        {"take(x, i)", "axis is missing"},
        {"take(x, i, axis=2)", "out of range"},
        {"take_along_axis(x, i, axis=0)", "1 dimensions"},
        {"get(x, [i], \"@1\")", "does not name"},
        {"get(x, [i], \"@0, @1\")", "index array 1 is named"},
        {"put(x, v[:5], [i, j], \"@0, @1\")", "does not broadcast to (6,)"},
        {"x[\"@0\"]", "index"},
        {"slice(x, \"@0\")", ""},
    };
    struct da__name name[NNAMES];
    struct layout l;
    da__scope_push(g);
    make_names(name, layout(&l, 2, shape2, "bn", 0), 'b', 0);
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
        const struct da__error *e = da__node_error(da__eval(g, bad[k].text, NNAMES, name));
        if (e == NULL)
            fail_msg("%s is taken", bad[k].text);
        if (strstr(e->text, bad[k].why) == NULL)
            fail_msg("%s: \"%s\" does not say \"%s\"", bad[k].text, e->text, bad[k].why);
    }
    da__scope_pop(g);
}

/* ---- what travels --------------------------------------------------------------------------------- */

static void rows_are_asked_for_once(void **state)
{
    (void)state;
    enum { N = 40, M = 1000, K = 30 };
    const int64_t shape[2] = {N, M}, some[1] = {K};
    static const char *const maps[] = {"bn", "cn", "un", "bc", "ib"};
    int64_t data[K];
    struct layout l;
    for (int k = 0; k < K; k++)
        data[k] = (11 * k) % N;
    for (int a = 0; a < 5; a++) {
        da__scope_push(g);
        da_array *x = numbers(2, shape, 0, 1, layout(&l, 2, shape, maps[a], 0));
        da_array *i = da__runtime_import(rt, data, DA_INT64, 1, some, NULL);
        da_array *ready[] = {x, i};
        compute(2, ready);
        da_array *y = da__make_take(g, x, i, 0);
        da__runtime_reset_counters(rt);
        compute(1, &y);
        struct da__counters c = counters();
        /* A question of 8 bytes per row and owner of a piece of it, the rows themselves, and who writes to whom. */
        int64_t most = (int64_t)K * M * 8 + (int64_t)K * 8 * P + 200 * (int64_t)P * P;
        if (P == 1 ? c.messages != 0 : c.message_bytes > most || c.messages > 4 * P * (P + 3))
            fail_msg("%s: %lld messages, %lld bytes", maps[a], (long long)c.messages,
                     (long long)c.message_bytes);
        double *got = gathered(y, maps[a]);
        for (int64_t k = 0; k < (int64_t)K * M; k++)
            assert_true(got[k] == (double)(data[k / M] * M + k % M));
        free(got);
        da__scope_pop(g);
    }
}

/* Indices into whole axes of a split array, and arrays that everybody has: no message. */
static void what_is_here_is_read_here(void **state)
{
    (void)state;
    const int64_t shape[2] = {40, 50};
    int64_t data[40 * 3];
    struct layout l, m;
    for (int k = 0; k < 40 * 3; k++)
        data[k] = (7 * k) % 100 - 50;
    for (int a = 1; a < NMAPS; a++) {
        char maps[] = {MAPS[a], 'n', '\0'};
        const int64_t narrow[2] = {40, 3};
        da__scope_push(g);
        layout(&l, 2, shape, maps, 0);
        layout(&m, 2, narrow, maps, 0);
        da_array *x = numbers(2, shape, 0, 1, &l.spec), *y = numbers(2, shape, 0, 1, NULL);
        da_array *i = da__runtime_import(rt, data, DA_INT64, 2, narrow, &m.spec);
        y = da__make_redistribute(g, y, layout(&l, 2, shape, "nn", 0));
        da_array *ready[] = {x, i, y};
        compute(3, ready);
        da_array *local = da__make_take_along_axis(g, x, i, 1);
        compute(1, &local);
        da__runtime_reset_counters(rt);
        da_array *again = da__make_take_along_axis(g, x, i, 1);
        compute(1, &again);
        assert_int_equal(counters().messages, 0);
        double *got = gathered(again, maps);
        for (int k = 0; k < 40 * 3; k++)
            assert_true(got[k] == (double)(k / 3 * 50 + wrapped(data[k], 50)));
        free(got);
        da__scope_pop(g);
    }
}

/* ---- size ----------------------------------------------------------------------------------------- */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void a_million_indices(void **state)
{
    (void)state;
    enum { N = MANY };
    const int64_t shape[1] = {N};
    int64_t *data = malloc(N * sizeof *data);
    uint64_t bits = 1;
    for (int64_t k = 0; k < N; k++) {
        bits = bits * 6364136223846793005u + 1442695040888963407u;
        data[k] = (int64_t)(bits >> 33) % N;
    }
    for (int m = 0; m < 2; m++) {
        struct layout l;
        da__scope_push(g);
        const struct da__dist_spec *spec = layout(&l, 1, shape, m == 0 ? "b" : "c", 0);
        da_array *x = numbers(1, shape, 0, 1, spec);
        da_array *i = da__runtime_import(rt, data, DA_INT64, 1, shape, spec);
        da_array *ready[] = {x, i};
        compute(2, ready);
        double begin = now();
        da_array *y = da__make_take(g, x, i, 0);
        compute(1, &y);
        double taken = now();
        struct da__operand value = {.array = y};
        const struct da__index_item item = {.kind = DA__INDEX_ARRAY};
        da_array *z = da__make_put(g, x, &value, 1, &item, 1, &i);
        compute(1, &z);
        print_message("%d engines, %s: 10^%d taken in %.0f ms, put in %.0f ms\n", P, l.text,
                      N == 1000000 ? 6 : 5, 1e3 * (taken - begin), 1e3 * (now() - taken));
        double *got = gathered(y, "take"), *same = gathered(z, "put");
        for (int64_t k = 0; k < N; k++)
            assert_true(got[k] == (double)data[k] && same[k] == (double)k);
        free(got);
        free(same);
        da__scope_pop(g);
    }
    free(data);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(reads_by_every_map),
    cmocka_unit_test(reads_on_subsets),
    cmocka_unit_test(reads_of_views_and_copies),
    cmocka_unit_test(writes_by_every_map),
    cmocka_unit_test(writes_on_subsets),
    cmocka_unit_test(writes_to_all_copies),
    cmocka_unit_test(out_of_bounds),
    cmocka_unit_test(refused),
    cmocka_unit_test(rows_are_asked_for_once),
    cmocka_unit_test(what_is_here_is_read_here),
    cmocka_unit_test(a_million_indices),
};

int main(int argc, char **argv)
{
    int code;
    if (!engines_open(argc, argv, &code))
        return code;
    fill_indices();
    return engines_close(cmocka_run_group_tests(tests, NULL, NULL));
}
