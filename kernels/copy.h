/* Copying boxes: the loops under da__copy_strided, for callers that have arranged their axes
 * themselves. */
#ifndef DA_COPY_H
#define DA_COPY_H

#include "da_kernels.h"

/* The axes of a copy of items; each match of a packed axis may take two. */
#define DA__COPY_AXES (2 * DA_MAX_NDIM)
struct da__copy_box {
    int ndim;
    int64_t extent[DA__COPY_AXES], dst[DA__COPY_AXES], src[DA__COPY_AXES]; /* strides in bytes */
};
static inline void da__copy_axis(struct da__copy_box *box, int64_t extent, int64_t dst, int64_t src)
{
    box->extent[box->ndim] = extent;
    box->dst[box->ndim] = dst;
    box->src[box->ndim++] = src;
}
/* Copies axis by axis in the given order, the last one innermost. Every extent is at least 1. */
void da__copy_ordered(const struct da__copy_box *box, size_t item, char *dst, const char *src);
/* Sorts and joins the axes, cuts transposes into blocks, and copies. Empty boxes are fine. */
void da__copy_arranged(struct da__copy_box *box, size_t item, char *dst, const char *src);
/* dst[i * dst_stride + item * j] = src[j * src_stride + item * i] for i < n and j < m: items of 1, 2, 4, 8 and 16 bytes, blocks
 * that fit the second-level cache. False: an item of another size, nothing is done. */
bool da__transpose(int64_t n, int64_t m, size_t item, char *dst, int64_t dst_stride,
                   const char *src, int64_t src_stride);

#endif
