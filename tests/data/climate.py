"""Runs climate.json on real reanalysis data and compares every result with NumPy.

usage: climate.py DATA_FOLDER DA ENGINES [LAUNCHER ...]
ENGINES virtual engines, or with a launcher that many ranks. Exits 77 (skipped) where the data or h5py is absent.
"""
import os
import subprocess
import sys
import tempfile

import numpy as np

SKIP = 77


def decoded(dataset):
    raw = dataset[...]
    value = raw.astype("f8") * float(dataset.attrs["scale_factor"]) + float(dataset.attrs["add_offset"])
    return np.where(raw == dataset.attrs["_FillValue"], np.nan, value)


def check(name, got, want, rtol=1e-12):
    if got.shape != want.shape or got.dtype != want.dtype:
        sys.exit(f"{name}: {got.dtype} {got.shape}, NumPy has {want.dtype} {want.shape}")
    if not np.allclose(got, want, rtol=rtol, atol=rtol * np.abs(want).max(), equal_nan=True):
        worst = np.nanmax(np.abs(got - want) / np.abs(want).max())
        sys.exit(f"{name}: differs from NumPy by {worst:g} of the largest value")
    print(f"{name}: equal to NumPy")


def main():
    data, da, engines, launcher = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
    if not os.path.exists(os.path.join(data, "eraint_uvz.h5")) or not os.path.exists(os.path.join(data, "basin_mask.nc")):
        print(f"skipped: no eraint_uvz.h5 and basin_mask.nc in {data}")
        sys.exit(SKIP)
    try:
        import h5py
    except ImportError:
        print("skipped: the oracle needs python3-h5py")
        sys.exit(SKIP)

    with tempfile.TemporaryDirectory() as out:
        pipeline = os.path.join(os.path.dirname(os.path.abspath(__file__)), "climate.json")
        command = launcher + [da, "run", pipeline, "-D", f"DATA={data}", "-D", f"OUT={out}", "--quiet"]
        if not launcher:
            command += ["--engines", engines]
        subprocess.run(command, check=True, timeout=300)

        with h5py.File(os.path.join(data, "eraint_uvz.h5")) as f:
            u, v, z = decoded(f["u"]), decoded(f["v"]), decoded(f["z"])
        with h5py.File(os.path.join(data, "basin_mask.nc")) as f:
            basin = f["basin"][...]
        with h5py.File(os.path.join(out, "wind.h5")) as f:
            got_speed, got_anomaly = f["speed"][...], f["anomaly/z"][...]
        speed = np.sqrt(u**2 + v**2)
        check("speed", got_speed, speed)
        check("anomaly", got_anomaly, z - z.mean(axis=3, keepdims=True))
        load = lambda name: np.load(os.path.join(out, name))
        check("zonal mean", load("zonal.npy"), speed.mean(axis=3))
        check("strongest wind", load("strongest.npy"), np.asarray(speed.max()))
        check("its position", load("where.npy"), np.asarray(speed.argmax()), rtol=0)
        check("profile", load("profile.npy"), z[:, 1, 100:141:2, ::-1].std(axis=(0, 2)))
        check("basin", load("atlantic.npy"), np.count_nonzero(basin == 1, axis=(1, 2)), rtol=0)
        leftovers = [name for name in os.listdir(out) if "part" in name]
        if leftovers:
            sys.exit(f"temporary files were left: {leftovers}")


main()
