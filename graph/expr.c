/* Expressions in NumPy's notation: Python's operators and precedence, calls of the callables, slices. Nodes are built while
 * the text is read; scalars among themselves are computed at once. Nesting is bounded, so the recursion is. */
#include "expr_lex.h"

#include <math.h>
#include <string.h>

struct parser {
    struct da__graph *g;
    const struct da__names *names;
    struct da__lexer lexer;
    struct da__token token; /* the one to be read next */
    struct da__arena *arena;
    int depth;
    struct da__error *err;
};

static da_status parse(struct parser *p, int level, struct da__raw *out);

static da_status advance(struct parser *p)
{
    return da__lexer_next(&p->lexer, &p->token, p->err);
}

static bool at_sign(const struct parser *p, const char *sign)
{
    return da__token_is(&p->token, sign);
}

static const char *token_text(const struct parser *p)
{
    static const char *const what[] = {[DA__TOKEN_END] = "the end", [DA__TOKEN_NUMBER] = "a number", [DA__TOKEN_TEXT] = "a text"};
    return p->token.kind == DA__TOKEN_NAME || p->token.kind == DA__TOKEN_SIGN ? p->token.text : what[p->token.kind];
}

static da_status expected(struct parser *p, const char *what)
{
    return da__fail(p->err, DA_ERR_FORMAT, "column %d: %s where %s was expected", p->token.column, token_text(p), what);
}

static da_status expect(struct parser *p, const char *sign)
{
    return at_sign(p, sign) ? advance(p) : expected(p, sign);
}

static da_status no_memory(struct parser *p)
{
    return da__fail(p->err, DA_ERR_MEMORY, "column %d: out of memory", p->token.column);
}

/* The next word without taking it. */
static bool next_is(const struct parser *p, const char *sign)
{
    struct da__lexer ahead = p->lexer;
    struct da__token token;
    return da__lexer_next(&ahead, &token, NULL) == DA_OK && da__token_is(&token, sign);
}

/* Room for one more item of a list in the arena; lists grow by doubling, old copies stay behind. */
static bool make_room(struct parser *p, void **items, int64_t n, int64_t *cap, size_t nbytes)
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

static da_status built(struct parser *p, da_array *a, int column, struct da__raw *out)
{
    const struct da__error *e = da__node_error(a);
    if (e != NULL)
        return da__fail(p->err, e->status, "column %d: %s", column, e->text);
    *out = (struct da__raw){.kind = DA__RAW_ARRAY, .column = column, .u.array = a};
    return DA_OK;
}

static void set_scalar(struct da__raw *out, struct da__scalar s, int column)
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
static da_status apply(struct parser *p, const char *symbol, enum da__op_id op, int nin, struct da__raw *in, int column)
{
    struct da__scalar scalar[2], result;
    struct da__operand operand[2];
    bool all_scalars = true;
    for (int k = 0; k < nin; k++) {
        if (!is_operand(&in[k]))
            return da__fail(p->err, DA_ERR_FORMAT, "column %d: %s is not defined for %s", column, symbol, da__raw_what(&in[k]));
        operand[k] = operand_of(&in[k]);
        scalar[k] = operand[k].scalar;
        all_scalars &= in[k].kind == DA__RAW_SCALAR;
    }
    if (!all_scalars)
        return built(p, da__make_elementwise(p->g, op, nin, operand), column, &in[0]);
    struct da__error err = {.engine = -1};
    if (da__scalar_op(op, nin, scalar, &result, &err) != DA_OK)
        return da__fail(p->err, err.status, "column %d: %s", column, err.text);
    set_scalar(&in[0], result, column);
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

/* ---- calls ---- */

struct call {
    const struct da__callable *callable;
    int column;
    int64_t npositional, positional_cap, nkeywords, keywords_cap;
    struct da__raw *positional;
    struct da__keyword *keyword;
};

/* Functions of scalars alone give a scalar, as Python's math does: sqrt(2) * x keeps x's float32. */
static bool fold_call(const struct call *c, struct da__raw *out)
{
    if (c->callable->build == NULL || c->callable->op < 0 || c->nkeywords > 0 || c->npositional != c->callable->nparams)
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
    if (da__op_infer(op, (int)c->npositional, type, DA_DTYPE_DEFAULT, &compute, &result, NULL) != DA_OK)
        return false;
    _Alignas(16) uint8_t element[3][16] = {{0}}, value[16] = {0};
    const void *in[3] = {element[0], element[1], element[2]};
    for (int k = 0; k < (int)c->npositional; k++)
        if (!da__scalar_store(&c->positional[k].u.scalar, da__op_input_dtype(op, k, compute), element[k]))
            return false;
    da__strip(op, compute, result, 1, value, in, 7);
    struct da__scalar s;
    da__scalar_load(value, result, &s);
    set_scalar(out, s, c->column);
    return true;
}

static da_status parse_argument(struct parser *p, struct call *c)
{
    if (p->token.kind == DA__TOKEN_NAME && next_is(p, "=")) {
        if (!make_room(p, (void **)&c->keyword, c->nkeywords, &c->keywords_cap, sizeof *c->keyword))
            return no_memory(p);
        struct da__keyword *k = &c->keyword[c->nkeywords++];
        k->name = p->token.text;
        DA_TRY(advance(p));
        DA_TRY(advance(p));
        return parse(p, 0, &k->value);
    }
    if (c->nkeywords > 0)
        return da__fail(p->err, DA_ERR_FORMAT, "column %d: a positional argument after a keyword", p->token.column);
    if (!make_room(p, (void **)&c->positional, c->npositional, &c->positional_cap, sizeof *c->positional))
        return no_memory(p);
    return parse(p, 0, &c->positional[c->npositional++]);
}

static int culprit_column(const struct call *c, const struct da__culprit *culprit)
{
    if (culprit->positional >= 0)
        return c->positional[culprit->positional].column;
    return culprit->keyword >= 0 ? c->keyword[culprit->keyword].value.column : c->column;
}

static da_status run_call(struct parser *p, const struct call *c, struct da__raw *out)
{
    if (fold_call(c, out))
        return DA_OK;
    struct da__error err = {.engine = -1};
    struct da__culprit culprit;
    da_array *a = da__bind_call(p->g, c->callable, (int)c->npositional, c->positional, (int)c->nkeywords, c->keyword, p->names->folder, p->arena,
                                &culprit, &err);
    if (a == NULL)
        return da__fail(p->err, err.status, "column %d: %s", culprit_column(c, &culprit), err.text);
    return built(p, a, c->column, out);
}

static da_status parse_call(struct parser *p, const char *name, int column, struct da__raw *out)
{
    char near[96];
    struct call c = {.callable = da__callable_find(name), .column = column};
    if (c.callable == NULL)
        return da__fail(p->err, DA_ERR_FORMAT, "column %d: no function \"%s\"%s", column, name, da__near_callable(name, near, sizeof near));
    DA_TRY(advance(p));
    while (!at_sign(p, ")")) {
        DA_TRY(parse_argument(p, &c));
        if (c.npositional + c.nkeywords > DA__MAX_NESTING)
            return da__fail(p->err, DA_ERR_FORMAT, "column %d: more than %d arguments", column, DA__MAX_NESTING);
        if (at_sign(p, ","))
            DA_TRY(advance(p));
        else if (!at_sign(p, ")"))
            return expected(p, "\",\" or \")\"");
    }
    DA_TRY(advance(p));
    return run_call(p, &c, out);
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

static bool is_python_keyword(const char *word)
{
    static const char *const keyword[] = {"and", "or", "not", "if", "else", "in", "is", "lambda", "for"};
    for (size_t k = 0; k < sizeof keyword / sizeof *keyword; k++)
        if (strcmp(word, keyword[k]) == 0)
            return true;
    return false;
}

static da_status unknown_word(struct parser *p, const char *word, int column)
{
    if (is_python_keyword(word))
        return da__fail(p->err, DA_ERR_FORMAT, "column %d: \"%s\" is not offered for arrays; use &, |, ~ and where()", column, word);
    if (da__callable_find(word) != NULL)
        return da__fail(p->err, DA_ERR_FORMAT, "column %d: %s is a function, and its \"(\" is missing", column, word);
    const char *nearest = p->names->nearest(p->names->self, word);
    if (nearest != NULL)
        return da__fail(p->err, DA_ERR_FORMAT, "column %d: no array \"%s\" (did you mean \"%s\"?)", column, word, nearest);
    char near[96];
    return da__fail(p->err, DA_ERR_FORMAT, "column %d: no array \"%s\"%s", column, word, da__near_callable(word, near, sizeof near));
}

static da_status parse_word(struct parser *p, struct da__raw *out)
{
    const char *word = p->token.text;
    int column = p->token.column;
    DA_TRY(advance(p));
    if (at_sign(p, "("))
        return parse_call(p, word, column, out);
    *out = (struct da__raw){.column = column};
    da_array *a = p->names->find(p->names->self, word);
    if (a != NULL)
        return built(p, a, column, out);
    if (find_constant(word, out))
        return DA_OK;
    out->kind = DA__RAW_DTYPE;
    return da__dtype_find(word, &out->u.dtype) ? DA_OK : unknown_word(p, word, column);
}

/* ---- lists, tuples, parentheses ---- */

/* Items up to `close`, which is taken too. *is_single: one item without a comma. */
static da_status parse_items(struct parser *p, const char *close, struct da__raw *out, bool *is_single)
{
    struct da__raw *item = NULL;
    int64_t n = 0, cap = 0;
    bool comma = false;
    while (!at_sign(p, close)) {
        if (!make_room(p, (void **)&item, n, &cap, sizeof *item))
            return no_memory(p);
        DA_TRY(parse(p, 0, &item[n++]));
        comma = at_sign(p, ",");
        if (comma)
            DA_TRY(advance(p));
        else if (!at_sign(p, close))
            return expected(p, strcmp(close, ")") == 0 ? "\",\" or \")\"" : "\",\" or \"]\"");
    }
    DA_TRY(advance(p));
    *is_single = n == 1 && !comma;
    out->kind = DA__RAW_LIST;
    out->u.list.n = n;
    out->u.list.item = item;
    return DA_OK;
}

static da_status parse_brackets(struct parser *p, const char *close, struct da__raw *out)
{
    bool is_single = false;
    *out = (struct da__raw){.column = p->token.column};
    DA_TRY(advance(p));
    DA_TRY(parse_items(p, close, out, &is_single));
    if (strcmp(close, ")") == 0 && is_single)
        *out = out->u.list.item[0];
    return DA_OK;
}

/* ---- indices ---- */

struct index_list {
    struct da__index_item *item;
    int64_t n, cap;
};

static da_status index_part(struct parser *p, const struct da__raw *r, bool *has, int64_t *value)
{
    *has = r->kind != DA__RAW_NONE;
    if (!*has)
        return DA_OK;
    if (r->kind != DA__RAW_SCALAR || r->u.scalar.kind != DA__SCALAR_INT)
        return da__fail(p->err, DA_ERR_INDEX, "column %d: %s in an index; integers, slices, ... and None are offered", r->column, da__raw_what(r));
    *value = r->u.scalar.i;
    return DA_OK;
}

/* One bound of a slice, which may be left out. */
static da_status slice_bound(struct parser *p, bool *has, int64_t *value)
{
    struct da__raw r;
    if (at_sign(p, ":") || at_sign(p, ",") || at_sign(p, "]"))
        return DA_OK;
    DA_TRY(parse(p, 0, &r));
    return index_part(p, &r, has, value);
}

/* What follows the first ":" of a slice. */
static da_status parse_slice(struct parser *p, struct da__index_item *item)
{
    item->kind = DA__INDEX_SLICE;
    DA_TRY(expect(p, ":"));
    DA_TRY(slice_bound(p, &item->has_stop, &item->stop));
    if (!at_sign(p, ":"))
        return DA_OK;
    DA_TRY(advance(p));
    return slice_bound(p, &item->has_step, &item->step);
}

static da_status single_index(struct parser *p, const struct da__raw *r, struct index_list *list)
{
    if (!make_room(p, (void **)&list->item, list->n, &list->cap, sizeof *list->item))
        return no_memory(p);
    struct da__index_item *item = &list->item[list->n++];
    bool has;
    *item = (struct da__index_item){.kind = DA__INDEX_INT};
    DA_TRY(index_part(p, r, &has, &item->start));
    if (!has)
        item->kind = DA__INDEX_NEWAXIS;
    return DA_OK;
}

static da_status parse_index_item(struct parser *p, struct index_list *list)
{
    if (!make_room(p, (void **)&list->item, list->n, &list->cap, sizeof *list->item))
        return no_memory(p);
    struct da__index_item *item = &list->item[list->n];
    *item = (struct da__index_item){0};
    if (at_sign(p, "...")) {
        item->kind = DA__INDEX_ELLIPSIS;
        list->n++;
        return advance(p);
    }
    struct da__raw r = {0};
    if (!at_sign(p, ":")) {
        DA_TRY(parse(p, 0, &r));
        if (!at_sign(p, ":"))
            return single_index(p, &r, list);
    }
    list->n++;
    DA_TRY(index_part(p, &r, &item->has_start, &item->start));
    return parse_slice(p, item);
}

static da_status parse_subscript(struct parser *p, struct da__raw *x)
{
    struct index_list list = {0};
    int column = p->token.column;
    if (x->kind != DA__RAW_ARRAY)
        return da__fail(p->err, DA_ERR_FORMAT, "column %d: %s cannot be indexed", column, da__raw_what(x));
    DA_TRY(advance(p));
    if (at_sign(p, "]"))
        return expected(p, "an index");
    while (!at_sign(p, "]")) {
        DA_TRY(parse_index_item(p, &list));
        if (list.n > 4 * DA_MAX_NDIM)
            return da__fail(p->err, DA_ERR_INDEX, "column %d: more than %d indices", column, 4 * DA_MAX_NDIM);
        if (at_sign(p, ","))
            DA_TRY(advance(p));
        else if (!at_sign(p, "]"))
            return expected(p, "\",\" or \"]\"");
    }
    DA_TRY(advance(p));
    return built(p, da__make_index_basic(p->g, x->u.array, (int)list.n, list.item), column, x);
}

/* ---- operators ---- */

enum { LEVEL_COMPARE = 1, LEVEL_UNARY = 8 };

static int binary_level(const struct da__token *t)
{
    static const struct {
        const char *symbol;
        int level;
    } row[] = {{"==", LEVEL_COMPARE}, {"!=", LEVEL_COMPARE}, {"<", LEVEL_COMPARE}, {"<=", LEVEL_COMPARE}, {">", LEVEL_COMPARE},
               {">=", LEVEL_COMPARE}, {"|", 2},  {"^", 3},  {"&", 4}, {"<<", 5}, {">>", 5}, {"+", 6},
               {"-", 6},              {"*", 7},  {"/", 7},  {"//", 7}, {"%", 7}, {"@", 7}};
    for (size_t k = 0; k < sizeof row / sizeof *row; k++)
        if (da__token_is(t, row[k].symbol))
            return row[k].level;
    return 0;
}

static da_status parse_primary(struct parser *p, struct da__raw *out)
{
    struct da__token t = p->token;
    switch (t.kind) {
    case DA__TOKEN_NUMBER:
        set_scalar(out, t.value, t.column);
        return advance(p);
    case DA__TOKEN_TEXT:
        *out = (struct da__raw){.kind = DA__RAW_TEXT, .column = t.column, .u.text = t.text};
        return advance(p);
    case DA__TOKEN_NAME:
        return parse_word(p, out);
    default:
        break;
    }
    if (at_sign(p, "("))
        return parse_brackets(p, ")", out);
    if (at_sign(p, "["))
        return parse_brackets(p, "]", out);
    return expected(p, "an array or a number");
}

static da_status parse_postfix(struct parser *p, struct da__raw *out)
{
    DA_TRY(parse_primary(p, out));
    while (at_sign(p, "["))
        DA_TRY(parse_subscript(p, out));
    if (at_sign(p, "("))
        return da__fail(p->err, DA_ERR_FORMAT, "column %d: %s cannot be called", p->token.column, da__raw_what(out));
    if (at_sign(p, "."))
        return da__fail(p->err, DA_ERR_FORMAT, "column %d: attributes and methods are not offered; write sum(x), not x.sum()", p->token.column);
    return DA_OK;
}

/* Signs bind looser than ** on their right side and tighter on its right: -2**-1 is -(2**(-1)). */
static da_status parse_signed(struct parser *p, struct da__raw *out)
{
    char symbol[2] = {at_sign(p, "-") ? '-' : at_sign(p, "+") ? '+' : at_sign(p, "~") ? '~' : '\0', '\0'};
    int column = p->token.column;
    enum da__op_id op;
    if (symbol[0] != '\0' && find_operator(symbol, 1, &op)) {
        DA_TRY(advance(p));
        DA_TRY(parse(p, LEVEL_UNARY, out));
        return apply(p, symbol, op, 1, out, column);
    }
    DA_TRY(parse_postfix(p, out));
    if (!at_sign(p, "**"))
        return DA_OK;
    struct da__raw pair[2] = {*out};
    column = p->token.column;
    DA_TRY(advance(p));
    DA_TRY(parse(p, LEVEL_UNARY, &pair[1]));
    DA_TRY(apply(p, "**", DA__OP_POW, 2, pair, column));
    *out = pair[0];
    return DA_OK;
}

static da_status apply_binary(struct parser *p, const char *symbol, struct da__raw *pair, int column)
{
    enum da__op_id op;
    if (find_operator(symbol, 2, &op))
        return apply(p, symbol, op, 2, pair, column);
    struct call c = {.callable = da__callable_find("matmul"), .column = column, .npositional = 2, .positional = pair};
    if (c.callable == NULL)
        return da__fail(p->err, DA_ERR_UNSUPPORTED, "column %d: the operator %s is not offered", column, symbol);
    struct da__raw result;
    DA_TRY(run_call(p, &c, &result));
    pair[0] = result;
    return DA_OK;
}

static da_status parse_binary(struct parser *p, int level, struct da__raw *out)
{
    struct da__raw pair[2];
    DA_TRY(parse_signed(p, &pair[0]));
    for (;;) {
        int own = binary_level(&p->token), column = p->token.column;
        const char *symbol = p->token.text;
        if (own == 0 || own < level)
            break;
        DA_TRY(advance(p));
        DA_TRY(parse(p, own + 1, &pair[1]));
        DA_TRY(apply_binary(p, symbol, pair, column));
        if (own == LEVEL_COMPARE && binary_level(&p->token) == LEVEL_COMPARE)
            return da__fail(p->err, DA_ERR_FORMAT, "column %d: comparisons do not chain; write (a < b) & (b < c)", p->token.column);
    }
    *out = pair[0];
    return DA_OK;
}

/* A value whose operators all bind at `level` or tighter. */
static da_status parse(struct parser *p, int level, struct da__raw *out)
{
    if (p->depth >= DA__MAX_NESTING)
        return da__fail(p->err, DA_ERR_FORMAT, "column %d: nested deeper than %d levels", p->token.column, DA__MAX_NESTING);
    p->depth++;
    da_status status = level >= LEVEL_UNARY ? parse_signed(p, out) : parse_binary(p, level, out);
    p->depth--;
    return status;
}

/* ---- whole expressions ---- */

static da_status trailing(struct parser *p)
{
    if (p->token.kind == DA__TOKEN_NAME && is_python_keyword(p->token.text))
        return unknown_word(p, p->token.text, p->token.column);
    return expected(p, "an operator or the end");
}

static da_status parse_all(struct parser *p, struct da__raw *out)
{
    DA_TRY(advance(p));
    if (p->token.kind == DA__TOKEN_END)
        return da__fail(p->err, DA_ERR_FORMAT, "column 1: the expression is empty");
    DA_TRY(parse(p, 0, out));
    if (p->token.kind != DA__TOKEN_END)
        return trailing(p);
    if (!is_operand(out))
        return da__fail(p->err, DA_ERR_FORMAT, "column 1: the expression is %s, not an array", da__raw_what(out));
    return DA_OK;
}

da_array *da__eval_names(struct da__graph *g, const char *text, const struct da__names *names, struct da__error *err)
{
    struct da__arena arena = {0};
    struct parser p = {.g = g, .names = names, .arena = &arena, .err = err};
    struct da__raw value;
    da_array *a = NULL;
    da__lexer_start(&p.lexer, text, &arena);
    if (parse_all(&p, &value) == DA_OK)
        a = value.kind == DA__RAW_ARRAY ? value.u.array : da__make_full(g, 0, NULL, value.u.scalar, DA_DTYPE_DEFAULT, NULL);
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
