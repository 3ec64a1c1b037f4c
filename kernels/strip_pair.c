/* The loops of two operations in one. Products are not contracted with sums: both results are rounded. */
#include "pair.h"

#define T float
#define SUFFIX float32
#include "strip_pair.inc"
#undef T
#undef SUFFIX

#define T double
#define SUFFIX float64
#include "strip_pair.inc"
