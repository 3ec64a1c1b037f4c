/* `da info` and `da topo`: what files hold, and what the machine grants. */
#include "cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void print_attribute(const char *name, const char *value)
{
    if (value[0] != '\0')
        printf("  %s: %s\n", name, value);
}

static da_status print_array(void *self, const da_file_info *info)
{
    const char *file = self;
    printf("%s%s%s: %s, %s (", file, info->dataset != NULL ? ":" : "",
           info->dataset != NULL ? info->dataset : "", info->format, da_dtype_name(info->dtype));
    for (int k = 0; k < info->ndim; k++)
        printf("%s%" PRId64, k ? ", " : "", info->shape[k]);
    printf("%s)\n", info->ndim == 1 ? "," : "");
    print_attribute("layout", info->layout);
    print_attribute("long_name", info->long_name);
    print_attribute("units", info->units);
    if (info->packed)
        printf("  packed: value = raw * %.17g + %.17g (load with decode \"cf\")\n", info->scale,
               info->offset);
    return DA_OK;
}

static int print_files(const struct cli_command *self, int n, const char *const *file)
{
    if (n < 1)
        return cli_error(self, CLI_USAGE, "a file is missing; see da info --help");
    da_context *ctx;
    int code = cli_start(self, &(struct cli_engines){.engines = 1, .threads = 1}, true, &ctx);
    if (code != CLI_OK)
        return code;
    for (int k = 0; k < n; k++)
        if (da_file_list(ctx, file[k], print_array, (void *)file[k]) != DA_OK)
            code = cli_failed(self, ctx, CLI_USAGE);
    return cli_finish(ctx, code);
}

int cli_info(const struct cli_command *self, int argc, char **argv)
{
    int n, code = CLI_USAGE;
    const char **positional = malloc(((size_t)argc + 1) * sizeof *positional);
    enum cli_next next =
        positional != NULL ? cli_parse(self, 0, NULL, argc, argv, positional, &n) : CLI_WRONG;
    if (next == CLI_HELPED)
        code = CLI_OK;
    else if (next == CLI_GO)
        code = print_files(self, n, positional);
    free(positional);
    return code;
}

static int print_topology(const struct cli_command *self)
{
    char *text;
    if (da_topology_text(&text) != DA_OK)
        return cli_error(self, CLI_FAILED, "the machine could not be read");
    printf("%s", text);
    da_free(text);
    return CLI_OK;
}

int cli_topo(const struct cli_command *self, int argc, char **argv)
{
    int n, code = CLI_USAGE;
    const char **positional = malloc(((size_t)argc + 1) * sizeof *positional);
    enum cli_next next =
        positional != NULL ? cli_parse(self, 0, NULL, argc, argv, positional, &n) : CLI_WRONG;
    if (next == CLI_HELPED)
        code = CLI_OK;
    else if (next == CLI_GO)
        code = n == 0 ? print_topology(self) : cli_error(self, CLI_USAGE, "takes no arguments");
    free(positional);
    return code;
}
