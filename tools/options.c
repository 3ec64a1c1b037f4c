/* Reading options: one table per command, near names for typing errors. */
#include "cli.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Under a launcher all processes read the same arguments; one of them says what is wrong. */
bool cli_speaks(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *rank = getenv(names[i]);
        if (rank != NULL)
            return strcmp(rank, "0") == 0;
    }
    return true;
}

int cli_error(const struct cli_command *self, int code, const char *format, ...)
{
    va_list args;
    if (!cli_speaks())
        return code;
    va_start(args, format);
    fprintf(stderr, "da %s: ", self->name);
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    return code;
}

/* ---- near names ---- */

enum { MAX_WORD = 32 };

static int distance(const char *a, const char *b)
{
    int row[MAX_WORD + 1];
    int n = (int)strlen(b);
    for (int j = 0; j <= n; j++)
        row[j] = j;
    for (int i = 1; a[i - 1] != '\0'; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= n; j++) {
            int best = diagonal + (a[i - 1] != b[j - 1]);
            best = row[j] + 1 < best ? row[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[n];
}

const char *cli_near(const char *word, int n, const char *const *candidate)
{
    const char *near = NULL;
    int least = 3;
    if (strlen(word) > MAX_WORD)
        return NULL;
    for (int k = 0; k < n; k++) {
        int d = strlen(candidate[k]) <= MAX_WORD ? distance(word, candidate[k]) : least;
        if (d < least && d < (int)strlen(word)) {
            least = d;
            near = candidate[k];
        }
    }
    return near;
}

/* ---- values ---- */

static bool read_count(const char *text, int *out)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || value < 1 || value > 1000000)
        return false;
    *out = (int)value;
    return true;
}

static bool read_bytes(const char *text, int64_t *out)
{
    static const char units[] = "KMGT";
    char *end;
    double value = strtod(text, &end);
    if (end == text || !(value > 0))
        return false;
    const char *unit = *end != '\0' ? strchr(units, *end == 'k' ? 'K' : *end) : NULL;
    if (unit != NULL) {
        value = ldexp(value, 10 * (int)(unit - units + 1));
        end++;
        if (*end == 'i')
            end++;
    }
    if (*end == 'B')
        end++;
    if (*end != '\0' || !(value < 9e18))
        return false;
    *out = (int64_t)value;
    return true;
}

bool cli_pair(const struct cli_command *self, const char *text, struct cli_pairs *pairs)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text) {
        cli_error(self, CLI_USAGE, "\"%s\" is not NAME=VALUE", text);
        return false;
    }
    da_define *grown = realloc(pairs->pair, ((size_t)pairs->n + 1) * sizeof *grown);
    char *name = strndup(text, (size_t)(equals - text));
    if (grown != NULL)
        pairs->pair = grown;
    if (grown == NULL || name == NULL) {
        free(name);
        cli_error(self, CLI_FAILED, "out of memory");
        return false;
    }
    pairs->pair[pairs->n++] = (da_define){name, equals + 1};
    return true;
}

void cli_pairs_free(struct cli_pairs *pairs)
{
    for (int k = 0; k < pairs->n; k++)
        free((char *)pairs->pair[k].name);
    free(pairs->pair);
    *pairs = (struct cli_pairs){0};
}

static bool store(const struct cli_command *self, const struct cli_option *o, const char *value)
{
    switch (o->kind) {
    case CLI_FLAG:
        *(bool *)o->target = true;
        return true;
    case CLI_COUNT:
        if (read_count(value, o->target))
            return true;
        cli_error(self, CLI_USAGE, "%s: \"%s\" is not a number from 1 to 1000000", o->flag, value);
        return false;
    case CLI_BYTES:
        if (read_bytes(value, o->target))
            return true;
        cli_error(self, CLI_USAGE, "%s: \"%s\" is not a size such as 512M or 4G", o->flag, value);
        return false;
    case CLI_TEXT:
        *(const char **)o->target = value;
        return true;
    case CLI_PAIRS:
        return cli_pair(self, value, o->target);
    }
    return false;
}

/* ---- the line ---- */

static void print_help(const struct cli_command *self, int noptions,
                       const struct cli_option *option)
{
    printf("usage: da %s%s%s\n\n%s\n", self->name, *self->synopsis ? " " : "", self->synopsis,
           self->summary);
    for (int k = 0; k < noptions; k++) {
        char left[64];
        snprintf(left, sizeof left, "%s%s%s", option[k].flag, option[k].metavar != NULL ? " " : "",
                 option[k].metavar != NULL ? option[k].metavar : "");
        printf("%s  %-22s %s\n", k == 0 ? "\n" : "", left, option[k].help);
    }
}

/* The option that a word gives, and the value that is glued to it (--flag=value, -Dvalue), if any. */
static const struct cli_option *find(int noptions, const struct cli_option *option,
                                     const char *word, const char **glued)
{
    for (int k = 0; k < noptions; k++) {
        size_t n = strlen(option[k].flag);
        if (strncmp(word, option[k].flag, n) != 0)
            continue;
        bool is_long = option[k].flag[1] == '-';
        *glued = word[n] == '\0' ? NULL : word + n + (is_long && word[n] == '=');
        if (word[n] == '\0' || (is_long && word[n] == '=') ||
            (!is_long && option[k].metavar != NULL))
            return &option[k];
    }
    return NULL;
}

static enum cli_next unknown(const struct cli_command *self, int noptions,
                             const struct cli_option *option, const char *word)
{
    const char *flag[32] = {"--help"};
    int n = 1;
    for (int k = 0; k < noptions && n < 32; k++)
        flag[n++] = option[k].flag;
    char stem[64];
    snprintf(stem, sizeof stem, "%.*s", (int)strcspn(word, "="), word);
    const char *near = cli_near(stem, n, flag);
    if (near != NULL)
        cli_error(self, CLI_USAGE, "there is no option \"%s\"; did you mean \"%s\"?", word, near);
    else
        cli_error(self, CLI_USAGE, "there is no option \"%s\"; see da %s --help", word, self->name);
    return CLI_WRONG;
}

enum cli_next cli_parse(const struct cli_command *self, int noptions,
                        const struct cli_option *option, int argc, char **argv,
                        const char **positional, int *npositional)
{
    bool options_end = false;
    *npositional = 0;
    for (int k = 0; k < argc; k++) {
        const char *word = argv[k], *glued = NULL;
        if (options_end || word[0] != '-' || word[1] == '\0') {
            positional[(*npositional)++] = word;
            continue;
        }
        if (strcmp(word, "--") == 0) {
            options_end = true;
            continue;
        }
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            print_help(self, noptions, option);
            return CLI_HELPED;
        }
        const struct cli_option *o = find(noptions, option, word, &glued);
        if (o == NULL)
            return unknown(self, noptions, option, word);
        if (o->metavar == NULL && glued != NULL) {
            cli_error(self, CLI_USAGE, "%s takes no value", o->flag);
            return CLI_WRONG;
        }
        if (o->metavar != NULL && glued == NULL && (glued = ++k < argc ? argv[k] : NULL) == NULL) {
            cli_error(self, CLI_USAGE, "%s needs a value: %s %s", o->flag, o->flag, o->metavar);
            return CLI_WRONG;
        }
        if (!store(self, o, glued))
            return CLI_WRONG;
    }
    return CLI_GO;
}
