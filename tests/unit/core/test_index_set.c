/* Index sets against explicit lists of indices. */
#include "core_test.h"

static void pushes_normalise(void **state)
{
    (void)state;
    struct da__index_set s;
    da__set_init(&s);
    assert_int_equal(da__set_push(&s, (struct da__run){0, 1, 4, 4, 5}), DA_OK); /* collapses */
    assert_int_equal(s.nruns, 1);
    assert_int_equal(s.run[0].count, 20);
    assert_int_equal(s.run[0].reps, 1);
    da__set_push(&s, (struct da__run){20, 7, 1, 0, 1}); /* goes on */
    da__set_push(&s, (struct da__run){21, 1, 9, 0, 1});
    da__set_push(&s, (struct da__run){99, 1, 0, 0, 1}); /* empty */
    assert_int_equal(s.nruns, 1);
    assert_int_equal(s.nelem, 30);
    int64_t start, step;
    assert_true(da__set_is_affine(&s, &start, &step));
    assert_int_equal(start, 0);
    assert_int_equal(step, 1);
    da__set_free(&s);

    da__set_push(&s, (struct da__run){3, 99, 1, 4, 6}); /* single indices: one level */
    assert_int_equal(s.nruns, 1);
    assert_int_equal(s.run[0].step, 4);
    assert_int_equal(s.run[0].reps, 1);
    da__set_free(&s);

    for (int64_t block = 0; block < 4; block++) /* blocks pushed one by one become two levels */
        da__set_push(&s, (struct da__run){12 * block, 1, 3, 0, 1});
    assert_int_equal(s.nruns, 1);
    assert_int_equal(s.run[0].reps, 4);
    assert_set(&s, 0, 1, 2, 12, 13, 14, 24, 25, 26, 36, 37, 38);
    assert_false(da__set_is_affine(&s, &start, &step));
    da__set_free(&s);

    da__set_push(&s, (struct da__run){0, 10, 3, 1, 2}); /* interleaved blocks */
    assert_set(&s, 0, 10, 20, 1, 11, 21);
    assert_int_equal(da__set_find(&s, 11), 4);
    da__set_free(&s);
    assert_true(da__set_is_affine(&s, &start, &step)); /* the empty set */
}

static void check_queries(const struct da__index_set *s, const int64_t *list, int64_t n)
{
    assert_int_equal(s->nelem, n);
    for (int64_t k = 0; k < n; k++) {
        assert_int_equal(da__set_get(s, k), list[k]);
        assert_int_equal(da__set_find(s, list[k]), k);
    }
    for (int64_t index = -70; index < 140; index++) {
        int64_t want = -1;
        for (int64_t k = 0; k < n; k++)
            want = list[k] == index ? k : want;
        assert_int_equal(da__set_find(s, index), want);
    }
}

static void check_list(const int64_t *list, int64_t n)
{
    struct da__index_set s, image;
    assert_int_equal(da__set_from_list(&s, list, n), DA_OK);
    check_queries(&s, list, n);
    int64_t offset = random_in(-5, 5), step = random_in(0, 1) != 0 ? 2 : -3;
    assert_int_equal(da__set_affine(&s, offset, step, &image), DA_OK);
    for (int64_t k = 0; k < n; k++) {
        assert_int_equal(da__set_get(&image, k), offset + step * list[k]);
        assert_int_equal(da__set_find(&image, offset + step * list[k]), k);
    }
    da__set_free(&s);
    da__set_free(&image);
}

static void lists_round_trip(void **state)
{
    (void)state;
    int64_t list[64];
    for (int round = 0; round < 3000; round++) {
        int64_t n = random_in(0, 64);
        for (int64_t k = 0; k < n; k++)
            list[k] = k * random_in(1, 1) + (round % 3 == 0 ? k / random_in(3, 3) * 4 : 0);
        if (round % 2 == 0)
            shuffle(list, n);
        else if (n > 4)
            shuffle(list + n / 2, n / 4);
        check_list(list, n);
    }
}

static void lists_find_long_runs(void **state)
{
    (void)state;
    struct da__index_set s;
    const int64_t ahead[] = {5, 0, 1, 2, 3};
    da__set_from_list(&s, ahead, 5);
    assert_int_equal(s.nruns, 2);
    da__set_free(&s);
    const int64_t pairs[] = {0, 1, 4, 5, 8, 9, 12, 13};
    da__set_from_list(&s, pairs, 8);
    assert_int_equal(s.nruns, 1);
    da__set_free(&s);
    int64_t blocks[60];
    for (int64_t k = 0; k < 60; k++)
        blocks[k] = k / 4 * 16 + k % 4;
    da__set_from_list(&s, blocks, 60);
    assert_int_equal(s.nruns, 1);
    da__set_free(&s);
}

static void random_runs_answer_queries(void **state)
{
    (void)state;
    for (int round = 0; round < 5000; round++) {
        struct da__run run = {random_in(-20, 40), random_in(1, 4), random_in(1, 5), 0,
                              random_in(1, 4)};
        run.stride = run.step * (run.count - 1) + random_in(1, 9);
        run.step *= random_in(0, 1) != 0 ? 1 : -1;
        run.stride *= random_in(0, 1) != 0 ? 1 : -1;
        struct da__index_set s;
        da__set_init(&s);
        assert_int_equal(da__set_push(&s, run), DA_OK);
        int64_t *list = set_elements(&s);
        for (int64_t k = 0; k < s.nelem; k++)
            assert_int_equal(list[k],
                             run.start + k / run.count * run.stride + k % run.count * run.step);
        check_queries(&s, list, s.nelem);
        free(list);
        da__set_free(&s);
    }
}

static void no_memory_is_reported(void **state)
{
    (void)state;
    int64_t live = da__alloc_live();
    const int64_t list[] = {0,  9,  4,  77, 3,  20, 21, 90, 1,   55,  56, 58,
                            30, 99, 98, 11, 12, 70, 44, 2,  150, 151, 160};
    for (int64_t n = 1; n < 3; n++) {
        struct da__index_set s;
        da__alloc_fail_at(n, false);
        assert_int_equal(da__set_from_list(&s, list, 23), DA_ERR_MEMORY);
        da__alloc_fail_at(0, false);
        assert_int_equal(da__alloc_live(), live);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pushes_normalise),      cmocka_unit_test(lists_round_trip),
        cmocka_unit_test(lists_find_long_runs),  cmocka_unit_test(random_runs_answer_queries),
        cmocka_unit_test(no_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
