/* Runs that fail for reasons from outside: files that go, change or are cut between building and computing, folders that cannot
 * be written, full disks, memory that one engine lacks. One clear error each; arrays and context stay, files are whole or not
 * there. Virtual engines by argv[1], or mpirun's ranks. */
#include "fault_test.h"

#include <dirent.h>
#include <sys/mount.h>
#include <sys/stat.h>

enum { BUDGET = 8 << 20 };

static char folder[256];
static da_array *x; /* exists before every failure */

static const char *path_of(const char *name)
{
    static char path[2][512];
    static int turn;
    turn ^= 1;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static void begin(const char *what)
{
    snprintf(place, sizeof place, "%s, %d engines", what, P);
    watch(60);
    da__scope_push(g);
}

static void end(void)
{
    check_survived(x);
    da__scope_pop(g);
    check_survived(x);
}

static void save_x(const char *name)
{
    da_array *saved = da__make_save(g, x, path_of(name), NULL);
    assert_sound(saved, name);
    compute(1, &saved);
}

static da_array *load(const char *name)
{
    return da__make_load(g, path_of(name), NULL, NULL, -1, NULL, DA_DTYPE_DEFAULT, NULL);
}

/* The run fails with that status, and says something of `part`. */
static void refuse(int ntargets, da_array *const *target, da_status status, const char *part)
{
    struct da__error err = {.engine = -1};
    check_told(da__runtime_compute(rt, ntargets, target, &err), &err);
    if (err.status != status || strstr(err.text, part) == NULL)
        fail_msg("%s: status %s, \"%s\" does not say \"%s\"", place, da__status_name(err.status),
                 err.text, part);
}

/* Names in the folder that do not belong there: temporary files of saves that failed. */
static int count_files(const char *where)
{
    int n = 0;
    DIR *d = opendir(where);
    assert_non_null(d);
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(d);
    return n;
}

/* ---- loading ------------------------------------------------------------------------------------ */

static void missing_at_once(void **state)
{
    (void)state;
    begin("load of a missing file");
    da_array *a = load("nothing.npy");
    assert_non_null(da__node_error(a));
    refuse(1, &a, DA_ERR_IO, "nothing.npy");
    end();
}

static void removed_in_between(void **state)
{
    (void)state;
    begin("load of a file that goes");
    save_x("gone.npy");
    da_array *a = load("gone.npy");
    assert_sound(a, "gone.npy");
    unlink(path_of("gone.npy"));
    refuse(1, &a, DA_ERR_IO, "gone.npy");
    save_x("gone.npy"); /* it comes back: the same node can be computed now */
    check(a, 2, shape_x, x_at, place);
    unlink(path_of("gone.npy"));
    end();
}

static void truncated_in_between(void **state)
{
    (void)state;
    struct stat info;
    begin("load of a file that is cut");
    save_x("cut.npy");
    da_array *a = load("cut.npy");
    assert_int_equal(stat(path_of("cut.npy"), &info), 0);
    assert_int_equal(truncate(path_of("cut.npy"), info.st_size - 8),
                     0); /* only the last engine misses anything */
    struct da__error err = {.engine = -1};
    check_told(da__runtime_compute(rt, 1, &a, &err), &err);
    assert_non_null(strstr(err.text, "cut.npy"));
    assert_int_equal(truncate(path_of("cut.npy"), 5), 0);
    err = (struct da__error){.engine = -1};
    check_told(da__runtime_compute(rt, 1, &a, &err), &err);
    unlink(path_of("cut.npy"));
    end();
}

static void changed_in_between(void **state)
{
    (void)state;
    begin("load of a file that changes");
    save_x("other.npy");
    da_array *a = load("other.npy");
    da_array *other =
        da__make_save(g, da__eval(g, "full((3,), 1.5)", 0, NULL), path_of("other.npy"), NULL);
    compute(1, &other);
    refuse(1, &a, DA_ERR_IO, "other.npy");
    unlink(path_of("other.npy"));
    end();
}

/* ---- saving ------------------------------------------------------------------------------------- */

static void unwritable_folders(void **state)
{
    (void)state;
    static const char *const name[] = {"no/such/folder/y.npy", "file.npy/y.npy", "y.npy/"};
    begin("save into a folder that is none");
    save_x("file.npy");
    for (int k = 0; k < 2; k++) {
        da_array *saved = da__make_save(g, x, path_of(name[k]), NULL);
        if (da__node_error(saved) == NULL)
            refuse(1, &saved, DA_ERR_IO, name[k]);
    }
    unlink(path_of("file.npy"));
    assert_int_equal(count_files(folder), 0);
    end();
}

static void protected_folders(void **state)
{
    (void)state;
    if (geteuid() == 0)
        skip(); /* nothing is protected from root */
    begin("save into a protected folder");
    assert_int_equal(mkdir(path_of("protected"), 0500), 0);
    da_array *saved = da__make_save(g, x, path_of("protected/y.npy"), NULL);
    refuse(1, &saved, DA_ERR_IO, "y.npy");
    rmdir(path_of("protected"));
    end();
}

/* What was there before stays there, whole; nothing is left beside it. */
static void full_disks(void **state)
{
    (void)state;
    const char *disk = path_of("disk");
    char small[512];
    begin("save to a full disk");
    assert_int_equal(mkdir(disk, 0700), 0);
    snprintf(small, sizeof small, "%s/y.npy", disk);
    if (mount("tmpfs", disk, "tmpfs", 0, "size=64k") != 0) {
        rmdir(disk);
        da__scope_pop(g);
        skip(); /* not allowed here */
    }
    da_array *first = da__make_save(g, x, small, NULL);
    compute(1, &first);
    da_array *large = da__make_save(g, da__eval(g, "arange(100000) * 1.0", 0, NULL), small, NULL);
    struct da__error err = {.engine = -1};
    check_told(da__runtime_compute(rt, 1, &large, &err), &err);
    assert_int_equal(err.status, DA_ERR_IO);
    check(da__make_load(g, small, NULL, NULL, -1, NULL, DA_DTYPE_DEFAULT, NULL), 2, shape_x, x_at,
          place);
    assert_int_equal(count_files(path_of("disk")), 1);
    end();
    assert_int_equal(umount(path_of("disk")), 0);
    rmdir(path_of("disk"));
}

/* ---- several targets ---------------------------------------------------------------------------- */

static double twice_at(const int64_t *i)
{
    return 2 * x_at(i);
}

/* One target fails: none is taken for computed, no file appears half, and the others can be computed without it. */
static void other_targets_stay(void **state)
{
    (void)state;
    begin("one of three targets fails");
    save_x("gone.npy");
    struct da__name name[] = {{"x", x}, {"bad", load("gone.npy")}};
    unlink(path_of("gone.npy"));
    da_array *target[] = {da__eval(g, "x * 2", 1, name), da__eval(g, "sum(bad) + x", 2, name),
                          da__make_save(g, name[1].array, path_of("never.npy"), NULL)};
    refuse(3, target, DA_ERR_IO, "gone.npy");
    assert_int_equal(target[1]->kind, DA__NODE_ELEMENTWISE);
    assert_int_equal(count_files(folder), 0);
    refuse(3, target, DA_ERR_IO, "gone.npy"); /* again, from the cache */
    check(target[0], 2, shape_x, twice_at, place);
    end();
}

/* ---- memory ------------------------------------------------------------------------------------- */

/* Of 2.4 million float64 the last engine's part exceeds the budget, the others' do not (three engines hold 1/9, 3/9 and 5/9). */
static da_array *lopsided(struct layout *l)
{
    const int64_t shape[1] = {2400000};
    da_array *even = da__eval(g, "arange(2400000) * 1.0", 0, NULL);
    return da__make_redistribute(g, even, layout(l, 1, shape, "i", 0));
}

static void one_engine_lacks_memory(void **state)
{
    (void)state;
    static const char *const text[] = {"sum(t)",
                                       "t[::-1] * 2 + t",
                                       "max(t - mean(t)) + var(t)",
                                       "t + x[0, 0]",
                                       "sum(reshape(t, (1200, -1)), axis=1)",
                                       "reshape(t, (-1, 800))[::7]",
                                       "reshape(t, (1200, 2000)) @ reshape(t, (2000, 1200))"};
    struct layout l;
    for (int k = 0; k < 7; k++) {
        begin(text[k]);
        struct da__name name[] = {{"x", x}, {"t", lopsided(&l)}};
        da__node_keep(name[1].array); /* so that it must be stored */
        da_array *target[] = {da__eval(g, text[k], 2, name), name[1].array};
        struct da__error err = {.engine = -1};
        check_told(da__runtime_compute(rt, 2, target, &err), &err);
        int first = k == 0  ? 2
                    : k < 6 ? 1
                            : 0; /* a product's operands are spread over all engines before */
        if (err.status != DA_ERR_MEMORY || (P == 3 && err.engine < first))
            fail_msg("%s: engine %d says: %s", place, err.engine, err.text);
        da__node_drop(name[1].array);
        end();
    }
}

/* The master's copy is too large; its engines' parts are not. */
static void gathering_lacks_memory(void **state)
{
    (void)state;
    begin("gathering more than the budget");
    if (P > 1) {
        struct da__error err = {.engine = -1};
        double *out = malloc(2400000 * sizeof *out);
        da_array *even = da__eval(g, "arange(2400000) * 1.0", 0, NULL);
        check_told(da__runtime_gather(rt, even, out, &err), &err);
        assert_int_equal(err.status, DA_ERR_MEMORY);
        free(out);
    }
    end();
}

static void repeated_failures_do_not_grow(void **state)
{
    (void)state;
    struct layout l;
    int64_t live = 0;
    for (int k = 0; k < 10; k++) {
        begin("failing again and again");
        struct da__name name[] = {{"t", lopsided(&l)}};
        da_array *target[] = {name[0].array, da__eval(g, "sum(t)", 1, name)};
        struct da__error err = {.engine = -1};
        assert_int_not_equal(da__runtime_compute(rt, 2, target, &err), DA_OK);
        end();
        if (k == 1)
            live = counters().live_bytes;
        if (k > 1)
            assert_int_equal(counters().live_bytes, live);
    }
}

static int make_folder(void **state)
{
    (void)state;
    const char *where = getenv("TMPDIR");
    struct layout l;
    snprintf(folder, sizeof folder, "%s/da_fault_XXXXXX", where != NULL ? where : "/tmp");
    x = numbers(2, shape_x, 0, 1, layout(&l, 2, shape_x, "bn", 0));
    compute(1, &x);
    da__node_keep(x);
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    da__node_drop(x);
    return rmdir(folder);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing_at_once),
        cmocka_unit_test(removed_in_between),
        cmocka_unit_test(truncated_in_between),
        cmocka_unit_test(changed_in_between),
        cmocka_unit_test(unwritable_folders),
        cmocka_unit_test(protected_folders),
        cmocka_unit_test(full_disks),
        cmocka_unit_test(other_targets_stay),
        cmocka_unit_test(one_engine_lacks_memory),
        cmocka_unit_test(gathering_lacks_memory),
        cmocka_unit_test(repeated_failures_do_not_grow),
    };
    int code;
    char budget[32];
    snprintf(budget, sizeof budget, "%d", BUDGET);
    setenv("DISTARRAY_MEMORY", budget, 1);
    if (!engines_open(argc, argv, &code))
        return code;
    return engines_close(cmocka_run_group_tests(tests, make_folder, remove_folder));
}
