/* The module: LLVM's ORC compiler behind three functions. */
#include "emit.h"

#include <llvm-c/LLJIT.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct jit {
    LLVMOrcLLJITRef lljit;
    da__block_find_fn *find;
    unsigned vector_nbytes, block_nbytes; /* what code works on, what vector mathematics takes */
    int64_t count;                        /* names functions */
};

/* A process that ends while another thread compiles must not take LLVM's tables away under it: what is registered after LLVM was
 * loaded runs before LLVM's own static destructors, waits for the lock and keeps it. */
static pthread_mutex_t at_work = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t registered = PTHREAD_ONCE_INIT;

static void wait_for_compiler(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 2; /* a forked child may have inherited a lock that nobody opens */
    pthread_mutex_timedlock(&at_work, &until);
}

static void register_exit(void)
{
    atexit(wait_for_compiler);
}

static bool failed(LLVMErrorRef error)
{
    if (error != NULL)
        LLVMConsumeError(error);
    return error != NULL;
}

/* Two vectors of the processor at a time: 2 x 64 bytes with AVX-512, else 2 x 32. */
static unsigned vector_nbytes(const char *features)
{
    bool wide = strstr(features, "+avx512bw") && strstr(features, "+avx512dq") &&
                strstr(features, "+avx512vl");
    return wide ? 64 : 32;
}

/* A processor that is named has AVX2. */
static unsigned block_nbytes(const char *cpu, const char *features)
{
    return cpu != NULL || strstr(features, "+avx2") ? vector_nbytes(cpu ? "" : features) : 16;
}

static LLVMTargetMachineRef target_machine(struct jit *j, const char *cpu)
{
    char *triple = LLVMGetDefaultTargetTriple(), *message = NULL;
    char *features = LLVMGetHostCPUFeatures(), *host = LLVMGetHostCPUName();
    LLVMTargetRef target;
    LLVMTargetMachineRef machine = NULL;
    if (LLVMGetTargetFromTriple(triple, &target, &message) == 0)
        machine =
            LLVMCreateTargetMachine(target, triple, cpu ? cpu : host, cpu ? "" : features,
                                    LLVMCodeGenLevelDefault, LLVMRelocPIC, LLVMCodeModelJITDefault);
    j->vector_nbytes = vector_nbytes(cpu ? "" : features);
    j->block_nbytes = block_nbytes(cpu, features);
    LLVMDisposeMessage(message);
    LLVMDisposeMessage(host);
    LLVMDisposeMessage(features);
    LLVMDisposeMessage(triple);
    return machine;
}

static bool open_jit(struct jit *j, const char *cpu)
{
    LLVMTargetMachineRef machine;
    if (LLVMInitializeNativeTarget() != 0 || LLVMInitializeNativeAsmPrinter() != 0)
        return false;
    machine = target_machine(j, cpu);
    if (machine == NULL)
        return false;
    LLVMOrcLLJITBuilderRef builder = LLVMOrcCreateLLJITBuilder();
    LLVMOrcLLJITBuilderSetJITTargetMachineBuilder(
        builder, LLVMOrcJITTargetMachineBuilderCreateFromTargetMachine(machine));
    return !failed(LLVMOrcCreateLLJIT(&j->lljit, builder));
}

static bool jit_open(void *state, const char *cpu, da__block_find_fn *find)
{
    ((struct jit *)state)->find = find;
    pthread_once(&registered, register_exit);
    pthread_mutex_lock(&at_work);
    bool good = open_jit(state, cpu);
    pthread_mutex_unlock(&at_work);
    return good;
}

static size_t jit_room_nbytes(const struct da__chain *s)
{
    return emit_room(s);
}

static unsigned widest_of(const struct da__chain *s)
{
    unsigned widest = 1;
    for (int k = 0; k < s->nargs; k++)
        widest = nbytes_of(s->arg[k].dtype) > widest ? nbytes_of(s->arg[k].dtype) : widest;
    for (int k = 0; k < s->ninsns; k++)
        widest = nbytes_of(s->insn[k].result) > widest ? nbytes_of(s->insn[k].result) : widest;
    return widest;
}

static int register_nbytes(const struct da__chain *s, int insn)
{
    unsigned result = s->insn[insn].result;
    return kind_of(result) == 'b' ? 0 : (int)nbytes_of(result);
}

/* How many bytes of an element are computed and still needed at once, at most; arguments can be read again, bools are masks.
 * `last` has room for one number per value. */
static int alive_of(const struct da__chain *s, int32_t *last)
{
    int alive = 0, most = 0;
    for (int v = 0; v < s->nargs + s->ninsns; v++)
        last[v] = v - s->nargs;
    for (int k = 0; k < s->ninsns; k++)
        for (int a = 0; a < 3; a++)
            last[s->insn[k].arg[a]] = k;
    for (int o = 0; o < s->nouts; o++)
        last[s->out[o]] = s->ninsns;
    for (int k = 0; k < s->ninsns; k++) {
        alive += register_nbytes(s, k);
        most = alive > most ? alive : most;
        for (int a = 0; a < 3; a++) { /* each value dies once */
            int32_t v = s->insn[k].arg[a];
            bool dies = v >= s->nargs && last[v] == k;
            alive -= dies ? register_nbytes(s, v - s->nargs) : 0;
            last[v] = dies ? -1 : last[v];
        }
    }
    return most;
}

/* The widest dtype of a chain fills two vectors; few elements are wide. In a long chain operations wait for one another: four
 * vectors, where their values fit the registers. */
static unsigned width_of(const struct jit *j, const struct da__chain *s, void *room)
{
    enum { LONG = 48, REGISTERS = 32 };
    int widest = (int)widest_of(s);
    bool calls = false;
    for (int k = 0; k < s->ninsns && j->find != NULL; k++)
        calls = calls || j->find(j->block_nbytes, s->insn[k].op, (da_dtype)s->insn[k].compute);
    bool deep = !calls && j->vector_nbytes == 64 && s->ninsns >= LONG &&
                4 * alive_of(s, room) <= REGISTERS * widest;
    return (deep ? 4 : 2) * j->vector_nbytes / (unsigned)widest;
}

static da__chain_fn *make_code(struct jit *j, const struct da__chain *s, void *room, int64_t *width)
{
    char name[32];
    snprintf(name, sizeof name, "chain%lld", (long long)j->count++);
    LLVMOrcThreadSafeContextRef context = LLVMOrcCreateNewThreadSafeContext();
    struct emit with = {.context = LLVMOrcThreadSafeContextGetContext(context),
                        .width = width_of(j, s, room),
                        .find = j->find,
                        .block_nbytes = j->block_nbytes};
    *width = with.width;
    LLVMModuleRef module = emit_chain(&with, s, name, room);
    LLVMOrcThreadSafeModuleRef safe = LLVMOrcCreateNewThreadSafeModule(module, context);
    LLVMOrcDisposeThreadSafeContext(context); /* the module keeps its share */
    LLVMOrcExecutorAddress at = 0;
    if (failed(LLVMOrcLLJITAddLLVMIRModule(j->lljit, LLVMOrcLLJITGetMainJITDylib(j->lljit), safe)))
        return NULL;
    if (failed(LLVMOrcLLJITLookup(j->lljit, &at, name)))
        return NULL;
    return (da__chain_fn *)(uintptr_t)at;
}

static da__chain_fn *jit_compile(void *state, const struct da__chain *s, void *room, int64_t *width)
{
    pthread_mutex_lock(&at_work);
    da__chain_fn *fn = make_code(state, s, room, width);
    pthread_mutex_unlock(&at_work);
    return fn;
}

static void jit_close(void *state)
{
    struct jit *j = state;
    pthread_mutex_lock(&at_work);
    if (j->lljit != NULL)
        failed(LLVMOrcDisposeLLJIT(j->lljit));
    j->lljit = NULL;
    pthread_mutex_unlock(&at_work);
}

__attribute__((visibility("default"))) da__compiled_entry da_compiled_module;
const struct da__compiled_module *da_compiled_module(void)
{
    static const struct da__compiled_module module = {.version = DA_VERSION,
                                                      .state_nbytes = sizeof(struct jit),
                                                      .open = jit_open,
                                                      .room_nbytes = jit_room_nbytes,
                                                      .compile = jit_compile,
                                                      .close = jit_close};
    return &module;
}
