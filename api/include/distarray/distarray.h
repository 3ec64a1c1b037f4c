/* DistArray: NumPy-like arrays, spread over many processes and computed lazily.
 *
 * Reading order:
 *     types.h         status codes and dtypes
 *     context.h       starting and ending, errors, scopes and ownership
 *     distribution.h  how an array's index space is owned by engines
 *     array.h         operands, shapes, making arrays, their dtype and shape
 *     operators.h     elementwise operators
 *     reductions.h    sums, means, extrema … over axes
 *     random.h        random arrays, permutations
 *     sorting.h       sorting, running sums and products
 *     views.h         indexing, permuting, broadcasting; casts and redistribution
 *     joining.h       rolls, joins, arrays with parts replaced
 *     indexing.h      indexing by arrays of integers
 *     masks.h         where masks are true; places in sorted arrays
 *     linalg.h        products of matrices, sums over shared axes
 *     functions.h     the program's own functions on the engines
 *     computing.h     running what was described; values to the program's memory
 *     files.h         loading and saving
 *     pipeline.h      expressions and pipelines as text
 *     inspect.h       distributions, graphs, plans, counters, the machine
 * `distarray/mpi.h` is apart: it starts engines on a communicator of the program's own.
 *
 * Four laws hold for every call:
 * - Arrays are immutable values. A call that *describes* (every operator) computes nothing: it returns a new handle whose
 *   shape, dtype and distribution are known at once, and values come into being at da_compute. The comments call this Lazy.
 * - A returned handle belongs to the innermost open scope of its context, so nested expressions neither leak nor need names.
 *   da_keep makes it the caller's. What is written through a `**out` parameter is the caller's. Arguments are never
 *   consumed; strings and small arrays are copied.
 * - A call that describes returns a handle, never NULL. A wrong one is *poisoned*: inert, carrying the first cause, which
 *   surfaces at da_compute or da_check. A call that *acts* returns a da_status, and the context holds the message.
 * - The program runs on the master only and makes all calls there, from one thread at a time. A call is collective over
 *   the processes only where its comment says Collective. */
#ifndef DISTARRAY_H
#define DISTARRAY_H

#include <distarray/types.h>
#include <distarray/context.h>
#include <distarray/distribution.h>
#include <distarray/array.h>
#include <distarray/operators.h>
#include <distarray/reductions.h>
#include <distarray/random.h>
#include <distarray/sorting.h>
#include <distarray/views.h>
#include <distarray/joining.h>
#include <distarray/indexing.h>
#include <distarray/masks.h>
#include <distarray/linalg.h>
#include <distarray/functions.h>
#include <distarray/computing.h>
#include <distarray/files.h>
#include <distarray/pipeline.h>
#include <distarray/inspect.h>

#endif
