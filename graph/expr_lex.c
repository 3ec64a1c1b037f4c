/* The words of an expression: numbers, names, quoted texts and Python's operators, each with its
 * column. */
#include "expr_lex.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Longer spellings first. */
static const char *const sign[] = {"...", "**", "//", "<<", ">>", "==", "!=", "<=", ">=", "+",
                                   "-",   "*",  "/",  "%",  "@",  "&",  "|",  "^",  "~",  "<",
                                   ">",   "(",  ")",  "[",  "]",  ",",  ":",  "=",  "."};

void da__lexer_start(struct da__lexer *l, const char *text, struct da__arena *arena)
{
    *l = (struct da__lexer){text, text, arena};
}

bool da__token_is(const struct da__token *t, const char *spelling)
{
    return t->kind == DA__TOKEN_SIGN && strcmp(t->text, spelling) == 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static da_status no_memory(const struct da__token *t, struct da__error *err)
{
    return da__fail(err, DA_ERR_MEMORY, "column %d: out of memory", t->column);
}

/* ---- numbers ---- */

static int digit_value(char c)
{
    if (is_digit(c))
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'z' ? lower - 'a' + 10 : 99;
}

/* Digits with single underscores between them are copied without these; false: a misplaced
 * underscore. */
static bool copy_digits(const char **at, int base, char **out)
{
    const char *s = *at;
    bool last_was_digit = false;
    for (; digit_value(*s) < base || *s == '_'; s++) {
        if (*s == '_' && (!last_was_digit || digit_value(s[1]) >= base))
            return false;
        last_was_digit = *s != '_';
        if (last_was_digit)
            *(*out)++ = *s;
    }
    *at = s;
    return true;
}

static int prefix_base(const char *s)
{
    static const struct {
        char letter;
        int base;
    } prefix[] = {{'x', 16}, {'o', 8}, {'b', 2}};
    for (size_t k = 0; s[0] == '0' && k < sizeof prefix / sizeof *prefix; k++)
        if ((s[1] | 0x20) == prefix[k].letter)
            return prefix[k].base;
    return 10;
}

static da_status bad_number(const struct da__lexer *l, const struct da__token *t, const char *end,
                            struct da__error *err)
{
    const char *start = l->start + t->column - 1;
    while (digit_value(*end) < 99 || *end == '_' || *end == '.')
        end++;
    int length = end - start > 40 ? 40 : (int)(end - start);
    return da__fail(err, DA_ERR_FORMAT, "column %d: %.*s is no number", t->column, length, start);
}

static da_status set_int(const char *digits, int base, struct da__token *t, struct da__error *err)
{
    errno = 0;
    long long v = strtoll(digits, NULL, base);
    if (errno != 0)
        return da__fail(err, DA_ERR_FORMAT,
                        "column %d: the integer %.40s is larger than int64 holds", t->column,
                        digits);
    t->value = (struct da__scalar){.kind = DA__SCALAR_INT, .i = (int64_t)v, .re = (double)v};
    return DA_OK;
}

static da_status set_real(char *digits, bool imaginary, struct da__token *t)
{
    double v = da__real_of_text(digits, NULL);
    t->value = (struct da__scalar){.kind = DA__SCALAR_FLOAT, .re = v};
    if (imaginary)
        t->value = (struct da__scalar){.kind = DA__SCALAR_COMPLEX, .im = v};
    return DA_OK;
}

/* Fraction and exponent after the integer part; *real tells whether there were any. */
static bool copy_fraction(const char **at, char **out, bool *real)
{
    if (**at == '.') {
        *real = true;
        *(*out)++ = *(*at)++;
        if (!copy_digits(at, 10, out))
            return false;
    }
    if ((**at | 0x20) != 'e')
        return true;
    const char *s = *at + 1;
    bool has_sign = *s == '+' || *s == '-';
    if (!is_digit(s[has_sign]))
        return false;
    *real = true;
    *(*out)++ = 'e';
    if (has_sign)
        *(*out)++ = *s++;
    *at = s;
    return copy_digits(at, 10, out);
}

static da_status read_number(struct da__lexer *l, struct da__token *t, struct da__error *err)
{
    const char *s = l->at;
    char *digits = da__arena_alloc(l->arena, strspn(s, "0123456789abcdefABCDEFxXoO_.+-") + 1),
         *end = digits;
    bool real = false;
    if (digits == NULL)
        return no_memory(t, err);
    t->kind = DA__TOKEN_NUMBER;
    int base = prefix_base(s);
    s += base != 10 ? 2 : 0;
    if (!copy_digits(&s, base, &end) || (base != 10 && end == digits))
        return bad_number(l, t, s, err);
    if (base == 10 && !copy_fraction(&s, &end, &real))
        return bad_number(l, t, s, err);
    *end = '\0';
    bool imaginary = base == 10 && (*s | 0x20) == 'j';
    s += imaginary;
    if (is_letter(*s) || is_digit(*s))
        return bad_number(l, t, s, err);
    if (base == 10 && !real && !imaginary && digits[0] == '0' &&
        strspn(digits, "0") != strlen(digits))
        return bad_number(l, t, s, err); /* Python refuses 012 too */
    l->at = s;
    return real || imaginary ? set_real(digits, imaginary, t) : set_int(digits, base, t, err);
}

/* ---- names, texts, signs ---- */

static da_status read_name(struct da__lexer *l, struct da__token *t, struct da__error *err)
{
    const char *s = l->at;
    while (is_letter(*s) || is_digit(*s))
        s++;
    t->kind = DA__TOKEN_NAME;
    t->text = da__arena_copy(l->arena, l->at, (size_t)(s - l->at));
    l->at = s;
    return t->text != NULL ? DA_OK : no_memory(t, err);
}

static char unescaped(char c)
{
    return c == 'n' ? '\n' : c == 't' ? '\t' : c;
}

static da_status read_text(struct da__lexer *l, struct da__token *t, struct da__error *err)
{
    char quote = *l->at++;
    char *out = da__arena_alloc(l->arena, strlen(l->at) + 1);
    if (out == NULL)
        return no_memory(t, err);
    t->kind = DA__TOKEN_TEXT;
    t->text = out;
    for (const char *s = l->at; *s != '\0'; s++) {
        if (*s == quote) {
            l->at = s + 1;
            return DA_OK;
        }
        if (*s == '\\' && s[1] != '\0' && strchr("\\'\"nt", s[1]) == NULL)
            return da__fail(err, DA_ERR_FORMAT, "column %d: \\%c in a text means nothing",
                            (int)(s - l->start) + 1, s[1]);
        if (*s == '\\' && s[1] != '\0')
            *out++ = unescaped(*++s);
        else
            *out++ = *s;
    }
    return da__fail(err, DA_ERR_FORMAT, "column %d: the text that starts here never ends",
                    t->column);
}

static da_status read_sign(struct da__lexer *l, struct da__token *t, struct da__error *err)
{
    for (size_t k = 0; k < sizeof sign / sizeof *sign; k++) {
        size_t length = strlen(sign[k]);
        if (strncmp(l->at, sign[k], length) != 0)
            continue;
        t->kind = DA__TOKEN_SIGN;
        t->text = sign[k];
        l->at += length;
        return DA_OK;
    }
    unsigned char c = (unsigned char)*l->at;
    if (c > ' ' && c < 127)
        return da__fail(err, DA_ERR_FORMAT, "column %d: \"%c\" means nothing in an expression",
                        t->column, c);
    return da__fail(err, DA_ERR_FORMAT, "column %d: the byte 0x%02x means nothing in an expression",
                    t->column, c);
}

da_status da__lexer_next(struct da__lexer *l, struct da__token *out, struct da__error *err)
{
    l->at += strspn(l->at, " \t\r\n");
    *out = (struct da__token){
        .kind = DA__TOKEN_END, .column = (int)(l->at - l->start) + 1, .text = ""};
    if (*l->at == '\0')
        return DA_OK;
    if (is_digit(*l->at) || (*l->at == '.' && is_digit(l->at[1])))
        return read_number(l, out, err);
    if (is_letter(*l->at))
        return read_name(l, out, err);
    if (*l->at == '\'' || *l->at == '"')
        return read_text(l, out, err);
    return read_sign(l, out, err);
}

da_status da__expr_words(const char *text, da_status (*each)(void *self, const char *word),
                         void *self, struct da__error *err)
{
    struct da__arena arena = {0};
    struct da__lexer lexer;
    struct da__token token, next;
    da__lexer_start(&lexer, text, &arena);
    da_status status = da__lexer_next(&lexer, &token, err);
    while (status == DA_OK && token.kind != DA__TOKEN_END) {
        status = da__lexer_next(&lexer, &next, err);
        bool is_call_or_keyword =
            status == DA_OK && (da__token_is(&next, "(") || da__token_is(&next, "="));
        if (status == DA_OK && token.kind == DA__TOKEN_NAME && !is_call_or_keyword)
            status = each(self, token.text);
        token = next;
    }
    da__arena_free(&arena);
    return status;
}
