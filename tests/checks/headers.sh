#!/usr/bin/env bash
# The public headers stand alone in every language that may include them, without a warning.
. "$(dirname "$0")/common.sh" "$@"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
include="-I$root/api/include -I$build/include"
strict="-pedantic -Wall -Wextra -Wshadow -Wconversion -Werror -fsyntax-only"
here=$(dirname "$0")
tried=0

# compile NAME COMPILER ARGUMENTS…
compile()
{
    local name=$1 compiler=$2
    shift 2
    command -v "$compiler" >/dev/null || return 0
    tried=$((tried + 1))
    # shellcheck disable=SC2086
    "$compiler" $strict $include "$@" >"$scratch/log" 2>&1 || report "$compiler: $name:" <"$scratch/log"
}
for compiler in cc gcc clang; do
    for standard in c99 c11 c17; do
        compile "$standard" "$compiler" -std=$standard -x c "$here/headers.c"
        for header in "$root"/api/include/distarray/*.h; do
            [ "$(basename "$header")" = mpi.h ] || compile "$standard $(basename "$header") alone" "$compiler" -std=$standard -Wno-unused-function -x c "$header"
        done
    done
done
for compiler in c++ g++ clang++; do
    for standard in c++11 c++17 c++20; do
        compile "$standard" "$compiler" -std=$standard -x c++ "$here/headers.c"
    done
done
[ "$tried" -ge 3 ] || { echo "no compiler was found"; exit 1; }
verdict
