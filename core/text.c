/* The growing string, and the search for the word that was meant. */
#include "da_core.h"

#include <stdio.h>
#include <string.h>

void da__text_free(struct da__text *t)
{
    da__free(t->s);
    *t = (struct da__text){0};
}

static bool make_room(struct da__text *t, size_t more)
{
    if (more <= t->cap - t->len)
        return true;
    size_t cap = t->cap < 32 ? 64 : 2 * t->cap;
    if (cap < t->len + more)
        cap = t->len + more;
    char *s = da__realloc(t->s, cap);
    if (s == NULL)
        return false;
    t->s = s;
    t->cap = cap;
    return true;
}

void da__text_add(struct da__text *t, const char *format, ...)
{
    va_list args, again;
    if (t->failed)
        return;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0 || !make_room(t, (size_t)length + 1)) {
        t->failed = true;
    } else {
        vsnprintf(t->s + t->len, (size_t)length + 1, format, again);
        t->len += (size_t)length;
    }
    va_end(again);
}

/* More edits than this are no misspelling. */
enum { MAX_EDITS = 2, BAND = 2 * MAX_EDITS + 1 };

static int min_of(int a, int b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance, cut off at MAX_EDITS + 1: only a band of that width around the diagonal
 * of the table can stay below, so one row of the band is all the memory needed. row[c] holds the
 * cell (i, i + c - MAX_EDITS). */
static int edit_distance(const char *a, const char *b)
{
    ptrdiff_t na = (ptrdiff_t)strlen(a), nb = (ptrdiff_t)strlen(b);
    const int far = MAX_EDITS + 1;
    if (na - nb > MAX_EDITS || nb - na > MAX_EDITS)
        return far;
    int row[BAND + 1], next[BAND + 1];
    for (int c = 0; c <= BAND; c++)
        row[c] = c >= MAX_EDITS && c < BAND ? c - MAX_EDITS : far;
    for (ptrdiff_t i = 1; i <= na; i++) {
        for (int c = 0; c < BAND; c++) {
            ptrdiff_t j = i + c - MAX_EDITS;
            if (j < 0 || j > nb) {
                next[c] = far;
                continue;
            }
            int best = row[c + 1] + 1; /* a[i-1] left out */
            if (c > 0)
                best = min_of(best, next[c - 1] + 1); /* b[j-1] put in */
            if (j > 0)
                best = min_of(best, row[c] + (a[i - 1] != b[j - 1]));
            next[c] = min_of(best, far);
        }
        next[BAND] = far;
        memcpy(row, next, sizeof row);
    }
    return row[nb - na + MAX_EDITS];
}

const char *da__near(const char *word, const char *const *candidates, int n)
{
    const char *nearest = NULL;
    size_t length = strlen(word);
    int limit = length <= MAX_EDITS ? (int)length - 1 : MAX_EDITS;
    for (int i = 0; i < n; i++) {
        int edits = edit_distance(word, candidates[i]);
        if (edits <= limit) {
            nearest = candidates[i];
            limit = edits - 1; /* ties: the first */
        }
    }
    return nearest;
}
