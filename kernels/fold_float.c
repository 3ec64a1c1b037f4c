/* The reductions of floats. */
#include "binned.h"
#include "fold.h"
#include <math.h>
#include <string.h>

#define FN(name) DA__PASTE(name, SUFFIX)
#define TRUTH(x) ((x) != 0)
#define LOWEST (T)(-INFINITY)
#define HIGHEST (T) INFINITY

#define T float
#define SUFFIX float32
#define DTYPE DA_FLOAT32
#define S_SUM double
#define ADD(s, x) (*(s) += (x))
#define JOIN(s, t) (*(s) += *(t))
#define TOTAL(s) (*(s))
#include "fold_real.inc"
#include "fold_order.inc"
#include "fold_float.inc"
#include "fold_spread.inc"
#define BINNED
#define C T
#define PARTS 1
#define S struct da__binned
#define E double
#define E_DTYPE DA_FLOAT64
#include "fold_binned.inc"
#include "fold_table.inc"
#undef S_SUM
#undef ADD
#undef JOIN
#undef TOTAL

#define T double
#define SUFFIX float64
#define DTYPE DA_FLOAT64
#define S_SUM struct da__exact
#define ADD da__exact_add
#define JOIN da__exact_join
#define TOTAL da__exact_end
#define SUM_ROWS

/* Eight states stay in registers for all rows: taking sums and errors apart and putting them together again costs more than
 * adding. Each state adds as da__exact_add does. */
typedef double lanes __attribute__((vector_size(32)));
enum { NLANES = 4, NVECTORS = 2, NSTATES = NLANES * NVECTORS };

static inline void FN(take_rows)(lanes *sum, lanes *error, int64_t nrows, const char *row,
                                 int64_t row_nbytes)
{
    for (int64_t r = 0; r < nrows; r++, row += row_nbytes)
        for (int h = 0; h < NVECTORS; h++) {
            lanes x;
            memcpy(&x, row + h * (int)sizeof x, sizeof x);
            lanes total = sum[h] + x, part = total - sum[h];
            error[h] += (sum[h] - (total - part)) + (x - part);
            sum[h] = total;
        }
}

static void FN(sum_rows)(int64_t n, void *state, int64_t nrows, const void *value,
                         int64_t row_nbytes)
{
    struct da__exact *s = state;
    const char *row = value;
    int64_t i = 0;
    for (; i + NSTATES <= n; i += NSTATES) {
        double sums[NSTATES], errors[NSTATES];
        lanes sum[NVECTORS], error[NVECTORS];
        for (int k = 0; k < NSTATES; k++) {
            sums[k] = s[i + k].sum;
            errors[k] = s[i + k].error;
        }
        memcpy(sum, sums, sizeof sum);
        memcpy(error, errors, sizeof error);
        FN(take_rows)(sum, error, nrows, row + i * (int64_t)sizeof(T), row_nbytes);
        memcpy(sums, sum, sizeof sums);
        memcpy(errors, error, sizeof errors);
        for (int k = 0; k < NSTATES; k++)
            s[i + k] = (struct da__exact){sums[k], errors[k]};
    }
    for (; i < n; i++)
        for (int64_t r = 0; r < nrows; r++) {
            T x;
            memcpy(&x, row + r * row_nbytes + i * (int64_t)sizeof x, sizeof x);
            da__exact_add(&s[i], x);
        }
}
#include "fold_real.inc"
#include "fold_order.inc"
#include "fold_float.inc"
#include "fold_spread.inc"
#define BINNED
#define C T
#define PARTS 1
#define S struct da__binned
#define E double
#define E_DTYPE DA_FLOAT64
#include "fold_binned.inc"
#include "fold_table.inc"
