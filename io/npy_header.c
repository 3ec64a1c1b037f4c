/* The header of .npy files (NumPy's format specification, versions 1 to 3): a bounded parser that
 * trusts nothing, and a writer that gives the bytes numpy.save gives.
 *
 * The text is a Python dict literal. Only what NumPy itself writes is taken, in any order and
 * spacing; everything else that Python would also read (escapes, triple quotes, comments,
 * hexadecimal numbers, expressions) is refused. */
#include "format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MAGIC "\x93NUMPY"
#define MAGIC_NBYTES 6
#define ALIGNMENT 64
#define GROWTH_DIGITS                                                                              \
    21 /* numpy.save leaves room for the first extent to grow to so many digits  \
                          */
#define NATIVE_ORDER (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? '<' : '>')

/* ---- prefix ------------------------------------------------------------------------------------
 */

static uint32_t little_endian(const uint8_t *bytes, int n)
{
    uint32_t v = 0;
    for (int i = n - 1; i >= 0; i--)
        v = v << 8 | bytes[i];
    return v;
}

da_status da__npy_prefix(const char *path, const uint8_t *bytes, int64_t n, int64_t file_nbytes,
                         struct da__npy_header *h, struct da__error *err)
{
    if (n < MAGIC_NBYTES || memcmp(bytes, MAGIC, MAGIC_NBYTES) != 0)
        return da__fail(err, DA_ERR_FORMAT, "%s: does not begin with .npy's signature", path);
    if (n < MAGIC_NBYTES + 2)
        return da__fail(err, DA_ERR_FORMAT, "%s: the file ends in the .npy version", path);
    int major = bytes[6], minor = bytes[7];
    if (major < 1 || major > 3 || minor != 0)
        return da__fail(err, DA_ERR_FORMAT, "%s: .npy version %d.%d is unknown (1.0 to 3.0 are)",
                        path, major, minor);
    int length_nbytes = major == 1 ? 2 : 4;
    h->version = major;
    h->at = MAGIC_NBYTES + 2 + length_nbytes;
    if (n < h->at)
        return da__fail(err, DA_ERR_FORMAT, "%s: the file ends in the header's length", path);
    h->nbytes = little_endian(bytes + 8, length_nbytes);
    if (h->nbytes > DA__NPY_HEADER_CAP)
        return da__fail(err, DA_ERR_FORMAT, "%s: claims a header of %lld bytes, the limit is %d",
                        path, (long long)h->nbytes, DA__NPY_HEADER_CAP);
    if (h->nbytes > file_nbytes - h->at)
        return da__fail(err, DA_ERR_FORMAT,
                        "%s: claims a header of %lld bytes, the file has %lld left", path,
                        (long long)h->nbytes, (long long)(file_nbytes - h->at));
    return DA_OK;
}

/* ---- the dict literal --------------------------------------------------------------------------
 */

struct cursor {
    const char *path;
    const char *text, *at, *end;
    struct da__error *err;
};

static da_status fail_at(const struct cursor *c, const char *expected)
{
    int column = (int)(c->at - c->text);
    if (c->at == c->end)
        return da__fail(c->err, DA_ERR_FORMAT, "%s: header ends where %s should be", c->path,
                        expected);
    unsigned char got = (unsigned char)*c->at;
    if (got < ' ' || got > '~')
        return da__fail(c->err, DA_ERR_FORMAT, "%s: header byte %d: expected %s, not byte 0x%02x",
                        c->path, column, expected, got);
    return da__fail(c->err, DA_ERR_FORMAT, "%s: header byte %d: expected %s, not '%c'", c->path,
                    column, expected, got);
}

static void skip_space(struct cursor *c)
{
    while (c->at < c->end && strchr(" \t\r\n", *c->at) != NULL && *c->at != '\0')
        c->at++;
}

/* Takes the character if it comes next. */
static bool take(struct cursor *c, char ch)
{
    skip_space(c);
    if (c->at == c->end || *c->at != ch)
        return false;
    c->at++;
    return true;
}

static da_status expect(struct cursor *c, char ch)
{
    const char text[4] = {'\'', ch, '\'', '\0'};
    return take(c, ch) ? DA_OK : fail_at(c, text);
}

/* 'text', "text" or u'text' on one line, without escapes; what is between the quotes stays in
 * place. */
static da_status parse_string(struct cursor *c, const char *what, const char **text, int *n)
{
    skip_space(c);
    if (c->end - c->at >= 2 && *c->at == 'u' && (c->at[1] == '\'' || c->at[1] == '"'))
        c->at++;
    if (c->at == c->end || (*c->at != '\'' && *c->at != '"'))
        return fail_at(c, what);
    char quote = *c->at++;
    const char *start = c->at;
    while (c->at < c->end && *c->at != quote) {
        if (*c->at == '\\' || *c->at < ' ' || *c->at > '~')
            return fail_at(c, "a plain character in a string");
        c->at++;
    }
    if (c->at == c->end)
        return fail_at(c, "the end of a string");
    *text = start;
    *n = (int)(c->at++ - start);
    if (*n == 0 && c->at < c->end && *c->at == quote) {
        c->at--;
        return fail_at(c, "a string in single quotes, not triple ones,");
    }
    return DA_OK;
}

/* ---- descr -------------------------------------------------------------------------------------
 */

/* NumPy's types that have no counterpart here, so that the message can say what they are. Sizes:
 * the legal ones, 0: any. */
static const struct {
    char kind;
    int size[2];
    const char *what;
} unsupported[] = {
    {'f', {2, 16}, "half and extended precision floats"},
    {'c', {32, 32}, "extended precision complex numbers"},
    {'S', {0, 0}, "byte strings"},
    {'a', {0, 0}, "byte strings"},
    {'U', {0, 0}, "strings"},
    {'V', {0, 0}, "raw bytes"},
    {'M', {8, 8}, "dates"},
    {'m', {8, 8}, "time differences"},
};

static da_status refuse_type(const struct cursor *c, const char *descr, int n, int at, int64_t size)
{
    for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported; i++) {
        const int *sizes = unsupported[i].size;
        bool fits =
            sizes[0] == 0 ? size > 0 && size <= INT32_MAX : size == sizes[0] || size == sizes[1];
        if (at < n && descr[at] == unsupported[i].kind && fits)
            return da__fail(c->err, DA_ERR_UNSUPPORTED, "%s: holds %s (descr '%.*s')", c->path,
                            unsupported[i].what, n, descr);
    }
    return da__fail(c->err, DA_ERR_FORMAT, "%s: descr '%.*s' is no NumPy type", c->path,
                    n < 40 ? n : 40, descr);
}

/* Digits without sign or leading zero; false where there is none or it exceeds `limit`. */
static bool read_number(const char **at, const char *end, int64_t limit, int64_t *out)
{
    const char *s = *at;
    int64_t v = 0;
    if (s == end || *s < '0' || *s > '9' ||
        (*s == '0' && end - s > 1 && s[1] >= '0' && s[1] <= '9'))
        return false;
    for (; s < end && *s >= '0' && *s <= '9'; s++) {
        int digit = *s - '0';
        if (v > (limit - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *at = s;
    *out = v;
    return true;
}

/* "<f8": byte order (may be missing), kind, size; dates have a unit "[ns]" after it. */
static da_status parse_type(const struct cursor *c, const char *descr, int n,
                            struct da__npy_header *h)
{
    const char *at = descr, *end = descr + n;
    char order = '=';
    if (at < end && strchr("<>=|", *at) != NULL)
        order = *at++;
    int kind_at = (int)(at - descr);
    if (at < end && *at == 'O')
        return da__fail(c->err, DA_ERR_UNSUPPORTED,
                        "%s: holds pickled Python objects, which are never read (descr '%.*s')",
                        c->path, n < 40 ? n : 40, descr);
    int64_t size = 0;
    at = at < end ? at + 1 : end;
    bool number = read_number(&at, end, INT32_MAX, &size);
    bool unit = number && at < end && *at == '[' && end[-1] == ']';
    if (!number || (at != end && !unit))
        return refuse_type(c, descr, n, n, 0);
    for (int d = 0; d < DA_NDTYPES && !unit; d++) {
        const char *name = da__dtype((da_dtype)d)->npy;
        if ((int)strlen(name) == n - kind_at && memcmp(name, descr + kind_at, strlen(name)) == 0) {
            h->dtype = (da_dtype)d;
            h->swap = size > 1 && (order == '<' || order == '>') && order != NATIVE_ORDER;
            return DA_OK;
        }
    }
    if (unit && descr[kind_at] != 'M' && descr[kind_at] != 'm')
        return refuse_type(c, descr, n, n, 0);
    return refuse_type(c, descr, n, kind_at, size);
}

static da_status parse_descr(struct cursor *c, struct da__npy_header *h)
{
    const char *text;
    int n;
    skip_space(c);
    if (c->end - c->at >= 2 && c->at[0] == '[' && (c->at[1] == '(' || c->at[1] == '\''))
        return da__fail(c->err, DA_ERR_UNSUPPORTED, "%s: holds records (a structured dtype)",
                        c->path);
    DA_TRY(parse_string(c, "descr's string", &text, &n));
    return parse_type(c, text, n, h);
}

/* ---- the other keys ----------------------------------------------------------------------------
 */

static da_status parse_fortran(struct cursor *c, struct da__npy_header *h)
{
    static const char *const word[2] = {"False", "True"};
    skip_space(c);
    for (int i = 0; i < 2; i++) {
        size_t n = strlen(word[i]);
        if ((size_t)(c->end - c->at) >= n && memcmp(c->at, word[i], n) == 0) {
            c->at += n;
            h->fortran = i == 1;
            return DA_OK;
        }
    }
    return fail_at(c, "True or False for fortran_order");
}

static da_status parse_extent(struct cursor *c, struct da__npy_header *h)
{
    if (h->ndim == DA_MAX_NDIM)
        return da__fail(c->err, DA_ERR_UNSUPPORTED, "%s: has more than %d axes", c->path,
                        DA_MAX_NDIM);
    skip_space(c);
    if (c->at < c->end && *c->at == '-')
        return fail_at(c, "an extent of at least 0");
    if (!read_number(&c->at, c->end, INT64_MAX, &h->shape[h->ndim]))
        return fail_at(c, "an extent (decimal, below 2^63)");
    if (c->at < c->end && *c->at == 'L') /* written by Python 2 */
        c->at++;
    h->ndim++;
    return DA_OK;
}

/* (), (5,), (3, 4) or (3, 4,): one extent needs its comma, else it is a number in parentheses. */
static da_status parse_shape(struct cursor *c, struct da__npy_header *h)
{
    DA_TRY(expect(c, '('));
    bool comma = true;
    while (!take(c, ')')) {
        if (!comma)
            return fail_at(c, "',' or ')'");
        DA_TRY(parse_extent(c, h));
        comma = take(c, ',');
    }
    if (h->ndim == 1 && !comma)
        return da__fail(c->err, DA_ERR_FORMAT, "%s: shape (%lld) is a number, not a tuple", c->path,
                        (long long)h->shape[0]);
    return DA_OK;
}

static const struct {
    const char *name;
    da_status (*parse)(struct cursor *c, struct da__npy_header *h);
} keys[] = {
    {"descr", parse_descr},
    {"fortran_order", parse_fortran},
    {"shape", parse_shape},
};
#define NKEYS (int)(sizeof keys / sizeof *keys)

static da_status parse_pair(struct cursor *c, struct da__npy_header *h, bool *seen)
{
    const char *text;
    int n;
    DA_TRY(parse_string(c, "a key", &text, &n));
    for (int k = 0; k < NKEYS; k++) {
        if ((int)strlen(keys[k].name) != n || memcmp(keys[k].name, text, (size_t)n) != 0)
            continue;
        if (seen[k])
            return da__fail(c->err, DA_ERR_FORMAT, "%s: header has %s twice", c->path,
                            keys[k].name);
        seen[k] = true;
        DA_TRY(expect(c, ':'));
        return keys[k].parse(c, h);
    }
    return da__fail(c->err, DA_ERR_FORMAT, "%s: header has an unknown key '%.*s'", c->path,
                    n < 40 ? n : 40, text);
}

/* Elements and bytes without overflow; huge extents beside a 0 must be sound on their own. */
static da_status check_size(const struct cursor *c, int64_t file_nbytes, struct da__npy_header *h)
{
    int64_t nonzero = (int64_t)da__dtype_nbytes(h->dtype);
    bool empty = false;
    for (int i = 0; i < h->ndim; i++) {
        empty = empty || h->shape[i] == 0;
        if (h->shape[i] != 0 && !da__mul_i64(nonzero, h->shape[i], &nonzero)) {
            char shape[256];
            return da__fail(c->err, DA_ERR_FORMAT, "%s: shape %s has more than 2^63 bytes", c->path,
                            da__shape_text(h->ndim, h->shape, shape, sizeof shape));
        }
    }
    h->data_nbytes = empty ? 0 : nonzero;
    int64_t have = file_nbytes - h->at - h->nbytes;
    if (h->data_nbytes > have)
        return da__fail(c->err, DA_ERR_FORMAT,
                        "%s: header says %lld bytes of data, the file has %lld", c->path,
                        (long long)h->data_nbytes, (long long)have);
    return DA_OK;
}

da_status da__npy_parse(const char *path, const char *text, int64_t file_nbytes,
                        struct da__npy_header *h, struct da__error *err)
{
    struct cursor c = {path, text, text, text + h->nbytes, err};
    bool seen[NKEYS] = {false}, comma = true;
    h->ndim = 0;
    DA_TRY(expect(&c, '{'));
    while (!take(&c, '}')) {
        if (!comma)
            return fail_at(&c, "',' or '}'");
        DA_TRY(parse_pair(&c, h, seen));
        comma = take(&c, ',');
    }
    skip_space(&c);
    if (c.at != c.end)
        return fail_at(&c, "nothing more");
    for (int k = 0; k < NKEYS; k++) {
        if (!seen[k])
            return da__fail(err, DA_ERR_FORMAT, "%s: header has no key '%s'", path, keys[k].name);
    }
    return check_size(&c, file_nbytes, h);
}

/* ---- writing -----------------------------------------------------------------------------------
 */

static int add_extent(char *out, size_t size, int ndim, int axis, int64_t extent)
{
    const char *after = ndim == 1 ? "," : axis + 1 < ndim ? ", " : "";
    return snprintf(out, size, "%" PRId64 "%s", extent, after);
}

int64_t da__npy_write(da_dtype dtype, int ndim, const int64_t *shape, char *out)
{
    char *text = out + MAGIC_NBYTES + 4;
    size_t size = DA__NPY_WRITE_CAP - (MAGIC_NBYTES + 4);
    char order = da__dtype_nbytes(dtype) == 1 ? '|' : NATIVE_ORDER;
    int n = snprintf(text, size, "{'descr': '%c%s', 'fortran_order': False, 'shape': (", order,
                     da__dtype(dtype)->npy);
    for (int i = 0; i < ndim; i++)
        n += add_extent(text + n, size - (size_t)n, ndim, i, shape[i]);
    n += snprintf(text + n, size - (size_t)n, "), }");
    if (ndim > 0)
        n += snprintf(text + n, size - (size_t)n, "%*s",
                      GROWTH_DIGITS - snprintf(NULL, 0, "%" PRId64, shape[0]), "");
    int pad = ALIGNMENT - (MAGIC_NBYTES + 4 + n + 1) % ALIGNMENT;
    n += snprintf(text + n, size - (size_t)n, "%*s\n", pad, "");
    memcpy(out, MAGIC "\x01\x00", MAGIC_NBYTES + 2);
    out[MAGIC_NBYTES + 2] = (char)(n & 0xff);
    out[MAGIC_NBYTES + 3] = (char)(n >> 8);
    return MAGIC_NBYTES + 4 + n;
}
