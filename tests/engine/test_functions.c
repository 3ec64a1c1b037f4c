/* Functions of the program's own: elementwise and reductions on every distribution, on local parts with messages between engines, and
 * what happens where one of them fails. */
#include "engine_test.h"

#include <distarray/functions.h>

/* ---- the functions ---- */

static void mix(int64_t n, void *out, const void *const *in, const int64_t *step, const void *data)
{
    const double *x = in[0], *y = in[1], *factor = data;
    double *z = out;
    for (int64_t i = 0; i < n; i++)
        z[i] = *factor * x[i * step[0]] + y[i * step[1]];
}

static void choose(int64_t n, void *out, const void *const *in, const int64_t *step,
                   const void *data)
{
    const uint8_t *condition = in[0];
    const int16_t *x = in[1];
    const float *y = in[2];
    double *z = out;
    (void)data;
    for (int64_t i = 0; i < n; i++)
        z[i] = condition[i * step[0]] ? x[i * step[1]] : (double)y[i * step[2]];
}

static void is_odd(int64_t n, void *out, const void *const *in, const int64_t *step,
                   const void *data)
{
    const int64_t *x = in[0];
    uint8_t *z = out;
    (void)data;
    for (int64_t i = 0; i < n; i++)
        z[i] = x[i * step[0]] % 2 != 0;
}

/* The largest minus the smallest element, times a factor; -1 of nothing. */
struct range {
    double low, high;
    int64_t n;
};

static void range_identity(void *state, const void *data)
{
    (void)data;
    *(struct range *)state = (struct range){INFINITY, -INFINITY, 0};
}

static void range_accumulate(void *state, int64_t n, const void *x, int64_t step, const void *data)
{
    struct range *s = state;
    const double *v = x;
    (void)data;
    for (int64_t i = 0; i < n; i++) {
        s->low = fmin(s->low, v[i * step]);
        s->high = fmax(s->high, v[i * step]);
    }
    s->n += n;
}

static void range_combine(void *state, const void *other, const void *data)
{
    struct range *s = state;
    const struct range *o = other;
    (void)data;
    s->low = fmin(s->low, o->low);
    s->high = fmax(s->high, o->high);
    s->n += o->n;
}

/* Range and count in one number, so that nothing is counted twice. */
static void range_finish(const void *state, void *out, const void *data)
{
    const struct range *s = state;
    (void)data;
    *(double *)out = s->n > 0 ? (s->high - s->low) * 1e6 + (double)s->n : -1;
}

static bool next_position(const da_part *x, int64_t *at)
{
    for (int k = da_part_ndim(x) - 1; k >= 0; k--) {
        if (++at[k] < da_part_shape(x)[k])
            return true;
        at[k] = 0;
    }
    return false;
}

static double *element(const da_part *x, const int64_t *at)
{
    char *p = da_part_data(x);
    for (int k = 0; k < da_part_ndim(x); k++)
        p += at[k] * da_part_strides(x)[k];
    return (double *)(void *)p;
}

/* 'w': the C-order flat index of every element, from the positions and back. */
static da_status number(da_engine *e, int n, const da_part *const *part, const void *data,
                        size_t nbytes)
{
    const da_part *x = part[0];
    int64_t at[DA_MAX_NDIM] = {0};
    (void)n, (void)data, (void)nbytes;
    if (da_part_size(x) == 0)
        return da_part_data(x) == NULL ? DA_OK : da_engine_fail(e, DA_ERR_INTERNAL, "data");
    do {
        int64_t flat = 0;
        for (int k = 0; k < da_part_ndim(x); k++) {
            int64_t index = da_part_index(x, k, at[k]);
            if (da_part_position(x, k, index) != at[k])
                return da_engine_fail(e, DA_ERR_INTERNAL, "positions");
            flat = flat * da_part_global_shape(x)[k] + index;
        }
        if (*element(x, at) != 0)
            return da_engine_fail(e, DA_ERR_INTERNAL, "not zeros");
        *element(x, at) = (double)flat;
    } while (next_position(x, at));
    return DA_OK;
}

/* The runs along each axis are the positions' indices in order. */
static da_status check_runs(da_engine *e, int n, const da_part *const *part, const void *data,
                            size_t nbytes)
{
    (void)n, (void)data, (void)nbytes;
    for (int axis = 0; axis < da_part_ndim(part[0]); axis++) {
        int64_t at = 0;
        for (int k = 0; k < da_part_nruns(part[0], axis); k++) {
            da_index_run run = da_part_run(part[0], axis, k);
            for (int64_t r = 0; r < run.reps; r++)
                for (int64_t i = 0; i < run.count; i++, at++)
                    if (run.start + r * run.stride + i * run.step !=
                        da_part_index(part[0], axis, at))
                        return da_engine_fail(e, DA_ERR_INTERNAL, "a run");
        }
        if (at != da_part_shape(part[0])[axis])
            return da_engine_fail(e, DA_ERR_INTERNAL, "the runs' length");
    }
    return DA_OK;
}

/* 'r', 'u', 'w': y := y + factor x, z := x y; all of one layout. */
static da_status step_both(da_engine *e, int n, const da_part *const *part, const void *data,
                           size_t nbytes)
{
    double factor;
    (void)n;
    if (nbytes != sizeof factor)
        return da_engine_fail(e, DA_ERR_ARGUMENT, "the data");
    memcpy(&factor, data, sizeof factor);
    const double *x = da_part_data(part[0]);
    double *y = da_part_data(part[1]), *z = da_part_data(part[2]);
    for (int64_t i = 0; i < da_part_size(part[1]); i++) {
        z[i] = x[i] * y[i];
        y[i] += factor * x[i];
    }
    return DA_OK;
}

/* Every element becomes the mean of its neighbours along a block axis, by hand. */
static da_status smooth(da_engine *e, int nparts, const da_part *const *part, const void *data,
                        size_t nbytes)
{
    double *x = da_part_data(part[0]), left = 0, right = 0, before = 0;
    int64_t n = da_part_size(part[0]);
    int lower = da_part_neighbour(part[0], 0, -1), upper = da_part_neighbour(part[0], 0, 1);
    (void)nparts, (void)data, (void)nbytes;
    da_status status =
        da_engine_exchange(e, upper, &x[n - 1], sizeof *x, lower, &left, sizeof left);
    if (status == DA_OK)
        status = da_engine_exchange(e, lower, &x[0], sizeof *x, upper, &right, sizeof right);
    if (status != DA_OK)
        return status;
    for (int64_t i = 0; i < n; i++) {
        double old = x[i];
        x[i] = ((i > 0 ? before : left) + (i < n - 1 ? x[i + 1] : right)) / 2;
        before = old;
    }
    return DA_OK;
}

/* Ranks in order, told by joins; big messages go around the ring, and to oneself. */
struct chain {
    int64_t first, last, good;
};

static void link_chains(void *state, const void *other, const void *data)
{
    struct chain *s = state;
    const struct chain *o = other;
    (void)data;
    s->good = s->good && o->good && o->first == s->last + 1;
    s->last = o->last;
}

enum { LONG = 300000 };

static da_status around(da_engine *e, int n, const da_part *const *part, const void *data,
                        size_t nbytes)
{
    int rank = da_engine_rank(e), count = da_engine_count(e);
    struct chain chain = {rank, rank, 1};
    double sums[2] = {1, rank};
    double *out = calloc(LONG, sizeof *out), *in = calloc(LONG, sizeof *in);
    (void)n, (void)part, (void)data, (void)nbytes;
    for (int64_t i = 0; i < LONG; i++)
        out[i] = rank * 1e6 + (double)i;
    int from = (rank + count - 1) % count;
    da_status status = da_engine_exchange(e, (rank + 1) % count, out, LONG * sizeof *out, from, in,
                                          LONG * sizeof *in);
    for (int64_t i = 0; i < LONG && status == DA_OK; i++)
        if (in[i] != from * 1e6 + (double)i)
            status = da_engine_fail(e, DA_ERR_INTERNAL, "an element on its way");
    free(out);
    free(in);
    if (status == DA_OK)
        status = da_engine_exchange(e, rank, NULL, 0, rank, NULL, 0);
    if (status == DA_OK)
        status = da_engine_combine(e, &chain, sizeof chain, link_chains, NULL);
    if (status == DA_OK)
        status = da_engine_sum(e, 2, sums);
    if (status == DA_OK && (!chain.good || chain.first != 0 || chain.last != count - 1 ||
                            sums[0] != count || sums[1] != count * (count - 1) / 2))
        status = da_engine_fail(e, DA_ERR_INTERNAL, "a join");
    return status;
}

/* What goes wrong, where, and by which means; all others wait for a message of that engine. */
enum trouble { REFUSES, SAYS_WHY, SHORT_MESSAGE, NOBODY_RECEIVES, NO_SUCH_ENGINE, NTROUBLES };
struct accident {
    int trouble, engine;
};

static da_status stumble(da_engine *e, int n, const da_part *const *part, const void *data,
                         size_t nbytes)
{
    struct accident a;
    double big[2000] = {0};
    int rank = da_engine_rank(e), count = da_engine_count(e);
    (void)n, (void)part, (void)nbytes;
    memcpy(&a, data, sizeof a);
    if (rank != a.engine)
        return a.trouble == NOBODY_RECEIVES ? DA_OK
                                            : da_engine_receive(e, a.engine, big, sizeof big);
    for (int k = 0; k < count; k++) { /* what is on its way must not hurt */
        int to = (rank + 1 + k) % count;
        if (k > count / 2 && a.trouble != NOBODY_RECEIVES)
            continue;
        bool cut = a.trouble == SHORT_MESSAGE || to == rank;
        da_status status = da_engine_send(e, to, big, cut ? 8 : sizeof big);
        if (status != DA_OK)
            return status;
    }
    if (a.trouble == SAYS_WHY)
        return da_engine_fail(e, DA_ERR_INDEX, "the ice is thin");
    if (a.trouble == NO_SUCH_ENGINE)
        return da_engine_send(e, count, big, 8);
    if (a.trouble == NOBODY_RECEIVES)
        return DA_OK;
    return a.trouble == REFUSES || count == 1 ? DA_ERR_SHAPE
                                              : da_engine_receive(e, rank, big, sizeof big);
}

/* One engine fails on its own. */
static da_status fall(da_engine *e, int n, const da_part *const *part, const void *data,
                      size_t nbytes)
{
    int engine;
    (void)n, (void)part, (void)nbytes;
    memcpy(&engine, data, sizeof engine);
    return da_engine_rank(e) == engine ? da_engine_fail(e, DA_ERR_SHAPE, "too deep") : DA_OK;
}

/* ---- registering ---- */

static void enter(struct da__registration r)
{
    struct da__error err = {.engine = -1};
    assert_ok(da__register(g, &r, &err), &err, r.name);
}

static void enter_local(const char *name, da_local_function f, const char *intents, bool talks)
{
    enter((struct da__registration){.kind = DA__USER_LOCAL,
                                    .name = name,
                                    .nentries = 1,
                                    .entry = {(void (*)(void))f},
                                    .intents = intents,
                                    .talks = talks});
}

static int register_all(void **state)
{
    static const double two = 2;
    (void)state;
    enter((struct da__registration){.kind = DA__USER_STRIP,
                                    .name = "mix",
                                    .nentries = 1,
                                    .entry = {(void (*)(void))mix},
                                    .nin = 2,
                                    .in = {DA_FLOAT64, DA_FLOAT64},
                                    .out = DA_FLOAT64,
                                    .data = &two,
                                    .nbytes = sizeof two});
    enter((struct da__registration){.kind = DA__USER_STRIP,
                                    .name = "choose",
                                    .nentries = 1,
                                    .entry = {(void (*)(void))choose},
                                    .nin = 3,
                                    .in = {DA_BOOL, DA_INT16, DA_FLOAT32},
                                    .out = DA_FLOAT64});
    enter((struct da__registration){.kind = DA__USER_STRIP,
                                    .name = "is_odd",
                                    .nentries = 1,
                                    .entry = {(void (*)(void))is_odd},
                                    .nin = 1,
                                    .in = {DA_INT64},
                                    .out = DA_BOOL});
    enter((struct da__registration){
        .kind = DA__USER_REDUCTION,
        .name = "range_of",
        .nentries = 4,
        .entry = {(void (*)(void))range_identity, (void (*)(void))range_accumulate,
                  (void (*)(void))range_combine, (void (*)(void))range_finish},
        .nin = 1,
        .in = {DA_FLOAT64},
        .out = DA_FLOAT64,
        .state_nbytes = sizeof(struct range)});
    enter_local("number", number, "w", false);
    enter_local("check_runs", check_runs, "r", false);
    enter_local("step_both", step_both, "ruw", false);
    enter_local("smooth", smooth, "u", true);
    enter_local("around", around, "r", true);
    enter_local("stumble", stumble, "u", true);
    enter_local("fall", fall, "u", false);
    return 0;
}

/* ---- elementwise ---- */

static da_array *eval(const char *text, int n, const struct da__name *name)
{
    da_array *a = da__eval(g, text, n, name);
    assert_sound(a, text);
    return a;
}

static const int64_t SHAPE[2] = {13, 10};

static double flat_of(const int64_t *i)
{
    return (double)(i[0] * 10 + i[1]);
}
static double mixed(const int64_t *i)
{
    return 2 * (flat_of(i) + 1) + (1000 - flat_of(i)) - 5;
}
static double mixed_row(const int64_t *i)
{
    return 2 * flat_of(i) + (double)i[1] * 3;
}
static double mixed_back(const int64_t *i)
{
    return 2 * flat_of((int64_t[2]){i[1], i[0]}) + flat_of((int64_t[2]){12 - i[1], i[0]});
}
static double chosen(const int64_t *i)
{
    return (int64_t)flat_of(i) % 2 ? 7 : flat_of(i) + 0.5;
}

static void test_elementwise(void **state)
{
    (void)state;
    for (int a = 0; a < NMAPS; a++)
        for (int b = 0; b < NMAPS; b++)
            for (int subset = 0; subset < NSUBSETS; subset++) {
                struct layout l, m;
                char maps[3] = {MAPS[a], MAPS[b], 0}, back[3] = {MAPS[b], MAPS[a], 0};
                const struct da__dist_spec *one = layout_subset(&l, 2, SHAPE, maps, 0, subset);
                const struct da__dist_spec *two = layout(&m, 2, SHAPE, back, 1);
                da__scope_push(g);
                const struct da__name name[] = {{"x", numbers(2, SHAPE, 0, 1, one)},
                                                {"y", numbers(2, SHAPE, 1000, -1, two)},
                                                {"row", numbers(1, SHAPE + 1, 0, 3, NULL)}};
                check(eval("mix(x + 1, y) - 5", 2, name), 2, SHAPE, mixed, l.text);
                check(eval("mix(x, row)", 3, name), 2, SHAPE, mixed_row, l.text);
                check(eval("mix(permute_dims(x), permute_dims(x)[:, ::-1])", 3, name), 2,
                      (int64_t[2]){10, 13}, mixed_back, l.text);
                check(
                    eval("choose(is_odd(astype(x, int64)), 7, astype(x, float32) + 0.5)", 3, name),
                    2, SHAPE, chosen, l.text);
                da__scope_pop(g);
            }
}

static double one_or_empty(const int64_t *i)
{
    (void)i;
    return 2 * 3 + 4;
}

static void test_elementwise_edges(void **state)
{
    int64_t none[2] = {0, 5};
    (void)state;
    da__scope_push(g);
    check(eval("mix(3, 4)", 0, NULL), 0, NULL, one_or_empty, "scalars");
    check(eval("mix(zeros((0, 5)), 4)", 0, NULL), 2, none, one_or_empty, "nothing");
    check(eval("mix(full((), 3), arange(4, 5)[0])", 0, NULL), 0, NULL, one_or_empty, "0-d");
    check(eval("mix(full(3, 3), ones((4, 1), dtype=int8) * 4)", 0, NULL), 2, (int64_t[2]){4, 3},
          one_or_empty, "broadcast");
    da_array *late = eval("mix(compress(arange(6) > 2, arange(6)) * 0 + 3, 4.0)", 0, NULL);
    da_array *all = eval("range_of(compress(arange(6) > 2, arange(6)))", 0, NULL);
    compute(2, (da_array *[]){late, all});
    check(late, 1, (int64_t[1]){3}, one_or_empty, "a size that data decide");
    double *got = gathered(all, "reduced");
    assert_true(got[0] == 2e6 + 3);
    free(got);
    da_array *bad = da__eval(g, "mix(ones(3, dtype=complex64), 1)", 0, NULL);
    assert_non_null(strstr(da__node_error(bad)->text, "operand 0 is complex64"));
    bad = da__eval(g, "mix(ones(3), ones(4))", 0, NULL);
    assert_non_null(strstr(da__node_error(bad)->text, "broadcast"));
    bad = da__eval(g, "no_such_mix(ones(3), 1)", 0, NULL);
    assert_non_null(strstr(da__node_error(bad)->text, "no function \"no_such_mix\""));
    da__scope_pop(g);
}

/* Neighbours of a function of the program's are one step with it. */
static void test_fused(void **state)
{
    (void)state;
    if (getenv("DISTARRAY_PASSES") != NULL)
        return;
    da__scope_push(g);
    const struct da__name x = {"x", numbers(2, SHAPE, 0, 1, NULL)};
    da_array *a = eval("range_of(mix(x * 2, sqrt(x)) + 1) + sum(mix(x * 2, sqrt(x)))", 1, &x);
    int64_t before = counters().kernel_sweeps;
    compute(1, &a);
    assert_int_equal(counters().kernel_sweeps - before, 2);
    da__scope_pop(g);
}

/* ---- reductions ---- */

static double range_all(const int64_t *i)
{
    (void)i;
    return 129e6 + 130;
}
static double range_rows(const int64_t *i)
{
    (void)i;
    return 9e6 + 10;
}
static double range_columns(const int64_t *i)
{
    (void)i;
    return 120e6 + 13;
}
static double range_nothing(const int64_t *i)
{
    (void)i;
    return -1;
}

static void test_reductions(void **state)
{
    (void)state;
    for (int a = 0; a < NMAPS; a++)
        for (int b = 0; b < NMAPS; b++)
            for (int subset = 0; subset < NSUBSETS; subset++) {
                struct layout l;
                char maps[3] = {MAPS[a], MAPS[b], 0};
                da__scope_push(g);
                const struct da__name x = {
                    "x", numbers(2, SHAPE, 5, 1, layout_subset(&l, 2, SHAPE, maps, 0, subset))};
                check(eval("range_of(x)", 1, &x), 0, NULL, range_all, l.text);
                check(eval("range_of(x, axis=1)", 1, &x), 1, SHAPE, range_rows, l.text);
                check(eval("range_of(x + 1, axis=0, keepdims=True)", 1, &x), 2, (int64_t[2]){1, 10},
                      range_columns, l.text);
                check(eval("range_of(permute_dims(x)[::-1], axis=(0, 1))", 1, &x), 0, NULL,
                      range_all, l.text);
                da__scope_pop(g);
            }
    da__scope_push(g);
    check(eval("range_of(zeros((0, 4)))", 0, NULL), 0, NULL, range_nothing, "nothing");
    check(eval("range_of(zeros((3, 0)), axis=1)", 0, NULL), 1, (int64_t[1]){3}, range_nothing,
          "rows of nothing");
    da__scope_pop(g);
}

/* Large enough to be cut into chunks and tiles; together with a sum over the same numbers. */
static void test_large_reduction(void **state)
{
    enum { N = 1300, M = 701 };
    double wanted[3] = {((double)N * M - 1) * 1e6 + (double)N * M, 0, 0};
    (void)state;
    da__scope_push(g);
    da_array *x = eval("reshape(arange(1300 * 701, dtype=float64), (1300, 701))", 0, NULL);
    const struct da__name name = {"x", x};
    da_array *all = eval("range_of(x)", 1, &name), *rows = eval("range_of(x, axis=1)", 1, &name),
             *columns = eval("range_of(x, axis=0)", 1, &name);
    da_array *target[] = {all, rows, columns};
    compute(3, target);
    double *got = gathered(all, "all");
    assert_true(got[0] == wanted[0]);
    free(got);
    got = gathered(rows, "rows");
    for (int i = 0; i < N; i++)
        assert_true(got[i] == (M - 1) * 1e6 + M);
    free(got);
    got = gathered(columns, "columns");
    for (int i = 0; i < M; i++)
        assert_true(got[i] == (double)(N - 1) * M * 1e6 + N);
    free(got);
    da__scope_pop(g);
}

/* ---- local parts ---- */

static da_array *apply(const char *name, int n, da_array *const *array, const void *data,
                       int64_t nbytes, da_array **result)
{
    da_array *a = da__make_apply(g, name, n, array, data, nbytes, result);
    assert_sound(a, name);
    return a;
}

static void test_parts(void **state)
{
    (void)state;
    for (int a = 0; a < NMAPS; a++)
        for (int b = 0; b < NMAPS; b++)
            for (int subset = 0; subset < NSUBSETS; subset++) {
                struct layout l;
                char maps[3] = {MAPS[a], MAPS[b], 0};
                const struct da__dist_spec *spec = layout_subset(&l, 2, SHAPE, maps, b % 2, subset);
                da__scope_push(g);
                da_array *blank = da__make_full(
                    g, 2, SHAPE, (struct da__scalar){.kind = DA__SCALAR_INT}, DA_FLOAT64, spec);
                const struct da__name x = {"x", apply("number", 1, &blank, NULL, 0, NULL)};
                assert_true(da__dist_equal(x.array->dist, blank->dist));
                da_array *y = eval("mix(x + 1, 1000 - x) - 5", 1, &x);
                check(y, 2, SHAPE, mixed, l.text);
                check(x.array, 2, SHAPE, flat_of, l.text);
                da_array *done = apply("check_runs", 1, &y, NULL, 0, NULL);
                double *got = gathered(done, "done");
                assert_true(got[0] == P && done->ndim == 0 && done->dtype == DA_INT64);
                free(got);
                da__scope_pop(g);
            }
}

static double stepped(const int64_t *i)
{
    return 1000 - flat_of(i) + 3 * flat_of(i);
}
static double product(const int64_t *i)
{
    return flat_of(i) * (1000 - flat_of(i));
}
static double of_y(const int64_t *i)
{
    return 1000 - flat_of(i);
}

static void test_several_results(void **state)
{
    const double three = 3;
    (void)state;
    for (int kept = 0; kept < 3; kept++)
        for (int a = 0; a < NMAPS; a++) {
            struct layout l;
            char maps[3] = {MAPS[a], 'c', 0};
            const struct da__dist_spec *spec = layout(&l, 2, SHAPE, maps, 0);
            da__scope_push(g);
            da_array *x = numbers(2, SHAPE, 0, 1, spec), *y = numbers(2, SHAPE, 1000, -1, spec);
            const struct da__name name = {"y", y};
            da_array *in[] = {x, kept == 0 ? y : eval("y * 1.0", 1, &name), x}, *out[3];
            if (kept == 2) /* a temporary that somebody else reads too */
                in[0] = da__eval(g, "x - 0 * y", 2, (struct da__name[]){{"x", x}, {"y", in[1]}});
            da_array *first = apply("step_both", 3, in, &three, sizeof three, out);
            assert_ptr_equal(first, out[1]);
            assert_null(out[0]);
            const struct da__name both[] = {{"u", out[1]}, {"w", out[2]}};
            check(eval("u + 0 * w", 2, both), 2, SHAPE, stepped, l.text);
            check(out[2], 2, SHAPE, product, l.text); /* anew: nobody kept it */
            check(out[1], 2, SHAPE, stepped, l.text);
            check(y, 2, SHAPE, of_y, "the old array");
            da__scope_pop(g);
        }
}

/* The one reader of a temporary writes where it lies. */
static void test_in_place(void **state)
{
    enum { N = 200000 };
    struct da__error err = {.engine = -1};
    int nobody = -1;
    (void)state;
    da__scope_push(g);
    for (int round = 0; round < 2; round++) { /* the first one ships the program */
        da__scope_push(g);
        da_array *y = eval("arange(200000) + 1.0", 0, NULL);
        da_array *z = apply("fall", 1, &y, &nobody, sizeof nobody, NULL);
        da__runtime_reset_counters(rt);
        assert_ok(da__runtime_compute(rt, 1, &z, &err), &err, "in place");
        da__scope_pop(g);
    }
    int64_t part = da__ceil_div(N, P) * 8;
    if (getenv("DISTARRAY_PASSES") == NULL)
        assert_true(counters().peak_bytes < part + part / 2 + 20000);
    da__scope_pop(g);
}

static void test_talk(void **state)
{
    enum { N = 40 };
    double wanted[N], before[N];
    const int64_t shape[1] = {N};
    struct layout l;
    (void)state;
    da__scope_push(g);
    da_array *x = numbers(1, shape, 1, 2, layout(&l, 1, shape, "b", 0));
    for (int i = 0; i < N; i++)
        before[i] = 1 + 2 * i;
    for (int round = 0; round < 5; round++) {
        x = apply("smooth", 1, &x, NULL, 0, NULL);
        for (int i = 0; i < N; i++)
            wanted[i] = ((i > 0 ? before[i - 1] : 0) + (i < N - 1 ? before[i + 1] : 0)) / 2;
        memcpy(before, wanted, sizeof before);
    }
    double *got = gathered(x, "smooth");
    for (int i = 0; i < N; i++)
        assert_true(got[i] == wanted[i]);
    free(got);
    da_array *done = apply("around", 1, &x, NULL, 0, NULL);
    compute(1, &done);
    da__scope_pop(g);
}

/* ---- failures ---- */

static void assert_fails(da_array *a, int engine, da_status status, const char *words)
{
    struct da__error err = {.engine = -1};
    assert_int_equal(da__runtime_compute(rt, 1, &a, &err), status);
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, words);
    if (engine >= 0)
        assert_int_equal(err.engine, engine);
}

static void test_failures(void **state)
{
    static const struct {
        da_status status;
        const char *words;
    } what[NTROUBLES] = {
        [REFUSES] = {DA_ERR_SHAPE, "stumble failed on engine"},
        [SAYS_WHY] = {DA_ERR_INDEX, "the ice is thin"},
        [SHORT_MESSAGE] = {DA_ERR_ARGUMENT, "8 bytes where 16000 were expected"},
        [NOBODY_RECEIVES] = {DA_ERR_ARGUMENT, "messages were sent and 0 received"},
        [NO_SUCH_ENGINE] = {DA_ERR_ARGUMENT, "is not one of"},
    };
    (void)state;
    da__scope_push(g);
    da_array *x = numbers(2, SHAPE, 0, 1, NULL);
    for (int trouble = 0; trouble < NTROUBLES; trouble++)
        for (int engine = 0; engine < P; engine++) {
            struct accident a = {trouble, engine};
            char words[64];
            if (trouble == SHORT_MESSAGE && P == 1)
                continue;
            da_array *y = apply("stumble", 1, &x, &a, sizeof a, NULL);
            assert_fails(y, -1, what[trouble].status, what[trouble].words);
            da_array *z = apply("fall", 1, &x, &engine, sizeof engine, NULL);
            snprintf(words, sizeof words, "fall failed on engine %d: too deep", engine);
            assert_fails(eval("sum(z[::-1] + 1)", 1, &(struct da__name){"z", z}), engine,
                         DA_ERR_SHAPE, words);
            check(x, 2, SHAPE, flat_of, "after a failure");
            da_array *good = apply("around", 1, &x, NULL, 0, NULL);
            compute(1, &good);
        }
    da__scope_pop(g);
}

/* An engine that lacks the object says so, and nothing is called. */
static void test_missing(void **state)
{
    (void)state;
    da__scope_push(g);
    struct da__user *u = da__user_of(g, "is_odd");
    char *object = u->entry[0].object;
    u->entry[0].object = da__strdup("/nowhere/libelse.so");
    da_array *a = eval("is_odd(arange(5))", 0, NULL);
    assert_fails(a, -1, DA_ERR_ARGUMENT, "is_odd: /nowhere/libelse.so is not loaded here");
    da__free(u->entry[0].object);
    u->entry[0].object = object;
    check(eval("is_odd(arange(5) * 2 + 1) * 10", 0, NULL), 1, (int64_t[1]){5}, one_or_empty,
          "is there");
    da__scope_pop(g);
}

static void test_registering(void **state)
{
    static const struct {
        const char *name, *words;
    } bad[] = {{"sum", "has a meaning already"},
               {"float32", "has a meaning already"},
               {"pi", "has a meaning already"},
               {"mix", "is registered already"},
               {"a-b", "is no name"},
               {"", "is no name"}};
    struct da__registration r = {
        .kind = DA__USER_LOCAL, .nentries = 1, .entry = {(void (*)(void))number}, .intents = "w"};
    (void)state;
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        struct da__error err = {.engine = -1};
        r.name = bad[k].name;
        assert_int_equal(da__register(g, &r, &err), DA_ERR_ARGUMENT);
        assert_non_null(strstr(err.text, bad[k].words));
    }
    struct da__error err = {.engine = -1};
    r.name = "new_one";
    r.intents = "rx";
    assert_int_equal(da__register(g, &r, &err), DA_ERR_ARGUMENT);
    da__scope_push(g);
    da_array *x = eval("ones(3)", 0, NULL), *out[1];
    da_array *a = da__make_apply(g, "mix", 1, &x, NULL, 0, out);
    assert_non_null(strstr(da__node_error(a)->text, "no function on local parts"));
    a = da__make_apply(g, "smooth", 1, (da_array *[]){a}, NULL, 0, out);
    assert_non_null(strstr(da__node_error(a)->text, "no function on local parts"));
    a = da__make_apply(g, "step_both", 1, &x, NULL, 0, out);
    assert_non_null(strstr(da__node_error(a)->text, "takes 3 arrays, not 1"));
    assert_null(out[0]);
    a = da__make_apply(g, "stumble", 1, &x, NULL, -1, out);
    assert_non_null(da__node_error(out[0]));
    da__scope_pop(g);
}

/* ---- text ---- */

static void reload(const struct da__text *t, double (*value)(const int64_t *index))
{
    struct da__pipeline *p = NULL;
    struct da__error err = {.engine = -1};
    da__scope_push(g);
    assert_ok(da__pipeline_load(g, t->s, t->len, "dump", ".", 0, NULL, &p, &err), &err, t->s);
    check(p->output[p->noutputs - 1], 2, SHAPE, value, "loaded again");
    da__pipeline_free(p);
    da__scope_pop(g);
}

static double reloaded(const int64_t *i)
{
    return 2 * stepped(i) + product(i) + 129e6 + 130;
}

static void test_dumps(void **state)
{
    const double three = 3;
    struct da__text t = {0};
    struct da__error err = {.engine = -1};
    struct da__program *p = NULL;
    struct da__binding bind;
    (void)state;
    da__scope_push(g);
    da_array *in[] = {numbers(2, SHAPE, 0, 1, NULL), numbers(2, SHAPE, 1000, -1, NULL), NULL};
    in[2] = in[0];
    da_array *out[3];
    apply("step_both", 3, in, &three, sizeof three, out);
    const struct da__name name[] = {{"u", out[1]}, {"w", out[2]}, {"x", in[0]}};
    da_array *a = eval("mix(u, w) + range_of(x)", 3, name);
    assert_ok(da__graph_dump_json(g, 1, &a, &t, &err), &err, "dump");
    assert_non_null(strstr(t.s, "\"op\":\"step_both\""));
    assert_non_null(strstr(t.s, "\"op\":\"mix\""));
    reload(&t, reloaded);
    da__text_free(&t);
    assert_ok(da__runtime_plan(rt, 1, &a, NULL, &p, &bind, &err), &err, "plan");
    assert_ok(da__program_json(p, g, &bind, &t, &err), &err, "program");
    assert_non_null(strstr(t.s, "\"op\":\"step_both\""));
    reload(&t, reloaded);
    da__text_free(&t);
    assert_ok(da__program_dump_dot(p, &t, &err), &err, "dot");
    assert_non_null(strstr(t.s, "step_both"));
    da__text_free(&t);
    assert_ok(da__graph_dump_dot(g, 1, &a, &t, &err), &err, "dot");
    assert_non_null(strstr(t.s, "range_of"));
    da__text_free(&t);
    assert_ok(da__runtime_explain(rt, 1, &a, &t, &err), &err, "explain");
    assert_non_null(strstr(t.s, "step_both"));
    da__text_free(&t);
    da__program_free(p);
    da__binding_free(&bind);
    check(a, 2, SHAPE, reloaded, "computed");
    da__scope_pop(g);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elementwise),
        cmocka_unit_test(test_elementwise_edges),
        cmocka_unit_test(test_fused),
        cmocka_unit_test(test_reductions),
        cmocka_unit_test(test_large_reduction),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_several_results),
        cmocka_unit_test(test_in_place),
        cmocka_unit_test(test_talk),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_registering),
        cmocka_unit_test(test_dumps),
    };
    int code;
    if (!engines_open(argc, argv, &code))
        return code;
    return engines_close(cmocka_run_group_tests(tests, register_all, NULL));
}
