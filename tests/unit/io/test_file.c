/* Names, suffixes and signatures; boxes of dense files against an element-by-element reader;
 * temporary files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "format.h"
#include "peers.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define PATH 4200

static char *folder;

static int make_files(void **state)
{
    (void)state;
    folder = make_folder();
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

static void splits_names(void **state)
{
    static const struct {
        const char *text, *path, *dataset; /* path NULL: an error */
    } rows[] = {
        {"x.npy", "x.npy", NULL},
        {"air.h5", "air.h5", NULL},
        {"air.h5:/t2m", "air.h5", "/t2m"},
        {"air.h5:t2m", "air.h5", "/t2m"},
        {"/a b/air.nc:/g/t2m", "/a b/air.nc", "/g/t2m"},
        {"air.h5:/g//t2m/", "air.h5", "/g/t2m"},
        {"air.h5:/./t", "air.h5", "/t"},
        {"air.hdf5:/a:b", "air.hdf5", "/a:b"},
        {"air.h5:/odd.npy", "air.h5", "/odd.npy"},
        {"run 12:30.npy", "run 12:30.npy", NULL},
        {"dir:/x.npy", "dir:/x.npy", NULL},
        {"dir:/x.h5:/y", "dir:/x.h5", "/y"},
        {"noending:/y", "noending", "/y"},
        {"x.npy:/y", "x.npy", "/y"},
        {"12:30", "12:30", NULL},
        {"", NULL, NULL},
        {":/y", NULL, NULL},
        {"air.h5:", NULL, NULL},
        {"air.h5:/", NULL, NULL},
    };
    (void)state;
    int64_t blocks = da__alloc_live();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *path, *dataset;
        struct da__error err = {0};
        da_status status = da__file_split(rows[i].text, &path, &dataset, &err);
        if (rows[i].path == NULL) {
            assert_int_equal(status, DA_ERR_ARGUMENT);
            assert_null(path);
            assert_null(dataset);
            continue;
        }
        assert_int_equal(status, DA_OK);
        assert_string_equal(path, rows[i].path);
        if (rows[i].dataset == NULL)
            assert_null(dataset);
        else
            assert_string_equal(dataset, rows[i].dataset);
        da__free(path);
        da__free(dataset);
    }
    assert_int_equal(da__alloc_live(), blocks);
}

static void knows_suffixes(void **state)
{
    struct da__error err = {0};
    (void)state;
    assert_string_equal(da__file_format("a.npy", &err), "npy");
    assert_string_equal(da__file_format("/b/a.h5", &err), "hdf5");
    assert_string_equal(da__file_format("a.hdf5", &err), "hdf5");
    assert_string_equal(da__file_format("a.nc", &err), "hdf5");
    assert_null(da__file_format(".npy", &err)); /* a hidden file without a name */
    assert_non_null(strstr(err.text, ".npy .h5 .hdf5 .nc .nc4"));
    assert_null(da__file_format("a.txt", NULL));
    assert_null(da__file_format("b/.h5", NULL));
    assert_null(da__file_format("npy", NULL));
}

static void names_what_is_wrong_with_a_file(void **state)
{
    char path[PATH];
    struct da__file_info info;
    (void)state;
    struct da__error err = {0};
    struct da__file_spec spec = {in_folder(folder, "absent.npy", path, sizeof path), NULL};
    assert_int_equal(da__file_probe(&spec, &info, &err), DA_ERR_IO);
    assert_non_null(strstr(err.text, "absent.npy: no such file"));
    err = (struct da__error){0};
    spec.path = folder;
    assert_int_equal(da__file_probe(&spec, &info, &err), DA_ERR_IO);
    assert_non_null(strstr(err.text, "is a folder"));
    err = (struct da__error){0};
    spec.path = in_folder(folder, "fifo", path, sizeof path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(da__file_probe(&spec, &info, &err),
                     DA_ERR_IO); /* and does not wait for a writer */
    assert_non_null(strstr(err.text, "device, pipe or socket"));
    unlink(path);
    err = (struct da__error){0};
    spec.path = in_folder(folder, "x.npy", path, sizeof path);
    spec.dataset = "/y";
    write_whole(path, "\x93NUMPY", 6);
    assert_int_equal(da__file_probe(&spec, &info, &err), DA_ERR_ARGUMENT);
    assert_non_null(strstr(err.text, "no dataset /y"));
    unlink(path);
}

/* ---- boxes -------------------------------------------------------------------------------------
 */

static uint64_t random_state = 88172645463325252u;

static int64_t draw(int64_t n) /* 0 … n-1 */
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (int64_t)(random_state % (uint64_t)n);
}

/* Where the element of a box is in the file, the slow and obvious way. */
static int64_t element_at(const struct da__dense *d, const int64_t *start, const int64_t *count,
                          int64_t k)
{
    int64_t index[DA_MAX_NDIM], at = 0;
    for (int i = d->ndim - 1; i >= 0; i--) {
        index[i] = start[i] + k % count[i];
        k /= count[i];
    }
    for (int i = 0; i < d->ndim; i++) {
        int axis = d->fortran ? d->ndim - 1 - i : i;
        at = at * d->shape[axis] + index[axis];
    }
    return d->offset + at * d->itemsize;
}

static void draw_box(const struct da__dense *d, int64_t *start, int64_t *count)
{
    for (int i = 0; i < d->ndim; i++) {
        count[i] = draw(3) == 0 ? d->shape[i] : 1 + draw(d->shape[i]);
        start[i] = draw(d->shape[i] - count[i] + 1);
    }
}

static void check_box_of(const struct da__dense *d, const uint8_t *bytes)
{
    int64_t start[DA_MAX_NDIM], count[DA_MAX_NDIM];
    struct da__error err = {0};
    draw_box(d, start, count);
    int64_t nelem = da__nelem(d->ndim, count);
    uint8_t *got = malloc((size_t)(nelem * d->itemsize));
    if (da__box_read(d, start, count, got, &err) != DA_OK)
        fail_msg("%s", err.text);
    for (int64_t k = 0; k < nelem; k++) {
        if (memcmp(got + k * d->itemsize, bytes + element_at(d, start, count, k),
                   (size_t)d->itemsize) != 0)
            fail_msg("element %ld of %ld, ndim %d, fortran %d", k, nelem, d->ndim, d->fortran);
    }
    free(got);
}

static void reads_boxes(void **state)
{
    static const int64_t itemsizes[] = {1, 2, 4, 8, 16};
    static const int64_t extents[] = {1, 1, 2, 3, 5, 8, 40, 700};
    char path[PATH];
    (void)state;
    in_folder(folder, "boxes", path, sizeof path);
    int64_t total = 12 << 20;
    uint8_t *bytes = malloc((size_t)total);
    for (int64_t i = 0; i < total; i++)
        bytes[i] = (uint8_t)draw(256);
    write_whole(path, bytes, (size_t)total);
    int fd = open(path, O_RDONLY);
    for (int round = 0; round < 3000; round++) {
        int64_t shape[DA_MAX_NDIM];
        struct da__dense d = {fd,           path,         draw(100), itemsizes[draw(5)],
                              draw(2) == 1, (int)draw(6), shape};
        for (int i = 0; i < d.ndim; i++)
            shape[i] = extents[draw(8)];
        if (da__nelem(d.ndim, shape) * d.itemsize < (round % 100 == 0 ? 10 << 20 : 200000))
            check_box_of(&d, bytes);
    }
    int64_t wide[2] = {3, 400000}, long_and_thin[2] = {400000, 3}; /* longer than a stage */
    for (int round = 0; round < 12; round++) {
        struct da__dense d = {
            fd, path, 7, 8, round % 2 == 1, 2, round % 4 < 2 ? wide : long_and_thin};
        check_box_of(&d, bytes);
    }
    close(fd);
    free(bytes);
    unlink(path);
}

static void writes_boxes(void **state)
{
    char path[PATH];
    (void)state;
    in_folder(folder, "written", path, sizeof path);
    for (int round = 0; round < 300; round++) {
        int64_t shape[4] = {1 + draw(9), 1 + draw(5), 1 + draw(9), 1 + draw(4)}, start[4], count[4];
        uint8_t *want = calloc(1, 60000), *got;
        long n = 0;
        write_whole(path, want, 60000);
        struct da__dense d = {open(path, O_RDWR), path, 100, 8, false, 4, shape};
        draw_box(&d, start, count);
        int64_t nelem = da__nelem(4, count), *data = malloc((size_t)nelem * 8);
        for (int64_t k = 0; k < nelem; k++) {
            data[k] = draw(1 << 30);
            memcpy(want + element_at(&d, start, count, k), &data[k], 8);
        }
        assert_int_equal(da__box_write(&d, start, count, data, NULL), DA_OK);
        got = read_whole(path, &n);
        assert_int_equal(n, 60000);
        assert_memory_equal(got, want, 60000);
        close(d.fd);
        free(data);
        free(got);
        free(want);
    }
    unlink(path);
}

static void checks_boxes(void **state)
{
    char path[PATH];
    int64_t data[6] = {0}, at0[2] = {0, 0}, all[2] = {2, 3};
    struct da__error err = {0};
    struct da__sink *sink;
    (void)state;
    struct da__file_spec spec = {in_folder(folder, "c.npy", path, sizeof path), NULL};
    assert_int_equal(da__sink_create(&spec, DA_INT64, 2, all, &alone, &sink, &err), DA_OK);
    assert_int_equal(da__sink_write(sink, (int64_t[]){1, 0}, all, data, &err), DA_ERR_INDEX);
    assert_non_null(strstr(err.text, "axis 0: 2 elements at 1 of 2"));
    assert_int_equal(da__sink_write(sink, (int64_t[]){0, -1}, all, data, NULL), DA_ERR_INDEX);
    assert_int_equal(da__sink_write(sink, at0, (int64_t[]){2, INT64_MAX}, data, NULL),
                     DA_ERR_INDEX);
    assert_int_equal(da__sink_write(sink, (int64_t[]){2, 3}, at0, data, NULL), DA_OK); /* empty */
    assert_int_equal(da__sink_write(sink, NULL, NULL, NULL, NULL), DA_OK); /* only takes part */
    da__sink_abort(sink);
    assert_int_equal(count_entries(folder), 0);
}

/* ---- temporary files ---------------------------------------------------------------------------
 */

static da_status save_one(const char *path, int64_t value, struct da__error *err)
{
    struct da__sink *sink;
    struct da__file_spec spec = {path, NULL};
    DA_TRY(da__sink_create(&spec, DA_INT64, 0, NULL, &alone, &sink, err));
    da_status status = da__sink_write(sink, NULL, NULL, &value, err);
    return da__sink_commit(sink, status, err);
}

static int64_t load_one(const char *path)
{
    struct da__source *source;
    struct da__error err = {0};
    int64_t value = -1;
    if (da__source_open(&(struct da__file_spec){path, NULL}, &alone, &source, &err) != DA_OK)
        fail_msg("%s", err.text);
    assert_int_equal(da__source_read(source, NULL, NULL, &value, &err), DA_OK);
    da__source_close(source);
    return value;
}

static void replaces_whole_files(void **state)
{
    char path[PATH], link[PATH], elsewhere[PATH];
    struct stat st;
    struct da__error err = {0};
    (void)state;
    in_folder(folder, "one.npy", path, sizeof path);
    assert_int_equal(save_one(path, 1, &err), DA_OK);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(save_one(path, 2, &err), DA_OK);
    assert_int_equal(load_one(path), 2);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640); /* the mode stays */
    assert_int_equal(symlink("one.npy", in_folder(folder, "link.npy", link, sizeof link)), 0);
    assert_int_equal(save_one(link, 3, &err), DA_OK); /* the link stays a link */
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(load_one(path), 3);
    assert_int_equal(save_one(in_folder(folder, "no/x.npy", elsewhere, sizeof elsewhere), 1, &err),
                     DA_ERR_IO);
    assert_non_null(strstr(err.text, "no/x.npy: no such folder"));
    assert_int_equal(count_entries(folder), 2);
    unlink(path);
    unlink(link);
}

static void refuses_odd_targets(void **state)
{
    char path[PATH], fifo[PATH];
    struct da__error err = {0};
    struct da__sink *one, *two;
    (void)state;
    assert_int_equal(mkdir(in_folder(folder, "d.npy", path, sizeof path), 0700), 0);
    assert_int_equal(save_one(path, 1, &err), DA_ERR_IO);
    assert_non_null(strstr(err.text, "is a folder"));
    rmdir(path);
    assert_int_equal(mkfifo(in_folder(folder, "f.npy", fifo, sizeof fifo), 0600), 0);
    assert_int_equal(save_one(fifo, 1, NULL), DA_ERR_IO);
    unlink(fifo);
    struct da__file_spec spec = {in_folder(folder, "twice.npy", path, sizeof path), NULL};
    err = (struct da__error){0};
    assert_int_equal(da__sink_create(&spec, DA_INT8, 0, NULL, &alone, &one, &err), DA_OK);
    assert_int_equal(da__sink_create(&spec, DA_INT8, 0, NULL, &alone, &two, &err), DA_ERR_STATE);
    assert_non_null(strstr(err.text, "being written already"));
    da__sink_abort(one);
    assert_int_equal(count_entries(folder), 0);
}

static void takes_long_names(void **state)
{
    char name[256], path[PATH];
    struct da__error err = {0};
    (void)state;
    memset(name, 'n', sizeof name);
    strcpy(name + 251, ".npy"); /* 255 bytes */
    assert_int_equal(save_one(in_folder(folder, name, path, sizeof path), 5, &err), DA_OK);
    assert_int_equal(load_one(path), 5);
    unlink(path);
}

/* In a child without root's rights. */
static void reports_unwritable_folders(void **state)
{
    char path[PATH];
    (void)state;
    in_folder(folder, "x.npy", path, sizeof path);
    assert_int_equal(chmod(folder, 0555), 0);
    pid_t child = fork();
    if (child == 0) {
        struct da__error err = {0};
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(77);
        if (save_one(path, 1, &err) != DA_ERR_IO)
            _exit(1);
        _exit(strstr(err.text, "x.npy: cannot write in its folder: Permission denied") != NULL ? 0
                                                                                               : 2);
    }
    int how = -1;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(chmod(folder, 0700), 0);
    if (WEXITSTATUS(how) == 77)
        skip();
    assert_int_equal(how, 0);
    assert_int_equal(count_entries(folder), 0);
}

static void reports_full_disks(void **state)
{
    static const char *const names[] = {"big.npy", "big.h5"};
    char path[PATH], disk[PATH];
    (void)state;
    assert_int_equal(mkdir(in_folder(folder, "disk", disk, sizeof disk), 0700), 0);
    if (mount("none", disk, "tmpfs", 0, "size=1m") != 0) {
        rmdir(disk);
        print_message("no right to mount a small disk\n");
        skip();
    }
    for (int i = 0; i < 2; i++) {
        struct da__error err = {0};
        struct da__sink *sink;
        struct da__file_spec spec = {in_folder(disk, names[i], path, sizeof path), NULL};
        struct da__file_spec small = {path, "/small"};
        int64_t shape[1] = {1 << 20};
#ifndef DA_HAVE_HDF5
        if (i == 1)
            break;
#endif
        if (i == 1) { /* into an existing file, which stays as it is */
            assert_int_equal(da__sink_create(&small, DA_INT8, 0, NULL, &alone, &sink, &err), DA_OK);
            assert_int_equal(da__sink_write(sink, NULL, NULL, "\x05", &err), DA_OK);
            assert_int_equal(da__sink_commit(sink, DA_OK, &err), DA_OK);
        }
        da_status status = da__sink_create(&spec, DA_FLOAT64, 1, shape, &alone, &sink, &err);
        bool said = strstr(err.text, "needs 83") != NULL && strstr(err.text, "free") != NULL;
        if (status != DA_ERR_IO || !said || count_entries(disk) != i) {
            umount(disk);
            fail_msg("status %d: %s", status, err.text);
        }
    }
    umount(disk);
    rmdir(disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_names),
        cmocka_unit_test(knows_suffixes),
        cmocka_unit_test(names_what_is_wrong_with_a_file),
        cmocka_unit_test(reads_boxes),
        cmocka_unit_test(writes_boxes),
        cmocka_unit_test(checks_boxes),
        cmocka_unit_test(replaces_whole_files),
        cmocka_unit_test(refuses_odd_targets),
        cmocka_unit_test(takes_long_names),
        cmocka_unit_test(reports_unwritable_folders),
        cmocka_unit_test(reports_full_disks),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
