/* The transposing loops of all instruction sets (squares.c). */
#ifndef DA_SQUARES_H
#define DA_SQUARES_H

#include "copy.h"

/* As da__transpose; NULL where items of that size have no loop. */
typedef void da__plane_fn(int64_t n, int64_t m, char *dst, int64_t dst_stride, const char *src,
                          int64_t src_stride);
extern da__plane_fn *const da__planes[17], *const da__planes_avx2[17], *const da__planes_avx512[17];

#endif
