/* Every distribution that occurs can be written and read back: random ones, those of their views and reductions, and of views of
 * those. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "random_dist.h"
#include "text.h"

/* Replaces *d, counted, by what a view or a reduction makes of it. */
static void derive(const struct da__dist **d)
{
    int64_t shape[DA_MAX_NDIM], space[DA_MAX_NDIM];
    const struct da__dist *next = NULL;
    struct da__view v;
    for (int k = 0; k < (*d)->ndim; k++) {
        shape[k] = (*d)->map[k].count;
        if (shape[k] == 0)
            return;
    }
    if ((*d)->ndim > 0 && draw(3) == 0) {
        assert_int_equal(da__dist_reduce(*d, (uint32_t)draw(1 << (*d)->ndim), draw(2) == 0, &next),
                         DA_OK);
    } else {
        draw_view((*d)->ndim, shape, &v, space);
        if (v.ndim > 0 && draw(8) == 0)
            space[0] = 0;
        assert_int_equal(da__dist_view(*d, &v, space, &next), DA_OK);
    }
    da__dist_drop(*d);
    *d = next;
}

static void check_back(struct da__graph *g, int engines, const struct da__dist *d, int round)
{
    struct da__text t = {0};
    struct da__error err = {.engine = -1};
    struct da__pipeline *p = NULL;
    da__text_add(&t,
                 "{\"distarray\": 1, \"nodes\": [{\"id\": \"x\", \"op\": \"zeros\", \"shape\": [");
    for (int k = 0; k < d->ndim; k++)
        da__text_add(&t, k > 0 ? ", %lld" : "%lld", (long long)d->map[k].count);
    da__text_add(&t, "], \"dist\": ");
    if (da__json_dist(&t, d, engines) != DA_OK)
        fail_msg("round %d: a distribution cannot be written", round);
    da__text_add(&t, "}], \"outputs\": [\"x\"]}");
    if (da__pipeline_load(g, t.s, t.len, "text", NULL, 0, NULL, &p, &err) != DA_OK)
        fail_msg("round %d: %s\n%s", round, err.text, t.s);
    if (!da__dist_equal(p->output[0]->dist, d))
        fail_msg("round %d: another distribution comes back from %s", round, t.s);
    da__pipeline_free(p);
    da__text_free(&t);
}

static void distributions_load_back(void **state)
{
    (void)state;
    for (int round = 0; round < 4000; round++) {
        random_state = (uint64_t)round * 104729 + 11;
        int engines = 1 + (int)draw(MOST_ENGINES), ndim = (int)draw(MOST_DIMS);
        int64_t shape[MOST_DIMS];
        for (int k = 0; k < ndim; k++)
            shape[k] = 1 + draw(MOST_EXTENT);
        struct da__graph *g = da__graph_new(engines);
        const struct da__dist *d = draw_dist(ndim, shape, engines);
        for (int64_t left = draw(4); left > 0; left--)
            derive(&d);
        check_back(g, engines, d, round);
        da__dist_drop(d);
        da__graph_free(g);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(distributions_load_back)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed != 0 || da__alloc_live() != 0;
}
