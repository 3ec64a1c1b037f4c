/* Lowering and the passes: what each one does to small graphs, what it leaves alone, and what verify refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "program.h"

struct fixture {
    struct da__graph *g;
    da_array *x, *y, *big; /* leaves: (6, 5) float64, (6, 5) float64, (600, 5) float64 */
};

static da_array *leaf(struct da__graph *g, int64_t rows)
{
    int64_t shape[2] = {rows, 5};
    const struct da__dist *d = NULL;
    struct da__error err = {.engine = -1};
    assert_int_equal(da__dist_make(2, shape, NULL, da__graph_nengines(g), &d, &err), DA_OK);
    da_array *a = da__make_leaf(g, da__graph_new_buffer(g), DA_FLOAT64, 2, shape, d);
    da__dist_drop(d);
    return a;
}

static int setup(void **state)
{
    static struct fixture f;
    f.g = da__graph_new(4);
    f.x = leaf(f.g, 6);
    f.y = leaf(f.g, 6);
    f.big = leaf(f.g, 600);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    da__graph_free(f->g);
    return 0;
}

static da_array *eval(struct fixture *f, const char *text)
{
    struct da__name names[] = {{"x", f->x}, {"y", f->y}, {"big", f->big}};
    da_array *a = da__eval(f->g, text, 3, names);
    if (da__node_error(a) != NULL)
        fail_msg("%s", da__node_error(a)->text);
    return a;
}

static struct da__program *plan(struct fixture *f, const char *passes, int n, da_array **target)
{
    struct da__program *p = NULL;
    struct da__binding bind;
    struct da__error err = {.engine = -1};
    if (da__lower(f->g, n, target, passes, &p, &bind, &err) != DA_OK ||
        da__optimize(p, passes, NULL, NULL, &err) != DA_OK)
        fail_msg("%s", err.text);
    if (da__program_verify(p, &err) != DA_OK)
        fail_msg("%s", err.text);
    da__binding_free(&bind);
    return p;
}

/* Steps of the program of one or more expressions (NULL ends the list). */
static int steps(struct fixture *f, const char *passes, const char *text, ...)
{
    da_array *target[8];
    int n = 0;
    va_list args;
    va_start(args, text);
    for (; text != NULL; text = va_arg(args, const char *))
        target[n++] = eval(f, text);
    va_end(args);
    struct da__program *p = plan(f, passes, n, target);
    int nsteps = p->nsteps;
    da__program_free(p);
    return nsteps;
}

static void test_one_step_per_operation_without_passes(void **state)
{
    assert_int_equal(steps(*state, "-all", "sqrt(x*x + y*y) - 1", NULL), 5);
    assert_int_equal(steps(*state, "-all", "x", NULL), 0); /* a leaf is there already */
    assert_int_equal(steps(*state, "-all", "sum(x + 1)", NULL), 2);
}

static void test_views_dissolve(void **state)
{
    assert_int_equal(steps(*state, "-all", "x[1:] + x[:-1]", NULL), 1);
    assert_int_equal(steps(*state, "-all", "matrix_transpose(x[::-1])[1:3]", NULL),
                     1); /* only the target's copy */
}

static void test_fold(void **state)
{
    assert_int_equal(steps(*state, "-all,+fold", "x * (full((6, 5), 2.0) + 1.0)", NULL), 1);
    assert_int_equal(steps(*state, "-all", "x * (full((6, 5), 2.0) + 1.0)", NULL), 2);
    struct fixture *f = *state;
    da_array *t = eval(f, "x * (full((6, 5), 2.0) + 1.0)");
    struct da__program *p = plan(f, "-all,+fold", 1, &t);
    double value;
    memcpy(&value, p->param[p->step[0].param[0]].bytes, sizeof value);
    assert_true(value == 3.0);
    da__program_free(p);
}

static void test_prune(void **state)
{
    struct fixture *f = *state;
    da_array *same = eval(f, "x + 1");
    da_array *copied =
        da__make_save(f->g, same, "never.npy", NULL); /* boxes already: no copy step */
    struct da__program *p = plan(f, "-all", 1, &copied);
    assert_int_equal(p->nsteps, 2);
    da__program_free(p);
}

static void test_cse(void **state)
{
    assert_int_equal(steps(*state, "-all,+cse", "exp(x) + exp(x)", NULL), 2);
    assert_int_equal(steps(*state, "-all", "exp(x) + exp(x)", NULL), 3);
    assert_int_equal(steps(*state, "-all,+cse", "exp(x) + exp(y)", NULL), 3);
    assert_int_equal(steps(*state, "-all,+cse", "x*2 + x*2", NULL), 2);
    assert_int_equal(steps(*state, "-all,+cse", "x*2 + x*3", NULL), 3);
    assert_int_equal(steps(*state, "-all,+cse", "sum(x) + sum(x)", NULL), 2);
    assert_int_equal(steps(*state, "-all,+cse", "sum(x, axis=0) + sum(x, axis=1)[0]", NULL), 3);
}

static void test_views_pass(void **state)
{
    struct fixture *f = *state;
    da_array *t = eval(f, "(big * 2)[10:13]"); /* only three rows are computed */
    struct da__program *p = plan(f, "-all,+views", 1, &t);
    assert_int_equal(p->nsteps, 1);
    assert_int_equal(p->step[0].shape[0], 3);
    da__program_free(p);
    assert_int_equal(steps(f, "-all,+views", "(big * 2)[10:13] + (big * 2)[1:4]", NULL), 1);
    assert_int_equal(steps(f, NULL, "x + arange(5)", NULL),
                     1); /* ranges are computed where they are read */
    assert_int_equal(steps(f, NULL, "x * arange(10)[::2]", NULL), 1);
}

static void test_fuse(void **state)
{
    assert_int_equal(steps(*state, NULL, "sqrt(x*x + y*y) - 1", NULL), 1);
    assert_int_equal(steps(*state, NULL, "sum(exp(x) + 1)", NULL), 1);
    assert_int_equal(steps(*state, "-fuse", "sum(exp(x) + 1)", NULL), 3);
    assert_int_equal(steps(*state, NULL, "x - mean(x)", NULL), 2);
    assert_int_equal(steps(*state, NULL, "sum(x - mean(x, axis=0))", NULL), 2);
    assert_int_equal(steps(*state, NULL, "x[1:] + y[1:]", NULL), 1);
}

/* A result that only a later level needs is computed there instead of stored. */
static void test_fuse_sinks(void **state)
{
    struct fixture *f = *state;
    da_array *t = eval(f, "x*2 - mean(y)");
    struct da__program *p = plan(f, NULL, 1, &t);
    assert_int_equal(p->nsteps, 2);
    for (int i = 0; i < p->nvalues; i++) /* no temporary of the array's size */
        assert_true(p->value[i].kind != DA__VALUE_TEMP || p->value[i].ndim == 0);
    da__program_free(p);
}

/* A diamond through a reduction must not become a cycle. */
static void test_fuse_never_makes_cycles(void **state)
{
    struct fixture *f = *state;
    da_array *t[2] = {eval(f, "exp(x)"), NULL};
    struct da__name names[] = {{"e", t[0]}};
    t[1] = da__eval(f->g, "e / sum(e) + e[::-1] * max(e, axis=1, keepdims=True)", 1, names);
    for (int i = 0; i < 64; i++) {
        static const char *const name[] = {"fold", "prune", "cse", "views", "fuse", "merge"};
        char passes[128] = "";
        for (int k = 0; k < 6; k++)
            if (!(i >> k & 1)) {
                strcat(passes, "-");
                strcat(passes, name[k]);
                strcat(passes, ",");
            }
        da__program_free(plan(f, passes, 2, t));
    }
}

static void test_unfused_edges_say_why(void **state)
{
    struct fixture *f = *state;
    da_array *t = eval(f, "x - mean(x)");
    struct da__program *p = plan(f, NULL, 1, &t);
    assert_int_equal(p->nunfused, 1);
    assert_string_equal(p->unfused[0].reason, "a reduction must be finished before it is read");
    da__program_free(p);
    t = eval(f, "big[1:] * (big * 2)[:-1] * exp(big[1:])");
    p = plan(f, "-views", 1, &t);
    assert_int_equal(p->nunfused, 1);
    assert_string_equal(p->unfused[0].reason, "it is read through a view");
    da__program_free(p);
}

static void test_merge(void **state)
{
    assert_int_equal(steps(*state, NULL, "sum(x)", "min(x)", "var(x)", "argmax(x)", NULL), 1);
    assert_int_equal(steps(*state, "-merge", "sum(x)", "min(x)", "var(x)", "argmax(x)", NULL), 4);
    assert_int_equal(
        steps(*state, NULL, "sum((x - mean(x))**2)", "mean(x)", "var(x)", "min(x)", "max(x)", NULL),
        2);
    assert_int_equal(steps(*state, NULL, "sum(x)", "sum(y)", NULL), 2); /* nothing shared */
    assert_int_equal(steps(*state, NULL, "x + 1", "x * y", "y - 1", NULL), 1);
}

static void test_kept_arrays_are_results(void **state)
{
    struct fixture *f = *state;
    da_array *e = eval(f, "exp(x)");
    struct da__name names[] = {{"e", e}};
    da_array *t = da__eval(f->g, "sum(e)", 1, names);
    da__node_keep(e);
    struct da__program *p = plan(f, NULL, 1, &t);
    int outputs = 0;
    for (int i = 0; i < p->nvalues; i++)
        outputs += p->value[i].kind == DA__VALUE_OUTPUT;
    assert_int_equal(p->nsteps, 1);
    assert_int_equal(outputs, 2);
    da__program_free(p);
    da__node_drop(e);
}

/* ---- bytes and verification ---- */

static struct da__program *rich_program(struct fixture *f)
{
    da_array *t[3] = {eval(f, "x[::-1] * 2.5 - mean(x, axis=1, keepdims=True)"),
                      eval(f, "argmax(big)"), eval(f, "astype(arange(7), float32)")};
    return plan(f, NULL, 3, t);
}

static void test_bytes_round_trip(void **state)
{
    struct da__program *p = rich_program(*state), *q = NULL;
    struct da__bytes a = {0}, b = {0};
    assert_int_equal(da__program_write(p, &a), DA_OK);
    assert_int_equal(da__program_read(&a, &q), DA_OK);
    assert_int_equal(da__program_write(q, &b), DA_OK);
    assert_int_equal(a.nbytes, b.nbytes);
    assert_memory_equal(a.data, b.data, (size_t)a.nbytes);
    da__program_free(p);
    da__program_free(q);
    da__bytes_free(&a);
    da__bytes_free(&b);
}

/* Truncated and damaged bytes are refused or make a program that verifies; nothing crashes. */
static void test_damaged_bytes_are_refused(void **state)
{
    struct da__program *p = rich_program(*state);
    struct da__bytes a = {0};
    assert_int_equal(da__program_write(p, &a), DA_OK);
    int64_t whole = a.nbytes;
    int refused = 0;
    for (int64_t n = 0; n < whole; n += 3) {
        struct da__program *q = NULL;
        struct da__bytes cut = {.data = a.data, .nbytes = n, .cap = n};
        if (da__program_read(&cut, &q) != DA_OK)
            refused++;
        else
            da__program_free(q);
    }
    assert_int_equal(refused, (whole + 2) / 3);
    for (int64_t i = 0; i < whole; i += 5) {
        struct da__program *q = NULL;
        struct da__bytes bad = {.data = a.data, .nbytes = whole, .cap = whole};
        uint8_t was = a.data[i];
        a.data[i] ^= 0x81;
        if (da__program_read(&bad, &q) == DA_OK)
            da__program_free(q);
        a.data[i] = was;
    }
    da__program_free(p);
    da__bytes_free(&a);
}

/* Scale-free: the program of a distribution over 4,096 engines is as long as that over 4. */
static void test_size_does_not_depend_on_engines(void **state)
{
    int64_t nbytes[2];
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct fixture f = {.g = da__graph_new(i == 0 ? 4 : 4096)};
        f.x = f.y = leaf(f.g, 1000000);
        f.big = f.x;
        da_array *t = eval(&f, "sum((x[1:] - y[:-1])**2, axis=0) + mean(x)");
        struct da__program *p = plan(&f, NULL, 1, &t);
        struct da__bytes b = {0};
        assert_int_equal(da__program_write(p, &b), DA_OK);
        nbytes[i] = b.nbytes;
        da__bytes_free(&b);
        da__program_free(p);
        da__graph_free(f.g);
    }
    assert_int_equal(nbytes[0], nbytes[1]);
}

static void test_verify_finds_what_is_broken(void **state)
{
    struct fixture *f = *state;
    struct da__error err = {.engine = -1};
    struct da__program *p = rich_program(f);
    p->step[0].dist += 100;
    assert_int_not_equal(da__program_verify(p, &err), DA_OK);
    p->step[0].dist -= 100;
    assert_int_equal(da__program_verify(p, NULL), DA_OK);
    for (int i = 0; i < p->nsteps; i++)
        if (p->step[i].ninputs > 0) {
            p->step[i].input[0].view.offset[0] += 1000;
            assert_int_not_equal(da__program_verify(p, NULL), DA_OK);
            p->step[i].input[0].view.offset[0] -= 1000;
        }
    struct da__step first = p->step[0];
    p->step[0] = p->step[p->nsteps - 1];
    p->step[p->nsteps - 1] = first;
    p->value[p->step[0].ninputs > 0 ? p->step[0].input[0].value : 0].dtype = DA_BOOL;
    assert_int_not_equal(da__program_verify(p, NULL), DA_OK);
    da__program_free(p);
}

/* Long chains stay linear in time and give few, bounded kernels. */
static void test_long_chain(void **state)
{
    struct fixture *f = *state;
    struct da__operand in[2] = {{.array = f->x}, {.array = f->y}};
    for (int i = 0; i < 20000; i++)
        in[0].array = da__make_elementwise(f->g, i % 2 ? DA__OP_ADD : DA__OP_MULTIPLY, 2, in);
    struct da__program *p = plan(f, NULL, 1, &in[0].array);
    assert_in_range(p->nsteps, 2, 200);
    da__program_free(p);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_one_step_per_operation_without_passes),
        T(test_views_dissolve),
        T(test_fold),
        T(test_prune),
        T(test_cse),
        T(test_views_pass),
        T(test_fuse),
        T(test_fuse_sinks),
        T(test_fuse_never_makes_cycles),
        T(test_unfused_edges_say_why),
        T(test_merge),
        T(test_kept_arrays_are_results),
        T(test_bytes_round_trip),
        T(test_damaged_bytes_are_refused),
        T(test_size_does_not_depend_on_engines),
        T(test_verify_finds_what_is_broken),
        T(test_long_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
