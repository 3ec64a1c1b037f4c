/* Checked integer arithmetic and the structural hash. */
#include "da_core.h"

#include <string.h>

bool da__mul_i64(int64_t a, int64_t b, int64_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

bool da__add_i64(int64_t a, int64_t b, int64_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

bool da__mul_size(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

int64_t da__gcd(int64_t a, int64_t b)
{
    a = a < 0 ? -a : a;
    b = b < 0 ? -b : b;
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

int64_t da__ceil_div(int64_t a, int64_t b)
{
    return a / b + (a % b > 0);
}

int64_t da__floor_div(int64_t a, int64_t b)
{
    int64_t rest = a % b;
    return a / b - (rest != 0 && (rest < 0) != (b < 0));
}

int64_t da__floor_mod(int64_t a, int64_t b)
{
    int64_t rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

int64_t da__mul_mod(int64_t a, int64_t b, int64_t m)
{
    return (int64_t)((__int128)a * b % m);
}

/* Euclid's extended algorithm; s is the factor of a in r. */
int64_t da__inverse_mod(int64_t a, int64_t m)
{
    int64_t r0 = m, r1 = da__floor_mod(a, m), s0 = 0, s1 = 1;
    while (r1 != 0) {
        int64_t q = r0 / r1, r = r0 - q * r1, s = s0 - q * s1;
        r0 = r1;
        r1 = r;
        s0 = s1;
        s1 = s;
    }
    return da__floor_mod(s0, m);
}

/* The finalizer of MurmurHash3 (Austin Appleby, public domain): a bijection in which every bit
 * moves. */
static uint64_t mix(uint64_t x)
{
    x ^= x >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
    x ^= x >> 33;
    x *= UINT64_C(0xc4ceb9fe1a85ec53);
    x ^= x >> 33;
    return x;
}

struct da__hash da__hash_init(void)
{
    return (struct da__hash){UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xd1b54a32d192ed03)};
}

void da__hash_i64(struct da__hash *h, int64_t value)
{
    uint64_t word = (uint64_t)value;
    uint64_t lo = mix(h->lo ^ word);
    uint64_t hi = mix(h->hi + (word * UINT64_C(0x9fb21c651e98df25) ^ lo));
    h->lo = lo + hi * UINT64_C(0x87c37b91114253d5);
    h->hi = hi;
}

static inline void take_word(uint64_t *lo, uint64_t *hi, uint64_t word)
{
    *lo = (*lo ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    *lo ^= *lo >> 32;
    *hi = (*hi + word) * UINT64_C(0xd6e8feb86659fd93);
    *hi ^= *hi >> 29;
}

/* Bulk data go through two multiplicative lanes that do not wait for each other; the full mixing follows once, at the end. */
void da__hash_bytes(struct da__hash *h, const void *data, size_t nbytes)
{
    const unsigned char *at = data;
    uint64_t lo = UINT64_C(0x243f6a8885a308d3), hi = UINT64_C(0x13198a2e03707344);
    uint64_t word;
    for (size_t words = nbytes / sizeof word; words != 0; words--, at += sizeof word) {
        memcpy(&word, at, sizeof word); /* of fixed size: one load */
        take_word(&lo, &hi, word);
    }
    if (nbytes % sizeof word != 0) {
        word = 0;
        memcpy(&word, at, nbytes % sizeof word);
        take_word(&lo, &hi, word);
    }
    da__hash_i64(h, (int64_t)nbytes); /* so that no split into pieces hashes like another one */
    da__hash_i64(h, (int64_t)lo);
    da__hash_i64(h, (int64_t)hi);
}

bool da__hash_equal(struct da__hash a, struct da__hash b)
{
    return a.lo == b.lo && a.hi == b.hi;
}
