/* The strip loops of every operator in the signed integer dtypes. */
#include "strips.h"

#define COLUMN(b, i, u, f, c) i
#define CAST_T(e) (T)(e)
#define SIGNED 1

#define T int8_t
#define P int8_t
#define W uint32_t
#define SUFFIX int8
#include "value_int.inc"
#include "strip.inc"
#undef T
#undef P
#undef W
#undef SUFFIX

#define T int16_t
#define P int16_t
#define W uint32_t
#define SUFFIX int16
#include "value_int.inc"
#include "strip.inc"
#undef T
#undef P
#undef W
#undef SUFFIX

#define T int32_t
#define P int32_t
#define W uint32_t
#define SUFFIX int32
#include "value_int.inc"
#include "strip.inc"
#undef T
#undef P
#undef W
#undef SUFFIX

#define T int64_t
#define P int64_t
#define W uint64_t
#define SUFFIX int64
#include "value_int.inc"
#include "strip.inc"
