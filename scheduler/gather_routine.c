/* The routine gather: elements named by index arrays. A reader asks each owner for dynamic positions, 8 bytes each whatever
 * static axes hang on them; the owner knows the static part by itself and replies with dense products. */
#include "indexing.h"

#include <string.h>

struct gathering {
    struct da__execution *r;
    int step;
    const struct da__indexing *ix;
    const char *base; /* this engine's part */
    char *out;
    const int64_t *stride; /* bytes per iteration axis of `out` */
    struct da__aims aims;
    struct da__parcels asked, questions, answers, replies;
};

/* A product at a time through a small block; elements at once through a block for many. */
static void copy_own(struct gathering *w, const struct da__product *product, int64_t n,
                     int64_t *target, const int64_t *place)
{
    enum { BLOCK = 1 << 15 };
    int64_t each = product->nbytes, many = each < BLOCK ? BLOCK / each : 1;
    char *block = da__run_room(w->r, many * each);
    if (block == NULL)
        return;
    da__indexing_offsets(w->ix, n, target);
    for (int64_t i = 0; i < n; i += many) {
        int64_t some = n - i < many ? n - i : many;
        da__product_pack(product, 1, some, target + i, w->base, block);
        da__product_unpack(product, 0, some, place + i, w->out, block);
    }
    da__pool_put(w->r->engine->pool, block);
}

/* What a group of positions needs of all engines that share static indices. */
static void ask_group(struct gathering *w, int64_t group)
{
    const struct da__indexing *ix = w->ix;
    const struct da__match_list *list[DA_MAX_NDIM];
    int coord[DA_MAX_NDIM] = {0}, own = -1;
    int64_t at[DA_MAX_NDIM] = {0}, first = w->aims.begin[group];
    int64_t n = w->aims.begin[group + 1] - first, own_at[DA_MAX_NDIM];
    if (n == 0)
        return;
    da__replica_for(ix->base, ix->engine, coord);
    da__group_coords(ix, group, coord);
    do {
        da__static_coords(ix, at, coord, list);
        int owner = da__dist_engine(ix->base, coord);
        if (owner == ix->engine) { /* last: its targets become offsets */
            own = owner;
            memcpy(own_at, at, sizeof own_at);
            continue;
        }
        char *question = da__parcel_room(w->r, &w->asked, owner, n * (int64_t)sizeof(int64_t));
        if (question == NULL)
            return;
        memcpy(question, w->aims.target + first, (size_t)n * sizeof(int64_t));
    } while (da__static_next(ix, at));
    if (own < 0)
        return;
    struct da__product product;
    da__static_coords(ix, own_at, coord, list);
    da__product_make(ix, list, w->stride, &product);
    copy_own(w, &product, n, w->aims.target + first, w->aims.place + first);
}

static void ask(struct gathering *w, const struct da__strided *operand)
{
    if (!da__aims_make(w->r, w->step, w->ix, operand, w->stride, false, &w->aims) ||
        !da__static_any(w->ix))
        return;
    for (int64_t group = 0; group < w->aims.ngroups && !da__run_failed(w->r); group++)
        ask_group(w, group);
}

static void answer(struct gathering *w)
{
    for (int i = 0; i < w->questions.n && !da__run_failed(w->r); i++) {
        struct da__parcel *q = &w->questions.parcel[i];
        int64_t n = q->nbytes / (int64_t)sizeof(int64_t), none[DA_MAX_NDIM] = {0};
        int64_t *target = (int64_t *)(void *)q->data;
        struct da__guest guest;
        struct da__product product;
        if (da__guest_make(w->r, w->ix, q->engine, &guest)) {
            da__product_make(w->ix, guest.of, none, &product);
            char *reply = da__parcel_room(w->r, &w->answers, q->engine, n * product.nbytes);
            if (reply != NULL) {
                da__indexing_offsets(w->ix, n, target);
                da__product_pack(&product, 1, n, target, w->base, reply);
            }
        }
        da__guest_free(&guest);
    }
}

static void place_replies(struct gathering *w)
{
    for (int i = 0; i < w->replies.n && !da__run_failed(w->r); i++) {
        const struct da__parcel *reply = &w->replies.parcel[i];
        const struct da__match_list *list[DA_MAX_NDIM];
        struct da__product product;
        int coord[DA_MAX_NDIM];
        if (!da__dist_coords(w->ix->base, reply->engine, coord) ||
            !da__static_with(w->ix, coord, list)) {
            da__run_fail(w->r, DA_ERR_INTERNAL, "engine %d was not asked", reply->engine);
            return;
        }
        int64_t group = da__group_of(w->ix, coord), first = w->aims.begin[group];
        da__product_make(w->ix, list, w->stride, &product);
        da__product_unpack(&product, 0, w->aims.begin[group + 1] - first, w->aims.place + first,
                           w->out, reply->data);
    }
}

static void run(struct da__execution *r, int step, void *own, const struct da__strided *operand)
{
    const struct da__step *s = &r->plan->program->step[step];
    const struct da__step_plan *sp = &r->plan->step[step];
    int64_t stride[DA_MAX_NDIM];
    struct gathering w = {.r = r, .step = step, .ix = own, .stride = stride};
    da__strides_c(s->ndim, sp->space.shape, w.ix->item, stride);
    w.base = r->data[s->input[0].value];
    if (sp->space.member)
        w.out = da__run_value(r, s->output[0]);
    if (w.ix->reads && !da__run_failed(r))
        ask(&w, operand);
    if (!w.ix->aligned && !w.ix->present && r->engine->size > 1) {
        da__swap(r, step, &w.asked, &w.questions);
        answer(&w);
        da__swap(r, step, &w.answers, &w.replies);
        place_replies(&w);
    }
    da__parcels_free(r, &w.asked);
    da__parcels_free(r, &w.questions);
    da__parcels_free(r, &w.answers);
    da__parcels_free(r, &w.replies);
    da__aims_free(r, &w.aims);
}

static da_status plan(const struct da__program *p, const struct da__step *s, int engine, void **own)
{
    struct da__indexing *ix = NULL;
    da_status status = da__indexing_make(p, s, engine, 1, &ix);
    *own = ix;
    return status;
}

const struct da__routine_ops da__gather_routine = {
    .plan = plan, .run = run, .free = da__indexing_free};
