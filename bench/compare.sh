#!/bin/sh
# Runs the workloads of bench_moves beside the hand-written programs of bench/reference, in turn, and prints medians and ratios.
#
# usage: bench/compare.sh BUILD_FOLDER [RANKS] [ROUNDS]
set -eu
build=$1 ranks=${2:-2} rounds=${3:-5}
export OMPI_MCA_btl_vader_single_copy_mechanism=${OMPI_MCA_btl_vader_single_copy_mechanism:-none}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export DISTARRAY_THREADS=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
launch() { mpirun --oversubscribe -n "$ranks" "$@"; }

echo "machine: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores; $ranks ranks of one thread, $rounds rounds in turn"
for name in transpose redistribute stride jacobi sort; do
    i=0
    while [ $i -lt "$rounds" ]; do
        launch "$build/bench/reference/reference_$name" >>"$work/$name.reference"
        launch "$build/bench/bench_moves" "$name" >>"$work/$name.distarray"
        i=$((i + 1))
    done
    awk -v name="$name" '
        $2 == "sum" { sum[FILENAME] = $3; next }
        { t[FILENAME, ++n[FILENAME]] = $2 }
        function median(f, i, j, x) {
            for (i = 2; i <= n[f]; i++)
                for (j = i; j > 1 && t[f, j] < t[f, j - 1]; j--) {
                    x = t[f, j]; t[f, j] = t[f, j - 1]; t[f, j - 1] = x
                }
            return n[f] % 2 ? t[f, (n[f] + 1) / 2] : (t[f, n[f] / 2] + t[f, n[f] / 2 + 1]) / 2
        }
        END {
            a = median(ARGV[1]); b = median(ARGV[2])
            printf "%-14s hand-written %8.4f s   DistArray %8.4f s   speed ratio %.2f", name, a, b, a / b
            d = sum[ARGV[1]] - sum[ARGV[2]]
            if (d < 0) d = -d
            bound = 1e-9 * (sum[ARGV[1]] < 0 ? -sum[ARGV[1]] : sum[ARGV[1]])
            print d <= bound ? "" : "   SUMS DIFFER: " sum[ARGV[1]] " " sum[ARGV[2]]
            exit d > bound
        }' "$work/$name.reference" "$work/$name.distarray"
done
