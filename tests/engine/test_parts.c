/* Arrays that are written part by part (joins, replaced slices) and views that wrap around, over every kind of map: what engines
 * store against plain C. Nodes are made by hand, so that any part can be tried. */
#include "engine_test.h"

#include "../../graph/node.h"

static uint64_t seed;

static int64_t draw(int64_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return below > 0 ? (int64_t)((seed >> 33) % (uint64_t)below) : 0;
}

/* x with the elements at `v` replaced by y. */
static da_array *assigned(da_array *x, da_array *y, const struct da__view *v)
{
    da_array *a = da__node_new(g, DA__NODE_ASSIGN, x->dtype, x->ndim, x->shape, x->dist);
    assert_non_null(a);
    a->u.view = da__alloc(sizeof *v);
    *a->u.view = *v;
    da__node_add_input(a, x);
    da__node_add_input(a, y);
    return a;
}

static da_array *joined(int axis, int n, da_array *const *in, const struct da__dist_spec *spec)
{
    int64_t shape[MOST_AXES];
    memcpy(shape, in[0]->shape, (size_t)in[0]->ndim * sizeof *shape);
    for (int k = 1; k < n; k++)
        shape[axis] += in[k]->shape[axis];
    const struct da__dist *dist = NULL;
    struct da__error err = {.engine = -1};
    assert_ok(da__dist_make(in[0]->ndim, shape, spec, P, &dist, &err), &err, "dist");
    da_array *a = da__node_new(g, DA__NODE_CONCAT, in[0]->dtype, in[0]->ndim, shape, dist);
    da__dist_drop(dist);
    assert_non_null(a);
    assert_true(da__node_reserve(a, n));
    a->u.axis = axis;
    for (int k = 0; k < n; k++)
        da__node_add_input(a, in[k]);
    return a;
}

/* A slice of every axis, sometimes one index of it. Sets the part's shape. */
static int draw_part(int ndim, const int64_t *shape, struct da__view *v, int64_t *part)
{
    struct da__index_item item[MOST_AXES];
    struct da__error err = {.engine = -1};
    int n = 0;
    for (int b = 0; b < ndim; b++) {
        if (draw(6) == 0) {
            item[b] = (struct da__index_item){.kind = DA__INDEX_INT, .start = draw(shape[b])};
            continue;
        }
        int64_t step = draw(2) ? 1 : 1 + draw(3);
        item[b] = (struct da__index_item){.kind = DA__INDEX_SLICE,
                                          .has_step = true,
                                          .step = draw(3) ? step : -step,
                                          .has_start = draw(2) != 0,
                                          .start = draw(shape[b] + 1),
                                          .has_stop = draw(3) == 0,
                                          .stop = draw(shape[b] + 1)};
    }
    assert_ok(da__index_resolve(ndim, shape, ndim, item, v, &n, part, &err), &err, "part");
    return n;
}

static void replace(double *want, int ndim, const int64_t *shape, const struct da__view *v,
                    int part_ndim, const int64_t *part, const double *from)
{
    int64_t index[MOST_AXES] = {0}, n = 0;
    if (da__nelem(part_ndim, part) == 0)
        return;
    do {
        int64_t at = 0;
        for (int b = 0; b < ndim; b++)
            at = at * shape[b] + v->offset[b] +
                 (v->axis[b] >= 0 ? v->step[b] * index[v->axis[b]] : 0);
        want[at] = from[n++];
    } while (next_index(part_ndim, part, index));
}

static void check_all(da_array *a, const double *want, const char *what)
{
    double *got = gathered(a, what);
    int64_t n = da__nelem(a->ndim, a->shape);
    for (int64_t i = 0; i < n; i++)
        if (got[i] != want[i])
            fail_msg("%s, seed %llu: element %lld is %g, not %g", what, (unsigned long long)seed,
                     (long long)i, got[i], want[i]);
    free(got);
}

static const struct da__dist_spec *draw_layout(struct layout *l, int ndim, const int64_t *shape)
{
    char maps[MOST_AXES + 1] = {0};
    for (int k = 0; k < ndim; k++)
        maps[k] = MAPS[draw(NMAPS)];
    return layout_subset(l, ndim, shape, maps, (int)draw(2), (int)draw(NSUBSETS));
}

/* The elements of `want` that a view reads, through f(x) = scale * x. */
static void read_part(const double *want, int ndim, const int64_t *shape, const struct da__view *v,
                      int part_ndim, const int64_t *part, double scale, double *out)
{
    int64_t index[MOST_AXES] = {0}, n = 0;
    if (da__nelem(part_ndim, part) == 0)
        return;
    do {
        int64_t at = 0;
        for (int b = 0; b < ndim; b++) {
            int64_t way = v->axis[b] >= 0 ? v->step[b] * index[v->axis[b]] : 0;
            if (v->period[b] > 0)
                way = da__floor_mod(v->phase[b] + way, v->period[b]);
            at = at * shape[b] + v->offset[b] + way;
        }
        out[n++] = scale * want[at];
    } while (next_index(part_ndim, part, index));
}

/* a with a random part replaced: by other numbers, or by what was there, doubled. `want` follows. */
static da_array *replace_some(da_array *a, double *want)
{
    struct layout l;
    struct da__view v;
    int64_t part[MOST_AXES];
    int ndim = draw_part(a->ndim, a->shape, &v, part);
    int64_t n = da__nelem(ndim, part);
    double *data = malloc((size_t)(n + 1) * sizeof *data);
    da_array *y = NULL;
    if (draw(3) == 0) {
        struct da__name name[] = {{"y", da__make_view(g, a, &v, ndim, part)}};
        y = da__eval(g, "y * 2", 1, name);
        read_part(want, a->ndim, a->shape, &v, ndim, part, 2, data);
    } else {
        y = numbers(ndim, part, -1, -1, draw_layout(&l, ndim, part));
        for (int64_t i = 0; i < n; i++)
            data[i] = -1 - (double)i;
    }
    da_array *result = assigned(a, y, &v);
    replace(want, a->ndim, a->shape, &v, ndim, part, data);
    free(data);
    return result;
}

/* Several parts of one array one after the other; an intermediate one may be asked for too, and a sum of the last. */
static void parts_are_replaced(void **state)
{
    (void)state;
    for (int round = 0; round < 300; round++) {
        seed = (uint64_t)round * 977 + 5;
        struct layout l;
        int ndim = 1 + (int)draw(3), nparts = 1 + (int)draw(3), stop = (int)draw(6);
        int64_t shape[MOST_AXES];
        for (int k = 0; k < ndim; k++)
            shape[k] = 1 + draw(14);
        size_t nbytes = (size_t)da__nelem(ndim, shape) * sizeof(double);
        double *want = malloc(nbytes), *middle = malloc(nbytes);
        da__scope_push(g);
        struct da__name x[] = {{"x", numbers(ndim, shape, 1, 1, draw_layout(&l, ndim, shape))}};
        da_array *a = draw(2) ? x[0].array : da__eval(g, "x + 0", 1, x), *kept = x[0].array;
        for (int64_t i = 0; i < da__nelem(ndim, shape); i++)
            middle[i] = want[i] = 1 + (double)i;
        for (int k = 0; k < nparts; k++) {
            a = replace_some(a, want);
            if (k != stop)
                continue;
            kept = a;
            memcpy(middle, want, nbytes);
        }
        struct da__name last[] = {{"a", a}};
        da_array *target[] = {a, da__eval(g, "sum(a)", 1, last), kept};
        compute(kept == x[0].array ? 2 : 3, target);
        check_all(a, want, "replaced");
        check_all(kept, middle, "kept");
        da__scope_pop(g);
        free(want);
        free(middle);
    }
}

static void joins_of_arrays(void **state)
{
    (void)state;
    for (int round = 0; round < 100; round++) {
        seed = (uint64_t)round * 613 + 11;
        struct layout l;
        int n = 1 + (int)draw(4), axis = (int)draw(2);
        int64_t shape[2] = {1 + draw(9), 1 + draw(9)}, whole[2] = {shape[0], shape[1]}, begin = 0;
        da_array *in[4];
        da__scope_push(g);
        whole[axis] = 0;
        for (int k = 0; k < n; k++) {
            shape[axis] = draw(9);
            in[k] = numbers(2, shape, 100 * (k + 1), 1, draw_layout(&l, 2, shape));
            whole[axis] += shape[axis];
        }
        double *want = calloc((size_t)da__nelem(2, whole) + 1, sizeof *want);
        for (int k = 0; k < n; k++) {
            int64_t m = in[k]->shape[1];
            for (int64_t i = 0; i < da__nelem(2, in[k]->shape); i++) {
                int64_t at[2] = {i / m, i % m};
                at[axis] += begin;
                want[at[0] * whole[1] + at[1]] = 100 * (k + 1) + (double)i;
            }
            begin += in[k]->shape[axis];
        }
        da_array *a = joined(axis, n, in, draw_layout(&l, 2, whole));
        compute(1, &a);
        check_all(a, want, "joined");
        da__scope_pop(g);
        free(want);
    }
}

/* A rolled view of an array, plus the array: one way round, or a part of it in steps. */
static void rolled_views(void **state)
{
    (void)state;
    for (int round = 0; round < 300; round++) {
        seed = (uint64_t)round * 331 + 7;
        struct layout l;
        int ndim = 1 + (int)draw(3);
        int64_t shape[MOST_AXES], part[MOST_AXES];
        struct da__view v;
        da__view_identity(ndim, &v);
        for (int k = 0; k < ndim; k++) {
            part[k] = shape[k] = 1 + draw(14);
            if (draw(3) == 0)
                continue;
            v.offset[k] = draw(2) ? draw(shape[k]) : 0;
            v.period[k] = shape[k] - v.offset[k];
            v.phase[k] = draw(v.period[k]);
            v.step[k] = 1 + draw(3);
            part[k] = draw(3) ? (v.period[k] - 1) / v.step[k] + 1
                              : 1 + draw((v.period[k] - 1) / v.step[k] + 1);
            v.step[k] = draw(3) ? v.step[k] : -v.step[k];
        }
        int64_t n = da__nelem(ndim, shape), m = da__nelem(ndim, part);
        double *data = malloc((size_t)n * sizeof *data),
               *want = malloc((size_t)(2 * m) * sizeof *want);
        da__scope_push(g);
        da_array *x = numbers(ndim, shape, 1, 1, draw_layout(&l, ndim, shape));
        struct da__name name[] = {{"y", numbers(ndim, part, 0, 1000, draw_layout(&l, ndim, part))},
                                  {"v", da__make_view(g, x, &v, ndim, part)}};
        da_array *a = da__eval(g, draw(2) ? "v * 2 + y" : "y + v * 2", 2, name);
        for (int64_t i = 0; i < n; i++)
            data[i] = 1 + (double)i;
        read_part(data, ndim, shape, &v, ndim, part, 2, want);
        for (int64_t i = 0; i < m; i++)
            want[i] += 1000 * (double)i;
        compute(1, &a);
        check_all(a, want, "rolled");
        da__scope_pop(g);
        free(data);
        free(want);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(parts_are_replaced),
    cmocka_unit_test(joins_of_arrays),
    cmocka_unit_test(rolled_views),
};
ENGINE_TEST_MAIN(tests)
