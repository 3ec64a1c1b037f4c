/* The strip loops of every operator in the unsigned integer dtypes. */
#include "strips.h"

#define COLUMN(b, i, u, f, c) u
#define CAST_T(e) (T)(e)

#define T uint8_t
#define P uint8_t
#define W uint32_t
#define SUFFIX uint8
#include "value_int.inc"
#include "strip.inc"
#undef T
#undef P
#undef W
#undef SUFFIX

#define T uint16_t
#define P uint16_t
#define W uint32_t
#define SUFFIX uint16
#include "value_int.inc"
#include "strip.inc"
#undef T
#undef P
#undef W
#undef SUFFIX

#define T uint32_t
#define P uint32_t
#define W uint32_t
#define SUFFIX uint32
#include "value_int.inc"
#include "strip.inc"
#undef T
#undef P
#undef W
#undef SUFFIX

#define T uint64_t
#define P uint64_t
#define W uint64_t
#define SUFFIX uint64
#include "value_int.inc"
#include "strip.inc"
