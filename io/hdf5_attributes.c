/* Attributes of HDF5 datasets that netCDF's conventions give a meaning: packing, missing values,
 * units, names. */
#include "hdf5_parts.h"

#include <string.h>

#define TEXT_NBYTES_CAP 65536

static hid_t open_attribute(hid_t object, const char *name)
{
    return H5Aexists(object, name) > 0 ? H5Aopen(object, name, H5P_DEFAULT) : -1;
}

/* Numbers and texts come as scalars or as lists of one. */
static bool is_single(hid_t attribute)
{
    hid_t space = H5Aget_space(attribute);
    bool single = space >= 0 && H5Sget_simple_extent_npoints(space) == 1;
    da__h5_close(&space, H5Sclose);
    return single;
}

static bool number_attribute(hid_t object, const char *name, double *out)
{
    hid_t attribute = open_attribute(object, name);
    hid_t type = attribute >= 0 ? H5Aget_type(attribute) : -1;
    H5T_class_t class = type >= 0 ? H5Tget_class(type) : H5T_NO_CLASS;
    bool ok = (class == H5T_INTEGER || class == H5T_FLOAT) && is_single(attribute) &&
              H5Aread(attribute, H5T_NATIVE_DOUBLE, out) >= 0;
    da__h5_close(&type, H5Tclose);
    da__h5_close(&attribute, H5Aclose);
    return ok;
}

/* Copies what fits, ends at a whole UTF-8 character, and keeps the text on one line. */
static void copy_line(char *out, size_t size, const char *text, size_t n)
{
    size_t length = strnlen(text, n), kept = length < size ? length : size - 1;
    while (kept > 0 && kept < length && ((unsigned char)text[kept] & 0xc0) == 0x80)
        kept--;
    for (size_t i = 0; i < kept; i++)
        out[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i];
    while (kept > 0 && out[kept - 1] == ' ')
        kept--;
    out[kept] = '\0';
}

static void read_variable(hid_t attribute, hid_t type, char *out, size_t size)
{
    char *text = NULL;
    if (H5Aread(attribute, type, (void *)&text) >= 0 && text != NULL)
        copy_line(out, size, text, strlen(text));
    if (text != NULL)
        H5free_memory(text);
}

static void read_fixed(hid_t attribute, hid_t type, char *out, size_t size)
{
    size_t nbytes = H5Tget_size(type);
    char *text = nbytes > 0 && nbytes <= TEXT_NBYTES_CAP ? da__alloc(nbytes) : NULL;
    if (text != NULL && H5Aread(attribute, type, text) >= 0)
        copy_line(out, size, text, nbytes);
    da__free(text);
}

void da__h5_text_attribute(hid_t object, const char *name, char *out, size_t size)
{
    hid_t attribute = open_attribute(object, name);
    hid_t type = attribute >= 0 ? H5Aget_type(attribute) : -1;
    out[0] = '\0';
    if (type >= 0 && H5Tget_class(type) == H5T_STRING && is_single(attribute)) {
        if (H5Tis_variable_str(type) > 0)
            read_variable(attribute, type, out, size);
        else
            read_fixed(attribute, type, out, size);
    }
    da__h5_close(&type, H5Tclose);
    da__h5_close(&attribute, H5Aclose);
}

void da__h5_attributes(hid_t dataset, struct da__file_info *out)
{
    out->has_scale = number_attribute(dataset, "scale_factor", &out->scale);
    out->has_offset = number_attribute(dataset, "add_offset", &out->offset);
    out->has_fill = number_attribute(dataset, "_FillValue", &out->fill) ||
                    number_attribute(dataset, "missing_value", &out->fill);
    da__h5_text_attribute(dataset, "units", out->units, sizeof out->units);
    da__h5_text_attribute(dataset, "long_name", out->long_name, sizeof out->long_name);
}
