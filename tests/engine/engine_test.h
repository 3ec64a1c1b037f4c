/* What the tests of the engines share: a runtime for the number of engines in argv[1] (under mpirun the ranks are the
 * engines), distributions of every kind, and element-by-element comparison with plain C. */
#ifndef DA_ENGINE_TEST_H
#define DA_ENGINE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "da_scheduler.h"

enum { MOST_AXES = 4, MOST_PARTS = 16, MOST_EXTENT = 64, HANG_SECONDS = 200 };

static struct da__runtime *rt;
static struct da__graph *g;
static int P; /* engines */

/* ---- opening and closing ------------------------------------------------------------------------ */

/* False: this process was one of the master's engines, and is done; its exit code is in `code`. */
static bool engines_open(int argc, char **argv, int *code)
{
    struct da__runtime_options options = {.engines = argc > 1 ? atoi(argv[1]) : 1};
    struct da__error err = {.engine = -1};
    alarm(HANG_SECONDS); /* a hang is a failure */
    if (da__runtime_open(&options, &rt, &err) != DA_OK) {
        fprintf(stderr, "the engines did not start: %s\n", err.text);
        *code = 1;
        return false;
    }
    *code = 0;
    if (rt == NULL) {
        if (da__alloc_live() != 0) {
            fprintf(stderr, "an engine leaves %lld blocks behind\n", (long long)da__alloc_live());
            *code = 1;
        }
        return false;
    }
    g = da__runtime_graph(rt);
    P = da__runtime_nengines(rt);
    return true;
}

static int engines_close(int failed)
{
    da__runtime_close(rt);
    if (failed == 0 && da__alloc_live() != 0) {
        fprintf(stderr, "%lld blocks are left behind\n", (long long)da__alloc_live());
        return 1;
    }
    return failed;
}

#define ENGINE_TEST_MAIN(tests)                                                                    \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        int code;                                                                                  \
        if (!engines_open(argc, argv, &code))                                                      \
            return code;                                                                           \
        return engines_close(cmocka_run_group_tests(tests, NULL, NULL));                           \
    }

/* ---- distributions ------------------------------------------------------------------------------ */

/* Axis maps by letter: n, b, i (irregular bounds, some of them empty), c, 3 (block-cyclic), u (shuffled lists, the last short). */
static const char MAPS[] = "nbic3u";
enum { NMAPS = 6 };

struct layout {
    struct da__dist_spec spec;
    struct da__map_spec map[MOST_AXES];
    int grid[MOST_AXES], engine[MOST_PARTS];
    int64_t bounds[MOST_AXES][MOST_PARTS + 1];
    int64_t nlist[MOST_AXES][MOST_PARTS], index[MOST_AXES][MOST_EXTENT];
    const int64_t *list[MOST_AXES][MOST_PARTS];
    char text[64];
};

static void fill_bounds(struct layout *l, int axis, int64_t n, int parts)
{
    for (int k = 0; k <= parts; k++)
        l->bounds[axis][k] = n * k * k / (parts * parts);
    l->map[axis].nbounds = parts + 1;
    l->map[axis].bounds = l->bounds[axis];
}

static void fill_lists(struct layout *l, int axis, int64_t n, int parts)
{
    int64_t *index = l->index[axis], at = 0;
    uint32_t random = 12345u + (uint32_t)axis;
    for (int64_t i = 0; i < n; i++)
        index[i] = i;
    for (int64_t i = n - 1; i > 0; i--) {
        random = random * 1664525u + 1013904223u;
        int64_t j = random % (uint32_t)(i + 1), other = index[i];
        index[i] = index[j];
        index[j] = other;
    }
    for (int k = 0; k < parts; k++) {
        int64_t count = k == parts - 1 ? n - at : (n + parts - 1) / parts;
        if (at + count > n)
            count = n - at;
        l->nlist[axis][k] = count;
        l->list[axis][k] = index + at;
        at += count;
    }
    l->map[axis].nlists = parts;
    l->map[axis].list_nelem = l->nlist[axis];
    l->map[axis].list = l->list[axis];
}

/* One letter of MAPS per axis. The engines are first, first + step, … (`count` of them); they are spread over the split axes
 * as evenly as their number allows, `turn` decides which axis gets more. */
static const struct da__dist_spec *layout_on(struct layout *l, int ndim, const int64_t *shape,
                                             const char *maps, int turn, int first, int step,
                                             int count)
{
    memset(l, 0, sizeof *l);
    snprintf(l->text, sizeof l->text, "%s on engines %d+%d*%d", maps, first, step, count);
    int split[MOST_AXES], nsplit = 0, left = count;
    for (int k = 0; k < ndim; k++) {
        l->grid[k] = 1;
        if (maps[k] != 'n')
            split[nsplit++] = k;
    }
    for (int i = 0; i < nsplit; i++) {
        int axis = split[(i + turn) % nsplit], parts = left;
        if (i < nsplit - 1)
            parts = (int)ceil(pow(left, 1.0 / (nsplit - i)) - 1e-9);
        l->grid[axis] = parts;
        left /= parts;
    }
    for (int k = 0; k < ndim; k++) {
        l->map[k].kind = maps[k] == 'i' ? 'b' : maps[k] == '3' ? 'c' : maps[k];
        l->map[k].block = maps[k] == '3' ? 3 : 0;
        if (maps[k] == 'i')
            fill_bounds(l, k, shape[k], l->grid[k]);
        if (maps[k] == 'u')
            fill_lists(l, k, shape[k], l->grid[k]);
    }
    for (int i = 0; i < count; i++)
        l->engine[i] = first + i * step;
    l->spec = (struct da__dist_spec){.nmaps = ndim,
                                     .map = l->map,
                                     .ngrid = ndim,
                                     .grid = l->grid,
                                     .nengines = count,
                                     .engines = l->engine};
    return &l->spec;
}

static const struct da__dist_spec *layout(struct layout *l, int ndim, const int64_t *shape,
                                          const char *maps, int turn)
{
    return layout_on(l, ndim, shape, maps, turn, 0, 1, P);
}

/* Subset 0: all engines; 1: every second one; 2: the last alone; 3: all but the first. */
enum { NSUBSETS = 4 };
static const struct da__dist_spec *layout_subset(struct layout *l, int ndim, const int64_t *shape,
                                                 const char *maps, int turn, int subset)
{
    switch (subset) {
    case 1:
        return layout_on(l, ndim, shape, maps, turn, 0, 2, (P + 1) / 2);
    case 2:
        return layout_on(l, ndim, shape, maps, turn, P - 1, 1, 1);
    case 3:
        return P > 1 ? layout_on(l, ndim, shape, maps, turn, 1, 1, P - 1)
                     : layout(l, ndim, shape, maps, turn);
    default:
        return layout(l, ndim, shape, maps, turn);
    }
}

/* ---- arrays and comparison ---------------------------------------------------------------------- */

/* An array of doubles whose element at flat position i is start + step * i. */
static da_array *numbers(int ndim, const int64_t *shape, double start, double step,
                         const struct da__dist_spec *spec)
{
    int64_t n = da__nelem(ndim, shape);
    double *data = malloc((size_t)(n + 1) * sizeof *data);
    for (int64_t i = 0; i < n; i++)
        data[i] = start + step * (double)i;
    da_array *a = da__runtime_import(rt, data, DA_FLOAT64, ndim, shape, spec);
    free(data);
    return a;
}

static void assert_sound(const da_array *a, const char *what)
{
    if (da__node_error(a) != NULL)
        fail_msg("%s: %s", what, da__node_error(a)->text);
}

static void assert_ok(da_status status, const struct da__error *err, const char *what)
{
    if (status != DA_OK)
        fail_msg("%s: %s (engine %d)", what, err->text, err->engine);
}

static void compute(int n, da_array *const *target)
{
    struct da__error err = {.engine = -1};
    assert_ok(da__runtime_compute(rt, n, target, &err), &err, "compute");
}

/* All elements as doubles; the caller frees. */
static double *gathered(da_array *a, const char *what)
{
    struct da__error err = {.engine = -1};
    assert_sound(a, what);
    int64_t n = da__nelem(a->ndim, a->shape);
    size_t item = da__dtype_nbytes(a->dtype);
    char *raw = malloc((size_t)(n + 1) * item);
    double *out = malloc((size_t)(n + 1) * sizeof *out);
    assert_ok(da__runtime_gather(rt, a, raw, &err), &err, what);
    for (int64_t i = 0; i < n; i++) {
        struct da__scalar s;
        da__scalar_load(raw + (size_t)i * item, a->dtype, &s);
        out[i] = s.re;
    }
    free(raw);
    return out;
}

static bool next_index(int ndim, const int64_t *shape, int64_t *index)
{
    for (int k = ndim - 1; k >= 0; k--) {
        if (++index[k] < shape[k])
            return true;
        index[k] = 0;
    }
    return false;
}

static bool same_value(double a, double b, double tolerance)
{
    return (isnan(a) && isnan(b)) || a == b || fabs(a - b) <= tolerance * fabs(b);
}

/* Every element against value(index). */
static void check_near(da_array *a, int ndim, const int64_t *shape,
                       double (*value)(const int64_t *index), double tolerance, const char *what)
{
    double *got = gathered(a, what);
    int64_t index[MOST_AXES] = {0}, at = 0;
    char text[64];
    assert_int_equal(a->ndim, ndim);
    for (int k = 0; k < ndim; k++)
        assert_int_equal(a->shape[k], shape[k]);
    if (da__nelem(ndim, shape) > 0)
        do {
            double wanted = value(index);
            if (!same_value(got[at], wanted, tolerance))
                fail_msg("%s, %d engines: element %lld of %s is %.17g, not %.17g", what, P,
                         (long long)at, da__shape_text(ndim, shape, text, sizeof text), got[at],
                         wanted);
            at++;
        } while (next_index(ndim, shape, index));
    free(got);
}

static void check(da_array *a, int ndim, const int64_t *shape,
                  double (*value)(const int64_t *index), const char *what)
{
    check_near(a, ndim, shape, value, 0, what);
}

static struct da__counters counters(void)
{
    struct da__counters c;
    da__runtime_counters(rt, &c);
    return c;
}

#endif
