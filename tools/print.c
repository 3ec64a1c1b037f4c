/* Arrays as text, in NumPy's manner. */
#include "cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PRINTED = 1000, ELEMENT_WIDTH = 64 };

void cli_print_type(const da_array *a)
{
    const int64_t *shape = da_shape(a);
    int ndim = da_ndim(a);
    printf("%s (", da_dtype_name(da_dtype_of(a)));
    for (int k = 0; k < ndim; k++)
        printf("%s%" PRId64, k ? ", " : "", shape[k]);
    printf("%s)", ndim == 1 ? "," : "");
}

/* ---- one element ---- */

static void text_bool(const void *e, char *out)
{
    snprintf(out, ELEMENT_WIDTH, "%s", *(const uint8_t *)e ? "True" : "False");
}

#define TEXT_INT(name, type, format)                                                               \
    static void text_##name(const void *e, char *out)                                              \
    {                                                                                              \
        type v;                                                                                    \
        memcpy(&v, e, sizeof v);                                                                   \
        snprintf(out, ELEMENT_WIDTH, "%" format, v);                                               \
    }
TEXT_INT(int8, int8_t, PRId8)
TEXT_INT(int16, int16_t, PRId16)
TEXT_INT(int32, int32_t, PRId32)
TEXT_INT(int64, int64_t, PRId64)
TEXT_INT(uint8, uint8_t, PRIu8)
TEXT_INT(uint16, uint16_t, PRIu16)
TEXT_INT(uint32, uint32_t, PRIu32)
TEXT_INT(uint64, uint64_t, PRIu64)

/* Eight digits as NumPy shows; whole numbers keep their point. */
static int text_real(double v, const char *format, char *out)
{
    int n = snprintf(out, ELEMENT_WIDTH / 2 - 2, format, v);
    if (strpbrk(out, ".eni") == NULL) {
        out[n++] = '.';
        out[n] = '\0';
    }
    return n;
}

static void text_float32(const void *e, char *out)
{
    float v;
    memcpy(&v, e, sizeof v);
    text_real((double)v, "%.8g", out);
}

static void text_float64(const void *e, char *out)
{
    double v;
    memcpy(&v, e, sizeof v);
    text_real(v, "%.8g", out);
}

static void text_pair(double re, double im, char *out)
{
    int n = text_real(re, "%.8g", out);
    n += text_real(im, "%+.8g", out + n);
    out[n] = 'j';
    out[n + 1] = '\0';
}

static void text_complex64(const void *e, char *out)
{
    float v[2];
    memcpy(v, e, sizeof v);
    text_pair((double)v[0], (double)v[1], out);
}

static void text_complex128(const void *e, char *out)
{
    double v[2];
    memcpy(v, e, sizeof v);
    text_pair(v[0], v[1], out);
}

static void (*const text_of[DA_NDTYPES])(const void *e, char *out) = {
    [DA_BOOL] = text_bool,
    [DA_INT8] = text_int8,
    [DA_INT16] = text_int16,
    [DA_INT32] = text_int32,
    [DA_INT64] = text_int64,
    [DA_UINT8] = text_uint8,
    [DA_UINT16] = text_uint16,
    [DA_UINT32] = text_uint32,
    [DA_UINT64] = text_uint64,
    [DA_FLOAT32] = text_float32,
    [DA_FLOAT64] = text_float64,
    [DA_COMPLEX64] = text_complex64,
    [DA_COMPLEX128] = text_complex128,
};

/* ---- all elements ---- */

/* How many of the trailing axes begin (or end) at element i: as many brackets open (or close) there. */
static int brackets(const da_array *a, int64_t i)
{
    const int64_t *shape = da_shape(a);
    int n = 0;
    int64_t period = 1;
    for (int k = da_ndim(a) - 1; k >= 0; k--) {
        period *= shape[k];
        if (i % period != 0)
            break;
        n++;
    }
    return n;
}

static void repeat(char c, int n)
{
    for (int k = 0; k < n; k++)
        putchar(c);
}

static void print_elements(const da_array *a, const char *data)
{
    int64_t n = da_size(a);
    int ndim = da_ndim(a), width = 0;
    size_t nbytes = da_dtype_nbytes(da_dtype_of(a));
    char text[ELEMENT_WIDTH];
    for (int64_t i = 0; i < n; i++) {
        text_of[da_dtype_of(a)](data + (size_t)i * nbytes, text);
        width = (int)strlen(text) > width ? (int)strlen(text) : width;
    }
    for (int64_t i = 0; i < n; i++) {
        int open = brackets(a, i), close = brackets(a, i + 1);
        if (open > 0 && i > 0) {
            repeat('\n', open);
            repeat(' ', ndim - open);
        }
        repeat('[', open);
        text_of[da_dtype_of(a)](data + (size_t)i * nbytes, text);
        printf("%*s", width, text);
        repeat(']', close);
        if (close == 0 && ndim > 0)
            putchar(' ');
    }
    putchar('\n');
}

da_status cli_print_values(da_context *ctx, da_array *a)
{
    int64_t n = da_size(a);
    if (n > MOST_PRINTED) {
        printf("(%" PRId64 " elements are not printed; save them to a file)\n", n);
        return DA_OK;
    }
    if (n == 0) {
        printf("[]\n");
        return DA_OK;
    }
    size_t nbytes = (size_t)n * da_dtype_nbytes(da_dtype_of(a));
    char *data = malloc(nbytes);
    if (data == NULL)
        return DA_ERR_MEMORY;
    da_status status = da_get(ctx, a, data, nbytes);
    if (status == DA_OK)
        print_elements(a, data);
    free(data);
    return status;
}
