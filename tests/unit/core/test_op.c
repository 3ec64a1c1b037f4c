/* The dtypes of operators' and reductions' results; the expectations are NumPy's. */
#include "core_test.h"

static struct da__operand_type array(da_dtype dtype)
{
    return (struct da__operand_type){false, dtype, DA__SCALAR_BOOL};
}

static struct da__operand_type weak(enum da__scalar_kind kind)
{
    return (struct da__operand_type){true, DA_BOOL, kind};
}

static void expect(enum da__op_id op, int nin, const struct da__operand_type *in, da_dtype compute,
                   da_dtype result)
{
    da_dtype t, r;
    struct da__error err = {0};
    if (da__op_infer(op, nin, in, DA_DTYPE_DEFAULT, &t, &r, &err) != DA_OK)
        fail_msg("%s", err.text);
    assert_int_equal(t, compute);
    assert_int_equal(r, result);
}

static void expect_error(enum da__op_id op, int nin, const struct da__operand_type *in,
                         const char *text)
{
    da_dtype t, r;
    struct da__error err = {0};
    assert_int_not_equal(da__op_infer(op, nin, in, DA_DTYPE_DEFAULT, &t, &r, &err), DA_OK);
    assert_string_equal(err.text, text);
}

#define IN(...) ((const struct da__operand_type[]){__VA_ARGS__})

static void rules(void **state)
{
    (void)state;
    expect(DA__OP_ADD, 2, IN(array(DA_INT8), array(DA_UINT8)), DA_INT16, DA_INT16);
    expect(DA__OP_ADD, 2, IN(array(DA_BOOL), array(DA_BOOL)), DA_BOOL, DA_BOOL);
    expect(DA__OP_DIVIDE, 2, IN(array(DA_INT32), array(DA_INT32)), DA_FLOAT64, DA_FLOAT64);
    expect(DA__OP_DIVIDE, 2, IN(array(DA_FLOAT32), array(DA_FLOAT32)), DA_FLOAT32, DA_FLOAT32);
    expect(DA__OP_SIN, 1, IN(array(DA_BOOL)), DA_FLOAT64, DA_FLOAT64);
    expect(DA__OP_LESS, 2, IN(array(DA_INT8), array(DA_FLOAT32)), DA_FLOAT32, DA_BOOL);
    expect(DA__OP_LOGICAL_AND, 2, IN(array(DA_INT8), array(DA_COMPLEX64)), DA_COMPLEX64, DA_BOOL);
    expect(DA__OP_ABS, 1, IN(array(DA_COMPLEX64)), DA_COMPLEX64, DA_FLOAT32);
    expect(DA__OP_ABS, 1, IN(array(DA_INT16)), DA_INT16, DA_INT16);
    expect(DA__OP_WHERE, 3, IN(array(DA_COMPLEX128), array(DA_INT8), array(DA_UINT16)), DA_INT32,
           DA_INT32);
    da_dtype t, r;
    assert_int_equal(da__op_infer(DA__OP_ASTYPE, 1, IN(array(DA_COMPLEX64)), DA_INT8, &t, &r, NULL),
                     DA_OK);
    assert_int_equal(t, DA_COMPLEX64);
    assert_int_equal(r, DA_INT8);
    assert_int_equal(da__op_input_dtype(DA__OP_WHERE, 0, DA_INT32), DA_BOOL);
    assert_int_equal(da__op_input_dtype(DA__OP_WHERE, 1, DA_INT32), DA_INT32);
    assert_int_equal(da__op_input_dtype(DA__OP_ADD, 0, DA_INT32), DA_INT32);
}

static void weak_scalars(void **state)
{
    (void)state;
    expect(DA__OP_ADD, 2, IN(array(DA_UINT8), weak(DA__SCALAR_INT)), DA_UINT8, DA_UINT8);
    expect(DA__OP_ADD, 2, IN(weak(DA__SCALAR_FLOAT), array(DA_INT32)), DA_FLOAT64, DA_FLOAT64);
    expect(DA__OP_ADD, 2, IN(weak(DA__SCALAR_COMPLEX), array(DA_FLOAT32)), DA_COMPLEX64,
           DA_COMPLEX64);
    expect(DA__OP_ADD, 2, IN(weak(DA__SCALAR_INT), weak(DA__SCALAR_FLOAT)), DA_FLOAT64, DA_FLOAT64);
    expect(DA__OP_ADD, 2, IN(weak(DA__SCALAR_BOOL), weak(DA__SCALAR_INT)), DA_INT64, DA_INT64);
    expect(DA__OP_WHERE, 3, IN(array(DA_BOOL), weak(DA__SCALAR_INT), array(DA_FLOAT32)), DA_FLOAT32,
           DA_FLOAT32);
    expect(DA__OP_CLIP, 3, IN(array(DA_INT8), weak(DA__SCALAR_INT), weak(DA__SCALAR_FLOAT)),
           DA_FLOAT64, DA_FLOAT64);
}

static void errors_name_operator_and_dtype(void **state)
{
    (void)state;
    expect_error(DA__OP_BITWISE_AND, 2, IN(array(DA_FLOAT64), array(DA_INT8)),
                 "bitwise_and is not defined for float64");
    expect_error(DA__OP_SUBTRACT, 2, IN(array(DA_BOOL), array(DA_BOOL)),
                 "subtract is not defined for bool");
    expect_error(DA__OP_NEGATIVE, 1, IN(array(DA_BOOL)), "negative is not defined for bool");
    expect_error(DA__OP_FLOOR_DIVIDE, 2, IN(array(DA_COMPLEX64), weak(DA__SCALAR_INT)),
                 "floor_divide is not defined for complex64");
    expect_error(DA__OP_ADD, 1, IN(array(DA_INT8)), "add takes 2 operands, not 1");
    expect_error(DA__OP_ASTYPE, 1, IN(array(DA_INT8)), "astype needs a dtype");
}

static void every_row_is_complete(void **state)
{
    (void)state;
    for (int k = 0; k < DA__NELEMENTWISE; k++) {
        const struct da__op_info *row = da__op_info((enum da__op_id)k);
        enum da__op_id found;
        assert_true(da__op_find(row->name, &found));
        assert_int_equal(found, k);
        assert_in_range(row->nin, 1, 3);
        assert_in_range(row->takes, 1, 15);
        assert_true(strlen(row->doc) > 3);
        assert_true(!row->commutative || row->nin == 2);
    }
    for (int k = 0; k < DA__NREDUCTIONS; k++) {
        const struct da__red_info *row = da__red_info((enum da__red_id)k);
        enum da__red_id found;
        da_dtype t, r;
        assert_true(da__red_find(row->name, &found));
        assert_int_equal(found, k);
        assert_true(strlen(row->doc) > 2);
        assert_int_equal(da__red_infer(found, DA_FLOAT64, DA_DTYPE_DEFAULT, &t, &r, NULL), DA_OK);
        assert_int_equal(t, DA_FLOAT64); /* a row without a rule would not get here */
        assert_true(r == DA_FLOAT64 || r == DA_BOOL || r == DA_INT64);
    }
    enum da__op_id op;
    enum da__red_id red;
    assert_false(da__op_find("sum", &op));
    assert_false(da__red_find("add", &red));
}

static void expect_red(enum da__red_id red, da_dtype in, da_dtype attr, da_dtype compute,
                       da_dtype result)
{
    da_dtype t, r;
    assert_int_equal(da__red_infer(red, in, attr, &t, &r, NULL), DA_OK);
    assert_int_equal(t, compute);
    assert_int_equal(r, result);
}

static void reductions(void **state)
{
    (void)state;
    const da_dtype none = DA_DTYPE_DEFAULT;
    expect_red(DA__RED_SUM, DA_INT8, none, DA_INT64, DA_INT64);
    expect_red(DA__RED_SUM, DA_BOOL, none, DA_INT64, DA_INT64);
    expect_red(DA__RED_SUM, DA_UINT8, none, DA_UINT64, DA_UINT64);
    expect_red(DA__RED_SUM, DA_FLOAT32, none, DA_FLOAT32, DA_FLOAT32);
    expect_red(DA__RED_SUM, DA_FLOAT32, DA_FLOAT64, DA_FLOAT64, DA_FLOAT64);
    expect_red(DA__RED_PROD, DA_INT32, DA_INT32, DA_INT32, DA_INT32);
    expect_red(DA__RED_MIN, DA_BOOL, none, DA_BOOL, DA_BOOL);
    expect_red(DA__RED_MEAN, DA_INT8, none, DA_FLOAT64, DA_FLOAT64);
    expect_red(DA__RED_MEAN, DA_COMPLEX64, none, DA_COMPLEX64, DA_COMPLEX64);
    expect_red(DA__RED_VAR, DA_COMPLEX128, none, DA_COMPLEX128, DA_FLOAT64);
    expect_red(DA__RED_STD, DA_COMPLEX64, none, DA_COMPLEX64, DA_FLOAT32);
    expect_red(DA__RED_ARGMAX, DA_FLOAT32, none, DA_FLOAT32, DA_INT64);
    expect_red(DA__RED_ANY, DA_INT8, none, DA_INT8, DA_BOOL);
    expect_red(DA__RED_COUNT_NONZERO, DA_COMPLEX64, none, DA_COMPLEX64, DA_INT64);
    da_dtype t, r;
    struct da__error err = {0};
    assert_int_equal(da__red_infer(DA__RED_MEAN, DA_INT8, DA_INT8, &t, &r, &err), DA_ERR_DTYPE);
    assert_string_equal(err.text, "mean: dtype int8 is not floating-point");
    err = (struct da__error){0};
    assert_int_equal(da__red_infer(DA__RED_MAX, DA_INT8, DA_INT8, &t, &r, &err), DA_ERR_DTYPE);
    assert_string_equal(err.text, "max takes no dtype");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules),
        cmocka_unit_test(weak_scalars),
        cmocka_unit_test(errors_name_operator_and_dtype),
        cmocka_unit_test(every_row_is_complete),
        cmocka_unit_test(reductions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
