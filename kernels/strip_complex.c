/* The strip loops of every operator in the complex dtypes. */
#include "strips.h"
#include <complex.h>
#include <float.h>
#include <math.h>
#undef I

#define LN2 0.69314718055994530942
#define LOG2E 1.44269504088896340736
#define LOG10E 0.43429448190325182765
#define COLUMN(b, i, u, f, c) c
#define CAST_T(e) (e)
#define CM(f, x) DA__PASTE(from_c, SUFFIX)(M(f)(DA__PASTE(to_c, SUFFIX)(x)))
#define Z(x, y) ((T){x, y})

#define T struct da__pair32
#define P float
#define C float _Complex
#define SUFFIX complex64
#define M(fn) fn##f
#define MAX FLT_MAX
#include "value_complex.inc"
#include "strip.inc"
#undef T
#undef P
#undef C
#undef SUFFIX
#undef M
#undef MAX

#define T struct da__pair64
#define P double
#define C double _Complex
#define SUFFIX complex128
#define M(fn) fn
#define MAX DBL_MAX
#include "value_complex.inc"
#include "strip.inc"
