/* The program: its lists, their edits, and who produces and reads what. */
#include "program.h"

#include <string.h>

struct da__program *da__program_new(void)
{
    return da__calloc(1, sizeof(struct da__program));
}

void da__step_free(struct da__step *s)
{
    da__free(s->shape);
    da__free(s->body.input_dtype);
    da__free(s->body.param_dtype);
    da__free(s->body.insn);
    da__free(s->body.output);
    da__free(s->body.reduction);
    da__free(s->input);
    da__free(s->param);
    da__free(s->output);
    da__free(s->part);
    da__free(s->attribute);
    da__free(s->reduction);
    da__free(s->file.path);
    da__free(s->file.dataset);
    da__free(s->call.object);
    da__free(s->call.data);
    memset(s, 0, sizeof *s);
}

void da__program_free(struct da__program *p)
{
    if (p == NULL)
        return;
    for (int i = 0; i < p->nsteps; i++)
        da__step_free(&p->step[i]);
    for (int i = 0; i < p->nvalues; i++)
        da__free(p->value[i].shape);
    for (int i = 0; i < p->ndists; i++)
        da__dist_drop(p->dist[i]);
    da__free(p->step);
    da__free(p->value);
    da__free(p->param);
    da__free(p->dist);
    for (int i = 0; i < p->nusers; i++)
        da__user_drop(p->user[i]);
    da__free(p->user);
    da__free(p->unfused);
    da__free(p);
}

static int64_t *copy_shape(int ndim, const int64_t *shape)
{
    int64_t *copy = da__alloc((size_t)(ndim > 0 ? ndim : 1) * sizeof *copy);
    if (copy != NULL && ndim > 0)
        memcpy(copy, shape, (size_t)ndim * sizeof *copy);
    return copy;
}

int da__program_add_value(struct da__program *p, enum da__value_kind kind, da_dtype dtype, int ndim,
                          const int64_t *shape, int dist, uint64_t node)
{
    int64_t *own = copy_shape(ndim, shape);
    if (own == NULL || dist < 0 ||
        !da__grow((void **)&p->value, &p->values_cap, p->nvalues + 1, sizeof *p->value)) {
        da__free(own);
        p->failed = true;
        return -1;
    }
    p->value[p->nvalues] = (struct da__value){.kind = kind,
                                              .slot = -1,
                                              .dtype = dtype,
                                              .ndim = ndim,
                                              .shape = own,
                                              .dist = dist,
                                              .node = node,
                                              .producer = -1,
                                              .last_step = -1};
    return p->nvalues++;
}

int da__program_add_dist(struct da__program *p, const struct da__dist *d)
{
    for (int i = 0; i < p->ndists; i++)
        if (p->dist[i] == d || da__dist_equal(p->dist[i], d))
            return i;
    if (!da__grow((void **)&p->dist, &p->dists_cap, p->ndists + 1, sizeof *p->dist)) {
        p->failed = true;
        return -1;
    }
    p->dist[p->ndists] = da__dist_keep(d);
    return p->ndists++;
}

int da__program_add_user(struct da__program *p, struct da__user *u)
{
    for (int i = 0; i < p->nusers; i++)
        if (p->user[i] == u)
            return i;
    if (p->nusers == UINT8_MAX + 1 || /* instructions have a byte for it */
        !da__grow((void **)&p->user, &p->users_cap, p->nusers + 1, sizeof(struct da__user *))) {
        p->failed = true;
        return -1;
    }
    p->user[p->nusers] = da__user_keep(u);
    return p->nusers++;
}

int da__program_add_param(struct da__program *p, da_dtype dtype, const void *element)
{
    struct da__param new = {.dtype = dtype};
    memcpy(new.bytes, element, da__dtype_nbytes(dtype));
    for (int i = p->nlowered; i < p->nparams; i++)
        if (p->param[i].dtype == dtype &&
            memcmp(p->param[i].bytes, new.bytes, sizeof new.bytes) == 0)
            return i;
    if (!da__grow((void **)&p->param, &p->params_cap, p->nparams + 1, sizeof *p->param)) {
        p->failed = true;
        return -1;
    }
    p->param[p->nparams] = new;
    return p->nparams++;
}

int da__program_add_step(struct da__program *p, struct da__step *s)
{
    if (!da__grow((void **)&p->step, &p->steps_cap, p->nsteps + 1, sizeof *p->step)) {
        da__step_free(s);
        p->failed = true;
        return -1;
    }
    p->step[p->nsteps] = *s;
    memset(s, 0, sizeof *s);
    return p->nsteps++;
}

void da__program_add_unfused(struct da__program *p, uint64_t producer, uint64_t consumer,
                             const char *reason)
{
    for (int i = 0; i < p->nunfused; i++)
        if (p->unfused[i].producer == producer && p->unfused[i].consumer == consumer)
            return;
    if (!da__grow((void **)&p->unfused, &p->unfused_cap, p->nunfused + 1, sizeof *p->unfused)) {
        p->failed = true;
        return;
    }
    p->unfused[p->nunfused++] = (struct da__unfused){producer, consumer, reason};
}

bool da__step_is_part(const struct da__step *s, int output)
{
    return s->part != NULL && s->part[output].on;
}

bool da__step_is_base(const struct da__step *s, int input)
{
    for (int k = 0; s->part != NULL && k < s->noutputs; k++)
        if (s->part[k].on && s->part[k].base == input)
            return true;
    return false;
}

bool da__step_same_space(const struct da__step *a, const struct da__step *b)
{
    if (a->ndim != b->ndim || a->dist != b->dist)
        return false;
    for (int k = 0; k < a->ndim; k++)
        if (a->shape[k] != b->shape[k])
            return false;
    return true;
}

/* ---- who produces and reads what ---- */

static void index_step(struct da__program *p, int at)
{
    struct da__step *s = &p->step[at];
    int level = 0;
    for (int k = 0; k < s->ninputs; k++) {
        struct da__value *v = &p->value[s->input[k].value];
        v->nreaders++;
        v->last_step = at;
        if (v->producer >= 0 && p->step[v->producer].level >= level)
            level = p->step[v->producer].level + 1;
    }
    s->level = level;
    for (int k = 0; k < s->noutputs; k++) {
        p->value[s->output[k]].producer = at;
        if (p->value[s->output[k]].last_step < at)
            p->value[s->output[k]].last_step = at;
    }
    for (int k = 0; k < s->body.nreductions; k++) {
        p->value[s->reduction[k].value].producer = at;
        if (p->value[s->reduction[k].value].last_step < at)
            p->value[s->reduction[k].value].last_step = at;
    }
}

void da__program_index(struct da__program *p)
{
    for (int i = 0; i < p->nvalues; i++) {
        p->value[i].producer = -1;
        p->value[i].nreaders = 0;
        p->value[i].last_step = -1;
    }
    for (int i = 0; i < p->nsteps; i++)
        index_step(p, i);
}

void da__program_remove_steps(struct da__program *p, const bool *dead)
{
    int kept = 0;
    for (int i = 0; i < p->nsteps; i++) {
        if (dead[i]) {
            da__step_free(&p->step[i]);
            continue;
        }
        if (kept != i)
            p->step[kept] = p->step[i];
        kept++;
    }
    p->nsteps = kept;
    da__program_index(p);
}

void da__program_compact_values(struct da__program *p)
{
    int *now = da__alloc((size_t)(p->nvalues + 1) * sizeof *now);
    if (now == NULL) {
        p->failed = true;
        return;
    }
    int kept = 0;
    for (int i = 0; i < p->nvalues; i++) {
        struct da__value *v = &p->value[i];
        bool needed = v->producer >= 0 || v->nreaders > 0 || v->slot >= 0;
        now[i] = needed ? kept : -1;
        if (!needed)
            da__free(v->shape);
        else
            p->value[kept++] = *v;
    }
    p->nvalues = kept;
    for (int i = 0; i < p->nsteps; i++) {
        struct da__step *s = &p->step[i];
        for (int k = 0; k < s->ninputs; k++)
            s->input[k].value = now[s->input[k].value];
        for (int k = 0; k < s->noutputs; k++)
            s->output[k] = now[s->output[k]];
        for (int k = 0; k < s->body.nreductions; k++)
            s->reduction[k].value = now[s->reduction[k].value];
    }
    da__free(now);
}
