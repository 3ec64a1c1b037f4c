/* The small parts of JSON output: strings, numbers, lists of ints. Numbers are the shortest that
 * read back the same, so that equal graphs give equal text. */
#include "text.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *escape_of(unsigned char c)
{
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '\t':
        return "\\t";
    case '\r':
        return "\\r";
    default:
        return NULL;
    }
}

/* The bytes of one UTF-8 character at `s`, 0 where it is none: JSON readers refuse the whole file
 * then. */
static int utf8_length(const unsigned char *s)
{
    static const struct {
        unsigned char mask, lead;
        int length;
        uint32_t least;
    } form[] = {{0x80, 0x00, 1, 0},
                {0xe0, 0xc0, 2, 0x80},
                {0xf0, 0xe0, 3, 0x800},
                {0xf8, 0xf0, 4, 0x10000}};
    for (int k = 0; k < 4; k++) {
        if ((s[0] & form[k].mask) != form[k].lead)
            continue;
        uint32_t code = s[0] & (unsigned char)~form[k].mask;
        for (int i = 1; i < form[k].length; i++) {
            if ((s[i] & 0xc0) != 0x80)
                return 0;
            code = code << 6 | (s[i] & 0x3f);
        }
        bool surrogate = code >= 0xd800 && code < 0xe000;
        return code >= form[k].least && code <= 0x10ffff && !surrogate ? form[k].length : 0;
    }
    return 0;
}

void da__json_string(struct da__text *t, const char *s)
{
    da__text_add(t, "\"");
    while (*s != '\0') {
        const unsigned char *c = (const unsigned char *)s;
        const char *escape = escape_of(*c);
        int length = utf8_length(c);
        if (escape != NULL)
            da__text_add(t, "%s", escape);
        else if (*c < ' ')
            da__text_add(t, "\\u%04x", *c);
        else if (length == 0)
            da__text_add(t, "\\ufffd");
        else
            da__text_add(t, "%.*s", length, s);
        s += length > 0 ? length : 1;
    }
    da__text_add(t, "\"");
}

static void shortest(double x, bool single, char *buf, size_t size)
{
    for (int digits = single ? 6 : 15; digits <= 17; digits++) {
        snprintf(buf, size, "%.*g", digits, x);
        double back = single ? (double)strtof(buf, NULL) : strtod(buf, NULL);
        if (back == x)
            break;
    }
    char *point = strpbrk(buf, localeconv()->decimal_point);
    if (point != NULL)
        *point = '.';
    if (strpbrk(buf, ".e") == NULL)
        strncat(buf, ".0", size - strlen(buf) - 1);
}

void da__json_real(struct da__text *t, double x, bool single)
{
    char buf[40];
    if (isnan(x))
        da__text_add(t, "\"nan\"");
    else if (isinf(x))
        da__text_add(t, x > 0 ? "\"inf\"" : "\"-inf\"");
    else {
        shortest(x, single, buf, sizeof buf);
        da__text_add(t, "%s", buf);
    }
}

void da__json_element(struct da__text *t, const void *element, da_dtype dtype)
{
    struct da__scalar s;
    uint64_t big;
    bool single = dtype == DA_FLOAT32 || dtype == DA_COMPLEX64;
    if (dtype == DA_UINT64) {
        memcpy(&big, element, sizeof big);
        da__text_add(t, big > INT64_MAX ? "\"%llu\"" : "%llu", (unsigned long long)big);
        return;
    }
    da__scalar_load(element, dtype, &s);
    switch (s.kind) {
    case DA__SCALAR_BOOL:
        da__text_add(t, s.i != 0 ? "true" : "false");
        break;
    case DA__SCALAR_INT:
        da__text_add(t, "%lld", (long long)s.i);
        break;
    case DA__SCALAR_FLOAT:
        da__json_real(t, s.re, single);
        break;
    case DA__SCALAR_COMPLEX:
        da__text_add(t, "{\"re\":");
        da__json_real(t, s.re, single);
        da__text_add(t, ",\"im\":");
        da__json_real(t, s.im, single);
        da__text_add(t, "}");
        break;
    }
}

void da__json_ints(struct da__text *t, int64_t n, const int64_t *v)
{
    da__text_add(t, "[");
    for (int64_t k = 0; k < n; k++)
        da__text_add(t, k > 0 ? ",%lld" : "%lld", (long long)v[k]);
    da__text_add(t, "]");
}

void da__json_view(struct da__text *t, const struct da__view *v)
{
    da__text_add(t, "\"axis\":[");
    for (int b = 0; b < v->base_ndim; b++)
        da__text_add(t, b > 0 ? ",%d" : "%d", v->axis[b]);
    da__text_add(t, "],\"offset\":");
    da__json_ints(t, v->base_ndim, v->offset);
    da__text_add(t, ",\"step\":");
    da__json_ints(t, v->base_ndim, v->step);
    if (!da__view_wraps(v))
        return;
    da__text_add(t, ",\"period\":");
    da__json_ints(t, v->base_ndim, v->period);
    da__text_add(t, ",\"phase\":");
    da__json_ints(t, v->base_ndim, v->phase);
}

/* One slice; a stop before index 0 is left out. */
static void write_slice(struct da__text *t, int64_t start, int64_t step, int64_t count)
{
    int64_t stop = start + (step < 0 ? -1 : 1) + step * (count - 1);
    da__text_add(t, "%lld:", (long long)start);
    if (stop >= 0)
        da__text_add(t, "%lld", (long long)stop);
    if (step != 1)
        da__text_add(t, ":%lld", (long long)step);
}

void da__json_index(struct da__text *t, const struct da__view *v, const int64_t *shape)
{
    da__text_add(t, v->base_ndim > 0 ? "\"" : "\"...");
    for (int b = 0; b < v->base_ndim; b++) {
        da__text_add(t, b > 0 ? ", " : "");
        if (v->axis[b] < 0)
            da__text_add(t, "%lld", (long long)v->offset[b]);
        else
            write_slice(t, v->offset[b], v->step[b], shape[v->axis[b]]);
    }
    da__text_add(t, "\"");
}

void da__json_region(struct da__text *t, int ndim, const int64_t *start, const int64_t *shape)
{
    da__text_add(t, "\"");
    for (int k = 0; k < ndim; k++)
        da__text_add(t, "%s%lld:%lld", k > 0 ? ", " : "", (long long)start[k],
                     (long long)(start[k] + shape[k]));
    da__text_add(t, "\"");
}

void da__json_file(struct da__text *t, const char *path)
{
    char *folder = path[0] == '/' ? NULL : getcwd(NULL, 0);
    struct da__text full = {0};
    if (folder != NULL)
        da__text_add(&full, "%s/%s", folder, path);
    free(folder); /* getcwd's own allocation */
    da__json_string(t, full.s != NULL ? full.s : path);
    t->failed |= full.failed;
    da__text_free(&full);
}

da_status da__json_blank(struct da__text *t, da_dtype dtype, int ndim, const int64_t *shape,
                         const struct da__dist *dist, int nengines)
{
    da__text_add(t, "{\"op\":\"zeros\",");
    da__json_type(t, dtype, ndim, shape);
    da__text_add(t, ",\"dist\":");
    DA_TRY(da__json_dist(t, dist, nengines));
    da__text_add(t, "}");
    return DA_OK;
}

void da__json_call_attributes(struct da__text *t, int output, int64_t nbytes, const void *data)
{
    const uint8_t *byte = data;
    da__text_add(t, "\"output\":%d,", output);
    if (nbytes == 0)
        return;
    da__text_add(t, "\"data\":[");
    for (int64_t i = 0; i < nbytes; i++)
        da__text_add(t, "%s%d", i > 0 ? "," : "", byte[i]);
    da__text_add(t, "],");
}
