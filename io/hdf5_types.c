/* HDF5 types and dtypes: what a stored type reads as, and the types that elements have in memory.
 */
#include "hdf5_parts.h"

#include <string.h>

static const struct {
    size_t nbytes;
    bool is_signed;
    da_dtype dtype;
} integers[] = {
    {1, true, DA_INT8},   {2, true, DA_INT16},   {4, true, DA_INT32},   {8, true, DA_INT64},
    {1, false, DA_UINT8}, {2, false, DA_UINT16}, {4, false, DA_UINT32}, {8, false, DA_UINT64},
};

/* Member names of complex compounds: h5py's first, which is what we write. */
static const struct {
    const char *real, *imag;
} complex_names[] = {{"r", "i"}, {"real", "imag"}};

static const struct {
    H5T_class_t class;
    const char *what;
} refused[] = {
    {H5T_STRING, "strings"},
    {H5T_VLEN, "variable-length lists"},
    {H5T_REFERENCE, "references"},
    {H5T_OPAQUE, "opaque bytes"},
    {H5T_ARRAY, "an array type"},
    {H5T_BITFIELD, "bit fields"},
    {H5T_TIME, "HDF5 times"},
    {H5T_COMPOUND, "records"},
    {H5T_INTEGER, "integers of an unusual size"},
    {H5T_FLOAT, "floats of more than 64 bits"},
};

static bool integer_dtype(hid_t type, da_dtype *out)
{
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
        if (integers[i].nbytes == H5Tget_size(type) &&
            integers[i].is_signed == (H5Tget_sign(type) == H5T_SGN_2)) {
            *out = integers[i].dtype;
            return true;
        }
    }
    return false;
}

/* Half precision has no dtype; float32 holds its values. */
static bool float_dtype(hid_t type, da_dtype *out)
{
    size_t nbytes = H5Tget_size(type);
    *out = nbytes <= 4 ? DA_FLOAT32 : DA_FLOAT64;
    return nbytes <= 8;
}

/* h5py's bool: FALSE = 0 and TRUE = 1 in one byte. Other enumerations are their numbers. */
static bool enum_dtype(hid_t type, da_dtype *out)
{
    signed char value[2] = {-1, -1};
    hid_t base = H5Tget_super(type), byte = H5Tget_size(type) == 1 ? type : -1;
    bool ok = base >= 0 && integer_dtype(base, out);
    if (ok && byte >= 0 && H5Tget_nmembers(type) == 2 &&
        H5Tenum_valueof(type, "FALSE", &value[0]) >= 0 &&
        H5Tenum_valueof(type, "TRUE", &value[1]) >= 0 && value[0] == 0 && value[1] == 1)
        *out = DA_BOOL;
    da__h5_close(&base, H5Tclose);
    return ok;
}

static bool complex_dtype(hid_t type, da_dtype *out)
{
    da_dtype part[2];
    if (H5Tget_nmembers(type) != 2)
        return false;
    for (size_t k = 0; k < sizeof complex_names / sizeof *complex_names; k++) {
        const char *names[2] = {complex_names[k].real, complex_names[k].imag};
        bool ok = true;
        for (int i = 0; i < 2 && ok; i++) {
            int at = H5Tget_member_index(type, names[i]);
            hid_t member = at >= 0 ? H5Tget_member_type(type, (unsigned)at) : -1;
            ok = member >= 0 && H5Tget_class(member) == H5T_FLOAT && float_dtype(member, &part[i]);
            da__h5_close(&member, H5Tclose);
        }
        if (ok && part[0] == part[1]) {
            *out = da__dtype_complex_of(part[0]);
            return true;
        }
    }
    return false;
}

da_status da__h5_dtype(hid_t type, const char *path, const char *name, da_dtype *out,
                       struct da__error *err)
{
    H5T_class_t class = H5Tget_class(type);
    if ((class == H5T_INTEGER && integer_dtype(type, out)) ||
        (class == H5T_FLOAT && float_dtype(type, out)) ||
        (class == H5T_ENUM && enum_dtype(type, out)) ||
        (class == H5T_COMPOUND && complex_dtype(type, out)))
        return DA_OK;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        if (refused[i].class == class)
            return da__fail(err, DA_ERR_UNSUPPORTED, "%s: %s holds %s, which have no dtype here",
                            path, name, refused[i].what);
    }
    return da__fail(err, DA_ERR_UNSUPPORTED, "%s: %s has a type of an unknown class", path, name);
}

static hid_t native_type(da_dtype dtype)
{
    const hid_t native[DA_NDTYPES] = {
        [DA_INT8] = H5T_NATIVE_INT8,     [DA_INT16] = H5T_NATIVE_INT16,
        [DA_INT32] = H5T_NATIVE_INT32,   [DA_INT64] = H5T_NATIVE_INT64,
        [DA_UINT8] = H5T_NATIVE_UINT8,   [DA_UINT16] = H5T_NATIVE_UINT16,
        [DA_UINT32] = H5T_NATIVE_UINT32, [DA_UINT64] = H5T_NATIVE_UINT64,
        [DA_FLOAT32] = H5T_NATIVE_FLOAT, [DA_FLOAT64] = H5T_NATIVE_DOUBLE,
    };
    return native[dtype];
}

static hid_t bool_type(void)
{
    signed char no = 0, yes = 1;
    hid_t type = H5Tenum_create(H5T_NATIVE_INT8);
    if (type >= 0 &&
        (H5Tenum_insert(type, "FALSE", &no) < 0 || H5Tenum_insert(type, "TRUE", &yes) < 0))
        da__h5_close(&type, H5Tclose);
    return type;
}

static hid_t complex_type(da_dtype dtype, hid_t stored)
{
    size_t nbytes = da__dtype_nbytes(dtype), k = 0;
    hid_t part = native_type(da__dtype_real_of(dtype)), type = H5Tcreate(H5T_COMPOUND, nbytes);
    if (stored >= 0 && H5Tget_member_index(stored, complex_names[k].real) < 0)
        k = 1;
    if (type >= 0 && (H5Tinsert(type, complex_names[k].real, 0, part) < 0 ||
                      H5Tinsert(type, complex_names[k].imag, nbytes / 2, part) < 0))
        da__h5_close(&type, H5Tclose);
    return type;
}

hid_t da__h5_memory_type(da_dtype dtype, hid_t stored)
{
    if (dtype == DA_BOOL)
        return bool_type();
    if (da__dtype(dtype)->kind == 'c')
        return complex_type(dtype, stored);
    return H5Tcopy(native_type(dtype));
}
