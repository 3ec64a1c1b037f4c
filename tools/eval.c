/* `da eval`: an expression over arrays in files. */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>

struct eval {
    const struct cli_command *self;
    const char *expr;
    struct cli_pairs inputs;
    const char *out;
    struct cli_engines engines;
};

static int compute(struct eval *e, da_context *ctx, da_array *a)
{
    if (da_compute_all(ctx, 1, &a) != DA_OK)
        return cli_failed(e->self, ctx, CLI_FAILED);
    if (e->out != NULL)
        return CLI_OK;
    cli_print_type(a);
    printf("\n");
    return cli_print_values(ctx, a) == DA_OK ? CLI_OK : cli_failed(e->self, ctx, CLI_FAILED);
}

static int describe_and_compute(struct eval *e, da_context *ctx, da_named *name)
{
    for (int k = 0; k < e->inputs.n; k++) {
        name[k] = (da_named){e->inputs.pair[k].name, da_load(ctx, e->inputs.pair[k].value)};
        if (da_check(name[k].array) != DA_OK)
            return cli_failed(e->self, ctx, CLI_USAGE);
    }
    da_array *a = da_eval(ctx, e->expr, e->inputs.n, name);
    if (e->out != NULL)
        a = da_save(a, e->out);
    if (da_check(a) != DA_OK)
        return cli_failed(e->self, ctx, CLI_USAGE);
    return compute(e, ctx, a);
}

static int evaluate(struct eval *e)
{
    da_named *name = calloc((size_t)e->inputs.n + 1, sizeof *name);
    if (name == NULL)
        return cli_error(e->self, CLI_FAILED, "out of memory");
    da_context *ctx;
    int code = cli_start(e->self, &e->engines, false, &ctx);
    if (code == CLI_OK)
        code = cli_finish(ctx, describe_and_compute(e, ctx, name));
    free(name);
    return code;
}

static int with_words(struct eval *e, int n, const char *const *word)
{
    if (n < 1)
        return cli_error(e->self, CLI_USAGE, "an expression is missing; see da eval --help");
    e->expr = word[0];
    for (int k = 1; k < n; k++)
        if (!cli_pair(e->self, word[k], &e->inputs))
            return CLI_USAGE;
    return evaluate(e);
}

int cli_eval(const struct cli_command *self, int argc, char **argv)
{
    struct eval e = {.self = self};
    const struct cli_option option[] = {
        {"-o", "FILE", CLI_TEXT, &e.out, "save the result there; without it, print it"},
        {"--engines", "N", CLI_COUNT, &e.engines.engines,
         "virtual engines in this process (default 1; under mpirun the ranks)"},
        {"--threads", "N", CLI_COUNT, &e.engines.threads,
         "worker threads per engine (default: the granted cores)"},
        {"--reproducible", NULL, CLI_FLAG, &e.engines.reproducible,
         "sums with the same bits for any engines, threads and distribution"},
        {"--memory", "SIZE", CLI_BYTES, &e.engines.memory,
         "memory budget per engine, such as 512M or 4G (default: none)"},
    };
    int n, code = CLI_USAGE;
    const char **positional = malloc(((size_t)argc + 1) * sizeof *positional);
    enum cli_next next = positional != NULL ? cli_parse(self, sizeof option / sizeof *option,
                                                        option, argc, argv, positional, &n)
                                            : CLI_WRONG;
    if (next == CLI_HELPED)
        code = CLI_OK;
    else if (next == CLI_GO)
        code = with_words(&e, n, positional);
    free(positional);
    cli_pairs_free(&e.inputs);
    return code;
}
