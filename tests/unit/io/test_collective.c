/* Several engines on one file, .npy and HDF5: threads of this process, or the processes of mpirun
 * that started us. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#ifdef DA_HAVE_HDF5
#include <hdf5.h>
#endif
#include "format.h"
#include "peers.h"

#define PATH 4200
#define ROWS 7
#define COLUMNS 5

static char *folder;

static const char *const suffixes[] = {
    ".npy",
#ifdef DA_HAVE_HDF5
    ".h5",
#endif
};
#define NSUFFIXES (int)(sizeof suffixes / sizeof *suffixes)

static struct da__file_spec spec_of(const char *name, const char *suffix, char *buf)
{
    if (snprintf(buf, PATH, "%s/%s%s", folder, name, suffix) >= PATH)
        abort();
    return (struct da__file_spec){buf, strcmp(suffix, ".npy") == 0 ? NULL : "/g/x"};
}

/* Waits for all, so that one may look at what the others did. */
static void together(const struct da__io_peers *p)
{
    struct da__error err = {0};
    da__agree(p, DA_OK, &err);
}

/* No process looks while another one makes files already or still. */
static void wait_for_processes(void)
{
#ifdef DA_HAVE_MPI
    if (under_mpirun())
        MPI_Barrier(MPI_COMM_WORLD);
#endif
}

static void expect_empty_folder(void)
{
    wait_for_processes();
    int n = count_entries(folder);
    wait_for_processes();
    assert_int_equal(n, 0);
}

/* Any test: for both formats and, with threads, for several team sizes. */
static void for_all(void (*body)(struct da__io_peers *p, void *suffix))
{
    for (int f = 0; f < NSUFFIXES; f++) {
        for (int size = 1; size <= (under_mpirun() ? 1 : 4); size++)
            assert_int_equal(run_team(size, body, (void *)suffixes[f]), 0);
    }
    expect_empty_folder();
}

/* Rows [first, first + n) are rank's; with three engines and more the second one has none. */
static int64_t rows_of(const struct da__io_peers *p, int64_t *first)
{
    int holders = p->size > 2 ? p->size - 1 : p->size,
        at = p->size > 2 && p->rank > 0 ? p->rank - 1 : p->rank;
    *first = 0;
    if (p->size > 2 && p->rank == 1)
        return 0;
    *first = ROWS * at / holders;
    return ROWS * (at + 1) / holders - *first;
}

/* One element of any dtype from a number: its bytes are the number's, bools are 0 and 1. */
static void put_value(uint8_t *to, da_dtype dtype, int64_t number)
{
    struct da__scalar s = {DA__SCALAR_INT, number, (double)number, 0};
    if (dtype == DA_BOOL)
        *to = number % 3 == 0;
    else
        assert_true(da__scalar_store(&s, dtype, to));
}

static void write_rows(struct da__sink *sink, const struct da__io_peers *p, da_dtype dtype,
                       int64_t bias, struct da__error *err)
{
    int64_t first, n = rows_of(p, &first), size = (int64_t)da__dtype_nbytes(dtype);
    uint8_t row[COLUMNS * 16];
    for (int64_t i = 0; i < ROWS; i++) { /* the same number of calls by all */
        for (int64_t k = 0; k < COLUMNS; k++)
            put_value(row + k * size, dtype, (first + i) * COLUMNS + k + bias);
        EXPECT_OK(da__sink_write(sink, (int64_t[]){i < n ? first + i : 0, 0},
                                 (int64_t[]){i < n, COLUMNS}, row, err),
                  err);
    }
}

static void save_rows(const struct da__io_peers *p, const struct da__file_spec *spec,
                      da_dtype dtype, int64_t bias)
{
    struct da__error err = {0};
    struct da__sink *sink = NULL;
    EXPECT_OK(da__sink_create(spec, dtype, 2, (int64_t[]){ROWS, COLUMNS}, p, &sink, &err), &err);
    if (sink == NULL)
        return;
    write_rows(sink, p, dtype, bias, &err);
    EXPECT_OK(da__sink_commit(sink, DA_OK, &err), &err);
}

/* Every engine reads the columns from its rank on. */
static void check_columns(const struct da__io_peers *p, const struct da__file_spec *spec,
                          da_dtype dtype, int64_t bias)
{
    struct da__error err = {0};
    struct da__source *source = NULL;
    int64_t from = p->rank % COLUMNS, n = COLUMNS - from, size = (int64_t)da__dtype_nbytes(dtype);
    uint8_t got[ROWS * COLUMNS * 16], want[16];
    EXPECT_OK(da__source_open(spec, p, &source, &err), &err);
    if (source == NULL)
        return;
    const struct da__file_info *info = da__source_info(source);
    EXPECT(info->dtype == dtype && info->ndim == 2 && info->shape[0] == ROWS &&
           info->shape[1] == COLUMNS);
    EXPECT_OK(da__source_read(source, (int64_t[]){0, from}, (int64_t[]){ROWS, n}, got, &err), &err);
    for (int64_t k = 0; k < ROWS * n; k++) {
        put_value(want, dtype, k / n * COLUMNS + from + k % n + bias);
        EXPECT(memcmp(want, got + k * size, (size_t)size) == 0);
    }
    EXPECT_OK(da__source_read(source, NULL, NULL, NULL, &err), &err); /* all only take part */
    da__source_close(source);
}

static void round_trip(struct da__io_peers *p, void *suffix)
{
    char path[PATH];
    struct da__file_spec spec = spec_of("round", suffix, path);
    for (int dtype = 0; dtype < DA_NDTYPES; dtype++) {
        save_rows(p, &spec, (da_dtype)dtype, 3);
        check_columns(p, &spec, (da_dtype)dtype, 3);
        together(p);
    }
    if (p->rank == 0)
        EXPECT(unlink(path) == 0);
    together(p);
}

static void writes_and_reads_in_boxes(void **state)
{
    (void)state;
    int64_t blocks = da__alloc_live();
    for_all(round_trip);
    assert_int_equal(da__alloc_live(), blocks);
}

/* Scalars are written and read by everybody; arrays without elements by nobody. */
static void tiny(struct da__io_peers *p, void *suffix)
{
    static const int64_t empty[3] = {3, 0, 2}, zero[3] = {0};
    char path[PATH];
    double value = 2.5, got = 0;
    for (int ndim = 0; ndim <= 3; ndim += 3) {
        struct da__error err = {0};
        struct da__file_spec spec = spec_of("tiny", suffix, path);
        struct da__sink *sink = NULL;
        struct da__source *source = NULL;
        EXPECT_OK(da__sink_create(&spec, DA_FLOAT64, ndim, empty, p, &sink, &err), &err);
        EXPECT_OK(da__sink_write(sink, zero, empty, &value, &err), &err);
        EXPECT_OK(da__sink_commit(sink, DA_OK, &err), &err);
        EXPECT_OK(da__source_open(&spec, p, &source, &err), &err);
        EXPECT(da__source_info(source)->ndim == ndim);
        EXPECT_OK(da__source_read(source, zero, empty, &got, &err), &err);
        EXPECT(got == 2.5);
        da__source_close(source);
        together(p);
    }
    if (p->rank == 0)
        EXPECT(unlink(path) == 0);
    together(p);
}

static void handles_scalars_and_empty_arrays(void **state)
{
    (void)state;
    for_all(tiny);
}

/* ---- failures ----------------------------------------------------------------------------------
 */

/* The last engine fails: nobody commits, all know why, the old file stays, nothing else does. */
static void fail_last(struct da__io_peers *p, void *suffix)
{
    char path[PATH];
    struct da__file_spec spec = spec_of("kept", suffix, path);
    struct da__error err = {0};
    struct da__sink *sink = NULL;
    save_rows(p, &spec, DA_INT32, 100);
    EXPECT_OK(da__sink_create(&spec, DA_FLOAT64, 2, (int64_t[]){ROWS, COLUMNS}, p, &sink, &err),
              &err);
    if (sink == NULL)
        return;
    write_rows(sink, p, DA_FLOAT64, 0, &err);
    da_status mine = p->rank == p->size - 1
                         ? da__fail(&err, DA_ERR_MEMORY, "engine %d is tired", p->rank)
                         : DA_OK;
    EXPECT(da__sink_commit(sink, mine, &err) == DA_ERR_MEMORY);
    EXPECT(strstr(err.text, "is tired") != NULL);
    check_columns(p, &spec, DA_INT32, 100);
    together(p);
    EXPECT(count_entries(folder) == 1);
    together(p);
    if (p->rank == 0)
        EXPECT(unlink(path) == 0);
    together(p);
}

static void fails_together(void **state)
{
    (void)state;
    for_all(fail_last);
}

static void abort_all(struct da__io_peers *p, void *suffix)
{
    char path[PATH];
    struct da__file_spec spec = spec_of("aborted", suffix, path);
    struct da__error err = {0};
    struct da__sink *sink = NULL;
    EXPECT_OK(da__sink_create(&spec, DA_INT8, 2, (int64_t[]){ROWS, COLUMNS}, p, &sink, &err), &err);
    da__sink_abort(sink);
    together(p);
    EXPECT(count_entries(folder) == 0);
    together(p);
}

static void aborts(void **state)
{
    (void)state;
    for_all(abort_all);
}

static void open_absent(struct da__io_peers *p, void *suffix)
{
    char path[PATH];
    struct da__file_spec spec = spec_of("absent", suffix, path);
    struct da__error err = {0};
    struct da__source *source;
    struct da__sink *sink;
    EXPECT(da__source_open(&spec, p, &source, &err) == DA_ERR_IO);
    EXPECT(source == NULL && strstr(err.text, "no such file") != NULL);
    err = (struct da__error){0};
    spec = spec_of("absent/folder/x", suffix, path);
    EXPECT(da__sink_create(&spec, DA_INT8, 0, NULL, p, &sink, &err) == DA_ERR_IO);
    EXPECT(sink == NULL && strstr(err.text, "no such folder") != NULL);
    together(p);
}

static void misses_files(void **state)
{
    (void)state;
    for_all(open_absent);
}

/* The n-th allocation fails on one engine (with threads, on any), for every n until all goes well.
 */
static void starve(struct da__io_peers *p, void *suffix)
{
    char path[PATH];
    struct da__file_spec spec = spec_of("starved", suffix, path);
    da_status status = DA_ERR_MEMORY;
    for (int n = 1; status != DA_OK && n < 500; n++) {
        struct da__error err = {0};
        struct da__sink *sink = NULL;
        struct da__source *source = NULL;
        together(p);
        if (p->rank == p->size - 1)
            da__alloc_fail_at(n, false);
        together(p);
        status = da__sink_create(&spec, DA_INT16, 2, (int64_t[]){ROWS, COLUMNS}, p, &sink, &err);
        if (status == DA_OK) {
            da_status mine = da__sink_write(sink, (int64_t[]){0, 0}, (int64_t[]){0, 0}, &err, &err);
            status = da__sink_commit(sink, mine, &err);
        }
        if (status == DA_OK)
            status = da__source_open(&spec, p, &source, &err);
        EXPECT(status == DA_OK || status == DA_ERR_MEMORY || status == DA_ERR_IO ||
               status == DA_ERR_FORMAT);
        if (status == DA_OK)
            da__source_close(source);
        else
            EXPECT(err.text[0] != '\0');
        da__alloc_fail_at(0, false);
    }
    EXPECT(status == DA_OK);
    together(p);
    if (p->rank == 0)
        EXPECT(unlink(path) == 0);
    together(p);
    EXPECT(count_entries(folder) == 0);
    together(p);
}

static void survives_lack_of_memory(void **state)
{
    (void)state;
    int64_t blocks = da__alloc_live();
    for_all(starve);
    assert_int_equal(da__alloc_live(), blocks);
}

/* ---- several datasets in one file --------------------------------------------------------------
 */

#ifdef DA_HAVE_HDF5
/* Two sinks at once into a file that has a third dataset: all three are there in the end. */
static void save_two(struct da__io_peers *p, void *unused)
{
    char path[PATH];
    struct da__file_spec old = spec_of("many", ".h5", path), one = {path, "/one"},
                         two = {path, "/deep/er/two"};
    struct da__error err = {0};
    struct da__sink *a = NULL, *b = NULL;
    const int64_t shape[2] = {ROWS, COLUMNS};
    (void)unused;
    save_rows(p, &old, DA_INT16, 7);
    EXPECT_OK(da__sink_create(&one, DA_INT64, 2, shape, p, &a, &err), &err);
    EXPECT_OK(da__sink_create(&two, DA_COMPLEX128, 2, shape, p, &b, &err), &err);
    if (a == NULL || b == NULL)
        return;
    write_rows(a, p, DA_INT64, 1, &err);
    write_rows(b, p, DA_COMPLEX128, 2, &err);
    EXPECT_OK(da__sink_commit(a, DA_OK, &err), &err);
    EXPECT_OK(da__sink_commit(b, DA_OK, &err), &err);
    check_columns(p, &old, DA_INT16, 7);
    check_columns(p, &one, DA_INT64, 1);
    check_columns(p, &two, DA_COMPLEX128, 2);
    save_rows(p, &one, DA_FLOAT32, 9); /* replaced */
    check_columns(p, &one, DA_FLOAT32, 9);
    check_columns(p, &two, DA_COMPLEX128, 2);
    together(p);
    EXPECT(count_entries(folder) == 1);
    together(p);
    if (p->rank == 0)
        EXPECT(unlink(path) == 0);
    together(p);
}

static void keeps_other_datasets(void **state)
{
    (void)state;
    for (int size = 1; size <= (under_mpirun() ? 1 : 4); size++)
        assert_int_equal(run_team(size, save_two, NULL), 0);
    expect_empty_folder();
}

/* Real data in compressed chunks that straddle the engines' boxes: the same values as read by one
 * engine alone. */
#define LEVELS 6
#define LATITUDES 241
#define LONGITUDES 480

static void read_chunks(struct da__io_peers *p, void *path)
{
    struct da__file_spec spec = {path, "/z"};
    struct da__error err = {0};
    struct da__source *source = NULL;
    int64_t first = LATITUDES * p->rank / p->size, n = LATITUDES * (p->rank + 1) / p->size - first;
    int16_t *whole = malloc(LEVELS * LATITUDES * LONGITUDES * 2),
            *mine = malloc((size_t)(LEVELS * n * LONGITUDES * 2));
    EXPECT_OK(da__source_open(&spec, &alone, &source, &err), &err);
    EXPECT_OK(da__source_read(source, (int64_t[4]){0}, (int64_t[]){2, 3, LATITUDES, LONGITUDES},
                              whole, &err),
              &err);
    da__source_close(source);
    EXPECT_OK(da__source_open(&spec, p, &source, &err), &err);
    EXPECT_OK(da__source_read(source, (int64_t[]){0, 0, first, 0}, (int64_t[]){2, 3, n, LONGITUDES},
                              mine, &err),
              &err);
    EXPECT_OK(da__source_read(source, NULL, NULL, NULL, &err), &err);
    da__source_close(source);
    for (int64_t k = 0; k < LEVELS; k++)
        EXPECT(memcmp(whole + (k * LATITUDES + first) * LONGITUDES, mine + k * n * LONGITUDES,
                      (size_t)(n * LONGITUDES * 2)) == 0);
    free(whole);
    free(mine);
}

static void reads_compressed_chunks(void **state)
{
    char path[PATH];
    (void)state;
    snprintf(path, sizeof path, "%s/eraint_uvz.h5", DA_TEST_DATA);
    if (access(path, R_OK) != 0) {
        print_message("%s is not here\n", path);
        skip();
    }
    for (int size = 1; size <= (under_mpirun() ? 1 : 4); size++)
        assert_int_equal(run_team(size, read_chunks, path), 0);
}

/* A dataset that was made but never written holds fill values; over MPI, too, and where some
 * engines want nothing. */
static void read_unwritten(struct da__io_peers *p, void *path)
{
    struct da__error err = {0};
    struct da__source *source = NULL;
    double got[4] = {1, 1, 1, 1};
    EXPECT_OK(da__source_open(&(struct da__file_spec){path, NULL}, p, &source, &err), &err);
    if (source == NULL)
        return;
    EXPECT_OK(da__source_read(source, (int64_t[]){1}, (int64_t[]){p->rank == 0 ? 4 : 0}, got, &err),
              &err);
    EXPECT(got[0] == (p->rank == 0 ? 0 : 1) && got[3] == got[0]);
    da__source_close(source);
}

static void make_unwritten(const char *path)
{
    hsize_t shape = 10, chunk = 3;
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT),
          space = H5Screate_simple(1, &shape, NULL);
    hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(properties, 1, &chunk);
    H5Dclose(H5Dcreate2(file, "x", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, properties, H5P_DEFAULT));
    H5Pclose(properties);
    H5Sclose(space);
    H5Fclose(file);
}

static void reads_unwritten_datasets(void **state)
{
    char path[PATH];
    (void)state;
    snprintf(path, sizeof path, "%s/unwritten%ld.h5", folder,
             (long)getpid()); /* one a process, all alike */
    make_unwritten(path);
    for (int size = 1; size <= (under_mpirun() ? 1 : 4); size++)
        assert_int_equal(run_team(size, read_unwritten, path), 0);
    unlink(path);
}
#endif

/* One folder for all processes. */
static void share_folder(void)
{
    folder = make_folder();
#ifdef DA_HAVE_MPI
    if (under_mpirun()) {
        int rank;
        MPI_Comm_rank(MPI_COMM_WORLD, &rank);
        if (rank != 0)
            rmdir(folder);
        MPI_Bcast(folder, 4096, MPI_CHAR, 0, MPI_COMM_WORLD);
    }
#endif
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_and_reads_in_boxes),
        cmocka_unit_test(handles_scalars_and_empty_arrays),
        cmocka_unit_test(fails_together),
        cmocka_unit_test(aborts),
        cmocka_unit_test(misses_files),
        cmocka_unit_test(survives_lack_of_memory),
#ifdef DA_HAVE_HDF5
        cmocka_unit_test(keeps_other_datasets),
        cmocka_unit_test(reads_compressed_chunks),
        cmocka_unit_test(reads_unwritten_datasets),
#endif
    };
    (void)argc, (void)argv;
#ifdef DA_HAVE_MPI
    if (under_mpirun())
        MPI_Init(&argc, &argv);
#endif
    share_folder();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
#ifdef DA_HAVE_MPI
    wait_for_processes();
    if (under_mpirun())
        MPI_Finalize();
#endif
    char command[PATH];
    snprintf(command, sizeof command, "rm -rf '%.4000s'", folder);
    return system(command) != 0 || failed != 0;
}
