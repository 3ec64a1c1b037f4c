/* Starting and ending a context for a command, and its failures on stderr. */
#include "cli.h"

#include <stdio.h>

int cli_failed(const struct cli_command *self, const da_context *ctx, int code)
{
    int engine = da_error_engine(ctx);
    if (engine >= 0)
        return cli_error(self, code, "engine %d: %s", engine, da_error_message(ctx));
    return cli_error(self, code, "%s", da_error_message(ctx));
}

int cli_start(const struct cli_command *self, const struct cli_engines *how, bool no_mpi,
              da_context **out)
{
    da_options options = {
        .engines = how->engines,
        .threads = how->threads,
        .memory = how->memory,
        .no_mpi = no_mpi,
        .plan_engines = how->planned,
        .reproducible = how->reproducible,
    };
    da_context *ctx = da_init_with(&options);
    int code = CLI_OK;
    if (da_error_status(ctx) != DA_OK)
        code = cli_failed(self, ctx, CLI_FAILED);
    else if (how->engines > 0 && da_engines(ctx) != how->engines)
        code = cli_error(self, CLI_USAGE,
                         "--engines %d, but %d ranks were started, and they are the engines",
                         how->engines, da_engines(ctx));
    if (code != CLI_OK)
        da_finalize(ctx);
    else
        *out = ctx;
    return code;
}

int cli_finish(da_context *ctx, int code)
{
    int own = da_finalize(ctx);
    return code != CLI_OK ? code : own;
}
