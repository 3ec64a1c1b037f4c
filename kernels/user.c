/* Functions of the user's inside kernels: strips of elements, and the states of reductions. */
#include "user.h"

#include <string.h>

/* One element for all is copied first: the result may take its place. */
void da__user_strip(const struct da__user *u, int64_t n, void *out, const void *const *in,
                    unsigned scalars)
{
    _Alignas(16) char kept[DA__USER_INPUTS][16];
    const void *arg[DA__USER_INPUTS] = {NULL};
    int64_t step[DA__USER_INPUTS] = {0};
    for (int k = 0; k < u->nin; k++) {
        arg[k] = in[k];
        step[k] = !(scalars >> k & 1);
        if (step[k] == 0) {
            memcpy(kept[k], in[k], da__dtype_nbytes(u->in[k]));
            arg[k] = kept[k];
        }
    }
    ((da__user_strip_fn)u->entry[0].call)(n, out, arg, step, u->data);
}

/* ---- reductions: identity, accumulate, combine, finish ---- */

enum { IDENTITY, ACCUMULATE, COMBINE, FINISH };

const struct da__fold da__user_fold = {.indexed = false};

void da__user_along(const struct da__user *u, void *state, int64_t n, const void *value,
                    bool scalar)
{
    ((da__user_accumulate_fn)u->entry[ACCUMULATE].call)(state, n, value, !scalar, u->data);
}

void da__user_across(const struct da__user *u, char *state, int64_t stride, int64_t n,
                     const void *value, bool scalar)
{
    const char *x = value;
    int64_t item = scalar ? 0 : (int64_t)da__dtype_nbytes(u->in[0]);
    for (int64_t i = 0; i < n; i++)
        da__user_along(u, state + i * stride, 1, x + i * item, false);
}

const struct da__user *da__body_red_user(const struct da__body *b, int k)
{
    const struct da__body_reduction *r = &b->reduction[k];
    return r->red == DA__RED_USER ? b->user[r->user] : NULL;
}

size_t da__user_red_state_nbytes(const struct da__user *u, enum da__red_id red, da_dtype compute)
{
    return u != NULL ? (size_t)u->state_nbytes : da__red_state_nbytes(red, compute);
}

void da__user_red_zero(const struct da__user *u, enum da__red_id red, da_dtype compute, int64_t n,
                       void *state)
{
    if (u == NULL) {
        da__red_zero(red, compute, n, state);
        return;
    }
    if (n > 0) /* what lies between a state's end and the next one travels too */
        memset(state, 0, (size_t)(n * u->state_nbytes));
    for (int64_t i = 0; i < n; i++)
        ((da__user_identity_fn)u->entry[IDENTITY].call)((char *)state + i * u->state_nbytes,
                                                        u->data);
}

void da__user_red_join(const struct da__user *u, enum da__red_id red, da_dtype compute, int64_t n,
                       void *into, const void *from)
{
    if (u == NULL) {
        da__red_join(red, compute, n, into, from);
        return;
    }
    for (int64_t at = 0; at < n * u->state_nbytes; at += u->state_nbytes)
        ((da__user_combine_fn)u->entry[COMBINE].call)((char *)into + at, (const char *)from + at,
                                                      u->data);
}

void da__user_red_end(const struct da__user *u, enum da__red_id red, da_dtype compute,
                      da_dtype result, int64_t n, const void *state, int64_t count,
                      double correction, void *out)
{
    if (u == NULL) {
        da__red_end(red, compute, result, n, state, count, correction, out);
        return;
    }
    size_t item = da__dtype_nbytes(result);
    for (int64_t i = 0; i < n; i++)
        ((da__user_finish_fn)u->entry[FINISH].call)((const char *)state + i * u->state_nbytes,
                                                    (char *)out + (size_t)i * item, u->data);
}
