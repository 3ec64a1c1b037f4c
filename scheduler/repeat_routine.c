/* Each index as many times as a count says. The counts lie in ascending blocks, so that the engines' lists follow each other. */
#include "listing.h"

/* The sum of the counts of this engine; none are negative. False: the run has failed. */
static bool total_of(struct da__execution *r, int64_t n, const struct da__strided *counts,
                     int64_t *total)
{
    *total = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t count = *(const int64_t *)(const void *)(counts->data + i * counts->stride[0]);
        if (count < 0) {
            da__run_fail(r, DA_ERR_ARGUMENT,
                         "da_repeat: repeats may not contain negative values: %lld",
                         (long long)count);
            return false;
        }
        if (!da__add_i64(*total, count, total) || *total > INT64_MAX / (int64_t)sizeof(int64_t)) {
            da__run_fail(r, DA_ERR_SHAPE, "da_repeat: the result has more than 2^60 elements");
            return false;
        }
    }
    return true;
}

static void list_part(struct da__execution *r, int step, const struct da__strided *counts,
                      struct da__listing *out)
{
    const struct da__step_plan *sp = &r->plan->step[step];
    int64_t n = sp->space.nelem, total;
    *out = (struct da__listing){.n = 0, .follows = true};
    if (da__run_failed(r) || !sp->writes || n == 0 || !total_of(r, n, counts, &total))
        return;
    out->flat = da__run_room(r, total * (int64_t)sizeof *out->flat);
    if (out->flat == NULL)
        return;
    for (int64_t i = 0; i < n; i++) {
        int64_t index = da__set_get(&sp->index[0], i);
        int64_t count = *(const int64_t *)(const void *)(counts->data + i * counts->stride[0]);
        for (int64_t k = 0; k < count; k++)
            out->flat[out->n++] = index;
    }
}

static void run(struct da__execution *r, int step, void *own, const struct da__strided *operand)
{
    struct da__listing mine;
    (void)own;
    list_part(r, step, operand, &mine);
    da__listing_place(r, step, &mine);
}

const struct da__routine_ops da__repeat_routine = {.run = run};
