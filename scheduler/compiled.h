/* The compiled tier of one process: chains of kernels become machine code, one after the other in a thread of their own.
 * Shared by all engines of the process. Private to scheduler. */
#ifndef DA_COMPILER_H
#define DA_COMPILER_H

#include "da_compiled.h"

/* DISTARRAY_COMPILED: off; auto (default): kernels that work much, in the background; always: all of them, before they run. */
enum da__compiler_mode { DA__COMPILER_OFF, DA__COMPILER_AUTO, DA__COMPILER_ALWAYS };
struct da__compiler;
/* Nothing is loaded and no thread is started before the first da__compiler_want. NULL, which stands for one that is off: no memory.
 * `cpu`: LLVM's name of a processor, NULL: this one. */
struct da__compiler *da__compiler_open(const char *cpu);
void da__compiler_close(struct da__compiler *c);
enum da__compiler_mode da__compiler_mode(const struct da__compiler *c);

/* Whether there is a module that can compile; loads it. */
bool da__compiler_loads(struct da__compiler *c);

/* The code of a chain: one for all that are equal, compared whole. Belongs to the compiler. */
struct da__code;
/* Asks for it, from any thread; NULL: there will be none. */
struct da__code *da__compiler_want(struct da__compiler *c, const struct da__chain *s);
/* Its function once it is there, else NULL. */
da__chain_fn *da__code_get(const struct da__code *code, int64_t *width);

struct da__compiler_counters {
    int64_t compiled, failed; /* chains */
    int64_t found;            /* wanted again: had from the cache */
    int64_t pending;          /* wanted and neither compiled nor failed yet */
};
void da__compiler_count(struct da__compiler *c, struct da__compiler_counters *out);

#endif
