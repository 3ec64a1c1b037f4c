/* The table of everything that JSON's "op" and an expression's call can name. Elementwise operators
 * and reductions are rows of ops.def; the rest is listed below. Parameters bear the array API
 * standard's names. */
#include "calls.h"

#include <string.h>

#define REQUIRED true
#define COUNT(list) ((int)(sizeof(list) / sizeof *(list)))

/* ---- parameters ---- */

static const struct da__callable_param unary_param[] = {{"x", DA__ARG_OPERAND, REQUIRED}};
static const struct da__callable_param binary_param[] = {{"x1", DA__ARG_OPERAND, REQUIRED},
                                                         {"x2", DA__ARG_OPERAND, REQUIRED}};
static const struct da__callable_param where_param[] = {{"condition", DA__ARG_OPERAND, REQUIRED},
                                                        {"x1", DA__ARG_OPERAND, REQUIRED},
                                                        {"x2", DA__ARG_OPERAND, REQUIRED}};
static const struct da__callable_param random_param[] = {{"index", DA__ARG_OPERAND, REQUIRED},
                                                         {"seed", DA__ARG_OPERAND, REQUIRED},
                                                         {"stream", DA__ARG_OPERAND, REQUIRED}};
static const struct da__callable_param permute_param[] = {{"index", DA__ARG_OPERAND, REQUIRED},
                                                          {"n", DA__ARG_OPERAND, REQUIRED},
                                                          {"key", DA__ARG_OPERAND, REQUIRED}};
static const struct da__callable_param clip_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                       {"min", DA__ARG_OPERAND, false},
                                                       {"max", DA__ARG_OPERAND, false}};
static const struct da__callable_param astype_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                         {"dtype", DA__ARG_DTYPE, REQUIRED}};

static const struct da__callable_param reduce_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                         {"axis", DA__ARG_INTS, false},
                                                         {"keepdims", DA__ARG_BOOL, false}};
static const struct da__callable_param sum_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                      {"axis", DA__ARG_INTS, false},
                                                      {"dtype", DA__ARG_DTYPE, false},
                                                      {"keepdims", DA__ARG_BOOL, false}};
static const struct da__callable_param var_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                      {"axis", DA__ARG_INTS, false},
                                                      {"correction", DA__ARG_NUMBER, false},
                                                      {"keepdims", DA__ARG_BOOL, false}};

static const struct da__callable_param arange_param[] = {{"start", DA__ARG_NUMBER, REQUIRED},
                                                         {"stop", DA__ARG_NUMBER, false},
                                                         {"step", DA__ARG_NUMBER, false},
                                                         {"dtype", DA__ARG_DTYPE, false},
                                                         {"dist", DA__ARG_DIST, false}};
static const struct da__callable_param linspace_param[] = {
    {"start", DA__ARG_NUMBER, REQUIRED}, {"stop", DA__ARG_NUMBER, REQUIRED},
    {"num", DA__ARG_INT, REQUIRED},      {"dtype", DA__ARG_DTYPE, false},
    {"endpoint", DA__ARG_BOOL, false},   {"dist", DA__ARG_DIST, false}};
static const struct da__callable_param zeros_param[] = {{"shape", DA__ARG_INTS, REQUIRED},
                                                        {"dtype", DA__ARG_DTYPE, false},
                                                        {"dist", DA__ARG_DIST, false}};
static const struct da__callable_param full_param[] = {{"shape", DA__ARG_INTS, REQUIRED},
                                                       {"fill_value", DA__ARG_DATA, REQUIRED},
                                                       {"dtype", DA__ARG_DTYPE, false},
                                                       {"dist", DA__ARG_DIST, false}};
static const struct da__callable_param eye_param[] = {{"n_rows", DA__ARG_INT, REQUIRED},
                                                      {"n_cols", DA__ARG_INT, false},
                                                      {"k", DA__ARG_INT, false},
                                                      {"dtype", DA__ARG_DTYPE, false},
                                                      {"dist", DA__ARG_DIST, false}};
static const struct da__callable_param index_param[] = {{"axis", DA__ARG_INT, REQUIRED},
                                                        {"shape", DA__ARG_INTS, REQUIRED},
                                                        {"dist", DA__ARG_DIST, false}};
#define DRAW_PARAMS                                                                                \
    {"dtype", DA__ARG_DTYPE, false}, {"seed", DA__ARG_INT, false}, {"stream", DA__ARG_INT, false}, \
    {                                                                                              \
        "dist", DA__ARG_DIST, false                                                                \
    }
static const struct da__callable_param uniform_param[] = {{"shape", DA__ARG_INTS, REQUIRED},
                                                          {"low", DA__ARG_NUMBER, false},
                                                          {"high", DA__ARG_NUMBER, false},
                                                          DRAW_PARAMS};
static const struct da__callable_param normal_param[] = {{"shape", DA__ARG_INTS, REQUIRED},
                                                         {"mean", DA__ARG_NUMBER, false},
                                                         {"std", DA__ARG_NUMBER, false},
                                                         DRAW_PARAMS};
static const struct da__callable_param exponential_param[] = {
    {"shape", DA__ARG_INTS, REQUIRED}, {"scale", DA__ARG_NUMBER, false}, DRAW_PARAMS};
static const struct da__callable_param integers_param[] = {{"low", DA__ARG_INT, REQUIRED},
                                                           {"high", DA__ARG_INT, REQUIRED},
                                                           {"shape", DA__ARG_INTS, REQUIRED},
                                                           {"endpoint", DA__ARG_BOOL, false},
                                                           DRAW_PARAMS};
static const struct da__callable_param permutation_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                              {"axis", DA__ARG_INT, false},
                                                              {"seed", DA__ARG_INT, false},
                                                              {"stream", DA__ARG_INT, false},
                                                              {"dist", DA__ARG_DIST, false}};
static const struct da__callable_param array_param[] = {{"data", DA__ARG_DATA, REQUIRED},
                                                        {"dtype", DA__ARG_DTYPE, false},
                                                        {"dist", DA__ARG_DIST, false}};

static const struct da__callable_param slice_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                        {"index", DA__ARG_TEXT, REQUIRED}};
static const struct da__callable_param view_param[] = {
    {"x", DA__ARG_OPERAND, REQUIRED}, {"shape", DA__ARG_INTS, REQUIRED},
    {"axis", DA__ARG_INTS, REQUIRED}, {"offset", DA__ARG_INTS, REQUIRED},
    {"step", DA__ARG_INTS, REQUIRED}, {"period", DA__ARG_INTS, false},
    {"phase", DA__ARG_INTS, false}};
static const struct da__callable_param axes_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                       {"axes", DA__ARG_INTS, false}};
static const struct da__callable_param one_axis_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                           {"axis", DA__ARG_INT, REQUIRED}};
static const struct da__callable_param squeeze_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                          {"axis", DA__ARG_INTS, REQUIRED}};
static const struct da__callable_param flip_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                       {"axis", DA__ARG_INTS, false}};
static const struct da__callable_param moveaxis_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                           {"source", DA__ARG_INTS, REQUIRED},
                                                           {"destination", DA__ARG_INTS, REQUIRED}};
static const struct da__callable_param shape_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                        {"shape", DA__ARG_INTS, REQUIRED}};
static const struct da__callable_param reshape_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                          {"shape", DA__ARG_INTS, REQUIRED},
                                                          {"dist", DA__ARG_DIST, false}};
static const struct da__callable_param tile_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                       {"repetitions", DA__ARG_INTS, REQUIRED}};
static const struct da__callable_param repeat_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                         {"repeats", DA__ARG_OPERAND, REQUIRED},
                                                         {"axis", DA__ARG_INT, false}};
static const struct da__callable_param dist_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                       {"dist", DA__ARG_DIST, REQUIRED}};
static const struct da__callable_param distribute_as_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                                {"shape", DA__ARG_INTS, REQUIRED},
                                                                {"dist", DA__ARG_DIST, false}};
static const struct da__callable_param roll_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                       {"shift", DA__ARG_INTS, REQUIRED},
                                                       {"axis", DA__ARG_INTS, false}};
static const struct da__callable_param concat_param[] = {{"arrays", DA__ARG_ARRAYS, REQUIRED},
                                                         {"axis", DA__ARG_INT, false}};
static const struct da__callable_param mesh_param[] = {{"arrays", DA__ARG_ARRAYS, REQUIRED},
                                                       {"output", DA__ARG_INT, REQUIRED},
                                                       {"indexing", DA__ARG_TEXT, false}};
static const struct da__callable_param triangle_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                           {"k", DA__ARG_INT, false}};
static const struct da__callable_param diagonal_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                           {"offset", DA__ARG_INT, false},
                                                           {"axis1", DA__ARG_INT, false},
                                                           {"axis2", DA__ARG_INT, false}};
static const struct da__callable_param set_slice_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                            {"value", DA__ARG_OPERAND, REQUIRED},
                                                            {"index", DA__ARG_TEXT, REQUIRED}};
static const struct da__callable_param set_where_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                            {"mask", DA__ARG_OPERAND, REQUIRED},
                                                            {"value", DA__ARG_OPERAND, REQUIRED}};
static const struct da__callable_param take_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                       {"indices", DA__ARG_OPERAND, REQUIRED},
                                                       {"axis", DA__ARG_INT, false}};
static const struct da__callable_param take_along_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                             {"indices", DA__ARG_OPERAND, REQUIRED},
                                                             {"axis", DA__ARG_INT, false}};
static const struct da__callable_param get_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                      {"indices", DA__ARG_ARRAYS, REQUIRED},
                                                      {"index", DA__ARG_TEXT, REQUIRED}};
static const struct da__callable_param put_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                      {"value", DA__ARG_OPERAND, REQUIRED},
                                                      {"indices", DA__ARG_ARRAYS, REQUIRED},
                                                      {"index", DA__ARG_TEXT, REQUIRED}};
static const struct da__callable_param gather_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                         {"indices", DA__ARG_ARRAYS, REQUIRED},
                                                         {"shape", DA__ARG_INTS, REQUIRED},
                                                         {"attributes", DA__ARG_INTS, REQUIRED}};
static const struct da__callable_param scatter_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                          {"value", DA__ARG_OPERAND, REQUIRED},
                                                          {"indices", DA__ARG_ARRAYS, REQUIRED},
                                                          {"attributes", DA__ARG_INTS, REQUIRED}};
static const struct da__callable_param load_param[] = {
    {"file", DA__ARG_FILE, REQUIRED}, {"dataset", DA__ARG_TEXT, false},
    {"decode", DA__ARG_TEXT, false},  {"index", DA__ARG_TEXT, false},
    {"dtype", DA__ARG_DTYPE, false},  {"dist", DA__ARG_DIST, false}};
static const struct da__callable_param save_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                       {"file", DA__ARG_FILE, REQUIRED},
                                                       {"dataset", DA__ARG_TEXT, false}};

static const struct da__callable_param compress_param[] = {{"condition", DA__ARG_OPERAND, REQUIRED},
                                                           {"x", DA__ARG_OPERAND, REQUIRED},
                                                           {"axis", DA__ARG_INT, false}};
static const struct da__callable_param extract_param[] = {{"condition", DA__ARG_OPERAND, REQUIRED},
                                                          {"x", DA__ARG_OPERAND, REQUIRED}};
static const struct da__callable_param repeat_index_param[] = {
    {"counts", DA__ARG_OPERAND, REQUIRED}};
static const struct da__callable_param search_param[] = {{"x1", DA__ARG_OPERAND, REQUIRED},
                                                         {"x2", DA__ARG_OPERAND, REQUIRED},
                                                         {"side", DA__ARG_TEXT, false}};
static const struct da__callable_param sort_param[] = {{"x", DA__ARG_OPERAND, REQUIRED},
                                                       {"axis", DA__ARG_INT, false},
                                                       {"descending", DA__ARG_BOOL, false},
                                                       {"stable", DA__ARG_BOOL, false}};
static const struct da__callable_param cumulative_param[] = {
    {"x", DA__ARG_OPERAND, REQUIRED},
    {"axis", DA__ARG_INT, false},
    {"dtype", DA__ARG_DTYPE, false},
    {"include_initial", DA__ARG_BOOL, false}};
static const struct da__callable_param cumulative_sum_param[] = {
    {"x", DA__ARG_OPERAND, REQUIRED},
    {"axis", DA__ARG_INT, false},
    {"dtype", DA__ARG_DTYPE, false},
    {"include_initial", DA__ARG_BOOL, false},
    {"reproducible", DA__ARG_BOOL, false}};

static const struct da__callable_param pair_param[] = {{"x1", DA__ARG_OPERAND, REQUIRED},
                                                       {"x2", DA__ARG_OPERAND, REQUIRED}};
static const struct da__callable_param matmul_param[] = {{"x1", DA__ARG_OPERAND, REQUIRED},
                                                         {"x2", DA__ARG_OPERAND, REQUIRED},
                                                         {"transpose1", DA__ARG_BOOL, false},
                                                         {"transpose2", DA__ARG_BOOL, false},
                                                         {"reproducible", DA__ARG_BOOL, false}};
static const struct da__callable_param tensordot_param[] = {{"x1", DA__ARG_OPERAND, REQUIRED},
                                                            {"x2", DA__ARG_OPERAND, REQUIRED},
                                                            {"axes", DA__ARG_DATA, false},
                                                            {"reproducible", DA__ARG_BOOL, false}};
static const struct da__callable_param vecdot_param[] = {{"x1", DA__ARG_OPERAND, REQUIRED},
                                                         {"x2", DA__ARG_OPERAND, REQUIRED},
                                                         {"axis", DA__ARG_INT, false}};

/* ---- the rows ---- */

/* Operators whose parameters or builder are not those of their number of inputs. */
#define IS(id, name) (DA__OP_##id == DA__OP_##name)
#define ELEMENTWISE_NPARAMS(id, nin) (IS(id, ASTYPE) ? 2 : (nin))
#define ELEMENTWISE_PARAMS(id, nin, rule)                                                          \
    (IS(id, ASTYPE)                  ? astype_param                                                \
     : IS(id, CLIP)                  ? clip_param                                                  \
     : IS(id, RANDOM_PERMUTE)        ? permute_param                                               \
     : (rule) >= DA__RULE_DRAW_INT64 ? random_param                                                \
     : (nin) == 3                    ? where_param                                                 \
     : (nin) == 2                    ? binary_param                                                \
                                     : unary_param)
#define ELEMENTWISE_BUILD(id)                                                                      \
    (IS(id, ASTYPE) ? da__call_astype : IS(id, CLIP) ? da__call_clip : da__call_elementwise)

#define HAS_DTYPE(id)                                                                              \
    (DA__RED_##id == DA__RED_SUM || DA__RED_##id == DA__RED_PROD ||                                \
     DA__RED_##id == DA__RED_MEAN || DA__RED_##id == DA__RED_REPRODUCIBLE_SUM)
#define REDUCTION_NPARAMS(id, correction) (HAS_DTYPE(id) || (correction) ? 4 : 3)
#define REDUCTION_PARAMS(id, correction)                                                           \
    (HAS_DTYPE(id) ? sum_param : (correction) ? var_param : reduce_param)

static const struct da__callable table[] = {
#define DA__ELEMENTWISE(id, name, symbol, nin, rule, takes, commutative, doc, ...)                 \
    {name,                                                                                         \
     ELEMENTWISE_NPARAMS(id, nin),                                                                 \
     ELEMENTWISE_PARAMS(id, nin, rule),                                                            \
     ELEMENTWISE_BUILD(id),                                                                        \
     DA__OP_##id,                                                                                  \
     doc},
#define DA__REDUCTION(id, name, takes, has_identity, has_correction, doc)                          \
    {name,                                                                                         \
     REDUCTION_NPARAMS(id, has_correction),                                                        \
     REDUCTION_PARAMS(id, has_correction),                                                         \
     da__call_reduce,                                                                              \
     DA__RED_##id,                                                                                 \
     doc},
#include "ops.def"
#undef DA__ELEMENTWISE
#undef DA__REDUCTION
#define DA__CALL(name, param, build, doc) {name, COUNT(param), param, build, -1, doc},
#include "callables.def"
#undef DA__CALL
};

int da__ncallables(void)
{
    return COUNT(table);
}

const struct da__callable *da__callable(int i)
{
    return &table[i];
}

const struct da__callable *da__callable_find(const char *name)
{
    for (int i = 0; i < COUNT(table); i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

const char *da__near_callable(const char *name, char *buf, size_t size)
{
    const char *all[COUNT(table)];
    for (int i = 0; i < COUNT(table); i++)
        all[i] = table[i].name;
    return da__near_text(name, all, COUNT(table), buf, size);
}
