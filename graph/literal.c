/* Literal arrays: nested lists of numbers as C-order elements, with NumPy's choice of dtype. */
#include "text.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct da__literal *out;
    bool has_dtype;
    enum da__scalar_kind kind; /* the widest seen */
    char *at;                  /* where the next element goes */
    struct da__error *err;
};

static da_status read_shape(const struct da__raw *r, struct da__literal *out, struct da__error *err)
{
    out->ndim = 0;
    int64_t nelem = 1;
    for (; r->kind == DA__RAW_LIST; r = r->u.list.item) {
        if (out->ndim == DA_MAX_NDIM)
            return da__fail(err, DA_ERR_SHAPE, "lists are nested deeper than %d levels",
                            DA_MAX_NDIM);
        int64_t n = r->u.list.n;
        out->shape[out->ndim++] = n;
        if (!da__mul_i64(nelem, n, &nelem) || nelem > DA__MAX_LITERAL)
            return da__fail(err, DA_ERR_SHAPE, "more than %d numbers; put them into a file",
                            DA__MAX_LITERAL);
        if (n == 0)
            return DA_OK;
    }
    return DA_OK;
}

/* uint64 beyond int64 comes as digits in a text. */
static bool big_unsigned(const struct da__raw *r, uint64_t *out)
{
    if (r->kind != DA__RAW_TEXT || r->u.text[0] < '0' || r->u.text[0] > '9')
        return false;
    char *end;
    errno = 0;
    unsigned long long v = strtoull(r->u.text, &end, 10);
    *out = (uint64_t)v;
    return errno == 0 && *end == '\0';
}

static da_status read_scalar(const struct reader *rd, const struct da__raw *r,
                             struct da__scalar *out)
{
    if (r->kind == DA__RAW_SCALAR)
        *out = r->u.scalar;
    else if (r->kind != DA__RAW_TEXT || !da__number_word(r->u.text, out))
        return da__fail(rd->err, DA_ERR_FORMAT, "%s among the numbers", da__raw_what(r));
    return DA_OK;
}

static da_status note_kind(struct reader *rd, const struct da__raw *r)
{
    struct da__scalar s;
    uint64_t big;
    if (rd->has_dtype && rd->out->dtype == DA_UINT64 && big_unsigned(r, &big))
        return DA_OK;
    DA_TRY(read_scalar(rd, r, &s));
    if (s.kind > rd->kind)
        rd->kind = s.kind;
    return DA_OK;
}

static da_status store(struct reader *rd, const struct da__raw *r)
{
    struct da__scalar s;
    uint64_t big;
    size_t nbytes = da__dtype_nbytes(rd->out->dtype);
    if (rd->out->dtype == DA_UINT64 && big_unsigned(r, &big)) {
        memcpy(rd->at, &big, sizeof big);
    } else {
        DA_TRY(read_scalar(rd, r, &s));
        if (!da__scalar_store(&s, rd->out->dtype, rd->at))
            return da__fail(rd->err, DA_ERR_DTYPE, "%s that does not fit %s", da__raw_what(r),
                            da__dtype(rd->out->dtype)->name);
    }
    rd->at += nbytes;
    return DA_OK;
}

/* Visits the elements in C order: a stack of one position per dimension. */
static da_status each_element(struct reader *rd, const struct da__raw *r,
                              da_status (*visit)(struct reader *rd, const struct da__raw *r))
{
    const struct da__raw *list[DA_MAX_NDIM];
    int64_t at[DA_MAX_NDIM];
    int ndim = rd->out->ndim, depth = 0;
    if (ndim == 0)
        return visit(rd, r);
    list[0] = r;
    at[0] = 0;
    while (depth >= 0) {
        if (at[depth] == list[depth]->u.list.n) {
            depth--;
            continue;
        }
        const struct da__raw *item = &list[depth]->u.list.item[at[depth]++];
        if (depth == ndim - 1) {
            DA_TRY(visit(rd, item));
            continue;
        }
        if (item->kind != DA__RAW_LIST || item->u.list.n != rd->out->shape[depth + 1])
            return da__fail(rd->err, DA_ERR_SHAPE,
                            "lists of different lengths at depth %d: %lld items were expected",
                            depth + 1, (long long)rd->out->shape[depth + 1]);
        list[++depth] = item;
        at[depth] = 0;
    }
    return DA_OK;
}

da_status da__literal_read(const struct da__raw *r, da_dtype dtype, struct da__arena *arena,
                           struct da__literal *out, struct da__error *err)
{
    struct reader rd = {
        .out = out, .has_dtype = dtype != DA_DTYPE_DEFAULT, .kind = DA__SCALAR_BOOL, .err = err};
    out->dtype = dtype;
    DA_TRY(read_shape(r, out, err));
    int64_t nelem = da__nelem(out->ndim, out->shape);
    DA_TRY(each_element(&rd, r, note_kind));
    if (!rd.has_dtype)
        out->dtype = nelem == 0 ? DA_FLOAT64 : da__scalar_dtype(rd.kind);
    out->data = da__arena_alloc(arena, (size_t)nelem * da__dtype_nbytes(out->dtype) + 16);
    if (out->data == NULL)
        return da__fail(err, DA_ERR_MEMORY, "out of memory for %lld numbers", (long long)nelem);
    rd.at = out->data;
    return each_element(&rd, r, store);
}

double da__real_of_text(char *digits, char **end)
{
    char *point = strchr(digits, '.');
    if (point != NULL)
        *point = localeconv()->decimal_point[0];
    return strtod(digits, end);
}
