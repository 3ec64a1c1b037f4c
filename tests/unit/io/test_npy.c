/* .npy against NumPy: sound files of every dtype, order, version and shape, and a corpus of odd
 * ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "format.h"
#include "peers.h"

#define PATH 4200

static char *folder;

static int make_files(void **state)
{
    (void)state;
    folder = make_folder();
#ifdef DA_TEST_NUMPY
    char command[2 * PATH];
    snprintf(command, sizeof command, "'%s' '%s' '%s'", DA_TEST_NUMPY, DA_TEST_ORACLE, folder);
    return system(command);
#else
    return 0;
#endif
}

static int remove_files(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

static void need_numpy(void)
{
#ifndef DA_TEST_NUMPY
    print_message("no python3 with numpy was found at configure time\n");
    skip();
#endif
}

struct sound {
    char name[64], dtype[32];
    int ndim;
    int64_t shape[DA_MAX_NDIM];
};

static bool next_sound(FILE *index, struct sound *s)
{
    if (fscanf(index, "%63s %31s %d", s->name, s->dtype, &s->ndim) != 3)
        return false;
    for (int i = 0; i < s->ndim; i++)
        assert_int_equal(fscanf(index, "%ld", &s->shape[i]), 1);
    return true;
}

static const char *file_of(const struct sound *s, const char *suffix, char *buf)
{
    snprintf(buf, PATH, "%s/%s%s", folder, s->name, suffix);
    return buf;
}

static void check_sound_read(const struct sound *s)
{
    char path[PATH];
    struct da__error err = {0};
    struct da__source *source;
    struct da__file_info info;
    int64_t zero[DA_MAX_NDIM] = {0};
    long n = 0;
    char *want = read_whole(file_of(s, ".raw", path), &n), *got = malloc((size_t)n + 1);
    struct da__file_spec spec = {file_of(s, ".npy", path), NULL};
    if (da__file_probe(&spec, &info, &err) != DA_OK)
        fail_msg("%s", err.text);
    assert_string_equal(da__dtype(info.dtype)->name, s->dtype);
    assert_int_equal(info.ndim, s->ndim);
    assert_memory_equal(info.shape, s->shape, (size_t)s->ndim * sizeof *s->shape);
    assert_int_equal(da__source_open(&spec, &alone, &source, &err), DA_OK);
    if (da__source_read(source, zero, s->shape, got, &err) != DA_OK)
        fail_msg("%s", err.text);
    if (memcmp(want, got, (size_t)n) != 0)
        fail_msg("%s: other values than NumPy's (%s)", path, info.layout);
    da__source_close(source);
    free(want);
    free(got);
}

static void check_sound_write(const struct sound *s)
{
    char path[PATH];
    struct da__error err = {0};
    struct da__sink *sink;
    da_dtype dtype;
    int64_t zero[DA_MAX_NDIM] = {0};
    long n = 0, nwant = 0, ngot = 0;
    char *data = read_whole(file_of(s, ".raw", path), &n);
    char *want = read_whole(file_of(s, ".want.npy", path), &nwant);
    struct da__file_spec spec = {file_of(s, ".ours.npy", path), NULL};
    assert_true(da__dtype_find(s->dtype, &dtype));
    assert_int_equal(da__sink_create(&spec, dtype, s->ndim, s->shape, &alone, &sink, &err), DA_OK);
    assert_int_equal(da__sink_write(sink, zero, s->shape, data, &err), DA_OK);
    if (da__sink_commit(sink, DA_OK, &err) != DA_OK)
        fail_msg("%s", err.text);
    char *got = read_whole(path, &ngot);
    assert_int_equal(ngot, nwant);
    assert_memory_equal(got, want, (size_t)nwant);
    free(data);
    free(want);
    free(got);
}

static void reads_and_writes_what_numpy_does(void **state)
{
    char path[PATH];
    struct sound s;
    int n = 0;
    (void)state;
    need_numpy();
    FILE *index = fopen(in_folder(folder, "sound.txt", path, sizeof path), "r");
    assert_non_null(index);
    int64_t blocks = da__alloc_live();
    for (; next_sound(index, &s); n++) {
        check_sound_read(&s);
        check_sound_write(&s);
    }
    fclose(index);
    assert_int_equal(n, 13 * 10 * 2 * 2);
    assert_int_equal(da__alloc_live(), blocks);
}

static da_status verdict(const char *word)
{
    return strcmp(word, "ok") == 0       ? DA_OK
           : strcmp(word, "format") == 0 ? DA_ERR_FORMAT
                                         : DA_ERR_UNSUPPORTED;
}

static void judges_odd_files(void **state)
{
    char path[PATH], line[1024];
    int n = 0, wrong = 0;
    (void)state;
    need_numpy();
    FILE *index = fopen(in_folder(folder, "odd.txt", path, sizeof path), "r");
    assert_non_null(index);
    int64_t blocks = da__alloc_live();
    for (; fgets(line, sizeof line, index) != NULL; n++) {
        char *name = strtok(line, "\t\n"), *word = strtok(NULL, "\t\n"),
             *words = strtok(NULL, "\t\n");
        struct da__error err = {0};
        struct da__file_info info;
        snprintf(path, sizeof path, "%s/%s.npy", folder, name);
        da_status status = da__file_probe(&(struct da__file_spec){path, NULL}, &info, &err);
        bool said = words == NULL || strstr(err.text, words) != NULL;
        bool named = status == DA_OK || strstr(err.text, name) != NULL;
        if (status != verdict(word) || !said || !named || strchr(err.text, '\n') != NULL) {
            print_error("%s: want %s \"%s\", got %d \"%s\"\n", name, word, words, status, err.text);
            wrong++;
        }
    }
    fclose(index);
    assert_true(n > 130);
    assert_int_equal(wrong, 0);
    assert_int_equal(da__alloc_live(), blocks);
}

static void normalises_bools(void **state)
{
    char path[PATH];
    static const uint8_t want[8] = {0, 1, 1, 1, 1, 0, 1, 1};
    uint8_t got[8];
    struct da__source *source;
    struct da__error err = {0};
    (void)state;
    need_numpy();
    struct da__file_spec spec = {in_folder(folder, "bool_bytes.npy", path, sizeof path), NULL};
    assert_int_equal(da__source_open(&spec, &alone, &source, &err), DA_OK);
    assert_int_equal(da__source_read(source, (int64_t[]){0}, (int64_t[]){8}, got, &err), DA_OK);
    assert_memory_equal(got, want, sizeof want);
    da__source_close(source);
}

/* Every way to damage one byte of a sound header, and every length it may be cut to, must end
 * without harm. */
static void survives_mutations(void **state)
{
    static const int64_t shape[2] = {3, 4};
    static const char bytes[] = "{}()[],:'\"\\0189LuTFalse<>|=bifcSUVO#-+.x \n\xff\x80\x01";
    char good[DA__NPY_WRITE_CAP], bad[DA__NPY_WRITE_CAP];
    int64_t n = da__npy_write(DA_FLOAT64, 2, shape, good), accepted = 0;
    (void)state;
    for (int64_t at = 0; at < n; at++) {
        for (size_t b = 0; b < sizeof bytes; b++) {
            struct da__npy_header h = {0};
            memcpy(bad, good, (size_t)n);
            bad[at] = bytes[b];
            if (da__npy_prefix("x", (uint8_t *)bad, DA__NPY_PREFIX, n + 96, &h, NULL) != DA_OK)
                continue;
            char *text = malloc((size_t)h.nbytes); /* exactly, so that a sanitizer sees overruns */
            size_t have = (size_t)(h.nbytes < n - h.at ? h.nbytes : n - h.at);
            memset(text, ' ', (size_t)h.nbytes);
            memcpy(text, bad + h.at, have);
            accepted += da__npy_parse("x", text, n + 96, &h, NULL) == DA_OK;
            free(text);
        }
    }
    for (int64_t length = 0; length < n - 10; length++) {
        struct da__npy_header h = {.at = 10, .nbytes = length};
        char *text = malloc((size_t)length + 1);
        memcpy(text, good + 10, (size_t)length);
        da_status status = da__npy_parse("x", text, n + 96, &h, NULL);
        assert_true(status == DA_OK || status == DA_ERR_FORMAT);
        free(text);
    }
    assert_true(accepted > n); /* blanks for blanks, at least */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes_what_numpy_does),
        cmocka_unit_test(judges_odd_files),
        cmocka_unit_test(normalises_bools),
        cmocka_unit_test(survives_mutations),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
