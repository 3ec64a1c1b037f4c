#!/usr/bin/env bash
# Third parties and habits stay where the design puts them.
. "$(dirname "$0")/common.sh" "$@"

lib=$(for r in $rooms; do sources -path "$root/$r/*.[ch]" -o -path "$root/$r/*.inc"; done)

# only HEADER FILE-PATTERN: nobody else includes it
only()
{
    report "$1 is included outside its place:" < <(
        sources -name '*.[ch]' -o -name '*.inc' | grep -v "^$root/tests/install/" | xargs grep -lE "^ *# *include *[<\"]$1[>\"]" | grep -vE "^$root/($2)\$")
}
only mpi.h 'scheduler/transport_mpi\.c|io/(peers|[a-z0-9_]*mpi[a-z0-9_]*)\.[ch]|api/include/distarray/mpi\.h|tests/.*\.[ch]|bench/.*\.[ch]'
only hdf5.h 'io/hdf5[a-z0-9_]*\.[ch]|tests/.*\.c'
only hwloc.h 'scheduler/topology\.c'
only sleef.h 'kernels/vector\.c'
only cblas.h 'kernels/gemm_blas\.c|bench/.*\.c'
only 'llvm-c/[A-Za-z]+\.h' 'kernels/compiled/[a-z]+\.[ch]'
only jansson.h 'graph/json[a-z0-9_]*\.[ch]|tests/unit/.*\.c'

report "an include climbs out of its room:" < <( # from a room's own subfolder, one step up stays inside
    sources -name '*.[ch]' -o -name '*.inc' -o -name '*.def' | xargs grep -nE '# *include *"[^"]*\.\./' | grep -vE "^$root/[a-z]+/[a-z0-9]+/[^/]+:[0-9]+:# *include \"\.\./[^./]")
report "a public header includes an internal one:" < <(grep -nE '# *include' "$root"/api/include/distarray/*.h | grep -vE '<(distarray/[a-z]+|initializer_list|stddef|stdint|mpi)(\.h)?>')
report "the tools, examples or API tests include an internal header:" < <(
    sources -path "$root/tools/*.[ch]" -o -path "$root/examples/*.[ch]" -o -path "$root/tests/api/*.[ch]" | xargs grep -nE '# *include *[<"]da_')
report "the library prints, exits or aborts:" < <(
    echo "$lib" | xargs grep -nE '^[^*]*(^|[^a-zA-Z0-9_>.])(printf|puts|putchar|perror|abort|exit|_exit|MPI_Abort|assert) *\(' | grep -vE '/api/context\.c:[0-9]+: +exit\(EXIT_SUCCESS\); /\*|/scheduler/ending\.c:[0-9]+: +_exit\(code\);|/scheduler/transport_mpi\.c:[0-9]+: +MPI_Abort\(')
report "memory that nobody counts:" < <(echo "$lib" | grep -v '/core/alloc\.c$' | xargs grep -nE '(^|[^a-zA-Z0-9_])(malloc|calloc|realloc|strdup|strndup|aligned_alloc|posix_memalign) *\(')
verdict
