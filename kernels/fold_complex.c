/* The reductions of complex numbers, which are ordered lexicographically. */
#include "binned.h"
#include "fold.h"
#include <math.h>

#define FN(name) DA__PASTE(name, SUFFIX)
#define TRUTH(x) (((x).re != 0) | ((x).im != 0))
#define LOWEST ((T){-INFINITY, -INFINITY})
#define HIGHEST ((T){INFINITY, INFINITY})

#define T struct da__pair32
#define SUFFIX complex64
#define DTYPE DA_COMPLEX64
#include "fold_pair.inc"
#include "fold_order.inc"
#include "fold_complex.inc"
#define BINNED
#define C float
#define PARTS 2
#define S struct da__binned2
#define E struct da__pair64
#define E_DTYPE DA_COMPLEX128
#include "fold_binned.inc"
#include "fold_table.inc"

#define T struct da__pair64
#define SUFFIX complex128
#define DTYPE DA_COMPLEX128
#include "fold_pair.inc"
#include "fold_order.inc"
#include "fold_complex.inc"
#define BINNED
#define C double
#define PARTS 2
#define S struct da__binned2
#define E struct da__pair64
#define E_DTYPE DA_COMPLEX128
#include "fold_binned.inc"
#include "fold_table.inc"
