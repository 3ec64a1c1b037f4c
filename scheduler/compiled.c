/* The service that compiles chains: the module that is loaded when first needed, a cache by structure, a thread. */
#include "compiled.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Code is never dropped before the compiler is: a program that makes new kernels for ever runs those beyond on the tile machine.
 * So do chains that would take a compiler long. */
enum { MOST_CODES = 4096, MOST_INSNS = 1024 };

struct da__code {
    struct da__hash hash;
    struct da__chain chain; /* its lists lie in `key` */
    void *key;
    size_t key_nbytes;
    _Atomic(da__chain_fn *) fn;
    int64_t width;
    enum { WAITING, DONE, FAILED } state;
};
struct da__compiler {
    enum da__compiler_mode mode;
    const char *cpu;
    pthread_mutex_t lock; /* of everything below but `state` and `module` */
    pthread_cond_t wanted, finished;
    pthread_mutex_t compiling; /* of the module */
    pthread_t thread;
    bool has_thread, stop;
    bool tried; /* to load the module */
    const struct da__compiled_module *module;
    void *state;
    struct da__code **code;
    int64_t ncodes, codes_cap, next; /* those before `next` are compiled or failed */
    struct da__compiler_counters counters;
};

/* ---- the module ---- */

/* Beside the library that this function is in, else where the system looks. */
static void *load_file(void)
{
    enum { MOST = 4096 };
    char path[MOST];
    Dl_info here;
    const char *slash = NULL;
    void *handle = NULL;
    if (dladdr((void *)(uintptr_t)load_file, &here) != 0 && here.dli_fname != NULL)
        slash = strrchr(here.dli_fname, '/');
    size_t n = slash != NULL ? (size_t)(slash + 1 - here.dli_fname) : 0;
    if (n > 0 && n + sizeof DA__COMPILED_FILE <= MOST) {
        memcpy(path, here.dli_fname, n);
        memcpy(path + n, DA__COMPILED_FILE, sizeof DA__COMPILED_FILE);
        handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    }
    return handle ? handle : dlopen(DA__COMPILED_FILE, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
}

/* LLVM stays loaded when it is not needed any more: it does not unload cleanly. */
static bool load_module(struct da__compiler *c)
{
    c->tried = true;
    void *handle = load_file();
    da__compiled_entry *entry = NULL;
    if (handle != NULL)
        *(void **)(void *)&entry = dlsym(handle, DA__COMPILED_ENTRY);
    const struct da__compiled_module *module = entry != NULL ? entry() : NULL;
    if (module == NULL || strcmp(module->version, DA_VERSION) != 0)
        return false;
    c->state = da__calloc(1, module->state_nbytes);
    if (c->state == NULL)
        return false;
    if (!module->open(c->state, c->cpu, da__block_find)) {
        da__free(c->state);
        c->state = NULL;
        return false;
    }
    c->module = module;
    return true;
}

bool da__compiler_loads(struct da__compiler *c)
{
    if (c == NULL || c->mode == DA__COMPILER_OFF)
        return false;
    pthread_mutex_lock(&c->compiling);
    bool there = c->module != NULL || (!c->tried && load_module(c));
    pthread_mutex_unlock(&c->compiling);
    return there;
}

/* Called without the lock: takes milliseconds. */
static void compile(struct da__compiler *c, struct da__code *code)
{
    int64_t width = 0;
    da__chain_fn *fn = NULL;
    pthread_mutex_lock(&c->compiling);
    bool loaded = c->module != NULL || (!c->tried && load_module(c));
    void *room = loaded ? da__alloc(c->module->room_nbytes(&code->chain)) : NULL;
    if (room != NULL)
        fn = c->module->compile(c->state, &code->chain, room, &width);
    da__free(room);
    pthread_mutex_unlock(&c->compiling);
    code->width = width;
    atomic_store_explicit(&code->fn, fn, memory_order_release);
    pthread_mutex_lock(&c->lock);
    code->state = fn != NULL ? DONE : FAILED;
    *(fn != NULL ? &c->counters.compiled : &c->counters.failed) += 1;
    c->counters.pending--;
    pthread_cond_broadcast(&c->finished);
    pthread_mutex_unlock(&c->lock);
}

static void *compile_all(void *self)
{
    struct da__compiler *c = self;
    pthread_mutex_lock(&c->lock);
    for (;;) {
        while (!c->stop && c->next == c->ncodes)
            pthread_cond_wait(&c->wanted, &c->lock);
        if (c->stop)
            break;
        struct da__code *code = c->code[c->next++];
        pthread_mutex_unlock(&c->lock);
        compile(c, code);
        pthread_mutex_lock(&c->lock);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

/* Signals are for the program's threads. */
static bool start_thread(struct da__compiler *c)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    c->has_thread = pthread_create(&c->thread, NULL, compile_all, c) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return c->has_thread;
}

/* ---- the cache ---- */

static size_t key_nbytes(const struct da__chain *s)
{
    return 4 * sizeof(int32_t) + (size_t)s->nargs * sizeof *s->arg +
           (size_t)s->ninsns * sizeof *s->insn + (size_t)s->nouts * sizeof *s->out;
}

static void put(char **at, const void *from, size_t nbytes)
{
    memcpy(*at, from, nbytes);
    *at += nbytes;
}

/* Operations first, which are the most aligned; then outputs, then arguments. */
static void write_key(const struct da__chain *s, struct da__chain *copy, void *key)
{
    char *at = key;
    *copy = *s;
    copy->insn = (void *)at;
    put(&at, s->insn, (size_t)s->ninsns * sizeof *s->insn);
    copy->out = (void *)at;
    put(&at, s->out, (size_t)s->nouts * sizeof *s->out);
    put(&at, (int32_t[]){s->nargs, s->ninsns, s->nouts, s->nsums}, 4 * sizeof(int32_t));
    copy->arg = (void *)at;
    put(&at, s->arg, (size_t)s->nargs * sizeof *s->arg);
}

static struct da__code *find(const struct da__compiler *c, const struct da__code *like)
{
    for (int64_t i = 0; i < c->ncodes; i++) {
        struct da__code *code = c->code[i];
        if (da__hash_equal(code->hash, like->hash) && code->key_nbytes == like->key_nbytes &&
            memcmp(code->key, like->key, like->key_nbytes) == 0)
            return code;
    }
    return NULL;
}

static void free_code(struct da__code *code)
{
    if (code != NULL)
        da__free(code->key);
    da__free(code);
}

static struct da__code *make_code(const struct da__chain *s)
{
    struct da__code *code = da__calloc(1, sizeof *code);
    if (code == NULL)
        return NULL;
    code->key_nbytes = key_nbytes(s);
    code->key = da__alloc(code->key_nbytes);
    if (code->key == NULL) {
        free_code(code);
        return NULL;
    }
    write_key(s, &code->chain, code->key);
    code->hash = da__hash_init();
    da__hash_bytes(&code->hash, code->key, code->key_nbytes);
    return code;
}

/* The equal one that is there, or `code`, which is taken over; NULL: refused. */
static struct da__code *enter(struct da__compiler *c, struct da__code *code, bool *is_new)
{
    struct da__code *old = find(c, code);
    *is_new = false;
    if (old != NULL) {
        c->counters.found++;
        return old->state == FAILED ? NULL : old;
    }
    if (c->ncodes == MOST_CODES ||
        (c->mode == DA__COMPILER_AUTO && !c->has_thread && !start_thread(c)))
        return NULL;
    if (!da__grow((void **)&c->code, &c->codes_cap, c->ncodes + 1, sizeof *c->code))
        return NULL;
    c->code[c->ncodes++] = code;
    c->counters.pending++;
    *is_new = true;
    return code;
}

struct da__code *da__compiler_want(struct da__compiler *c, const struct da__chain *s)
{
    if (c == NULL || c->mode == DA__COMPILER_OFF || s->ninsns > MOST_INSNS)
        return NULL;
    struct da__code *code = make_code(s);
    if (code == NULL)
        return NULL;
    bool is_new;
    pthread_mutex_lock(&c->lock);
    struct da__code *kept = enter(c, code, &is_new);
    pthread_cond_signal(&c->wanted);
    pthread_mutex_unlock(&c->lock);
    if (!is_new)
        free_code(code);
    else if (c->mode == DA__COMPILER_ALWAYS)
        compile(c, kept);
    pthread_mutex_lock(&c->lock);
    while (kept != NULL && c->mode == DA__COMPILER_ALWAYS && kept->state == WAITING)
        pthread_cond_wait(&c->finished, &c->lock); /* another engine's thread is at it */
    pthread_mutex_unlock(&c->lock);
    return kept;
}

da__chain_fn *da__code_get(const struct da__code *code, int64_t *width)
{
    da__chain_fn *fn = atomic_load_explicit(&code->fn, memory_order_acquire);
    if (fn != NULL)
        *width = code->width;
    return fn;
}

/* ---- opening and closing ---- */

static enum da__compiler_mode mode_from_environment(void)
{
    const char *text = getenv("DISTARRAY_COMPILED");
    if (text != NULL && strcmp(text, "off") == 0)
        return DA__COMPILER_OFF;
    return text != NULL && strcmp(text, "always") == 0 ? DA__COMPILER_ALWAYS : DA__COMPILER_AUTO;
}

struct da__compiler *da__compiler_open(const char *cpu)
{
    struct da__compiler *c = da__calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->mode = mode_from_environment();
    c->cpu = cpu;
    pthread_mutex_init(&c->lock, NULL);
    pthread_mutex_init(&c->compiling, NULL);
    pthread_cond_init(&c->wanted, NULL);
    pthread_cond_init(&c->finished, NULL);
    return c;
}

void da__compiler_close(struct da__compiler *c)
{
    if (c == NULL)
        return;
    pthread_mutex_lock(&c->lock);
    c->stop = true;
    pthread_cond_signal(&c->wanted);
    pthread_mutex_unlock(&c->lock);
    if (c->has_thread)
        pthread_join(c->thread, NULL);
    if (c->module != NULL)
        c->module->close(c->state);
    for (int64_t i = 0; i < c->ncodes; i++)
        free_code(c->code[i]);
    da__free(c->code);
    da__free(c->state);
    pthread_cond_destroy(&c->wanted);
    pthread_cond_destroy(&c->finished);
    pthread_mutex_destroy(&c->compiling);
    pthread_mutex_destroy(&c->lock);
    da__free(c);
}

enum da__compiler_mode da__compiler_mode(const struct da__compiler *c)
{
    return c != NULL ? c->mode : DA__COMPILER_OFF;
}

void da__compiler_count(struct da__compiler *c, struct da__compiler_counters *out)
{
    *out = (struct da__compiler_counters){0};
    if (c == NULL)
        return;
    pthread_mutex_lock(&c->lock);
    *out = c->counters;
    pthread_mutex_unlock(&c->lock);
}
