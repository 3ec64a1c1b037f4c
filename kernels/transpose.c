/* Transposes small planes in registers: vectors of the C compiler, on any machine. */
#include "copy.h"
#include <string.h>

/* Rows of N items in N vectors; log2(N) rounds of interleaving the first half with the second one
 * transpose them. */
typedef uint64_t lanes_2 __attribute__((vector_size(16)));
typedef uint32_t lanes_4 __attribute__((vector_size(16)));
typedef uint16_t lanes_8 __attribute__((vector_size(16)));
typedef uint8_t lanes_16 __attribute__((vector_size(16)));

#if defined(__clang__) || __GNUC__ >= 12
#define PICK(type, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define PICK(type, a, b, ...) __builtin_shuffle(a, b, (type){__VA_ARGS__})
#endif
#define LOW_2(a, b) PICK(lanes_2, a, b, 0, 2)
#define HIGH_2(a, b) PICK(lanes_2, a, b, 1, 3)
#define LOW_4(a, b) PICK(lanes_4, a, b, 0, 4, 1, 5)
#define HIGH_4(a, b) PICK(lanes_4, a, b, 2, 6, 3, 7)
#define LOW_8(a, b) PICK(lanes_8, a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH_8(a, b) PICK(lanes_8, a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#define LOW_16(a, b) PICK(lanes_16, a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH_16(a, b)                                                                              \
    PICK(lanes_16, a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

/* Of items of 16 / N bytes: dst[i * dst_stride] row i, src[j * src_stride] row j, N x N. */
#define SQUARE(N)                                                                                  \
    static inline void square_##N(char *dst, int64_t dst_stride, const char *src,                  \
                                  int64_t src_stride)                                              \
    {                                                                                              \
        lanes_##N a[N], b[N];                                                                      \
        for (int k = 0; k < N; k++)                                                                \
            memcpy(&a[k], src + k * src_stride, 16);                                               \
        for (int round = 1; round < N; round *= 2) {                                               \
            for (int k = 0; k < N / 2; k++) {                                                      \
                b[2 * k] = LOW_##N(a[k], a[k + N / 2]);                                            \
                b[2 * k + 1] = HIGH_##N(a[k], a[k + N / 2]);                                       \
            }                                                                                      \
            for (int k = 0; k < N; k++)                                                            \
                a[k] = b[k];                                                                       \
        }                                                                                          \
        for (int k = 0; k < N; k++)                                                                \
            memcpy(dst + k * dst_stride, &a[k], 16);                                               \
    }
SQUARE(2)
SQUARE(4)
SQUARE(8)
SQUARE(16)

static inline int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Squares of cache lines, whole ones first: eight rows read and eight written fit every set of the
 * first cache, whatever their strides. */
#define PLANE(N, ITEM, LINE)                                                                       \
    static void plane_##N(int64_t n, int64_t m, char *dst, int64_t dst_stride, const char *src,    \
                          int64_t src_stride)                                                      \
    {                                                                                              \
        int64_t rows = n / N * N, cols = m / N * N;                                                \
        for (int64_t j0 = 0; j0 < cols; j0 += LINE)                                                \
            for (int64_t i0 = 0; i0 < rows; i0 += LINE)                                            \
                for (int64_t j = j0; j < least(j0 + LINE, cols); j += N)                           \
                    for (int64_t i = i0; i < least(i0 + LINE, rows); i += N)                       \
                        square_##N(dst + i * dst_stride + j * ITEM, dst_stride,                    \
                                   src + j * src_stride + i * ITEM, src_stride);                   \
        for (int64_t i = 0; i < n; i++)                                                            \
            for (int64_t j = i < rows ? cols : 0; j < m; j++)                                      \
                memcpy(dst + i * dst_stride + j * ITEM, src + j * src_stride + i * ITEM, ITEM);    \
    }
PLANE(2, 8, 8)
PLANE(4, 4, 16)
PLANE(8, 2, 32)
PLANE(16, 1, 16)

static void plane_1(int64_t n, int64_t m, char *dst, int64_t dst_stride, const char *src,
                    int64_t src_stride)
{
    for (int64_t j0 = 0; j0 < m; j0 += 4)
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = j0; j < least(j0 + 4, m); j++)
                memcpy(dst + i * dst_stride + j * 16, src + j * src_stride + i * 16, 16);
}

bool da__transpose(int64_t n, int64_t m, size_t item, char *dst, int64_t dst_stride,
                   const char *src, int64_t src_stride)
{
    static void (*const table[17])(int64_t, int64_t, char *, int64_t, const char *, int64_t) = {
        [1] = plane_16, [2] = plane_8, [4] = plane_4, [8] = plane_2, [16] = plane_1};
    if (item > 16 || table[item] == NULL)
        return false;
    table[item](n, m, dst, dst_stride, src, src_stride);
    return true;
}
