/* Compiled chains against strip loops, bit for bit: every operator that compiles, in every dtype, on special and random values, for
 * this processor and for one without AVX-512. A NaN is a NaN: which bits it has is nobody's. */
#include "values.h"
#include "compiled.h"
#include "layout.h"

enum { N = NVALUES * NVALUES, ROWS = 3, MOST_OPERANDS = 4 };

static struct da__compiler *compiler;
static unsigned char in[3][N * 16], want[N * 16], got[ROWS * (N + 8) * 16];

static int open_for(const char *cpu)
{
    setenv("DISTARRAY_COMPILED", "always", 1);
    compiler = da__compiler_open(cpu);
    return compiler == NULL;
}

static int open_for_this(void **state)
{
    (void)state;
    return open_for(NULL);
}

static int open_for_avx2(void **state)
{
    (void)state;
    return open_for("x86-64-v3");
}

static int close_compiler(void **state)
{
    (void)state;
    da__compiler_close(compiler);
    return 0;
}

/* The chain of one operator; bit k of `uniform`: argument k is. */
struct one {
    struct da__chain chain;
    struct da__chain_arg arg[3];
    struct da__chain_insn insn;
    int32_t out;
    size_t width[3], result_nbytes;
    da_dtype result;
};

static void make_one(struct one *o, enum da__op_id op, da_dtype compute, da_dtype result,
                     unsigned uniform)
{
    int nin = da__op_info(op)->nin;
    memset(o, 0, sizeof *o);
    o->result = result;
    o->result_nbytes = da__dtype_nbytes(result);
    o->insn = (struct da__chain_insn){(uint16_t)op, (uint8_t)compute, (uint8_t)result, {0, 0, 0}};
    for (int k = 0; k < nin; k++) {
        da_dtype dtype = da__op_input_dtype(op, k, compute);
        o->arg[k].dtype = (uint8_t)dtype;
        o->arg[k].kind = (uniform >> k & 1) ? DA__ARG_UNIFORM : DA__ARG_ARRAY;
        o->insn.arg[k] = k;
        o->width[k] = da__dtype_nbytes(dtype);
    }
    o->out = nin;
    o->chain = (struct da__chain){nin, 1, 1, 0, o->arg, &o->insn, &o->out};
}

/* All pairs of values; for three inputs the third follows the pair. */
static void fill_inputs(const struct one *o)
{
    static unsigned char value[NVALUES * 16];
    for (int k = 0; k < o->chain.nargs; k++) {
        fill((da_dtype)o->arg[k].dtype, value, (uint64_t)(o->insn.op * 100 + o->insn.compute));
        for (int i = 0; i < N; i++) {
            int which[3] = {i % NVALUES, i / NVALUES, (i + i / NVALUES) % NVALUES};
            memcpy(in[k] + (size_t)i * o->width[k], value + (size_t)which[k] * o->width[k],
                   o->width[k]);
        }
    }
}

static void compare(const struct one *o, const unsigned char *out, int64_t n, const char *what)
{
    for (int64_t i = 0; i < n; i++) {
        size_t at = (size_t)i * o->result_nbytes;
        if (!same_element(o->result, want + at, out + at))
            fail_msg("%s of %s to %s, %s: element %lld differs",
                     da__op_info((enum da__op_id)o->insn.op)->name,
                     da__dtype((da_dtype)o->insn.compute)->name, da__dtype(o->result)->name, what,
                     (long long)i);
    }
}

static da__chain_fn *code_of(const struct one *o, int64_t *width)
{
    struct da__code *code = da__compiler_want(compiler, &o->chain);
    assert_non_null(code);
    da__chain_fn *fn = da__code_get(code, width);
    assert_non_null(fn);
    assert_true(*width * (int64_t)o->result_nbytes <= DA__CHAIN_NBYTES);
    return fn;
}

/* Arrays of an odd length; rows with a gap behind each that stays as it is. */
static void try_arrays(const struct one *o)
{
    const void *args[3] = {in[0], in[1], in[2]};
    struct da__chain_operand operand[MOST_OPERANDS] = {{0}};
    int64_t width, n = N - 1, nbytes = (int64_t)o->result_nbytes;
    da__chain_fn *fn = code_of(o, &width);
    int nargs = o->chain.nargs;
    for (int k = 0; k < nargs; k++)
        operand[k] = (struct da__chain_operand){(char *)in[k], (int64_t)o->width[k], 0, 0, 0};
    operand[nargs] = (struct da__chain_operand){(char *)got, nbytes, (n + 8) * nbytes, 0, 0};
    da__strip((enum da__op_id)o->insn.op, (da_dtype)o->insn.compute, o->result, n, want, args, 0);
    memset(got, 0xa5, sizeof got);
    fn(operand, ROWS, n);
    for (int row = 0; row < ROWS; row++) {
        const unsigned char *at = got + row * (n + 8) * nbytes;
        compare(o, at, n, "arrays");
        for (int64_t i = n * nbytes; i < (n + 8) * nbytes; i++)
            assert_int_equal(at[i], 0xa5);
    }
}

/* Arguments that are one element: known when compiled (uniform) or when called (a step of 0). */
static void try_scalars(struct one *o, unsigned scalars, bool uniform)
{
    static unsigned char few[3][DA__CHAIN_NBYTES];
    const void *args[3] = {in[0], in[1], in[2]};
    struct da__chain_operand operand[MOST_OPERANDS] = {{0}};
    int64_t width;
    da__chain_fn *fn = code_of(o, &width);
    int nargs = o->chain.nargs;
    for (int k = 0; k < nargs; k++) {
        char *at = (char *)in[k] + 7 * (int64_t)o->width[k] * NVALUES / 2;
        operand[k] = (struct da__chain_operand){(char *)in[k], (int64_t)o->width[k], 0, 0, 0};
        if (!(scalars >> k & 1))
            continue;
        args[k] = at;
        for (int64_t i = 0; i < width; i++)
            memcpy(few[k] + i * (int64_t)o->width[k], at, o->width[k]);
        operand[k] = (struct da__chain_operand){uniform ? at : (char *)few[k], 0, 0, 0, 0};
    }
    operand[nargs] = (struct da__chain_operand){(char *)got, (int64_t)o->result_nbytes, 0, 0, 0};
    da__strip((enum da__op_id)o->insn.op, (da_dtype)o->insn.compute, o->result, NVALUES * 5, want,
              args, scalars);
    fn(operand, 1, NVALUES * 5);
    compare(o, got, NVALUES * 5, uniform ? "uniform" : "one element");
}

static void try_op(enum da__op_id op, da_dtype compute, da_dtype result)
{
    struct one o;
    int nin = da__op_info(op)->nin;
    make_one(&o, op, compute, result, 0);
    fill_inputs(&o);
    try_arrays(&o);
    for (unsigned scalars = 1; nin > 1 && scalars + 1 < 1u << nin; scalars++)
        try_scalars(&o, scalars, false);
    if (nin > 1) {
        make_one(&o, op, compute, result, 2);
        try_scalars(&o, 2, true);
    }
}

static void operators_agree_with_strips(void **state)
{
    (void)state;
    if (!da__compiler_loads(compiler))
        skip();
    for (int op = 0; op < DA__NELEMENTWISE; op++)
        for (int dtype = 0; dtype < DA_NDTYPES; dtype++)
            if (da__op_info(op)->rule != DA__RULE_CAST && da__op_compiles(op, dtype)) {
                assert_true(takes(op, dtype));
                try_op(op, dtype, result_of(op, dtype));
            }
}

static void casts_agree_with_strips(void **state)
{
    (void)state;
    if (!da__compiler_loads(compiler))
        skip();
    for (int from = 0; from < DA_NDTYPES; from++)
        for (int to = 0; to < DA_NDTYPES; to++)
            try_op(DA__OP_ASTYPE, from, to);
}

/* Equal chains are one; other operands make another. */
static void equal_chains_are_compiled_once(void **state)
{
    (void)state;
    struct one a, b, c;
    struct da__compiler_counters before, after;
    if (!da__compiler_loads(compiler))
        skip();
    make_one(&a, DA__OP_ADD, DA_INT16, DA_INT16, 0);
    make_one(&b, DA__OP_ADD, DA_INT16, DA_INT16, 0);
    make_one(&c, DA__OP_ADD, DA_INT16, DA_INT16, 1);
    struct da__code *first = da__compiler_want(compiler, &a.chain);
    da__compiler_count(compiler, &before);
    assert_ptr_equal(da__compiler_want(compiler, &b.chain), first);
    assert_ptr_not_equal(da__compiler_want(compiler, &c.chain), first);
    da__compiler_count(compiler, &after);
    assert_int_equal(after.found, before.found + 1);
    assert_int_equal(after.compiled + after.found, before.compiled + before.found + 2);
    assert_int_equal(after.failed, 0);
    assert_int_equal(after.pending, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(operators_agree_with_strips),
                                       cmocka_unit_test(casts_agree_with_strips),
                                       cmocka_unit_test(equal_chains_are_compiled_once)};
    int failed =
        cmocka_run_group_tests_name("this processor", tests, open_for_this, close_compiler);
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2"))
        failed += cmocka_run_group_tests_name("AVX2", tests, open_for_avx2, close_compiler);
#else
    (void)open_for_avx2;
#endif
    return failed;
}
