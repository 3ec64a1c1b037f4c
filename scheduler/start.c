/* Starting and stopping engines: MPI ranks where a launcher started us, threads of this process otherwise. */
#include "runtime.h"

#include "ending.h"
#include "launch.h"
#include "wrapper.h"

#include <stdlib.h>
#include <string.h>

static int64_t number_from_environment(const char *name, int64_t otherwise)
{
    const char *text = getenv(name);
    char *end;
    if (text == NULL || *text == '\0')
        return otherwise;
    long long value = strtoll(text, &end, 10);
    return end != text && value > 0 ? value : otherwise;
}

/* "256M", "2G": binary multiples. */
static int64_t size_from_environment(const char *name)
{
    const char *text = getenv(name), *units = "KMGT";
    char *end;
    if (text == NULL || *text == '\0')
        return 0;
    double value = strtod(text, &end);
    const char *unit = *end != '\0' ? strchr(units, *end & ~0x20) : NULL;
    for (long i = 0; unit != NULL && i <= unit - units; i++)
        value *= 1024;
    return value > 0 && value < 9e18 ? (int64_t)value : 0;
}

struct launch {
    int nthreads;
    int64_t first_core; /* of this process among the cores it sees; -1: threads are not bound */
    int64_t memory;
    struct da__topology topology;
    struct da__compiler *compiler;
};

/* This process' number on its node; -1: the launcher does not tell. */
static int64_t local_rank(void)
{
    const char *text = getenv("OMPI_COMM_WORLD_LOCAL_RANK");
    text = text != NULL ? text : getenv("MPI_LOCALRANKID");
    return text != NULL && *text != '\0' ? strtoll(text, NULL, 10) : -1;
}

/* Engines that share cores share them evenly; one thread each at least. Threads are bound only where each has a core of its
 * own: beside bound ones that share theirs, the others would wait. */
static da_status plan_launch(const struct da__runtime_options *o, int nengines_here,
                             struct launch *l, struct da__error *err)
{
    l->memory = o->memory > 0 ? o->memory : size_from_environment("DISTARRAY_MEMORY");
    DA_TRY(da__topology_read(&l->topology, err));
    int64_t ranks = number_from_environment("OMPI_COMM_WORLD_LOCAL_SIZE",
                                            number_from_environment("MPI_LOCALNRANKS", 1));
    /* Not bound by the launcher: all ranks see all cores. */
    bool together =
        nengines_here == 1 && ranks > 1 && l->topology.ncores == l->topology.machine_cores;
    int64_t sharing = together ? ranks : nengines_here;
    int64_t threads = o->threads > 0 ? o->threads : number_from_environment("DISTARRAY_THREADS", 0);
    if (threads <= 0)
        threads = l->topology.ncores / sharing;
    l->nthreads = threads < 1 ? 1 : threads > 1024 ? 1024 : (int)threads;
    l->first_core = together ? local_rank() * l->nthreads : 0;
    if (sharing * l->nthreads > l->topology.ncores)
        l->first_core = -1;
    return DA_OK;
}

/* The cores of an engine of this process; NULL: its threads go where the system puts them. */
static const int *cores_of(const struct launch *l, int engine)
{
    int64_t first = l->first_core + (int64_t)engine * l->nthreads;
    bool there = l->first_core >= 0 && first + l->nthreads <= l->topology.ncores;
    return there ? l->topology.cpu + first : NULL;
}

/* ---- virtual engines ---- */

struct serving {
    struct da__endpoint *endpoint;
    const struct launch *launch;
    int engine;
    pthread_mutex_t lock;
    pthread_cond_t started;
    int state; /* 0 starting, 1 serving, 2 failed */
    struct da__error err;
};

static void *serve_thread(void *self)
{
    struct serving *s = self;
    struct da__engine *e = NULL;
    const int *cpu = cores_of(s->launch, s->engine);
    if (cpu != NULL) /* this thread is the engine's own, unlike the program's that is engine 0 */
        da__workers_bind(cpu[0]);
    da_status status =
        da__engine_open(s->endpoint, s->launch->nthreads, cpu, s->launch->memory, &e, &s->err);
    if (status == DA_OK)
        e->compiler = s->launch->compiler;
    pthread_mutex_lock(&s->lock);
    s->state = status == DA_OK ? 1 : 2;
    pthread_cond_signal(&s->started);
    pthread_mutex_unlock(&s->lock);
    if (status == DA_OK) /* `s` is gone soon after */
        da__engine_serve(e);
    da__engine_close(e);
    return NULL;
}

static da_status start_thread(struct da__runtime *rt, const struct launch *l, int engine,
                              struct da__error *err)
{
    struct serving s = {
        .endpoint = rt->endpoint[engine], .launch = l, .engine = engine, .err = {.engine = -1}};
    pthread_mutex_init(&s.lock, NULL);
    pthread_cond_init(&s.started, NULL);
    da_status status = DA_OK;
    if (pthread_create(&rt->thread[engine], NULL, serve_thread, &s) != 0)
        status = da__fail(err, DA_ERR_MEMORY, "no thread for engine %d", engine);
    pthread_mutex_lock(&s.lock);
    while (status == DA_OK && s.state == 0)
        pthread_cond_wait(&s.started, &s.lock);
    pthread_mutex_unlock(&s.lock);
    if (status == DA_OK)
        rt->nthreads_started = engine;
    if (s.state == 2)
        status = da__fail(err, s.err.status, "%s", s.err.text);
    pthread_cond_destroy(&s.started);
    pthread_mutex_destroy(&s.lock);
    return status;
}

static da_status open_virtual(struct da__runtime *rt, const struct da__runtime_options *o,
                              struct da__error *err)
{
    int64_t n = o->engines > 0 ? o->engines : number_from_environment("DISTARRAY_ENGINES", 1);
    if (n > 65536)
        return da__fail(err, DA_ERR_ARGUMENT, "%lld virtual engines are more than 65536",
                        (long long)n);
    struct launch l = {.compiler = rt->compiler};
    rt->endpoint = da__calloc((size_t)n, sizeof(struct da__endpoint *));
    rt->thread = da__calloc((size_t)n, sizeof *rt->thread);
    if (rt->endpoint == NULL || rt->thread == NULL)
        return da__fail(err, DA_ERR_MEMORY, "out of memory for %lld engines", (long long)n);
    DA_TRY(da__virtual_open((int)n, rt->endpoint, err));
    rt->nendpoints = (int)n;
    da_status status = plan_launch(o, (int)n, &l, err);
    for (int i = 0; i < n && status == DA_OK; i++)
        status = da__wrap_from_environment(&rt->endpoint[i], err);
    if (status == DA_OK)
        status = da__engine_open(rt->endpoint[0], l.nthreads, cores_of(&l, 0), l.memory,
                                 &rt->engine, err);
    if (status == DA_OK)
        rt->engine->compiler = rt->compiler;
    rt->serving = true; /* those that start */
    for (int i = 1; i < n && status == DA_OK; i++)
        status = start_thread(rt, &l, i, err);
    da__topology_free(&l.topology);
    return status;
}

/* ---- MPI ---- */

static da_status open_mpi(struct da__runtime *rt, const struct da__runtime_options *o, bool *served,
                          struct da__error *err)
{
    struct launch l = {.compiler = rt->compiler};
    rt->endpoint = da__calloc(1, sizeof(struct da__endpoint *));
    if (rt->endpoint == NULL)
        return da__fail(err, DA_ERR_MEMORY, "out of memory for an engine");
    DA_TRY(da__mpi_open(o->mpi_comm, &rt->endpoint[0], err));
    rt->nendpoints = 1;
    rt->is_mpi = true;
    if (o->signals)
        da__signals_speak(rt->endpoint[0]->rank == 0, da__launched_as_one_of_several());
    da_status status = plan_launch(o, 1, &l, err);
    if (status == DA_OK)
        status = da__wrap_from_environment(&rt->endpoint[0], err);
    if (status == DA_OK)
        status = da__engine_open(rt->endpoint[0], l.nthreads, cores_of(&l, 0), l.memory,
                                 &rt->engine, err);
    if (status == DA_OK)
        rt->engine->compiler = rt->compiler;
    da__topology_free(&l.topology);
    struct da__engine voice = {
        .endpoint = rt->endpoint[0], .rank = rt->endpoint[0]->rank, .size = rt->endpoint[0]->size};
    status = da__engine_agree(
        &voice, status, err); /* nobody serves a master that could not start, or the reverse */
    rt->serving = status == DA_OK;
    if (status == DA_OK && rt->endpoint[0]->rank > 0) {
        da__engine_serve(rt->engine);
        *served = true;
    }
    return status;
}

/* ---- both ---- */

static void close_endpoints(struct da__runtime *rt)
{
    for (int i = 0; i < rt->nendpoints; i++)
        rt->endpoint[i]->ops->close(rt->endpoint[i]);
}

static void stop_engines(struct da__runtime *rt)
{
    const int64_t stop = DA__COMMAND_STOP;
    if (rt->engine != NULL && rt->engine->rank == 0 && rt->serving)
        da__command_send(rt->engine, &stop, sizeof stop);
    for (int i = 1; i <= rt->nthreads_started; i++)
        pthread_join(rt->thread[i], NULL);
}

static void free_runtime(struct da__runtime *rt)
{
    da__graph_free(rt->graph);
    da__cache_clear(&rt->cache);
    da__recipes_clear(&rt->recipes);
    da__signature_free(&rt->signature);
    da__engine_close(rt->engine);
    da__compiler_close(rt->compiler);
    close_endpoints(rt);
    da__bytes_free(&rt->command);
    da__bytes_free(&rt->key);
    da__free(rt->endpoint);
    da__free(rt->thread);
    da__free(rt->recalled);
    da__free(rt->passes);
    if (rt->catches_signals)
        da__signals_leave();
    da__free(rt);
}

void da__runtime_close(struct da__runtime *rt)
{
    if (rt == NULL)
        return;
    stop_engines(rt);
    free_runtime(rt);
}

static da_array *import(void *self, const void *data, da_dtype dtype, int ndim,
                        const int64_t *shape, const struct da__dist_spec *spec)
{
    return da__runtime_import(self, data, dtype, ndim, shape, spec);
}

static da_status export(void *self, da_array *a, void *out, struct da__error *err)
{
    return da__runtime_gather(self, a, out, err);
}

da_status da__runtime_open(const struct da__runtime_options *options, struct da__runtime **out,
                           struct da__error *err)
{
    static const struct da__runtime_options defaults;
    const struct da__runtime_options *o = options != NULL ? options : &defaults;
    *out = NULL;
    struct da__runtime *rt = da__calloc(1, sizeof *rt);
    if (rt == NULL)
        return da__fail(err, DA_ERR_MEMORY, "out of memory for a context");
    rt->reserved = DA__COMMAND_ROOM;
    rt->catches_signals = o->signals;
    if (o->signals) {
        da__signals_speak(!da__launched_as_one_of_several(), false);
        da__signals_catch();
    }
    bool served = false;
    bool mpi = !o->no_mpi && (o->mpi_comm != NULL || da__mpi_launched());
    rt->compiler = da__compiler_open(NULL);
    da_status status = mpi ? open_mpi(rt, o, &served, err) : open_virtual(rt, o, err);
    const char *passes = o->passes != NULL ? o->passes : getenv("DISTARRAY_PASSES");
    if (status == DA_OK && !served) {
        rt->passes = passes != NULL ? da__strdup(passes) : NULL;
        rt->graph = da__graph_new(o->plan_engines > 0 ? o->plan_engines : rt->engine->size);
        if (rt->graph == NULL || (passes != NULL && rt->passes == NULL))
            status = da__fail(err, DA_ERR_MEMORY, "out of memory for a context");
    }
    if (status != DA_OK || served) {
        stop_engines(rt);
        free_runtime(rt);
        return status;
    }
    const char *reproducible = getenv("DISTARRAY_REPRODUCIBLE");
    bool asked = reproducible != NULL && *reproducible != '\0' && strcmp(reproducible, "0") != 0;
    da__graph_set_reproducible(rt->graph, o->reproducible || asked);
    da__graph_set_data_hooks(rt->graph, import, export, rt);
    *out = rt;
    return DA_OK;
}

struct da__graph *da__runtime_graph(struct da__runtime *rt)
{
    return rt->graph;
}

int da__runtime_nengines(const struct da__runtime *rt)
{
    return rt->engine->size;
}

int da__runtime_nthreads(const struct da__runtime *rt)
{
    return rt->engine->nthreads;
}

bool da__runtime_is_mpi(const struct da__runtime *rt)
{
    return rt->is_mpi;
}
