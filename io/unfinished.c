/* The unfinished files of this process, so that an end before its time does not leave them behind.
 *
 * A signal handler walks the list, on any thread and at any time, so it is state of the process: a
 * list behind a flag that whoever holds it holds with signals blocked, for a few instructions. An
 * ending process never gives the flag back: nothing new is begun. */
#include "format.h"

#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

static atomic_flag busy = ATOMIC_FLAG_INIT;
static atomic_bool ending;
static struct da__temporary *first;
static pid_t owner; /* a fork's files are its parent's */

static void enter(sigset_t *before)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, before);
    while (atomic_flag_test_and_set_explicit(&busy, memory_order_acquire))
        continue;
}

static void leave(const sigset_t *before)
{
    atomic_flag_clear_explicit(&busy, memory_order_release);
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

void da__unfinished_add(struct da__temporary *t)
{
    sigset_t before;
    enter(&before);
    owner = getpid();
    t->next = first;
    t->previous = NULL;
    if (first != NULL)
        first->previous = t;
    first = t;
    leave(&before);
}

void da__unfinished_drop(struct da__temporary *t)
{
    sigset_t before;
    enter(&before);
    if (t->previous != NULL)
        t->previous->next = t->next;
    else
        first = t->next;
    if (t->next != NULL)
        t->next->previous = t->previous;
    leave(&before);
}

void da__unfinished_remove(void)
{
    if (atomic_exchange(&ending, true))
        return;
    while (atomic_flag_test_and_set_explicit(&busy, memory_order_acquire))
        continue;
    for (const struct da__temporary *t = first; t != NULL && owner == getpid(); t = t->next)
        unlink(t->path);
}
