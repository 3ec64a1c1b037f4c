/* Arrays: operands, shapes and axes as arguments, making arrays, their dtype and shape. */
#ifndef DISTARRAY_ARRAY_H
#define DISTARRAY_ARRAY_H

#include <distarray/context.h>
#include <distarray/distribution.h>
#ifdef __cplusplus
#include <initializer_list>
extern "C" {
#endif

/* ---- operands: arrays and scalars alike --------------------------------------------------------- */

/* What a scalar operand is. Scalars are weak in promotion, as Python's are: a float32 array times 2.0 stays float32. */
enum da_operand_kind {
    DA_OPERAND_ARRAY = 0,
    DA_OPERAND_BOOL = 1,
    DA_OPERAND_INT = 2,
    DA_OPERAND_REAL = 3,
    DA_OPERAND_COMPLEX = 4,
    DA_OPERAND_TOO_LARGE = 5 /* an unsigned integer beyond int64: operators refuse it */
};

/* An operand of an operator, passed by value. In C11 and C++ plain arrays and numbers turn into one by themselves, so that
 * `da_add(x, 2.0)` is all there is to write; in C99 call the constructors below. */
typedef struct da_operand {
    da_array *array;
    int kind;      /* enum da_operand_kind */
    int64_t i;     /* DA_OPERAND_BOOL and _INT */
    double re, im; /* DA_OPERAND_REAL and _COMPLEX */
#ifdef __cplusplus
    da_operand() = default;
    da_operand(const void *) = delete; /* other pointers are no truth values */
    da_operand(const da_array *a)
        : array(const_cast<da_array *>(a)), kind(DA_OPERAND_ARRAY), i(0), re(0), im(0)
    {
    }
    da_operand(bool v) : array(nullptr), kind(DA_OPERAND_BOOL), i(v), re(v), im(0)
    {
    }
    da_operand(int v) : da_operand(static_cast<long long>(v))
    {
    }
    da_operand(long v) : da_operand(static_cast<long long>(v))
    {
    }
    da_operand(long long v)
        : array(nullptr), kind(DA_OPERAND_INT), i(v), re(static_cast<double>(v)), im(0)
    {
    }
    da_operand(unsigned v) : da_operand(static_cast<long long>(v))
    {
    }
    da_operand(unsigned long v) : da_operand(static_cast<unsigned long long>(v))
    {
    }
    da_operand(unsigned long long v)
        : array(nullptr), kind(v > INT64_MAX ? DA_OPERAND_TOO_LARGE : DA_OPERAND_INT),
          i(static_cast<int64_t>(v)), re(static_cast<double>(v)), im(0)
    {
    }
    da_operand(double v) : da_operand(v, 0.0, DA_OPERAND_REAL)
    {
    }
    da_operand(double real, double imag, int k) : array(nullptr), kind(k), i(0), re(real), im(imag)
    {
    }
#endif
} da_operand;

/* An array as an operand. */
DA_API da_operand da_operand_array(const da_array *a);

/* A bool as an operand; anything but 0 is true. */
DA_API da_operand da_operand_bool(int value);

/* An integer as an operand. */
DA_API da_operand da_operand_int(int64_t value);

/* An unsigned integer as an operand; beyond INT64_MAX the operator that gets it refuses it. */
DA_API da_operand da_operand_uint(uint64_t value);

/* A real number as an operand. */
DA_API da_operand da_operand_real(double value);

/* A complex number as an operand. */
DA_API da_operand da_operand_complex(double re, double im);

/* DA_OPERAND(x): whatever x is, as an operand. C11's _Generic chooses the constructor; x is evaluated once. With GNU C it
 * is also written out once only, so that deeply nested expressions stay small for the compiler. */
#if !defined(__cplusplus) && defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L &&           \
    !defined(DA_NO_SUGAR)
#define DA_SUGAR 1
static inline da_operand da_operand_same(da_operand x)
{
    return x;
}
static inline da_operand da_operand_c99(double _Complex z)
{
    const double *part = (const double *)&z; /* C11 6.2.5: laid out as two doubles */
    return da_operand_complex(part[0], part[1]);
}
/* clang-format off */
#define DA_OPERAND_OF(x)                                                                           \
    _Generic((x),                                                                                  \
        da_operand: da_operand_same,                                                               \
        da_array *: da_operand_array, const da_array *: da_operand_array,                          \
        _Bool: da_operand_bool,                                                                    \
        char: da_operand_int, signed char: da_operand_int, unsigned char: da_operand_int,          \
        short: da_operand_int, unsigned short: da_operand_int,                                     \
        int: da_operand_int, unsigned: da_operand_int,                                             \
        long: da_operand_int, long long: da_operand_int,                                           \
        unsigned long: da_operand_uint, unsigned long long: da_operand_uint,                       \
        float: da_operand_real, double: da_operand_real,                                           \
        float _Complex: da_operand_c99, double _Complex: da_operand_c99)(x)
/* clang-format on */
#if defined(__GNUC__)
#define DA_OPERAND_NAMED(x, name)                                                                  \
    __extension__({                                                                                \
        __auto_type name = (x);                                                                    \
        DA_OPERAND_OF(name);                                                                       \
    })
#define DA_OPERAND_PASTE(x, n) DA_OPERAND_NAMED(x, da_operand_##n##_)
#define DA_OPERAND_NUMBERED(x, n) DA_OPERAND_PASTE(x, n)
#define DA_OPERAND(x) DA_OPERAND_NUMBERED(x, __COUNTER__)
#else
#define DA_OPERAND(x) DA_OPERAND_OF(x)
#endif
#endif

/* ---- shapes and axes as arguments ---------------------------------------------------------------- */

/* A shape as an argument: n extents. Read inside the call, never kept. */
typedef struct da_extents {
    int n;
    const int64_t *extent;
} da_extents;

/* Axes as an argument: n axes, negative ones count from the end; n < 0: all axes. Read inside the call, never kept. */
typedef struct da_axes {
    int n;
    const int *axis;
} da_axes;

/* DA_SHAPE(365, 180), DA_SHAPE_N(n, extents), DA_SHAPE_0D; DA_AXES(0, -1), DA_AXES_N(n, axes), DA_ALL_AXES. Write them as
 * arguments: in C++ the numbers live until the end of the call only. */
#ifdef __cplusplus
}
static inline da_extents da_extents_of(std::initializer_list<int64_t> list)
{
    da_extents e = {static_cast<int>(list.size()), list.begin()};
    return e;
}
static inline da_extents da_extents_n(int n, const int64_t *extent)
{
    da_extents e = {n, extent};
    return e;
}
static inline da_axes da_axes_of(std::initializer_list<int> list)
{
    da_axes a = {static_cast<int>(list.size()), list.begin()};
    return a;
}
static inline da_axes da_axes_n(int n, const int *axis)
{
    da_axes a = {n, axis};
    return a;
}
#define DA_SHAPE(...) da_extents_of({__VA_ARGS__})
#define DA_SHAPE_N(n, extents) da_extents_n(n, extents)
#define DA_SHAPE_0D da_extents_n(0, nullptr)
#define DA_AXES(...) da_axes_of({__VA_ARGS__})
#define DA_AXES_N(n, axes) da_axes_n(n, axes)
#define DA_ALL_AXES da_axes_n(-1, nullptr)
extern "C" {
#else
#define DA_SHAPE(...)                                                                              \
    ((da_extents){(int)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)),                 \
                  (const int64_t[]){__VA_ARGS__}})
#define DA_SHAPE_N(n_, extents) ((da_extents){(n_), (extents)})
#define DA_SHAPE_0D ((da_extents){0, NULL})
#define DA_AXES(...)                                                                               \
    ((da_axes){(int)(sizeof((const int[]){__VA_ARGS__}) / sizeof(int)), (const int[]){__VA_ARGS__}})
#define DA_AXES_N(n_, axes) ((da_axes){(n_), (axes)})
#define DA_ALL_AXES ((da_axes){-1, NULL})
#endif

/* ---- making arrays ------------------------------------------------------------------------------ */

/* In all of these: dtype DA_DTYPE_DEFAULT is float64 unless said otherwise; dist NULL is the default distribution (block on
 * the first axis). Lazy. Errors, in the handle: DA_ERR_ARGUMENT (negative extent, too many dimensions), DA_ERR_DTYPE,
 * DA_ERR_DISTRIBUTION. */

/* All 0. */
DA_API da_array *da_zeros(da_context *ctx, da_extents shape, da_dtype dtype,
                          const da_distribution *dist);

/* All 1. */
DA_API da_array *da_ones(da_context *ctx, da_extents shape, da_dtype dtype,
                         const da_distribution *dist);

/* All `value`, a scalar. DA_DTYPE_DEFAULT: bool, int64, float64 or complex128, as the value is. */
DA_API da_array *da_full(da_context *ctx, da_extents shape, da_operand value, da_dtype dtype,
                         const da_distribution *dist);

/* For values that do not matter; reads as 0, since an immutable array can never be filled later. */
DA_API da_array *da_empty(da_context *ctx, da_extents shape, da_dtype dtype,
                          const da_distribution *dist);

/* All 0, shaped and distributed as x. DA_DTYPE_DEFAULT: x's dtype. */
DA_API da_array *da_zeros_like(da_array *x, da_dtype dtype);

/* All 1, shaped and distributed as x. DA_DTYPE_DEFAULT: x's dtype. */
DA_API da_array *da_ones_like(da_array *x, da_dtype dtype);

/* All `value`, shaped and distributed as x. DA_DTYPE_DEFAULT: x's dtype. */
DA_API da_array *da_full_like(da_array *x, da_operand value, da_dtype dtype);

/* As da_empty, shaped and distributed as x. DA_DTYPE_DEFAULT: x's dtype. */
DA_API da_array *da_empty_like(da_array *x, da_dtype dtype);

/* start, start + step, … up to but not including stop: 1-d, ceil((stop - start)/step) elements. DA_DTYPE_DEFAULT: int64
 * where all three are integers, else float64. Scalars only; step must not be 0. */
DA_API da_array *da_arange(da_context *ctx, da_operand start, da_operand stop, da_operand step,
                           da_dtype dtype, const da_distribution *dist);

/* `num` evenly spaced numbers from start to stop, which is the last one where `endpoint` is not 0 and left out otherwise. */
DA_API da_array *da_linspace(da_context *ctx, double start, double stop, int64_t num, int endpoint,
                             da_dtype dtype, const da_distribution *dist);

/* (nrows, ncols), 1 on the k-th diagonal (0 the main one, positive above) and 0 elsewhere. */
DA_API da_array *da_eye(da_context *ctx, int64_t nrows, int64_t ncols, int64_t k, da_dtype dtype,
                        const da_distribution *dist);

/* Fills `count` elements along the last axis into `out`: those at the global `index` (ndim numbers), and then on by `step`
 * along the last axis. Called by many threads at once and in any order; `data` is a copy of what da_from_function was
 * given. For 0-d arrays count is 1. */
typedef void (*da_fill)(int ndim, const int64_t *index, int64_t step, int64_t count, void *out,
                        const void *data);

/* Elements computed by a function on the engine that owns them. `data` (nbytes, may be NULL and 0) is copied and travels
 * with the program. Under mpirun the function must be one that every process has: not from a library that only the master
 * has loaded, and no pointers in `data`. */
DA_API da_array *da_from_function(da_context *ctx, da_fill fill, const void *data, size_t nbytes,
                                  da_extents shape, da_dtype dtype, const da_distribution *dist);

/* An array of the program's memory: C order, native byte order, of the given dtype (not DA_DTYPE_DEFAULT). Copied to the
 * engines at once, so `data` is free when the call returns. */
DA_API da_array *da_asarray(da_context *ctx, const void *data, da_extents shape, da_dtype dtype,
                            const da_distribution *dist);

/* ---- what an array is --------------------------------------------------------------------------- */

/* Its element type. Poisoned: bool. */
DA_API da_dtype da_dtype_of(const da_array *a);

/* Its number of dimensions. Poisoned: 0. */
DA_API int da_ndim(const da_array *a);

/* Its extents, da_ndim of them; NULL for 0 dimensions. An extent that depends on data is -1 until the array is computed (masks.h).
 * Borrowed from the array. */
DA_API const int64_t *da_shape(const da_array *a);

/* Its number of elements; -1 while an extent is not known. */
DA_API int64_t da_size(const da_array *a);

/* The context it belongs to; NULL for an array that was poisoned before it had one. */
DA_API da_context *da_context_of(const da_array *a);

/* A dtype's name, "float64"; NULL where there is no such dtype. Static text. */
DA_API const char *da_dtype_name(da_dtype dtype);

/* Bytes of one element; 0 where there is no such dtype. */
DA_API size_t da_dtype_nbytes(da_dtype dtype);

/* The dtype of a name ("float64", "f8", "int", …). Errors: DA_ERR_DTYPE. */
DA_API da_status da_dtype_find(const char *name, da_dtype *out);

#ifdef DA_SUGAR
#define da_full(ctx, shape, value, dtype, dist)                                                    \
    (da_full)(ctx, shape, DA_OPERAND(value), dtype, dist)
#define da_full_like(x, value, dtype) (da_full_like)(x, DA_OPERAND(value), dtype)
#define da_arange(ctx, start, stop, step, dtype, dist)                                             \
    (da_arange)(ctx, DA_OPERAND(start), DA_OPERAND(stop), DA_OPERAND(step), dtype, dist)
#endif

#ifdef __cplusplus
}
#endif
#endif
