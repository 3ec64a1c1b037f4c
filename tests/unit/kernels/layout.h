/* Random ways to lay an array out in memory: permuted axes, gaps, negative strides, broadcast axes.
 */
#ifndef DA_TEST_LAYOUT_H
#define DA_TEST_LAYOUT_H

#include "oracle.h"
#include "da_kernels.h"

struct layout {
    char *buffer;
    size_t nbytes;
    struct da__strided at;
};

static inline void layout_make(struct layout *l, int ndim, const int64_t *extent, size_t item,
                               bool broadcast, uint64_t *seed)
{
    int axis[DA_MAX_NDIM];
    int64_t bytes = (int64_t)item, first = 0;
    bool plain = random_below(seed, 3) == 0;
    for (int k = 0; k < ndim; k++) {
        int at = plain ? 0 : (int)random_below(seed, k + 1);
        for (int j = k; j > at; j--)
            axis[j] = axis[j - 1];
        axis[at] = k;
    }
    for (int k = 0; k < ndim; k++) {
        int a = axis[k];
        l->at.stride[a] = bytes;
        if (broadcast && random_below(seed, 4) == 0) {
            l->at.stride[a] = 0;
            continue;
        }
        bytes *= (extent[a] > 0 ? extent[a] : 1) + (plain ? 0 : random_below(seed, 3) / 2);
        if (!plain && random_below(seed, 4) == 0) {
            first += (extent[a] > 0 ? extent[a] - 1 : 0) * l->at.stride[a];
            l->at.stride[a] = -l->at.stride[a];
        }
    }
    l->nbytes = (size_t)bytes;
    l->buffer = malloc(l->nbytes);
    assert_non_null(l->buffer);
    l->at.data = l->buffer + first;
}

static inline char *layout_find(const struct layout *l, const char *buffer, int ndim,
                                const int64_t *index)
{
    int64_t offset = l->at.data - l->buffer;
    for (int k = 0; k < ndim; k++)
        offset += index[k] * l->at.stride[k];
    return (char *)(uintptr_t)buffer + offset;
}

/* Counts through a box in C order; false after the last position. */
static inline bool next_index(int ndim, const int64_t *extent, int64_t *index)
{
    for (int k = ndim - 1; k >= 0; k--) {
        if (++index[k] < extent[k])
            return true;
        index[k] = 0;
    }
    return false;
}

/* Random elements: small numbers, now and then a NaN or an infinity. */
static inline void fill_random(da_dtype dtype, size_t nbytes, char *out, bool weird, uint64_t *seed)
{
    size_t width = da__dtype_nbytes(dtype);
    char kind = da__dtype(dtype)->kind;
    if (kind == 'c')
        width /= 2;
    for (size_t at = 0; at + width <= nbytes; at += width) {
        int64_t n = random_below(seed, 41) - (kind == 'u' ? 0 : 20);
        double x = (random_unit(seed) - 0.5) * 8;
        if (weird && random_below(seed, 60) == 0)
            x = random_below(seed, 2) ? __builtin_nan("") : __builtin_inf();
        float x32 = (float)x;
        if (kind == 'b')
            n &= 1;
        if (kind == 'f' || kind == 'c')
            memcpy(out + at, width == 4 ? (void *)&x32 : (void *)&x, width);
        else
            memcpy(out + at, &n, width);
    }
}

static inline bool same_element(da_dtype dtype, const void *a, const void *b)
{
    size_t nbytes = da__dtype_nbytes(dtype);
    char kind = da__dtype(dtype)->kind;
    if (memcmp(a, b, nbytes) == 0)
        return true;
    if (kind != 'f' && kind != 'c')
        return false;
    size_t width = kind == 'c' ? nbytes / 2 : nbytes;
    for (size_t at = 0; at < nbytes; at += width) {
        float x32 = 0, y32 = 0;
        double x = 0, y = 0;
        memcpy(width == 4 ? (void *)&x32 : (void *)&x, (const char *)a + at, width);
        memcpy(width == 4 ? (void *)&y32 : (void *)&y, (const char *)b + at, width);
        x += (double)x32, y += (double)y32;
        if (memcmp(&x, &y, sizeof x) != 0 && (x == x || y == y))
            return false;
    }
    return true;
}

#endif
