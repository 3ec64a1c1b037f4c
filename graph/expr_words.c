/* Words in an expression: calls of the callables, arrays, constants, dtypes. */
#include "expr_parser.h"

#include <math.h>
#include <string.h>

/* ---- calls ---- */

/* The next word without taking it. */
static bool next_is(const struct da__parser *p, const char *sign)
{
    struct da__lexer ahead = p->lexer;
    struct da__token token;
    return da__lexer_next(&ahead, &token, NULL) == DA_OK && da__token_is(&token, sign);
}

/* Functions of scalars alone give a scalar, as Python's math does: sqrt(2) * x keeps x's float32.
 */
static bool fold_call(const struct da__call *c, struct da__raw *out)
{
    if (c->callable->build == NULL || c->callable->op < 0 || c->nkeywords > 0 ||
        c->npositional != c->callable->nparams)
        return false;
    enum da__op_id op;
    if (!da__op_find(c->callable->name, &op) || op == DA__OP_ASTYPE)
        return false;
    struct da__operand_type type[3] = {{0}};
    for (int64_t k = 0; k < c->npositional; k++) {
        if (c->positional[k].kind != DA__RAW_SCALAR)
            return false;
        type[k] = (struct da__operand_type){.weak = true, .kind = c->positional[k].u.scalar.kind};
    }
    da_dtype compute, result;
    if (da__op_infer(op, (int)c->npositional, type, DA_DTYPE_DEFAULT, &compute, &result, NULL) !=
        DA_OK)
        return false;
    _Alignas(16) uint8_t element[3][16] = {{0}}, value[16] = {0};
    const void *in[3] = {element[0], element[1], element[2]};
    for (int k = 0; k < (int)c->npositional; k++)
        if (!da__scalar_store(&c->positional[k].u.scalar, da__op_input_dtype(op, k, compute),
                              element[k]))
            return false;
    da__strip(op, compute, result, 1, value, in, 7);
    struct da__scalar s;
    da__scalar_load(value, result, &s);
    da__parse_scalar(out, s, c->column);
    return true;
}

static da_status parse_argument(struct da__parser *p, struct da__call *c)
{
    if (p->token.kind == DA__TOKEN_NAME && next_is(p, "=")) {
        if (!da__parse_room(p, (void **)&c->keyword, c->nkeywords, &c->keywords_cap,
                            sizeof *c->keyword))
            return da__parse_no_memory(p);
        struct da__keyword *k = &c->keyword[c->nkeywords++];
        k->name = p->token.text;
        DA_TRY(da__parse_advance(p));
        DA_TRY(da__parse_advance(p));
        return da__parse(p, 0, &k->value);
    }
    if (c->nkeywords > 0)
        return da__fail(p->err, DA_ERR_FORMAT, "column %d: a positional argument after a keyword",
                        p->token.column);
    if (!da__parse_room(p, (void **)&c->positional, c->npositional, &c->positional_cap,
                        sizeof *c->positional))
        return da__parse_no_memory(p);
    return da__parse(p, 0, &c->positional[c->npositional++]);
}

static int culprit_column(const struct da__call *c, const struct da__culprit *culprit)
{
    if (culprit->positional >= 0)
        return c->positional[culprit->positional].column;
    return culprit->keyword >= 0 ? c->keyword[culprit->keyword].value.column : c->column;
}

da_status da__parse_run_call(struct da__parser *p, const struct da__call *c, struct da__raw *out)
{
    if (fold_call(c, out))
        return DA_OK;
    struct da__error err = {.engine = -1};
    struct da__culprit culprit;
    da_array *a =
        da__bind_call(p->g, c->callable, (int)c->npositional, c->positional, (int)c->nkeywords,
                      c->keyword, p->names->folder, p->arena, &culprit, &err);
    if (a == NULL)
        return da__fail(p->err, err.status, "column %d: %s", culprit_column(c, &culprit), err.text);
    return da__parse_built(p, a, c->column, out);
}

static da_status parse_call(struct da__parser *p, const char *name, int column, struct da__raw *out)
{
    char near[96];
    struct da__call c = {.callable = da__callable_in(p->g, name), .column = column};
    if (c.callable == NULL)
        return da__fail(p->err, DA_ERR_FORMAT, "column %d: no function \"%s\"%s", column, name,
                        da__near_callable(name, near, sizeof near));
    DA_TRY(da__parse_advance(p));
    while (!da__parse_at(p, ")")) {
        DA_TRY(parse_argument(p, &c));
        if (c.npositional + c.nkeywords > DA__MAX_NESTING)
            return da__fail(p->err, DA_ERR_FORMAT, "column %d: more than %d arguments", column,
                            DA__MAX_NESTING);
        if (da__parse_at(p, ","))
            DA_TRY(da__parse_advance(p));
        else if (!da__parse_at(p, ")"))
            return da__parse_expected(p, "\",\" or \")\"");
    }
    DA_TRY(da__parse_advance(p));
    return da__parse_run_call(p, &c, out);
}

/* ---- words ---- */

static bool find_constant(const char *word, struct da__raw *out)
{
    static const struct {
        const char *word;
        enum da__raw_kind kind;
        struct da__scalar value;
    } constant[] = {
        {"True", DA__RAW_SCALAR, {.kind = DA__SCALAR_BOOL, .i = 1, .re = 1}},
        {"False", DA__RAW_SCALAR, {.kind = DA__SCALAR_BOOL}},
        {"None", DA__RAW_NONE, {0}},
        {"newaxis", DA__RAW_NONE, {0}},
        {"pi", DA__RAW_SCALAR, {.kind = DA__SCALAR_FLOAT, .re = 3.14159265358979323846}},
        {"e", DA__RAW_SCALAR, {.kind = DA__SCALAR_FLOAT, .re = 2.71828182845904523536}},
        {"inf", DA__RAW_SCALAR, {.kind = DA__SCALAR_FLOAT, .re = (double)INFINITY}},
        {"nan", DA__RAW_SCALAR, {.kind = DA__SCALAR_FLOAT, .re = (double)NAN}},
    };
    for (size_t k = 0; k < sizeof constant / sizeof *constant; k++)
        if (strcmp(constant[k].word, word) == 0) {
            out->kind = constant[k].kind;
            out->u.scalar = constant[k].value;
            return true;
        }
    return false;
}

bool da__parse_is_keyword(const char *word)
{
    static const char *const keyword[] = {"and", "or", "not",    "if", "else",
                                          "in",  "is", "lambda", "for"};
    for (size_t k = 0; k < sizeof keyword / sizeof *keyword; k++)
        if (strcmp(word, keyword[k]) == 0)
            return true;
    return false;
}

da_status da__parse_unknown_word(struct da__parser *p, const char *word, int column)
{
    if (da__parse_is_keyword(word))
        return da__fail(p->err, DA_ERR_FORMAT,
                        "column %d: \"%s\" is not offered for arrays; use &, |, ~ and where()",
                        column, word);
    if (da__callable_in(p->g, word) != NULL)
        return da__fail(p->err, DA_ERR_FORMAT,
                        "column %d: %s is a function, and its \"(\" is missing", column, word);
    const char *nearest = p->names->nearest(p->names->self, word);
    if (nearest != NULL)
        return da__fail(p->err, DA_ERR_FORMAT, "column %d: no array \"%s\" (did you mean \"%s\"?)",
                        column, word, nearest);
    char near[96];
    return da__fail(p->err, DA_ERR_FORMAT, "column %d: no array \"%s\"%s", column, word,
                    da__near_callable(word, near, sizeof near));
}

da_status da__parse_word(struct da__parser *p, struct da__raw *out)
{
    const char *word = p->token.text;
    int column = p->token.column;
    DA_TRY(da__parse_advance(p));
    if (da__parse_at(p, "("))
        return parse_call(p, word, column, out);
    *out = (struct da__raw){.column = column};
    da_array *a = p->names->find(p->names->self, word);
    if (a != NULL)
        return da__parse_built(p, a, column, out);
    if (find_constant(word, out))
        return DA_OK;
    out->kind = DA__RAW_DTYPE;
    return da__dtype_find(word, &out->u.dtype) ? DA_OK : da__parse_unknown_word(p, word, column);
}
