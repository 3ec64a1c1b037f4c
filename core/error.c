/* The error record: the first cause wins, and status names come from status.def. */
#include "da_core.h"

#include <stdio.h>
#include <string.h>

#define DA__STATUS(id, value, name, sentence)                                                      \
    _Static_assert(DA_##id == (value), "status.def disagrees with distarray/types.h: " name);
#include "status.def"
#undef DA__STATUS

static const struct {
    const char *name;
    const char *sentence;
} status_row[] = {
#define DA__STATUS(id, value, name, sentence) [value] = {name, sentence},
#include "status.def"
#undef DA__STATUS
};
_Static_assert(sizeof status_row / sizeof *status_row == DA_ERR_INTERNAL + 1,
               "status.def does not have every status");

da_status da__fail(struct da__error *err, da_status status, const char *format, ...)
{
    if (err == NULL || err->status != DA_OK)
        return status;
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    err->status = status;
    err->engine = -1;
    return status;
}

void da__error_prefix(struct da__error *err, const char *format, ...)
{
    if (err == NULL || err->status == DA_OK)
        return;
    char prefix[DA__ERROR_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(prefix, sizeof prefix, format, args);
    va_end(args);

    size_t room = sizeof err->text - 1;
    size_t front = strlen(prefix);
    if (front + 2 > room)
        return; /* no room: the cause matters more than where it was seen */
    size_t back = strlen(err->text);
    if (back > room - front - 2)
        back = room - front - 2;
    memmove(err->text + front + 2, err->text, back);
    err->text[front + 2 + back] = '\0';
    memcpy(err->text, prefix, front);
    memcpy(err->text + front, ": ", 2);
}

static bool status_known(da_status status)
{
    return (int)status >= 0 && (size_t)status < sizeof status_row / sizeof *status_row;
}

const char *da__status_name(da_status status)
{
    return status_known(status) ? status_row[status].name : "unknown";
}

const char *da__status_text(da_status status)
{
    return status_known(status) ? status_row[status].sentence : "an unknown status";
}
