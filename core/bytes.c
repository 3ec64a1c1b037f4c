/* The growing byte buffer in which programs and distributions are shipped. Failures are sticky. */
#include "da_core.h"

#include <string.h>

void da__bytes_free(struct da__bytes *b)
{
    da__free(b->data);
    *b = (struct da__bytes){0};
}

void da__put_bytes(struct da__bytes *b, const void *data, size_t nbytes)
{
    int64_t need;
    if (b->failed || nbytes == 0)
        return;
    if (nbytes <= (size_t)(b->cap - b->nbytes)) { /* the common case, without a call */
        memcpy(b->data + b->nbytes, data, nbytes);
        b->nbytes += (int64_t)nbytes;
        return;
    }
    if (nbytes > INT64_MAX || !da__add_i64(b->nbytes, (int64_t)nbytes, &need) ||
        !da__grow((void **)&b->data, &b->cap, need, 1)) {
        b->failed = true;
        return;
    }
    memcpy(b->data + b->nbytes, data, nbytes);
    b->nbytes = need;
}

void *da__put_room(struct da__bytes *b, size_t nbytes)
{
    int64_t need;
    if (b->failed || nbytes > INT64_MAX || !da__add_i64(b->nbytes, (int64_t)nbytes, &need) ||
        !da__grow((void **)&b->data, &b->cap, need, 1)) {
        b->failed = true;
        return NULL;
    }
    void *room = b->data + b->nbytes;
    b->nbytes = need;
    return room;
}

void da__put_i64(struct da__bytes *b, int64_t v)
{
    da__put_bytes(b, &v, sizeof v);
}

void da__put_i32(struct da__bytes *b, int32_t v)
{
    da__put_bytes(b, &v, sizeof v);
}

void da__put_f64(struct da__bytes *b, double v)
{
    da__put_bytes(b, &v, sizeof v);
}

/* The length (-1 for NULL), then the characters with their terminator, so that reading needs no
 * copy. */
void da__put_text(struct da__bytes *b, const char *text)
{
    size_t length = text != NULL ? strlen(text) : 0;
    da__put_i64(b, text != NULL ? (int64_t)length : -1);
    if (text != NULL)
        da__put_bytes(b, text, length + 1);
}

/* Steps over `nbytes` and returns where they are; NULL and `failed` past the end. */
static const uint8_t *take(struct da__bytes *b, size_t nbytes)
{
    if (b->failed || nbytes > (size_t)(b->nbytes - b->at)) {
        b->failed = true;
        return NULL;
    }
    const uint8_t *at = b->data + b->at;
    b->at += (int64_t)nbytes;
    return at;
}

void da__get_bytes(struct da__bytes *b, void *out, size_t nbytes)
{
    if (nbytes == 0)
        return;
    const uint8_t *from = take(b, nbytes);
    if (from != NULL)
        memcpy(out, from, nbytes);
    else
        memset(out, 0, nbytes);
}

int64_t da__get_i64(struct da__bytes *b)
{
    int64_t v;
    da__get_bytes(b, &v, sizeof v);
    return v;
}

int32_t da__get_i32(struct da__bytes *b)
{
    int32_t v;
    da__get_bytes(b, &v, sizeof v);
    return v;
}

double da__get_f64(struct da__bytes *b)
{
    double v;
    da__get_bytes(b, &v, sizeof v);
    return v;
}

const char *da__get_text(struct da__bytes *b)
{
    int64_t length = da__get_i64(b);
    if (b->failed || length == -1)
        return NULL;
    if (length < 0 || length >= b->nbytes - b->at) {
        b->failed = true;
        return NULL;
    }
    const char *text = (const char *)take(b, (size_t)length + 1);
    if (text == NULL || strnlen(text, (size_t)length + 1) != (size_t)length) {
        b->failed = true; /* not what da__put_text wrote */
        return NULL;
    }
    return text;
}
