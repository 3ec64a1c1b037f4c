/* Views that wrap around: chains of slices, rolls, flips and fixed indices against what they read one by one. */
#include "core_test.h"

enum { MOST = 64, CHAINS = 40000 };

/* The base indices that a one-dimensional view of `count` elements reads, from the definition. */
static void places(const struct da__view *v, int64_t count, int64_t *out)
{
    for (int64_t i = 0; i < count; i++) {
        int64_t at = v->axis[0] < 0 ? 0 : v->step[0] * i;
        if (v->axis[0] >= 0 && v->period[0] > 0)
            at = da__floor_mod(v->phase[0] + at, v->period[0]);
        out[i] = v->offset[0] + at;
    }
}

/* A random slice, flip or roll of an axis of `count` elements. */
static struct da__view random_link(int64_t count, int64_t *left)
{
    struct da__view v;
    da__view_identity(1, &v);
    *left = count;
    switch (count > 0 ? random_in(0, 4) : 0) {
    case 0:
        break;
    case 1:
        v.step[0] = -1;
        v.offset[0] = count - 1;
        break;
    case 2:
        v.offset[0] = random_in(0, count - 1);
        v.step[0] = random_in(1, 4);
        *left = random_in(0, (count - 1 - v.offset[0]) / v.step[0] + 1);
        break;
    case 3:
        v.offset[0] = random_in(0, count - 1);
        v.step[0] = -random_in(1, 4);
        *left = random_in(0, v.offset[0] / -v.step[0] + 1);
        break;
    default:
        v.period[0] = count;
        v.phase[0] = random_in(0, count - 1);
        break;
    }
    return v;
}

/* What da_core.h promises of every view. */
static void assert_well_formed(const struct da__view *v, int64_t count, int64_t extent)
{
    if (v->period[0] == 0 || count == 0)
        return;
    int64_t g = da__gcd(v->step[0], v->period[0]), way = v->step[0] * (count - 1);
    assert_in_range(v->phase[0], 0, v->period[0] - 1);
    assert_int_equal(v->phase[0] % g, 0);
    assert_true(v->offset[0] >= 0 && v->offset[0] + v->period[0] - g < extent);
    assert_true((way < 0 ? -way : way) < v->period[0]);
}

static void assert_stretches(const struct da__view *v, int64_t count, const int64_t *place)
{
    struct da__stretch s[2];
    int n = da__view_stretches(v, 0, count, s);
    int64_t at = 0;
    assert_in_range(n, 1, 2);
    for (int k = 0; k < n; k++) {
        assert_int_equal(s[k].first, at);
        assert_true(s[k].n > 0 || count == 0);
        for (int64_t j = 0; j < s[k].n; j++)
            assert_int_equal(s[k].start + v->step[0] * j, place[at++]);
    }
    assert_int_equal(at, count);
}

/* Where each element lies after one more link, and the view of the whole chain where it is one. */
static bool add_link(struct da__view *chain, int64_t *count, int64_t *place, int64_t extent)
{
    int64_t left, inner[MOST], before[MOST];
    struct da__view link = random_link(*count, &left), both = {.ndim = 77};
    places(&link, left, inner);
    memcpy(before, place, sizeof before);
    if (!da__view_compose(chain, &link, &both)) {
        assert_int_equal(both.ndim, 77);
        assert_true(da__view_wraps(chain) && da__view_wraps(&link));
        return false;
    }
    for (int64_t i = 0; i < left; i++)
        place[i] = before[inner[i]];
    assert_well_formed(&both, left, extent);
    if (random_in(0, 1))
        da__view_simplify(&both, &left);
    int64_t found[MOST];
    places(&both, left, found);
    for (int64_t i = 0; i < left; i++)
        assert_int_equal(found[i], place[i]);
    assert_stretches(&both, left, place);
    *chain = both;
    *count = left;
    return true;
}

static void chains(void **state)
{
    (void)state;
    int refused = 0, wrapped = 0;
    for (int k = 0; k < CHAINS; k++) {
        int64_t extent = random_in(0, k % 2 ? 8 : 40), count = extent, place[MOST] = {0};
        struct da__view chain;
        da__view_identity(1, &chain);
        for (int64_t i = 0; i < extent; i++)
            place[i] = i;
        for (int links = (int)random_in(1, 6); links > 0; links--)
            refused += !add_link(&chain, &count, place, extent);
        wrapped += da__view_wraps(&chain);
    }
    assert_true(wrapped > CHAINS / 8); /* the test met what it is about */
    assert_true(refused > 0 && refused < CHAINS / 2);
}

/* Rolls of a whole axis add up, however many there are. */
static void rolls_add_up(void **state)
{
    (void)state;
    const int64_t n = 7;
    struct da__view v, roll, both;
    da__view_identity(1, &v);
    da__view_identity(1, &roll);
    roll.period[0] = n;
    for (int k = 0; k < 20; k++) {
        roll.phase[0] = k % n;
        assert_true(da__view_compose(&v, &roll, &both));
        v = both;
    }
    assert_int_equal((v.offset[0] + v.phase[0]) % n, 20 * 19 / 2 % n);
    roll.phase[0] = n - v.phase[0];
    assert_true(da__view_compose(&v, &roll, &both));
    da__view_simplify(&both, &n);
    assert_true(da__view_is_identity(&both));
}

/* One element of a rolled axis is a place; a permutation keeps which axis is rolled. */
static void fixed_and_permuted(void **state)
{
    (void)state;
    struct da__view roll, outer, both;
    da__view_identity(2, &roll);
    roll.period[1] = 5;
    roll.phase[1] = 3;
    outer = (struct da__view){
        .ndim = 1, .base_ndim = 2, .axis = {0, -1}, .offset = {0, 4}, .step = {1, 0}};
    assert_true(da__view_compose(&roll, &outer, &both));
    assert_int_equal(both.axis[1], -1);
    assert_int_equal(both.offset[1], 2);
    assert_false(da__view_wraps(&both));
    outer = (struct da__view){.ndim = 2, .base_ndim = 2, .axis = {1, 0}, .step = {1, 1}};
    assert_true(da__view_compose(&roll, &outer, &both));
    assert_int_equal(both.axis[1], 0);
    assert_int_equal(both.period[1], 5);
    assert_int_equal(both.phase[1], 3);
    assert_int_equal(both.period[0], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(chains), cmocka_unit_test(rolls_add_up),
                                       cmocka_unit_test(fixed_and_permuted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
