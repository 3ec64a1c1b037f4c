/* What the commands share: options from the command line, opening a context, exit codes, printing arrays. */
#ifndef CLI_H
#define CLI_H

#include <distarray/distarray.h>
#include <stdbool.h>

/* Exit codes. */
enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

/* ---- commands and their options ---- */

enum cli_kind {
    CLI_FLAG,  /* bool: given or not                        */
    CLI_COUNT, /* int, at least 1                           */
    CLI_BYTES, /* int64_t: "4G", "512M", "1.5GiB", "100000" */
    CLI_TEXT,  /* const char *                              */
    CLI_PAIRS  /* struct cli_pairs: NAME=VALUE, repeatable  */
};
struct cli_option {
    const char *flag;    /* "--engines", "-D" */
    const char *metavar; /* NULL for a flag   */
    enum cli_kind kind;
    void *target;
    const char *help;
};
/* NAME=VALUE, split; the names are owned. */
struct cli_pairs {
    int n;
    da_define *pair;
};
struct cli_command {
    const char *name;
    const char *synopsis; /* after the name */
    const char *summary;
    int (*run)(const struct cli_command *self, int argc, char **argv);
};
enum cli_next { CLI_GO, CLI_HELPED, CLI_WRONG };

/* Whether this process is the one that tells people what is wrong: the first of a launcher's, or the only one. */
bool cli_speaks(void);

/* Reads argv behind the command's name. What is no option goes to `positional` (room for argc). CLI_HELPED: --help was
 * asked and answered. CLI_WRONG: a message is on stderr. */
enum cli_next cli_parse(const struct cli_command *self, int noptions,
                        const struct cli_option *option, int argc, char **argv,
                        const char **positional, int *npositional);
/* NAME=VALUE as one more pair; false with a message. */
bool cli_pair(const struct cli_command *self, const char *text, struct cli_pairs *pairs);
void cli_pairs_free(struct cli_pairs *pairs);
/* "da run: …" on stderr; returns `code`. */
int cli_error(const struct cli_command *self, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The candidate that `word` was likely meant to be, or NULL. */
const char *cli_near(const char *word, int n, const char *const *candidate);

/* ---- contexts ---- */

/* How to start, as the options --engines, --threads and --memory say. */
struct cli_engines {
    int engines, threads;
    int planned; /* describe for that many engines without having them */
    int64_t memory;
    bool reproducible;
};
/* An exit code; where it is not CLI_OK a message is on stderr and there is no context. With no_mpi the engines are virtual
 * whatever launched the process. */
int cli_start(const struct cli_command *self, const struct cli_engines *how, bool no_mpi,
              da_context **out);
/* Ends the context; its code where `code` is CLI_OK. */
int cli_finish(da_context *ctx, int code);
/* The last failure on stderr; returns `code`. */
int cli_failed(const struct cli_command *self, const da_context *ctx, int code);

/* ---- arrays ---- */

/* "float64 (3, 4)" */
void cli_print_type(const da_array *a);
/* The elements as NumPy prints them, where there are not too many. */
da_status cli_print_values(da_context *ctx, da_array *a);

/* ---- the commands ---- */

int cli_run(const struct cli_command *self, int argc, char **argv);
int cli_validate(const struct cli_command *self, int argc, char **argv);
int cli_graph(const struct cli_command *self, int argc, char **argv);
int cli_explain(const struct cli_command *self, int argc, char **argv);
int cli_eval(const struct cli_command *self, int argc, char **argv);
int cli_info(const struct cli_command *self, int argc, char **argv);
int cli_topo(const struct cli_command *self, int argc, char **argv);

#endif
