#!/usr/bin/env bash
# The examples, compared with NumPy. Arguments: the source folder, the build folder, a Python with NumPy, mpirun or "".
set -eu
root=$1 build=$2 python=$3 mpirun=$4
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

"$build/examples/make_input" .
mkdir again
DISTARRAY_ENGINES=3 "$build/examples/make_input" again
for file in t2m u v; do
    cmp $file.npy again/$file.npy
done

check_hot()
{
    "$python" -c "
import numpy as np
t = np.load('t2m.npy'); hot = np.load('hot.npy')
anomaly = t - t.mean(axis=0, keepdims=True, dtype=np.float64).astype(np.float32)
low = (anomaly > 2.001).sum(axis=0); high = (anomaly > 1.999).sum(axis=0)
assert hot.dtype == np.int64 and hot.shape == low.shape and hot.sum() > 1000
assert (low <= hot).all() and (hot <= high).all()"
    rm hot.npy
}
if [ -e air.h5 ]; then
    "$build/examples/first" && check_hot
    DISTARRAY_ENGINES=4 "$build/examples/first" && check_hot
    "$build/tools/da" run "$root/examples/first.json" -D DATA="$PWD" && check_hot
fi

check_plate()
{
    "$python" -c "
import numpy as np
u = np.load('plate.npy'); shade = np.load('shade.npy')
assert (u[0] == 100).all() and (u[1:, 0] == 0).all() and (u[-1] == 0).all() and (u[1:, -1] == 0).all()
mean = (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]) / 4
assert np.abs(mean - u[1:-1, 1:-1]).sum() < 1e-3 and 40 < u[5, 16] < 100
assert shade.dtype == np.float32 and np.allclose(shade, 1 / (1 + np.exp(-0.1 * (u - 50))), rtol=1e-6)"
}
"$build/examples/relax" && check_plate
cp plate.npy plate1.npy
DISTARRAY_ENGINES=5 "$build/examples/relax" && cmp plate.npy plate1.npy

"$build/tools/da" run "$root/examples/wind.json" -D DATA="$PWD" --engines 4 | tee wind.txt
"$python" -c "
import numpy as np
u, v = np.load('u.npy').astype(np.float64), np.load('v.npy').astype(np.float64)
speed = np.sqrt(u**2 + v**2)
assert np.allclose(np.load('mean_speed.npy'), speed.mean(axis=0), rtol=1e-5)
low, high = (speed > 15.00001).sum(axis=0), (speed > 14.99999).sum(axis=0)
stormy = np.load('stormy_days.npy')
assert (low <= stormy).all() and (stormy <= high).all()
text = open('wind.txt').read().split('\n')
strongest = float(text[[i for i, s in enumerate(text) if s.startswith('strongest')][0] + 1])
assert abs(strongest - speed.max()) < 1e-4, strongest"

if [ -n "$mpirun" ]; then
    cp mean_speed.npy one.npy
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
    export ASAN_OPTIONS=detect_leaks=0 TSAN_OPTIONS=ignore_noninstrumented_modules=1:detect_deadlocks=0 # what MPI leaks is not ours
    "$mpirun" -n 3 "$build/tools/da" run "$root/examples/wind.json" -D DATA="$PWD" >mpi.txt
    "$python" -c "import numpy as np; assert np.allclose(np.load('mean_speed.npy'), np.load('one.npy'), rtol=1e-5)"
    diff <(grep '^[a-z]' wind.txt) <(grep '^[a-z]' mpi.txt)

    "$mpirun" -n 3 "$build/examples/relax"
    cmp plate.npy plate1.npy && check_plate

    # A mistake is told once, however many ranks there are, and is every launcher's exit code.
    for mistake in "run --bogus" "run absent.json" "frobnicate"; do
        code=0
        # shellcheck disable=SC2086
        "$mpirun" -n 3 "$build/tools/da" $mistake 2>mistake.txt || code=$?
        [ "$code" -eq 2 ] && [ "$(grep -c '^da' mistake.txt)" -eq 1 ] || { echo "da $mistake: exit code $code"; cat mistake.txt; exit 1; }
    done
fi
