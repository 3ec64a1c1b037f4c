/* Definitions from outside: "${NAME}" inside any string of a pipeline is replaced, a string "$NAME"
 * becomes the value, which may be a number. Names that do not exist and definitions that nothing
 * uses are errors. */
#include "json_load.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct level {
    json_t *container;
    void *iter;             /* of an object */
    size_t next;            /* of a list */
    struct da__place place; /* of the value looked at; up is filled when asked for */
};
struct walk {
    struct da__loader *l;
    int ndefines;
    const struct da__define *define;
    bool *used;
    struct level *stack;
    int64_t depth, cap;
};

static bool is_name_char(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (!first && c >= '0' && c <= '9');
}

static size_t name_length(const char *s)
{
    size_t n = 0;
    while (is_name_char(s[n], n == 0))
        n++;
    return n;
}

static const struct da__place *current_place(struct walk *w)
{
    for (int64_t k = 1; k < w->depth; k++)
        w->stack[k].place.up = &w->stack[k - 1].place;
    return &w->stack[w->depth - 1].place;
}

static da_status find_define(struct walk *w, const char *name, size_t length, const char **value)
{
    for (int k = 0; k < w->ndefines; k++)
        if (strncmp(w->define[k].name, name, length) == 0 && w->define[k].name[length] == '\0') {
            w->used[k] = true;
            *value = w->define[k].value;
            return DA_OK;
        }
    char *word = da__arena_copy(&w->l->arena, name, length);
    const char **known = da__arena_alloc(&w->l->arena, (size_t)w->ndefines * sizeof *known);
    if (word == NULL || known == NULL)
        return da__json_no_memory(w->l);
    for (int k = 0; k < w->ndefines; k++)
        known[k] = w->define[k].name;
    char near[96];
    da__near_text(word, known, w->ndefines, near, sizeof near);
    return da__place_fail(w->l, current_place(w), DA_ERR_FORMAT, "\"$%s\" is not defined%s", word,
                          near);
}

/* A definition as the value of a whole string: a number where it reads as one. */
static json_t *value_of(struct da__loader *l, const char *text)
{
    char *end, *digits = da__arena_copy(&l->arena, text, strlen(text));
    if (digits == NULL)
        return NULL;
    errno = 0;
    long long i = strtoll(text, &end, 10);
    if (errno == 0 && end != text && *end == '\0')
        return json_integer(i);
    double x = da__real_of_text(digits, &end);
    if (end != digits && *end == '\0' && isfinite(x))
        return json_real(x);
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        return json_boolean(text[0] == 't');
    return json_string(text);
}

static da_status replace_inside(struct walk *w, const char *s, json_t **out)
{
    struct da__text t = {0};
    da_status status = DA_OK;
    while (status == DA_OK && *s != '\0') {
        const char *mark = strstr(s, "${");
        size_t before = mark != NULL ? (size_t)(mark - s) : strlen(s);
        da__text_add(&t, "%.*s", (int)before, s);
        s += before;
        if (mark == NULL)
            break;
        size_t length = name_length(s + 2);
        const char *value = NULL;
        if (length == 0 || s[2 + length] != '}')
            status = da__place_fail(w->l, current_place(w), DA_ERR_FORMAT,
                                    "\"${\" is not followed by a name and \"}\"");
        else
            status = find_define(w, s + 2, length, &value);
        if (status == DA_OK)
            da__text_add(&t, "%s", value);
        s += length + 3;
    }
    if (status == DA_OK) {
        *out = t.failed ? NULL : json_string(t.s != NULL ? t.s : "");
        if (*out == NULL && !t.failed)
            status = da__place_fail(w->l, current_place(w), DA_ERR_FORMAT,
                                    "a definition is no valid UTF-8");
        else if (*out == NULL)
            status = da__json_no_memory(w->l);
    }
    da__text_free(&t);
    return status;
}

/* *out stays NULL where nothing is to be replaced. */
static da_status replacement(struct walk *w, const char *s, json_t **out)
{
    *out = NULL;
    if (strchr(s, '$') == NULL)
        return DA_OK;
    size_t length = s[0] == '$' ? name_length(s + 1) : 0;
    if (length == 0 || s[1 + length] != '\0')
        return strstr(s, "${") != NULL ? replace_inside(w, s, out) : DA_OK;
    const char *value;
    DA_TRY(find_define(w, s + 1, length, &value));
    *out = value_of(w->l, value);
    return *out != NULL ? DA_OK
                        : da__place_fail(w->l, current_place(w), DA_ERR_FORMAT,
                                         "the definition is no valid UTF-8");
}

static da_status push(struct walk *w, json_t *container)
{
    if (!da__grow((void **)&w->stack, &w->cap, w->depth + 1, sizeof *w->stack))
        return da__json_no_memory(w->l);
    w->stack[w->depth++] =
        (struct level){.container = container, .iter = json_object_iter(container)};
    return DA_OK;
}

/* The next value of the innermost container, NULL at its end. */
static json_t *next_value(struct level *at)
{
    if (json_is_array(at->container)) {
        at->place.index = (int64_t)at->next;
        return json_array_get(at->container, at->next++);
    }
    if (at->iter == NULL)
        return NULL;
    at->place.key = json_object_iter_key(at->iter);
    json_t *value = json_object_iter_value(at->iter);
    at->iter = json_object_iter_next(at->container, at->iter);
    return value;
}

static void put_back(struct level *at, json_t *value)
{
    if (json_is_array(at->container))
        json_array_set_new(at->container, at->next - 1, value);
    else
        json_object_set_new(at->container, at->place.key, value);
}

static da_status visit(struct walk *w, json_t *value)
{
    json_t *replaced;
    if (json_is_object(value) || json_is_array(value))
        return push(w, value);
    if (!json_is_string(value))
        return DA_OK;
    DA_TRY(replacement(w, json_string_value(value), &replaced));
    if (replaced != NULL)
        put_back(&w->stack[w->depth - 1], replaced);
    return DA_OK;
}

static da_status check_used(const struct walk *w)
{
    for (int k = 0; k < w->ndefines; k++)
        if (!w->used[k])
            return da__fail(w->l->err, DA_ERR_ARGUMENT, "%s: the definition %s=%s is used nowhere",
                            w->l->source, w->define[k].name, w->define[k].value);
    return DA_OK;
}

da_status da__json_define(struct da__loader *l, int ndefines, const struct da__define *define)
{
    struct walk w = {.l = l, .ndefines = ndefines, .define = define};
    w.used = da__arena_alloc(&l->arena, (size_t)ndefines * sizeof *w.used);
    if (w.used == NULL)
        return da__json_no_memory(l);
    da_status status = push(&w, l->root);
    while (status == DA_OK && w.depth > 0) {
        json_t *value = next_value(&w.stack[w.depth - 1]);
        if (value == NULL)
            w.depth--;
        else
            status = visit(&w, value);
    }
    if (status == DA_OK)
        status = check_used(&w);
    da__free(w.stack);
    return status;
}
