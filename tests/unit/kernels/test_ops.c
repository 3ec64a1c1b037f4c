/* Every operator in every dtype that its row takes, on special and random values, against NumPy. */
#include "values.h"

/* Every pair of values (for three inputs the third follows the pair). Writes one record. */
static void write_op(struct oracle *o, enum da__op_id op, da_dtype compute, da_dtype result)
{
    static _Alignas(16) unsigned char value[3][NVALUES * 16], in[3][NVALUES * NVALUES * 16],
        out[NVALUES * NVALUES * 16];
    const void *args[3] = {in[0], in[1], in[2]};
    int nin = da__op_info(op)->nin, n = nin == 1 ? NVALUES : NVALUES * NVALUES;
    size_t width[3] = {1, 1, 1};
    for (int k = 0; k < nin; k++) {
        da_dtype dtype = da__op_input_dtype(op, k, compute);
        width[k] = da__dtype_nbytes(dtype);
        fill(dtype, value[k], (uint64_t)(op * 100 + compute));
    }
    for (int i = 0; i < n; i++)
        for (int k = 0; k < nin; k++) {
            int which[3] = {i % NVALUES, i / NVALUES, (i + i / NVALUES) % NVALUES};
            memcpy(in[k] + (size_t)i * width[k], value[k] + (size_t)which[k] * width[k], width[k]);
        }
    da__strip(op, compute, result, n, out, args, 0);
    fprintf(o->file, "op %s %s %s %d\n", da__op_info(op)->name, da__dtype(compute)->name,
            da__dtype(result)->name, n);
    for (int k = 0; k < nin; k++)
        fwrite(in[k], width[k], (size_t)n, o->file);
    fwrite(out, da__dtype_nbytes(result), (size_t)n, o->file);
}

static void operators_agree_with_numpy(void **state)
{
    (void)state;
    struct oracle o;
    oracle_open(&o);
    for (int op = 0; op < DA__NELEMENTWISE; op++)
        for (int dtype = 0; dtype < DA_NDTYPES; dtype++) {
            if (da__op_info(op)->rule == DA__RULE_CAST || !takes(op, dtype))
                continue;
            write_op(&o, op, dtype, result_of(op, dtype));
        }
    oracle_check(&o);
}

static void casts_agree_with_numpy(void **state)
{
    (void)state;
    struct oracle o;
    oracle_open(&o);
    for (int from = 0; from < DA_NDTYPES; from++)
        for (int to = 0; to < DA_NDTYPES; to++)
            write_op(&o, DA__OP_ASTYPE, from, to);
    oracle_check(&o);
}

/* Scalar operands and results in the place of an operand give what plain arrays give. */
static void scalars_and_places_change_nothing(void **state)
{
    (void)state;
    static _Alignas(16) unsigned char value[3][NVALUES * 16], spread[3][NVALUES * 16],
        plain[NVALUES * 16], got[NVALUES * 16];
    for (int op = 0; op < DA__NELEMENTWISE; op++)
        for (int dtype = 0; dtype < DA_NDTYPES; dtype++) {
            int nin = da__op_info(op)->nin;
            if (!takes(op, dtype))
                continue;
            da_dtype result = result_of(op, dtype);
            size_t nbytes = NVALUES * da__dtype_nbytes(result);
            for (unsigned scalars = 0; scalars < 1u << nin; scalars++) {
                const void *args[3] = {spread[0], spread[1], spread[2]}, *given[3];
                for (int k = 0; k < nin; k++) {
                    size_t width = da__dtype_nbytes(da__op_input_dtype(op, k, dtype));
                    fill(da__op_input_dtype(op, k, dtype), value[k], (uint64_t)(op + 7 * k));
                    for (int i = 0; i < NVALUES; i++) {
                        int from = (scalars >> k & 1) ? 9 : (i * (2 * k + 1)) % NVALUES;
                        memcpy(spread[k] + (size_t)i * width, value[k] + (size_t)from * width,
                               width);
                    }
                    given[k] = (scalars >> k & 1) ? value[k] + 9 * width : spread[k];
                }
                da__strip(op, dtype, result, NVALUES, plain, args, 0);
                da__strip(op, dtype, result, NVALUES, got, given, scalars);
                assert_memory_equal(plain, got, nbytes);
                if (scalars != 0 || result != da__op_input_dtype(op, 0, dtype))
                    continue;
                da__strip(op, dtype, result, NVALUES, spread[0], args, 0);
                assert_memory_equal(plain, spread[0], nbytes);
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_agree_with_numpy),
        cmocka_unit_test(casts_agree_with_numpy),
        cmocka_unit_test(scalars_and_places_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
