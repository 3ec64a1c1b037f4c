/* The strip loops of every operator in the float dtypes. */
#include "strips.h"
#include <float.h>
#include <math.h>

#define PI 3.14159265358979323846
#define LN2 0.69314718055994530942
#define COLUMN(b, i, u, f, c) f
#define CAST_T(e) (T)(e)

#define T float
#define P float
#define SUFFIX float32
#define M(fn) fn##f
#define MAX FLT_MAX
#include "value_float.inc"
#include "strip.inc"
#undef T
#undef P
#undef SUFFIX
#undef M
#undef MAX

#define T double
#define P double
#define SUFFIX float64
#define M(fn) fn
#define MAX DBL_MAX
#include "value_float.inc"
#include "strip.inc"
