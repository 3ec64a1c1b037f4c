/* Reductions through the tile machine: every one in every dtype over random axes and layouts,
 * against NumPy; and how accurate sums are. */
#include "layout.h"
#include <math.h>

struct sweep_case {
    int ndim;
    int64_t extent[DA_MAX_NDIM], first[DA_MAX_NDIM], shape[DA_MAX_NDIM];
};

/* One sweep of the part `c` of an array over the accumulators. */
static void sweep_reduction(enum da__red_id red, da_dtype dtype, uint32_t mask,
                            const struct sweep_case *c, const struct da__strided *input,
                            char *state)
{
    uint8_t input_dtype = (uint8_t)dtype;
    struct da__body_reduction reduction = {.red = (uint16_t)red,
                                           .compute = (uint8_t)dtype,
                                           .value = DA__REF(DA__REF_INPUT, 0),
                                           .mask = mask};
    struct da__body body = {
        .ninputs = 1, .nreductions = 1, .input_dtype = &input_dtype, .reduction = &reduction};
    struct da__strided in = *input, acc = {.data = state};
    int64_t n = (int64_t)da__red_state_nbytes(red, dtype);
    for (int k = c->ndim - 1; k >= 0; k--) {
        acc.stride[k] = mask >> k & 1 ? 0 : n;
        acc.data += acc.stride[k] * c->first[k];
        n *= mask >> k & 1 ? 1 : c->shape[k];
        in.data += in.stride[k] * c->first[k];
    }
    struct da__sweep s = {.ndim = c->ndim, .input = &in, .reduction = &acc};
    for (int k = 0; k < c->ndim; k++) {
        s.extent[k] = c->extent[k];
        s.index_start[k] = c->first[k];
        s.index_step[k] = 1;
        s.index_shape[k] = c->shape[k];
    }
    void *memory = malloc(da__kernel_nbytes(&body));
    const struct da__kernel *k = da__kernel_plan(&body, memory);
    void *scratch = aligned_alloc(64, (da__kernel_scratch_nbytes(k) + 63) / 64 * 64);
    da__kernel_run(k, &s, scratch);
    free(scratch);
    free(memory);
}

static int64_t kept_nelem(int ndim, const int64_t *shape, uint32_t mask)
{
    int64_t n = 1;
    for (int k = 0; k < ndim; k++)
        n *= mask >> k & 1 ? 1 : shape[k];
    return n;
}

static da_dtype result_of(enum da__red_id red, da_dtype dtype)
{
    da_dtype compute, result;
    assert_int_equal(da__red_infer(red, dtype, DA_DTYPE_DEFAULT, &compute, &result, NULL), DA_OK);
    return result;
}

/* Two boxes into the same states, or each into its own that are joined: in either order for argmin,
 * whose states know where they come from. */
static void reduce_in_parts(enum da__red_id red, da_dtype dtype, uint32_t mask, int ndim,
                            const int64_t *shape, const struct da__strided *input, char *state,
                            uint64_t *seed)
{
    struct sweep_case c = {.ndim = ndim};
    int64_t kept = kept_nelem(ndim, shape, mask);
    for (int k = 0; k < ndim; k++)
        c.extent[k] = c.shape[k] = shape[k];
    int axis = (int)random_below(seed, ndim);
    int64_t cut = random_below(seed, shape[axis] + 1);
    bool separate = random_below(seed, 2) == 0;
    char *other = malloc((size_t)kept * da__red_state_nbytes(red, dtype) + 16);
    da__red_zero(red, dtype, kept, state);
    da__red_zero(red, dtype, kept, other);
    c.extent[axis] = cut;
    sweep_reduction(red, dtype, mask, &c, input, state);
    c.extent[axis] = shape[axis] - cut;
    c.first[axis] = cut;
    sweep_reduction(red, dtype, mask, &c, input, separate ? other : state);
    if (separate)
        da__red_join(red, dtype, kept, state, other);
    free(other);
}

static void write_reduction(struct oracle *o, enum da__red_id red, da_dtype dtype, uint64_t *seed)
{
    static const int64_t sizes[] = {1, 2, 3, 4, 7, 33, 300, 1300};
    int ndim = 1 + (int)random_below(seed, 3);
    int64_t shape[DA_MAX_NDIM], index[DA_MAX_NDIM] = {0}, count = 1;
    for (int k = 0; k < ndim; k++) {
        shape[k] = sizes[random_below(seed, 8)];
        shape[k] = shape[k] * count <= 5000 ? shape[k] : 2;
        count *= shape[k];
    }
    uint32_t mask = (uint32_t)random_below(seed, (int64_t)1 << ndim);
    int64_t kept = kept_nelem(ndim, shape, mask);
    struct layout l;
    size_t item = da__dtype_nbytes(dtype);
    layout_make(&l, ndim, shape, item, false, seed);
    fill_random(dtype, l.nbytes, l.buffer, random_below(seed, 3) == 0, seed);
    da_dtype result = result_of(red, dtype);
    char *state = malloc((size_t)kept * da__red_state_nbytes(red, dtype) + 16);
    char *out = malloc((size_t)kept * da__dtype_nbytes(result));
    double correction = random_below(seed, 2) ? 0 : 1;
    reduce_in_parts(red, dtype, mask, ndim, shape, &l.at, state, seed);
    da__red_end(red, dtype, result, kept, state, count / kept, correction, out);
    fprintf(o->file, "red %s %s %s %u %g", da__red_info(red)->name, da__dtype(dtype)->name,
            da__dtype(result)->name, mask, correction);
    for (int k = 0; k < ndim; k++)
        fprintf(o->file, " %lld", (long long)shape[k]);
    fputc('\n', o->file);
    do
        fwrite(layout_find(&l, l.buffer, ndim, index), item, 1, o->file);
    while (next_index(ndim, shape, index));
    fwrite(out, da__dtype_nbytes(result), (size_t)kept, o->file);
    free(out);
    free(state);
    free(l.buffer);
}

static void reductions_agree_with_numpy(void **state)
{
    (void)state;
    struct oracle o;
    uint64_t seed = 11;
    oracle_open(&o);
    for (int red = 0; red < DA__NREDUCTIONS; red++)
        for (int dtype = 0; dtype < DA_NDTYPES; dtype++)
            for (int i = 0; i < 12; i++)
                write_reduction(&o, red, dtype, &seed);
    oracle_check(&o);
}

/* Sums over 10^6 elements in every arrangement are within one rounding of what NumPy's pairwise
 * leaf loses. */
static void sums_are_accurate(void **state)
{
    (void)state;
    enum { SIDE = 1000 };
    const int64_t n = (int64_t)SIDE * SIDE;
    double *x = malloc((size_t)n * sizeof *x);
    static _Alignas(16) char states[SIDE * 64];
    static double out[SIDE];
    uint64_t seed = 5;
    for (int64_t i = 0; i < n; i++)
        x[i] = ldexp(random_unit(&seed) - 0.3, (int)random_below(&seed, 30));
    for (int arrangement = 0; arrangement < 6; arrangement++) {
        bool transposed = arrangement >= 3;
        uint32_t mask = (uint32_t)(arrangement % 3 + 1);
        struct sweep_case c = {2, {SIDE, SIDE}, {0, 0}, {SIDE, SIDE}};
        struct da__strided in = {(char *)x, {transposed ? 8 : 8 * SIDE, transposed ? 8 * SIDE : 8}};
        int64_t kept = kept_nelem(2, c.shape, mask);
        da__red_zero(DA__RED_SUM, DA_FLOAT64, kept, states);
        sweep_reduction(DA__RED_SUM, DA_FLOAT64, mask, &c, &in, states);
        da__red_end(DA__RED_SUM, DA_FLOAT64, DA_FLOAT64, kept, states, n / kept, 0, out);
        for (int64_t k = 0; k < kept; k++) {
            long double exact = 0, magnitude = 0;
            for (int64_t i = 0; i < n / kept; i++) {
                int64_t row = mask == 1 ? i : k, col = mask == 1 ? k : i;
                double v = mask == 3 ? x[i] : x[transposed ? col * SIDE + row : row * SIDE + col];
                exact += v;
                magnitude += fabs(v);
            }
            assert_true(fabsl((long double)out[k] - exact) <=
                        0x1p-53L * (fabsl(exact) + magnitude));
        }
    }
    free(x);
}

static void infinities_and_empty_sums(void **state)
{
    (void)state;
    static const double cases[][4] = {{INFINITY, 1, 2, 3},
                                      {INFINITY, 1, -INFINITY, 3},
                                      {1, NAN, 2, 3},
                                      {-1, -INFINITY, 2, 1e308}};
    for (int i = 0; i < 4; i++) {
        struct sweep_case c = {1, {4}, {0}, {4}};
        struct da__strided in = {(char *)(uintptr_t)cases[i], {8}};
        _Alignas(16) char s[64];
        double got, want = cases[i][0] + cases[i][1] + cases[i][2] + cases[i][3];
        da__red_zero(DA__RED_SUM, DA_FLOAT64, 1, s);
        sweep_reduction(DA__RED_SUM, DA_FLOAT64, 1, &c, &in, s);
        sweep_reduction(DA__RED_SUM, DA_FLOAT64, 1, &c, &in, s);
        da__red_end(DA__RED_SUM, DA_FLOAT64, DA_FLOAT64, 1, s, 8, 0, &got);
        assert_true(got == want || (isnan(got) && isnan(want)));
    }
    struct sweep_case none = {2, {3, 0}, {0, 0}, {3, 0}};
    double nothing;
    struct da__strided in = {(char *)&nothing, {0, 8}};
    _Alignas(16) char s[3 * 64];
    double got[3] = {1, 1, 1};
    da__red_zero(DA__RED_MEAN, DA_FLOAT64, 3, s);
    sweep_reduction(DA__RED_MEAN, DA_FLOAT64, 2, &none, &in, s);
    da__red_end(DA__RED_MEAN, DA_FLOAT64, DA_FLOAT64, 3, s, 0, 0, got);
    assert_true(isnan(got[0]) && isnan(got[2]));
    da__red_zero(DA__RED_SUM, DA_FLOAT64, 3, s);
    da__red_end(DA__RED_SUM, DA_FLOAT64, DA_FLOAT64, 3, s, 0, 0, got);
    assert_true(got[0] == 0 && got[2] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reductions_agree_with_numpy),
        cmocka_unit_test(sums_are_accurate),
        cmocka_unit_test(infinities_and_empty_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
