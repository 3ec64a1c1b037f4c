/* Transposes planes of small items in registers: vectors of the C compiler, as wide as the instruction set that is compiled for. */
#include "squares.h"
#include "variant.h"
#include <string.h>

#if defined(DA__FOR_AVX512)
#define WIDE 64
#elif defined(DA__FOR_AVX2)
#define WIDE 32
#else
#define WIDE 16
#endif

#if defined(__clang__) || __GNUC__ >= 12
#define PICK(type, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define PICK(type, a, b, ...) __builtin_shuffle(a, b, (type){__VA_ARGS__})
#endif

/* Rows of N items of ITEM bytes in N vectors; log2(N) rounds of interleaving the first half with the second one transpose them. */
typedef uint8_t lanes_1 __attribute__((vector_size(16)));
#define LOW_1(a, b) PICK(lanes_1, a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH_1(a, b)                                                                               \
    PICK(lanes_1, a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
typedef uint16_t lanes_2 __attribute__((vector_size(16)));
#define LOW_2(a, b) PICK(lanes_2, a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH_2(a, b) PICK(lanes_2, a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#if WIDE == 64
typedef uint32_t lanes_4 __attribute__((vector_size(64)));
#define LOW_4(a, b) PICK(lanes_4, a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH_4(a, b)                                                                               \
    PICK(lanes_4, a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
typedef uint64_t lanes_8 __attribute__((vector_size(64)));
#define LOW_8(a, b) PICK(lanes_8, a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH_8(a, b) PICK(lanes_8, a, b, 4, 12, 5, 13, 6, 14, 7, 15)
typedef uint64_t lanes_16 __attribute__((vector_size(64)));
#define LOW_16(a, b) PICK(lanes_16, a, b, 0, 1, 8, 9, 2, 3, 10, 11)
#define HIGH_16(a, b) PICK(lanes_16, a, b, 4, 5, 12, 13, 6, 7, 14, 15)
#elif WIDE == 32
typedef uint32_t lanes_4 __attribute__((vector_size(32)));
#define LOW_4(a, b) PICK(lanes_4, a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH_4(a, b) PICK(lanes_4, a, b, 4, 12, 5, 13, 6, 14, 7, 15)
typedef uint64_t lanes_8 __attribute__((vector_size(32)));
#define LOW_8(a, b) PICK(lanes_8, a, b, 0, 4, 1, 5)
#define HIGH_8(a, b) PICK(lanes_8, a, b, 2, 6, 3, 7)
typedef uint64_t lanes_16 __attribute__((vector_size(32)));
#define LOW_16(a, b) PICK(lanes_16, a, b, 0, 1, 4, 5)
#define HIGH_16(a, b) PICK(lanes_16, a, b, 2, 3, 6, 7)
#else
typedef uint32_t lanes_4 __attribute__((vector_size(16)));
#define LOW_4(a, b) PICK(lanes_4, a, b, 0, 4, 1, 5)
#define HIGH_4(a, b) PICK(lanes_4, a, b, 2, 6, 3, 7)
typedef uint64_t lanes_8 __attribute__((vector_size(16)));
#define LOW_8(a, b) PICK(lanes_8, a, b, 0, 2)
#define HIGH_8(a, b) PICK(lanes_8, a, b, 1, 3)
typedef uint64_t lanes_16 __attribute__((vector_size(16)));
/* One item is a vector: there is nothing to interleave. */
#define LOW_16(a, b) (a)
#define HIGH_16(a, b) (b)
#endif

/* dst[i * dst_stride] is row i, src[j * src_stride] row j, N x N. */
#define SQUARE(N, ITEM)                                                                            \
    static inline void square_##ITEM(char *dst, int64_t dst_stride, const char *src,               \
                                     int64_t src_stride)                                           \
    {                                                                                              \
        lanes_##ITEM a[N], b[N];                                                                   \
        for (int k = 0; k < N; k++)                                                                \
            memcpy(&a[k], src + k * src_stride, sizeof a[k]);                                      \
        for (int round = 1; round < N; round *= 2) {                                               \
            for (int k = 0; k < N / 2; k++) {                                                      \
                b[2 * k] = LOW_##ITEM(a[k], a[k + N / 2]);                                         \
                b[2 * k + 1] = HIGH_##ITEM(a[k], a[k + N / 2]);                                    \
            }                                                                                      \
            for (int k = 0; k < N; k++)                                                            \
                a[k] = b[k];                                                                       \
        }                                                                                          \
        for (int k = 0; k < N; k++)                                                                \
            memcpy(dst + k * dst_stride, &a[k], sizeof a[k]);                                      \
    }

static inline int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Squares of cache lines, whole ones first: as many rows read as written fit every set of the first cache, whatever their
 * strides. */
#define PLANE(N, ITEM, LINE)                                                                       \
    SQUARE(N, ITEM)                                                                                \
    static void plane_##ITEM(int64_t n, int64_t m, char *dst, int64_t dst_stride, const char *src, \
                             int64_t src_stride)                                                   \
    {                                                                                              \
        int64_t rows = n / N * N, cols = m / N * N;                                                \
        for (int64_t j0 = 0; j0 < cols; j0 += LINE)                                                \
            for (int64_t i0 = 0; i0 < rows; i0 += LINE)                                            \
                for (int64_t j = j0; j < least(j0 + LINE, cols); j += N)                           \
                    for (int64_t i = i0; i < least(i0 + LINE, rows); i += N)                       \
                        square_##ITEM(dst + i * dst_stride + j * ITEM, dst_stride,                 \
                                      src + j * src_stride + i * ITEM, src_stride);                \
        for (int64_t i = 0; i < n; i++)                                                            \
            for (int64_t j = i < rows ? cols : 0; j < m; j++)                                      \
                memcpy(dst + i * dst_stride + j * ITEM, src + j * src_stride + i * ITEM, ITEM);    \
    }
PLANE(16, 1, 16)
PLANE(8, 2, 32)
PLANE(WIDE / 4, 4, 16)
PLANE(WIDE / 8, 8, 8)
PLANE(WIDE / 16, 16, 4)

da__plane_fn *const DA__VARIANT(da__planes)[17] = {
    [1] = plane_1, [2] = plane_2, [4] = plane_4, [8] = plane_8, [16] = plane_16};
