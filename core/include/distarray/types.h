/* The vocabulary of the public interface: status codes, dtypes and limits. */
#ifndef DISTARRAY_TYPES_H
#define DISTARRAY_TYPES_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define DA_API __attribute__((visibility("default")))
#else
#define DA_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The largest number of dimensions of an array (NumPy 1's limit). */
#define DA_MAX_NDIM 32

/* What a call that acts returns. The values are part of the ABI. */
typedef enum da_status {
    DA_OK = 0,
    DA_ERR_ARGUMENT = 1,     /* a wrong argument: axis, count, null pointer, option   */
    DA_ERR_SHAPE = 2,        /* shapes that do not broadcast, or do not fit           */
    DA_ERR_DTYPE = 3,        /* an operation that is not defined for a dtype          */
    DA_ERR_INDEX = 4,        /* an index or bound out of range                        */
    DA_ERR_DISTRIBUTION = 5, /* an impossible distribution, grid or engine set        */
    DA_ERR_MEMORY = 6,       /* memory could not be had, or a budget does not suffice */
    DA_ERR_IO = 7,           /* reading or writing failed                             */
    DA_ERR_FORMAT = 8,       /* a file, pipeline or expression that is malformed      */
    DA_ERR_TRANSPORT = 9,    /* messages between engines failed                       */
    DA_ERR_STATE = 10,       /* a call out of order (closed context, dropped array)   */
    DA_ERR_UNSUPPORTED = 11, /* understood, but not offered by this build             */
    DA_ERR_INTERNAL = 12     /* a broken invariant of the library: please report it   */
} da_status;

/* Element types, in NumPy's order. Complex numbers are pairs (real, imaginary). */
typedef enum da_dtype {
    DA_BOOL = 0,
    DA_INT8 = 1,
    DA_INT16 = 2,
    DA_INT32 = 3,
    DA_INT64 = 4,
    DA_UINT8 = 5,
    DA_UINT16 = 6,
    DA_UINT32 = 7,
    DA_UINT64 = 8,
    DA_FLOAT32 = 9,
    DA_FLOAT64 = 10,
    DA_COMPLEX64 = 11,
    DA_COMPLEX128 = 12
} da_dtype;
#define DA_NDTYPES 13
/* Where a dtype may be left to the rules of promotion (a value that C++ allows in this enum). */
#define DA_DTYPE_DEFAULT ((da_dtype)15)

#ifdef __cplusplus
}
#endif
#endif
