/* Random arrays on the engines: every element is what its index alone decides, under every map and grid, as a whole, in slices and
 * reduced; permutations hold every index once. */
#include "engine_test.h"

enum { SEED = 7, STREAM = 3 };

static double drawn(enum da__op_id op, da_dtype result, int64_t index)
{
    int64_t seed = SEED, stream = STREAM;
    const void *in[3] = {&index, &seed, &stream};
    _Alignas(8) char out[8];
    struct da__scalar s;
    da__strip(op, DA_INT64, result, 1, out, in, 7);
    da__scalar_load(out, result, &s);
    return result == DA_UINT64 ? (double)(uint64_t)s.i : s.re;
}

static int64_t shape[MOST_AXES];
static int ndim;

static int64_t flat(const int64_t *index)
{
    int64_t at = 0;
    for (int k = 0; k < ndim; k++)
        at = at * shape[k] + index[k];
    return at;
}

static double uniform_value(const int64_t *index)
{
    return drawn(DA__OP_RANDOM_UNIFORM, DA_FLOAT64, flat(index));
}

static double ranged_value(const int64_t *index)
{
    float u = (float)drawn(DA__OP_RANDOM_UNIFORM32, DA_FLOAT32, flat(index));
    return (double)(u * 5.0f + -2.0f);
}

static double normal_value(const int64_t *index)
{
    return drawn(DA__OP_RANDOM_NORMAL, DA_FLOAT64, flat(index)) * 2 + 10;
}

static double exponential_value(const int64_t *index)
{
    return (double)(float)drawn(DA__OP_RANDOM_EXPONENTIAL, DA_FLOAT64, flat(index));
}

static double integer_value(const int64_t *index)
{
    int64_t at = flat(index), seed = SEED, stream = STREAM;
    const void *in[3] = {&at, &seed, &stream};
    uint64_t bits;
    da__strip(DA__OP_RANDOM_BITS, DA_INT64, DA_UINT64, 1, &bits, in, 7);
    return (double)((int64_t)(((bits >> 32) * 100 + ((bits & UINT32_MAX) * 100 >> 32)) >> 32) - 50);
}

static struct da__draw draw_of(da_dtype dtype, const struct da__dist_spec *spec)
{
    return (struct da__draw){
        .ndim = ndim, .shape = shape, .seed = SEED, .stream = STREAM, .dtype = dtype, .spec = spec};
}

static void check_all(const struct da__dist_spec *spec, const char *what)
{
    struct da__draw f64 = draw_of(DA_FLOAT64, spec), f32 = draw_of(DA_FLOAT32, spec),
                    i8 = draw_of(DA_INT8, spec);
    da__scope_push(g);
    da_array *a[] = {da__make_uniform(g, 0, 1, &f64), da__make_uniform(g, -2, 3, &f32),
                     da__make_normal(g, 10, 2, &f64), da__make_exponential(g, 1, &f32),
                     da__make_integers(g, -50, 50, false, &i8)};
    double (*value[])(const int64_t *) = {uniform_value, ranged_value, normal_value,
                                          exponential_value, integer_value};
    compute(5, a);
    for (int k = 0; k < 5; k++)
        check(a[k], ndim, shape, value[k], what);
    da__scope_pop(g);
}

static void test_every_map(void **state)
{
    (void)state;
    static const int64_t shapes[][3] = {{37, 0, 0}, {11, 14, 0}, {5, 6, 7}, {1, 13, 1}, {0, 4, 0}};
    static const int dims[] = {1, 2, 3, 3, 2};
    for (size_t s = 0; s < sizeof dims / sizeof *dims; s++) {
        ndim = dims[s];
        memcpy(shape, shapes[s], sizeof shapes[s]);
        for (int draw = 0; draw < 12; draw++) {
            struct layout l;
            char maps[4] = "";
            for (int k = 0; k < ndim; k++)
                maps[k] = MAPS[(draw * (k + 1) + k) % NMAPS];
            check_all(layout_subset(&l, ndim, shape, maps, draw, draw % NSUBSETS), l.text);
        }
        check_all(NULL, "default");
    }
    ndim = 0;
    check_all(NULL, "0-d");
}

/* What a slice reads is what the whole holds, and a reversed, strided one reads it backwards. */
static double sliced_value(const int64_t *index)
{
    int64_t at[2] = {1 + 2 * index[0], 39 - 3 * index[1]};
    return uniform_value(at);
}

static void test_slices(void **state)
{
    (void)state;
    ndim = 2;
    shape[0] = 21;
    shape[1] = 40;
    for (int draw = 0; draw < 6; draw++) {
        struct layout l;
        const char maps[3] = {MAPS[draw], MAPS[(draw + 2) % NMAPS], 0};
        struct da__draw d = draw_of(DA_FLOAT64, layout(&l, 2, shape, maps, draw));
        struct da__error err = {.engine = -1};
        struct da__index_item item[2];
        int64_t sliced[2] = {10, 14};
        int nitems;
        da__scope_push(g);
        assert_ok(da__index_parse("1::2, ::-3", 2, item, &nitems, &err), &err, "index");
        da_array *a = da__make_index_basic(g, da__make_uniform(g, 0, 1, &d), nitems, item);
        check(a, 2, sliced, sliced_value, l.text);
        da__scope_pop(g);
    }
}

/* Streams, seeds and bounds: numbers of two streams differ, ranges are kept to the last bit. */
static void test_ranges(void **state)
{
    (void)state;
    ndim = 1;
    shape[0] = 1000;
    struct da__draw d = draw_of(DA_FLOAT32, NULL), other = d, whole = draw_of(DA_UINT8, NULL);
    other.stream++;
    da__scope_push(g);
    double *x = gathered(da__make_uniform(g, 1, 1.0000002, &d), "narrow"),
           *y = gathered(da__make_uniform(g, 0, 1, &d), "one stream"),
           *z = gathered(da__make_uniform(g, 0, 1, &other), "another"),
           *b = gathered(da__make_integers(g, 0, 255, true, &whole), "bytes");
    int same = 0;
    double least = 255, most = 0;
    for (int i = 0; i < 1000; i++) {
        assert_true(x[i] >= 1 && x[i] < (double)1.0000002f);
        same += y[i] == z[i];
        least = fmin(least, b[i]);
        most = fmax(most, b[i]);
    }
    assert_true(same < 5 && least < 3 && most > 252);
    free(x);
    free(y);
    free(z);
    free(b);
    da__scope_pop(g);
}

static void check_permutation(int64_t n, const struct da__dist_spec *spec, const char *what)
{
    da__scope_push(g);
    double *p = gathered(da__make_permutation(g, n, SEED, STREAM, spec), what),
           *plain = gathered(da__make_permutation(g, n, SEED, STREAM, NULL), what);
    bool *seen = calloc((size_t)n + 1, sizeof *seen);
    for (int64_t i = 0; i < n; i++) {
        assert_true(p[i] >= 0 && p[i] < (double)n && !seen[(int64_t)p[i]]);
        assert_true(p[i] == plain[i]);
        seen[(int64_t)p[i]] = true;
    }
    free(seen);
    free(p);
    free(plain);
    da__scope_pop(g);
}

static void test_permutations(void **state)
{
    (void)state;
    static const int64_t extents[] = {0, 1, 2, 5, 60};
    for (size_t k = 0; k < sizeof extents / sizeof *extents; k++)
        for (int m = 0; m < NMAPS; m++) {
            struct layout l;
            const char maps[2] = {MAPS[m], 0};
            check_permutation(extents[k], layout(&l, 1, &extents[k], maps, 0), l.text);
        }
    check_permutation(100000, NULL, "large");
}

static void test_shuffle(void **state)
{
    (void)state;
    static const int64_t size[2] = {17, 9};
    for (int axis = -2; axis < 2; axis++)
        for (int m = 0; m < NMAPS; m++) {
            struct layout l;
            const char maps[3] = {MAPS[m], MAPS[(m + 1) % NMAPS], 0};
            da__scope_push(g);
            da_array *x = numbers(2, size, 0, 1, layout(&l, 2, size, maps, m));
            int at = axis < 0 ? axis + 2 : axis;
            double *y = gathered(da__make_shuffle(g, x, axis, SEED, STREAM), l.text),
                   *p = gathered(da__make_permutation(g, size[at], SEED, STREAM, NULL), l.text);
            for (int64_t i = 0; i < size[0]; i++)
                for (int64_t j = 0; j < size[1]; j++)
                    assert_true(y[i * size[1] + j] == (at == 0 ? p[i] * (double)size[1] + (double)j
                                                               : (double)(i * size[1]) + p[j]));
            free(y);
            free(p);
            da__scope_pop(g);
        }
}

static void expect_error(da_array *a, const char *text)
{
    assert_non_null(da__node_error(a));
    if (strcmp(da__node_error(a)->text, text) != 0)
        fail_msg("the error is \"%s\", not \"%s\"", da__node_error(a)->text, text);
}

static void test_errors(void **state)
{
    (void)state;
    ndim = 1;
    shape[0] = 4;
    struct da__draw d = draw_of(DA_DTYPE_DEFAULT, NULL), ints = draw_of(DA_INT32, NULL),
                    bytes = draw_of(DA_INT8, NULL);
    int64_t negative[] = {3, -4};
    struct da__draw bad = {.ndim = 2, .shape = negative, .dtype = DA_DTYPE_DEFAULT};
    da__scope_push(g);
    expect_error(da__make_uniform(g, 0, 1, &bad), "da_uniform: extent -4 of axis 1 is negative");
    expect_error(da__make_uniform(g, 1, 0, &d), "da_uniform: 1 to 0 is no finite range");
    expect_error(da__make_uniform(g, 0, INFINITY, &d), "da_uniform: 0 to inf is no finite range");
    expect_error(da__make_uniform(g, NAN, 1, &d), "da_uniform: nan to 1 is no finite range");
    expect_error(da__make_uniform(g, -1e308, 1e308, &d),
                 "da_uniform: -1e+308 to 1e+308 is no finite range");
    expect_error(da__make_uniform(g, 0, 1, &ints),
                 "da_uniform: the dtype is float64 or float32, not int32");
    expect_error(da__make_normal(g, 0, -1, &d), "da_normal: the standard deviation -1 is negative");
    expect_error(da__make_exponential(g, -1, &d), "da_exponential: the scale -1 is negative");
    expect_error(da__make_integers(g, 3, 3, false, &ints),
                 "da_integers: no integers from 3 to 3, which is left out");
    expect_error(da__make_integers(g, 3, 2, true, &ints), "da_integers: no integers from 3 to 2");
    expect_error(da__make_integers(g, 0, 200, false, &bytes),
                 "da_integers: 0 to 199 do not fit int8");
    struct da__draw floats = draw_of(DA_FLOAT64, NULL);
    expect_error(da__make_integers(g, 0, 2, false, &floats),
                 "da_integers: the dtype is no integer one");
    expect_error(da__make_permutation(g, -2, 1, 0, NULL),
                 "da_permutation: extent -2 of axis 0 is negative");
    expect_error(da__make_shuffle(g, da__make_permutation(g, 4, 1, 0, NULL), 1, 1, 0),
                 "da_shuffle: axis 1 is out of range for 1 dimension");
    da__scope_pop(g);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_map), cmocka_unit_test(test_slices),
        cmocka_unit_test(test_ranges),    cmocka_unit_test(test_permutations),
        cmocka_unit_test(test_shuffle),   cmocka_unit_test(test_errors),
    };
    int code;
    if (!engines_open(argc, argv, &code))
        return code;
    return engines_close(cmocka_run_group_tests(tests, NULL, NULL));
}
