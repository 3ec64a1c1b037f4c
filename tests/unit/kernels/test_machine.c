/* The tile machine against an interpreter that takes one element at a time: random bodies, boxes
 * and layouts. */
#include "layout.h"
#include "compiled.h"
#include "fold.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_INPUTS = 4, MAX_PARAMS = 3, MAX_INSNS = 40, MAX_OUTPUTS = 3, MAX_REDS = 3 };

struct program {
    struct da__body body;
    uint8_t input_dtype[MAX_INPUTS], param_dtype[MAX_PARAMS];
    struct da__insn insn[MAX_INSNS];
    da__ref output[MAX_OUTPUTS];
    struct da__body_reduction reduction[MAX_REDS];
    int ndim;
    int64_t extent[DA_MAX_NDIM];
    struct layout input[MAX_INPUTS], out[MAX_OUTPUTS], acc[MAX_REDS];
    char *snapshot[MAX_INPUTS]; /* the inputs before the run */
    bool aliased[MAX_OUTPUTS];
    _Alignas(16) unsigned char param[MAX_PARAMS][16];
    struct da__sweep sweep;
    struct da__strided in_at[MAX_INPUTS], out_at[MAX_OUTPUTS], acc_at[MAX_REDS];
    const void *param_at[MAX_PARAMS];
};

static const da_dtype dtypes[] = {DA_BOOL,   DA_INT8,    DA_INT32,   DA_INT64,     DA_UINT16,
                                  DA_UINT64, DA_FLOAT32, DA_FLOAT64, DA_COMPLEX64, DA_COMPLEX128};
enum { NDTYPES = sizeof dtypes / sizeof dtypes[0] };

static da__ref random_ref(struct program *p, uint64_t *seed)
{
    const struct da__body *b = &p->body;
    int n = (int)random_below(seed, b->ninputs + b->nparams + b->ninsns + (p->ndim > 0));
    if (n < b->ninputs)
        return DA__REF(DA__REF_INPUT, n);
    if ((n -= b->ninputs) < b->nparams)
        return DA__REF(DA__REF_PARAM, n);
    if ((n -= b->nparams) < b->ninsns)
        return DA__REF(DA__REF_INSN, n);
    return DA__REF(DA__REF_INDEX, (int)random_below(seed, p->ndim));
}

static da__ref as(struct program *p, da__ref ref, da_dtype dtype)
{
    da_dtype from = da__body_dtype(&p->body, ref);
    if (from == dtype)
        return ref;
    p->insn[p->body.ninsns] =
        (struct da__insn){DA__OP_ASTYPE, (uint8_t)from, (uint8_t)dtype, {ref, 0, 0}};
    return DA__REF(DA__REF_INSN, p->body.ninsns++);
}

/* Random numbers are computed from int64 only. */
static bool takes(enum da__op_id op, da_dtype dtype)
{
    if (da__op_info(op)->rule >= DA__RULE_DRAW_INT64)
        return dtype == DA_INT64;
    static const char kinds[] = "biufc";
    static const unsigned flags[] = {DA__TAKES_BOOL, DA__TAKES_INT, DA__TAKES_INT, DA__TAKES_FLOAT,
                                     DA__TAKES_COMPLEX};
    return (da__op_info(op)->takes & flags[strchr(kinds, da__dtype(dtype)->kind) - kinds]) != 0;
}

static void add_insn(struct program *p, uint64_t *seed)
{
    enum da__op_id op;
    da_dtype compute;
    do {
        op = (enum da__op_id)random_below(seed, DA__NELEMENTWISE);
        compute = da__body_dtype(&p->body, random_ref(p, seed));
    } while (!takes(op, compute) || op == DA__OP_SIGNBIT ||
             op == DA__OP_COPYSIGN); /* the sign of a NaN is nobody's */
    enum da__dtype_rule rule = da__op_info(op)->rule;
    struct da__insn insn = {(uint16_t)op, (uint8_t)compute, (uint8_t)compute, {0, 0, 0}};
    if (rule == DA__RULE_BOOL || rule == DA__RULE_LOGICAL)
        insn.result = DA_BOOL;
    if (rule == DA__RULE_REAL_PART)
        insn.result = (uint8_t)da__dtype_real_of(compute);
    if (rule >= DA__RULE_DRAW_INT64) {
        static const da_dtype drawn[] = {DA_INT64, DA_UINT64, DA_FLOAT32, DA_FLOAT64};
        insn.result = (uint8_t)drawn[rule - DA__RULE_DRAW_INT64];
    }
    if (rule == DA__RULE_CAST)
        insn.result = (uint8_t)dtypes[random_below(seed, NDTYPES)];
    for (int k = 0; k < da__op_info(op)->nin; k++)
        insn.arg[k] = as(p, random_ref(p, seed), da__op_input_dtype(op, k, compute));
    p->insn[p->body.ninsns++] = insn;
}

static void random_body(struct program *p, uint64_t *seed)
{
    struct da__body *b = &p->body;
    *b = (struct da__body){.input_dtype = p->input_dtype,
                           .param_dtype = p->param_dtype,
                           .insn = p->insn,
                           .output = p->output,
                           .reduction = p->reduction};
    b->ninputs = (int)random_below(seed, MAX_INPUTS) + (p->ndim == 0);
    b->nparams = (int)random_below(seed, MAX_PARAMS + 1);
    for (int i = 0; i < b->ninputs; i++)
        p->input_dtype[i] = (uint8_t)dtypes[random_below(seed, NDTYPES)];
    for (int i = 0; i < b->nparams; i++) {
        p->param_dtype[i] = (uint8_t)dtypes[random_below(seed, NDTYPES)];
        fill_random(p->param_dtype[i], 16, (char *)p->param[i], false, seed);
        p->param_at[i] = p->param[i];
    }
    for (int64_t n = random_below(seed, 9); n > 0; n--)
        add_insn(p, seed);
    b->noutputs = (int)random_below(seed, MAX_OUTPUTS + 1);
    for (int i = 0; i < b->noutputs; i++)
        p->output[i] = random_ref(p, seed);
    b->nreductions = (int)random_below(seed, MAX_REDS + 1);
    static const enum da__red_id exact[] = {DA__RED_MIN,           DA__RED_MAX, DA__RED_ARGMIN,
                                            DA__RED_ARGMAX,        DA__RED_ANY, DA__RED_ALL,
                                            DA__RED_COUNT_NONZERO, DA__RED_SUM, DA__RED_PROD};
    for (int i = 0; i < b->nreductions; i++) {
        int red = (int)random_below(seed, 9);
        da__ref value = random_ref(p, seed);
        if (red >= 7)
            value = as(p, value, DA_INT64);
        p->reduction[i] = (struct da__body_reduction){
            .red = (uint16_t)exact[red],
            .compute = (uint8_t)da__body_dtype(b, value),
            .value = value,
            .mask = (uint32_t)random_below(seed, (int64_t)1 << p->ndim)};
    }
}

static void random_box(struct program *p, uint64_t *seed)
{
    static const int64_t sizes[] = {1, 2, 3, 5, 9, 40, 130, 700, 1500, 2600};
    int64_t left =
        random_below(seed, 4) ? 6000 : 30000; /* the larger ones reach squares of tiles */
    p->ndim = (int)random_below(seed, 5);
    for (int k = 0; k < p->ndim; k++) {
        int64_t extent = sizes[random_below(seed, 10)];
        p->extent[k] = extent <= left ? extent : left;
        left = left / p->extent[k] > 0 ? left / p->extent[k] : 1;
        if (random_below(seed, 60) == 0)
            p->extent[k] = 0;
        p->sweep.extent[k] = p->extent[k];
        p->sweep.index_start[k] = random_below(seed, 10);
        p->sweep.index_step[k] = random_below(seed, 3) == 0 ? 3 : 1;
        p->sweep.index_shape[k] = p->extent[k] * 3 + 10;
    }
    p->sweep.ndim = p->ndim;
}

/* Now and then an output takes the place of an input, as an engine reuses buffers. */
static void place_output(struct program *p, int o, uint64_t *seed)
{
    size_t width = da__dtype_nbytes(da__body_dtype(&p->body, p->output[o]));
    p->aliased[o] = false;
    for (int i = 0; i < p->body.ninputs; i++) {
        bool free_place =
            random_below(seed, 2) == 0 && da__dtype_nbytes(p->input_dtype[i]) == width;
        for (int k = 0; k < p->ndim; k++)
            free_place = free_place && (p->input[i].at.stride[k] != 0);
        for (int other = 0; other < o; other++)
            free_place = free_place && p->out[other].buffer != p->input[i].buffer;
        if (free_place) {
            p->out[o] = p->input[i];
            p->aliased[o] = true;
            return;
        }
    }
    layout_make(&p->out[o], p->ndim, p->extent, width, false, seed);
}

static void place_accumulator(struct program *p, int r)
{
    const struct da__body_reduction *red = &p->reduction[r];
    int64_t state = (int64_t)da__red_state_nbytes(red->red, red->compute), n = 1;
    for (int k = p->ndim - 1; k >= 0; k--) {
        bool reduced = red->mask >> k & 1;
        p->acc[r].at.stride[k] = reduced ? 0 : n * state;
        n *= reduced ? 1 : p->extent[k];
    }
    p->acc[r].nbytes = (size_t)(n * state);
    p->acc[r].buffer = p->acc[r].at.data = malloc(p->acc[r].nbytes + 16);
    da__red_zero(red->red, red->compute, n, p->acc[r].buffer);
    p->acc_at[r] = p->acc[r].at;
}

static void place_all(struct program *p, uint64_t *seed)
{
    for (int i = 0; i < p->body.ninputs; i++) {
        struct layout *l = &p->input[i];
        layout_make(l, p->ndim, p->extent, da__dtype_nbytes(p->input_dtype[i]), true, seed);
        fill_random(p->input_dtype[i], l->nbytes, l->buffer, true, seed);
        p->snapshot[i] = malloc(l->nbytes);
        memcpy(p->snapshot[i], l->buffer, l->nbytes);
        p->in_at[i] = l->at;
    }
    for (int o = 0; o < p->body.noutputs; o++) {
        place_output(p, o, seed);
        p->out_at[o] = p->out[o].at;
    }
    for (int r = 0; r < p->body.nreductions; r++)
        place_accumulator(p, r);
    p->sweep.input = p->in_at;
    p->sweep.output = p->out_at;
    p->sweep.reduction = p->acc_at;
    p->sweep.param = p->param_at;
}

/* The plan with chains and their code; NULL where there is none to be compiled. */
static struct da__kernel *compile(const struct da__body *b, const struct da__kernel *base,
                                  struct da__compiler *c)
{
    struct da__kernel *k = da__kernel_plan_chains(
        b, base, aligned_alloc(64, (da__kernel_chains_nbytes(b) + 127) / 64 * 64));
    for (int32_t i = 0; i < da__kernel_nchains(k); i++) {
        struct da__code *code = da__compiler_want(c, da__kernel_chain(k, i));
        int64_t width;
        assert_non_null(code);
        assert_non_null(da__code_get(code, &width));
        da__kernel_set_code(k, i, da__code_get(code, &width), width);
    }
    return k;
}

static void run_machine(struct program *p, struct da__compiler *c)
{
    void *memory = malloc(da__kernel_nbytes(&p->body)), *chains = NULL;
    const struct da__kernel *k = da__kernel_plan(&p->body, memory);
    if (c != NULL)
        k = chains = compile(&p->body, k, c);
    size_t nbytes = (da__kernel_scratch_nbytes(k) + 127) / 64 * 64;
    void *scratch = aligned_alloc(64, nbytes);
    memset(scratch, 0xa5, nbytes);
    da__kernel_run(k, &p->sweep, scratch);
    free(scratch);
    free(chains);
    free(memory);
}

/* Values of one position: instructions by da__strip on single elements. */
static void interpret(const struct program *p, const int64_t *index, unsigned char (*value)[16])
{
    for (int i = 0; i < p->body.ninsns; i++) {
        const struct da__insn *insn = &p->insn[i];
        const void *args[3] = {0};
        int64_t global[3];
        for (int j = 0; j < da__op_info(insn->op)->nin; j++) {
            int n = DA__REF_NUMBER(insn->arg[j]);
            global[j] = 0;
            switch (DA__REF_KIND(insn->arg[j])) {
            case DA__REF_INPUT:
                args[j] = layout_find(&p->input[n], p->snapshot[n], p->ndim, index);
                break;
            case DA__REF_PARAM:
                args[j] = p->param[n];
                break;
            case DA__REF_INDEX:
                global[j] = p->sweep.index_start[n] + p->sweep.index_step[n] * index[n];
                args[j] = &global[j];
                break;
            default:
                args[j] = value[n];
            }
        }
        da__strip(insn->op, insn->compute, insn->result, 1, value[i], args, 0);
    }
}

static const void *value_at(const struct program *p, da__ref ref, const int64_t *index,
                            unsigned char (*value)[16], int64_t *global)
{
    int n = DA__REF_NUMBER(ref);
    switch (DA__REF_KIND(ref)) {
    case DA__REF_INPUT:
        return layout_find(&p->input[n], p->snapshot[n], p->ndim, index);
    case DA__REF_PARAM:
        return p->param[n];
    case DA__REF_INDEX:
        *global = p->sweep.index_start[n] + p->sweep.index_step[n] * index[n];
        return global;
    default:
        return value[n];
    }
}

static int64_t flat_index(const struct program *p, uint32_t mask, const int64_t *index)
{
    int64_t flat = 0;
    for (int k = 0; k < p->ndim; k++)
        if (mask >> k & 1)
            flat = flat * p->sweep.index_shape[k] + p->sweep.index_start[k] +
                   p->sweep.index_step[k] * index[k];
    return flat;
}

static void check(struct program *p, uint64_t seed)
{
    _Alignas(16) unsigned char value[MAX_INSNS][16];
    int64_t index[DA_MAX_NDIM] = {0}, global, count = 1;
    char *expected[MAX_REDS];
    for (int k = 0; k < p->ndim; k++)
        count *= p->extent[k];
    for (int r = 0; r < p->body.nreductions; r++) {
        const struct da__body_reduction *red = &p->reduction[r];
        expected[r] = malloc(p->acc[r].nbytes + 16);
        da__red_zero(red->red, red->compute,
                     (int64_t)(p->acc[r].nbytes / da__red_state_nbytes(red->red, red->compute)),
                     expected[r]);
    }
    if (count > 0)
        do {
            interpret(p, index, value);
            for (int o = 0; o < p->body.noutputs; o++) {
                da_dtype dtype = da__body_dtype(&p->body, p->output[o]);
                const void *want = value_at(p, p->output[o], index, value, &global);
                if (!same_element(dtype, want,
                                  layout_find(&p->out[o], p->out[o].buffer, p->ndim, index)))
                    fail_msg("seed %llu: output %d differs", (unsigned long long)seed, o);
            }
            for (int r = 0; r < p->body.nreductions; r++) {
                const struct da__body_reduction *red = &p->reduction[r];
                da__fold_find(red->red, red->compute)
                    ->along(layout_find(&p->acc[r], expected[r], p->ndim, index), 1,
                            value_at(p, red->value, index, value, &global), false,
                            flat_index(p, red->mask, index), 0);
            }
        } while (next_index(p->ndim, p->extent, index));
    for (int r = 0; r < p->body.nreductions; r++) {
        const struct da__body_reduction *red = &p->reduction[r];
        const struct da__fold *fold = da__fold_find(red->red, red->compute);
        size_t state = fold->state_nbytes, width = da__dtype_nbytes(fold->end_dtype);
        for (size_t at = 0; at < p->acc[r].nbytes; at += state) {
            _Alignas(16) unsigned char want[16] = {0}, got[16] = {0};
            da__red_end(red->red, red->compute, fold->end_dtype, 1, expected[r] + at, count, 0,
                        want);
            da__red_end(red->red, red->compute, fold->end_dtype, 1, p->acc[r].buffer + at, count, 0,
                        got);
            bool zeros = true; /* -0.0 and 0.0 are equally small */
            for (size_t i = 0; i < width; i++)
                zeros = zeros && ((want[i] | got[i]) & 0x7f) == 0;
            if (!zeros && red->compute < DA_COMPLEX64 && !same_element(fold->end_dtype, want, got))
                fail_msg("seed %llu: reduction %s of %s differs", (unsigned long long)seed,
                         da__red_info(red->red)->name, da__dtype(red->compute)->name);
        }
        free(expected[r]);
    }
}

static void discard(struct program *p)
{
    for (int i = 0; i < p->body.ninputs; i++) {
        free(p->input[i].buffer);
        free(p->snapshot[i]);
    }
    for (int o = 0; o < p->body.noutputs; o++)
        if (!p->aliased[o])
            free(p->out[o].buffer);
    for (int r = 0; r < p->body.nreductions; r++)
        free(p->acc[r].buffer);
}

static void run_programs(int64_t count, struct da__compiler *c)
{
    const char *given = getenv("DA_TEST_SEED");
    for (uint64_t seed = given ? strtoull(given, NULL, 10) : 1,
                  end = given ? seed : (uint64_t)count;
         seed <= end; seed++) {
        struct program p;
        uint64_t s = seed;
        memset(&p, 0, sizeof p);
        random_box(&p, &s);
        random_body(&p, &s);
        place_all(&p, &s);
        run_machine(&p, c);
        check(&p, seed);
        discard(&p);
    }
}

static void random_programs(void **state)
{
    (void)state;
    run_programs(1500, NULL);
}

static void random_programs_compiled(void **state)
{
    (void)state;
    struct da__compiler_counters n;
    setenv("DISTARRAY_COMPILED", "always", 1);
    struct da__compiler *c = da__compiler_open(NULL);
    bool there = da__compiler_loads(c);
    if (there)
        run_programs(400, c);
    da__compiler_count(c, &n);
    da__compiler_close(c);
    if (!there)
        skip();
    assert_true(n.compiled > 0);
}

/* x + (float)scalar below 9: rows lie apart in memory, so that operations go row by row, and the sum takes the register of the
 * converted scalar. */
static void scalars_outlive_rows(void **state)
{
    (void)state;
    enum { ROWS = 5, COLUMNS = 40, APART = 48 };
    static float x[ROWS * APART], out[ROWS * APART];
    int8_t scalar = 3;
    float nine = 9;
    uint8_t input_dtype[] = {DA_INT8, DA_FLOAT32}, param_dtype[] = {DA_FLOAT32};
    struct da__insn insn[] = {
        {DA__OP_ASTYPE, DA_INT8, DA_FLOAT32, {DA__REF(DA__REF_INPUT, 0), 0, 0}},
        {DA__OP_ADD,
         DA_FLOAT32,
         DA_FLOAT32,
         {DA__REF(DA__REF_INSN, 0), DA__REF(DA__REF_INPUT, 1), 0}},
        {DA__OP_MINIMUM,
         DA_FLOAT32,
         DA_FLOAT32,
         {DA__REF(DA__REF_INSN, 1), DA__REF(DA__REF_PARAM, 0), 0}}};
    da__ref output[] = {DA__REF(DA__REF_INSN, 2)};
    struct da__body body = {.ninputs = 2,
                            .nparams = 1,
                            .ninsns = 3,
                            .noutputs = 1,
                            .input_dtype = input_dtype,
                            .param_dtype = param_dtype,
                            .insn = insn,
                            .output = output};
    for (int i = 0; i < ROWS * APART; i++)
        x[i] = (float)(i % 17 + 1);
    struct da__strided in[] = {{(char *)&scalar, {0, 0}},
                               {(char *)x, {APART * sizeof *x, sizeof *x}}};
    struct da__strided to[] = {{(char *)out, {APART * sizeof *x, sizeof *x}}};
    const void *param[] = {&nine};
    struct da__sweep sweep = {.ndim = 2,
                              .extent = {ROWS, COLUMNS},
                              .index_step = {1, 1},
                              .index_shape = {ROWS, COLUMNS},
                              .input = in,
                              .param = param,
                              .output = to};
    void *memory = aligned_alloc(64, (da__kernel_nbytes(&body) + 63) / 64 * 64);
    struct da__kernel *k = da__kernel_plan(&body, memory);
    void *scratch = aligned_alloc(64, (da__kernel_scratch_nbytes(k) + 63) / 64 * 64);
    da__kernel_run(k, &sweep, scratch);
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLUMNS; j++)
            assert_true(out[i * APART + j] == fminf(x[i * APART + j] + 3, 9));
    free(scratch);
    free(memory);
}

/* Sums along the outer axis: accumulators take several rows at once, as accurately as one after the other, whether rows are read
 * in place or come from a register. */
static void rows_add_up_accurately(void **state)
{
    (void)state;
    enum { ROWS = 70, COLUMNS = 700 };
    static double x[ROWS * COLUMNS];
    static struct da__exact sum[COLUMNS], want[COLUMNS];
    static double magnitude[COLUMNS];
    uint8_t input_dtype[] = {DA_FLOAT64};
    da__ref input = DA__REF(DA__REF_INPUT, 0), doubled = DA__REF(DA__REF_INSN, 0);
    struct da__insn insn[] = {{DA__OP_ADD, DA_FLOAT64, DA_FLOAT64, {input, input, 0}}};
    for (uint64_t round = 1; round <= 200; round++) {
        uint64_t seed = round;
        int64_t rows = 1 + random_below(&seed, ROWS),
                columns = 2 + random_below(&seed, COLUMNS - 1);
        bool twice = random_below(&seed, 2), backwards = random_below(&seed, 2);
        struct da__body_reduction red[] = {{.red = DA__RED_SUM,
                                            .compute = DA_FLOAT64,
                                            .value = twice ? doubled : input,
                                            .mask = 1}};
        struct da__body body = {.ninputs = 1,
                                .ninsns = 1,
                                .nreductions = 1,
                                .input_dtype = input_dtype,
                                .insn = insn,
                                .reduction = red};
        for (int i = 0; i < ROWS * COLUMNS; i++)
            x[i] = (random_unit(&seed) - 0.5) * (random_below(&seed, 2) ? 1e9 : 1e-9);
        int64_t step = backwards ? -COLUMNS : COLUMNS;
        const double *first = backwards ? x + (rows - 1) * COLUMNS : x;
        da__red_zero(DA__RED_SUM, DA_FLOAT64, COLUMNS, sum);
        da__red_zero(DA__RED_SUM, DA_FLOAT64, COLUMNS, want);
        memset(magnitude, 0, sizeof magnitude);
        for (int64_t i = 0; i < rows; i++)
            for (int64_t j = 0; j < columns; j++) {
                da__exact_add(&want[j], (twice ? 2 : 1) * first[i * step + j]);
                magnitude[j] += (twice ? 2 : 1) * fabs(first[i * step + j]);
            }
        struct da__strided in[] = {{(char *)(uintptr_t)first, {step * 8, 8}}};
        struct da__strided acc[] = {{(char *)sum, {0, sizeof *sum}}};
        struct da__sweep sweep = {
            .ndim = 2, .extent = {rows, columns}, .input = in, .reduction = acc};
        void *memory = aligned_alloc(64, (da__kernel_nbytes(&body) + 63) / 64 * 64);
        struct da__kernel *k = da__kernel_plan(&body, memory);
        void *scratch = aligned_alloc(64, (da__kernel_scratch_nbytes(k) + 63) / 64 * 64);
        da__kernel_run(k, &sweep, scratch);
        bool good = true;
        for (int64_t j = 0; j < COLUMNS; j++)
            good = good && fabs(da__exact_end(&sum[j]) - da__exact_end(&want[j])) <=
                               3 * 0x1p-53 * magnitude[j];
        if (!good)
            fail_msg("round %d: %lld rows, %lld columns", (int)round, (long long)rows,
                     (long long)columns);
        free(scratch);
        free(memory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_programs), cmocka_unit_test(random_programs_compiled),
        cmocka_unit_test(scalars_outlive_rows), cmocka_unit_test(rows_add_up_accurately)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
