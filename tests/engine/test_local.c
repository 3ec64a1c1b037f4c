/* Functions of the program's own on the parts of arrays, with messages between engines, and failing on each engine in turn. */
#include "functions_test.h"

/* ---- the functions ---- */

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

static int register_all(void **state)
{
    (void)state;
    register_shared();
    enter_local("number", number, "w", false);
    enter_local("check_runs", check_runs, "r", false);
    enter_local("smooth", smooth, "u", true);
    enter_local("around", around, "r", true);
    enter_local("stumble", stumble, "u", true);
    enter_local("fall", fall, "u", false);
    return 0;
}

/* ---- parts ---- */

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

static void test_mistakes(void **state)
{
    (void)state;
    da__scope_push(g);
    da_array *x = eval("ones(3)", 0, NULL), *out[1];
    da_array *a = da__make_apply(g, "stumble", 1, &x, NULL, -1, out);
    assert_non_null(strstr(da__node_error(a)->text, "no data of -1 bytes"));
    assert_non_null(da__node_error(out[0]));
    a = da__make_apply(g, "smooth", 1, &a, NULL, 0, out);
    assert_non_null(strstr(da__node_error(a)->text, "no data of -1 bytes")); /* the first cause */
    a = eval("flatnonzero(arange(3))", 0, NULL);
    a = da__make_apply(g, "smooth", 1, &a, NULL, 0, out);
    assert_non_null(strstr(da__node_error(a)->text, "is known only once it is computed"));
    da__scope_pop(g);
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

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),    cmocka_unit_test(test_several_results),
        cmocka_unit_test(test_in_place), cmocka_unit_test(test_talk),
        cmocka_unit_test(test_mistakes), cmocka_unit_test(test_failures),
    };
    int code;
    if (!engines_open(argc, argv, &code))
        return code;
    return engines_close(cmocka_run_group_tests(tests, register_all, NULL));
}
