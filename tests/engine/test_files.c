/* Files: what engines save is what plain C reads, for every map; loads come back under every map, whole and in part. */
#include "engine_test.h"

#ifdef DA_HAVE_HDF5
#include <hdf5.h>
#endif

static char folder[256];

static const char *path_of(const char *name)
{
    static char path[2][512];
    static int turn;
    turn ^= 1;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static double table_at(const int64_t *i)
{
    return (double)(i[0] * 100 + i[1]);
}

static da_array *table(const struct da__dist_spec *spec)
{
    double data[12 * 9];
    for (int k = 0; k < 12 * 9; k++)
        data[k] = k / 9 * 100 + k % 9;
    return da__runtime_import(rt, data, DA_FLOAT64, 2, (int64_t[2]){12, 9}, spec);
}
static const int64_t shape2[2] = {12, 9};

static void save(da_array *x, const char *name, const char *dataset)
{
    da_array *saved = da__make_save(g, x, path_of(name), dataset);
    assert_sound(saved, name);
    compute(1, &saved);
}

static da_array *load(const char *name, const char *dataset, const char *index,
                      const struct da__dist_spec *spec)
{
    struct da__index_item item[8];
    struct da__error err = {.engine = -1};
    int nitems = -1;
    if (index != NULL)
        assert_ok(da__index_parse(index, 8, item, &nitems, &err), &err, index);
    return da__make_load(g, path_of(name), dataset, NULL, nitems, item, DA_DTYPE_DEFAULT, spec);
}

/* Version 1.0: magic, two bytes of header length at 8, then C-order elements. */
static void check_npy(const char *name, const char *what)
{
    unsigned char head[10];
    double value;
    FILE *f = fopen(path_of(name), "rb");
    assert_non_null(f);
    assert_int_equal(fread(head, 1, 10, f), 10);
    assert_memory_equal(head, "\x93NUMPY\x01\x00", 8);
    fseek(f, 10 + head[8] + 256 * head[9], SEEK_SET);
    for (int64_t k = 0; k < 12 * 9; k++) {
        assert_int_equal(fread(&value, sizeof value, 1, f), 1);
        if (value != table_at((int64_t[2]){k / 9, k % 9}))
            fail_msg("%s, %d engines: element %lld of the file is %g", what, P, (long long)k,
                     value);
    }
    assert_int_equal(fread(head, 1, 1, f), 0);
    fclose(f);
}

static void every_map_is_saved_and_loaded(void **state)
{
    (void)state;
    struct layout l;
    for (int a = 0; a < NMAPS * NMAPS; a++) {
        char maps[] = {MAPS[a / NMAPS], MAPS[a % NMAPS], '\0'};
        layout_subset(&l, 2, shape2, maps, 0, a % NSUBSETS);
        da__scope_push(g);
        save(table(&l.spec), "t.npy", NULL);
        check_npy("t.npy", l.text);
        check(load("t.npy", NULL, NULL, &l.spec), 2, shape2, table_at, l.text);
        da__scope_pop(g);
    }
}

static double part_at(const int64_t *i)
{
    return (double)((2 + 3 * i[0]) * 100 + 8 - 2 * i[1]);
}
static double row_at(const int64_t *i)
{
    return (double)(1100 + i[0]);
}

static void parts_are_loaded(void **state)
{
    (void)state;
    struct layout l;
    const int64_t part[2] = {4, 5}, row[1] = {9};
    da__scope_push(g);
    save(table(NULL), "t.npy", NULL);
    for (int a = 0; a < NMAPS * NMAPS; a++) {
        char maps[] = {MAPS[a / NMAPS], MAPS[a % NMAPS], '\0'};
        da__scope_push(g);
        layout(&l, 2, part, maps, 0);
        check(load("t.npy", NULL, "2::3, ::-2", &l.spec), 2, part, part_at, l.text);
        layout(&l, 1, row, maps, 0);
        check(load("t.npy", NULL, "-1", &l.spec), 1, row, row_at, l.text);
        da__scope_pop(g);
    }
    da__scope_pop(g);
}

static double chained_at(const int64_t *i)
{
    return 2 * table_at(i) + 1;
}

/* Load, compute and save in one run; the saved array goes on being used. */
static void files_in_a_chain(void **state)
{
    (void)state;
    struct layout l;
    da__scope_push(g);
    save(table(NULL), "t.npy", NULL);
    struct da__name name[] = {{"x", load("t.npy", NULL, NULL, layout(&l, 2, shape2, "nc", 0))},
                              {"y", NULL}};
    name[1].array = da__eval(g, "x * 2 + 1", 1, name);
    da_array *target[] = {da__make_save(g, name[1].array, path_of("u.npy"), NULL),
                          da__eval(g, "sum(y)", 2, name)};
    int64_t runs = counters().runs;
    compute(2, target);
    assert_int_equal(counters().runs, runs + 1);
    check(target[0], 2, shape2, chained_at, "what save gives back");
    check(load("u.npy", NULL, NULL, NULL), 2, shape2, chained_at, "the saved file");
    double *sum = gathered(target[1], "sum"), wanted = 0;
    for (int64_t k = 0; k < 12 * 9; k++)
        wanted += chained_at((int64_t[2]){k / 9, k % 9});
    assert_true(sum[0] == wanted);
    free(sum);
    da__scope_pop(g);
}

static void all_dtypes_and_shapes(void **state)
{
    (void)state;
    static const int64_t shapes[][3] = {{5, 0, 0}, {3, 4, 2}, {0, 4, 2}};
    static const int ndims[] = {1, 3, 3, 0};
    unsigned char in[16 * 24], out[16 * 24];
    for (size_t i = 0; i < sizeof in; i++)
        in[i] = (unsigned char)(i * 29 + 3);
    for (int d = 0; d < DA_NDTYPES; d++)
        for (int s = 0; s < 4; s++) {
            struct da__error err = {.engine = -1};
            const int64_t *shape = shapes[s % 3];
            size_t nbytes = (size_t)da__nelem(ndims[s], shape) * da__dtype_nbytes((da_dtype)d);
            for (size_t i = 0; i < nbytes && d == DA_BOOL; i++)
                in[i] = i % 2;
            da__scope_push(g);
            save(da__runtime_import(rt, in, (da_dtype)d, ndims[s], shape, NULL), "d.npy", NULL);
            da_array *x = load("d.npy", NULL, NULL, NULL);
            assert_sound(x, da__dtype((da_dtype)d)->name);
            assert_int_equal(x->dtype, d);
            assert_ok(da__runtime_gather(rt, x, out, &err), &err, da__dtype((da_dtype)d)->name);
            assert_memory_equal(in, out, nbytes);
            da__scope_pop(g);
        }
}

static double twos_at(const int64_t *i)
{
    (void)i;
    return 2;
}

/* A file that is written again is loaded anew; the arrays of the old one stay. */
static void files_are_replaced(void **state)
{
    (void)state;
    da__scope_push(g);
    save(table(NULL), "t.npy", NULL);
    da_array *before = load("t.npy", NULL, NULL, NULL);
    compute(1, &before);
    save(da__eval(g, "full((12, 9), 2.0)", 0, NULL), "t.npy", NULL);
    check(before, 2, shape2, table_at, "the array of the first file");
    check(load("t.npy", NULL, NULL, NULL), 2, shape2, twos_at, "the second file");
    da__scope_pop(g);
}

#ifdef DA_HAVE_HDF5
static void hdf5_comes_back(void **state)
{
    (void)state;
    struct layout l;
    for (int a = 0; a < NMAPS * NMAPS; a += 2) {
        char maps[] = {MAPS[a / NMAPS], MAPS[a % NMAPS], '\0'};
        layout_subset(&l, 2, shape2, maps, 0, a % NSUBSETS);
        da__scope_push(g);
        save(table(&l.spec), "t.h5", "/some/table");
        check(load("t.h5", "/some/table", NULL, &l.spec), 2, shape2, table_at, l.text);
        if (P < 4)
            check(load("t.h5", "/some/table", "2::3, ::-2", NULL), 2, (int64_t[2]){4, 5}, part_at,
                  l.text);
        da__scope_pop(g);
    }
}

static void hdf5_keeps_other_datasets(void **state)
{
    (void)state;
    da__scope_push(g);
    save(table(NULL), "two.h5", "/a");
    save(da__eval(g, "full((12, 9), 2.0)", 0, NULL), "two.h5", "/b");
    check(load("two.h5", "/a", NULL, NULL), 2, shape2, table_at, "/a");
    check(load("two.h5", "/b", NULL, NULL), 2, shape2, twos_at, "/b");
    da__scope_pop(g);
}

static void set_attribute(hid_t dataset, const char *name, hid_t type, const void *value)
{
    hid_t space = H5Screate(H5S_SCALAR),
          attribute = H5Acreate2(dataset, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(attribute, type, value) >= 0);
    H5Aclose(attribute);
    H5Sclose(space);
}

static double decoded_at(const int64_t *i)
{
    return i[0] == 3 ? NAN : (double)(i[0] * 10) * 0.5 + 100;
}

/* Packed shorts with netCDF's attributes, written by HDF5 itself. */
static void packed_values_are_decoded(void **state)
{
    (void)state;
    int16_t raw[20], fill = -1;
    double scale = 0.5, offset = 100;
    hsize_t extent = 20;
    for (int k = 0; k < 20; k++)
        raw[k] = (int16_t)(k == 3 ? fill : k * 10);
    hid_t file = H5Fcreate(path_of("cf.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT),
          space = H5Screate_simple(1, &extent, NULL);
    hid_t dataset =
        H5Dcreate2(file, "t", H5T_NATIVE_INT16, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Dwrite(dataset, H5T_NATIVE_INT16, H5S_ALL, H5S_ALL, H5P_DEFAULT, raw) >= 0);
    set_attribute(dataset, "scale_factor", H5T_NATIVE_DOUBLE, &scale);
    set_attribute(dataset, "add_offset", H5T_NATIVE_DOUBLE, &offset);
    set_attribute(dataset, "_FillValue", H5T_NATIVE_INT16, &fill);
    H5Dclose(dataset);
    H5Sclose(space);
    H5Fclose(file);
    da__scope_push(g);
    da_array *x = da__make_load(g, path_of("cf.h5"), "/t", "cf", -1, NULL, DA_DTYPE_DEFAULT, NULL);
    assert_sound(x, "cf.h5");
    assert_int_equal(x->dtype, DA_FLOAT64);
    check(x, 1, (int64_t[1]){20}, decoded_at, "decoded");
    da__scope_pop(g);
}
#endif

static int make_folder(void **state)
{
    (void)state;
    const char *where = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/da_files_XXXXXX", where != NULL ? where : "/tmp");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const name[] = {"t.npy", "u.npy", "d.npy", "t.h5", "two.h5", "cf.h5"};
    for (size_t i = 0; i < sizeof name / sizeof name[0]; i++)
        unlink(path_of(name[i]));
    return rmdir(folder); /* fails where something is left beside the files */
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_map_is_saved_and_loaded),
    cmocka_unit_test(parts_are_loaded),
    cmocka_unit_test(files_in_a_chain),
    cmocka_unit_test(all_dtypes_and_shapes),
    cmocka_unit_test(files_are_replaced),
#ifdef DA_HAVE_HDF5
    cmocka_unit_test(hdf5_comes_back),
    cmocka_unit_test(hdf5_keeps_other_datasets),
    cmocka_unit_test(packed_values_are_decoded),
#endif
};

int main(int argc, char **argv)
{
    int code;
    if (!engines_open(argc, argv, &code))
        return code;
    return engines_close(cmocka_run_group_tests(tests, make_folder, remove_folder));
}
