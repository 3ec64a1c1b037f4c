/* What a deferred graph looks like, without lowering it: bytes that say all that lowering goes by, the values of scalars apart.
 * Time loops build the same graph again and again; where its signature is known, so is its program. */
#include "node.h"

#include <string.h>

enum { MOST_DISTS = 64 };

/* Lowering meets each of these as a function of what `put_node` writes. */
static bool is_signable(const da_array *a)
{
    switch (a->kind) {
    case DA__NODE_LEAF:
    case DA__NODE_CONSTANT:
    case DA__NODE_INDEX:
    case DA__NODE_ELEMENTWISE:
    case DA__NODE_REDUCE:
    case DA__NODE_VIEW:
    case DA__NODE_COPY:
    case DA__NODE_CONCAT:
    case DA__NODE_ASSIGN:
        return !a->unsized;
    default:
        return false;
    }
}

/* The number of a distribution in order of first use, -1 for none; the same handle is the same number. */
static int number_of(struct da__signature *s, const struct da__dist *d)
{
    if (d == NULL)
        return -1;
    for (int i = s->ndists - 1; i >= 0; i--)
        if (s->dist[i] == d)
            return i;
    if (s->ndists == MOST_DISTS ||
        !da__grow((void **)&s->dist, &s->dists_cap, s->ndists + 1, sizeof(struct da__dist *))) {
        s->key.failed = true;
        return -1;
    }
    s->dist[s->ndists] = d;
    return s->ndists++;
}

static void put_view(struct da__bytes *key, const struct da__view *v)
{
    int32_t head[2] = {v->ndim, v->base_ndim};
    da__put_bytes(key, head, sizeof head);
    for (int b = 0; b < v->base_ndim; b++) {
        int64_t word[5] = {v->axis[b], v->offset[b], v->step[b], v->period[b],
                           v->period[b] != 0 ? v->phase[b] : 0};
        da__put_bytes(key, word, sizeof word);
    }
}

static void put_attributes(struct da__bytes *key, const da_array *a)
{
    switch (a->kind) {
    case DA__NODE_INDEX:
    case DA__NODE_CONCAT:
        da__put_i64(key, a->u.axis);
        break;
    case DA__NODE_ELEMENTWISE:
        if (da__op_is_user(a->op)) /* the graph holds it as long as there are signatures */
            da__put_bytes(key, &a->u.user, sizeof a->u.user);
        break;
    case DA__NODE_REDUCE:
        if (a->op == DA__RED_USER)
            da__put_bytes(key, &a->u.reduce.user, sizeof a->u.reduce.user);
        da__put_i64(key, (int64_t)a->u.reduce.mask << 1 | a->u.reduce.keepdims);
        da__put_f64(key, a->u.reduce.correction);
        break;
    case DA__NODE_VIEW:
    case DA__NODE_ASSIGN:
        put_view(key, a->u.view);
        break;
    default:
        break;
    }
}

/* In words, as every node of every graph comes by here: what it is, its inputs' positions, its shape. */
static void put_node(struct da__signature *s, const da_array *a, bool target)
{
    int dist = number_of(s, a->dist);
    size_t nwords = 2 + (size_t)a->nin + (size_t)a->ndim;
    uint64_t *word = da__put_room(&s->key, nwords * sizeof *word);
    if (word == NULL)
        return;
    *word++ = (uint64_t)a->kind | (uint64_t)(uint16_t)a->op << 8 | (uint64_t)a->dtype << 24 |
              (uint64_t)a->compute << 32 | (uint64_t)a->ndim << 40 | (uint64_t)target << 48 |
              (uint64_t)(a->kept > 0) << 49;
    *word++ = (uint64_t)(uint32_t)a->nin | (uint64_t)(uint32_t)dist << 32;
    for (int k = 0; k < a->nin; k++)
        *word++ = (uint64_t)a->in[k]->mark;
    for (int k = 0; k < a->ndim; k++)
        *word++ = (uint64_t)a->shape[k];
    put_attributes(&s->key, a);
}

static bool add_node(struct da__signature *s, da_array *a, int64_t epoch)
{
    bool target = a->mark_epoch == epoch;
    if (!is_signable(a) ||
        !da__grow((void **)&s->node, &s->nodes_cap, s->nnodes + 1, sizeof(da_array *)))
        return false;
    a->mark_epoch = epoch;
    a->mark = s->nnodes;
    s->node[s->nnodes++] = a;
    put_node(s, a, target);
    return !s->key.failed;
}

/* Inputs before readers, each node once, as lowering goes. */
static bool visit(struct da__signature *s, da_array *root, int64_t epoch)
{
    int64_t depth = 0;
    struct da__signature_visit *stack = NULL;
    for (da_array *next = root;;) {
        if (next != NULL && (next->mark_epoch != epoch || next->mark < 0)) {
            if (!da__grow((void **)&s->stack, &s->stack_cap, depth + 1, sizeof *s->stack))
                return false;
            s->stack[depth++] = (struct da__signature_visit){next, 0};
        }
        if (depth == 0)
            return true;
        stack = &s->stack[depth - 1];
        next = NULL;
        if (stack->next < stack->node->nin) {
            next = stack->node->in[stack->next++];
            continue;
        }
        depth--;
        if ((stack->node->mark_epoch != epoch || stack->node->mark < 0) &&
            !add_node(s, stack->node, epoch))
            return false;
    }
}

bool da__sign(struct da__graph *g, int ntargets, da_array *const *target, struct da__signature *s)
{
    int64_t epoch = da__graph_epoch(g);
    s->key.nbytes = 0;
    s->key.failed = false;
    s->nnodes = 0;
    s->ndists = 0;
    for (int i = 0; i < ntargets; i++) { /* epoch set and mark < 0: a target not yet visited */
        target[i]->mark_epoch = epoch;
        target[i]->mark = -1;
    }
    for (int i = 0; i < ntargets; i++)
        if (!visit(s, target[i], epoch))
            return false;
    return true;
}

void da__signature_free(struct da__signature *s)
{
    da__bytes_free(&s->key);
    da__free(s->node);
    da__free(s->dist);
    da__free(s->stack);
    memset(s, 0, sizeof *s);
}
