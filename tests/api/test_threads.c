/* Threads and memory of engines: cores inside the grant, uneven work that is shared, rest while idle, memory that is used again. */
#include "api_test.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

enum { MOST = 64, COSTLY_ROWS = 8, PATIENCE = 100000 };

/* Threads that have come to the costly rows, each of which waits there for all the others. */
struct meeting {
    pthread_mutex_t lock;
    int wanted, come;
    bool missed;
    pthread_t who[MOST];
    cpu_set_t cpus[MOST];
};

static bool all_here(struct meeting *m)
{
    pthread_mutex_lock(&m->lock);
    int k = 0;
    while (k < m->come && !pthread_equal(m->who[k], pthread_self()))
        k++;
    if (k == m->come && k < MOST) {
        m->who[k] = pthread_self();
        pthread_getaffinity_np(pthread_self(), sizeof m->cpus[k], &m->cpus[k]);
        m->come++;
    }
    bool here = m->come >= m->wanted || m->missed;
    pthread_mutex_unlock(&m->lock);
    return here;
}

static void await_all(struct meeting *m)
{
    struct timespec t = {.tv_nsec = 100000};
    for (int k = 0; !all_here(m); k++) {
        nanosleep(&t, NULL);
        if (k < PATIENCE)
            continue;
        pthread_mutex_lock(&m->lock);
        m->missed = true;
        pthread_mutex_unlock(&m->lock);
    }
}

/* 1000 i + j; row i < COSTLY_ROWS ends only when all threads are in such rows. */
static void fill_unevenly(int ndim, const int64_t *index, int64_t step, int64_t count, void *out,
                          const void *data)
{
    double *x = out;
    struct meeting *m = *(struct meeting *const *)data;
    if (m != NULL && index[0] < COSTLY_ROWS)
        await_all(m);
    for (int64_t k = 0; k < count; k++)
        x[k] = (double)(1000 * index[0] + index[ndim - 1] + k * step);
}

/* Fills an array whose costly rows want `wanted` threads. */
static void meet(da_context *ctx, struct meeting *m, int wanted, const char *dist, int64_t rows)
{
    *m = (struct meeting){.wanted = wanted};
    pthread_mutex_init(&m->lock, NULL);
    da_array *x = da_from_function(ctx, fill_unevenly, &m, sizeof m, DA_SHAPE(rows, 64), DA_FLOAT64,
                                   DA_DIST(dist));
    if (da_compute(ctx, x) != DA_OK)
        fail_msg("%s", da_error_message(ctx));
    pthread_mutex_destroy(&m->lock);
    assert_false(m->missed);
    assert_int_equal(m->come, wanted);
}

/* The costly rows are a small part of one thread's share: others must come and help. */
static void costly_rows_are_shared(void **state)
{
    (void)state;
    for (int threads = 2; threads <= 4; threads++) {
        da_context *ctx = open_with(1, threads);
        struct meeting m;
        for (int round = 0; round < 10; round++)
            meet(ctx, &m, threads, "b", 256);
        assert_int_equal(da_finalize(ctx), 0);
    }
}

/* Rows are filled piece by piece, in whatever order: every element by its index. */
static void check_places(da_context *ctx, const char *dist)
{
    enum { ROWS = 37, COLUMNS = 911 };
    const struct meeting *none = NULL;
    double *got = malloc(ROWS * COLUMNS * sizeof *got);
    da_array *x = da_from_function(ctx, fill_unevenly, &none, sizeof none, DA_SHAPE(ROWS, COLUMNS),
                                   DA_FLOAT64, DA_DIST(dist));
    assert_int_equal(da_get(ctx, x, got, ROWS * COLUMNS * sizeof *got), DA_OK);
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLUMNS; j++)
            assert_true(got[i * COLUMNS + j] == 1000 * i + j);
    free(got);
}

static void functions_fill_all_places(da_context *ctx)
{
    static const char *const dist[] = {"b,n", "n,c", "c(3),n", "n,c(7)", "n,b", "b"};
    for (size_t k = 0; k < sizeof dist / sizeof *dist; k++)
        check_places(ctx, dist[k]);
}

static void test_functions_fill_all_places(void **state)
{
    (void)state;
    on_all_counts(functions_fill_all_places);
}

/* ---- cores ---- */

static int granted_cores(void)
{
    da_options options = {.engines = 1, .no_mpi = 1};
    da_context *ctx;
    assert_int_equal(da_start(&options, &ctx), DA_OK);
    int n = da_threads(ctx);
    assert_int_equal(da_finalize(ctx), 0);
    return n;
}

/* Threads of the engines have a core of the grant each, no two the same; the program's own thread goes where it went. */
static void check_cores(int engines, int threads, bool bound)
{
    struct meeting m;
    cpu_set_t mine, taken;
    CPU_ZERO(&taken);
    assert_int_equal(pthread_getaffinity_np(pthread_self(), sizeof mine, &mine), 0);
    da_context *ctx = open_with(engines, threads);
    meet(ctx, &m, engines * threads, "c", engines * COSTLY_ROWS);
    for (int k = 0; k < m.come; k++) {
        if (!bound || pthread_equal(m.who[k], pthread_self())) {
            assert_true(CPU_EQUAL(&m.cpus[k], &mine));
            continue;
        }
        cpu_set_t both;
        CPU_AND(&both, &m.cpus[k], &taken);
        assert_int_equal(CPU_COUNT(&m.cpus[k]), 1);
        assert_int_equal(CPU_COUNT(&both), 0);
        CPU_OR(&taken, &taken, &m.cpus[k]);
        CPU_AND(&both, &m.cpus[k], &mine);
        assert_int_equal(CPU_COUNT(&both), 1);
    }
    assert_int_equal(da_finalize(ctx), 0);
}

static void engines_share_the_grant(void **state)
{
    (void)state;
    int cores = granted_cores();
    for (int engines = 1; engines <= cores && engines <= COSTLY_ROWS; engines++)
        for (int threads = 1; engines * threads <= cores && threads <= 4; threads++)
            check_cores(engines, threads, true);
    if (cores < COSTLY_ROWS) {
        check_cores(cores + 1, 1, false);
        check_cores(1, cores + 1, false);
    }
}

/* As taskset or a launcher would have it. */
static void engines_stay_in_a_narrow_grant(void **state)
{
    (void)state;
    cpu_set_t before, one;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    int last = CPU_SETSIZE - 1;
    while (!CPU_ISSET((size_t)last, &before))
        last--;
    CPU_ZERO(&one);
    CPU_SET((size_t)last, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(granted_cores(), 1);
    check_cores(1, 1, true);
    check_cores(3, 1, false);
    check_cores(2, 2, false);
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
}

/* ---- rest ---- */

static double processor_seconds(void)
{
    struct timespec t;
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void idle_engines_rest(void **state)
{
    (void)state;
    struct timespec settle = {.tv_nsec = 200000000}, second = {.tv_sec = 1};
    da_context *ctx = open_with(3, 2);
    double sum;
    da_array *x = da_arange(ctx, 0, 300000, 1, DA_FLOAT64, NULL);
    assert_int_equal(da_get_double(ctx, da_sum(da_sin(x), DA_ALL_AXES, 0), &sum), DA_OK);
    nanosleep(&settle, NULL);
    double before = processor_seconds();
    nanosleep(&second, NULL);
    double spent = processor_seconds() - before;
    assert_int_equal(da_finalize(ctx), 0);
    if (spent > 0.05)
        fail_msg("an idle second took %.3f s of processors", spent);
}

/* ---- memory ---- */

enum { ELEMENTS = 1 << 20, CHAIN = 20, ARRAY = 8 * ELEMENTS, ALLOWED = ARRAY / 2 };

static int64_t peak(da_context *ctx)
{
    da_counters c;
    da_counters_get(ctx, &c);
    return c.peak_bytes;
}

static da_array *grow(da_array *x)
{
    return da_add(da_multiply(x, 2.0), 1.0);
}

/* A running sum is a step of its own: its operand and its result are arrays. */
static da_array *sum_up(da_array *x)
{
    return da_cumulative_sum(x, 0, 0);
}

static void check_chain(int threads, da_array *(*step)(da_array *), int64_t at_once)
{
    da_context *ctx = open_with(1, threads);
    da_scope_push(ctx);
    da_array *u = da_keep(da_ones(ctx, DA_SHAPE(ELEMENTS), DA_FLOAT64, NULL));
    da_scope_pop(ctx); /* from here on it is held by `u` alone */
    assert_int_equal(da_compute(ctx, u), DA_OK);
    da_counters_reset(ctx);
    for (int k = 0; k < CHAIN; k++) { /* step by step: the old array and the new one */
        da_scope_push(ctx);
        da_replace(&u, step(u));
        assert_int_equal(da_compute(ctx, u), DA_OK);
        da_scope_pop(ctx);
    }
    if (peak(ctx) < 2 * ARRAY || peak(ctx) >= 2 * ARRAY + ALLOWED)
        fail_msg("%d steps one by one took %lld bytes", CHAIN, (long long)peak(ctx));
    da_counters_reset(ctx);
    da_scope_push(ctx);
    da_array *x = u;
    for (int k = 0; k < CHAIN; k++) /* at once: what lies between goes with its last use */
        x = step(x);
    assert_int_equal(da_compute(ctx, x), DA_OK);
    da_scope_pop(ctx);
    if (peak(ctx) < 2 * ARRAY || peak(ctx) >= at_once * ARRAY + ALLOWED)
        fail_msg("%d steps at once took %lld bytes", CHAIN, (long long)peak(ctx));
    da_drop(u);
    assert_int_equal(da_finalize(ctx), 0);
}

static void chains_use_memory_again(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 2; threads++) {
        check_chain(threads, grow, 2);
        check_chain(threads, sum_up, 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(costly_rows_are_shared),  cmocka_unit_test(test_functions_fill_all_places),
        cmocka_unit_test(engines_share_the_grant), cmocka_unit_test(engines_stay_in_a_narrow_grant),
        cmocka_unit_test(idle_engines_rest),       cmocka_unit_test(chains_use_memory_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
