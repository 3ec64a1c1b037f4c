/* The reductions of floats. */
#include "binned.h"
#include "fold.h"
#include <math.h>

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
