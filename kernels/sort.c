/* Stable sorting of one contiguous line, and searching in a sorted one. Numbers become unsigned keys of the same order in
 * place and are sorted by digits; complex numbers are merged. */
#include "da_kernels.h"

#include <math.h>
#include <string.h>

#define ALWAYS_INLINE inline __attribute__((always_inline))

enum {
    INSERTION = 12, /* stretches up to this length are sorted by insertion             */
    MOST_RUNS = 16, /* lines of up to this many runs are merged, whatever their length */
    SHORT_LINE =
        64, /* times the bytes of a key: shorter lines are merged, longer ones go by digits */
    LEAST_ROOM = 64,
    MOST_BITS = 11, /* of a digit: their places fit the first-level cache */
    MOST_TURNS = 4, /* for up to 2^32 keys */
    SPARE_BITS = 2  /* beyond those that count the keys: few of random keys are equal in them all */
};

/* A line to be sorted and the room beside it. */
struct line {
    int64_t n;
    void *key;
    int64_t *pos; /* NULL: no positions */
    void *spare;
    int64_t *spare_pos;
    uint64_t *sign; /* floats: a bit per element */
};

#define FN(name) name##_8
#define KEY uint8_t
#include "sort_radix.inc"
#undef FN
#undef KEY
#define FN(name) name##_16
#define KEY uint16_t
#include "sort_radix.inc"
#undef FN
#undef KEY
#define FN(name) name##_32
#define KEY uint32_t
#define INFINITE UINT32_C(0x7f800000)
#include "sort_radix.inc"
#include "sort_float.inc"
#undef FN
#undef KEY
#undef INFINITE
#define FN(name) name##_64
#define KEY uint64_t
#define INFINITE UINT64_C(0x7ff0000000000000)
#include "sort_radix.inc"
#include "sort_float.inc"
#undef FN
#undef KEY
#undef INFINITE

/* ---- integers ---- */

/* The sign bit and, descending, all bits exchanged: its own inverse apart from the order of both. */
#define INTEGERS(bits)                                                                             \
    static ALWAYS_INLINE uint##bits##_t turned_##bits(uint##bits##_t x, bool is_signed, bool down) \
    {                                                                                              \
        uint##bits##_t turn = is_signed ? (uint##bits##_t)((uint##bits##_t)1 << (bits - 1)) : 0;   \
        return (uint##bits##_t)(x ^ turn ^ (down ? (uint##bits##_t) ~(uint##bits##_t)0 : 0));      \
    }                                                                                              \
    static void sort_int_##bits(const struct line *l, bool is_signed, bool down)                   \
    {                                                                                              \
        uint##bits##_t *x = l->key;                                                                \
        bool turn = is_signed || down;                                                             \
        for (int64_t i = 0; i < l->n && turn; i++)                                                 \
            x[i] = turned_##bits(x[i], is_signed, down);                                           \
        sort_##bits(l, down);                                                                      \
        for (int64_t i = 0; i < l->n && turn; i++)                                                 \
            x[i] = turned_##bits(x[i], is_signed, down);                                           \
    }
INTEGERS(8)
INTEGERS(16)
INTEGERS(32)
INTEGERS(64)

/* ---- complex numbers ---- */

/* NumPy's order: numbers by real, then imaginary part; behind them those whose imaginary, then real part, then both are NaN. */
#define COMPLEX(T, name)                                                                           \
    struct name {                                                                                  \
        T re, im;                                                                                  \
    };                                                                                             \
    static ALWAYS_INLINE bool less_##name(struct name a, struct name b, bool down)                 \
    {                                                                                              \
        int class_a = 2 * (a.re != a.re) + (a.im != a.im);                                         \
        int class_b = 2 * (b.re != b.re) + (b.im != b.im);                                         \
        if (class_a != class_b)                                                                    \
            return class_a < class_b;                                                              \
        if (a.re < b.re || a.re > b.re)                                                            \
            return (a.re < b.re) != down;                                                          \
        return down ? a.im > b.im : a.im < b.im;                                                   \
    }
COMPLEX(float, complex64)
COMPLEX(double, complex128)

#define FN(name) name##_complex64
#define KEY struct complex64
#define LESS less_complex64
#include "sort_merge.inc"
#undef FN
#undef KEY
#undef LESS
#define FN(name) name##_complex128
#define KEY struct complex128
#define LESS less_complex128
#include "sort_merge.inc"
#undef FN
#undef KEY
#undef LESS

#define SORT_COMPLEX(name)                                                                         \
    static void sort_##name(const struct line *l, bool down)                                       \
    {                                                                                              \
        int64_t begin[MOST_RUNS + 1];                                                              \
        int nruns = find_runs_##name(l->n, l->key, down, MOST_RUNS, begin);                        \
        bool carry = l->pos != NULL;                                                               \
        if (nruns == 1)                                                                            \
            return;                                                                                \
        if (nruns <= MOST_RUNS)                                                                    \
            merge_runs_##name(nruns, begin, l, down, carry);                                       \
        else                                                                                       \
            merge_sort_##name(l, down, carry);                                                     \
    }
SORT_COMPLEX(complex64)
SORT_COMPLEX(complex128)

/* ---- any dtype ---- */

static size_t padded(size_t nbytes)
{
    return (nbytes + LEAST_ROOM - 1) / LEAST_ROOM * LEAST_ROOM;
}

int64_t da__sort_scratch_nbytes(da_dtype dtype, int64_t n, bool positions)
{
    size_t count = (size_t)(n > 0 ? n : 0);
    size_t nbytes = padded(count * da__dtype_nbytes(dtype));
    if (positions)
        nbytes += padded(count * sizeof(int64_t));
    if (da__dtype(dtype)->kind == 'f')
        nbytes += padded((count / 64 + 1) * sizeof(uint64_t));
    return (int64_t)nbytes;
}

static void lay_out(da_dtype dtype, char *scratch, struct line *l)
{
    size_t count = (size_t)l->n;
    l->spare = scratch;
    scratch += padded(count * da__dtype_nbytes(dtype));
    l->spare_pos = (int64_t *)(void *)scratch;
    if (l->pos != NULL)
        scratch += padded(count * sizeof(int64_t));
    l->sign = (uint64_t *)(void *)scratch;
}

void da__sort_line(da_dtype dtype, bool descending, int64_t n, void *line, int64_t *position,
                   void *scratch)
{
    struct line l = {.n = n, .key = line, .pos = position};
    const struct da__dtype_info *info = da__dtype(dtype);
    if (n < 2)
        return;
    lay_out(dtype, scratch, &l);
    bool is_signed = info->kind == 'i', small = info->nbytes <= 4;
    if (info->kind == 'c')
        (info->nbytes == 8 ? sort_complex64 : sort_complex128)(&l, descending);
    else if (info->kind == 'f')
        (small ? sort_float_32 : sort_float_64)(&l, descending);
    else if (info->nbytes == 1)
        sort_int_8(&l, is_signed, descending);
    else if (info->nbytes == 2)
        sort_int_16(&l, is_signed, descending);
    else
        (small ? sort_int_32 : sort_int_64)(&l, is_signed, descending);
}

/* Whether element a must stand before element b. */
static bool comes_before(const struct da__dtype_info *info, bool down, const void *a, const void *b)
{
    union {
        uint8_t u8;
        uint16_t u16;
        uint32_t u32;
        uint64_t u64;
        struct complex64 c64;
        struct complex128 c128;
    } x, y;
    bool is_signed = info->kind == 'i';
    memcpy(&x, a, info->nbytes);
    memcpy(&y, b, info->nbytes);
    if (info->kind == 'c')
        return info->nbytes == 8 ? less_complex64(x.c64, y.c64, down)
                                 : less_complex128(x.c128, y.c128, down);
    if (info->kind == 'f')
        return info->nbytes == 4 ? any_key_32(x.u32, down) < any_key_32(y.u32, down)
                                 : any_key_64(x.u64, down) < any_key_64(y.u64, down);
    switch (info->nbytes) {
    case 1:
        return turned_8(x.u8, is_signed, down) < turned_8(y.u8, is_signed, down);
    case 2:
        return turned_16(x.u16, is_signed, down) < turned_16(y.u16, is_signed, down);
    case 4:
        return turned_32(x.u32, is_signed, down) < turned_32(y.u32, is_signed, down);
    default:
        return turned_64(x.u64, is_signed, down) < turned_64(y.u64, is_signed, down);
    }
}

int64_t da__sort_search(da_dtype dtype, bool descending, int64_t n, const void *line,
                        const void *key, bool right)
{
    const struct da__dtype_info *info = da__dtype(dtype);
    int64_t lo = 0,
            hi = n; /* those before `lo` come before the key's place, those from `hi` on do not */
    while (lo < hi) {
        int64_t mid = lo + (hi - lo) / 2;
        const char *x = (const char *)line + (size_t)mid * info->nbytes;
        bool before = right ? !comes_before(info, descending, key, x)
                            : comes_before(info, descending, x, key);
        if (before)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* ---- buckets ---- */

enum { CELL_BITS = 16 };

#define KEY_OF(bits, kind, down)                                                                   \
    ((kind) == 'f' ? any_key_32(bits, down) : turned_32(bits, (kind) == 'i', down))
#define FN(name) name##_32
#define KEY uint32_t
#include "sort_bucket.inc"
#include "sort_join.inc"
#undef FN
#undef KEY
#undef KEY_OF
#define KEY_OF(bits, kind, down)                                                                   \
    ((kind) == 'f' ? any_key_64(bits, down) : turned_64(bits, (kind) == 'i', down))
#define FN(name) name##_64
#define KEY uint64_t
#include "sort_bucket.inc"
#include "sort_join.inc"
#undef FN
#undef KEY
#undef KEY_OF

bool da__sort_joins(da_dtype dtype)
{
    return da__dtype(dtype)->kind != 'c' && da__dtype(dtype)->nbytes >= 4;
}

void da__sort_join(const struct da__sort_join *j, int64_t low, int64_t high, void *out)
{
    const struct da__dtype_info *info = da__dtype(j->dtype);
    (info->nbytes == 8 ? join_64 : join_32)(j, info->kind, low, high, out);
}

/* Small numbers and complex ones. */
static void classify_any(const struct da__dtype_info *info, bool down, int64_t n, const char *line,
                         const char *border, uint8_t *bucket, int64_t *count)
{
    for (int64_t i = 0; i < n; i++) {
        const char *x = line + (size_t)i * info->nbytes;
        size_t at = 0;
        for (size_t step = DA__SORT_BUCKETS / 2; step > 0; step /= 2)
            at += comes_before(info, down, x, border + (at + step - 1) * info->nbytes) ? 0 : step;
        bucket[i] = (uint8_t)at;
        count[at]++;
    }
}

void da__sort_classify(da_dtype dtype, bool descending, int64_t n, const void *line,
                       const void *border, uint8_t *bucket, int64_t *count)
{
    const struct da__dtype_info *info = da__dtype(dtype);
    if (info->kind != 'c' && info->nbytes == 8)
        classify_64(info->kind, descending, n, line, border, bucket, count);
    else if (info->kind != 'c' && info->nbytes == 4)
        classify_32(info->kind, descending, n, line, border, bucket, count);
    else
        classify_any(info, descending, n, line, border, bucket, count);
}

#define SHARE(size)                                                                                \
    for (int64_t i = 0; i < n; i++)                                                                \
    memcpy(to + (size_t)next[bucket[i]]++ * (size), from + (size_t)i * (size), size)

void da__sort_share(size_t item, int64_t n, const void *line, const uint8_t *bucket, void *out,
                    int64_t *next)
{
    const char *from = line;
    char *to = out;
    if (item == 8)
        SHARE(8);
    else if (item == 4)
        SHARE(4);
    else
        SHARE(item);
}
