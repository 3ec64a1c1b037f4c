/* The words of an expression. Private to graph. */
#ifndef DA_EXPR_LEX_H
#define DA_EXPR_LEX_H

#include "text.h"

enum da__token_kind {
    DA__TOKEN_END,
    DA__TOKEN_NUMBER,
    DA__TOKEN_NAME,
    DA__TOKEN_TEXT,
    DA__TOKEN_SIGN /* an operator or a bracket, spelled in `text` */
};
struct da__token {
    enum da__token_kind kind;
    int column;       /* 1 is the first */
    const char *text; /* NAME, SIGN, TEXT (escapes done): zero-ended, in the arena or static */
    struct da__scalar value; /* NUMBER */
};
struct da__lexer {
    const char *start, *at;
    struct da__arena *arena;
};
void da__lexer_start(struct da__lexer *l, const char *text, struct da__arena *arena);
/* The next word; an error starts with its column. */
da_status da__lexer_next(struct da__lexer *l, struct da__token *out, struct da__error *err);
bool da__token_is(const struct da__token *t, const char *sign);

#endif
