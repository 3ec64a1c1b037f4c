/* `da validate`, `da graph` and `da explain`: what a pipeline is, without running it and without MPI. */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct show {
    const struct cli_command *self;
    struct cli_pairs defines;
    struct cli_engines engines;
    const char *stage, *format;
    da_stage which;
    const char *pass; /* NULL: all of them, or the deferred graph */
    da_format how;
};
typedef int (*action)(struct show *s, da_context *ctx, da_pipeline *p, const char *file);

/* Reads the pipeline and lets `act` look at it. */
static int with_pipeline(struct show *s, const char *file, action act)
{
    da_context *ctx;
    int code = cli_start(s->self, &s->engines, true, &ctx);
    if (code != CLI_OK)
        return code;
    da_pipeline *p;
    if (da_pipeline_open(ctx, file, s->defines.n, s->defines.pair, &p) != DA_OK)
        code = cli_failed(s->self, ctx, CLI_USAGE);
    else {
        code = act(s, ctx, p, file);
        da_pipeline_free(p);
    }
    return cli_finish(ctx, code);
}

static int with_arguments(struct show *s, int noptions, const struct cli_option *option, int argc,
                          char **argv, action act)
{
    int n, code = CLI_USAGE;
    const char **positional = malloc(((size_t)argc + 1) * sizeof *positional);
    enum cli_next next = positional != NULL
                             ? cli_parse(s->self, noptions, option, argc, argv, positional, &n)
                             : CLI_WRONG;
    if (next == CLI_HELPED)
        code = CLI_OK;
    else if (next == CLI_GO && n != 1)
        code = cli_error(s->self, CLI_USAGE, "takes one pipeline file, not %d; see da %s --help", n,
                         s->self->name);
    else if (next == CLI_GO)
        code = with_pipeline(s, positional[0], act);
    free(positional);
    cli_pairs_free(&s->defines);
    return code;
}

#define DEFINE_OPTION(s)                                                                           \
    {                                                                                              \
        "-D", "NAME=VALUE", CLI_PAIRS, &(s).defines,                                               \
            "a value for ${NAME} or $NAME in the pipeline; may be repeated"                        \
    }
#define ENGINES_OPTION(s)                                                                          \
    {                                                                                              \
        "--engines", "N", CLI_COUNT, &(s).engines.planned, "for that many engines (default 1)"     \
    }

/* ---- validate ---- */

static int print_outputs(struct show *s, da_context *ctx, da_pipeline *p, const char *file)
{
    (void)s;
    (void)ctx;
    int n = da_pipeline_noutputs(p);
    printf("%s: ok, %d output%s\n", file, n, n == 1 ? "" : "s");
    for (int k = 0; k < n; k++) {
        printf("%s: ", da_pipeline_output_name(p, k));
        cli_print_type(da_pipeline_output(p, k));
        printf("\n");
    }
    return CLI_OK;
}

int cli_validate(const struct cli_command *self, int argc, char **argv)
{
    struct show s = {.self = self, .engines = {.threads = 1}};
    const struct cli_option option[] = {DEFINE_OPTION(s)};
    return with_arguments(&s, 1, option, argc, argv, print_outputs);
}

/* ---- graph and explain ---- */

/* The outputs as a list; the caller frees. */
static da_array **outputs(const da_pipeline *p)
{
    int n = da_pipeline_noutputs(p);
    da_array **list = malloc(((size_t)n + 1) * sizeof *list);
    for (int k = 0; list != NULL && k < n; k++)
        list[k] = da_pipeline_output(p, k);
    return list;
}

static int print_text(struct show *s, da_context *ctx, da_status status, char *text)
{
    if (status != DA_OK)
        return cli_failed(s->self, ctx, CLI_FAILED);
    size_t length = strlen(text);
    printf("%s%s", text, length > 0 && text[length - 1] == '\n' ? "" : "\n");
    da_free(text);
    return CLI_OK;
}

static int print_graph(struct show *s, da_context *ctx, da_pipeline *p, const char *file)
{
    (void)file;
    char *text = NULL;
    da_array **list = outputs(p);
    if (list == NULL)
        return cli_error(s->self, CLI_FAILED, "out of memory");
    da_status status =
        s->pass != NULL
            ? da_graph_dump_after(ctx, da_pipeline_noutputs(p), list, s->pass, s->how, &text)
            : da_graph_dump(ctx, da_pipeline_noutputs(p), list, s->which, s->how, &text);
    free(list);
    return print_text(s, ctx, status, text);
}

static int print_explanation(struct show *s, da_context *ctx, da_pipeline *p, const char *file)
{
    (void)file;
    char *text = NULL;
    da_array **list = outputs(p);
    if (list == NULL)
        return cli_error(s->self, CLI_FAILED, "out of memory");
    da_status status = da_explain(ctx, da_pipeline_noutputs(p), list, &text);
    free(list);
    return print_text(s, ctx, status, text);
}

/* The position of `word` among `n` names; -1 with a message. */
static int choose(const struct cli_command *self, const char *flag, const char *word, int n,
                  const char *const *name)
{
    for (int k = 0; k < n; k++)
        if (strcmp(word, name[k]) == 0)
            return k;
    const char *near = cli_near(word, n, name);
    return cli_error(self, -1, "%s: there is no \"%s\"; did you mean \"%s\"?", flag, word,
                     near != NULL ? near : name[0]);
}

static int choose_and_print(struct show *s, da_context *ctx, da_pipeline *p, const char *file)
{
    enum { MOST_STAGES = 64 };
    const char *stages[MOST_STAGES] = {"deferred", "optimized"};
    static const char *const formats[] = {"json", "dot"};
    int nstages = 2;
    for (int i = 0; i < da_pass_count() && nstages < MOST_STAGES; i++)
        stages[nstages++] = da_pass_name(i);
    int stage = choose(s->self, "--stage", s->stage, nstages, stages);
    int format = stage >= 0 ? choose(s->self, "--format", s->format, 2, formats) : -1;
    if (format < 0)
        return CLI_USAGE;
    s->which = stage == 0 ? DA_STAGE_DEFERRED : DA_STAGE_OPTIMIZED;
    s->pass = stage >= 2 ? stages[stage] : NULL;
    s->how = (da_format)format;
    return print_graph(s, ctx, p, file);
}

int cli_graph(const struct cli_command *self, int argc, char **argv)
{
    struct show s = {
        .self = self, .engines = {.threads = 1}, .stage = "deferred", .format = "json"};
    const struct cli_option option[] = {
        DEFINE_OPTION(s),
        ENGINES_OPTION(s),
        {"--reproducible", NULL, CLI_FLAG, &s.engines.reproducible,
         "with sums whose bits do not depend on engines, threads and distribution"},
        {"--stage", "STAGE", CLI_TEXT, &s.stage,
         "deferred (default), optimized, or a pass: the program after fold, prune, cse, views, "
         "fuse, merge, schedule"},
        {"--format", "FORMAT", CLI_TEXT, &s.format,
         "json (default; runs again) or dot (for Graphviz)"},
    };
    return with_arguments(&s, sizeof option / sizeof *option, option, argc, argv, choose_and_print);
}

int cli_explain(const struct cli_command *self, int argc, char **argv)
{
    struct show s = {.self = self, .engines = {.threads = 1}};
    const struct cli_option option[] = {
        DEFINE_OPTION(s),
        ENGINES_OPTION(s),
        {"--memory", "SIZE", CLI_BYTES, &s.engines.memory,
         "under that budget per engine (default: none)"},
        {"--reproducible", NULL, CLI_FLAG, &s.engines.reproducible,
         "with sums whose bits do not depend on engines, threads and distribution"},
    };
    return with_arguments(&s, sizeof option / sizeof *option, option, argc, argv,
                          print_explanation);
}
