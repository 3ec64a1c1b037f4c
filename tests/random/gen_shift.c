/* Sums over shifted views of one array, in any order, and rows that all others are compared with. */
#include "gen.h"

#include <stdio.h>
#include <string.h>

static int add(struct gen *g, int a, int b, struct da__error *why)
{
    struct plan_node *n = gen_node(g, "add");
    gen_set_operand(n, "x1", a);
    gen_set_operand(n, "x2", b);
    return gen_finish(g, why);
}

static int slice(struct gen *g, int x, const char *index, struct da__error *why)
{
    struct plan_node *n = gen_node(g, "slice");
    struct plan_arg *a = plan_arg(n, "index");
    gen_set_operand(n, "x", x);
    a->kind = DA__ARG_TEXT;
    snprintf(a->text, PLAN_TEXT, "%s", index);
    return gen_finish(g, why);
}

/* One of the places where a window `room` shorter than the axes begins; `step` is of all axes. */
static int draw_shifted(struct gen *g, int x, const int64_t *room, int64_t step,
                        struct da__error *why)
{
    const struct plan_node *in = &g->plan->node[x];
    char index[PLAN_TEXT] = "";
    for (int k = 0; k < in->ndim; k++) {
        size_t at = strlen(index);
        int64_t first = gen_between(g, 0, room[k]);
        snprintf(index + at, PLAN_TEXT - at, "%s%lld:%lld:%lld", k > 0 ? ", " : "",
                 (long long)first, (long long)(in->shape[k] - room[k] + first), (long long)step);
    }
    return slice(g, x, index, why);
}

static int draw_stencil(struct gen *g, int x, struct da__error *why)
{
    const struct plan_node *in = &g->plan->node[x];
    int64_t room[PLAN_DIMS] = {0}, step = gen_percent(g, 80) ? 1 : gen_between(g, 2, 3);
    for (int k = 0; k < in->ndim; k++)
        room[k] = gen_between(g, 0, in->shape[k] > 3 ? 3 : in->shape[k]);
    int sum = draw_shifted(g, x, room, step, why), terms = (int)gen_between(g, 1, 4);
    for (int i = 0; i < terms && sum >= 0; i++) {
        int more = draw_shifted(g, x, room, step, why);
        if (more < 0)
            return more;
        sum = gen_percent(g, 50) ? add(g, sum, more, why) : add(g, more, sum, why);
    }
    return sum;
}

/* One place of the first axis, added to all of them. */
static int draw_row(struct gen *g, int x, struct da__error *why)
{
    const struct plan_node *in = &g->plan->node[x];
    char index[PLAN_TEXT];
    if (in->shape[0] == 0)
        return -2;
    snprintf(index, sizeof index, "%lld",
             (long long)gen_between(g, -in->shape[0], in->shape[0] - 1));
    int row = slice(g, x, index, why);
    return row < 0 ? row : add(g, x, row, why);
}

int gen_shift(struct gen *g, struct da__error *why)
{
    enum { MOST = 10 }; /* nodes that are made */
    int x = gen_pick(g);
    if (g->plan->node[x].ndim == 0 || g->plan->nnodes + MOST > PLAN_NODES)
        return -2;
    return gen_percent(g, 70) ? draw_stencil(g, x, why) : draw_row(g, x, why);
}
