/* A program as bytes: the cache's key, and what travels to the engines. Parameter values and node ids are left out: they are
 * not structure. */
#include "program.h"

#include <string.h>

static void put_shape(struct da__bytes *out, int ndim, const int64_t *shape)
{
    da__put_i32(out, ndim);
    for (int k = 0; k < ndim; k++)
        da__put_i64(out, shape[k]);
}

static void put_view(struct da__bytes *out, const struct da__view *v)
{
    da__put_i32(out, v->ndim);
    da__put_i32(out, v->base_ndim);
    for (int b = 0; b < v->base_ndim; b++) {
        da__put_i32(out, v->axis[b]);
        da__put_i64(out, v->offset[b]);
        da__put_i64(out, v->step[b]);
        da__put_i64(out, v->period[b]);
        if (v->period[b] != 0)
            da__put_i64(out, v->phase[b]);
    }
}

static void put_body(struct da__bytes *out, const struct da__body *b)
{
    da__put_i32(out, b->ninputs);
    da__put_i32(out, b->nparams);
    da__put_i32(out, b->ninsns);
    da__put_i32(out, b->noutputs);
    da__put_i32(out, b->nreductions);
    da__put_bytes(out, b->input_dtype, (size_t)b->ninputs);
    da__put_bytes(out, b->param_dtype, (size_t)b->nparams);
    da__put_bytes(out, b->insn, (size_t)b->ninsns * sizeof *b->insn);
    da__put_bytes(out, b->output, (size_t)b->noutputs * sizeof *b->output);
    da__put_bytes(out, b->reduction, (size_t)b->nreductions * sizeof *b->reduction);
}

static void put_step(struct da__bytes *out, const struct da__step *s)
{
    da__put_i32(out, (int32_t)s->kind);
    da__put_i32(out, s->level);
    da__put_i32(out, s->dist);
    put_shape(out, s->ndim, s->shape);
    da__put_i32(out, s->ninputs);
    for (int k = 0; k < s->ninputs; k++) {
        da__put_i32(out, s->input[k].value);
        put_view(out, &s->input[k].view);
    }
    da__put_i32(out, s->noutputs);
    da__put_bytes(out, s->output, (size_t)s->noutputs * sizeof *s->output);
    da__put_i32(out, s->part != NULL);
    for (int k = 0; s->part != NULL && k < s->noutputs; k++) {
        da__put_i32(out, s->part[k].on);
        if (s->part[k].on) {
            da__put_i32(out, s->part[k].base);
            put_view(out, &s->part[k].view);
        }
    }
    da__put_i32(out, (int32_t)s->routine);
    da__put_i32(out, s->nattributes);
    da__put_bytes(out, s->attribute, (size_t)s->nattributes * sizeof *s->attribute);
    put_body(out, &s->body);
    da__put_bytes(out, s->param, (size_t)s->body.nparams * sizeof *s->param);
    for (int k = 0; k < s->body.nreductions; k++) {
        da__put_i32(out, s->reduction[k].value);
        da__put_i32(out, s->reduction[k].keepdims);
        da__put_f64(out, s->reduction[k].correction);
        da__put_i64(out, s->reduction[k].count);
    }
    da__put_text(out, s->file.path);
    da__put_text(out, s->file.dataset);
    if (s->file.path != NULL)
        da__put_bytes(out, s->file.start, (size_t)s->ndim * sizeof s->file.start[0]);
    da__put_text(out, s->call.object);
    da__put_i64(out, s->call.offset);
    da__put_i64(out, s->call.nbytes);
    da__put_bytes(out, s->call.data, (size_t)s->call.nbytes);
}

da_status da__program_write(const struct da__program *p, struct da__bytes *out)
{
    da__put_i32(out, p->ndists);
    for (int i = 0; i < p->ndists; i++)
        DA_TRY(da__dist_write(p->dist[i], out));
    da__put_i32(out, p->nparams);
    for (int i = 0; i < p->nparams; i++)
        da__put_i32(out, (int32_t)p->param[i].dtype);
    da__put_i32(out, p->nusers);
    for (int i = 0; i < p->nusers; i++)
        da__user_write(p->user[i], out);
    da__put_i32(out, p->nslots);
    da__put_i32(out, p->nvalues);
    for (int i = 0; i < p->nvalues; i++) {
        const struct da__value *v = &p->value[i];
        da__put_i32(out, (int32_t)v->kind);
        da__put_i32(out, v->slot);
        da__put_i32(out, (int32_t)v->dtype);
        da__put_i32(out, v->dist);
        da__put_i32(out, v->unsized);
        put_shape(out, v->ndim, v->shape);
    }
    da__put_i32(out, p->nsteps);
    for (int i = 0; i < p->nsteps; i++)
        put_step(out, &p->step[i]);
    return out->failed ? DA_ERR_MEMORY : DA_OK;
}

/* ---- reading: nothing is believed that the rest of the bytes cannot hold ---- */

/* A block for what is read; without memory the reading has failed. */
static void *room(struct da__bytes *in, size_t count, size_t item)
{
    void *block = da__calloc(count, item);
    if (block == NULL)
        in->failed = in->no_memory = true;
    return block;
}

static void *get_array(struct da__bytes *in, int n, size_t item)
{
    if (n < 0 || (n > 0 && (int64_t)n * (int64_t)item > in->nbytes - in->at)) {
        in->failed = true;
        return NULL;
    }
    void *items = room(in, (size_t)n + 1, item);
    if (items != NULL)
        da__get_bytes(in, items, (size_t)n * item);
    return items;
}

static int get_shape(struct da__bytes *in, int64_t **shape)
{
    int ndim = da__get_i32(in);
    if (in->failed || ndim < 0 || ndim > DA_MAX_NDIM) {
        in->failed = true;
        return 0;
    }
    *shape = get_array(in, ndim, sizeof **shape);
    return ndim;
}

static void get_view(struct da__bytes *in, struct da__view *v)
{
    v->ndim = da__get_i32(in);
    v->base_ndim = da__get_i32(in);
    if (in->failed || v->ndim < 0 || v->ndim > DA_MAX_NDIM || v->base_ndim < 0 ||
        v->base_ndim > DA_MAX_NDIM) {
        in->failed = true;
        return;
    }
    for (int b = 0; b < v->base_ndim; b++) {
        v->axis[b] = da__get_i32(in);
        v->offset[b] = da__get_i64(in);
        v->step[b] = da__get_i64(in);
        v->period[b] = da__get_i64(in);
        if (v->period[b] != 0)
            v->phase[b] = da__get_i64(in);
    }
}

static void get_body(struct da__bytes *in, struct da__body *b)
{
    int ninputs = da__get_i32(in), nparams = da__get_i32(in), ninsns = da__get_i32(in),
        noutputs = da__get_i32(in), nreductions = da__get_i32(in);
    b->input_dtype = get_array(in, ninputs, sizeof *b->input_dtype);
    b->param_dtype = get_array(in, nparams, sizeof *b->param_dtype);
    b->insn = get_array(in, ninsns, sizeof *b->insn);
    b->output = get_array(in, noutputs, sizeof *b->output);
    b->reduction = get_array(in, nreductions, sizeof *b->reduction);
    if (in->failed)
        return;
    b->ninputs = ninputs;
    b->nparams = nparams;
    b->ninsns = ninsns;
    b->noutputs = noutputs;
    b->nreductions = nreductions;
}

static char *get_text_copy(struct da__bytes *in)
{
    const char *text = da__get_text(in);
    char *copy = text != NULL ? da__strdup(text) : NULL;
    if (text != NULL && copy == NULL)
        in->failed = in->no_memory = true;
    return copy;
}

static void get_files_and_calls(struct da__bytes *in, struct da__step *s)
{
    s->file.path = get_text_copy(in);
    s->file.dataset = get_text_copy(in);
    if (s->file.path != NULL && !in->failed)
        da__get_bytes(in, s->file.start, (size_t)s->ndim * sizeof s->file.start[0]);
    s->call.object = get_text_copy(in);
    s->call.offset = da__get_i64(in);
    s->call.nbytes = da__get_i64(in);
    if (in->failed || s->call.nbytes < 0 || s->call.nbytes > in->nbytes - in->at) {
        in->failed = true;
        return;
    }
    s->call.data = room(in, (size_t)s->call.nbytes + 1, 1);
    if (s->call.data != NULL)
        da__get_bytes(in, s->call.data, (size_t)s->call.nbytes);
}

static void get_parts(struct da__bytes *in, struct da__step *s)
{
    if (da__get_i32(in) == 0 || in->failed)
        return;
    s->part = room(in, (size_t)s->noutputs + 1, sizeof *s->part);
    for (int k = 0; s->part != NULL && k < s->noutputs && !in->failed; k++) {
        s->part[k].on = da__get_i32(in) != 0;
        if (!s->part[k].on)
            continue;
        s->part[k].base = da__get_i32(in);
        get_view(in, &s->part[k].view);
    }
}

static void get_step(struct da__bytes *in, struct da__step *s)
{
    s->kind = (enum da__step_kind)da__get_i32(in);
    s->level = da__get_i32(in);
    s->dist = da__get_i32(in);
    s->ndim = get_shape(in, &s->shape);
    int ninputs = da__get_i32(in);
    if (in->failed || ninputs < 0 || ninputs > in->nbytes - in->at) {
        in->failed = true;
        return;
    }
    s->input = room(in, (size_t)ninputs + 1, sizeof *s->input);
    if (s->input == NULL)
        return;
    s->ninputs = ninputs;
    for (int k = 0; k < ninputs && !in->failed; k++) {
        s->input[k].value = da__get_i32(in);
        get_view(in, &s->input[k].view);
    }
    int noutputs = da__get_i32(in);
    s->output = get_array(in, noutputs, sizeof *s->output);
    if (in->failed)
        return;
    s->noutputs = noutputs;
    get_parts(in, s);
    s->routine = (enum da__routine_id)da__get_i32(in);
    int nattributes = da__get_i32(in);
    s->attribute = get_array(in, nattributes, sizeof *s->attribute);
    if (in->failed)
        return;
    s->nattributes = nattributes;
    get_body(in, &s->body);
    s->param = get_array(in, s->body.nparams, sizeof *s->param);
    s->reduction = room(in, (size_t)s->body.nreductions + 1, sizeof *s->reduction);
    for (int k = 0; k < s->body.nreductions && !in->failed; k++) {
        s->reduction[k].value = da__get_i32(in);
        s->reduction[k].keepdims = da__get_i32(in) != 0;
        s->reduction[k].correction = da__get_f64(in);
        s->reduction[k].count = da__get_i64(in);
    }
    if (!in->failed)
        get_files_and_calls(in, s);
}

/* A list of n zeroed entries of which each takes at least one byte of input. */
static void *get_list(struct da__bytes *in, int *n, size_t item, int64_t *cap)
{
    *n = da__get_i32(in);
    void *list = NULL;
    if (!in->failed && *n >= 0 && *n <= in->nbytes - in->at)
        list = room(in, (size_t)*n + 1, item);
    *cap = list != NULL ? (int64_t)*n + 1 : 0;
    if (list == NULL) {
        *n = 0;
        in->failed = true;
    }
    return list;
}

static void get_program(struct da__bytes *in, struct da__program *p)
{
    int n;
    p->dist = get_list(in, &n, sizeof *p->dist, &p->dists_cap);
    for (int i = 0; i < n && !in->failed; i++) {
        da_status status = da__dist_read(in, &p->dist[i]);
        in->no_memory |= status == DA_ERR_MEMORY;
        if (status != DA_OK)
            in->failed = true;
        else
            p->ndists++;
    }
    p->param = get_list(in, &n, sizeof *p->param, &p->params_cap);
    p->nparams = n;
    for (int i = 0; i < n && !in->failed; i++)
        p->param[i].dtype = (da_dtype)da__get_i32(in);
    p->user = get_list(in, &n, sizeof *p->user, &p->users_cap);
    for (int i = 0; i < n && !in->failed; i++) {
        p->user[i] = da__user_read(in);
        p->nusers += p->user[i] != NULL;
    }
    p->nslots = da__get_i32(in);
    p->value = get_list(in, &n, sizeof *p->value, &p->values_cap);
    p->nvalues = n;
    for (int i = 0; i < n && !in->failed; i++) {
        struct da__value *v = &p->value[i];
        v->kind = (enum da__value_kind)da__get_i32(in);
        v->slot = da__get_i32(in);
        v->dtype = (da_dtype)da__get_i32(in);
        v->dist = da__get_i32(in);
        v->unsized = da__get_i32(in) != 0;
        v->ndim = get_shape(in, &v->shape);
    }
    p->step = get_list(in, &n, sizeof *p->step, &p->steps_cap);
    p->nsteps = n;
    for (int i = 0; i < n && !in->failed; i++)
        get_step(in, &p->step[i]);
}

da_status da__program_read(struct da__bytes *in, struct da__program **out)
{
    struct da__program *p = da__program_new();
    if (p == NULL)
        return DA_ERR_MEMORY;
    in->no_memory = false;
    get_program(in, p);
    struct da__error err = {.engine = -1};
    if (!in->failed)
        da__program_verify(p, &err);
    if (in->failed || err.status != DA_OK) {
        da__program_free(p);
        return in->no_memory || err.status == DA_ERR_MEMORY ? DA_ERR_MEMORY : DA_ERR_FORMAT;
    }
    da__program_index(p);
    *out = p;
    return DA_OK;
}
