/* Joining partial results over the engines: a binomial tree along the reduced grid dimensions, lower coordinates first, so that
 * the order never depends on timing. All reductions of a level that share a tree travel in one message per edge; the finished
 * results come back the same way. */
#include "engine.h"

#include <string.h>

struct bundle {
    struct da__execution *r;
    struct da__combine_item *item;
    int nitems;
    uint32_t key;
    const struct da__reduce_plan *tree;
    int64_t up_nbytes, down_nbytes;
};

static void finish(struct da__execution *r, const struct da__combine_item *it)
{
    void *out = da__run_value(r, it->spec->value);
    if (out != NULL)
        da__user_red_end(it->user, it->red, it->compute, it->result, it->plan->nstates, it->state,
                         it->spec->count, it->spec->correction, out);
}

static bool in_bundle(const struct bundle *b, const struct da__combine_item *it)
{
    return it->plan->group_size > 1 && it->plan->group_key == b->key;
}

/* A part of a message: states start where da__red_join may read them. */
static int64_t states_nbytes(const struct da__combine_item *it)
{
    enum { ALIGNMENT = 16 };
    return (it->plan->nstates * it->plan->state_nbytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static void measure(struct bundle *b)
{
    b->up_nbytes = b->down_nbytes = DA__MESSAGE_HEADER;
    for (int i = 0; i < b->nitems; i++) {
        const struct da__combine_item *it = &b->item[i];
        if (!in_bundle(b, it))
            continue;
        b->tree = it->plan;
        b->up_nbytes += states_nbytes(it);
        b->down_nbytes += it->plan->nstates * (int64_t)da__dtype_nbytes(it->result);
    }
}

static char *message_block(struct bundle *b, int64_t nbytes)
{
    char *block = da__pool_get(b->r->engine->pool, nbytes);
    if (block == NULL)
        da__run_fail(b->r, DA_ERR_MEMORY, "no memory for %lld bytes of partial results",
                     (long long)nbytes);
    else
        memset(block, 0, DA__MESSAGE_HEADER);
    return block;
}

/* Waits for one message of the tree. False: it was void, or failed; the run has failed then. */
static bool receive(struct bundle *b, int from, int tag, char *block, int64_t nbytes)
{
    struct da__endpoint *e = b->r->engine->endpoint;
    struct da__request request;
    da_status status = e->ops->irecv(e, from, tag, block, nbytes, &request);
    if (status == DA_OK)
        status = da__wait_all(e, 1, &request);
    int64_t sent = DA_OK;
    if (block != NULL)
        memcpy(&sent, block, sizeof sent);
    if (status != DA_OK || sent != DA_OK || request.nbytes != nbytes)
        da__run_fail(b->r, status != DA_OK ? status : DA_ERR_TRANSPORT,
                     "engine %d could not send its partial results", from);
    return block != NULL && !da__run_failed(b->r);
}

static void join_child(struct bundle *b, const char *block)
{
    const char *at = block + DA__MESSAGE_HEADER;
    for (int i = 0; i < b->nitems; i++) {
        const struct da__combine_item *it = &b->item[i];
        if (!in_bundle(b, it))
            continue;
        da__user_red_join(it->user, it->red, it->compute, it->plan->nstates, it->state, at);
        at += states_nbytes(it);
    }
}

static void send_states(struct bundle *b)
{
    char *block = da__run_failed(b->r) ? NULL : message_block(b, b->up_nbytes);
    if (block == NULL) {
        da__run_send(b->r, b->tree->parent, DA__TAG_COMBINE_UP, b->r->void_header,
                     DA__MESSAGE_HEADER, NULL);
        return;
    }
    char *at = block + DA__MESSAGE_HEADER;
    for (int i = 0; i < b->nitems; i++) {
        const struct da__combine_item *it = &b->item[i];
        if (!in_bundle(b, it))
            continue;
        int64_t nbytes = it->plan->nstates * it->plan->state_nbytes, whole = states_nbytes(it);
        memcpy(at, it->state, (size_t)nbytes);
        memset(at + nbytes, 0, (size_t)(whole - nbytes));
        at += whole;
    }
    da__run_send(b->r, b->tree->parent, DA__TAG_COMBINE_UP, block, b->up_nbytes, block);
}

static void go_up(struct bundle *b)
{
    for (int c = 0; c < b->tree->nchildren; c++) {
        char *block =
            message_block(b, b->up_nbytes); /* without memory it is received into nothing */
        if (receive(b, b->tree->child[c], DA__TAG_COMBINE_UP, block, b->up_nbytes))
            join_child(b, block);
        da__pool_put(b->r->engine->pool, block);
    }
    if (b->tree->parent >= 0)
        send_states(b);
}

/* Results into a message, or (to_values) out of one. */
static void copy_results(struct bundle *b, char *block, bool to_values)
{
    char *at = block + DA__MESSAGE_HEADER;
    for (int i = 0; i < b->nitems; i++) {
        const struct da__combine_item *it = &b->item[i];
        if (!in_bundle(b, it))
            continue;
        int64_t nbytes = it->plan->nstates * (int64_t)da__dtype_nbytes(it->result);
        char *value =
            to_values ? da__run_value(b->r, it->spec->value) : b->r->data[it->spec->value];
        if (value != NULL && nbytes > 0)
            memcpy(to_values ? value : at, to_values ? at : value, (size_t)nbytes);
        at += nbytes;
    }
}

static void go_down(struct bundle *b)
{
    const struct da__reduce_plan *tree = b->tree;
    char *block = NULL;
    if (tree->parent >= 0) {
        block = message_block(b, b->down_nbytes);
        if (receive(b, tree->parent, DA__TAG_COMBINE_DOWN, block, b->down_nbytes))
            copy_results(b, block, true);
        da__pool_put(b->r->engine->pool, block);
    } else
        for (int i = 0; i < b->nitems && !da__run_failed(b->r); i++)
            if (in_bundle(b, &b->item[i]))
                finish(b->r, &b->item[i]);
    for (int c = 0; c < tree->nchildren; c++) {
        block = da__run_failed(b->r) ? NULL : message_block(b, b->down_nbytes);
        if (block == NULL) {
            da__run_send(b->r, tree->child[c], DA__TAG_COMBINE_DOWN, b->r->void_header,
                         DA__MESSAGE_HEADER, NULL);
            continue;
        }
        copy_results(b, block, false);
        da__run_send(b->r, tree->child[c], DA__TAG_COMBINE_DOWN, block, b->down_nbytes, block);
    }
}

/* The reductions of the level in which this engine has a part; the number is the same on all members of a group. `state` NULL:
 * there are no accumulators. */
static int collect(const struct da__plan *plan, int first, int last, void **state)
{
    int n = 0, at = 0;
    for (int i = first; i < last; i++) {
        const struct da__step *s = &plan->program->step[i];
        const struct da__step_plan *sp = &plan->step[i];
        for (int k = 0; k < s->body.nreductions && sp->space.member; k++) {
            const struct da__body_reduction *b = &s->body.reduction[k];
            plan->item[n++] = (struct da__combine_item){
                .red = (enum da__red_id)b->red,
                .user = da__body_red_user(&s->body, k),
                .compute = (da_dtype)b->compute,
                .result = plan->program->value[s->reduction[k].value].dtype,
                .plan = &sp->reduce[k],
                .spec = &s->reduction[k],
                .state = state != NULL ? state[at + k] : NULL};
        }
        at += s->body.nreductions;
    }
    return n;
}

/* The first of the level's reductions that share the i-th one's tree. */
static bool begins_bundle(const struct da__combine_item *item, int i)
{
    for (int j = 0; j < i; j++)
        if (item[j].plan->group_size > 1 && item[j].plan->group_key == item[i].plan->group_key)
            return false;
    return item[i].plan->group_size > 1;
}

void da__combine_traffic(const struct da__plan *plan, int first, int last, struct da__traffic *t)
{
    int n = collect(plan, first, last, NULL);
    for (int i = 0; i < n; i++) {
        if (!begins_bundle(plan->item, i))
            continue;
        struct bundle b = {.item = plan->item, .nitems = n, .key = plan->item[i].plan->group_key};
        measure(&b);
        int64_t up = b.up_nbytes - DA__MESSAGE_HEADER, down = b.down_nbytes - DA__MESSAGE_HEADER,
                above = b.tree->parent >= 0, below = b.tree->nchildren;
        t->sent += above + below;
        t->sent_bytes += above * up + below * down;
        t->received += above + below;
        t->received_bytes += above * down + below * up;
    }
}

void da__run_combine(struct da__execution *r, int first, int last, void **state)
{
    struct da__combine_item *item = r->plan->item;
    int n = collect(r->plan, first, last, state);
    for (int i = 0; i < n; i++) {
        if (item[i].plan->group_size == 1) {
            if (!da__run_failed(r))
                finish(r, &item[i]);
            continue;
        }
        if (!begins_bundle(item, i))
            continue;
        struct bundle b = {.r = r, .item = item, .nitems = n, .key = item[i].plan->group_key};
        measure(&b);
        go_up(&b);
        go_down(&b);
    }
    for (int i = 0; i < n; i++)
        da__pool_put(r->engine->pool, item[i].state);
}
