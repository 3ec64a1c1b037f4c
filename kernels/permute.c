/* Random permutations: where an index goes, from the index alone.
 *
 * Black, Rogaway: Ciphers with arbitrary finite domains (CT-RSA 2002). An index below n is a pair (left, right) of numbers below
 * a and b, a * b >= n nearly equal; a Feistel network of ROUNDS rounds permutes the pairs, and what leaves 0 … n-1 goes through
 * it again until it comes back (fewer than a of the a * b pairs lie outside, so that is rare). Its round function is the
 * finalizer of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014). */
#include "strips.h"

#include <math.h>

enum { ROUNDS = 12 };

static uint64_t mixed(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

struct network {
    uint64_t n, nleft, nright; /* halves below 2^32 */
    uint64_t key[ROUNDS];
};

static void make_network(struct network *w, int64_t n, int64_t key)
{
    w->n = n > 0 ? (uint64_t)n : 0;
    w->nleft = (uint64_t)sqrt((double)w->n);
    while (w->nleft * w->nleft < w->n)
        w->nleft++;
    w->nright = w->n > 0 ? (w->n + w->nleft - 1) / w->nleft : 0;
    for (int k = 0; k < ROUNDS; k++)
        w->key[k] = mixed((uint64_t)key + (uint64_t)(k + 1) * UINT64_C(0x9e3779b97f4a7c15));
}

/* half + a number below `limit` that the other half decides, modulo limit. */
static uint64_t turned(uint64_t half, uint64_t other, uint64_t key, uint64_t limit)
{
    uint64_t turn = ((mixed(other + key) >> 32) * limit) >> 32;
    half += turn;
    return half >= limit ? half - limit : half;
}

static uint64_t pass(const struct network *w, uint64_t x)
{
    uint64_t left = x / w->nright, right = x % w->nright;
    for (int k = 0; k < ROUNDS; k += 2) {
        left = turned(left, right, w->key[k], w->nleft);
        right = turned(right, left, w->key[k + 1], w->nright);
    }
    return left * w->nright + right;
}

void da__strip_permute(int64_t n, void *out_, const void *const *in, unsigned scalars)
{
    const int64_t *index = in[0], *extent = in[1], *key = in[2];
    int64_t *out = out_, step[3];
    for (int j = 0; j < 3; j++)
        step[j] = ~scalars >> j & 1;
    struct network w = {0};
    int64_t last_extent = 0, last_key = 0;
    const int64_t scalar_index = n > 0 ? index[0] : 0;
    for (int64_t i = 0; i < n; i++) {
        if (i == 0 || (step[1] && extent[i] != last_extent) || (step[2] && key[i] != last_key)) {
            last_extent = extent[i * step[1]];
            last_key = key[i * step[2]];
            make_network(&w, last_extent, last_key);
        }
        uint64_t x = (uint64_t)(step[0] ? index[i] : scalar_index);
        if (x < w.n) {
            do
                x = pass(&w, x);
            while (x >= w.n);
        }
        out[i] = (int64_t)x;
    }
}
