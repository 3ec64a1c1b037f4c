/* Runtimes that stay open from graph to graph. */
#include "run.h"
#include "gen.h"

#include <string.h>

static void close_slot(struct session_slot *slot)
{
    if (slot->rt != NULL)
        da__runtime_close(slot->rt);
    *slot = (struct session_slot){0};
}

static struct session_slot *choose(struct session *s, int engines, int threads, const char *passes)
{
    struct session_slot *oldest = &s->slot[0];
    for (int k = 0; k < RUN_RUNTIMES; k++) {
        struct session_slot *slot = &s->slot[k];
        if (slot->rt != NULL && slot->engines == engines && slot->threads == threads &&
            strcmp(slot->passes, passes) == 0)
            return slot;
        if (slot->used < oldest->used)
            oldest = slot;
    }
    close_slot(oldest);
    return oldest;
}

struct da__runtime *session_get(struct session *s, int engines, int threads, const char *passes)
{
    struct session_slot *slot = choose(s, engines, threads, passes);
    slot->used = ++s->clock;
    if (slot->rt != NULL)
        return slot->rt;
    slot->engines = engines;
    slot->threads = threads;
    snprintf(slot->passes, sizeof slot->passes, "%s", passes);
    struct da__runtime_options options = {.engines = engines,
                                          .threads = threads,
                                          .passes = slot->passes,
                                          .no_mpi = true,
                                          .reproducible = s->reproducible};
    struct da__error err = {.engine = -1};
    if (da__runtime_open(&options, &slot->rt, &err) != DA_OK)
        fprintf(stderr, "%d engines do not start: %s\n", engines, err.text);
    else if (!gen_register(slot->rt))
        fprintf(stderr, "the functions of gen_user.c are not registered\n");
    return slot->rt;
}

void session_close(struct session *s)
{
    for (int k = 0; k < RUN_RUNTIMES; k++)
        close_slot(&s->slot[k]);
}
