/* The ground floor: errors, allocation, arithmetic, hashes, bytes and text. */
#include "core_test.h"

/* ---- errors ---- */

static void first_error_wins(void **state)
{
    (void)state;
    struct da__error err = {0};
    assert_int_equal(da__fail(&err, DA_ERR_SHAPE, "%d and %d", 3, 4), DA_ERR_SHAPE);
    assert_int_equal(da__fail(&err, DA_ERR_IO, "later"), DA_ERR_IO);
    assert_int_equal(err.status, DA_ERR_SHAPE);
    assert_int_equal(err.engine, -1);
    assert_string_equal(err.text, "3 and 4");
    da__error_prefix(&err, "node %d", 7);
    assert_string_equal(err.text, "node 7: 3 and 4");
    assert_int_equal(da__fail(NULL, DA_ERR_IO, "nobody listens"), DA_ERR_IO);
    da__error_prefix(NULL, "nobody");
    struct da__error fine = {0};
    da__error_prefix(&fine, "nothing");
    assert_string_equal(fine.text, "");
}

static void long_errors_are_cut(void **state)
{
    (void)state;
    char text[2000];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct da__error err = {0};
    da__fail(&err, DA_ERR_IO, "%s", text);
    assert_int_equal(strlen(err.text), DA__ERROR_TEXT - 1);
    da__error_prefix(&err, "front");
    assert_int_equal(strlen(err.text), DA__ERROR_TEXT - 1);
    assert_memory_equal(err.text, "front: aaa", 10);
    da__error_prefix(&err, "%s", text);
    assert_memory_equal(err.text, "front: aaa", 10);
}

static void statuses_have_names(void **state)
{
    (void)state;
    assert_string_equal(da__status_name(DA_OK), "ok");
    assert_string_equal(da__status_name(DA_ERR_MEMORY), "memory");
    for (int s = DA_OK; s <= DA_ERR_INTERNAL; s++)
        assert_true(strlen(da__status_text((da_status)s)) > 5);
    assert_string_equal(da__status_name((da_status)99), "unknown");
    assert_string_equal(da__status_name((da_status)-1), "unknown");
}

/* ---- allocation ---- */

static void blocks_are_counted(void **state)
{
    (void)state;
    int64_t live = da__alloc_live();
    void *a = da__alloc(0), *b = da__calloc(3, 5), *c = da__alloc_aligned(100, 64),
         *d = da__realloc(NULL, 4);
    char *e = da__strdup("word");
    assert_int_equal(da__alloc_live(), live + 5);
    assert_int_equal((uintptr_t)c % 64, 0);
    assert_memory_equal(b, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 15);
    assert_string_equal(e, "word");
    d = da__realloc(d, 4000);
    assert_int_equal(da__alloc_live(), live + 5);
    assert_null(da__calloc(SIZE_MAX / 2, 3));
    void *all[] = {a, b, c, d, e, NULL};
    for (int k = 0; k < 6; k++)
        da__free(all[k]);
    assert_int_equal(da__alloc_live(), live);
}

static void the_nth_allocation_fails(void **state)
{
    (void)state;
    da__alloc_fail_at(2, false);
    void *a = da__alloc(1), *b = da__alloc(1), *c = da__alloc(1);
    assert_true(a != NULL && b == NULL && c != NULL);
    da__alloc_fail_at(1, true);
    assert_null(da__alloc(1));
    assert_null(da__calloc(1, 1));
    assert_null(da__realloc(a, 100));
    assert_null(da__alloc_aligned(1, 64));
    assert_null(da__strdup(""));
    da__alloc_fail_at(0, false);
    da__free(a);
    da__free(c);
}

static void arrays_grow(void **state)
{
    (void)state;
    struct {
        int *item;
        int64_t n, cap;
    } v = {0};
    for (int k = 0; k < 1000; k++) {
        assert_true(DA__PUSH(v.item, v.n, v.cap));
        v.item[v.n++] = k;
    }
    for (int k = 0; k < 1000; k++)
        assert_int_equal(v.item[k], k);
    int64_t cap = v.cap;
    assert_false(da__grow((void **)&v.item, &v.cap, INT64_MAX, sizeof *v.item));
    assert_int_equal(v.cap, cap);
    da__free(v.item);
}

/* ---- arithmetic ---- */

static void division_rounds_as_named(void **state)
{
    (void)state;
    for (int64_t a = -20; a <= 20; a++) {
        for (int64_t b = -6; b <= 6; b++) {
            if (b == 0)
                continue;
            int64_t floor = da__floor_div(a, b), rest = da__floor_mod(a, b);
            assert_int_equal(floor * b + rest, a);
            assert_true(b > 0 ? rest >= 0 && rest < b : rest <= 0 && rest > b);
            if (b > 0)
                assert_int_equal(da__ceil_div(a, b), -da__floor_div(-a, b));
        }
    }
    assert_int_equal(da__gcd(12, -18), 6);
    assert_int_equal(da__gcd(0, 5), 5);
    assert_int_equal(da__gcd(0, 0), 0);
}

static void modular_arithmetic(void **state)
{
    (void)state;
    for (int64_t m = 1; m < 60; m++) {
        for (int64_t a = -70; a < 70; a++) {
            if (da__gcd(a, m) == 1)
                assert_int_equal(da__floor_mod(a * da__inverse_mod(a, m), m), 1 % m);
        }
    }
    const int64_t big = INT64_C(4611686018427387847); /* a prime near 2^62 */
    assert_int_equal(da__mul_mod(big - 1, big - 1, big), 1);
    assert_int_equal(da__mul_mod(12345, da__inverse_mod(12345, big), big), 1);
}

static void overflow_is_noticed(void **state)
{
    (void)state;
    int64_t x;
    size_t n;
    assert_true(da__mul_i64(INT64_C(1) << 31, INT64_C(1) << 31, &x));
    assert_int_equal(x, INT64_C(1) << 62);
    assert_false(da__mul_i64(INT64_C(1) << 32, INT64_C(1) << 31, &x));
    assert_false(da__add_i64(INT64_MAX, 1, &x));
    assert_true(da__add_i64(INT64_MAX, -1, &x));
    assert_false(da__mul_size(SIZE_MAX, 2, &n));
}

static int compare_hashes(const void *x, const void *y)
{
    return memcmp(x, y, sizeof(struct da__hash));
}

static void hashes_differ(void **state)
{
    (void)state;
    enum { N = 20000 };
    struct da__hash *all = calloc(N, sizeof *all);
    for (int k = 0; k < N; k++) { /* sequences of 1 to 3 small words */
        all[k] = da__hash_init();
        int64_t words[] = {k % 30, k / 30 % 30, k / 900};
        for (int w = 0; w < (k < 30 ? 1 : k < 900 ? 2 : 3); w++)
            da__hash_i64(&all[k], words[w]);
    }
    qsort(all, N, sizeof *all, compare_hashes);
    for (int k = 1; k < N; k++) {
        assert_false(da__hash_equal(all[k - 1], all[k]));
        assert_true(all[k - 1].lo != all[k].lo); /* each half is good by itself */
    }
    free(all);
    struct da__hash a = da__hash_init(), b = da__hash_init(), c = da__hash_init();
    da__hash_bytes(&a, "abcdefghi", 9);
    da__hash_bytes(&b, "abcdefghi\0", 10);
    da__hash_bytes(&c, "abcd", 4);
    da__hash_bytes(&c, "efghi", 5);
    assert_false(da__hash_equal(a, b));
    assert_false(da__hash_equal(a, c));
}

/* ---- bytes ---- */

static void bytes_round_trip(void **state)
{
    (void)state;
    struct da__bytes b = {0};
    da__put_i64(&b, INT64_MIN);
    da__put_text(&b, "text");
    da__put_text(&b, NULL);
    da__put_text(&b, "");
    da__put_i32(&b, -7);
    da__put_f64(&b, 2.5);
    da__put_bytes(&b, "xyz", 3);
    char xyz[3];
    assert_int_equal(da__get_i64(&b), INT64_MIN);
    assert_string_equal(da__get_text(&b), "text");
    assert_null(da__get_text(&b));
    assert_false(b.failed);
    assert_string_equal(da__get_text(&b), "");
    assert_int_equal(da__get_i32(&b), -7);
    assert_true(da__get_f64(&b) == 2.5);
    da__get_bytes(&b, xyz, 3);
    assert_memory_equal(xyz, "xyz", 3);
    assert_int_equal(b.at, b.nbytes);
    assert_int_equal(da__get_i64(&b), 0); /* past the end: zeros, and it sticks */
    assert_true(b.failed);
    b.at = 0;
    assert_int_equal(da__get_i64(&b), 0);
    da__bytes_free(&b);
}

static void damaged_text_is_refused(void **state)
{
    (void)state;
    const int64_t lengths[] = {-2, 3, 5, 100, INT64_MAX, INT64_MIN};
    for (int k = 0; k < 6; k++) {
        struct da__bytes b = {0};
        da__put_text(&b, "text");
        memcpy(b.data, &lengths[k], sizeof lengths[k]);
        assert_null(da__get_text(&b));
        assert_true(b.failed);
        da__bytes_free(&b);
    }
}

static void bytes_without_memory(void **state)
{
    (void)state;
    struct da__bytes b = {0};
    da__alloc_fail_at(1, false);
    da__put_i64(&b, 1);
    da__put_i64(&b, 2);
    assert_true(b.failed);
    assert_int_equal(b.nbytes, 0);
    da__bytes_free(&b);
}

/* ---- text ---- */

static void text_grows(void **state)
{
    (void)state;
    struct da__text t = {0};
    char want[4000] = "";
    for (int k = 0; k < 300; k++) {
        da__text_add(&t, "%d,", k);
        snprintf(want + strlen(want), 16, "%d,", k);
    }
    assert_string_equal(t.s, want);
    assert_int_equal(t.len, strlen(want));
    da__alloc_fail_at(1, true);
    for (int k = 0; k < 3000 && !t.failed; k++)
        da__text_add(&t, "more");
    da__alloc_fail_at(0, false);
    assert_true(t.failed);
    size_t len = t.len;
    da__text_add(&t, "nothing");
    assert_int_equal(t.len, len);
    da__text_free(&t);
}

static int min3(int a, int b, int c)
{
    return a < b ? (a < c ? a : c) : (b < c ? b : c);
}

/* The whole table of Levenshtein's distance. */
static int distance(const char *a, const char *b)
{
    int d[12][12];
    int na = (int)strlen(a), nb = (int)strlen(b);
    for (int i = 0; i <= na; i++) {
        for (int j = 0; j <= nb; j++)
            d[i][j] = i == 0   ? j
                      : j == 0 ? i
                               : min3(d[i - 1][j] + 1, d[i][j - 1] + 1,
                                      d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
    }
    return d[na][nb];
}

static void nearest_word(void **state)
{
    (void)state;
    static const char *const ops[] = {"add", "subtract", "multiply", "sqrt", "square", "sum"};
    assert_string_equal(da__near("squrt", ops, 6), "sqrt");
    assert_string_equal(da__near("substract", ops, 6), "subtract");
    assert_string_equal(da__near("ad", ops, 6), "add");
    assert_null(da__near("x", ops, 6));
    assert_null(da__near("", ops, 6));
    assert_null(da__near("frobnicate", ops, 6));
    static const char *const tie[] = {"aab", "aac"};
    assert_string_equal(da__near("aad", tie, 2), "aab");
    for (int round = 0; round < 20000;
         round++) { /* against the definition, on words of two letters */
        char word[2][12] = {{0}};
        for (int k = 0; k < 2; k++) {
            int64_t n = random_in(0, 8);
            for (int64_t i = 0; i < n; i++)
                word[k][i] = random_in(0, 1) != 0 ? 'a' : 'b';
        }
        const char *candidate = word[1];
        int d = distance(word[0], word[1]);
        bool near = d <= 2 && d < (int)strlen(word[0]);
        assert_int_equal(da__near(word[0], &candidate, 1) != NULL, near);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_error_wins),
        cmocka_unit_test(long_errors_are_cut),
        cmocka_unit_test(statuses_have_names),
        cmocka_unit_test(blocks_are_counted),
        cmocka_unit_test(the_nth_allocation_fails),
        cmocka_unit_test(arrays_grow),
        cmocka_unit_test(division_rounds_as_named),
        cmocka_unit_test(modular_arithmetic),
        cmocka_unit_test(overflow_is_noticed),
        cmocka_unit_test(hashes_differ),
        cmocka_unit_test(bytes_round_trip),
        cmocka_unit_test(damaged_text_is_refused),
        cmocka_unit_test(bytes_without_memory),
        cmocka_unit_test(text_grows),
        cmocka_unit_test(nearest_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
