/* A kernel step's two forms: on the tile machine at first, with compiled chains once it has worked enough and its code is there.
 * Both give the same bits, so that the change may come in the middle of a sweep. */
#include "engine.h"

#include <stdatomic.h>

/* Operations on elements before a kernel is compiled: compiling takes about as long as the tile machine for a quarter of them. */
static const int64_t enough_work = 40000000;

struct da__tier {
    struct da__kernel *kernel; /* with chains; owned, NULL before they are wanted */
    struct da__code **code;    /* per chain, the compiler's; owned list */
    int64_t work;
    bool decided; /* wanted, or not worth it */
    atomic_bool ready;
};

struct da__tier *da__tier_new(void)
{
    return da__calloc(1, sizeof(struct da__tier));
}

void da__tier_free(struct da__tier *t)
{
    if (t == NULL)
        return;
    da__free(t->kernel);
    da__free(t->code);
    da__free(t);
}

/* Whether some chain saves a pass over the elements; all count when everything is to be compiled. */
static bool worthwhile(const struct da__tier *t, enum da__compiler_mode mode)
{
    for (int32_t i = 0; i < da__kernel_nchains(t->kernel); i++)
        if (mode == DA__COMPILER_ALWAYS || da__kernel_chain(t->kernel, i)->ninsns > 1)
            return true;
    return false;
}

static bool want_codes(struct da__tier *t, struct da__compiler *c)
{
    int32_t n = da__kernel_nchains(t->kernel);
    t->code = da__calloc((size_t)n, sizeof(struct da__code *));
    for (int32_t i = 0; t->code != NULL && i < n; i++) {
        t->code[i] = da__compiler_want(c, da__kernel_chain(t->kernel, i));
        if (t->code[i] == NULL)
            return false;
    }
    return t->code != NULL;
}

/* Without memory, or where a chain has no code, the tile machine goes on. */
static void want(struct da__tier *t, struct da__compiler *c, const struct da__body *b,
                 const struct da__kernel *base)
{
    t->decided = true;
    void *memory = da__alloc_aligned(da__kernel_chains_nbytes(b), 64);
    if (memory == NULL)
        return;
    t->kernel = da__kernel_plan_chains(b, base, memory);
    if (worthwhile(t, da__compiler_mode(c)) && want_codes(t, c))
        return;
    da__free(t->kernel);
    t->kernel = NULL;
}

void da__tier_poll(struct da__tier *t)
{
    if (t->kernel == NULL || atomic_load_explicit(&t->ready, memory_order_relaxed))
        return;
    int32_t n = da__kernel_nchains(t->kernel);
    for (int32_t i = 0; i < n; i++) {
        int64_t width;
        da__chain_fn *fn = da__code_get(t->code[i], &width);
        if (fn == NULL)
            return;
        da__kernel_set_code(t->kernel, i, fn, width);
    }
    atomic_store_explicit(&t->ready, true, memory_order_release);
}

int64_t da__tier_begin(struct da__engine *e, const struct da__body *b, int64_t nelem,
                       const struct da__step_plan *sp)
{
    struct da__tier *t = sp->tier;
    enum da__compiler_mode mode = da__compiler_mode(e->compiler);
    if (!t->decided) {
        t->work += nelem * b->ninsns;
        if (mode == DA__COMPILER_ALWAYS || (mode == DA__COMPILER_AUTO && t->work >= enough_work))
            want(t, e->compiler, b, sp->kernel);
    }
    da__tier_poll(t);
    int64_t more = t->kernel != NULL ? (int64_t)da__kernel_scratch_nbytes(t->kernel) : 0;
    return more > sp->scratch_nbytes ? more : sp->scratch_nbytes;
}

const struct da__kernel *da__tier_kernel(const struct da__step_plan *sp)
{
    return atomic_load_explicit(&sp->tier->ready, memory_order_acquire) ? sp->tier->kernel
                                                                        : sp->kernel;
}
