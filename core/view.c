/* Affine views: how an iteration space reads a base array. */
#include "da_core.h"

void da__view_identity(int ndim, struct da__view *v)
{
    *v = (struct da__view){.ndim = ndim, .base_ndim = ndim};
    for (int b = 0; b < ndim; b++) {
        v->axis[b] = b;
        v->step[b] = 1;
    }
}

void da__view_broadcast(int base_ndim, const int64_t *base, int ndim, const int64_t *shape,
                        struct da__view *v)
{
    *v = (struct da__view){.ndim = ndim, .base_ndim = base_ndim};
    for (int b = 0; b < base_ndim; b++) {
        int k = b + ndim - base_ndim;
        bool repeated = base[b] != shape[k];
        v->axis[b] = repeated ? -1 : k;
        v->step[b] = repeated ? 0 : 1;
    }
}

/* One axis of a composition: where x = phase + step*i runs through S's axis, `inner` reads offset + step*x. */
struct way {
    int64_t offset, step, period, phase;
};

/* The same way with a phase that is a multiple of what the way moves by on the circle, g = gcd(step, period): all places on it
 * are multiples of g then, from 0 to period - g. */
static struct way settled(struct way w)
{
    if (w.period == 0)
        return w;
    int64_t low = w.phase % da__gcd(w.step, w.period);
    w.offset += low;
    w.phase -= low;
    return w;
}

/* Into inner's axis goes outer's wrapped way: scaling by inner's step scales the period; a negative one runs it backwards:
 * -(y mod Q) == (-y - g) mod Q - (Q - g) for multiples y of a divisor g of Q. */
static struct way scaled(const struct way *inner, const struct way *outer)
{
    int64_t by = inner->step, size = by < 0 ? -by : by;
    struct way o = settled(*outer);
    struct way w = {inner->offset + by * o.offset, by * o.step, size * o.period, by * o.phase};
    if (by < 0) {
        int64_t g = da__gcd(w.step, w.period);
        w.offset -= w.period - g;
        w.phase -= g;
    }
    w.phase = da__floor_mod(w.phase, w.period);
    return w;
}

static bool compose_axis(const struct way *inner, const struct way *outer, struct way *out)
{
    struct way w = {.step = inner->step * outer->step};
    if (inner->period == 0 && outer->period > 0 && inner->step != 0) {
        *out = scaled(inner, outer);
        return true;
    }
    w.offset = inner->offset;
    if (inner->period == 0) {
        w.offset += inner->step * outer->offset;
        *out = w;
        return true;
    }
    int64_t round = inner->step * outer->period;
    if (outer->period > 0 && round != inner->period && round != -inner->period)
        return false; /* once round the outer circle is not once round the inner one */
    w.period = inner->period;
    w.phase =
        da__floor_mod(inner->phase + inner->step * (outer->offset + outer->phase), inner->period);
    *out = settled(w);
    return true;
}

bool da__view_compose(const struct da__view *inner, const struct da__view *outer,
                      struct da__view *out)
{
    struct da__view v = {.ndim = outer->ndim, .base_ndim = inner->base_ndim};
    for (int b = 0; b < inner->base_ndim; b++) {
        int k = inner->axis[b];
        struct way in = {inner->offset[b], inner->step[b], inner->period[b], inner->phase[b]};
        struct way w = {.offset = inner->offset[b]};
        v.axis[b] = -1;
        if (k >= 0) {
            struct way to = {outer->offset[k], outer->axis[k] < 0 ? 0 : outer->step[k],
                             outer->axis[k] < 0 ? 0 : outer->period[k], outer->phase[k]};
            if (!compose_axis(&in, &to, &w))
                return false;
            v.axis[b] = outer->axis[k];
        }
        if (v.axis[b] < 0 && w.period > 0) /* one place on the way round */
            w = (struct way){.offset = w.offset + w.phase};
        v.offset[b] = w.offset;
        v.step[b] = v.axis[b] < 0 ? 0 : w.step;
        v.period[b] = w.period;
        v.phase[b] = w.phase;
    }
    *out = v;
    return true;
}

bool da__view_wraps(const struct da__view *v)
{
    for (int b = 0; b < v->base_ndim; b++)
        if (v->period[b] > 0)
            return true;
    return false;
}

int da__view_stretches(const struct da__view *v, int b, int64_t count, struct da__stretch *out)
{
    int64_t period = v->period[b], step = v->step[b];
    out[0] = (struct da__stretch){0, count, v->offset[b]};
    if (period == 0 || count == 0)
        return 1;
    out[0].start += v->phase[b];
    int64_t room = step > 0   ? (period - 1 - v->phase[b]) / step + 1
                   : step < 0 ? v->phase[b] / -step + 1
                              : count;
    if (room >= count)
        return 1;
    out[0].n = room;
    out[1] = (struct da__stretch){room, count - room,
                                  v->offset[b] + da__floor_mod(v->phase[b] + step * room, period)};
    return 2;
}

void da__view_simplify(struct da__view *v, const int64_t *shape)
{
    struct da__stretch stretch[2];
    for (int b = 0; b < v->base_ndim; b++) {
        int64_t count = v->axis[b] >= 0 ? shape[v->axis[b]] : 1;
        if (v->period[b] == 0 || da__view_stretches(v, b, count, stretch) > 1)
            continue;
        v->offset[b] = stretch[0].start;
        v->period[b] = v->phase[b] = 0;
    }
}

bool da__view_is_identity(const struct da__view *v)
{
    if (v->ndim != v->base_ndim)
        return false;
    for (int b = 0; b < v->base_ndim; b++) {
        if (v->axis[b] != b || v->offset[b] != 0 || v->step[b] != 1 || v->period[b] != 0)
            return false;
    }
    return true;
}

bool da__view_equal(const struct da__view *a, const struct da__view *b)
{
    if (a->ndim != b->ndim || a->base_ndim != b->base_ndim)
        return false;
    for (int k = 0; k < a->base_ndim; k++) {
        if (a->axis[k] != b->axis[k] || a->offset[k] != b->offset[k])
            return false;
        if (a->axis[k] >= 0 && (a->step[k] != b->step[k] || a->period[k] != b->period[k] ||
                                a->phase[k] != b->phase[k]))
            return false;
    }
    return true;
}
