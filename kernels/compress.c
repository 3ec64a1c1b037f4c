/* Elements that a mask chooses, one after the other. */
#include "compress.h"

#include <string.h>

#include "variant.h"

#if defined(DA__FOR_AVX512) || defined(DA__FOR_AVX2)
#include <immintrin.h>
#endif

/* No branch on the data: every element is written, and stays where it is chosen. */
#define PLAIN(nbytes)                                                                              \
    static int64_t plain_##nbytes(int64_t n, const uint8_t *mask, int64_t mask_step,               \
                                  const char *x, int64_t x_step, char *out)                        \
    {                                                                                              \
        int64_t count = 0;                                                                         \
        for (int64_t i = 0; i < n; i++) {                                                          \
            memcpy(out + count * (nbytes), x + i * x_step, nbytes);                                \
            count += mask[i * mask_step] != 0;                                                     \
        }                                                                                          \
        return count;                                                                              \
    }
PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

#if defined(DA__FOR_AVX512)

enum { MASKS = 64 };

static int64_t dense_8(int64_t n, const uint8_t *mask, const char *x, char *out)
{
    int64_t count = 0, i = 0;
    for (; i + MASKS <= n; i += MASKS) {
        __m512i m = _mm512_loadu_si512(mask + i);
        uint64_t chosen = _mm512_test_epi8_mask(m, m);
        for (int k = 0; k < MASKS; k += 8, chosen >>= 8) {
            __m512i v = _mm512_loadu_si512(x + (i + k) * 8);
            __mmask8 here = (__mmask8)(chosen & 255);
            _mm512_storeu_si512(out + count * 8, _mm512_maskz_compress_epi64(here, v));
            count += __builtin_popcount(here);
        }
    }
    return count + plain_8(n - i, mask + i, 1, x + i * 8, 8, out + count * 8);
}

static int64_t dense_4(int64_t n, const uint8_t *mask, const char *x, char *out)
{
    int64_t count = 0, i = 0;
    for (; i + MASKS <= n; i += MASKS) {
        __m512i m = _mm512_loadu_si512(mask + i);
        uint64_t chosen = _mm512_test_epi8_mask(m, m);
        for (int k = 0; k < MASKS; k += 16, chosen >>= 16) {
            __m512i v = _mm512_loadu_si512(x + (i + k) * 4);
            __mmask16 here = (__mmask16)(chosen & 65535);
            _mm512_storeu_si512(out + count * 4, _mm512_maskz_compress_epi32(here, v));
            count += __builtin_popcount(here);
        }
    }
    return count + plain_4(n - i, mask + i, 1, x + i * 4, 4, out + count * 4);
}

#elif defined(DA__FOR_AVX2)

/* Per four choices: the 32-bit halves of the chosen elements, first ones first. */
static const int32_t halves[16][8] = {
    {0, 1, 2, 3, 4, 5, 6, 7}, {0, 1, 2, 3, 4, 5, 6, 7}, {2, 3, 0, 1, 4, 5, 6, 7},
    {0, 1, 2, 3, 4, 5, 6, 7}, {4, 5, 0, 1, 2, 3, 6, 7}, {0, 1, 4, 5, 2, 3, 6, 7},
    {2, 3, 4, 5, 0, 1, 6, 7}, {0, 1, 2, 3, 4, 5, 6, 7}, {6, 7, 0, 1, 2, 3, 4, 5},
    {0, 1, 6, 7, 2, 3, 4, 5}, {2, 3, 6, 7, 0, 1, 4, 5}, {0, 1, 2, 3, 6, 7, 4, 5},
    {4, 5, 6, 7, 0, 1, 2, 3}, {0, 1, 4, 5, 6, 7, 2, 3}, {2, 3, 4, 5, 6, 7, 0, 1},
    {0, 1, 2, 3, 4, 5, 6, 7}};

enum { MASKS = 32 };

static int64_t dense_8(int64_t n, const uint8_t *mask, const char *x, char *out)
{
    int64_t count = 0, i = 0;
    for (; i + MASKS <= n; i += MASKS) {
        __m256i m = _mm256_loadu_si256((const __m256i *)(const void *)(mask + i));
        uint32_t out_of =
            (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(m, _mm256_setzero_si256()));
        uint32_t chosen = ~out_of;
        for (int k = 0; k < MASKS; k += 4, chosen >>= 4) {
            __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(x + (i + k) * 8));
            __m256i order = _mm256_loadu_si256((const __m256i *)(const void *)halves[chosen & 15]);
            _mm256_storeu_si256((__m256i *)(void *)(out + count * 8),
                                _mm256_permutevar8x32_epi32(v, order));
            count += __builtin_popcount(chosen & 15);
        }
    }
    return count + plain_8(n - i, mask + i, 1, x + i * 8, 8, out + count * 8);
}

static int64_t dense_4(int64_t n, const uint8_t *mask, const char *x, char *out)
{
    return plain_4(n, mask, 1, x, 4, out);
}

#else

static int64_t dense_8(int64_t n, const uint8_t *mask, const char *x, char *out)
{
    return plain_8(n, mask, 1, x, 8, out);
}

static int64_t dense_4(int64_t n, const uint8_t *mask, const char *x, char *out)
{
    return plain_4(n, mask, 1, x, 4, out);
}

#endif

static int64_t any_8(int64_t n, const uint8_t *mask, int64_t mask_step, const char *x,
                     int64_t x_step, char *out)
{
    return mask_step == 1 && x_step == 8 ? dense_8(n, mask, x, out)
                                         : plain_8(n, mask, mask_step, x, x_step, out);
}

static int64_t any_4(int64_t n, const uint8_t *mask, int64_t mask_step, const char *x,
                     int64_t x_step, char *out)
{
    return mask_step == 1 && x_step == 4 ? dense_4(n, mask, x, out)
                                         : plain_4(n, mask, mask_step, x, x_step, out);
}

static int64_t count_true(int64_t n, const uint8_t *mask, int64_t mask_step)
{
    int64_t count = 0;
    if (mask_step != 1) {
        for (int64_t i = 0; i < n; i++)
            count += mask[i * mask_step] != 0;
        return count;
    }
    enum { BYTE_FULL = 255 }; /* so many rounds fit a byte per lane */
    int64_t i = 0;
    while (i + 64 <= n) {
        uint8_t lane[64] = {0};
        for (int round = 0; round < BYTE_FULL && i + 64 <= n; round++, i += 64)
            for (int k = 0; k < 64; k++)
                lane[k] = (uint8_t)(lane[k] + (mask[i + k] != 0));
        for (int k = 0; k < 64; k++)
            count += lane[k];
    }
    for (; i < n; i++)
        count += mask[i] != 0;
    return count;
}

static int64_t list(int64_t n, const uint8_t *mask, int64_t mask_step, int64_t first, int64_t step,
                    int64_t *out)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) {
        out[count] = first + i * step;
        count += mask[i * mask_step] != 0;
    }
    return count;
}

const struct da__compressing *DA__VARIANT(da__compressing_of)(void)
{
    static const struct da__compressing loops = {
        .count = count_true,
        .list = list,
        .items = {[1] = plain_1, [2] = plain_2, [4] = any_4, [8] = any_8, [16] = plain_16}};
    return &loops;
}

#if !defined(DA__FOR_AVX2) && !defined(DA__FOR_AVX512)

const struct da__compressing *da__compressing_find(void)
{
    static const struct da__compressing *(*const of[DA__NISAS])(void) =
        DA__VARIANTS(da__compressing_of);
    return of[da__isa_best()]();
}

#endif
