/* HDF5 files that others wrote: types, layouts, attributes and links, sound and hostile; and real
 * netCDF-4 data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <hdf5.h>
#include "format.h"
#include "peers.h"

#include <sys/wait.h>

#define PATH 4200

static char *folder;
static char path[PATH];

static int make_files(void **state)
{
    (void)state;
    folder = make_folder();
    in_folder(folder, "t.h5", path, sizeof path);
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

static hid_t new_file(const char *name)
{
    char buf[PATH];
    hid_t file = H5Fcreate(in_folder(folder, name, buf, sizeof buf), H5F_ACC_TRUNC, H5P_DEFAULT,
                           H5P_DEFAULT);
    assert_true(file >= 0);
    return file;
}

/* A dataset of shape 4 x 6 (or a scalar) of `type`; with values 0 … 23 given as `memory` where that
 * is not negative. */
static void put(hid_t file, const char *name, hid_t type, hid_t properties, hid_t memory,
                const void *values)
{
    hsize_t shape[2] = {4, 6};
    hid_t space = H5Screate_simple(2, shape, NULL);
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    assert_true(dataset >= 0);
    if (values != NULL)
        assert_true(H5Dwrite(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(dataset);
    H5Sclose(space);
}

static void put_doubles(hid_t file, const char *name, hid_t type, hid_t properties)
{
    double value[24];
    for (int i = 0; i < 24; i++)
        value[i] = i;
    put(file, name, type, properties, H5T_NATIVE_DOUBLE, value);
}

static da_status probe(const char *name, struct da__file_info *info, struct da__error *err)
{
    *err = (struct da__error){0};
    return da__file_probe(&(struct da__file_spec){path, name}, info, err);
}

static void refuses(const char *name, da_status want, const char *words)
{
    struct da__file_info info;
    struct da__source *source;
    struct da__error err;
    da_status status = probe(name, &info, &err);
    if (status != want || strstr(err.text, words) == NULL || strchr(err.text, '\n') != NULL)
        fail_msg("%s: status %d, \"%s\", wanted %d, \"%s\"", name, status, err.text, want, words);
    assert_int_equal(da__source_open(&(struct da__file_spec){path, name}, &alone, &source, &err),
                     want);
    assert_null(source);
}

static void read_all(const char *name, void *out)
{
    struct da__source *source;
    struct da__error err = {0};
    if (da__source_open(&(struct da__file_spec){path, name}, &alone, &source, &err) != DA_OK)
        fail_msg("%s", err.text);
    const struct da__file_info *info = da__source_info(source);
    if (da__source_read(source, (int64_t[]){0, 0}, info->shape, out, &err) != DA_OK)
        fail_msg("%s", err.text);
    da__source_close(source);
}

/* ---- types -------------------------------------------------------------------------------------
 */

static hid_t half_type(void)
{
    hid_t type = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(type, 15, 10, 5, 0, 10);
    H5Tset_ebias(type, 15);
    H5Tset_precision(type, 16);
    H5Tset_size(type, 2);
    return type;
}

static void reads_types(void **state)
{
    const struct {
        const char *name;
        hid_t type;
        da_dtype dtype;
        const char *layout;
    } rows[] = {
        {"/i1", H5T_STD_I8LE, DA_INT8, "contiguous"},
        {"/i2", H5T_STD_I16BE, DA_INT16, "contiguous, big-endian"},
        {"/i4", H5T_STD_I32LE, DA_INT32, "contiguous, little-endian"},
        {"/i8", H5T_STD_I64BE, DA_INT64, "contiguous, big-endian"},
        {"/u1", H5T_STD_U8BE, DA_UINT8, "contiguous"},
        {"/u2", H5T_STD_U16LE, DA_UINT16, "contiguous, little-endian"},
        {"/u4", H5T_STD_U32BE, DA_UINT32, "contiguous, big-endian"},
        {"/u8", H5T_STD_U64LE, DA_UINT64, "contiguous, little-endian"},
        {"/f4", H5T_IEEE_F32BE, DA_FLOAT32, "contiguous, big-endian"},
        {"/f8", H5T_IEEE_F64LE, DA_FLOAT64, "contiguous, little-endian"},
        {"/f2", half_type(), DA_FLOAT32, "contiguous, little-endian, stored in 16 bits"},
    };
    const int n = sizeof rows / sizeof *rows;
    (void)state;
    hid_t file = new_file("t.h5");
    for (int i = 0; i < n; i++)
        put_doubles(file, rows[i].name, rows[i].type, H5P_DEFAULT);
    H5Fclose(file);
    for (int i = 0; i < n; i++) {
        struct da__file_info info;
        struct da__error err;
        uint8_t got[24 * 8], want[24 * 8];
        size_t size = da__dtype_nbytes(rows[i].dtype);
        if (probe(rows[i].name, &info, &err) != DA_OK)
            fail_msg("%s", err.text);
        assert_int_equal(info.dtype, rows[i].dtype);
        assert_string_equal(info.layout, rows[i].layout);
        assert_string_equal(info.format, "hdf5");
        for (int k = 0; k < 24; k++) {
            struct da__scalar s = {DA__SCALAR_INT, k, k, 0};
            assert_true(da__scalar_store(&s, info.dtype, want + (size_t)k * size));
        }
        read_all(rows[i].name, got);
        assert_memory_equal(got, want, 24 * size);
    }
}

static hid_t bool_type(void)
{
    signed char no = 0, yes = 1;
    hid_t type = H5Tenum_create(H5T_STD_I8LE);
    H5Tenum_insert(type, "TRUE", &yes);
    H5Tenum_insert(type, "FALSE", &no);
    return type;
}

static hid_t color_type(void)
{
    short red = 5, blue = 9;
    hid_t type = H5Tenum_create(H5T_NATIVE_SHORT);
    H5Tenum_insert(type, "RED", &red);
    H5Tenum_insert(type, "BLUE", &blue);
    return type;
}

static hid_t pair_type(const char *a, const char *b, hid_t part, size_t at_a, size_t at_b)
{
    hid_t type = H5Tcreate(H5T_COMPOUND, 2 * H5Tget_size(part));
    H5Tinsert(type, a, at_a, part);
    H5Tinsert(type, b, at_b, part);
    return type;
}

static void reads_bools_enums_and_complex(void **state)
{
    uint8_t bytes[24] = {0, 1, 0, 1, 1}, bools[24];
    short colors[24] = {5, 9, 5}, numbers[24];
    float swapped[48], complex_read[48];
    struct da__file_info info;
    struct da__error err;
    (void)state;
    bytes[7] = 2; /* no member: still true */
    for (int i = 0; i < 48; i++)
        swapped[i] = (float)i;
    hid_t file = new_file("t.h5"), truth = bool_type(), color = color_type();
    hid_t reversed = pair_type("i", "r", H5T_NATIVE_FLOAT, 0, 4),
          named = pair_type("real", "imag", H5T_NATIVE_FLOAT, 0, 4);
    put(file, "/bool", truth, H5P_DEFAULT, truth, bytes);
    put(file, "/color", color, H5P_DEFAULT, color, colors);
    put(file, "/reversed", reversed, H5P_DEFAULT, reversed, swapped);
    put(file, "/named", named, H5P_DEFAULT, named, swapped);
    H5Fclose(file);
    assert_int_equal(probe("/bool", &info, &err), DA_OK);
    assert_int_equal(info.dtype, DA_BOOL);
    read_all("/bool", bools);
    for (int i = 0; i < 24; i++)
        assert_int_equal(bools[i], bytes[i] != 0);
    assert_int_equal(probe("/color", &info, &err), DA_OK);
    assert_int_equal(info.dtype, DA_INT16);
    read_all("/color", numbers);
    assert_memory_equal(numbers, colors, sizeof colors);
    assert_int_equal(probe("/reversed", &info, &err), DA_OK);
    assert_int_equal(info.dtype, DA_COMPLEX64);
    read_all("/reversed", complex_read);
    assert_true(complex_read[0] == 1 && complex_read[1] == 0 && complex_read[46] == 47 &&
                complex_read[47] == 46);
    read_all("/named", complex_read);
    assert_memory_equal(complex_read, swapped, sizeof swapped);
}

/* What we write is what h5py writes: an enumeration FALSE, TRUE of int8, and a compound r, i. */
static void writes_h5py_types(void **state)
{
    const da_dtype dtypes[2] = {DA_BOOL, DA_COMPLEX128};
    (void)state;
    remove(path);
    for (int i = 0; i < 2; i++) {
        struct da__sink *sink;
        struct da__error err = {0};
        uint8_t value[16] = {1};
        struct da__file_spec spec = {path, i == 0 ? "/b" : "/c"};
        assert_int_equal(da__sink_create(&spec, dtypes[i], 0, NULL, &alone, &sink, &err), DA_OK);
        assert_int_equal(da__sink_write(sink, NULL, NULL, value, &err), DA_OK);
        assert_int_equal(da__sink_commit(sink, DA_OK, &err), DA_OK);
    }
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t b = H5Dopen2(file, "/b", H5P_DEFAULT), c = H5Dopen2(file, "/c", H5P_DEFAULT);
    hid_t truth = H5Dget_type(b), pair = H5Dget_type(c), base = H5Tget_super(truth),
          part = H5Tget_member_type(pair, 0);
    char *first = H5Tget_member_name(truth, 0), *real = H5Tget_member_name(pair, 0),
         *imag = H5Tget_member_name(pair, 1);
    assert_int_equal(H5Tget_class(truth), H5T_ENUM);
    assert_true(H5Tequal(base, H5T_STD_I8LE) > 0);
    assert_string_equal(first, "FALSE");
    assert_int_equal(H5Tget_class(pair), H5T_COMPOUND);
    assert_true(H5Tequal(part, H5T_NATIVE_DOUBLE) > 0);
    assert_string_equal(real, "r");
    assert_string_equal(imag, "i");
    H5free_memory(first), H5free_memory(real), H5free_memory(imag);
    H5Tclose(truth), H5Tclose(pair), H5Tclose(base), H5Tclose(part);
    H5Dclose(b), H5Dclose(c), H5Fclose(file);
}

static void refuses_other_types(void **state)
{
    hsize_t three = 3;
    (void)state;
    hid_t file = new_file("t.h5"), text = H5Tcopy(H5T_C_S1), list = H5Tvlen_create(H5T_NATIVE_INT);
    H5Tset_size(text, H5T_VARIABLE);
    put(file, "/text", text, H5P_DEFAULT, -1, NULL);
    put(file, "/list", list, H5P_DEFAULT, -1, NULL);
    put(file, "/reference", H5T_STD_REF_OBJ, H5P_DEFAULT, -1, NULL);
    put(file, "/opaque", H5Tcreate(H5T_OPAQUE, 7), H5P_DEFAULT, -1, NULL);
    put(file, "/array", H5Tarray_create2(H5T_NATIVE_INT, 1, &three), H5P_DEFAULT, -1, NULL);
    put(file, "/record", pair_type("a", "b", H5T_NATIVE_INT, 0, 4), H5P_DEFAULT, -1, NULL);
    put(file, "/ints", pair_type("r", "i", H5T_NATIVE_INT, 0, 4), H5P_DEFAULT, -1, NULL);
    put(file, "/long_double", H5T_NATIVE_LDOUBLE, H5P_DEFAULT, -1, NULL);
    put(file, "/bits", H5T_STD_B8LE, H5P_DEFAULT, -1, NULL);
    hid_t null = H5Screate(H5S_NULL);
    H5Dclose(
        H5Dcreate2(file, "/null", H5T_NATIVE_INT, null, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Gclose(H5Gcreate2(file, "/group", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Fclose(file);
    refuses("/text", DA_ERR_UNSUPPORTED, "/text holds strings");
    refuses("/list", DA_ERR_UNSUPPORTED, "variable-length lists");
    refuses("/reference", DA_ERR_UNSUPPORTED, "references");
    refuses("/opaque", DA_ERR_UNSUPPORTED, "opaque bytes");
    refuses("/array", DA_ERR_UNSUPPORTED, "an array type");
    refuses("/record", DA_ERR_UNSUPPORTED, "records");
    refuses("/ints", DA_ERR_UNSUPPORTED, "records");
    refuses("/long_double", DA_ERR_UNSUPPORTED, "64 bits");
    refuses("/bits", DA_ERR_UNSUPPORTED, "bit fields");
    refuses("/null", DA_ERR_UNSUPPORTED, "null dataspace");
    refuses("/group", DA_ERR_IO, "/group is a group, not a dataset");
}

/* ---- layouts -----------------------------------------------------------------------------------
 */

static hid_t chunks(hsize_t rows, hsize_t columns)
{
    hsize_t chunk[2] = {rows, columns};
    hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(properties, 2, chunk);
    return properties;
}

static void reads_layouts(void **state)
{
    double got[24], part[6];
    struct da__file_info info;
    struct da__error err = {0};
    struct da__source *source;
    (void)state;
    hid_t file = new_file("t.h5"), packed = chunks(3, 4), plain = chunks(1, 6),
          compact = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_shuffle(packed);
    H5Pset_deflate(packed, 5);
    H5Pset_fletcher32(packed);
    H5Pset_layout(compact, H5D_COMPACT);
    put_doubles(file, "/packed", H5T_IEEE_F64BE, packed);
    put_doubles(file, "/plain", H5T_IEEE_F64LE, plain);
    put_doubles(file, "/compact", H5T_IEEE_F64LE, compact);
    put(file, "/unwritten", H5T_IEEE_F64LE, H5P_DEFAULT, -1, NULL);
    H5Fclose(file);
    assert_int_equal(probe("/packed", &info, &err), DA_OK);
    assert_string_equal(info.layout, "chunked 3x4, shuffle, gzip 5, fletcher32, big-endian");
    assert_int_equal(probe("/plain", &info, &err), DA_OK);
    assert_string_equal(info.layout, "chunked 1x6, little-endian");
    assert_int_equal(probe("/compact", &info, &err), DA_OK);
    assert_string_equal(info.layout, "compact, little-endian");
    static const char *const names[] = {"/packed", "/plain", "/compact"};
    for (int i = 0; i < 3; i++) {
        read_all(names[i], got);
        for (int k = 0; k < 24; k++)
            assert_true(got[k] == k);
        assert_int_equal(
            da__source_open(&(struct da__file_spec){path, names[i]}, &alone, &source, &err), DA_OK);
        assert_int_equal(da__source_read(source, (int64_t[]){1, 2}, (int64_t[]){2, 3}, part, &err),
                         DA_OK);
        assert_true(part[0] == 8 && part[2] == 10 && part[3] == 14 && part[5] == 16);
        da__source_close(source);
    }
    read_all("/unwritten", got);
    assert_true(got[0] == 0 && got[23] == 0);
}

static void finds_user_blocks(void **state)
{
    char other[PATH];
    double got[24];
    (void)state;
    hid_t create = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_userblock(create, 2048);
    in_folder(folder, "t.h5", other, sizeof other);
    hid_t file = H5Fcreate(other, H5F_ACC_TRUNC, create, H5P_DEFAULT);
    put_doubles(file, "/x", H5T_IEEE_F64LE, H5P_DEFAULT);
    H5Fclose(file);
    H5Pclose(create);
    read_all(NULL, got);
    assert_true(got[23] == 23);
}

/* ---- hostile files -----------------------------------------------------------------------------
 */

static void stays_within_the_file(void **state)
{
    char secret[PATH];
    hsize_t shape[2] = {4, 6};
    double got[24];
    (void)state;
    hid_t other = new_file("other.h5");
    put_doubles(other, "/x", H5T_IEEE_F64LE, H5P_DEFAULT);
    H5Gclose(H5Gcreate2(other, "/g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Fclose(other);
    write_whole(in_folder(folder, "secret", secret, sizeof secret),
                "root:x:0:0:root:/root:/bin/bash and more", 40);
    hid_t file = new_file("t.h5"), external = H5Pcreate(H5P_DATASET_CREATE),
          made_of = H5Pcreate(H5P_DATASET_CREATE);
    hid_t space = H5Screate_simple(2, shape, NULL);
    H5Pset_external(external, secret, 0, 192);
    H5Pset_virtual(made_of, space, "other.h5", "/x", space);
    put(file, "/external", H5T_IEEE_F64LE, external, -1, NULL);
    put(file, "/virtual", H5T_IEEE_F64LE, made_of, -1, NULL);
    put_doubles(file, "/x", H5T_IEEE_F64LE, H5P_DEFAULT);
    H5Lcreate_external("other.h5", "/x", file, "/link", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external("other.h5", "/", file, "/door", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/door/x", file, "/sly", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/x", file, "/soft", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/nowhere", file, "/dangling", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/loop", file, "/loop", H5P_DEFAULT, H5P_DEFAULT);
    H5Sclose(space);
    H5Fclose(file);
    refuses("/external", DA_ERR_UNSUPPORTED, "external storage");
    refuses("/virtual", DA_ERR_UNSUPPORTED, "virtual dataset");
    refuses("/link", DA_ERR_UNSUPPORTED, "external link (to other.h5:/x)");
    refuses("/door/x", DA_ERR_UNSUPPORTED, "external link");
    refuses("/sly", DA_ERR_UNSUPPORTED, "external link");
    refuses("/dangling", DA_ERR_FORMAT, "cannot open /dangling");
    refuses("/loop", DA_ERR_FORMAT, "cannot open /loop");
    read_all("/soft", got); /* stays inside */
    assert_true(got[23] == 23);
}

static void writes_within_the_file(void **state)
{
    char other[PATH];
    long before = 0, after = 0;
    struct da__sink *sink;
    struct da__error err = {0};
    (void)state; /* goes on with the files of stays_within_the_file */
    void *old = read_whole(in_folder(folder, "other.h5", other, sizeof other), &before);
    struct da__file_spec spec = {path, "/door/new"};
    assert_int_equal(da__sink_create(&spec, DA_INT8, 0, NULL, &alone, &sink, &err), DA_ERR_IO);
    void *new = read_whole(other, &after);
    assert_int_equal(before, after);
    assert_memory_equal(old, new, (size_t)before);
    free(old);
    free(new);
    spec.dataset = "/link"; /* replaces the link, not what it leads to */
    assert_int_equal(da__sink_create(&spec, DA_INT8, 0, NULL, &alone, &sink, &err), DA_OK);
    assert_int_equal(da__sink_write(sink, NULL, NULL, "\x07", &err), DA_OK);
    assert_int_equal(da__sink_commit(sink, DA_OK, &err), DA_OK);
    int8_t value = 0;
    read_all("/link", &value);
    assert_int_equal(value, 7);
}

static void refuses_to_replace_groups(void **state)
{
    struct da__sink *sink;
    struct da__error err = {0};
    (void)state;
    hid_t file = new_file("t.h5");
    H5Gclose(H5Gcreate2(file, "/g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    put_doubles(file, "/x", H5T_IEEE_F64LE, H5P_DEFAULT);
    H5Fclose(file);
    struct da__file_spec group = {path, "/g"}, below = {path, "/x/y"};
    assert_int_equal(da__sink_create(&group, DA_INT8, 0, NULL, &alone, &sink, &err), DA_ERR_IO);
    assert_non_null(strstr(err.text, "/g is a group"));
    assert_int_equal(da__sink_create(&below, DA_INT8, 0, NULL, &alone, &sink, NULL), DA_ERR_IO);
    err = (struct da__error){0};
    write_whole(path, "precious notes", 14);
    assert_int_equal(da__sink_create(&group, DA_INT8, 0, NULL, &alone, &sink, &err), DA_ERR_FORMAT);
    assert_non_null(strstr(err.text, "is no HDF5 file"));
    long n = 0;
    char *kept = read_whole(path, &n);
    assert_int_equal(n, 14);
    free(kept);
    remove(path);
}

static void bounds_claims(void **state)
{
    (void)state;
    hid_t file = new_file("t.h5"), huge = chunks(1, (hsize_t)1 << 28), strange = chunks(2, 2);
    hsize_t shape[2] = {4, (hsize_t)1 << 28}, endless[3] = {(hsize_t)1 << 40, (hsize_t)1 << 40, 4},
            chunk[3] = {1, 1, 1};
    hid_t space = H5Screate_simple(2, shape, NULL), sky = H5Screate_simple(3, endless, NULL),
          tiny = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(tiny, 3, chunk);
    H5Dclose(H5Dcreate2(file, "/huge", H5T_IEEE_F64LE, space, H5P_DEFAULT, huge, H5P_DEFAULT));
    H5E_BEGIN_TRY
    {
        H5Dclose(H5Dcreate2(file, "/endless", H5T_IEEE_F64LE, sky, H5P_DEFAULT, tiny, H5P_DEFAULT));
    }
    H5E_END_TRY
    unsigned level = 3;
    H5Pset_filter(strange, 32015, H5Z_FLAG_OPTIONAL, 1, &level);
    put(file, "/zstd", H5T_IEEE_F64LE, strange, -1, NULL);
    bool has_endless = H5Lexists(file, "/endless", H5P_DEFAULT) > 0;
    H5Fclose(file);
    refuses("/huge", DA_ERR_UNSUPPORTED, "chunks of /huge have 2147483648 bytes");
    refuses("/zstd", DA_ERR_UNSUPPORTED, "filter 32015");
    if (has_endless)
        refuses("/endless", DA_ERR_FORMAT, "2^63");
}

/* Every cut and damaged file is refused with a reason, or read. */
static bool endures(uint8_t *bytes, long n)
{
    struct da__file_info info;
    struct da__error err;
    bool ok = true;
    for (long length = 0; length < n; length += 97) {
        write_whole(path, bytes, (size_t)length);
        ok = probe("/x", &info, &err) != DA_OK && err.text[0] != '\0' && ok;
    }
    for (long at = 8; at < 96; at++) { /* the superblock */
        bytes[at] ^= 0x55;
        write_whole(path, bytes, (size_t)n);
        ok = (probe("/x", &info, &err) == DA_OK || err.text[0] != '\0') && ok;
        bytes[at] ^= 0x55;
    }
    return ok;
}

/* In a child, since HDF5 1.10 itself leaks a little where it refuses a damaged superblock. */
static void survives_damage(void **state)
{
    long n = 0;
    int how = -1;
    (void)state;
    hid_t file = new_file("t.h5"), packed = chunks(2, 3);
    H5Pset_deflate(packed, 1);
    put_doubles(file, "/packed", H5T_IEEE_F64LE, packed);
    put_doubles(file, "/x", H5T_IEEE_F64LE, H5P_DEFAULT);
    H5Fclose(file);
    uint8_t *bytes = read_whole(path, &n);
    pid_t child = fork();
    if (child == 0)
        _exit(endures(bytes, n) ? 0 : 1);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(how, 0);
    free(bytes);
}

/* ---- names and attributes ----------------------------------------------------------------------
 */

static void suggests_names(void **state)
{
    struct da__file_info info;
    struct da__error err;
    (void)state;
    hid_t file = new_file("t.h5");
    put_doubles(file, "/t2m", H5T_IEEE_F64LE, H5P_DEFAULT);
    H5Fclose(file);
    refuses("/t2x", DA_ERR_IO, "t.h5: no dataset /t2x (did you mean /t2m?)");
    refuses("/pressure", DA_ERR_IO, "no dataset /pressure (it has /t2m)");
    refuses("/no/such", DA_ERR_IO, "no dataset /no/such");
    refuses("/t2m/deeper", DA_ERR_IO, "no dataset /t2m/deeper");
    assert_int_equal(probe(NULL, &info, &err), DA_OK); /* the only one */
    assert_int_equal(probe("t2m", &info, &err), DA_OK);
    file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    put_doubles(file, "/u", H5T_IEEE_F64LE, H5P_DEFAULT);
    H5Fclose(file);
    refuses(NULL, DA_ERR_ARGUMENT, "which dataset? It has /t2m, /u");
    file = new_file("t.h5");
    H5Fclose(file);
    refuses(NULL, DA_ERR_IO, "has no dataset");
}

static void attribute(hid_t object, const char *name, hid_t type, const void *value)
{
    hid_t space = H5Screate(H5S_SCALAR),
          a = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(a, type, value);
    H5Aclose(a);
    H5Sclose(space);
}

static hid_t text_type(size_t n)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, n);
    return type;
}

static void reads_attributes(void **state)
{
    struct da__file_info info;
    struct da__error err;
    float scale = 0.5f;
    double offset = 273.15;
    short fill = -32767, missing = -1;
    char long_text[200];
    const char *variable = "two metre\ntemperature";
    (void)state;
    memset(long_text, 'u', sizeof long_text);
    memcpy(long_text + 62, "é", 2); /* would be cut in its middle */
    hid_t file = new_file("t.h5");
    put_doubles(file, "/t", H5T_STD_I16LE, H5P_DEFAULT);
    put_doubles(file, "/bare", H5T_STD_I16LE, H5P_DEFAULT);
    hid_t t = H5Dopen2(file, "/t", H5P_DEFAULT);
    attribute(t, "scale_factor", H5T_NATIVE_FLOAT, &scale);
    attribute(t, "add_offset", H5T_NATIVE_DOUBLE, &offset);
    attribute(t, "missing_value", H5T_NATIVE_SHORT, &missing);
    attribute(t, "units", text_type(200), long_text);
    attribute(t, "long_name", text_type(H5T_VARIABLE), &variable);
    H5Dclose(t);
    H5Fclose(file);
    assert_int_equal(probe("/t", &info, &err), DA_OK);
    assert_true(info.has_scale && info.scale == 0.5 && info.has_offset && info.offset == 273.15);
    assert_true(info.has_fill && info.fill == -1);
    assert_int_equal(strlen(info.units), 62);
    assert_string_equal(info.long_name, "two metre temperature");
    file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    t = H5Dopen2(file, "/t", H5P_DEFAULT);
    attribute(t, "_FillValue", H5T_NATIVE_SHORT, &fill);
    H5Dclose(t);
    H5Fclose(file);
    assert_int_equal(probe("/t", &info, &err), DA_OK);
    assert_true(info.has_fill && info.fill == -32767);
    assert_int_equal(probe("/bare", &info, &err), DA_OK);
    assert_false(info.has_scale || info.has_offset || info.has_fill);
    assert_string_equal(info.units, "");
}

struct listing {
    char text[1024];
};

static da_status add_to_listing(void *self, const char *dataset, const struct da__file_info *info)
{
    struct listing *l = self;
    size_t n = strlen(l->text);
    char shape[256];
    snprintf(l->text + n, sizeof l->text - n, "%s %s %s; ", dataset, da__dtype(info->dtype)->name,
             da__shape_text(info->ndim, info->shape, shape, sizeof shape));
    return DA_OK;
}

static void lists_datasets(void **state)
{
    struct listing l = {""};
    struct da__error err = {0};
    (void)state;
    hid_t file = new_file("t.h5"), text = text_type(H5T_VARIABLE);
    put_doubles(file, "/b", H5T_STD_I16LE, H5P_DEFAULT);
    put_doubles(file, "/a", H5T_IEEE_F32LE, H5P_DEFAULT);
    put(file, "/names", text, H5P_DEFAULT, -1, NULL);
    H5Gclose(H5Gcreate2(file, "/g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    put_doubles(file, "/g/c", H5T_STD_U8LE, H5P_DEFAULT);
    put_doubles(file, "/dimension", H5T_IEEE_F32BE, H5P_DEFAULT);
    H5Lcreate_hard(file, "/", file, "/g/cycle", H5P_DEFAULT, H5P_DEFAULT);
    hid_t dimension = H5Dopen2(file, "/dimension", H5P_DEFAULT);
    attribute(dimension, "NAME", text_type(64),
              "This is a netCDF dimension but not a netCDF variable.         6");
    H5Dclose(dimension);
    H5Fclose(file);
    assert_int_equal(da__file_list(path, add_to_listing, &l, &err), DA_OK);
    assert_string_equal(l.text, "/a float32 (4, 6); /b int16 (4, 6); /g/c uint8 (4, 6); ");
}

/* ---- manners -----------------------------------------------------------------------------------
 */

static void leaves_the_library_as_it_was(void **state)
{
    H5E_auto2_t report[2];
    void *data[2];
    unsigned plugins[2];
    struct da__file_info info;
    struct da__error err;
    (void)state;
    int64_t blocks = da__alloc_live();
    H5Eget_auto2(H5E_DEFAULT, &report[0], &data[0]);
    H5PLget_loading_state(&plugins[0]);
    assert_int_not_equal(probe("/absent", &info, &err), DA_OK);
    H5Eget_auto2(H5E_DEFAULT, &report[1], &data[1]);
    H5PLget_loading_state(&plugins[1]);
    assert_true(report[0] != NULL && report[0] == report[1] && data[0] == data[1]);
    assert_int_equal(plugins[0], plugins[1]);
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_FILE | H5F_OBJ_DATASET |
                                                              H5F_OBJ_GROUP | H5F_OBJ_ATTR),
                     0);
    assert_int_equal(da__alloc_live(), blocks);
#ifdef DA_HAVE_MPI
    int started = 1;
    MPI_Initialized(&started);
    assert_false(started);
#endif
}

/* ---- real data ---------------------------------------------------------------------------------
 */

static bool have_data(const char *name)
{
    in_folder(DA_TEST_DATA, name, path, sizeof path);
    if (access(path, R_OK) != 0) {
        print_message("%s is not here\n", path);
        return false;
    }
    return true;
}

static void reads_real_data(void **state)
{
    struct listing l = {""};
    struct da__error err = {0};
    struct da__file_info info;
    (void)state;
    if (!have_data("eraint_uvz.h5"))
        skip();
    assert_int_equal(da__file_list(path, add_to_listing, &l, &err), DA_OK);
    assert_string_equal(l.text,
                        "/latitude float32 (241,); /level int32 (3,); /longitude float32 (480,); "
                        "/month int32 (2,); /u int16 (2, 3, 241, 480); /v int16 (2, 3, 241, 480); "
                        "/z int16 (2, 3, 241, 480); ");
    assert_int_equal(probe("/z", &info, &err), DA_OK);
    assert_string_equal(info.layout, "chunked 1x1x61x240, shuffle, gzip 4, little-endian");
    assert_string_equal(info.units, "m**2 s**-2");
    assert_string_equal(info.long_name, "Geopotential");
    assert_true(info.has_scale && info.has_offset && info.offset == 66825.5);
    assert_true(info.has_fill && info.fill == -32767);
    float latitude[241];
    read_all("/latitude", latitude);
    assert_true(latitude[0] == 90.0f && latitude[120] == 0.0f && latitude[240] == -90.0f);
    l.text[0] = '\0';
    if (!have_data("basin_mask.nc"))
        skip();
    assert_int_equal(da__file_list(path, add_to_listing, &l, &err), DA_OK);
    assert_string_equal(
        l.text,
        "/X float32 (360,); /Y float32 (180,); /Z float32 (33,); /basin int8 (33, 180, 360); ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_types),
        cmocka_unit_test(reads_bools_enums_and_complex),
        cmocka_unit_test(writes_h5py_types),
        cmocka_unit_test(refuses_other_types),
        cmocka_unit_test(reads_layouts),
        cmocka_unit_test(finds_user_blocks),
        cmocka_unit_test(stays_within_the_file),
        cmocka_unit_test(writes_within_the_file),
        cmocka_unit_test(refuses_to_replace_groups),
        cmocka_unit_test(bounds_claims),
        cmocka_unit_test(survives_damage),
        cmocka_unit_test(suggests_names),
        cmocka_unit_test(reads_attributes),
        cmocka_unit_test(lists_datasets),
        cmocka_unit_test(leaves_the_library_as_it_was),
        cmocka_unit_test(reads_real_data),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
