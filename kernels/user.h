/* Calling functions of the user's from the tile machine. Private to kernels. */
#ifndef DA_USER_H
#define DA_USER_H

#include "fold.h"

/* Bit k of `scalars`: operand k is one element. */
void da__user_strip(const struct da__user *u, int64_t n, void *out, const void *const *in,
                    unsigned scalars);
void da__user_along(const struct da__user *u, void *state, int64_t n, const void *value,
                    bool scalar);
void da__user_across(const struct da__user *u, char *state, int64_t stride, int64_t n,
                     const void *value, bool scalar);
/* What plans know of a reduction of the user's. */
extern const struct da__fold da__user_fold;

#endif
