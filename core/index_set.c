/* Index sets along one axis: concatenations of two-level strided runs.
 *
 * Invariant of every run in a set: it is not empty; a single index has step 1; one level has reps 1
 * and stride 0; two levels have at least two indices in a block and blocks that do not interleave,
 * |stride| > |step| * (count - 1). */
#include "da_core.h"

#include <limits.h>

void da__set_init(struct da__index_set *s)
{
    *s = (struct da__index_set){0};
}

void da__set_free(struct da__index_set *s)
{
    da__free(s->run);
    da__set_init(s);
}

static struct da__run normalised(struct da__run run)
{
    if (run.count == 1) {
        run.count = run.reps;
        run.step = run.stride;
        run.reps = 1;
    } else if (run.reps > 1 && run.stride == run.step * run.count) {
        run.count *= run.reps;
        run.reps = 1;
    }
    if (run.reps == 1)
        run.stride = 0;
    if (run.count == 1)
        run.step = 1;
    return run;
}

static bool same_blocks(const struct da__run *a, const struct da__run *b)
{
    return a->count == b->count && a->step == b->step && a->count > 1;
}

/* Two progressions, or a progression and a single index, in one line. */
static bool join_line(struct da__run *last, const struct da__run *run)
{
    if (last->reps > 1 || run->reps > 1)
        return false;
    int64_t step = last->count > 1 ? last->step : run->start - last->start;
    if (step == 0 || run->start != last->start + last->count * step ||
        (run->count > 1 && run->step != step))
        return false;
    last->step = step;
    last->count += run->count;
    return true;
}

/* Further blocks of the pattern that the last run is, or begins. */
static bool join_blocks(struct da__run *last, const struct da__run *run)
{
    if (!same_blocks(last, run))
        return false;
    int64_t stride = last->reps > 1 ? last->stride : run->start - last->start;
    int64_t hull = (last->step < 0 ? -last->step : last->step) * (last->count - 1);
    if ((stride < 0 ? -stride : stride) <= hull)
        return false;
    if (run->start != last->start + last->reps * stride || (run->reps > 1 && run->stride != stride))
        return false;
    last->stride = stride;
    last->reps += run->reps;
    return true;
}

/* Appends a run that keeps the invariant. */
static da_status append(struct da__index_set *s, const struct da__run *run)
{
    s->nelem += run->count * run->reps;
    if (s->nruns > 0) {
        struct da__run *last = &s->run[s->nruns - 1];
        if (join_line(last, run) || join_blocks(last, run))
            return DA_OK;
    }
    int64_t cap = s->cap;
    if (s->nruns == INT_MAX || !DA__PUSH(s->run, s->nruns, cap)) {
        s->nelem -= run->count * run->reps;
        return DA_ERR_MEMORY;
    }
    s->cap = cap > INT_MAX ? INT_MAX : (int)cap;
    s->run[s->nruns++] = *run;
    return DA_OK;
}

da_status da__set_push(struct da__index_set *s, struct da__run run)
{
    if (run.count <= 0 || run.reps <= 0)
        return DA_OK;
    run = normalised(run);
    int64_t stride = run.stride < 0 ? -run.stride : run.stride;
    int64_t hull = (run.step < 0 ? -run.step : run.step) * (run.count - 1);
    if (run.reps == 1 || stride > hull)
        return append(s, &run);
    /* Interleaved blocks are kept one by one, so that everybody else may rely on the invariant. */
    for (int64_t r = 0; r < run.reps; r++) {
        struct da__run block = {run.start + r * run.stride, run.step, run.count, 0, 1};
        DA_TRY(append(s, &block));
    }
    return DA_OK;
}

da_status da__set_range(struct da__index_set *s, int64_t start, int64_t step, int64_t count)
{
    da__set_init(s);
    return da__set_push(s, (struct da__run){start, step, count, 0, 1});
}

/* The length of the progression at the front of a list. A pair whose second index begins a longer
 * one gives it up. */
static int64_t front_run(const int64_t *list, int64_t n)
{
    if (n < 2)
        return n;
    int64_t step = list[1] - list[0], count = 2;
    while (count < n && list[count] - list[count - 1] == step)
        count++;
    bool second_goes_on = count == 2 && n > 3 && list[2] - list[1] == list[3] - list[2];
    return second_goes_on ? 1 : count;
}

da_status da__set_from_list(struct da__index_set *s, const int64_t *list, int64_t n)
{
    da__set_init(s);
    for (int64_t at = 0; at < n;) {
        int64_t count = front_run(list + at, n - at);
        struct da__run run = {list[at], count > 1 ? list[at + 1] - list[at] : 1, count, 0, 1};
        da_status status = da__set_push(s, run);
        if (status != DA_OK) {
            da__set_free(s);
            return status;
        }
        at += count;
    }
    return DA_OK;
}

int64_t da__set_get(const struct da__index_set *s, int64_t position)
{
    const struct da__run *run = s->run;
    while (position >= run->count * run->reps) {
        position -= run->count * run->reps;
        run++;
    }
    return run->start + position / run->count * run->stride + position % run->count * run->step;
}

/* The position in a progression, or -1. */
static int64_t line_find(int64_t start, int64_t step, int64_t count, int64_t index)
{
    int64_t distance = index - start;
    if (distance % step != 0)
        return -1;
    int64_t k = distance / step;
    return k >= 0 && k < count ? k : -1;
}

static int64_t run_find(const struct da__run *run, int64_t index)
{
    if (run->reps == 1)
        return line_find(run->start, run->step, run->count, index);
    /* Blocks do not interleave: the block is the one whose lowest index is the last at or below. */
    int64_t low = run->start + (run->step < 0 ? run->step * (run->count - 1) : 0);
    int64_t distance = run->stride > 0 ? index - low : low - index;
    int64_t stride = run->stride > 0 ? run->stride : -run->stride;
    int64_t r = run->stride > 0 ? da__floor_div(distance, stride) : da__ceil_div(distance, stride);
    if (r < 0 || r >= run->reps)
        return -1;
    int64_t k = line_find(run->start + r * run->stride, run->step, run->count, index);
    return k < 0 ? -1 : r * run->count + k;
}

int64_t da__set_find(const struct da__index_set *s, int64_t index)
{
    int64_t before = 0;
    for (int k = 0; k < s->nruns; k++) {
        int64_t position = run_find(&s->run[k], index);
        if (position >= 0)
            return before + position;
        before += s->run[k].count * s->run[k].reps;
    }
    return -1;
}

da_status da__set_affine(const struct da__index_set *s, int64_t offset, int64_t step,
                         struct da__index_set *out)
{
    da__set_init(out);
    for (int k = 0; k < s->nruns; k++) {
        struct da__run run = s->run[k];
        run.start = offset + step * run.start;
        run.step = run.count > 1 ? step * run.step : 1;
        run.stride *= step;
        da_status status = da__set_push(out, run);
        if (status != DA_OK) {
            da__set_free(out);
            return status;
        }
    }
    return DA_OK;
}

bool da__set_is_affine(const struct da__index_set *s, int64_t *start, int64_t *step)
{
    if (s->nruns > 1 || (s->nruns == 1 && s->run[0].reps > 1))
        return false;
    *start = s->nruns == 1 ? s->run[0].start : 0;
    *step = s->nruns == 1 ? s->run[0].step : 1;
    return true;
}
