/* Strided copies and packed regions against element-by-element loops. */
#include "layout.h"

static void copies(void **state)
{
    (void)state;
    static const size_t items[] = {1, 2, 4, 8, 16, 3, 24};
    for (uint64_t round = 1; round <= 1500; round++) {
        uint64_t seed = round;
        int ndim = (int)random_below(&seed, 5);
        size_t item = items[random_below(&seed, 7)];
        int64_t shape[DA_MAX_NDIM], index[DA_MAX_NDIM] = {0}, left = 6000;
        bool empty = false;
        for (int k = 0; k < ndim; k++) {
            shape[k] = random_below(&seed, 3) ? random_below(&seed, 9) : random_below(&seed, 90);
            shape[k] = shape[k] <= left ? shape[k] : 1;
            left /= shape[k] > 0 ? shape[k] : 1;
            empty = empty || shape[k] == 0;
        }
        struct layout from, to;
        layout_make(&from, ndim, shape, item, true, &seed);
        layout_make(&to, ndim, shape, item, false, &seed);
        fill_random(DA_UINT8, from.nbytes, from.buffer, false, &seed);
        memset(to.buffer, 0xee, to.nbytes);
        char *want = malloc(to.nbytes);
        memset(want, 0xee, to.nbytes);
        if (!empty)
            do
                memcpy(layout_find(&to, want, ndim, index),
                       layout_find(&from, from.buffer, ndim, index), item);
            while (next_index(ndim, shape, index));
        da__copy_strided(ndim, shape, item, to.at.data, to.at.stride, from.at.data, from.at.stride);
        assert_memory_equal(to.buffer, want, to.nbytes);
        free(want);
        free(from.buffer);
        free(to.buffer);
    }
}

/* Matches that take every position of an axis at most once, cut at random; returns how many
 * positions they list. */
enum { MAX_MATCHES = 6 };
static int64_t random_matches(struct da__pack_axis *axis, struct da__match *m, int64_t extent,
                              int64_t *position, uint64_t *seed)
{
    int64_t at = 0, n = 0;
    axis->m = m;
    axis->side_b = random_below(seed, 2);
    for (axis->n = 0; axis->n < MAX_MATCHES && random_below(seed, 5); axis->n++) {
        struct da__match *one = &m[axis->n];
        int64_t count = 1 + random_below(seed, 5), step = 1 + random_below(seed, 2);
        int64_t reps = 1 + random_below(seed, 3), stride = count * step + random_below(seed, 3);
        if (at + reps * stride > extent)
            break;
        bool back = random_below(seed, 4) == 0;
        int64_t first = back ? at + (count - 1) * step : at;
        *one = (struct da__match){.a = first,
                                  .b = first,
                                  .step_a = back ? -step : step,
                                  .step_b = back ? -step : step,
                                  .count = count,
                                  .stride_a = stride,
                                  .stride_b = stride,
                                  .reps = reps};
        for (int64_t r = 0; r < reps; r++)
            for (int64_t k = 0; k < count; k++)
                position[n++] = first + r * stride + k * (back ? -step : step);
        at += reps * stride;
        if (axis->side_b)
            one->a = one->step_a = one->stride_a = -1000000;
        else
            one->b = one->step_b = one->stride_b = -1000000;
    }
    return n;
}

static void packs(void **state)
{
    (void)state;
    for (uint64_t round = 1; round <= 1500; round++) {
        uint64_t seed = round;
        int ndim = (int)random_below(&seed, 4);
        size_t item = (size_t)1 << random_below(&seed, 5);
        int64_t extent[3] = {0}, number[3] = {0}, index[3] = {0}, place[3];
        static int64_t position[3][400];
        struct da__match m[3][MAX_MATCHES];
        struct da__pack_axis axis[3];
        struct layout l;
        int64_t total = (int64_t)item;
        for (int k = 0; k < ndim; k++) {
            extent[k] = 10 + random_below(&seed, 40);
            number[k] = random_matches(&axis[k], m[k], extent[k], position[k], &seed);
            total *= number[k];
        }
        layout_make(&l, ndim, extent, item, false, &seed);
        for (int k = 0; k < ndim; k++)
            axis[k].stride = l.at.stride[k];
        fill_random(DA_UINT8, l.nbytes, l.buffer, false, &seed);
        char *packed = malloc((size_t)total + 1), *at = packed, *back = malloc(l.nbytes),
             *want = malloc(l.nbytes);
        packed[total] = 0x5a;
        memset(back, 0xee, l.nbytes);
        memset(want, 0xee, l.nbytes);
        assert_int_equal(da__pack(ndim, axis, item, l.at.data, packed), total);
        if (total > 0)
            do {
                for (int k = 0; k < ndim; k++)
                    place[k] = position[k][index[k]];
                assert_memory_equal(at, layout_find(&l, l.buffer, ndim, place), item);
                memcpy(layout_find(&l, want, ndim, place), at, item);
                at += item;
            } while (next_index(ndim, number, index));
        assert_int_equal(packed[total], 0x5a);
        assert_int_equal(da__unpack(ndim, axis, item, back + (l.at.data - l.buffer), packed),
                         total);
        assert_memory_equal(back, want, l.nbytes);
        free(packed);
        free(back);
        free(want);
        free(l.buffer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(copies), cmocka_unit_test(packs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
