/* Choosing by masks: items of every size, dense and strided, for every instruction set against one element after the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "da_kernels.h"

enum { MOST = 700, GUARD = 0x5a };

static void check(int64_t n, size_t item, int64_t mask_step, int64_t apart, unsigned density)
{
    const struct da__compressing *loops = da__compressing_find();
    int64_t x_step = (int64_t)item * apart;
    size_t room = (size_t)n * item + DA__COMPRESS_SLACK;
    uint8_t *mask = calloc((size_t)(n * mask_step) + 1, 1);
    char *x = malloc((size_t)(n * x_step) + 1), *out = malloc(room + 1), *want = malloc(room + 1);
    int64_t count = 0, *list = malloc((size_t)(n + 1) * sizeof *list);
    uint32_t random = (uint32_t)(n * 31 + (int64_t)item);
    for (int64_t i = 0; i < n * x_step; i++)
        x[i] = (char)(random = random * 1664525U + 1013904223U, random >> 24);
    for (int64_t i = 0; i < n; i++) {
        random = random * 1664525U + 1013904223U;
        mask[i * mask_step] = random >> 24 < density ? (uint8_t)(1 + (random >> 16 & 127)) : 0;
    }
    memset(out, GUARD, room + 1);
    int64_t got = loops->items[item](n, mask, mask_step, x, x_step, out);
    int64_t listed = loops->list(n, mask, mask_step, 40, -3, list);
    for (int64_t i = 0; i < n; i++) {
        if (mask[i * mask_step] == 0)
            continue;
        memcpy(want + (size_t)count * item, x + i * x_step, item);
        assert_int_equal(list[count], 40 - 3 * i);
        count++;
    }
    assert_int_equal(got, count);
    assert_int_equal(listed, count);
    assert_int_equal(loops->count(n, mask, mask_step), count);
    assert_memory_equal(out, want, (size_t)count * item);
    assert_int_equal(out[room], GUARD);
    free(mask), free(x), free(out), free(want), free(list);
}

static void all_instruction_sets(void **state)
{
    (void)state;
    static const char *const isa[] = {"baseline", "avx2", "avx512"};
    static const int64_t length[] = {0, 1, 31, 64, 65, 130, MOST};
    static const unsigned density[] = {0, 20, 128, 256};
    for (size_t s = 0; s < 3; s++) {
        setenv("DISTARRAY_ISA", isa[s], 1);
        for (size_t l = 0; l < sizeof length / sizeof *length; l++)
            for (size_t item = 1; item <= 16; item *= 2)
                for (size_t d = 0; d < 4; d++)
                    for (int64_t apart = 1; apart < 3; apart++)
                        check(length[l], item, apart, 3 - apart, density[d]),
                            check(length[l], item, apart, apart, density[d]);
    }
    unsetenv("DISTARRAY_ISA");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_instruction_sets)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
