/* The command line `da`: its commands, and help. */
#include "cli.h"

#include <stdio.h>
#include <string.h>

static const struct cli_command commands[] = {
    {"run", "FILE [options]", "run a pipeline", cli_run},
    {"validate", "FILE [-D NAME=VALUE]",
     "check a pipeline and the headers of its files, and run nothing", cli_validate},
    {"graph", "FILE [options]", "show a pipeline's graph as JSON or for Graphviz", cli_graph},
    {"explain", "FILE [options]", "tell what running a pipeline would do", cli_explain},
    {"eval", "EXPR [NAME=FILE...] [-o FILE] [options]",
     "compute an expression over arrays in files", cli_eval},
    {"info", "FILE...", "tell what arrays files hold", cli_info},
    {"topo", "", "tell the cores, caches and memory nodes that are granted", cli_topo},
};
enum { NCOMMANDS = sizeof commands / sizeof *commands };

static int print_help(void)
{
    printf(
        "usage: da COMMAND [arguments]\n\nArrays spread over engines, from the command line.\n\n");
    for (int k = 0; k < NCOMMANDS; k++)
        printf("  %-10s %s\n", commands[k].name, commands[k].summary);
    printf("\n  da COMMAND --help   a command's options\n  da --version        the version\n\n"
           "Under mpirun the ranks are the engines. Exit codes: 0 ok, 1 the run failed, 2 bad "
           "usage or a bad file.\n");
    return CLI_OK;
}

static int unknown(const char *word)
{
    const char *name[NCOMMANDS];
    for (int k = 0; k < NCOMMANDS; k++)
        name[k] = commands[k].name;
    const char *near = cli_near(word, NCOMMANDS, name);
    if (!cli_speaks())
        return CLI_USAGE;
    fprintf(stderr, "da: there is no command \"%s\"", word);
    if (near != NULL)
        fprintf(stderr, " (did you mean \"%s\"?)", near);
    fprintf(stderr, "; see da --help\n");
    return CLI_USAGE;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "da: a command is missing. See da --help.\n");
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0)
        return print_help();
    if (strcmp(argv[1], "--version") == 0) {
        printf("da (DistArray) %s\n", da_version());
        return CLI_OK;
    }
    for (int k = 0; k < NCOMMANDS; k++)
        if (strcmp(argv[1], commands[k].name) == 0)
            return commands[k].run(&commands[k], argc - 2, argv + 2);
    return unknown(argv[1]);
}
