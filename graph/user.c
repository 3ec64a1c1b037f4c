/* Functions of the user's: registered by name, shipped by the object that holds them, and as elementwise operators and reductions. */
#include "user.h"
#include "node.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

enum { MOST_STATE_NBYTES = 1 << 20, MOST_NAME = 64, MOST_ARGUMENTS = 32 };

/* ---- the record ---- */

struct da__user *da__user_keep(struct da__user *u)
{
    __atomic_add_fetch(&u->refs, 1, __ATOMIC_RELAXED);
    return u;
}

void da__user_drop(struct da__user *u)
{
    if (u == NULL || __atomic_sub_fetch(&u->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    for (int k = 0; k < u->nentries; k++)
        da__free(u->entry[k].object);
    da__free(u->name);
    da__free(u->intents);
    da__free(u->data);
    da__free(u);
}

bool da__user_entry_of(void (*function)(void), struct da__user_entry *out)
{
    Dl_info where;
    void *address;
    memcpy(&address, &function, sizeof address);
    if (function == NULL || dladdr(address, &where) == 0 || where.dli_fbase == NULL)
        return false;
    out->object = (char *)(uintptr_t)(where.dli_fname != NULL ? where.dli_fname : "");
    out->offset = (const char *)address - (const char *)where.dli_fbase;
    return true;
}

static bool copy_entries(struct da__user *u, const struct da__registration *r)
{
    for (int k = 0; k < r->nentries; k++) {
        struct da__user_entry at = {.object = NULL};
        da__user_entry_of(r->entry[k], &at);
        u->entry[k].object = da__strdup(at.object);
        u->entry[k].offset = at.offset;
        u->nentries++;
        if (u->entry[k].object == NULL)
            return false;
    }
    return true;
}

static struct da__user *user_new(const struct da__registration *r)
{
    struct da__user *u = da__calloc(1, sizeof *u);
    if (u == NULL)
        return NULL;
    u->refs = 1;
    u->kind = r->kind;
    u->nin = r->kind == DA__USER_LOCAL ? (int)strlen(r->intents) : r->nin;
    memcpy(u->in, r->in, sizeof u->in);
    u->out = r->out;
    u->state_nbytes = (int64_t)(r->state_nbytes + 15) / 16 * 16;
    u->talks = r->talks;
    u->nbytes = r->nbytes;
    u->name = da__strdup(r->name);
    u->intents = r->intents != NULL ? da__strdup(r->intents) : NULL;
    u->data = da__alloc((size_t)r->nbytes + 1);
    if (u->data != NULL && r->nbytes > 0)
        memcpy(u->data, r->data, (size_t)r->nbytes);
    if (copy_entries(u, r) && u->name != NULL && u->data != NULL &&
        (u->intents != NULL || r->intents == NULL))
        return u;
    da__user_drop(u);
    return NULL;
}

void da__user_write(const struct da__user *u, struct da__bytes *out)
{
    da__put_i32(out, (int32_t)u->kind);
    da__put_text(out, u->name);
    da__put_i32(out, u->nentries);
    for (int k = 0; k < u->nentries; k++) {
        da__put_text(out, u->entry[k].object);
        da__put_i64(out, u->entry[k].offset);
    }
    da__put_i32(out, u->nin);
    for (int k = 0; k < DA__USER_INPUTS; k++)
        da__put_i32(out, (int32_t)u->in[k]);
    da__put_i32(out, (int32_t)u->out);
    da__put_i64(out, u->state_nbytes);
    da__put_text(out, u->intents);
    da__put_i32(out, u->talks);
    da__put_i64(out, u->nbytes);
    da__put_bytes(out, u->data, (size_t)u->nbytes);
}

static int entries_of(enum da__user_kind kind)
{
    return kind == DA__USER_REDUCTION ? 4 : 1;
}

static bool is_sound(const struct da__user *u)
{
    bool local = u->kind == DA__USER_LOCAL;
    if (u->kind > DA__USER_LOCAL || u->nentries != entries_of(u->kind) || u->name == NULL)
        return false;
    if (local)
        return u->intents != NULL && strlen(u->intents) == (size_t)u->nin &&
               strspn(u->intents, "ruw") == (size_t)u->nin && u->nin <= MOST_ARGUMENTS;
    if (u->nin < 1 || u->nin > (u->kind == DA__USER_REDUCTION ? 1 : DA__USER_INPUTS) ||
        !da__dtype_valid((int)u->out))
        return false;
    for (int k = 0; k < u->nin; k++)
        if (!da__dtype_valid((int)u->in[k]))
            return false;
    return u->kind != DA__USER_REDUCTION ||
           (u->state_nbytes > 0 && u->state_nbytes <= MOST_STATE_NBYTES &&
            u->state_nbytes % 16 == 0);
}

static char *read_text(struct da__bytes *in)
{
    const char *text = da__get_text(in);
    char *copy = text != NULL ? da__strdup(text) : NULL;
    if (text != NULL && copy == NULL)
        in->failed = in->no_memory = true;
    return copy;
}

static void read_user(struct da__bytes *in, struct da__user *u)
{
    u->kind = (enum da__user_kind)da__get_i32(in);
    u->name = read_text(in);
    int nentries = da__get_i32(in);
    for (int k = 0; k < nentries && k < DA__USER_ENTRIES && !in->failed; k++) {
        u->entry[k].object = read_text(in);
        u->entry[k].offset = da__get_i64(in);
        u->nentries++;
    }
    u->nin = da__get_i32(in);
    for (int k = 0; k < DA__USER_INPUTS; k++)
        u->in[k] = (da_dtype)da__get_i32(in);
    u->out = (da_dtype)da__get_i32(in);
    u->state_nbytes = da__get_i64(in);
    u->intents = read_text(in);
    u->talks = da__get_i32(in) != 0;
    u->nbytes = da__get_i64(in);
    if (in->failed || nentries != u->nentries || u->nbytes < 0 || u->nbytes > in->nbytes - in->at ||
        !is_sound(u)) {
        in->failed = true;
        return;
    }
    u->data = da__alloc((size_t)u->nbytes + 1);
    if (u->data == NULL)
        in->failed = in->no_memory = true;
    else
        da__get_bytes(in, u->data, (size_t)u->nbytes);
}

struct da__user *da__user_read(struct da__bytes *in)
{
    struct da__user *u = da__calloc(1, sizeof *u);
    if (u == NULL) {
        in->failed = in->no_memory = true;
        return NULL;
    }
    u->refs = 1;
    read_user(in, u);
    if (!in->failed)
        return u;
    da__user_drop(u);
    return NULL;
}

/* ---- names ---- */

void da__users_free(struct da__users *users)
{
    for (int i = 0; i < users->n; i++) {
        da__user_drop(users->item[i]->user);
        da__free(users->item[i]);
    }
    da__free(users->item);
    memset(users, 0, sizeof *users);
}

struct da__registered *da__registered_find(struct da__graph *g, const char *name)
{
    struct da__users *users = da__graph_users(g);
    for (int i = 0; i < users->n; i++)
        if (strcmp(users->item[i]->callable.name, name) == 0)
            return users->item[i];
    return NULL;
}

struct da__user *da__user_of(struct da__graph *g, const char *name)
{
    struct da__registered *r = da__registered_find(g, name);
    return r != NULL ? r->user : NULL;
}

const struct da__callable *da__callable_in(struct da__graph *g, const char *name)
{
    const struct da__callable *c = da__callable_find(name);
    struct da__registered *r = c == NULL ? da__registered_find(g, name) : NULL;
    return r != NULL ? &r->callable : c;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static da_status check_name(struct da__graph *g, const char *name, struct da__error *err)
{
    static const char *const taken[] = {
        "True",          "False", "None",   "newaxis", "pi",     "e",
        "inf",           "nan",   "kernel", "input",   "user",   "apply",
        "from_function", "and",   "or",     "not",     "lambda", "if",
        "else",          "in",    "is",     "for"};
    da_dtype dtype;
    size_t n = name != NULL ? strlen(name) : 0;
    bool word = n > 0 && n < MOST_NAME && is_letter(name[0]);
    for (size_t k = 1; word && k < n; k++)
        word = is_letter(name[k]) || (name[k] >= '0' && name[k] <= '9');
    if (!word)
        return da__fail(err, DA_ERR_ARGUMENT,
                        "da_register: \"%.80s\" is no name: letters, digits and _, at most %d",
                        name != NULL ? name : "", MOST_NAME - 1);
    bool ours = da__callable_find(name) != NULL || da__dtype_find(name, &dtype);
    for (size_t k = 0; k < sizeof taken / sizeof *taken; k++)
        ours = ours || strcmp(name, taken[k]) == 0;
    if (ours)
        return da__fail(err, DA_ERR_ARGUMENT, "da_register: \"%s\" has a meaning already", name);
    if (da__registered_find(g, name) != NULL)
        return da__fail(err, DA_ERR_ARGUMENT, "da_register: \"%s\" is registered already", name);
    return DA_OK;
}

static da_status check_functions(const struct da__registration *r, struct da__error *err)
{
    for (int k = 0; k < r->nentries; k++) {
        struct da__user_entry at;
        if (r->entry[k] == NULL)
            return da__fail(err, DA_ERR_ARGUMENT, "da_register: %s: function %d is missing",
                            r->name, k);
        if (!da__user_entry_of(r->entry[k], &at))
            return da__fail(
                err, DA_ERR_ARGUMENT,
                "da_register: %s: the function is in no loaded object, so engines cannot find it",
                r->name);
    }
    if (r->nbytes < 0 || (r->nbytes > 0 && r->data == NULL))
        return da__fail(err, DA_ERR_ARGUMENT, "da_register: %s: no data of %lld bytes", r->name,
                        (long long)r->nbytes);
    return DA_OK;
}

static da_status check_kind(const struct da__registration *r, struct da__error *err)
{
    if (r->kind == DA__USER_LOCAL) {
        size_t n = r->intents != NULL ? strlen(r->intents) : 0;
        if (n < 1 || n > MOST_ARGUMENTS || strspn(r->intents, "ruw") != n)
            return da__fail(err, DA_ERR_ARGUMENT,
                            "da_register: %s: the intents are 1 to %d letters of \"ruw\": read, "
                            "update, write",
                            r->name, MOST_ARGUMENTS);
        return DA_OK;
    }
    if (r->nin < 1 || r->nin > DA__USER_INPUTS)
        return da__fail(err, DA_ERR_ARGUMENT, "da_register: %s: takes 1 to %d operands, not %d",
                        r->name, DA__USER_INPUTS, r->nin);
    for (int k = 0; k <= r->nin; k++) {
        da_dtype dtype = k < r->nin ? r->in[k] : r->out;
        if (!da__dtype_valid((int)dtype))
            return da__fail(err, DA_ERR_DTYPE, "da_register: %s: %d is no dtype", r->name,
                            (int)dtype);
    }
    if (r->kind == DA__USER_REDUCTION &&
        (r->state_nbytes == 0 || r->state_nbytes > MOST_STATE_NBYTES))
        return da__fail(err, DA_ERR_ARGUMENT, "da_register: %s: a state has 1 to %d bytes, not %zu",
                        r->name, MOST_STATE_NBYTES, r->state_nbytes);
    return DA_OK;
}

static void fill_callable(struct da__registered *r)
{
    static const struct da__callable_param operand[] = {{"x1", DA__ARG_OPERAND, true},
                                                        {"x2", DA__ARG_OPERAND, true},
                                                        {"x3", DA__ARG_OPERAND, true}},
                                           reduce[] = {{"x", DA__ARG_OPERAND, true},
                                                       {"axis", DA__ARG_INTS, false},
                                                       {"keepdims", DA__ARG_BOOL, false}},
                                           local[] = {{"arrays", DA__ARG_ARRAYS, true},
                                                      {"output", DA__ARG_INT, false},
                                                      {"data", DA__ARG_INTS, false}};
    static const struct {
        const struct da__callable_param *param;
        da_array *(*build)(struct da__graph *g, const struct da__callable *c,
                           const struct da__arg *arg);
        const char *doc;
    } of[] = {[DA__USER_STRIP] = {operand, da__call_user_elementwise, "a function of the program"},
              [DA__USER_REDUCTION] = {reduce, da__call_user_reduce, "a reduction of the program"},
              [DA__USER_LOCAL] = {local, da__call_apply, "a function on local parts"}};
    const struct da__user *u = r->user;
    memcpy(r->param, of[u->kind].param, sizeof r->param);
    r->callable =
        (struct da__callable){.name = u->name,
                              .nparams = u->kind == DA__USER_STRIP ? u->nin : 3,
                              .param = r->param,
                              .build = of[u->kind].build,
                              .op = u->kind == DA__USER_LOCAL ? -1 : 0, /* may wait for sizes */
                              .doc = of[u->kind].doc};
}

da_status da__register(struct da__graph *g, const struct da__registration *r, struct da__error *err)
{
    struct da__users *users = da__graph_users(g);
    DA_TRY(check_name(g, r->name, err));
    DA_TRY(check_functions(r, err));
    DA_TRY(check_kind(r, err));
    struct da__registered *item = da__calloc(1, sizeof *item);
    struct da__user *u = item != NULL ? user_new(r) : NULL;
    if (u == NULL ||
        !da__grow((void **)&users->item, &users->cap, users->n + 1, sizeof *users->item)) {
        da__user_drop(u);
        da__free(item);
        return da__fail(err, DA_ERR_MEMORY, "da_register: no memory for \"%s\"", r->name);
    }
    item->user = u;
    fill_callable(item);
    users->item[users->n++] = item;
    return DA_OK;
}

const char *da__node_op_name(const da_array *a)
{
    if (a->kind == DA__NODE_ELEMENTWISE)
        return da__op_is_user(a->op) ? a->u.user->name : da__op_info((enum da__op_id)a->op)->name;
    return a->op == DA__RED_USER ? a->u.reduce.user->name
                                 : da__red_info((enum da__red_id)a->op)->name;
}

const char *da__insn_name(const struct da__program *p, const struct da__insn *insn)
{
    return da__op_is_user(insn->op) ? p->user[insn->compute]->name
                                    : da__op_info((enum da__op_id)insn->op)->name;
}

const char *da__reduction_name(const struct da__program *p, const struct da__body_reduction *r)
{
    return r->red == DA__RED_USER ? p->user[r->user]->name
                                  : da__red_info((enum da__red_id)r->red)->name;
}

const char *da__step_routine_name(const struct da__program *p, const struct da__step *s)
{
    return s->routine == DA__ROUTINE_APPLY ? p->user[s->attribute[0]]->name
                                           : da__routine_name(s->routine);
}
