#!/usr/bin/env python3
"""Counts the instructions that workloads of bench_workloads need, under callgrind, and compares them with those recorded.

usage: instructions.py BUILD_FOLDER COMPILER_VERSION [--record]

Counts do not depend on what else the machine does, so a change that makes a kernel or a small expression dearer shows at once.
A figure is the difference between a run of REPETITIONS[1] and one of REPETITIONS[0], so that start-up and input drop out, by
elements or, for small arrays, by expressions. Runs use one thread and AVX2, the widest set valgrind knows. Exits with 1 where
a figure is more than TOLERANCE above the recorded one, with 77 where valgrind is missing or the compiler or the library's
parts are others than those recorded. --record writes what was counted to instructions.json.
"""
import json
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
RECORDED = os.path.join(HERE, "instructions.json")
REPETITIONS = (1, 3)
TOLERANCE = 0.05
SKIPPED = 77
# name, elements, compiled tier, how many a repetition is divided by, and of what
ROWS = [("polynomial", 100000, "off", 100000, "element"), ("polynomial", 100000, "always", 100000, "element"),
        ("black-scholes", 50000, "off", 50000, "element"), ("black-scholes", 50000, "always", 50000, "element"),
        ("small", 1000, "off", 1000, "expression")]


def collected(build, name, size, tier, repetitions):
    environment = {**os.environ, "DISTARRAY_ISA": "avx2", "DISTARRAY_COMPILED": tier, "DISTARRAY_THREADS": "1",
                   "DISTARRAY_ENGINES": "1"}
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", f"{build}/bench/bench_workloads", name,
               str(size), str(repetitions)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not found:
        sys.exit(f"{' '.join(command)} failed: {done.stderr[-500:]}")
    return int(found.group(1))


def count(build):
    rows = []
    for name, size, tier, divisor, unit in ROWS:
        less, more = (collected(build, name, size, tier, r) for r in REPETITIONS)
        figure = (more - less) / (REPETITIONS[1] - REPETITIONS[0]) / divisor
        rows.append({"workload": name, "size": size, "compiled": tier, "unit": unit, "instructions": round(figure, 2)})
    return rows


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def main():
    build, made_by = sys.argv[1], sys.argv[2]
    if not shutil.which("valgrind"):
        skip("valgrind is not installed")
    if "--record" in sys.argv:
        with open(RECORDED, "w") as f:
            json.dump({"made_by": made_by, "isa": "avx2", "rows": count(build)}, f, indent=1)
            f.write("\n")
        return
    with open(RECORDED) as f:
        recorded = json.load(f)
    if recorded["made_by"] != made_by:
        skip(f"the counts were recorded for {recorded['made_by']}, this is {made_by}")
    dearer = False
    for now, then in zip(count(build), recorded["rows"]):
        limit = then["instructions"] * (1 + TOLERANCE)
        dearer = dearer or now["instructions"] > limit
        print(f"{now['workload']}, compiled {now['compiled']}: {now['instructions']} instructions per {now['unit']}, "
              f"recorded {then['instructions']}{': TOO MANY' if now['instructions'] > limit else ''}")
    sys.exit(1 if dearer else 0)


main()
