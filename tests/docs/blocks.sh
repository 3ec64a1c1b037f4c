#!/usr/bin/env bash
# Compiles and runs the programs, and runs the pipelines, that a page shows, in their order and in one folder.
# Arguments: the source folder, the build folder, the page, the C compiler, further flags.
set -eu
root=$1 build=$2 page=$3 compiler=$4
shift 4
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Every ```c and ```json block as its own file, numbered in order.
awk -v dir="$scratch" '
    /^```(c|json)$/ { n++; file = sprintf("%s/%02d.%s", dir, n, substr($0, 4)); next }
    /^```/ { if (file) close(file); file = ""; next }
    file { print > file }' "$root/$page"

programs=0 pipelines=0
cd "$scratch"
for block in [0-9][0-9].*; do
    case $block in
    *.c)
        "$compiler" -std=c11 -Wall -Wextra -Werror "$@" -I"$root/api/include" -I"$build/include" "$block" -o "${block%.c}" \
            -L"$build/api" -Wl,-rpath,"$build/api" -ldistarray -lm
        "./${block%.c}"
        programs=$((programs + 1))
        ;;
    *.json)
        "$build/tools/da" validate "$block"
        "$build/tools/da" run "$block"
        pipelines=$((pipelines + 1))
        ;;
    esac
done
echo "$page: $programs program(s), $pipelines pipeline(s)"
[ $((programs + pipelines)) -gt 0 ]
