/* Talking with oracle.py: lines and raw elements through two pipes. */
#include "oracle.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void child(const char *python, const char *script, const int *in, const int *out)
{
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    for (int k = 0; k < 2; k++) {
        close(in[k]);
        close(out[k]);
    }
    unsetenv("LD_PRELOAD"); /* a sanitizer's library is not for Python */
    execlp(python, python, script, (char *)NULL);
    _exit(127);
}

bool oracle_open(struct oracle *o, const char *python, const char *script)
{
    int in[2], out[2];
    *o = (struct oracle){0};
    if (pipe(in) != 0 || pipe(out) != 0)
        return false;
    o->pid = fork();
    if (o->pid < 0)
        return false;
    if (o->pid == 0)
        child(python, script, in, out);
    close(in[0]);
    close(out[1]);
    o->to = fdopen(in[1], "wb");
    o->from = fdopen(out[0], "rb");
    return o->to != NULL && o->from != NULL && oracle_graph(o, "{\"nodes\":[]}", 12);
}

void oracle_close(struct oracle *o)
{
    if (o->to != NULL)
        fclose(o->to);
    if (o->from != NULL)
        fclose(o->from);
    if (o->pid > 0)
        waitpid(o->pid, NULL, 0);
}

/* Reads the answer; what follows its first word stays in o->line. */
static bool answered(struct oracle *o, const char *word)
{
    char text[sizeof o->line];
    fflush(o->to);
    if (fgets(text, sizeof text, o->from) == NULL) {
        snprintf(o->line, sizeof o->line, "the oracle has ended");
        return false;
    }
    text[strcspn(text, "\n")] = '\0';
    size_t n = strcspn(text, " ");
    bool wanted = strncmp(text, word, n) == 0 && word[n] == '\0';
    strcpy(o->line, text + (text[n] == ' ' ? n + 1 : n));
    return wanted;
}

bool oracle_graph(struct oracle *o, const char *json, size_t length)
{
    fprintf(o->to, "graph %zu\n", length);
    fwrite(json, 1, length, o->to);
    return answered(o, "ready");
}

bool oracle_check(struct oracle *o, const char *id, da_dtype dtype, int ndim, const int64_t *shape,
                  const void *data)
{
    size_t nbytes = (size_t)da__nelem(ndim, shape) * da__dtype_nbytes(dtype);
    fprintf(o->to, "check %s %s %d", id, da__dtype(dtype)->name, ndim);
    for (int k = 0; k < ndim; k++)
        fprintf(o->to, " %" PRId64, shape[k]);
    fprintf(o->to, " %zu\n", nbytes);
    fwrite(data, 1, nbytes, o->to);
    if (!answered(o, "ok"))
        return false;
    long long elements = 0, unknown = 0;
    sscanf(o->line, "%lld %lld", &elements, &unknown);
    o->elements += elements;
    o->unknown += unknown;
    return true;
}

void *oracle_value(struct oracle *o, const char *id, da_dtype dtype, int64_t nelem)
{
    fprintf(o->to, "value %s\n", id);
    if (!answered(o, "value"))
        return NULL;
    const char *last = strrchr(o->line, ' ');
    size_t nbytes = last != NULL ? strtoull(last + 1, NULL, 10) : 0, n = strcspn(o->line, " ");
    char *data = calloc(1, nbytes + 16);
    if (data == NULL || fread(data, 1, nbytes, o->from) != nbytes) {
        free(data);
        return NULL;
    }
    const char *name = da__dtype(dtype)->name;
    if (strlen(name) == n && strncmp(o->line, name, n) == 0 &&
        nbytes == (size_t)nelem * da__dtype_nbytes(dtype))
        return data;
    free(data);
    return NULL;
}
