/* `da run`: a pipeline as a batch job. */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct run {
    const struct cli_command *self;
    const char *file;
    struct cli_pairs defines;
    struct cli_engines engines;
    bool quiet;
};

/* Where each output goes, asked before the run: a computed array no longer knows. NULL entries: nowhere. */
static char **output_files(const da_pipeline *p)
{
    int n = da_pipeline_noutputs(p);
    char **file = calloc((size_t)n + 1, sizeof *file);
    for (int k = 0; file != NULL && k < n; k++) {
        const char *dataset, *path = da_file_of(da_pipeline_output(p, k), &dataset);
        bool is_save = path != NULL;
        size_t room = is_save ? strlen(path) + (dataset != NULL ? strlen(dataset) : 0) + 2 : 0;
        file[k] = is_save ? malloc(room) : NULL;
        if (file[k] != NULL)
            snprintf(file[k], room, "%s%s%s", path, dataset != NULL ? ":" : "",
                     dataset != NULL ? dataset : "");
    }
    return file;
}

static void free_files(char **file, int n)
{
    for (int k = 0; file != NULL && k < n; k++)
        free(file[k]);
    free(file);
}

static da_status show(da_context *ctx, const da_pipeline *p, char *const *file)
{
    da_status status = DA_OK;
    for (int k = 0; k < da_pipeline_noutputs(p) && status == DA_OK; k++) {
        da_array *a = da_pipeline_output(p, k);
        printf("%s: ", da_pipeline_output_name(p, k));
        cli_print_type(a);
        printf("%s%s\n", file[k] != NULL ? " -> " : "", file[k] != NULL ? file[k] : "");
        if (file[k] == NULL)
            status = cli_print_values(ctx, a);
    }
    return status;
}

static int run_pipeline(struct run *r, da_context *ctx, da_pipeline *p)
{
    char **file = output_files(p);
    int n = da_pipeline_noutputs(p);
    da_status status = file != NULL ? da_pipeline_run(ctx, p) : DA_ERR_MEMORY;
    if (status == DA_OK && !r->quiet)
        status = show(ctx, p, file);
    free_files(file, n);
    return status == DA_OK ? CLI_OK : cli_failed(r->self, ctx, CLI_FAILED);
}

static int run_file(struct run *r)
{
    da_context *ctx;
    int code = cli_start(r->self, &r->engines, false, &ctx);
    if (code != CLI_OK)
        return code;
    da_pipeline *p;
    if (da_pipeline_open(ctx, r->file, r->defines.n, r->defines.pair, &p) != DA_OK)
        code = cli_failed(r->self, ctx, CLI_USAGE);
    else {
        code = run_pipeline(r, ctx, p);
        da_pipeline_free(p);
    }
    return cli_finish(ctx, code);
}

int cli_run(const struct cli_command *self, int argc, char **argv)
{
    struct run r = {.self = self};
    const struct cli_option option[] = {
        {"-D", "NAME=VALUE", CLI_PAIRS, &r.defines,
         "a value for ${NAME} or $NAME in the pipeline; may be repeated"},
        {"--engines", "N", CLI_COUNT, &r.engines.engines,
         "virtual engines in this process (default 1; under mpirun the ranks)"},
        {"--threads", "N", CLI_COUNT, &r.engines.threads,
         "worker threads per engine (default: the granted cores)"},
        {"--reproducible", NULL, CLI_FLAG, &r.engines.reproducible,
         "sums with the same bits for any engines, threads and distribution"},
        {"--memory", "SIZE", CLI_BYTES, &r.engines.memory,
         "memory budget per engine, such as 512M or 4G (default: none)"},
        {"--quiet", NULL, CLI_FLAG, &r.quiet, "print no results"},
    };
    int n, code = CLI_USAGE;
    const char **positional = malloc(((size_t)argc + 1) * sizeof *positional);
    enum cli_next next = positional != NULL ? cli_parse(self, sizeof option / sizeof *option,
                                                        option, argc, argv, positional, &n)
                                            : CLI_WRONG;
    if (next == CLI_HELPED)
        code = CLI_OK;
    else if (next == CLI_GO && n != 1)
        code = cli_error(self, CLI_USAGE, "takes one pipeline file, not %d; see da run --help", n);
    else if (next == CLI_GO) {
        r.file = positional[0];
        code = run_file(&r);
    }
    free(positional);
    cli_pairs_free(&r.defines);
    return code;
}
