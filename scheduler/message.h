/* Single messages of a run, for collectives and routines: whatever fails, each one is sent (void) and received (into nothing).
 * Private to scheduler. */
#ifndef DA_MESSAGE_H
#define DA_MESSAGE_H

#include "engine.h"

/* The tag of a step's messages. */
int da__message_tag(int step);
/* Room for `nbytes` of data behind a header; the block begins DA__MESSAGE_HEADER bytes before the data. NULL: no memory, and
 * the run has failed. Data are 64-byte aligned. */
char *da__message_room(struct da__execution *r, int64_t nbytes);
/* Gives back what da__message_room or da__message_take gave; NULL allowed. */
void da__message_put(struct da__execution *r, char *data);
/* Sends `nbytes` of data that da__message_room gave, and takes the room over. A failed engine sends a void message instead
 * (`data` may be NULL then). */
void da__message_send(struct da__execution *r, int to, int tag, char *data, int64_t nbytes);

/* A message on its way here. */
struct da__incoming {
    struct da__request request;
    int from;
    int64_t capacity; /* of data */
    char *data;       /* NULL: received into nothing */
};
/* Posts the receive of at most `capacity` bytes of data. */
void da__message_expect(struct da__execution *r, int from, int tag, int64_t capacity,
                        struct da__incoming *in);
/* Waits for the message; other messages get on meanwhile. Its data, the caller's from now on; NULL: the run has failed, here or at the
 * sender. `nbytes` receives their length; NULL: exactly `capacity` is due. */
char *da__message_take(struct da__execution *r, struct da__incoming *in, int64_t *nbytes);

#endif
