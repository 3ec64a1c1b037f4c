/* Expressions in NumPy's notation: Python's operators and precedence. Nodes are built while the
 * text is read; scalars among themselves are computed at once. Nesting is bounded, so the recursion
 * is. */
#include "expr_parser.h"

#include <string.h>

/* ---- what all of the parser uses ---- */

da_status da__parse_advance(struct da__parser *p)
{
    return da__lexer_next(&p->lexer, &p->token, p->err);
}

bool da__parse_at(const struct da__parser *p, const char *sign)
{
    return da__token_is(&p->token, sign);
}

static const char *token_text(const struct da__parser *p)
{
    static const char *const what[] = {
        [DA__TOKEN_END] = "the end", [DA__TOKEN_NUMBER] = "a number", [DA__TOKEN_TEXT] = "a text"};
    return p->token.kind == DA__TOKEN_NAME || p->token.kind == DA__TOKEN_SIGN ? p->token.text
                                                                              : what[p->token.kind];
}

da_status da__parse_expected(struct da__parser *p, const char *what)
{
    return da__fail(p->err, DA_ERR_FORMAT, "column %d: %s where %s was expected", p->token.column,
                    token_text(p), what);
}

da_status da__parse_no_memory(struct da__parser *p)
{
    return da__fail(p->err, DA_ERR_MEMORY, "column %d: out of memory", p->token.column);
}

bool da__parse_room(struct da__parser *p, void **items, int64_t n, int64_t *cap, size_t nbytes)
{
    if (n < *cap)
        return true;
    int64_t more = *cap == 0 ? 8 : 2 * *cap;
    void *bigger = da__arena_alloc(p->arena, (size_t)more * nbytes);
    if (bigger == NULL)
        return false;
    if (n > 0)
        memcpy(bigger, *items, (size_t)n * nbytes);
    *items = bigger;
    *cap = more;
    return true;
}

/* ---- results of builders ---- */

da_status da__parse_built(struct da__parser *p, da_array *a, int column, struct da__raw *out)
{
    const struct da__error *e = da__node_error(a);
    if (e != NULL)
        return da__fail(p->err, e->status, "column %d: %s", column, e->text);
    *out = (struct da__raw){.kind = DA__RAW_ARRAY, .column = column, .u.array = a};
    return DA_OK;
}

void da__parse_scalar(struct da__raw *out, struct da__scalar s, int column)
{
    *out = (struct da__raw){.kind = DA__RAW_SCALAR, .column = column, .u.scalar = s};
}

static struct da__operand operand_of(const struct da__raw *r)
{
    if (r->kind == DA__RAW_ARRAY)
        return (struct da__operand){.array = r->u.array};
    return (struct da__operand){.scalar = r->u.scalar};
}

static bool is_operand(const struct da__raw *r)
{
    return r->kind == DA__RAW_ARRAY || r->kind == DA__RAW_SCALAR;
}

/* An operator on its operands; in[0] receives the result. */
static da_status apply(struct da__parser *p, const char *symbol, enum da__op_id op, int nin,
                       struct da__raw *in, int column)
{
    struct da__scalar scalar[2], result;
    struct da__operand operand[2];
    bool all_scalars = true;
    for (int k = 0; k < nin; k++) {
        if (!is_operand(&in[k]))
            return da__fail(p->err, DA_ERR_FORMAT, "column %d: %s is not defined for %s", column,
                            symbol, da__raw_what(&in[k]));
        operand[k] = operand_of(&in[k]);
        scalar[k] = operand[k].scalar;
        all_scalars &= in[k].kind == DA__RAW_SCALAR;
    }
    if (!all_scalars)
        return da__parse_built(p, da__make_elementwise(p->g, op, nin, operand), column, &in[0]);
    struct da__error err = {.engine = -1};
    if (da__scalar_op(op, nin, scalar, &result, &err) != DA_OK)
        return da__fail(p->err, err.status, "column %d: %s", column, err.text);
    da__parse_scalar(&in[0], result, column);
    return DA_OK;
}

static bool find_operator(const char *symbol, int nin, enum da__op_id *out)
{
    for (int op = 0; op < DA__NELEMENTWISE; op++) {
        const struct da__op_info *info = da__op_info((enum da__op_id)op);
        if (info->nin == nin && info->symbol != NULL && strcmp(info->symbol, symbol) == 0) {
            *out = (enum da__op_id)op;
            return true;
        }
    }
    return false;
}

/* ---- lists, tuples, parentheses ---- */

/* Items up to `close`, which is taken too. *is_single: one item without a comma. */
static da_status parse_items(struct da__parser *p, const char *close, struct da__raw *out,
                             bool *is_single)
{
    struct da__raw *item = NULL;
    int64_t n = 0, cap = 0;
    bool comma = false;
    while (!da__parse_at(p, close)) {
        if (!da__parse_room(p, (void **)&item, n, &cap, sizeof *item))
            return da__parse_no_memory(p);
        DA_TRY(da__parse(p, 0, &item[n++]));
        comma = da__parse_at(p, ",");
        if (comma)
            DA_TRY(da__parse_advance(p));
        else if (!da__parse_at(p, close))
            return da__parse_expected(p, strcmp(close, ")") == 0 ? "\",\" or \")\""
                                                                 : "\",\" or \"]\"");
    }
    DA_TRY(da__parse_advance(p));
    *is_single = n == 1 && !comma;
    out->kind = DA__RAW_LIST;
    out->u.list.n = n;
    out->u.list.item = item;
    return DA_OK;
}

static da_status parse_brackets(struct da__parser *p, const char *close, struct da__raw *out)
{
    bool is_single = false;
    *out = (struct da__raw){.column = p->token.column};
    DA_TRY(da__parse_advance(p));
    DA_TRY(parse_items(p, close, out, &is_single));
    if (strcmp(close, ")") == 0 && is_single)
        *out = out->u.list.item[0];
    return DA_OK;
}

/* ---- operators ---- */

enum { LEVEL_COMPARE = 1, LEVEL_UNARY = 8 };

static int binary_level(const struct da__token *t)
{
    static const struct {
        const char *symbol;
        int level;
    } row[] = {{"==", LEVEL_COMPARE},
               {"!=", LEVEL_COMPARE},
               {"<", LEVEL_COMPARE},
               {"<=", LEVEL_COMPARE},
               {">", LEVEL_COMPARE},
               {">=", LEVEL_COMPARE},
               {"|", 2},
               {"^", 3},
               {"&", 4},
               {"<<", 5},
               {">>", 5},
               {"+", 6},
               {"-", 6},
               {"*", 7},
               {"/", 7},
               {"//", 7},
               {"%", 7},
               {"@", 7}};
    for (size_t k = 0; k < sizeof row / sizeof *row; k++)
        if (da__token_is(t, row[k].symbol))
            return row[k].level;
    return 0;
}

static da_status parse_primary(struct da__parser *p, struct da__raw *out)
{
    struct da__token t = p->token;
    switch (t.kind) {
    case DA__TOKEN_NUMBER:
        da__parse_scalar(out, t.value, t.column);
        return da__parse_advance(p);
    case DA__TOKEN_TEXT:
        *out = (struct da__raw){.kind = DA__RAW_TEXT, .column = t.column, .u.text = t.text};
        return da__parse_advance(p);
    case DA__TOKEN_NAME:
        return da__parse_word(p, out);
    default:
        break;
    }
    if (da__parse_at(p, "("))
        return parse_brackets(p, ")", out);
    if (da__parse_at(p, "["))
        return parse_brackets(p, "]", out);
    return da__parse_expected(p, "an array or a number");
}

static da_status parse_postfix(struct da__parser *p, struct da__raw *out)
{
    DA_TRY(parse_primary(p, out));
    while (da__parse_at(p, "["))
        DA_TRY(da__parse_subscript(p, out));
    if (da__parse_at(p, "("))
        return da__fail(p->err, DA_ERR_FORMAT, "column %d: %s cannot be called", p->token.column,
                        da__raw_what(out));
    if (da__parse_at(p, "."))
        return da__fail(
            p->err, DA_ERR_FORMAT,
            "column %d: attributes and methods are not offered; write sum(x), not x.sum()",
            p->token.column);
    return DA_OK;
}

/* Signs bind looser than ** on their right side and tighter on its right: -2**-1 is -(2**(-1)). */
static da_status parse_signed(struct da__parser *p, struct da__raw *out)
{
    char symbol[2] = {da__parse_at(p, "-")   ? '-'
                      : da__parse_at(p, "+") ? '+'
                      : da__parse_at(p, "~") ? '~'
                                             : '\0',
                      '\0'};
    int column = p->token.column;
    enum da__op_id op;
    if (symbol[0] != '\0' && find_operator(symbol, 1, &op)) {
        DA_TRY(da__parse_advance(p));
        DA_TRY(da__parse(p, LEVEL_UNARY, out));
        return apply(p, symbol, op, 1, out, column);
    }
    DA_TRY(parse_postfix(p, out));
    if (!da__parse_at(p, "**"))
        return DA_OK;
    struct da__raw pair[2] = {*out};
    column = p->token.column;
    DA_TRY(da__parse_advance(p));
    DA_TRY(da__parse(p, LEVEL_UNARY, &pair[1]));
    DA_TRY(apply(p, "**", DA__OP_POW, 2, pair, column));
    *out = pair[0];
    return DA_OK;
}

static da_status apply_binary(struct da__parser *p, const char *symbol, struct da__raw *pair,
                              int column)
{
    enum da__op_id op;
    if (find_operator(symbol, 2, &op))
        return apply(p, symbol, op, 2, pair, column);
    struct da__call c = {.callable = da__callable_find("matmul"),
                         .column = column,
                         .npositional = 2,
                         .positional = pair};
    if (c.callable == NULL)
        return da__fail(p->err, DA_ERR_UNSUPPORTED, "column %d: the operator %s is not offered",
                        column, symbol);
    struct da__raw result;
    DA_TRY(da__parse_run_call(p, &c, &result));
    pair[0] = result;
    return DA_OK;
}

static da_status parse_binary(struct da__parser *p, int level, struct da__raw *out)
{
    struct da__raw pair[2];
    DA_TRY(parse_signed(p, &pair[0]));
    for (;;) {
        int own = binary_level(&p->token), column = p->token.column;
        const char *symbol = p->token.text;
        if (own == 0 || own < level)
            break;
        DA_TRY(da__parse_advance(p));
        DA_TRY(da__parse(p, own + 1, &pair[1]));
        DA_TRY(apply_binary(p, symbol, pair, column));
        if (own == LEVEL_COMPARE && binary_level(&p->token) == LEVEL_COMPARE)
            return da__fail(p->err, DA_ERR_FORMAT,
                            "column %d: comparisons do not chain; write (a < b) & (b < c)",
                            p->token.column);
    }
    *out = pair[0];
    return DA_OK;
}

/* A value whose operators all bind at `level` or tighter. */
da_status da__parse(struct da__parser *p, int level, struct da__raw *out)
{
    if (p->depth >= DA__MAX_NESTING)
        return da__fail(p->err, DA_ERR_FORMAT, "column %d: nested deeper than %d levels",
                        p->token.column, DA__MAX_NESTING);
    p->depth++;
    da_status status = level >= LEVEL_UNARY ? parse_signed(p, out) : parse_binary(p, level, out);
    p->depth--;
    return status;
}

/* ---- whole expressions ---- */

static da_status trailing(struct da__parser *p)
{
    if (p->token.kind == DA__TOKEN_NAME && da__parse_is_keyword(p->token.text))
        return da__parse_unknown_word(p, p->token.text, p->token.column);
    return da__parse_expected(p, "an operator or the end");
}

static da_status parse_all(struct da__parser *p, struct da__raw *out)
{
    DA_TRY(da__parse_advance(p));
    if (p->token.kind == DA__TOKEN_END)
        return da__fail(p->err, DA_ERR_FORMAT, "column 1: the expression is empty");
    DA_TRY(da__parse(p, 0, out));
    if (p->token.kind != DA__TOKEN_END)
        return trailing(p);
    if (!is_operand(out))
        return da__fail(p->err, DA_ERR_FORMAT, "column 1: the expression is %s, not an array",
                        da__raw_what(out));
    return DA_OK;
}

da_array *da__eval_names(struct da__graph *g, const char *text, const struct da__names *names,
                         struct da__error *err)
{
    struct da__arena arena = {0};
    struct da__parser p = {.g = g, .names = names, .arena = &arena, .err = err};
    struct da__raw value;
    da_array *a = NULL;
    da__lexer_start(&p.lexer, text, &arena);
    if (parse_all(&p, &value) == DA_OK)
        a = value.kind == DA__RAW_ARRAY
                ? value.u.array
                : da__make_full(g, 0, NULL, value.u.scalar, DA_DTYPE_DEFAULT, NULL);
    da__arena_free(&arena);
    return a;
}

struct name_list {
    int n;
    const struct da__name *name;
};

static da_array *find_name(void *self, const char *word)
{
    const struct name_list *l = self;
    for (int k = 0; k < l->n; k++)
        if (strcmp(l->name[k].name, word) == 0)
            return l->name[k].array;
    return NULL;
}

static const char *nearest_name(void *self, const char *word)
{
    const struct name_list *l = self;
    const char **all = da__alloc(((size_t)l->n + 1) * sizeof *all);
    if (all == NULL)
        return NULL;
    for (int k = 0; k < l->n; k++)
        all[k] = l->name[k].name;
    const char *near = da__near(word, all, l->n);
    da__free(all);
    return near;
}

da_array *da__eval(struct da__graph *g, const char *text, int nnames, const struct da__name *name)
{
    struct da__error err = {.engine = -1};
    struct name_list list = {nnames, name};
    struct da__names names = {find_name, nearest_name, &list, NULL};
    da_array *a = da__eval_names(g, text, &names, &err);
    if (a != NULL)
        return a;
    da__error_prefix(&err, "da_eval");
    return da__make_poison(g, &err);
}
