/* The words of the reductions: what a reduction of one dtype consists of, and the tables of them.
 */
#ifndef DA_FOLD_H
#define DA_FOLD_H

#include "strips.h"

/* A reduction of one computing dtype. Values are contiguous, or one element that stands for all
 * (`scalar`). Element i has the index `index` + i * `index_step`, which only argmin and argmax
 * read. */
struct da__fold {
    size_t state_nbytes;
    da_dtype end_dtype; /* what `end` writes */
    bool indexed;       /* reads the index */
    void (*zero)(int64_t n, void *state);
    /* One state takes n values. */
    void (*along)(void *state, int64_t n, const void *value, bool scalar, int64_t index,
                  int64_t index_step);
    /* n states, `stride` bytes apart, take one value each. */
    void (*across)(void *state, int64_t stride, int64_t n, const void *value, bool scalar,
                   int64_t index, int64_t index_step);
    /* n states side by side take a value each from every row in turn; NULL: only row by row. */
    void (*rows)(int64_t n, void *state, int64_t nrows, const void *value, int64_t row_nbytes);
    void (*join)(int64_t n, void *into, const void *from);
    void (*end)(int64_t n, const void *state, int64_t count, double correction, void *out);
};
/* The best of this machine, or that of an instruction set which the machine has. */
const struct da__fold *da__fold_find(enum da__red_id red, da_dtype compute);
const struct da__fold *da__fold_find_for(enum da__isa isa, enum da__red_id red, da_dtype compute);

/* One table per computing dtype and variant, indexed by enum da__red_id. */
#define DA__FOLD_TABLE(dtype)                                                                      \
    extern const struct da__fold *const da__folds_##dtype[DA__NREDUCTIONS];                        \
    extern const struct da__fold *const da__folds_##dtype##_avx2[DA__NREDUCTIONS];                 \
    extern const struct da__fold *const da__folds_##dtype##_avx512[DA__NREDUCTIONS]
DA__FOLD_TABLE(bool8);
DA__FOLD_TABLE(int8);
DA__FOLD_TABLE(int16);
DA__FOLD_TABLE(int32);
DA__FOLD_TABLE(int64);
DA__FOLD_TABLE(uint8);
DA__FOLD_TABLE(uint16);
DA__FOLD_TABLE(uint32);
DA__FOLD_TABLE(uint64);
DA__FOLD_TABLE(float32);
DA__FOLD_TABLE(float64);
DA__FOLD_TABLE(complex64);
DA__FOLD_TABLE(complex128);

/* Several reductions of the same n contiguous values in one loop: sum or mean, var or std, min, max; NULL: not wanted. The bits
 * are those of one after the other but for the sign of a zero. */
struct da__fold_states {
    void *sum, *spread, *low, *high;
};
typedef void da__fold_together(int64_t n, const void *value, const struct da__fold_states *to);
/* NULL: there is no such loop for the dtype. */
da__fold_together *da__fold_together_find(da_dtype compute);
da__fold_together *da__fold_together_find_for(enum da__isa isa, da_dtype compute);
/* Where the reduction's state belongs; NULL: it takes no part. */
void **da__fold_together_place(struct da__fold_states *to, enum da__red_id red);
extern da__fold_together da__fold_together_float32, da__fold_together_float32_avx2,
    da__fold_together_float32_avx512, da__fold_together_float64, da__fold_together_float64_avx2,
    da__fold_together_float64_avx512;

/* Memory that is read from one end to the other arrives earlier if its lines are asked for this far ahead: a core then waits
 * for more lines at once than its own prefetcher does. A macro, since gcc takes a function that does nothing else for one
 * without effect. */
enum { DA__AHEAD_NBYTES = 2048, DA__LINE_NBYTES = 64 };
#define DA__ASK_AHEAD(at, nbytes)                                                                  \
    for (size_t ahead = 0; ahead < (nbytes); ahead += DA__LINE_NBYTES)                             \
        __builtin_prefetch((const char *)(at) + DA__AHEAD_NBYTES + ahead);

/* A sum and the rounding errors made on its way (Knuth's two-sum). The sum alone is what plain
 * adding gives; where it meets infinities the errors are not numbers and are left out at the end.
 */
struct da__exact {
    double sum, error;
};

struct da__exact2 {
    struct da__exact re, im;
};

static inline void da__exact_add(struct da__exact *s, double x)
{
    double sum = s->sum + x, part = sum - s->sum;
    s->error += (s->sum - (sum - part)) + (x - part);
    s->sum = sum;
}

static inline void da__exact_join(struct da__exact *s, const struct da__exact *t)
{
    da__exact_add(s, t->sum);
    s->error += t->error;
}

static inline double da__exact_end(const struct da__exact *s)
{
    double total = s->sum + s->error;
    return total == total ? total : s->sum;
}

/* The elements of a leaf at most, in as many lanes. */
enum { DA__LEAF_NELEM = 512, DA__LEAF_LANES = 32 };

/* The sum of lanes as a tree: halves are added to each other. */
static inline double da__lanes_8(const double *lane)
{
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
           ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

static inline double da__lanes_32(const double *lane)
{
    double eight[8];
    for (int k = 0; k < 8; k++)
        eight[k] = (lane[k] + lane[k + 16]) + (lane[k + 8] + lane[k + 24]);
    return da__lanes_8(eight);
}

/* Number, mean and squared deviations of some elements. Complex numbers deviate by |x - mean|^2. */
struct da__spread {
    double n, mean, deviation;
};
struct da__spread2 {
    double n, re, im, deviation;
};

/* Chan, Golub, LeVeque, Updating formulae and a pairwise algorithm for computing sample variances
 * (1979). */
static inline void da__spread_join(struct da__spread *s, const struct da__spread *t)
{
    if (t->n == 0)
        return;
    double n = s->n + t->n, delta = t->mean - s->mean;
    s->mean = s->n == 0 ? t->mean : s->mean + delta * (t->n / n);
    s->deviation += t->deviation + (s->n == 0 ? 0 : delta * delta * (s->n * (t->n / n)));
    s->n = n;
}

static inline void da__spread2_join(struct da__spread2 *s, const struct da__spread2 *t)
{
    struct da__spread re = {s->n, s->re, s->deviation}, im = {s->n, s->im, 0};
    da__spread_join(&re, &(struct da__spread){t->n, t->re, t->deviation});
    da__spread_join(&im, &(struct da__spread){t->n, t->im, 0});
    *s = (struct da__spread2){re.n, re.mean, im.mean, re.deviation + im.deviation};
}

/* NumPy: a divisor below 0 counts as 0, which gives NaN or infinity. */
static inline double da__spread_end(double deviation, int64_t count, double correction)
{
    double divisor = (double)count - correction;
    return deviation / (divisor > 0 ? divisor : 0);
}

#endif
