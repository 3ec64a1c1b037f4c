/* Random graphs against NumPy: draws, runs, checks, and shrinks what fails. See README.md. */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gen.h"
#include "run.h"
#include "shrink.h"

enum { FIRST_SEED = 1, COUNT = 1000, SECONDS_A_GRAPH = 120 };

struct options {
    uint64_t seed;
    int64_t count;
    int engines; /* 0: drawn */
    bool verbose, keep_going, reproducible;
    const char *python, *oracle;
    int nfiles; /* pipelines to run instead */
    char **file;
};

/* ---- a crash names its seed ---- */

static char now[256];

static void died(int signal_number)
{
    static const char text[] = "random_graphs: died in ";
    ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
    ignored = write(STDERR_FILENO, now, strlen(now));
    ignored = write(STDERR_FILENO, "\n", 1);
    (void)ignored;
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void watch(uint64_t seed)
{
    snprintf(now, sizeof now, "seed %" PRIu64, seed);
    alarm(SECONDS_A_GRAPH);
}

static void watch_way(uint64_t seed, const struct how *h)
{
    snprintf(now, sizeof now, "seed %" PRIu64 ", way %s, engines %d, threads %d, passes \"%s\"",
             seed, run_way_name[h->way], h->engines, h->threads, h->passes);
}

/* ---- reports ---- */

static void print_how(const struct how *h)
{
    fprintf(stderr, "  way %s, engines %d, threads %d, passes \"%s\"%s\n", run_way_name[h->way],
            h->engines, h->threads, h->passes, h->dists ? "" : ", default distributions");
}

static void report(uint64_t seed, struct plan *p, struct how h, struct session *s, struct oracle *o,
                   struct failure *f)
{
    struct da__text t = {0};
    o->answers = NULL; /* of other nodes, while it shrinks */
    fprintf(stderr, "FAILED seed %" PRIu64 ": %s\n", seed, f->text);
    print_how(&h);
    alarm(0);
    shrink(p, &h, s, o, f);
    plan_json(p, false, &t);
    fprintf(stderr, "shrunk to %d nodes: %s\n", p->nnodes, f->text);
    print_how(&h);
    fprintf(stderr, "%s", t.s != NULL ? t.s : "");
    da__text_free(&t);
}

static void refused(uint64_t seed, struct plan *p, const struct da__error *why)
{
    struct da__text t = {0};
    fprintf(stderr, "FAILED seed %" PRIu64 ", engines %d: the library refuses the last node: %s\n",
            seed, p->engines, why->text);
    plan_prune(p);
    plan_json(p, false, &t);
    fprintf(stderr, "%s", t.s != NULL ? t.s : "");
    da__text_free(&t);
}

/* ---- one graph ---- */

static void draw_passes(struct gen *g, char *passes)
{
    passes[0] = '\0';
    if (gen_percent(g, 15))
        strcpy(passes, "-all");
    else
        for (int k = 0; k < da__npasses(); k++)
            if (gen_percent(g, 30)) {
                strcat(passes, passes[0] != '\0' ? ",-" : "-");
                strcat(passes, da__pass_info(k)->name);
            }
}

/* The same results by another way, other passes, other engines, or once more from the cache. */
static struct how draw_how(struct gen *g, const struct how *plain)
{
    struct how h = *plain;
    int chance = (int)gen_below(g, 100);
    if (chance < 20)
        h.way = chance < 8 ? RUN_PIPELINE : RUN_EXPRESSIONS;
    else if (chance < 35)
        h.way = RUN_DUMP;
    else if (chance < 55)
        h.way = RUN_PROGRAM;
    if (chance >= 45 && chance < 80)
        draw_passes(g, h.passes);
    if (chance >= 80 && chance < 92) {
        h.engines = (int)gen_between(g, 1, PLAN_ENGINES);
        h.dists = false;
    }
    return h;
}

static bool run_one(uint64_t seed, struct plan *p, const struct how *h, struct session *s,
                    struct oracle *o)
{
    struct failure f = {.node = -1};
    watch_way(seed, h);
    if (run_plan(p, h, s, o, &f))
        return true;
    report(seed, p, *h, s, o, &f);
    return false;
}

/* Products in a row are rounded in the order in which engines and chunks come; so is what is made of them. */
static bool has_products_in_a_row(const struct plan *p)
{
    for (int i = 0; i < p->nnodes; i++)
        if (plan_is(&p->node[i], "prod") || plan_is(&p->node[i], "cumulative_prod"))
            return true;
    return false;
}

/* The plan on another number of engines, with other threads and the default distributions: the same bits are wanted. */
static bool run_elsewhere(uint64_t seed, struct gen *g, struct plan *p, const struct how *plain,
                          struct session *s, struct oracle *o)
{
    struct how h = *plain;
    h.engines = plain->engines % PLAN_ENGINES + 1 + (int)gen_below(g, 2);
    h.engines = h.engines > PLAN_ENGINES ? 1 : h.engines;
    h.threads = (int)gen_between(g, 1, 2);
    h.dists = false;
    return run_one(seed, p, &h, s, o);
}

/* The same structure with other scalars takes the cached program. */
static bool run_other_scalars(uint64_t seed, struct plan *p, const struct how *h, struct session *s,
                              struct oracle *o)
{
    struct failure f = {.node = -1};
    if (!gen_other_scalars(seed, p))
        return true;
    if (!run_tell(p, o, &f)) {
        fprintf(stderr, "FAILED seed %" PRIu64 ", other scalars: %s\n", seed, f.text);
        return false;
    }
    return run_one(seed, p, h, s, o);
}

static bool draw(uint64_t seed, struct session *s, const struct how *h, struct plan *p)
{
    struct da__error why = {.engine = -1};
    struct da__runtime *rt = session_get(s, h->engines, h->threads, h->passes);
    if (rt == NULL)
        return false;
    da__scope_push(da__runtime_graph(rt));
    bool drawn = gen_graph(seed, rt, p, &why);
    da__scope_pop(da__runtime_graph(rt));
    if (!drawn)
        refused(seed, p, &why);
    return drawn;
}

static void print_plan(uint64_t seed, const struct plan *p)
{
    struct da__text t = {0};
    plan_json(p, false, &t);
    printf("seed %" PRIu64 ", engines %d\n%s", seed, p->engines, t.s);
    fflush(stdout); /* a crash follows, maybe */
    da__text_free(&t);
}

static bool run_seed(uint64_t seed, const struct options *options, struct session *s,
                     struct oracle *o)
{
    struct gen g = {.state = seed ^ UINT64_C(0x5851f42d4c957f2d)};
    struct how plain, other;
    struct plan *p = test_alloc(sizeof *p);
    struct failure f = {.node = -1};
    memset(&plain, 0, sizeof plain);
    plain.engines = options->engines > 0 ? options->engines : (int)gen_between(&g, 1, PLAN_ENGINES);
    plain.threads = (int)(plain.engines <= 2 ? gen_between(&g, 1, 2) : 1);
    plain.dists = true;
    watch(seed);
    bool good = draw(seed, s, &plain, p);
    if (good && options->verbose)
        print_plan(seed, p);
    if (good && !run_tell(p, o, &f)) {
        fprintf(stderr, "FAILED seed %" PRIu64 ": %s\n", seed, f.text);
        print_plan(seed, p);
        good = false;
    }
    other = draw_how(&g, &plain);
    struct answers answers = {0};
    if (options->reproducible && good && !has_products_in_a_row(p))
        o->answers = &answers;
    good = good && run_one(seed, p, &plain, s, o) && run_one(seed, p, &other, s, o);
    if (good && options->reproducible)
        good = run_elsewhere(seed, &g, p, &plain, s, o);
    o->answers = NULL;
    answers_forget(&answers);
    if (good && gen_percent(&g, 15))
        good = run_other_scalars(seed, p, &plain, s, o);
    plan_free(p);
    free(p);
    return good;
}

/* ---- pipelines from files ---- */

static char *read_all(const char *path, size_t *length)
{
    FILE *in = fopen(path, "rb");
    char *text = NULL;
    *length = 0;
    for (size_t n = 1; in != NULL && n > 0; *length += n) {
        text = realloc(text, *length + 65536);
        n = text != NULL ? fread(text + *length, 1, 65536, in) : 0;
    }
    if (in != NULL)
        fclose(in);
    return text;
}

/* On every number of engines that has room for the file's distributions, from `least` on. */
static bool run_file(const char *path, const struct options *options, struct session *s,
                     struct oracle *o)
{
    size_t length;
    struct failure f = {.node = -1};
    char *text = read_all(path, &length);
    bool good = text != NULL;
    int first = options->engines > 0 ? options->engines : 4,
        last = options->engines > 0 ? options->engines : PLAN_ENGINES;
    for (int e = first; good && e <= last; e++)
        for (int passes = 0; good && passes < 2; passes++) {
            struct da__runtime *rt = session_get(s, e, 1, passes ? "-all" : "");
            good = rt != NULL && run_text(text, length, rt, o, &f);
            if (!good)
                fprintf(stderr, "FAILED %s, engines %d: %s\n", path, e, f.text);
        }
    if (text == NULL)
        fprintf(stderr, "%s cannot be read\n", path);
    free(text);
    return good;
}

/* ---- the command line ---- */

static void usage(void)
{
    fprintf(stderr, "usage: random_graphs [--seed S] [--count N] [--engines E] [--one SEED] "
                    "[--keep-going] [--reproducible] [--verbose] [--python PATH] [--oracle FILE] "
                    "[PIPELINE.json ...]\n");
    exit(2);
}

static struct options parse(int argc, char **argv)
{
    static const struct option known[] = {
        {"seed", 1, NULL, 's'},         {"count", 1, NULL, 'n'},
        {"engines", 1, NULL, 'e'},      {"one", 1, NULL, 'o'},
        {"verbose", 0, NULL, 'v'},      {"keep-going", 0, NULL, 'k'},
        {"reproducible", 0, NULL, 'b'}, {"python", 1, NULL, 'p'},
        {"oracle", 1, NULL, 'r'},       {NULL, 0, NULL, 0}};
    struct options o = {
        .seed = FIRST_SEED, .count = COUNT, .python = DA_TEST_PYTHON, .oracle = DA_TEST_ORACLE};
    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        uint64_t number = optarg != NULL ? strtoull(optarg, NULL, 10) : 0;
        if (c == 's' || c == 'o')
            o.seed = number;
        if (c == 'n' || c == 'o')
            o.count = c == 'o' ? 1 : (int64_t)number;
        if (c == 'e')
            o.engines = (int)number;
        if (c == 'p')
            o.python = optarg;
        if (c == 'r')
            o.oracle = optarg;
        o.verbose |= c == 'v';
        o.keep_going |= c == 'k';
        o.reproducible |= c == 'b';
        if (c == '?')
            usage();
    }
    if (o.engines < 0 || o.engines > PLAN_ENGINES)
        usage();
    o.nfiles = argc - optind;
    o.file = argv + optind;
    return o;
}

/* The files or the seeds up to the first failure, or all of them; how many failed. */
static int64_t run_all(const struct options *options, struct session *s, struct oracle *o,
                       int64_t *done)
{
    int64_t failed = 0, count = options->nfiles > 0 ? options->nfiles : options->count;
    for (*done = 0; *done < count && (failed == 0 || options->keep_going); ++*done) {
        bool good = options->nfiles > 0 ? run_file(options->file[*done], options, s, o)
                                        : run_seed(options->seed + (uint64_t)*done, options, s, o);
        if (!good)
            session_close(s); /* the next one is not blamed for what this one left */
        failed += !good;
    }
    return failed;
}

int main(int argc, char **argv)
{
    static const int deadly[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM};
    struct options options = parse(argc, argv);
    struct session s = {0};
    struct oracle o;
    int64_t done;
    s.reproducible = options.reproducible;
    signal(SIGPIPE, SIG_IGN);
    if (!oracle_open(&o, options.python, options.oracle)) {
        fprintf(stderr, "no NumPy: skipped\n");
        return 77;
    }
    for (size_t k = 0; k < sizeof deadly / sizeof *deadly; k++)
        signal(deadly[k], died);
    int64_t failed = run_all(&options, &s, &o, &done);
    session_close(&s);
    oracle_close(&o);
    if (failed == 0 && da__alloc_live() != 0) {
        fprintf(stderr, "FAILED: %" PRId64 " blocks of memory left over\n", da__alloc_live());
        failed = 1;
    }
    if (failed == 0 || options.keep_going)
        printf("%" PRId64 " graphs from seed %" PRIu64 ": %" PRId64
               " elements checked, %.2f%% of them open\n",
               done, options.seed, o.elements,
               o.elements > 0 ? 100.0 * (double)o.unknown / (double)o.elements : 0.0);
    if (failed > 0 && options.keep_going)
        printf("%" PRId64 " of them failed\n", failed);
    return failed == 0 ? 0 : 1;
}
