/* The user's function on the parts of arrays that this engine has. */
#include "routine.h"
#include "talk.h"

enum { MOST_ARGUMENTS = 32 }; /* of da_register */

/* Per argument: what is the same in every run. */
struct argument {
    int value, from; /* of the program; from: the input that is updated, or -1 */
    bool takes;      /* the input's memory becomes the result's: nobody else reads it */
    struct da_part local;
    struct da__index_set *index; /* per axis; owned */
};
struct apply {
    const struct da__user *user; /* the program's */
    int n;
    struct argument *argument;
};

static void free_apply(void *own)
{
    struct apply *a = own;
    for (int k = 0; k < a->n; k++) {
        for (int axis = 0; a->argument[k].index != NULL && axis < a->argument[k].local.ndim; axis++)
            da__set_free(&a->argument[k].index[axis]);
        da__free(a->argument[k].index);
    }
    da__free(a->argument);
    da__free(a);
}

static da_status plan_argument(const struct da__program *p, int engine, struct argument *out)
{
    const struct da__value *v = &p->value[out->value];
    struct da_part *x = &out->local;
    x->dtype = v->dtype;
    x->ndim = v->ndim;
    x->dist = p->dist[v->dist];
    x->engine = engine;
    for (int k = 0; k < v->ndim; k++)
        x->global[k] = v->shape[k];
    x->nelem = da__dist_local_shape(x->dist, engine, x->shape);
    da__strides_c(v->ndim, x->shape, (int64_t)da__dtype_nbytes(v->dtype), x->stride);
    out->index = da__calloc((size_t)v->ndim + 1, sizeof *out->index);
    if (out->index == NULL)
        return DA_ERR_MEMORY;
    for (int k = 0; k < v->ndim; k++)
        da__set_init(&out->index[k]);
    x->index = out->index;
    for (int k = 0; k < v->ndim && da__dist_has(x->dist, engine); k++)
        DA_TRY(da__dist_local_set(x->dist, engine, k, &out->index[k]));
    return DA_OK;
}

static da_status plan(const struct da__program *p, const struct da__step *s, int engine, void **own)
{
    const struct da__user *u = p->user[s->attribute[0]];
    struct apply *a = da__calloc(1, sizeof *a);
    if (a == NULL)
        return DA_ERR_MEMORY;
    *own = a;
    a->user = u;
    a->argument = da__calloc((size_t)u->nin + 1, sizeof *a->argument);
    if (a->argument == NULL)
        return DA_ERR_MEMORY;
    a->n = u->nin;
    int in = 0, out = 0;
    for (int k = 0; k < u->nin; k++) {
        struct argument *arg = &a->argument[k];
        int input = u->intents[k] != 'w' ? s->input[in++].value : -1;
        arg->local.writable = u->intents[k] != 'r';
        arg->value = arg->local.writable ? s->output[out++] : input;
        arg->from = u->intents[k] == 'u' ? input : -1;
        const struct da__value *from = arg->from >= 0 ? &p->value[arg->from] : NULL;
        arg->takes = from != NULL && from->kind == DA__VALUE_TEMP && from->nreaders == 1;
        DA_TRY(plan_argument(p, engine, arg));
    }
    return DA_OK;
}

/* Where the argument lies; what is updated begins as what it was, what is only written as zeros. */
static void bind(struct da__execution *r, const struct argument *arg, struct da_part *out)
{
    const struct da__local *local = &r->plan->value[arg->value];
    *out = arg->local;
    if (!local->member || da__run_failed(r))
        return;
    if (arg->takes && r->plan->lent[arg->from] == 0) {
        r->data[arg->value] = r->data[arg->from];
        r->data[arg->from] = NULL;
    }
    bool fresh = out->writable && r->data[arg->value] == NULL;
    if (fresh && da__run_value(r, arg->value) != NULL && local->nbytes > 0) {
        if (arg->from >= 0 && r->data[arg->from] != NULL)
            memcpy(r->data[arg->value], r->data[arg->from], (size_t)local->nbytes);
        else
            memset(r->data[arg->value], 0, (size_t)local->nbytes);
    }
    out->data = local->nelem > 0 ? r->data[arg->value] : NULL;
}

/* On how many engines the function was called: on all of them. */
static void count_calls(struct da__execution *r, const struct da__step *s)
{
    int value = s->output[s->noutputs - 1];
    int64_t n = r->engine->size;
    if (r->plan->value[value].member && da__run_value(r, value) != NULL)
        memcpy(r->data[value], &n, sizeof n);
}

static void run(struct da__execution *r, int step, void *own, const struct da__strided *operand)
{
    const struct da__step *s = &r->plan->program->step[step];
    const struct apply *a = own;
    struct da_engine t;
    (void)operand;
    const struct da_part *part[MOST_ARGUMENTS];
    struct da_part *local = da__run_room(r, (a->n + 1) * (int64_t)sizeof *local);
    for (int k = 0; k < a->n && local != NULL; k++) {
        bind(r, &a->argument[k], &local[k]);
        part[k] = &local[k];
    }
    da__talk_begin(&t, r, step, a->user->name, a->user->talks);
    if (!da__run_failed(r)) {
        da_status status = ((da__user_local_fn)a->user->entry[0].call)(&t, a->n, part, s->call.data,
                                                                       (size_t)s->call.nbytes);
        if (status != DA_OK && !da__run_failed(r))
            da__talk_fail(&t, status, da__status_text(status));
    }
    da__talk_end(&t);
    if (!da__run_failed(r))
        count_calls(r, s);
    da__pool_put(r->engine->pool, local);
}

const struct da__routine_ops da__apply_routine = {.plan = plan, .run = run, .free = free_apply};

/* ---- what functions ask of a part ---- */

int64_t da__part_index(const struct da_part *x, int axis, int64_t position)
{
    return da__set_get(&x->index[axis], position);
}

int64_t da__part_position(const struct da_part *x, int axis, int64_t index)
{
    int coord[DA_MAX_NDIM];
    if (index < 0 || index >= x->global[axis] || !da__dist_coords(x->dist, x->engine, coord))
        return -1;
    return da__map_local_of(&x->dist->map[axis], da__dist_part(x->dist, coord, axis), index);
}

int da__part_neighbour(const struct da_part *x, int axis, int offset)
{
    int coord[DA_MAX_NDIM], dim = x->dist->axis_grid[axis];
    if (!da__dist_coords(x->dist, x->engine, coord))
        return -1;
    if (dim < 0)
        return offset == 0 ? x->engine : -1;
    int64_t at = (int64_t)coord[dim] + offset;
    if (at < 0 || at >= x->dist->grid[dim])
        return -1;
    coord[dim] = (int)at;
    return da__dist_engine(x->dist, coord);
}
