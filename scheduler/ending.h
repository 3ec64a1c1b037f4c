/* Ends of the process that nobody asked for: signals, and jobs that cannot go on. Private to scheduler. */
#ifndef DA_ENDING_H
#define DA_ENDING_H

#include <stdbool.h>

/* Ends the process at once, without its unfinished output files. */
_Noreturn void da__end_process(int code);

/* From now on SIGINT, SIGTERM and SIGHUP, where the program leaves them to the system, first remove unfinished output files; the
 * process then ends by the signal. Counted: each call wants a da__signals_leave. */
void da__signals_catch(void);
void da__signals_leave(void);
/* Whether this process says in a line what ended it: the master does. Under a launcher the line is another one. */
void da__signals_speak(bool speaks, bool launched);

#endif
