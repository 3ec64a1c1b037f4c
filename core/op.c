/* The operator table, from ops.def, and the dtypes of operators' results. */
#include "da_core.h"

#include <string.h>

static const struct da__op_info op_row[] = {
#define DA__ELEMENTWISE(id, name, symbol, nin, rule, takes, commutative, doc, ...)                 \
    [DA__OP_##id] = {name, symbol, nin, rule, takes, commutative, doc},
#define DA__REDUCTION(id, ...)
#include "ops.def"
#undef DA__ELEMENTWISE
#undef DA__REDUCTION
    [DA__OP_USER1] = {"user", NULL, 1, DA__RULE_SAME, 0, false, "a function of the user's"},
    [DA__OP_USER2] = {"user", NULL, 2, DA__RULE_SAME, 0, false, "a function of the user's"},
    [DA__OP_USER3] = {"user", NULL, 3, DA__RULE_SAME, 0, false, "a function of the user's"},
};

/* The macro takes a variadic tail in case the kernels add columns: the empty argument keeps it from
 * being empty. */
#define RED_ROW(id, name, takes, has_identity, has_correction, doc, ...)                           \
    [DA__RED_##id] = {name, takes, has_identity, has_correction, doc},
static const struct da__red_info red_row[] = {
#define DA__ELEMENTWISE(id, ...)
#define DA__REDUCTION(...) RED_ROW(__VA_ARGS__, )
#include "ops.def"
#undef DA__ELEMENTWISE
#undef DA__REDUCTION
    [DA__RED_USER] = {"user", 0, true, false, "a reduction of the user's"},
};

/* How a reduction's input dtype becomes its computing and its result dtype. */
enum red_rule {
    RED_WIDEN =
        1, /* bool and ints to 64 bits of their sign, others stay; an explicit dtype wins (sum)  */
    RED_FLOAT,  /* float_of; an explicit float dtype wins                                    (mean)
                 */
    RED_SPREAD, /* float_of, the result is real; an explicit float dtype wins                (var)
                 */
    RED_SAME, /*                                                                           (min)  */
    RED_TRUTH, /* reads elements as they are, the result is bool                            (any) */
    RED_COUNT /* reads elements as they are, the result is int64                         (argmax) */
};
static const unsigned char red_rule[DA__NREDUCTIONS] = {
    [DA__RED_SUM] = RED_WIDEN,
    [DA__RED_PROD] = RED_WIDEN,
    [DA__RED_MIN] = RED_SAME,
    [DA__RED_MAX] = RED_SAME,
    [DA__RED_MEAN] = RED_FLOAT,
    [DA__RED_VAR] = RED_SPREAD,
    [DA__RED_STD] = RED_SPREAD,
    [DA__RED_ANY] = RED_TRUTH,
    [DA__RED_ALL] = RED_TRUTH,
    [DA__RED_ARGMIN] = RED_COUNT,
    [DA__RED_ARGMAX] = RED_COUNT,
    [DA__RED_COUNT_NONZERO] = RED_COUNT,
    [DA__RED_REPRODUCIBLE_SUM] = RED_WIDEN,
    [DA__RED_REPRODUCIBLE_MEAN] = RED_FLOAT,
};

const struct da__op_info *da__op_info(enum da__op_id op)
{
    return &op_row[op];
}

bool da__op_find(const char *name, enum da__op_id *out)
{
    for (int op = 0; op < DA__NELEMENTWISE; op++) {
        if (strcmp(name, op_row[op].name) == 0) {
            *out = (enum da__op_id)op;
            return true;
        }
    }
    return false;
}

const struct da__red_info *da__red_info(enum da__red_id red)
{
    return &red_row[red];
}

bool da__red_find(const char *name, enum da__red_id *out)
{
    for (int red = 0; red < DA__NREDUCTIONS; red++) {
        if (strcmp(name, red_row[red].name) == 0) {
            *out = (enum da__red_id)red;
            return true;
        }
    }
    return false;
}

static unsigned class_of(da_dtype dtype)
{
    switch (da__dtype(dtype)->kind) {
    case 'b':
        return DA__TAKES_BOOL;
    case 'f':
        return DA__TAKES_FLOAT;
    case 'c':
        return DA__TAKES_COMPLEX;
    default:
        return DA__TAKES_INT;
    }
}

/* The promotion of the inputs from `first` on: arrays among themselves, then the weak scalars;
 * scalars alone count as arrays of their default dtype. */
static da_dtype promote_inputs(int first, int nin, const struct da__operand_type *in)
{
    uint32_t arrays = 0;
    for (int k = first; k < nin; k++)
        if (!in[k].weak)
            arrays |= UINT32_C(1) << in[k].dtype;
    da_dtype dtype = da__promote_all(arrays);
    for (int k = first; k < nin; k++) {
        if (in[k].weak)
            dtype = arrays != 0 ? da__promote_weak(dtype, in[k].kind)
                                : da__promote(dtype, da__scalar_dtype(in[k].kind));
    }
    return dtype;
}

da_status da__op_infer(enum da__op_id op, int nin, const struct da__operand_type *in,
                       da_dtype attr_dtype, da_dtype *compute, da_dtype *result,
                       struct da__error *err)
{
    const struct da__op_info *row = &op_row[op];
    if (nin != row->nin)
        return da__fail(err, DA_ERR_ARGUMENT, "%s takes %d operand%s, not %d", row->name, row->nin,
                        row->nin == 1 ? "" : "s", nin);
    if (row->rule == DA__RULE_CAST && !da__dtype_valid((int)attr_dtype))
        return da__fail(err, DA_ERR_DTYPE, "%s needs a dtype", row->name);

    da_dtype inputs = promote_inputs(row->rule == DA__RULE_WHERE ? 1 : 0, nin, in);
    da_dtype type = row->rule == DA__RULE_FLOAT ? da__dtype_float_of(inputs) : inputs;
    if ((row->takes & class_of(type)) == 0)
        return da__fail(err, DA_ERR_DTYPE, "%s is not defined for %s", row->name,
                        da__dtype(inputs)->name);

    const da_dtype results[] = {
        [DA__RULE_SAME] = type,
        [DA__RULE_FLOAT] = type,
        [DA__RULE_BOOL] = DA_BOOL,
        [DA__RULE_LOGICAL] = DA_BOOL,
        [DA__RULE_REAL_PART] = da__dtype_real_of(type),
        [DA__RULE_WHERE] = type,
        [DA__RULE_CAST] = attr_dtype,
        [DA__RULE_DRAW_INT64] = DA_INT64,
        [DA__RULE_DRAW_UINT64] = DA_UINT64,
        [DA__RULE_DRAW_FLOAT32] = DA_FLOAT32,
        [DA__RULE_DRAW_FLOAT64] = DA_FLOAT64,
    };
    *compute = row->rule >= DA__RULE_DRAW_INT64 ? DA_INT64 : type;
    *result = results[row->rule];
    return DA_OK;
}

da_dtype da__op_input_dtype(enum da__op_id op, int k, da_dtype compute)
{
    return op_row[op].rule == DA__RULE_WHERE && k == 0 ? DA_BOOL : compute;
}

static da_dtype widened(da_dtype dtype)
{
    unsigned class = class_of(dtype);
    if ((class & (DA__TAKES_BOOL | DA__TAKES_INT)) == 0)
        return dtype;
    return da__dtype(dtype)->kind == 'u' ? DA_UINT64 : DA_INT64;
}

/* An explicit dtype of a reduction, checked against what its rule can use. */
static da_status check_red_dtype(enum da__red_id red, da_dtype dtype, struct da__error *err)
{
    if (!da__dtype_valid((int)dtype))
        return da__fail(err, DA_ERR_DTYPE, "%s: unknown dtype %d", red_row[red].name, (int)dtype);
    if (red_rule[red] > RED_SPREAD)
        return da__fail(err, DA_ERR_DTYPE, "%s takes no dtype", red_row[red].name);
    bool is_float = (class_of(dtype) & (DA__TAKES_FLOAT | DA__TAKES_COMPLEX)) != 0;
    if (red_rule[red] != RED_WIDEN && !is_float)
        return da__fail(err, DA_ERR_DTYPE, "%s: dtype %s is not floating-point", red_row[red].name,
                        da__dtype(dtype)->name);
    return DA_OK;
}

da_status da__red_infer(enum da__red_id red, da_dtype in, da_dtype attr_dtype, da_dtype *compute,
                        da_dtype *result, struct da__error *err)
{
    const struct da__red_info *row = &red_row[red];
    if ((row->takes & class_of(in)) == 0)
        return da__fail(err, DA_ERR_DTYPE, "%s is not defined for %s", row->name,
                        da__dtype(in)->name);
    bool given = attr_dtype != DA_DTYPE_DEFAULT;
    if (given)
        DA_TRY(check_red_dtype(red, attr_dtype, err));
    enum red_rule rule = red_rule[red];
    da_dtype type = in;
    if (rule == RED_WIDEN)
        type = given ? attr_dtype : widened(in);
    else if (rule == RED_FLOAT || rule == RED_SPREAD)
        type = given ? attr_dtype : da__dtype_float_of(in);
    const da_dtype results[] = {
        [RED_WIDEN] = type, [RED_FLOAT] = type,    [RED_SPREAD] = da__dtype_real_of(type),
        [RED_SAME] = type,  [RED_TRUTH] = DA_BOOL, [RED_COUNT] = DA_INT64,
    };
    *compute = type;
    *result = results[rule];
    return DA_OK;
}
