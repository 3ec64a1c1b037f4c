/* Functions of the program's own: an elementwise one, a reduction and one on local parts, all over int64, so that NumPy says exactly what
 * they give. */
#include "gen.h"

#include <distarray/functions.h>

#include <string.h>

/* ---- the functions ---- */

/* 3 x ^ (y + 7), wrapping. */
static void mix(int64_t n, void *out, const void *const *in, const int64_t *step, const void *data)
{
    const uint64_t *x = in[0], *y = in[1];
    uint64_t *z = out;
    (void)data;
    for (int64_t i = 0; i < n; i++)
        z[i] = (3 * x[i * step[0]]) ^ (y[i * step[1]] + 7);
}

struct digest {
    uint64_t sum, parity, n;
};

static void digest_identity(void *state, const void *data)
{
    (void)data;
    *(struct digest *)state = (struct digest){0, 0, 0};
}

static void digest_accumulate(void *state, int64_t n, const void *x, int64_t step, const void *data)
{
    struct digest *s = state;
    const uint64_t *v = x;
    (void)data;
    for (int64_t i = 0; i < n; i++) {
        s->sum += v[i * step];
        s->parity ^= v[i * step];
    }
    s->n += (uint64_t)n;
}

static void digest_combine(void *state, const void *other, const void *data)
{
    struct digest *s = state;
    const struct digest *o = other;
    (void)data;
    s->sum += o->sum;
    s->parity ^= o->parity;
    s->n += o->n;
}

static void digest_finish(const void *state, void *out, const void *data)
{
    const struct digest *s = state;
    (void)data;
    *(uint64_t *)out = s->sum + 3 * s->parity + s->n;
}

/* 5 x + the C-order flat index. */
static da_status scramble(da_engine *engine, int nparts, const da_part *const *part,
                          const void *data, size_t nbytes)
{
    const da_part *x = part[0];
    uint64_t *value = da_part_data(x);
    int64_t at[DA_MAX_NDIM] = {0};
    (void)engine, (void)nparts, (void)data, (void)nbytes;
    for (int64_t i = 0; i < da_part_size(x); i++) {
        uint64_t flat = 0;
        for (int k = 0; k < da_part_ndim(x); k++)
            flat =
                flat * (uint64_t)da_part_global_shape(x)[k] + (uint64_t)da_part_index(x, k, at[k]);
        value[i] = 5 * value[i] + flat;
        for (int k = da_part_ndim(x) - 1; k >= 0 && ++at[k] == da_part_shape(x)[k]; k--)
            at[k] = 0;
    }
    return DA_OK;
}

bool gen_register(struct da__runtime *rt)
{
    const struct da__registration all[] = {
        {.kind = DA__USER_STRIP,
         .name = "user_mix",
         .nentries = 1,
         .entry = {(void (*)(void))mix},
         .nin = 2,
         .in = {DA_INT64, DA_INT64},
         .out = DA_INT64},
        {.kind = DA__USER_REDUCTION,
         .name = "user_digest",
         .nentries = 4,
         .entry = {(void (*)(void))digest_identity, (void (*)(void))digest_accumulate,
                   (void (*)(void))digest_combine, (void (*)(void))digest_finish},
         .nin = 1,
         .in = {DA_INT64},
         .out = DA_INT64,
         .state_nbytes = sizeof(struct digest)},
        {.kind = DA__USER_LOCAL,
         .name = "user_scramble",
         .nentries = 1,
         .entry = {(void (*)(void))scramble},
         .intents = "u"}};
    struct da__error err = {.engine = -1};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        if (da__register(da__runtime_graph(rt), &all[k], &err) != DA_OK)
            return false;
    return true;
}

/* ---- drawing them ---- */

/* A plan is built on many runtimes, each of which has registered the functions for itself. */
static da_array *build_by_name(struct da__graph *g, const struct da__callable *c,
                               const struct da__arg *arg)
{
    const struct da__callable *own = da__callable_in(g, c->name);
    return own->build(g, own, arg);
}

static const struct da__callable_param mix_param[] = {{"x1", DA__ARG_OPERAND, true},
                                                      {"x2", DA__ARG_OPERAND, true}},
                                       digest_param[] = {{"x", DA__ARG_OPERAND, true},
                                                         {"axis", DA__ARG_INTS, false},
                                                         {"keepdims", DA__ARG_BOOL, false}},
                                       scramble_param[] = {{"arrays", DA__ARG_ARRAYS, true}};
static const struct da__callable callable[] = {
    {"user_mix", 2, mix_param, build_by_name, 0, ""},
    {"user_digest", 3, digest_param, build_by_name, 0, ""},
    {"user_scramble", 1, scramble_param, build_by_name, -1, ""}};

const struct da__callable *gen_callable(const char *name)
{
    for (size_t k = 0; k < sizeof callable / sizeof *callable; k++)
        if (strcmp(callable[k].name, name) == 0)
            return &callable[k];
    return da__callable_find(name);
}

static bool becomes_int64(const struct plan_node *n)
{
    return da__promote(n->dtype, DA_INT64) == DA_INT64;
}

static int draw_mix(struct gen *g, int x, struct da__error *why)
{
    const struct plan_node *in = &g->plan->node[x];
    int64_t shape[DA_MAX_NDIM];
    int y = gen_pick(g), ndim = in->ndim;
    const struct plan_node *other = &g->plan->node[y];
    memcpy(shape, in->shape, sizeof in->shape);
    bool scalar = gen_percent(g, 25), first = gen_percent(g, 50);
    if (!scalar && (!becomes_int64(other) ||
                    da__broadcast(&ndim, shape, other->ndim, other->shape, "pick", NULL) != DA_OK ||
                    ndim > PLAN_DIMS - 1 || da__nelem(ndim, shape) > PLAN_ELEMENTS))
        return -2;
    struct plan_node *n = gen_node(g, "user_mix");
    gen_set_operand(n, first ? "x1" : "x2", x);
    gen_set_operand(n, first ? "x2" : "x1", scalar ? -1 : y);
    int64_t value = gen_between(g, -50, 50);
    plan_arg(n, first ? "x2" : "x1")->scalar =
        (struct da__scalar){.kind = DA__SCALAR_INT, .i = value, .re = (double)value};
    return gen_finish(g, why);
}

static int draw_digest(struct gen *g, int x, struct da__error *why)
{
    const struct plan_node *in = &g->plan->node[x];
    struct plan_node *n = gen_node(g, "user_digest");
    int64_t axes[PLAN_DIMS];
    gen_set_operand(n, "x", x);
    for (int k = 0; k < in->ndim; k++)
        axes[k] = gen_percent(g, 30) ? k - in->ndim : k;
    gen_shuffle(g, in->ndim, axes);
    if (in->ndim > 0 && gen_percent(g, 70))
        gen_set_ints(n, "axis", (int)gen_between(g, 1, in->ndim), axes);
    if (gen_percent(g, 50))
        gen_set_flag(n, "keepdims", gen_percent(g, 60));
    return gen_finish(g, why);
}

int gen_user(struct gen *g, struct da__error *why)
{
    int x = gen_pick(g), chance = (int)gen_below(g, 100);
    if (!becomes_int64(&g->plan->node[x]))
        return -2;
    if (chance < 45)
        return draw_mix(g, x, why);
    if (chance < 75)
        return draw_digest(g, x, why);
    if (g->plan->node[x].dtype != DA_INT64)
        return -2;
    struct plan_node *n = gen_node(g, "user_scramble");
    struct plan_arg *list = plan_arg(n, "arrays");
    *list = (struct plan_arg){.kind = DA__ARG_ARRAYS, .nlist = 1, .list = {x}};
    return gen_finish(g, why);
}
