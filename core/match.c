/* The list of matches that an intersection builds. */
#include "intersect.h"

#include <limits.h>

void da__matches_init(struct da__match_list *l)
{
    *l = (struct da__match_list){0};
}

void da__matches_free(struct da__match_list *l)
{
    da__free(l->m);
    da__matches_init(l);
}

/* Turns both levels so that a's positions ascend, and drops levels of one. */
static struct da__match normalised(struct da__match m)
{
    if (m.step_a < 0) {
        m.a += m.step_a * (m.count - 1);
        m.b += m.step_b * (m.count - 1);
        m.step_a = -m.step_a;
        m.step_b = -m.step_b;
    }
    if (m.stride_a < 0) {
        m.a += m.stride_a * (m.reps - 1);
        m.b += m.stride_b * (m.reps - 1);
        m.stride_a = -m.stride_a;
        m.stride_b = -m.stride_b;
    }
    if (m.count == 1) {
        m.count = m.reps;
        m.step_a = m.stride_a;
        m.step_b = m.stride_b;
        m.reps = 1;
    } else if (m.reps > 1 && m.stride_a == m.step_a * m.count && m.stride_b == m.step_b * m.count) {
        m.count *= m.reps;
        m.reps = 1;
    }
    if (m.reps == 1)
        m.stride_a = m.stride_b = 0;
    if (m.count == 1)
        m.step_a = m.step_b = 1;
    return m;
}

static bool join_line(struct da__match *last, const struct da__match *m)
{
    if (last->reps > 1 || m->reps > 1)
        return false;
    int64_t step_a = last->count > 1 ? last->step_a : m->a - last->a;
    int64_t step_b = last->count > 1 ? last->step_b : m->b - last->b;
    if (step_a <= 0 || m->a != last->a + last->count * step_a ||
        m->b != last->b + last->count * step_b)
        return false;
    if (m->count > 1 && (m->step_a != step_a || m->step_b != step_b))
        return false;
    last->step_a = step_a;
    last->step_b = step_b;
    last->count += m->count;
    return true;
}

static bool join_blocks(struct da__match *last, const struct da__match *m)
{
    if (last->count == 1 || last->count != m->count || last->step_a != m->step_a ||
        last->step_b != m->step_b)
        return false;
    int64_t stride_a = last->reps > 1 ? last->stride_a : m->a - last->a;
    int64_t stride_b = last->reps > 1 ? last->stride_b : m->b - last->b;
    if (stride_a <= last->step_a * (last->count - 1))
        return false;
    if (m->a != last->a + last->reps * stride_a || m->b != last->b + last->reps * stride_b)
        return false;
    if (m->reps > 1 && (m->stride_a != stride_a || m->stride_b != stride_b))
        return false;
    last->stride_a = stride_a;
    last->stride_b = stride_b;
    last->reps += m->reps;
    return true;
}

da_status da__match_push(struct da__match_list *l, struct da__match m)
{
    m = normalised(m);
    if (l->n > 0 && (join_line(&l->m[l->n - 1], &m) || join_blocks(&l->m[l->n - 1], &m))) {
        l->nelem += m.count * m.reps;
        return DA_OK;
    }
    int64_t cap = l->cap;
    if (l->n == INT_MAX || !DA__PUSH(l->m, l->n, cap))
        return DA_ERR_MEMORY;
    l->cap = cap > INT_MAX ? INT_MAX : (int)cap;
    l->m[l->n++] = m;
    l->nelem += m.count * m.reps;
    return DA_OK;
}
