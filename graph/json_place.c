/* Where a value stands in a pipeline, in words: every complaint about a file starts with it. */
#include "json_load.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MAX_PLACE = 240 };

const char *da__json_what(const json_t *j)
{
    static const char *const what[] = {
        [JSON_OBJECT] = "an object",   [JSON_ARRAY] = "a list",       [JSON_STRING] = "a string",
        [JSON_INTEGER] = "an integer", [JSON_REAL] = "a real number", [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",        [JSON_NULL] = "null"};
    return what[json_typeof(j)];
}

/* Writes one step in front of what `end` points at; the text grows to the left. */
static char *prepend(char *start, char *end, const struct da__place *p)
{
    char step[96];
    if (p->key != NULL)
        snprintf(step, sizeof step, ".%s", p->key);
    else
        snprintf(step, sizeof step, "[%lld]", (long long)p->index);
    size_t n = strlen(step);
    if ((size_t)(end - start) < n)
        return end;
    memcpy(end - n, step, n);
    return end - n;
}

static void fail_at(const struct da__loader *l, const char *place, da_status status,
                    const char *format, va_list args)
{
    char text[DA__ERROR_TEXT];
    vsnprintf(text, sizeof text, format, args);
    if (*place == '.')
        place++;
    da__fail(l->err, status, "%s%s%s: %s", l->source, *place != '\0' ? ": " : "", place, text);
}

da_status da__place_fail(const struct da__loader *l, const struct da__place *place,
                         da_status status, const char *format, ...)
{
    char buf[MAX_PLACE], *at = buf + sizeof buf - 1;
    *at = '\0';
    for (; place != NULL; place = place->up)
        at = prepend(buf, at, place);
    va_list args;
    va_start(args, format);
    fail_at(l, at, status, format, args);
    va_end(args);
    return status;
}

da_status da__item_fail(const struct da__loader *l, int64_t item, const struct da__place *below,
                        da_status status, const char *format, ...)
{
    char buf[MAX_PLACE], *at = buf + sizeof buf - 1;
    *at = '\0';
    for (; below != NULL; below = below->up)
        at = prepend(buf, at, below);
    for (; item >= 0; item = l->item[item].parent) {
        bool nested = l->item[item].parent >= 0;
        at = prepend(buf, at, &(struct da__place){.index = l->item[item].position});
        at = prepend(buf, at, &(struct da__place){.key = nested ? "in" : "nodes"});
    }
    va_list args;
    va_start(args, format);
    fail_at(l, at, status, format, args);
    va_end(args);
    return status;
}

da_status da__json_no_memory(const struct da__loader *l)
{
    return da__fail(l->err, DA_ERR_MEMORY, "%s: out of memory while reading the pipeline",
                    l->source);
}
