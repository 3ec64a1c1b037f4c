#!/usr/bin/env bash
# The command line: results, exit codes, messages. Arguments: the source folder, the build folder, a Python with NumPy.
set -u
root=$1 build=$2 python=$3
da=$build/tools/da
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
failures=0

# expect CODE PATTERN COMMAND…: the exit code, and a line of stdout or stderr that matches
expect()
{
    local code=$1 pattern=$2 got
    shift 2
    "$@" >out.txt 2>err.txt
    got=$?
    if [ "$got" -ne "$code" ] || ! cat out.txt err.txt | grep -qE -e "$pattern"; then
        echo "FAILED ($got, expected $code and /$pattern/): $*"
        sed 's/^/    /' out.txt err.txt
        failures=$((failures + 1))
    fi
}
# silent COMMAND…: success without a word
silent()
{
    "$@" >out.txt 2>err.txt && [ ! -s out.txt ] && [ ! -s err.txt ] && return
    echo "FAILED (expected silence): $*"
    sed 's/^/    /' out.txt err.txt
    failures=$((failures + 1))
}
numpy()
{
    "$python" -c "import numpy as np; $1" || { echo "FAILED: $1"; failures=$((failures + 1)); }
}

# help and usage
expect 0 '^usage: da COMMAND' "$da" --help
expect 0 '^da \(DistArray\) [0-9]' "$da" --version
for command in run validate graph explain eval info topo; do
    expect 0 "^usage: da $command" "$da" $command --help
done
expect 2 'a command is missing' "$da"
expect 2 'did you mean "validate"' "$da" validat x.json
expect 2 'did you mean "--engines"' "$da" run --engine 2 x.json
expect 2 'is not a number' "$da" run --engines none x.json
expect 2 'is not a size' "$da" run --memory lots x.json
expect 2 'needs a value' "$da" run x.json --engines
expect 2 'takes no value' "$da" run x.json --quiet=yes
expect 2 'is not NAME=VALUE' "$da" run -D x x.json
expect 2 'takes one pipeline' "$da" run
expect 2 '[Nn]o such file' "$da" run nowhere.json

# eval and info
numpy "x = np.arange(12.0).reshape(3, 4); np.save('x.npy', x); np.save('k.npy', np.arange(5, dtype=np.int16))"
expect 0 '^66\.' "$da" eval 'sum(x)' x=x.npy
expect 0 '^float64 \(4,\)' "$da" eval 'mean(x, axis=0)' x=x.npy
expect 0 '^\[4\. 5\. 6\. 7\.\]' "$da" eval 'mean(x, axis=0)' x=x.npy --engines 3
expect 0 '^ \[0\. +2\. +4\. +6\.\]|^\[\[ *0\. +2\. +4\. +6\.\]' "$da" eval '2*x' x=x.npy --threads 1
expect 0 '^\[False False False +True +True\]' "$da" eval 'k > 2' k=k.npy
silent "$da" eval 'x[::-1] + k[1:]' x=x.npy k=k.npy -o y.npy --engines 2
numpy "y = np.load('y.npy'); x = np.load('x.npy'); k = np.load('k.npy'); assert y.dtype == np.float64 and (y == x[::-1] + k[1:]).all()"
expect 2 'column' "$da" eval 'x +' x=x.npy
expect 2 'y' "$da" eval 'x + y' x=x.npy
expect 2 '[Nn]o such file' "$da" eval 'x' x=nowhere.npy
expect 2 'broadcast' "$da" eval 'x + k' x=x.npy k=k.npy
expect 2 'xyz' "$da" eval 'x' x=x.npy -o y.xyz
expect 2 'NAME=FILE|NAME=VALUE' "$da" eval 'x' x.npy
expect 0 'x\.npy: npy, float64 \(3, 4\)' "$da" info x.npy k.npy
expect 2 '[Nn]o such file' "$da" info nowhere.npy
expect 0 'core' "$da" topo

# pipelines
cat >p.json <<'JSON'
{ "distarray": 1,
  "nodes": [
    {"id": "x", "op": "load", "file": "${FILE}"},
    {"id": "y", "op": "multiply", "in": ["x", "$FACTOR"]},
    {"id": "total", "op": "sum", "in": ["y"]},
    {"id": "out", "op": "save", "in": ["y"], "file": "z.npy"} ],
  "outputs": ["total", "out"] }
JSON
mkdir -p elsewhere
expect 0 '^out: float64 \(3, 4\) -> .*z\.npy' "$da" run p.json -D FILE=x.npy -DFACTOR=3
expect 0 '^total: float64 \(\)' "$da" run p.json -D FILE=x.npy -D FACTOR=3 --engines 4 --memory 1G
grep -qx '198\.' out.txt || { echo "FAILED: the total is not 198"; cat out.txt; failures=$((failures + 1)); }
numpy "assert (np.load('z.npy') == 3*np.load('x.npy')).all()"
rm z.npy
(cd elsewhere && "$da" run ../p.json -D FILE=x.npy -D FACTOR=3 --quiet) || failures=$((failures + 1))
[ -e z.npy ] || { echo "FAILED: files are not relative to the pipeline's folder"; failures=$((failures + 1)); }
silent "$da" run p.json -D FILE=x.npy -D FACTOR=3 --quiet
rm z.npy
expect 0 'p\.json: ok, 2 outputs' "$da" validate p.json -D FILE=x.npy -D FACTOR=3
[ ! -e z.npy ] || { echo "FAILED: validate wrote a file"; failures=$((failures + 1)); }
expect 2 'FACTOR' "$da" validate p.json -D FILE=x.npy
expect 2 '[Nn]o such file' "$da" validate p.json -D FILE=nowhere.npy -D FACTOR=3
expect 2 'did you mean "optimized"' "$da" graph p.json -D FILE=x.npy -D FACTOR=3 --stage optimised
for stage in deferred optimized; do
    expect 0 'digraph' "$da" graph p.json -D FILE=x.npy -D FACTOR=3 --stage $stage --format dot
    expect 0 '"distarray"' "$da" graph p.json -D FILE=x.npy -D FACTOR=3 --stage $stage
    cp out.txt $stage.json
    expect 0 '198\.' "$da" run $stage.json
done
expect 0 '.' "$da" explain p.json -D FILE=x.npy -D FACTOR=3 --engines 3
echo '{"distarray": 1, "nodes": [{"id": "a", "op": "ad", "in": [1, 2]}], "outputs": ["a"]}' >bad.json
expect 2 'bad\.json: .*nodes\[0\].*ad' "$da" validate bad.json
echo '{' >broken.json
expect 2 'broken\.json' "$da" run broken.json
expect 1 '.' "$da" eval 'x' x=x.npy -o nowhere/y.npy

[ "$failures" -eq 0 ] || { echo "$failures failure(s)"; exit 1; }
echo ok
