/* The strip loops of every operator on bools, which are bytes that hold 0 or 1. */
#include "strips.h"

#define COLUMN(b, i, u, f, c) b
#define CAST_T(e) (T)(e)

#define T uint8_t
#define P uint8_t
#define SUFFIX bool8
#include "strip.inc"
