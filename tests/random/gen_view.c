/* Random views: basic indexing, permutations, flips, new and lost axes, broadcasts, and any affine view. */
#include "gen.h"

#include <stdio.h>
#include <string.h>

static void add(char *text, const char *format, long long v)
{
    size_t n = strlen(text);
    snprintf(text + n, PLAN_TEXT - n, format, v);
}

/* Bounds may lie outside, steps have any sign. */
static void draw_slice(struct gen *g, int64_t extent, char *text)
{
    int64_t far = extent + 3;
    if (gen_percent(g, 60))
        add(text, "%lld",
            gen_between(g, gen_percent(g, 50) ? 0 : -far, gen_percent(g, 70) ? extent / 2 : far));
    add(text, ":", 0);
    if (gen_percent(g, 60))
        add(text, "%lld", gen_between(g, gen_percent(g, 70) ? extent / 2 : -far, far));
    if (gen_percent(g, 60)) {
        int64_t step = gen_between(g, 1, gen_percent(g, 80) ? 3 : 7);
        add(text, ":%lld", gen_percent(g, 45) ? -step : step);
    }
}

int gen_slice(struct gen *g, int x, struct da__error *why)
{
    struct plan_node *n = gen_node(g, "slice");
    const struct plan_node *in = &g->plan->node[x];
    struct plan_arg *a = plan_arg(n, "index");
    int items = gen_percent(g, 70) ? in->ndim : (int)gen_between(g, 0, in->ndim), ndim = in->ndim;
    /* `skip` axes before the ellipsis' end are not named. */
    int ellipsis = gen_percent(g, 25) ? (int)gen_between(g, 0, items) : -1, skip = in->ndim - items;
    gen_set_operand(n, "x", x);
    a->kind = DA__ARG_TEXT;
    for (int k = 0; k <= items; k++) {
        const char *comma = a->text[0] != '\0' ? ", " : "";
        if (ndim < PLAN_DIMS - 1 && gen_percent(g, 8)) {
            add(a->text, comma, 0);
            add(a->text, "None", 0);
            comma = ", ";
            ndim++;
        }
        if (k == ellipsis) {
            add(a->text, comma, 0);
            add(a->text, "...", 0);
            comma = ", ";
        }
        if (k == items)
            break;
        int64_t extent = in->shape[k + (ellipsis >= 0 && k >= ellipsis ? skip : 0)];
        add(a->text, comma, 0);
        if (extent > 0 && gen_percent(g, 20))
            add(a->text, "%lld", gen_between(g, -extent, extent - 1));
        else
            draw_slice(g, extent, a->text);
    }
    if (a->text[0] == '\0')
        add(a->text, "...", 0);
    return gen_finish(g, why);
}

/* Some axes, in any order, of either sign. */
static int draw_some(struct gen *g, int ndim, int least, int64_t *axes)
{
    for (int k = 0; k < ndim; k++)
        axes[k] = k;
    gen_shuffle(g, ndim, axes);
    for (int k = 0; k < ndim; k++)
        if (gen_percent(g, 25))
            axes[k] -= ndim;
    return (int)gen_between(g, least, ndim);
}

static int draw_permute(struct gen *g, int x, struct da__error *why)
{
    int ndim = g->plan->node[x].ndim;
    int64_t axes[PLAN_DIMS];
    struct plan_node *n = gen_node(g, "permute_dims");
    gen_set_operand(n, "x", x);
    draw_some(g, ndim, ndim, axes);
    if (ndim > 0 && gen_percent(g, 80))
        gen_set_ints(n, "axes", ndim, axes);
    return gen_finish(g, why);
}

static int draw_flip(struct gen *g, int x, struct da__error *why)
{
    int ndim = g->plan->node[x].ndim;
    int64_t axes[PLAN_DIMS];
    struct plan_node *n = gen_node(g, "flip");
    gen_set_operand(n, "x", x);
    if (ndim > 0 && gen_percent(g, 75)) {
        int count = draw_some(g, ndim, 1, axes);
        gen_set_ints(n, "axis", count, axes);
    }
    return gen_finish(g, why);
}

static int draw_moveaxis(struct gen *g, int x, struct da__error *why)
{
    int ndim = g->plan->node[x].ndim;
    int64_t from[PLAN_DIMS], to[PLAN_DIMS];
    if (ndim == 0)
        return -2;
    int count = draw_some(g, ndim, 1, from);
    draw_some(g, ndim, 1, to);
    struct plan_node *n = gen_node(g, "moveaxis");
    gen_set_operand(n, "x", x);
    gen_set_ints(n, "source", count, from);
    gen_set_ints(n, "destination", count, to);
    return gen_finish(g, why);
}

static int draw_transpose(struct gen *g, int x, struct da__error *why)
{
    if (g->plan->node[x].ndim < 2)
        return -2;
    gen_set_operand(gen_node(g, "matrix_transpose"), "x", x);
    return gen_finish(g, why);
}

static int draw_expand(struct gen *g, int x, struct da__error *why)
{
    int ndim = g->plan->node[x].ndim;
    if (ndim >= PLAN_DIMS - 1)
        return -2;
    struct plan_node *n = gen_node(g, "expand_dims");
    gen_set_operand(n, "x", x);
    gen_set_int(n, "axis", gen_between(g, -ndim - 1, ndim));
    return gen_finish(g, why);
}

static int draw_squeeze(struct gen *g, int x, struct da__error *why)
{
    const struct plan_node *in = &g->plan->node[x];
    int64_t axes[PLAN_DIMS];
    int count = 0;
    for (int k = 0; k < in->ndim; k++)
        if (in->shape[k] == 1 && gen_percent(g, 70))
            axes[count++] = gen_percent(g, 25) ? k - in->ndim : k;
    if (count == 0)
        return -2;
    struct plan_node *n = gen_node(g, "squeeze");
    gen_set_operand(n, "x", x);
    gen_set_ints(n, "axis", count, axes);
    return gen_finish(g, why);
}

static int draw_broadcast(struct gen *g, int x, struct da__error *why)
{
    const struct plan_node *in = &g->plan->node[x];
    int64_t shape[PLAN_DIMS];
    int ndim = 0;
    if (in->ndim < PLAN_DIMS - 2 && gen_percent(g, 60))
        shape[ndim++] = gen_between(g, 0, 5);
    for (int k = 0; k < in->ndim; k++)
        shape[ndim++] = in->shape[k] == 1 ? gen_between(g, 1, 7) : in->shape[k];
    if (da__nelem(ndim, shape) > PLAN_ELEMENTS)
        return -2;
    struct plan_node *n = gen_node(g, "broadcast_to");
    gen_set_operand(n, "x", x);
    gen_set_ints(n, "shape", ndim, shape);
    return gen_finish(g, why);
}

/* base index[b] = offset[b] + step[b] * i[axis[b]]: also diagonals and repeated rows. */
static int draw_view(struct gen *g, int x, struct da__error *why)
{
    const struct plan_node *in = &g->plan->node[x];
    int64_t shape[PLAN_DIMS], axis[PLAN_DIMS], offset[PLAN_DIMS], step[PLAN_DIMS];
    int ndim = (int)gen_between(g, 0, 3);
    if (da__nelem(in->ndim, in->shape) == 0)
        return -2;
    for (int k = 0; k < ndim; k++)
        shape[k] = gen_between(g, 1, 12);
    for (int b = 0; b < in->ndim; b++) {
        axis[b] = ndim > 0 && gen_percent(g, 80) ? gen_below(g, ndim) : -1;
        step[b] = axis[b] < 0 ? 0 : gen_between(g, 1, 3) * (gen_percent(g, 40) ? -1 : 1);
        if (axis[b] < 0)
            continue;
        int64_t most = (in->shape[b] - 1) / (step[b] < 0 ? -step[b] : step[b]) + 1;
        if (shape[axis[b]] > most)
            shape[axis[b]] = most;
    }
    for (int b = 0; b < in->ndim; b++) {
        int64_t span = axis[b] < 0 ? 0 : (shape[axis[b]] - 1) * (step[b] < 0 ? -step[b] : step[b]);
        offset[b] = gen_between(g, 0, in->shape[b] - 1 - span) + (step[b] < 0 ? span : 0);
    }
    struct plan_node *n = gen_node(g, "view");
    gen_set_operand(n, "x", x);
    gen_set_ints(n, "shape", ndim, shape);
    gen_set_ints(n, "axis", in->ndim, axis);
    gen_set_ints(n, "offset", in->ndim, offset);
    gen_set_ints(n, "step", in->ndim, step);
    return gen_finish(g, why);
}

int gen_view(struct gen *g, struct da__error *why)
{
    static int (*const draw[])(struct gen *, int, struct da__error *) = {
        gen_slice,      gen_slice, gen_slice,      gen_slice,   gen_slice,
        draw_permute,   draw_flip, draw_transpose, draw_expand, draw_squeeze,
        draw_broadcast, draw_view, draw_moveaxis};
    int x = gen_pick(g);
    return draw[gen_below(g, (int64_t)(sizeof draw / sizeof *draw))](g, x, why);
}
