#!/usr/bin/env python3
"""Runs the workloads beside each other, in turn, and prints medians and ratios as Markdown tables.

usage: table.py BUILD_FOLDER [--rounds N] [--only NAME,…] [--nodes | --moves] [--alone]

Every round runs every competitor once, one after the other, so that what else the machine does meets all of them alike. A
run warms up once and repeats three times; the figure is the median over all rounds. Ratios are time of hand-written C by
time: above 1 is faster than C. Exits with 1 where sums of results differ.
"""
import argparse
import os
import platform
import statistics
import subprocess
import sys

MOVES = ["transpose", "redistribute", "stride", "jacobi", "sort"]
NODES = ["copy", "triad", "sum", "polynomial", "black-scholes", "deviations", "statistics", "axis0", "axis1", "jacobi",
         "mandelbrot", "nbody", "transpose", "sort", "cumulative-sum", "where", "count", "mask", "matmul", "uniform",
         "normal", "pi", "small"]
DRAWN = {"uniform", "normal", "pi"}  # other generators, other numbers
PEERS = ["numpy", "numexpr", "numba", "dask"]
ENVIRONMENT = {"OMPI_MCA_btl_vader_single_copy_mechanism": "none", "OMPI_ALLOW_RUN_AS_ROOT": "1",
               "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OPENBLAS_NUM_THREADS": "2"}


def competitors(build, table, alone):
    here = os.path.dirname(os.path.abspath(__file__))
    ours, mpirun = f"{build}/bench/bench_workloads", ["mpirun", "--oversubscribe", "-n", "2"]
    ranks = ("DistArray, 2 ranks", lambda name: mpirun + [ours, name], {"DISTARRAY_THREADS": "1"})
    if table == "moves":
        return [("C and MPI, 2 ranks", lambda name: mpirun + [f"{build}/bench/reference/reference_{name}"], {}), ranks]
    threads = [(f"DistArray, {t} thread{'s' * (t > 1)}", lambda name: [ours, name], {"DISTARRAY_THREADS": str(t)})
               for t in (1, 2)]
    peers = [(p, lambda name, p=p: ["/usr/bin/python3", f"{here}/peers.py", p, name], {}) for p in PEERS]
    by_hand = ("C and OpenMP, 2 threads", lambda name: [f"{build}/bench/reference/reference_onenode", name],
               {"OMP_NUM_THREADS": "2"})
    return [by_hand] + threads + [ranks] + ([] if alone else peers)


def run(command, environment):
    """Seconds of each repetition and the sum; None where this competitor has nothing for the workload."""
    done = subprocess.run(command, env={**os.environ, **ENVIRONMENT, **environment}, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    if done.returncode in (2, 3):
        return None
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed: {done.stderr.strip()}")
    lines = [line.split() for line in done.stdout.splitlines()]
    return ([float(line[1]) for line in lines if line[1] != "sum"], [float(line[2]) for line in lines if line[1] == "sum"])


def measure(name, runners, rounds):
    seconds, sums = {}, {}
    missing = set()
    for _ in range(rounds):
        for label, command, environment in runners:
            if label in missing:
                continue
            result = run(command(name), environment)
            if result is None:
                missing.add(label)
                continue
            seconds.setdefault(label, []).extend(result[0])
            sums[label] = result[1][0]
    return {label: statistics.median(s) for label, s in seconds.items()}, sums


def differing(name, sums):
    if name in DRAWN or not sums:
        return []
    wanted = next(iter(sums.values()))
    return [label for label, s in sums.items() if abs(s - wanted) > 1e-6 * max(abs(wanted), 1)]


def show(seconds):
    return f"{seconds * 1e6:.2f} µs" if seconds < 1e-3 else f"{seconds * 1e3:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def print_table(table, names, build, rounds, alone):
    runners = competitors(build, table, alone)
    labels = [r[0] for r in runners]
    print("| workload | " + " | ".join(labels) + " |")
    print("|---" * (len(labels) + 1) + "|", flush=True)
    wrong = []
    for name in names:
        medians, sums = measure(name, runners, rounds)
        c = medians.get(labels[0])
        cells = []
        for label in labels:
            t = medians.get(label)
            ratio = f" ({c / t:.2f})" if t and c and label != labels[0] else ""
            cells.append(show(t) + ratio if t else "–")
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
        wrong += [f"{name}: {label}: {sums[label]}" for label in differing(name, sums)]
    for line in wrong:
        print("SUMS DIFFER: " + line)
    return not wrong


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")),
                 platform.machine())
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"


def main():
    p = argparse.ArgumentParser()
    p.add_argument("build")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--only", default="")
    p.add_argument("--nodes", action="store_true", help="only the workloads of one node")
    p.add_argument("--moves", action="store_true", help="only the workloads that move data")
    p.add_argument("--alone", action="store_true", help="beside hand-written code alone, without NumPy and its like")
    a = p.parse_args()
    only = a.only.split(",") if a.only else None
    print(f"{machine()}; {a.rounds} rounds in turn, three repetitions each, medians (ratio: time of C by time)\n")
    good = True
    for table, names, wanted in (("moves", MOVES, not a.nodes), ("nodes", NODES, not a.moves)):
        chosen = [n for n in names if only is None or n in only]
        if wanted and chosen:
            good = print_table(table, chosen, a.build, a.rounds, a.alone) and good
            print()
    sys.exit(0 if good else 1)


main()
