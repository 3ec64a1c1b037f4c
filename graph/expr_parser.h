/* What the files that read expressions share: the parser's state, and the steps one makes for
 * another. Private to graph. */
#ifndef DA_EXPR_PARSER_H
#define DA_EXPR_PARSER_H

#include "expr_lex.h"

struct da__parser {
    struct da__graph *g;
    const struct da__names *names;
    struct da__lexer lexer;
    struct da__token token; /* the one to be read next */
    struct da__arena *arena;
    int depth;
    struct da__error *err;
};

/* A value whose operators all bind at `level` or tighter; 0: any expression. */
da_status da__parse(struct da__parser *p, int level, struct da__raw *out);
da_status da__parse_advance(struct da__parser *p);
bool da__parse_at(const struct da__parser *p, const char *sign);
da_status da__parse_expected(struct da__parser *p, const char *what);
da_status da__parse_no_memory(struct da__parser *p);
/* Room for one more item of a list in the arena; lists grow by doubling, old copies stay behind. */
bool da__parse_room(struct da__parser *p, void **items, int64_t n, int64_t *cap, size_t nbytes);
/* A builder's result; its poison becomes an error at `column`. */
da_status da__parse_built(struct da__parser *p, da_array *a, int column, struct da__raw *out);
void da__parse_scalar(struct da__raw *out, struct da__scalar s, int column);

struct da__call {
    const struct da__callable *callable;
    int column;
    int64_t npositional, positional_cap, nkeywords, keywords_cap;
    struct da__raw *positional;
    struct da__keyword *keyword;
};
da_status da__parse_run_call(struct da__parser *p, const struct da__call *c, struct da__raw *out);
/* A word: a call, an array, a constant or a dtype. */
da_status da__parse_word(struct da__parser *p, struct da__raw *out);
bool da__parse_is_keyword(const char *word);
da_status da__parse_unknown_word(struct da__parser *p, const char *word, int column);
/* x[…]; `x` receives the result. */
da_status da__parse_subscript(struct da__parser *p, struct da__raw *x);

#endif
