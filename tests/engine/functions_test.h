/* What the tests of the program's own functions share: some of them, registering, and short ways to call them. */
#ifndef DA_FUNCTIONS_TEST_H
#define DA_FUNCTIONS_TEST_H

#include "engine_test.h"

#include <distarray/functions.h>

/* z := factor x + y; the factor is the function's data. */
static void mix(int64_t n, void *out, const void *const *in, const int64_t *step, const void *data)
{
    const double *x = in[0], *y = in[1], *factor = data;
    double *z = out;
    for (int64_t i = 0; i < n; i++)
        z[i] = *factor * x[i * step[0]] + y[i * step[1]];
}

static void is_odd(int64_t n, void *out, const void *const *in, const int64_t *step,
                   const void *data)
{
    const int64_t *x = in[0];
    uint8_t *z = out;
    (void)data;
    for (int64_t i = 0; i < n; i++)
        z[i] = x[i * step[0]] % 2 != 0;
}

/* The largest minus the smallest element, times a factor; -1 of nothing. */
struct range {
    double low, high;
    int64_t n;
};

static void range_identity(void *state, const void *data)
{
    (void)data;
    *(struct range *)state = (struct range){INFINITY, -INFINITY, 0};
}

static void range_accumulate(void *state, int64_t n, const void *x, int64_t step, const void *data)
{
    struct range *s = state;
    const double *v = x;
    (void)data;
    for (int64_t i = 0; i < n; i++) {
        s->low = fmin(s->low, v[i * step]);
        s->high = fmax(s->high, v[i * step]);
    }
    s->n += n;
}

static void range_combine(void *state, const void *other, const void *data)
{
    struct range *s = state;
    const struct range *o = other;
    (void)data;
    s->low = fmin(s->low, o->low);
    s->high = fmax(s->high, o->high);
    s->n += o->n;
}

/* Range and count in one number, so that nothing is counted twice. */
static void range_finish(const void *state, void *out, const void *data)
{
    const struct range *s = state;
    (void)data;
    *(double *)out = s->n > 0 ? (s->high - s->low) * 1e6 + (double)s->n : -1;
}

/* 'r', 'u', 'w': y := y + factor x, z := x y; all of one layout. */
static da_status step_both(da_engine *e, int n, const da_part *const *part, const void *data,
                           size_t nbytes)
{
    double factor;
    (void)n;
    if (nbytes != sizeof factor)
        return da_engine_fail(e, DA_ERR_ARGUMENT, "the data");
    memcpy(&factor, data, sizeof factor);
    const double *x = da_part_data(part[0]);
    double *y = da_part_data(part[1]), *z = da_part_data(part[2]);
    for (int64_t i = 0; i < da_part_size(part[1]); i++) {
        z[i] = x[i] * y[i];
        y[i] += factor * x[i];
    }
    return DA_OK;
}

/* ---- registering and calling ---- */

static void enter(struct da__registration r)
{
    struct da__error err = {.engine = -1};
    assert_ok(da__register(g, &r, &err), &err, r.name);
}

static void enter_local(const char *name, da_local_function f, const char *intents, bool talks)
{
    enter((struct da__registration){.kind = DA__USER_LOCAL,
                                    .name = name,
                                    .nentries = 1,
                                    .entry = {(void (*)(void))f},
                                    .intents = intents,
                                    .talks = talks});
}

static void register_shared(void)
{
    static const double two = 2;
    enter((struct da__registration){.kind = DA__USER_STRIP,
                                    .name = "mix",
                                    .nentries = 1,
                                    .entry = {(void (*)(void))mix},
                                    .nin = 2,
                                    .in = {DA_FLOAT64, DA_FLOAT64},
                                    .out = DA_FLOAT64,
                                    .data = &two,
                                    .nbytes = sizeof two});
    enter((struct da__registration){.kind = DA__USER_STRIP,
                                    .name = "is_odd",
                                    .nentries = 1,
                                    .entry = {(void (*)(void))is_odd},
                                    .nin = 1,
                                    .in = {DA_INT64},
                                    .out = DA_BOOL});
    enter((struct da__registration){
        .kind = DA__USER_REDUCTION,
        .name = "range_of",
        .nentries = 4,
        .entry = {(void (*)(void))range_identity, (void (*)(void))range_accumulate,
                  (void (*)(void))range_combine, (void (*)(void))range_finish},
        .nin = 1,
        .in = {DA_FLOAT64},
        .out = DA_FLOAT64,
        .state_nbytes = sizeof(struct range)});
    enter_local("step_both", step_both, "ruw", false);
}

static da_array *eval(const char *text, int n, const struct da__name *name)
{
    da_array *a = da__eval(g, text, n, name);
    assert_sound(a, text);
    return a;
}

static const int64_t SHAPE[2] = {13, 10};

static double flat_of(const int64_t *i)
{
    return (double)(i[0] * 10 + i[1]);
}
static double mixed(const int64_t *i)
{
    return 2 * (flat_of(i) + 1) + (1000 - flat_of(i)) - 5;
}
static da_array *apply(const char *name, int n, da_array *const *array, const void *data,
                       int64_t nbytes, da_array **result)
{
    da_array *a = da__make_apply(g, name, n, array, data, nbytes, result);
    assert_sound(a, name);
    return a;
}

static double stepped(const int64_t *i)
{
    return 1000 - flat_of(i) + 3 * flat_of(i);
}
static double product(const int64_t *i)
{
    return flat_of(i) * (1000 - flat_of(i));
}
static void assert_fails(da_array *a, int engine, da_status status, const char *words)
{
    struct da__error err = {.engine = -1};
    assert_int_equal(da__runtime_compute(rt, 1, &a, &err), status);
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, words);
    if (engine >= 0)
        assert_int_equal(err.engine, engine);
}

#endif
