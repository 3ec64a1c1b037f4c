/* Ending a process before its time. Signals are the process' own business, so this is the one place with state of the process:
 * a count of contexts that asked for handlers, and what the handler says. */
#include "ending.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "da_io.h"

_Noreturn void da__end_process(int code)
{
    da__unfinished_remove();
    fflush(stdout);
    _exit(code);
}

static const int caught[] = {SIGINT, SIGTERM, SIGHUP};
static const char *const name[] = {"SIGINT", "SIGTERM", "SIGHUP"};
enum { NCAUGHT = sizeof caught / sizeof *caught };

static atomic_int ncatchers;
static atomic_bool speaks_up, is_launched;

/* Only what is allowed in a handler. A message that cannot be written is not missed. */
static void say(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        return;
}

static void tell(int signal)
{
    say("distarray: the master ends by ");
    for (int k = 0; k < NCAUGHT; k++)
        if (caught[k] == signal)
            say(name[k]);
    say(atomic_load(&is_launched) ? " (the launcher sends it also when an engine has died)" : "");
    say("; unfinished output files are removed\n");
}

/* The handler is gone when it begins (SA_RESETHAND), so that the signal ends the process the second time. */
static void end_by(int signal)
{
    da__unfinished_remove();
    if (atomic_load(&speaks_up))
        tell(signal);
    raise(signal);
}

void da__signals_catch(void)
{
    if (atomic_fetch_add(&ncatchers, 1) > 0)
        return;
    struct sigaction ours = {.sa_handler = end_by, .sa_flags = (int)SA_RESETHAND}, theirs;
    sigemptyset(&ours.sa_mask);
    for (int k = 0; k < NCAUGHT; k++)
        if (sigaction(caught[k], NULL, &theirs) == 0 && !(theirs.sa_flags & SA_SIGINFO) &&
            theirs.sa_handler == SIG_DFL)
            sigaction(caught[k], &ours, NULL);
}

void da__signals_leave(void)
{
    if (atomic_fetch_sub(&ncatchers, 1) > 1)
        return;
    struct sigaction system = {.sa_handler = SIG_DFL}, now;
    sigemptyset(&system.sa_mask);
    for (int k = 0; k < NCAUGHT; k++)
        if (sigaction(caught[k], NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) &&
            now.sa_handler == end_by)
            sigaction(caught[k], &system, NULL);
}

void da__signals_speak(bool speaks, bool launched)
{
    atomic_store(&speaks_up, speaks);
    atomic_store(&is_launched, launched);
}
