/* Intersections of index sets against comparing every element with every other. */
#include <time.h>

#include "core_test.h"

static void check_list_count(const struct da__match_list *l)
{
    int64_t nelem = 0;
    for (int k = 0; k < l->n; k++) {
        const struct da__match *m = &l->m[k];
        nelem += m->count * m->reps;
        assert_true(m->count > 0 && m->reps > 0);
        assert_true(m->count == 1 || m->step_a > 0);
        assert_true(m->reps == 1 || m->stride_a > m->step_a * (m->count - 1));
    }
    assert_int_equal(nelem, l->nelem);
}

/* Marks in `partner` (a's position -> b's) every pair of a list; none comes twice. */
static void mark_pairs(const struct da__match_list *l, int64_t na, int64_t nb, int64_t *partner)
{
    for (int k = 0; k < l->n; k++) {
        const struct da__match *m = &l->m[k];
        for (int64_t r = 0; r < m->reps; r++) {
            for (int64_t i = 0; i < m->count; i++) {
                int64_t pa = m->a + r * m->stride_a + i * m->step_a;
                int64_t pb = m->b + r * m->stride_b + i * m->step_b;
                assert_in_range(pa, 0, na - 1);
                assert_in_range(pb, 0, nb - 1);
                assert_int_equal(partner[pa], -1);
                partner[pa] = pb;
            }
        }
    }
}

static void check_intersection(const struct da__index_set *a, const struct da__index_set *b)
{
    struct da__match_list l;
    assert_int_equal(da__set_intersect(a, b, &l), DA_OK);
    check_list_count(&l);
    int64_t *ea = set_elements(a), *eb = set_elements(b);
    int64_t *partner = malloc(sizeof *partner * (size_t)(a->nelem + 1));
    for (int64_t i = 0; i < a->nelem; i++)
        partner[i] = -1;
    mark_pairs(&l, a->nelem, b->nelem, partner);
    for (int64_t i = 0; i < a->nelem; i++) {
        int64_t want = -1;
        for (int64_t j = 0; j < b->nelem && want < 0; j++)
            want = ea[i] == eb[j] ? j : -1;
        assert_int_equal(partner[i], want);
    }
    free(partner);
    free(ea);
    free(eb);
    da__matches_free(&l);
}

static void random_run(struct da__index_set *s, int64_t reach)
{
    struct da__run run = {random_in(-10, reach), random_in(1, 6), random_in(0, 9), 0,
                          random_in(0, 9)};
    if (random_in(0, 3) == 0)
        run.step = random_in(1, 40);
    if (random_in(0, 3) == 0)
        run.count = 30;
    run.stride = run.step * (run.count - 1) + random_in(1, 20);
    if (random_in(0, 2) == 0)
        run.reps = 1;
    run.step *= random_in(0, 1) != 0 ? 1 : -1;
    run.stride *= random_in(0, 1) != 0 ? 1 : -1;
    da__set_init(s);
    assert_int_equal(da__set_push(s, run), DA_OK);
}

static void random_runs(void **state)
{
    (void)state;
    for (int round = 0; round < 40000; round++) {
        struct da__index_set a, b;
        random_run(&a, 80);
        random_run(&b, 80);
        check_intersection(&a, &b);
        da__set_free(&a);
        da__set_free(&b);
    }
}

/* Every pair of small patterns, with partial trailing blocks. */
static void block_cyclic_exhaustively(void **state)
{
    (void)state;
    struct da__index_set set[200];
    int n = 0;
    for (int64_t parts = 1; parts <= 4; parts++) {
        for (int64_t block = 1; block <= 5; block++) {
            for (int64_t part = 0; part < parts; part += 2) {
                struct da__index_set *s = &set[n++];
                da__set_init(s);
                for (int64_t at = part * block; at < 61; at += parts * block)
                    da__set_push(s,
                                 (struct da__run){at, 1, at + block > 61 ? 61 - at : block, 0, 1});
            }
        }
    }
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++)
            check_intersection(&set[i], &set[j]);
    }
    for (int i = 0; i < n; i++)
        da__set_free(&set[i]);
}

static void random_subset(struct da__index_set *s, int64_t extent, int64_t n, bool sorted)
{
    int64_t *list = malloc(sizeof *list * (size_t)extent);
    for (int64_t k = 0; k < extent; k++)
        list[k] = k;
    if (!sorted) {
        shuffle(list, extent);
    } else {
        int64_t kept = 0;
        for (int64_t k = 0; k < extent; k++) {
            if (random_in(0, extent - 1) < n)
                list[kept++] = k;
        }
        n = kept;
    }
    assert_int_equal(da__set_from_list(s, list, n), DA_OK);
    free(list);
}

static void lists_with_many_runs(void **state)
{
    (void)state;
    for (int round = 0; round < 60; round++) {
        struct da__index_set a, b, c;
        random_subset(&a, 700, 300, round % 2 == 0);
        random_subset(&b, 700, 400, round % 3 == 0);
        random_run(&c, 300);
        check_intersection(&a, &b);
        check_intersection(&a, &c);
        check_intersection(&c, &b);
        da__set_free(&a);
        da__set_free(&b);
        da__set_free(&c);
    }
}

/* Long pieces in scrambled order: the sweep, not the sorting of elements. */
static void lists_of_pieces(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        struct da__index_set s[2];
        for (int k = 0; k < 2; k++) {
            int64_t piece[60];
            for (int64_t p = 0; p < 60; p++)
                piece[p] = p;
            shuffle(piece, 60);
            da__set_init(&s[k]);
            for (int p = 0; p < 50; p++)
                da__set_push(&s[k], (struct da__run){piece[p] * 40, 1, random_in(5, 40), 0, 1});
        }
        check_intersection(&s[0], &s[1]);
        da__set_free(&s[0]);
        da__set_free(&s[1]);
    }
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Part `part` of a block-cyclic axis of `size`, as one two-level run and a rest. */
static void block_cyclic(struct da__index_set *s, int64_t size, int64_t block, int64_t parts,
                         int64_t part)
{
    int64_t period = block * parts, whole = size / period;
    da__set_init(s);
    da__set_push(s, (struct da__run){part * block, 1, block, period, whole});
    int64_t rest = size - whole * period - part * block;
    da__set_push(
        s, (struct da__run){whole * period + part * block, 1, rest < block ? rest : block, 0, 1});
}

static int64_t meet_count(const struct da__index_set *a, const struct da__index_set *b,
                          int *nmatches)
{
    struct da__match_list l;
    assert_int_equal(da__set_intersect(a, b, &l), DA_OK);
    check_list_count(&l);
    int64_t nelem = l.nelem;
    *nmatches = l.n;
    da__matches_free(&l);
    return nelem;
}

/* 10^15 elements: all parts of one pattern against one part of another add up, in little time and
 * few matches. */
static void huge_sets_are_cheap(void **state)
{
    (void)state;
    const int64_t size = INT64_C(1000000000000000);
    static const int64_t pattern[][2] = {
        {64, 4096}, {100, 7}, {1, 4096}, {1, 3}, {INT64_C(244140625000), 4096}};
    for (size_t i = 0; i < sizeof pattern / sizeof *pattern; i++) {
        struct da__index_set a;
        block_cyclic(&a, size, pattern[i][0], pattern[i][1], 1);
        int64_t total = 0;
        int most = 0;
        double start = seconds();
        for (int64_t part = 0; part < 16; part++) {
            struct da__index_set b;
            int n;
            block_cyclic(&b, size, 48, 16, part);
            total += meet_count(&a, &b, &n);
            most = n > most ? n : most;
            da__set_free(&b);
        }
        assert_int_equal(total, a.nelem);
        assert_true(most < 150);
        assert_true(seconds() - start < 1.0);
        da__set_free(&a);
    }
}

static void scattered_lists_are_not_quadratic(void **state)
{
    (void)state;
    struct da__index_set a, b;
    random_subset(&a, 400000, 200000, false);
    random_subset(&b, 400000, 200000, false);
    double start = seconds();
    int n;
    assert_in_range(meet_count(&a, &b, &n), 90000, 110000);
    assert_true(seconds() - start < 10.0);
    da__set_free(&a);
    da__set_free(&b);
}

static void no_memory_is_reported(void **state)
{
    (void)state;
    struct da__index_set a, b;
    random_subset(&a, 700, 300, false);
    random_subset(&b, 700, 300, false);
    int64_t live = da__alloc_live();
    int failures = 0;
    for (int64_t n = 1; n < 1000; n++) {
        struct da__match_list l;
        da__alloc_fail_at(n, false);
        da_status status = da__set_intersect(&a, &b, &l);
        da__alloc_fail_at(0, false);
        if (status == DA_OK) {
            da__matches_free(&l);
            break;
        }
        failures++;
        assert_int_equal(status, DA_ERR_MEMORY);
        assert_int_equal(da__alloc_live(), live);
    }
    assert_true(failures >= 5);
    da__set_free(&a);
    da__set_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_runs),
        cmocka_unit_test(block_cyclic_exhaustively),
        cmocka_unit_test(lists_with_many_runs),
        cmocka_unit_test(lists_of_pieces),
        cmocka_unit_test(huge_sets_are_cheap),
        cmocka_unit_test(scattered_lists_are_not_quadratic),
        cmocka_unit_test(no_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
