/* Axis maps and views of them against explicit ownership tables. */
#include <time.h>

#include "core_test.h"
#include "map.h"

enum { MAX_SIZE = 64 };

/* A 1-d distribution holds the map, with lists and bounds of its own. */
static const struct da__dist *make_1d(int64_t size, struct da__map_spec map, int parts)
{
    const struct da__dist *d = NULL;
    struct da__error err = {0};
    struct da__dist_spec spec = {.nmaps = 1, .map = &map, .ngrid = 1, .grid = &parts};
    if (da__dist_make(1, &size, &spec, parts, &d, &err) != DA_OK)
        fail_msg("%s", err.text);
    return d;
}

static const struct da__dist *random_irregular(int64_t size, int parts)
{
    int64_t bounds[16] = {0};
    for (int p = 1; p < parts; p++)
        bounds[p] =
            bounds[p - 1] + (random_in(0, 2) != 0 ? random_in(0, (size - bounds[p - 1]) / 2) : 0);
    bounds[parts] = size;
    return make_1d(size, (struct da__map_spec){.kind = 'b', .nbounds = parts + 1, .bounds = bounds},
                   parts);
}

static const struct da__dist *random_unstructured(int64_t size, int parts)
{
    int64_t index[MAX_SIZE], nelem[16] = {0};
    const int64_t *list[16];
    for (int64_t k = 0; k < size; k++)
        index[k] = k;
    shuffle(index, size);
    int64_t at = 0;
    for (int p = 0; p < parts; p++) {
        nelem[p] = p == parts - 1 ? size - at : random_in(0, size - at);
        list[p] = index + at;
        at += nelem[p];
    }
    struct da__map_spec map = {.kind = 'u', .nlists = parts, .list_nelem = nelem, .list = list};
    return make_1d(size, map, parts);
}

static const struct da__dist *random_dist(void)
{
    int64_t size = random_in(0, MAX_SIZE);
    int parts = (int)random_in(1, 7);
    switch (random_in(0, 4)) {
    case 0:
        return make_1d(size, (struct da__map_spec){.kind = 'b'}, parts);
    case 1:
        return random_irregular(size, parts);
    case 2:
        return random_unstructured(size, parts);
    case 3:
        return make_1d(size, (struct da__map_spec){.kind = 'n'}, 1);
    default:
        return make_1d(size, (struct da__map_spec){.kind = 'c', .block = random_in(0, 9)}, parts);
    }
}

/* A random slice: also empty and reversed ones. */
static struct da__map random_view(const struct da__map *m)
{
    struct da__index_item item = {.kind = DA__INDEX_SLICE, .has_step = true};
    item.step = random_in(0, 2) == 0 ? random_in(1, 12) : random_in(1, 3);
    item.step *= random_in(0, 1) != 0 ? 1 : -1;
    item.has_start = random_in(0, 1) != 0;
    item.has_stop = random_in(0, 1) != 0;
    item.start = random_in(-MAX_SIZE, MAX_SIZE);
    item.stop = random_in(-MAX_SIZE, MAX_SIZE);
    int64_t start, step;
    int64_t count = da__slice_resolve(m->count, &item, &start, &step);
    return da__map_view(m, start, step, count);
}

/* Who owns template index t, from the definition of each kind. */
static int template_owner(const struct da__map *m, int64_t t)
{
    if (m->kind == DA__MAP_N)
        return 0;
    if (m->kind == DA__MAP_C)
        return (int)((t / m->block) % m->parts);
    for (int p = 0; p < m->parts; p++) {
        if (m->kind == DA__MAP_B) {
            int64_t each = m->size / m->parts, rest = m->size % m->parts;
            int64_t lo = m->bounds ? m->bounds[p] : p * each + (p < rest ? p : rest);
            int64_t hi =
                m->bounds ? m->bounds[p + 1] : (p + 1) * each + (p + 1 < rest ? p + 1 : rest);
            if (lo <= t && t < hi)
                return p;
            continue;
        }
        for (int64_t k = 0; k < da__lists_count(m->lists, p); k++) {
            if (da__lists_get(m->lists, p, k) == t)
                return p;
        }
    }
    fail_msg("template index %lld has no owner", (long long)t);
    return -1;
}

/* Ownership of a cyclic axis repeats: stretch by stretch of the first cycle, with what each has in the further ones. */
static int64_t brute_by_place(const struct da__map *m, int part, int64_t *out)
{
    int64_t period = m->block * m->parts, cycle = period / da__gcd(m->step, period), n = 0;
    assert_int_equal(m->kind, DA__MAP_C);
    assert_true(m->parts > 1 && cycle < m->count);
    for (int64_t lo = 0, hi; lo < cycle; lo = hi) {
        int owner = template_owner(m, m->start + m->step * lo);
        for (hi = lo + 1; hi < cycle && template_owner(m, m->start + m->step * hi) == owner;)
            hi++;
        for (int64_t i = lo; owner == part && i < m->count; i += cycle)
            for (int64_t k = i; k < i + hi - lo && k < m->count; k++)
                out[n++] = k;
    }
    return n;
}

/* The axis indices of a coordinate in local order. */
static int64_t brute_owned(const struct da__map *m, int part, int64_t *out)
{
    int64_t n = 0;
    if (m->kind == DA__MAP_U) {
        for (int64_t k = 0; k < da__lists_count(m->lists, part); k++) {
            for (int64_t i = 0; i < m->count; i++) {
                if (m->start + m->step * i == da__lists_get(m->lists, part, k))
                    out[n++] = i;
            }
        }
        return n;
    }
    if (!da__map_in_order(m, part))
        return brute_by_place(m, part, out);
    for (int64_t i = 0; i < m->count; i++) {
        if (template_owner(m, m->start + m->step * i) == part)
            out[n++] = i;
    }
    return n;
}

static void check_map(const struct da__map *m)
{
    for (int64_t i = 0; i < m->count; i++) {
        int owner;
        int64_t n = da__map_stretch(m, i, &owner);
        assert_int_equal(owner, da__map_owner(m, i));
        assert_in_range(n, 1, m->count - i);
        for (; n > 0; n--) {
            int64_t at = da__map_local_of(m, owner, i + n - 1);
            assert_true(at >= 0);
            if (m->kind != DA__MAP_U)
                assert_int_equal(at, da__map_local_of(m, owner, i) + n - 1);
        }
    }
    int64_t total = 0;
    for (int p = 0; p < m->parts; p++) {
        int64_t want[MAX_SIZE];
        int64_t n = brute_owned(m, p, want);
        struct da__index_set s;
        assert_int_equal(da__map_local_count(m, p), n);
        assert_int_equal(da__map_owned(m, p, &s), DA_OK);
        assert_int_equal(s.nelem, n);
        if (m->kind == DA__MAP_C)
            assert_true(s.nruns <= 2 * m->block + 4);
        int64_t *have = set_elements(&s);
        if (n > 0)
            assert_memory_equal(have, want, sizeof *want * (size_t)n);
        for (int64_t k = 0; k < n; k++) {
            assert_int_equal(da__map_owner(m, want[k]), p);
            assert_int_equal(da__map_local_of(m, p, want[k]), k);
            if (m->parts > 1)
                assert_int_equal(da__map_local_of(m, (p + 1) % m->parts, want[k]), -1);
        }
        free(have);
        da__set_free(&s);
        total += n;
    }
    assert_int_equal(total,
                     m->count); /* everything exactly once: local_of told every index apart */
    assert_int_equal(da__map_local_of(m, 0, -1), -1);
    assert_int_equal(da__map_local_of(m, 0, m->count), -1);
}

static void random_maps_and_views(void **state)
{
    (void)state;
    for (int round = 0; round < 20000; round++) {
        const struct da__dist *d = random_dist();
        struct da__map m = d->map[0];
        check_map(&m);
        for (int depth = 0; depth < 3; depth++) {
            m = random_view(&m);
            check_map(&m);
        }
        da__dist_drop(d);
    }
}

/* All small cyclic maps under all slices. */
static void cyclic_views_exhaustively(void **state)
{
    (void)state;
    for (int parts = 1; parts <= 4; parts++) {
        for (int64_t block = 1; block <= 6; block++) {
            const struct da__dist *d =
                make_1d(29, (struct da__map_spec){.kind = 'c', .block = block}, parts);
            for (int64_t step = -8; step <= 8; step++) {
                for (int64_t start = 0; start < 29 && step != 0; start += 3) {
                    int64_t most = step > 0 ? (28 - start) / step + 1 : start / -step + 1;
                    for (int64_t count = 0; count <= most; count += 1 + count / 4) {
                        struct da__map m = da__map_view(&d->map[0], start, step, count);
                        check_map(&m);
                    }
                }
            }
            da__dist_drop(d);
        }
    }
}

static bool brute_equal(const struct da__map *a, const struct da__map *b)
{
    if (a->parts != b->parts || a->count != b->count)
        return false;
    for (int p = 0; p < a->parts; p++) {
        int64_t x[MAX_SIZE], y[MAX_SIZE];
        int64_t nx = brute_owned(a, p, x), ny = brute_owned(b, p, y);
        if (nx != ny || memcmp(x, y, sizeof *x * (size_t)nx) != 0)
            return false;
    }
    return true;
}

static struct da__hash hash_of(const struct da__map *m)
{
    struct da__hash h = da__hash_init();
    da__map_hash(m, &h);
    return h;
}

/* Equality never lies, hashes follow it, and among blocks and intervals it misses nothing. */
static void equality_is_ownership(void **state)
{
    (void)state;
    int equal = 0, missed = 0;
    for (int round = 0; round < 40000; round++) {
        const struct da__dist *d[2] = {random_dist(), random_dist()};
        struct da__map m[2];
        for (int k = 0; k < 2; k++)
            m[k] = random_in(0, 1) != 0 ? random_view(&d[k]->map[0]) : d[k]->map[0];
        if (round % 2 == 0)
            m[1] = random_view(&d[0]->map[0]);
        bool same = brute_equal(&m[0], &m[1]), says = da__map_equal(&m[0], &m[1]);
        assert_true(same || !says);
        if (says)
            assert_true(da__hash_equal(hash_of(&m[0]), hash_of(&m[1])));
        else
            assert_false(da__hash_equal(hash_of(&m[0]), hash_of(&m[1])));
        bool lists = m[0].kind == DA__MAP_U || m[1].kind == DA__MAP_U;
        bool cyclic = m[0].kind == DA__MAP_C || m[1].kind == DA__MAP_C;
        if (!lists && !cyclic)
            assert_true(same == says);
        equal += says;
        missed += same && !says;
        da__dist_drop(d[0]);
        da__dist_drop(d[1]);
    }
    assert_true(equal > 1500);
    assert_true(missed < equal / 10);
}

static void check_same(int64_t size, int parts, struct da__map_spec x, struct da__map_spec y,
                       bool want)
{
    const struct da__dist *a = make_1d(size, x, x.kind == 'n' ? 1 : parts);
    const struct da__dist *b = make_1d(size, y, y.kind == 'n' ? 1 : parts);
    assert_int_equal(da__map_equal(&a->map[0], &b->map[0]), want);
    assert_int_equal(da__dist_equal(a, b), want);
    da__dist_drop(a);
    da__dist_drop(b);
}

static void equivalent_forms(void **state)
{
    (void)state;
    const struct da__map_spec n = {.kind = 'n'}, b = {.kind = 'b'}, c = {.kind = 'c'};
    const struct da__map_spec c7 = {.kind = 'c', .block = 7}, c5 = {.kind = 'c', .block = 5};
    const struct da__map_spec c1 = {.kind = 'c', .block = 1};
    const int64_t bounds[] = {0, 5, 10, 15, 20};
    const struct da__map_spec irregular = {.kind = 'b', .nbounds = 5, .bounds = bounds};
    check_same(19937, 1, b, c, true);
    check_same(19937, 1, b, c7, true);
    check_same(19937, 1, n, c7, true);
    check_same(19937, 2, b, c, false);
    check_same(20, 4, b, c5, true);
    check_same(20, 4, b, irregular, true);
    check_same(20, 4, c5, irregular, true);
    check_same(20, 4, c, c1, true);
    check_same(20, 4, c, c7, false);
    check_same(3, 4, b, c, true);
}

/* Every second index of blocks of four is blocks of two; whole periods in front do not matter. */
static void views_reduce(void **state)
{
    (void)state;
    const struct da__dist *four = make_1d(60, (struct da__map_spec){.kind = 'c', .block = 4}, 3);
    const struct da__dist *two = make_1d(60, (struct da__map_spec){.kind = 'c', .block = 2}, 3);
    for (int64_t start = 0; start < 12; start += 2) {
        struct da__map a = da__map_view(&four->map[0], start, 2, 20);
        struct da__map b = da__map_view(&two->map[0], start / 2 + 6, 1, 20);
        struct da__map c = da__map_view(&two->map[0], start / 2 + 7, 1, 20);
        assert_true(brute_equal(&a, &b));
        assert_true(da__map_equal(&a, &b));
        assert_false(da__map_equal(&a, &c));
    }
    da__dist_drop(four);
    da__dist_drop(two);
}

/* Equality and hash of views stay cheap and right for many coordinates. */
static void views_of_many_parts(void **state)
{
    (void)state;
    const int64_t size = INT64_C(1000000000000000);
    const struct da__dist *d = make_1d(size, (struct da__map_spec){.kind = 'b'}, 4096);
    const struct da__dist *e = make_1d(size, (struct da__map_spec){.kind = 'b'}, 4096);
    struct da__map a = da__map_view(&d->map[0], 1, 2, size / 3);
    struct da__map b = da__map_view(&e->map[0], 1, 2, size / 3);
    struct da__map c = da__map_view(&e->map[0], 1, 2, size / 3 - 1);
    struct da__map whole = da__map_view(&e->map[0], 0, 1, size);
    assert_true(da__map_equal(&a, &b));
    assert_false(da__map_equal(&a, &c));
    assert_true(da__map_equal(&d->map[0], &whole));
    assert_true(da__hash_equal(hash_of(&a), hash_of(&b)));
    assert_false(da__hash_equal(hash_of(&a), hash_of(&c)));
    da__dist_drop(d);
    da__dist_drop(e);
}

static void test_owners_of(const struct da__map *m, const struct da__index_set *s)
{
    bool want[8] = {false}, have[8] = {false};
    int64_t *e = set_elements(s);
    for (int64_t k = 0; k < s->nelem; k++)
        want[da__map_owner(m, e[k])] = true;
    struct da__run r = da__map_owners_of(m, s);
    assert_int_equal(r.reps, 1);
    for (int64_t k = 0; k < r.count; k++) {
        assert_in_range(r.start + k * r.step, 0, m->parts - 1);
        have[r.start + k * r.step] = true;
    }
    for (int p = 0; p < m->parts; p++)
        assert_true(have[p] || !want[p]);
    if (s->nelem == 0)
        assert_int_equal(r.count, 0);
    bool contiguous = s->nruns == 1 && s->run[0].reps == 1 && s->run[0].step == 1;
    if (contiguous && m->kind == DA__MAP_B && m->bounds == NULL &&
        (m->step == 1 || m->step == -1) && m->size >= m->parts)
        assert_memory_equal(have, want, sizeof have);
    free(e);
}

static void owners_of_sets(void **state)
{
    (void)state;
    for (int round = 0; round < 30000; round++) {
        const struct da__dist *d = random_dist();
        struct da__map m = random_in(0, 1) != 0 ? random_view(&d->map[0]) : d->map[0];
        struct da__index_set s;
        da__set_init(&s);
        if (m.count > 0) {
            struct da__run run = {random_in(0, m.count - 1), random_in(1, 5), 1, 0, 1};
            run.count = random_in(1, (m.count - 1 - run.start) / run.step + 1);
            run.stride = run.step * (run.count - 1) + random_in(1, 6);
            run.reps = 1;
            int64_t room = m.count - 1 - run.start - run.step * (run.count - 1);
            if (random_in(0, 1) != 0)
                run.reps = random_in(1, room / run.stride + 1);
            da__set_push(&s, run);
        }
        test_owners_of(&m, &s);
        da__set_free(&s);
        da__dist_drop(d);
    }
}

/* DistArray gave the partial last block to coordinate 0 always. */
static void partial_last_block(void **state)
{
    (void)state;
    struct da__index_set s;
    const struct da__dist *d = make_1d(7, (struct da__map_spec){.kind = 'c', .block = 2}, 2);
    da__map_owned(&d->map[0], 0, &s);
    assert_set(&s, 0, 1, 4, 5);
    da__set_free(&s);
    da__map_owned(&d->map[0], 1, &s);
    assert_set(&s, 2, 3, 6);
    da__set_free(&s);
    da__dist_drop(d);
    d = make_1d(9, (struct da__map_spec){.kind = 'c', .block = 5}, 4);
    const int64_t counts[] = {5, 4, 0, 0};
    for (int p = 0; p < 4; p++)
        assert_int_equal(da__map_local_count(&d->map[0], p), counts[p]);
    assert_int_equal(da__map_owner(&d->map[0], 6), 1);
    da__dist_drop(d);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A step that hits blocks in changing ways: a few runs say what a coordinate owns of 10^15 indices, positions agree with them. */
static void changing_blocks_are_cheap(void **state)
{
    (void)state;
    const int64_t size = INT64_C(1000000000000000), block = 1000;
    const struct da__dist *d =
        make_1d(size, (struct da__map_spec){.kind = 'c', .block = block}, 4096);
    const int64_t step[] = {3, -3, 7, 999, 1001, -100003, 4095};
    for (size_t v = 0; v < sizeof step / sizeof *step; v++) {
        int64_t by = step[v] < 0 ? -step[v] : step[v];
        int64_t most = 2 * ((by < block ? by : block) + 2), start = step[v] < 0 ? size - 5 : 5;
        struct da__map m = da__map_view(&d->map[0], start, step[v], size / by - 9);
        for (int p = 0; p < 4096; p += 315) {
            struct da__index_set s;
            assert_int_equal(da__map_owned(&m, p, &s), DA_OK);
            assert_true(s.nruns <= most);
            assert_int_equal(s.nelem, da__map_local_count(&m, p));
            for (int64_t at = 0; at < s.nelem; at += s.nelem / 61 + 1) {
                int64_t i = da__set_get(&s, at);
                int owner;
                assert_int_equal(da__map_owner(&m, i), p);
                assert_int_equal(da__map_local_of(&m, p, i), at);
                int64_t n = da__map_stretch(&m, i, &owner);
                assert_int_equal(da__set_get(&s, at + n - 1), i + n - 1);
            }
            da__set_free(&s);
        }
    }
    da__dist_drop(d);
}

/* 4096 parts and 10^15 indices: queries in about a microsecond each. */
static void huge_maps_are_cheap(void **state)
{
    (void)state;
    const int64_t size = INT64_C(1000000000000000);
    const struct da__map_spec kind[] = {{.kind = 'b'}, {.kind = 'c'}, {.kind = 'c', .block = 1000}};
    for (size_t k = 0; k < 3; k++) {
        const struct da__dist *d = make_1d(size, kind[k], 4096);
        const struct da__map *whole = &d->map[0];
        struct da__map halves = da__map_view(whole, 1, 2, size / 2 - 1);
        struct da__map down = da__map_view(whole, size - 2, -1, size - 5);
        const struct da__map *views[] = {whole, &halves, &down};
        double start = seconds();
        for (int v = 0; v < 3; v++) {
            int64_t total = 0;
            for (int p = 0; p < 4096; p++) {
                struct da__index_set s;
                assert_int_equal(da__map_owned(views[v], p, &s), DA_OK);
                assert_true(s.nruns <= 3);
                total += da__map_local_count(views[v], p);
                assert_int_equal(da__map_local_count(views[v], p), s.nelem);
                if (s.nelem > 0) {
                    int64_t last = da__set_get(&s, s.nelem - 1);
                    assert_int_equal(da__map_owner(views[v], last), p);
                    assert_int_equal(da__map_local_of(views[v], p, last), s.nelem - 1);
                }
                da__set_free(&s);
            }
            assert_int_equal(total, views[v]->count);
        }
        assert_true(seconds() - start < 3.0);
        da__dist_drop(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_maps_and_views),
        cmocka_unit_test(cyclic_views_exhaustively),
        cmocka_unit_test(equality_is_ownership),
        cmocka_unit_test(equivalent_forms),
        cmocka_unit_test(views_reduce),
        cmocka_unit_test(views_of_many_parts),
        cmocka_unit_test(owners_of_sets),
        cmocka_unit_test(partial_last_block),
        cmocka_unit_test(changing_blocks_are_cheap),
        cmocka_unit_test(huge_maps_are_cheap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
