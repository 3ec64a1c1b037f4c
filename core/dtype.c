/* Dtypes: the table, NumPy's promotion, and scalars that are weak in it. */
#include "da_core.h"

#include <string.h>

#define DA__DTYPE(id, value, name, npy, ctype, kind)                                               \
    _Static_assert(DA_##id == (value), "dtypes.def disagrees with distarray/types.h: " name);
#include "dtypes.def"
#undef DA__DTYPE

static const struct da__dtype_info dtype_row[] = {
#define DA__DTYPE(id, value, name, npy, ctype, kind)                                               \
    [value] = {name, npy, sizeof(ctype), kind, _Alignof(ctype)},
#include "dtypes.def"
#undef DA__DTYPE
};
_Static_assert(sizeof dtype_row / sizeof *dtype_row == DA_NDTYPES,
               "dtypes.def does not have every dtype");

/* Names a user may give besides those of the table: Python's. */
static const struct {
    const char *name;
    da_dtype dtype;
} dtype_alias[] = {{"int", DA_INT64}, {"float", DA_FLOAT64}, {"complex", DA_COMPLEX128}};

bool da__dtype_valid(int dtype)
{
    return dtype >= 0 && dtype < DA_NDTYPES;
}

const struct da__dtype_info *da__dtype(da_dtype dtype)
{
    return &dtype_row[dtype];
}

size_t da__dtype_nbytes(da_dtype dtype)
{
    return dtype_row[dtype].nbytes;
}

bool da__dtype_find(const char *name, da_dtype *out)
{
    /* A byte order in front of NumPy's type string, as far as it is this machine's. */
    const char *npy = name + (*name != '\0' && strchr("<=|", *name) != NULL);
    for (int d = 0; d < DA_NDTYPES; d++) {
        if (strcmp(name, dtype_row[d].name) == 0 || strcmp(npy, dtype_row[d].npy) == 0) {
            *out = (da_dtype)d;
            return true;
        }
    }
    for (size_t k = 0; k < sizeof dtype_alias / sizeof *dtype_alias; k++) {
        if (strcmp(name, dtype_alias[k].name) == 0) {
            *out = dtype_alias[k].dtype;
            return true;
        }
    }
    return false;
}

/* The dtype of a kind and size, if there is one. */
static bool find_kind(char kind, size_t nbytes, da_dtype *out)
{
    for (int d = 0; d < DA_NDTYPES; d++) {
        if (dtype_row[d].kind == kind && dtype_row[d].nbytes == nbytes) {
            *out = (da_dtype)d;
            return true;
        }
    }
    return false;
}

static bool is_integer(da_dtype dtype)
{
    return dtype_row[dtype].kind == 'i' || dtype_row[dtype].kind == 'u';
}

static bool is_single(da_dtype dtype)
{
    return dtype == DA_FLOAT32 || dtype == DA_COMPLEX64;
}

/* True where float32 holds every value of the dtype (in NumPy's table). */
static bool fits_single(da_dtype dtype)
{
    return dtype == DA_BOOL || is_single(dtype) ||
           (is_integer(dtype) && dtype_row[dtype].nbytes <= 2);
}

/* The larger of a signed and an unsigned dtype: the signed one where it is wider, else the next
 * wider signed one. */
static da_dtype promote_mixed_sign(da_dtype is, da_dtype us)
{
    da_dtype wider;
    if (dtype_row[is].nbytes > dtype_row[us].nbytes)
        return is;
    return find_kind('i', 2 * dtype_row[us].nbytes, &wider) ? wider : DA_FLOAT64;
}

da_dtype da__promote(da_dtype a, da_dtype b)
{
    if (a == b || b == DA_BOOL)
        return a;
    if (a == DA_BOOL)
        return b;
    char ka = dtype_row[a].kind, kb = dtype_row[b].kind;
    if (is_integer(a) && is_integer(b)) {
        if (ka == kb)
            return dtype_row[a].nbytes > dtype_row[b].nbytes ? a : b;
        return ka == 'i' ? promote_mixed_sign(a, b) : promote_mixed_sign(b, a);
    }
    bool single = fits_single(a) && fits_single(b);
    if (ka == 'c' || kb == 'c')
        return single ? DA_COMPLEX64 : DA_COMPLEX128;
    return single ? DA_FLOAT32 : DA_FLOAT64;
}

/* Two integers never meet where a float is among the dtypes: each one meets what all floats and complex numbers promote to. */
da_dtype da__promote_all(uint32_t dtypes)
{
    da_dtype inexact = DA_BOOL;
    if (dtypes != 0 && (dtypes & (dtypes - 1)) == 0)
        return (da_dtype)__builtin_ctz(dtypes);
    for (int d = 0; d < DA_NDTYPES; d++)
        if ((dtypes >> d & 1) != 0 && !is_integer((da_dtype)d))
            inexact = da__promote(inexact, (da_dtype)d);
    da_dtype all = inexact;
    for (int d = 0; d < DA_NDTYPES; d++)
        if ((dtypes >> d & 1) != 0)
            all = da__promote(all, da__promote(inexact, (da_dtype)d));
    return all;
}

da_dtype da__dtype_real_of(da_dtype dtype)
{
    if (dtype_row[dtype].kind != 'c')
        return dtype;
    return is_single(dtype) ? DA_FLOAT32 : DA_FLOAT64;
}

da_dtype da__dtype_complex_of(da_dtype dtype)
{
    return is_single(dtype) ? DA_COMPLEX64 : DA_COMPLEX128;
}

da_dtype da__dtype_float_of(da_dtype dtype)
{
    return dtype == DA_BOOL || is_integer(dtype) ? DA_FLOAT64 : dtype;
}

da_dtype da__scalar_dtype(enum da__scalar_kind kind)
{
    static const da_dtype dtype[] = {[DA__SCALAR_BOOL] = DA_BOOL,
                                     [DA__SCALAR_INT] = DA_INT64,
                                     [DA__SCALAR_FLOAT] = DA_FLOAT64,
                                     [DA__SCALAR_COMPLEX] = DA_COMPLEX128};
    return dtype[kind];
}

static enum da__scalar_kind scalar_kind_of(da_dtype dtype)
{
    if (dtype == DA_BOOL)
        return DA__SCALAR_BOOL;
    if (is_integer(dtype))
        return DA__SCALAR_INT;
    return dtype_row[dtype].kind == 'f' ? DA__SCALAR_FLOAT : DA__SCALAR_COMPLEX;
}

da_dtype da__promote_weak(da_dtype array, enum da__scalar_kind kind)
{
    enum da__scalar_kind have = scalar_kind_of(array);
    if (kind <= have)
        return array;
    if (have < DA__SCALAR_FLOAT)
        return da__scalar_dtype(kind);
    return da__dtype_complex_of(array);
}

/* A scalar's integer value: sign and magnitude, so that all of int64 and uint64 fit. */
static bool scalar_fits(const struct da__scalar *s, da_dtype dtype)
{
    bool huge = s->i < 0 && s->re > 0; /* a uint64 above INT64_MAX */
    unsigned bits = 8 * (unsigned)dtype_row[dtype].nbytes;
    if (dtype_row[dtype].kind == 'u')
        return bits == 64 ? huge || s->i >= 0 : s->i >= 0 && s->i < (INT64_C(1) << bits);
    if (huge)
        return false;
    int64_t top = bits == 64 ? INT64_MAX : (INT64_C(1) << (bits - 1)) - 1;
    return s->i <= top && s->i >= -top - 1;
}

/* On a little-endian machine the low bytes of an integer are its value in every width. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "integer scalars are stored by their low bytes");

static bool store_integer(const struct da__scalar *s, da_dtype dtype, void *out)
{
    if (s->kind > DA__SCALAR_INT || !scalar_fits(s, dtype))
        return false;
    memcpy(out, &s->i, dtype_row[dtype].nbytes);
    return true;
}

static void store_float(double value, bool single, char *out)
{
    float narrow = (float)value;
    if (single)
        memcpy(out, &narrow, sizeof narrow);
    else
        memcpy(out, &value, sizeof value);
}

bool da__scalar_store(const struct da__scalar *s, da_dtype dtype, void *out)
{
    enum da__scalar_kind want = scalar_kind_of(dtype);
    if (s->kind > want)
        return false;
    if (want == DA__SCALAR_BOOL) {
        *(bool *)out = s->i != 0;
        return true;
    }
    if (want == DA__SCALAR_INT)
        return store_integer(s, dtype, out);
    bool single = is_single(dtype);
    bool huge = s->i < 0 && s->re > 0;
    double re = s->kind <= DA__SCALAR_INT ? (huge ? (double)(uint64_t)s->i : (double)s->i) : s->re;
    store_float(re, single, out);
    if (want == DA__SCALAR_COMPLEX)
        store_float(s->kind == DA__SCALAR_COMPLEX ? s->im : 0.0, single,
                    (char *)out + (single ? sizeof(float) : sizeof(double)));
    return true;
}

static void load_integer(const void *element, da_dtype dtype, struct da__scalar *out)
{
    size_t nbytes = dtype_row[dtype].nbytes;
    uint64_t bits = 0;
    memcpy(&bits, element, nbytes);
    if (dtype_row[dtype].kind == 'i') {
        unsigned shift = 64 - 8 * (unsigned)nbytes;
        out->i = (int64_t)(bits << shift) >> shift; /* sign extension */
        out->re = (double)out->i;
    } else {
        out->i = (int64_t)bits;
        out->re = (double)bits;
    }
}

static double load_float(const char *element, bool single)
{
    float narrow;
    double value;
    if (single) {
        memcpy(&narrow, element, sizeof narrow);
        return narrow;
    }
    memcpy(&value, element, sizeof value);
    return value;
}

void da__scalar_load(const void *element, da_dtype dtype, struct da__scalar *out)
{
    *out = (struct da__scalar){.kind = scalar_kind_of(dtype)};
    if (out->kind == DA__SCALAR_BOOL) {
        out->i = *(const unsigned char *)element != 0;
        out->re = (double)out->i;
    } else if (out->kind == DA__SCALAR_INT) {
        load_integer(element, dtype, out);
    } else {
        bool single = is_single(dtype);
        out->re = load_float(element, single);
        if (out->kind == DA__SCALAR_COMPLEX)
            out->im = load_float((const char *)element + (single ? sizeof(float) : sizeof(double)),
                                 single);
    }
}
