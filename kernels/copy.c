/* Copies boxes of items between strided places: as long runs where the strides permit, transposes
 * block by block. */
#include "copy.h"
#include <string.h>

/* One line of n items. */
typedef void line_fn(int64_t n, size_t item, char *dst, int64_t dst_stride, const char *src,
                     int64_t src_stride);

static void line_any(int64_t n, size_t item, char *dst, int64_t dst_stride, const char *src,
                     int64_t src_stride)
{
    for (int64_t i = 0; i < n; i++)
        memcpy(dst + i * dst_stride, src + i * src_stride, item);
}

/* Bytes of a sparse source to ask for early: a processor looks ahead less far by itself (a quarter faster on every third element). */
enum { AHEAD = 2048 };
/* Items of a fixed size become single moves; a dense destination lets the compiler use vectors. */
#define LINE(nbytes)                                                                               \
    static void line_##nbytes(int64_t n, size_t item, char *dst, int64_t dst_stride,               \
                              const char *src, int64_t src_stride)                                 \
    {                                                                                              \
        (void)item;                                                                                \
        if (dst_stride == nbytes) {                                                                \
            uintptr_t ahead = (uintptr_t)src + (uintptr_t)(src_stride < 0 ? -AHEAD : AHEAD);       \
            for (int64_t i = 0; i < n; i++) {                                                      \
                __builtin_prefetch((void *)(ahead + (uintptr_t)(i * src_stride)));                 \
                memcpy(dst + i * nbytes, src + i * src_stride, nbytes);                            \
            }                                                                                      \
            return;                                                                                \
        }                                                                                          \
        for (int64_t i = 0; i < n; i++)                                                            \
            memcpy(dst + i * dst_stride, src + i * src_stride, nbytes);                            \
    }
LINE(1)
LINE(2)
LINE(4)
LINE(8)
LINE(16)

static line_fn *line_find(size_t item)
{
    static line_fn *const table[17] = {
        [1] = line_1, [2] = line_2, [4] = line_4, [8] = line_8, [16] = line_16};
    return item <= 16 && table[item] ? table[item] : line_any;
}

/* Short rows are many: a call each would cost more than the bytes. And long ones go quicker in plain vectors than by memcpy's
 * string instructions (a tenth of the time from 2 MiB on). */
enum { UNIT = 64 };
static void line_dense(int64_t n, size_t item, char *dst, int64_t dst_stride, const char *src,
                       int64_t src_stride)
{
    (void)dst_stride, (void)src_stride;
    size_t nbytes = (size_t)n * item, at = 0;
    for (; at + UNIT <= nbytes; at += UNIT)
        memcpy(dst + at, src + at, UNIT);
    if (at < nbytes)
        memcpy(dst + at, src + at, nbytes - at);
}

static int64_t magnitude(int64_t x)
{
    return x < 0 ? -x : x;
}

/* A plane whose source is dense along its rows, its destination along its columns, in either
 * direction. */
static bool transposed(const struct da__copy_box *box, int64_t item)
{
    int r = box->ndim - 2, c = box->ndim - 1;
    return magnitude(box->src[r]) == item && magnitude(box->dst[c]) == item &&
           magnitude(box->src[c]) != item;
}

/* Transposes a plane of n rows and m columns; rows and columns that run backwards are taken from
 * their other end. */
static bool transpose(const struct da__copy_box *box, int64_t n, int64_t m, size_t item, char *dst,
                      const char *src)
{
    int r = box->ndim - 2, c = box->ndim - 1;
    int64_t dst_stride = box->dst[r], src_stride = box->src[c];
    if (box->src[r] < 0) {
        src += (n - 1) * box->src[r];
        dst += (n - 1) * dst_stride;
        dst_stride = -dst_stride;
    }
    if (box->dst[c] < 0) {
        dst += (m - 1) * box->dst[c];
        src += (m - 1) * src_stride;
        src_stride = -src_stride;
    }
    return da__transpose(n, m, item, dst, dst_stride, src, src_stride);
}

/* Transposed in registers: blocks that read long stretches of a few source rows and write whole cache lines. */
enum { READ_NBYTES = 2048, WRITTEN_NBYTES = 512 };
static bool plane_squares(const struct da__copy_box *box, size_t item, char *dst, const char *src)
{
    int r = box->ndim - 2, c = box->ndim - 1;
    int64_t rows = box->extent[r], cols = box->extent[c];
    int64_t height = READ_NBYTES / (int64_t)item, width = WRITTEN_NBYTES / (int64_t)item;
    if (rows == 1 || !transposed(box, (int64_t)item))
        return false;
    for (int64_t i0 = 0; i0 < rows; i0 += height)
        for (int64_t j0 = 0; j0 < cols; j0 += width)
            if (!transpose(box, rows - i0 < height ? rows - i0 : height,
                           cols - j0 < width ? cols - j0 : width, item,
                           dst + i0 * box->dst[r] + j0 * box->dst[c],
                           src + i0 * box->src[r] + j0 * box->src[c]))
                return false;
    return true;
}

/* A transposed plane reads a new cache line for every item; blocks use each line up while it is
 * cached. */
enum { BLOCK = 32 };
static void plane(const struct da__copy_box *box, line_fn *line, size_t item, char *dst,
                  const char *src)
{
    int r = box->ndim - 2, c = box->ndim - 1;
    int64_t rows = box->extent[r], cols = box->extent[c], width = cols;
    int64_t block = item >= 8 ? BLOCK : 2 * BLOCK;
    if (plane_squares(box, item, dst, src))
        return;
    if (magnitude(box->src[c]) > magnitude(box->src[r]) && box->src[r] != 0 && rows > 1 &&
        cols > block)
        width = block;
    int64_t height = width == cols ? rows : block;
    for (int64_t i0 = 0; i0 < rows; i0 += height)
        for (int64_t j0 = 0; j0 < cols; j0 += width) {
            int64_t i1 = i0 + height < rows ? i0 + height : rows,
                    n = j0 + width < cols ? width : cols - j0;
            for (int64_t i = i0; i < i1; i++)
                line(n, item, dst + i * box->dst[r] + j0 * box->dst[c], box->dst[c],
                     src + i * box->src[r] + j0 * box->src[c], box->src[c]);
        }
}

void da__copy_ordered(const struct da__copy_box *box, size_t item, char *dst, const char *src)
{
    int n = box->ndim;
    if (n == 0) {
        memcpy(dst, src, item);
        return;
    }
    bool dense = box->dst[n - 1] == (int64_t)item && box->src[n - 1] == (int64_t)item;
    line_fn *line = dense ? line_dense : line_find(item);
    if (n == 1) {
        line(box->extent[0], item, dst, box->dst[0], src, box->src[0]);
        return;
    }
    int64_t at[DA__COPY_AXES];
    for (int k = 0; k < n - 2; k++)
        at[k] = 0;
    for (;;) {
        plane(box, line, item, dst, src);
        int k = n - 3;
        for (; k >= 0 && ++at[k] == box->extent[k]; k--) {
            dst -= (at[k] - 1) * box->dst[k];
            src -= (at[k] - 1) * box->src[k];
            at[k] = 0;
        }
        if (k < 0)
            return;
        dst += box->dst[k];
        src += box->src[k];
    }
}

/* Axis a runs inside axis b: its steps are smaller, first of all in the destination. */
static bool inside(const struct da__copy_box *box, int a, int b)
{
    int64_t da = magnitude(box->dst[a]), db = magnitude(box->dst[b]);
    if (da != db)
        return da < db;
    return magnitude(box->src[a]) < magnitude(box->src[b]);
}

static void swap(struct da__copy_box *box, int a, int b)
{
    int64_t extent = box->extent[a], dst = box->dst[a], src = box->src[a];
    box->extent[a] = box->extent[b], box->dst[a] = box->dst[b], box->src[a] = box->src[b];
    box->extent[b] = extent, box->dst[b] = dst, box->src[b] = src;
}

/* For a transpose: the axis along which the source is densest becomes the last but one. */
static void pair_up(struct da__copy_box *box)
{
    int n = box->ndim, dense = n - 1;
    for (int k = 0; k < n; k++)
        if (box->src[k] != 0 && magnitude(box->src[k]) < magnitude(box->src[dense]))
            dense = k;
    for (int k = dense; k < n - 2; k++)
        swap(box, k, k + 1);
}

void da__copy_arranged(struct da__copy_box *box, size_t item, char *dst, const char *src)
{
    int n = 0;
    for (int k = 0; k < box->ndim; k++) {
        if (box->extent[k] <= 0)
            return;
        if (box->extent[k] == 1)
            continue;
        swap(box, n++, k);
        for (int j = n - 1; j > 0 && inside(box, j - 1, j); j--)
            swap(box, j - 1, j);
    }
    int kept = 0;
    for (int k = 0; k < n; k++) {
        int64_t extent = box->extent[k];
        if (kept > 0 && box->dst[kept - 1] == extent * box->dst[k] &&
            box->src[kept - 1] == extent * box->src[k]) {
            extent *= box->extent[kept - 1];
            kept--;
        }
        swap(box, kept, k);
        box->extent[kept++] = extent;
    }
    box->ndim = kept;
    pair_up(box);
    da__copy_ordered(box, item, dst, src);
}

void da__copy_strided(int ndim, const int64_t *shape, size_t item, char *dst,
                      const int64_t *dst_stride, const char *src, const int64_t *src_stride)
{
    struct da__copy_box box;
    box.ndim = 0;
    for (int k = 0; k < ndim; k++)
        da__copy_axis(&box, shape[k], dst_stride[k], src_stride[k]);
    da__copy_arranged(&box, item, dst, src);
}
