/* What the tests of core share: cmocka, a random number generator, explicit index sets. */
#ifndef DA_TESTS_CORE_TEST_H
#define DA_TESTS_CORE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "da_core.h"

/* xorshift64*: the same numbers on every machine. */
static uint64_t random_state = UINT64_C(0x2545f4914f6cdd1d);

static inline uint64_t random_word(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * UINT64_C(0x2545f4914f6cdd1d);
}

/* lo … hi, both included. */
static inline int64_t random_in(int64_t lo, int64_t hi)
{
    return lo + (int64_t)(random_word() % (uint64_t)(hi - lo + 1));
}

static inline void shuffle(int64_t *list, int64_t n)
{
    for (int64_t k = n - 1; k > 0; k--) {
        int64_t j = random_in(0, k), t = list[k];
        list[k] = list[j];
        list[j] = t;
    }
}

/* All indices of a set in order; freed by the caller. */
static inline int64_t *set_elements(const struct da__index_set *s)
{
    int64_t *e = malloc(sizeof *e * (size_t)(s->nelem + 1));
    int64_t n = 0;
    for (int i = 0; i < s->nruns; i++) {
        for (int64_t r = 0; r < s->run[i].reps; r++) {
            for (int64_t k = 0; k < s->run[i].count; k++)
                e[n++] = s->run[i].start + r * s->run[i].stride + k * s->run[i].step;
        }
    }
    assert_int_equal(n, s->nelem);
    return e;
}

#define assert_set(set, ...)                                                                       \
    do {                                                                                           \
        const int64_t want_[] = {__VA_ARGS__};                                                     \
        int64_t *have_ = set_elements(set);                                                        \
        assert_int_equal((set)->nelem, sizeof want_ / sizeof *want_);                              \
        assert_memory_equal(have_, want_, sizeof want_);                                           \
        free(have_);                                                                               \
    } while (0)

#endif
