#!/usr/bin/env python3
"""Jobs that end before their time: by signals, by an engine that dies, by a stall. Nobody hangs, no unfinished file stays, the
exit code tells, and the master says one line. Arguments: the build folder, mpirun (may be empty).

Only processes that this script has started are ended: jobs by their process, ranks by their own ids found below it."""
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

DA = os.path.join(os.path.abspath(sys.argv[1]), "tools", "da")
MPIRUN = sys.argv[2] if len(sys.argv) > 2 else ""
PATIENCE = 60
failures = 0


def complain(what, text):
    global failures
    failures += 1
    print(f"FAILED: {what}\n    " + text.replace("\n", "\n    "))


def start(folder, engines, mpi, output="out.npy", **environment):
    command = [DA, "eval", "arange(1000.0) * 2", "-o", output]
    if mpi:
        command = [MPIRUN, "--oversubscribe", "--allow-run-as-root", "-n", str(engines)] + command
    else:
        command += ["--engines", str(engines)]
    env = {k: v for k, v in os.environ.items() if not k.startswith("DISTARRAY_")}
    env.update(DISTARRAY_THREADS="1", OMPI_MCA_pml="ob1", OMPI_MCA_btl="vader,self", OMPI_MCA_mpi_yield_when_idle="1",
               **environment)
    return subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            restore_signals=True)


def unfinished(folder):
    return [name for name in os.listdir(folder) if name.endswith(".part")]


def wait_for_part(job, folder):
    """The job is in the middle of its save: slowed down by the network, it stays there for a while."""
    deadline = time.monotonic() + PATIENCE
    while not unfinished(folder) and job.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    return bool(unfinished(folder))


def descendants(pid):
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children") as f:
            found += [int(child) for child in f.read().split()]
    return found + [d for child in found for d in descendants(child)]


def rank_of(pid):
    with open(f"/proc/{pid}/environ", "rb") as f:
        m = re.search(rb"(?:^|\0)OMPI_COMM_WORLD_RANK=(\d+)", f.read())
    return int(m.group(1)) if m else -1


def processes(job):
    """The job's ranks: process id by rank."""
    return {rank_of(pid): pid for pid in descendants(job.pid) if rank_of(pid) >= 0}


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def await_end(what, job):
    try:
        out, err = job.communicate(timeout=PATIENCE)
        return job.returncode, out + err
    except subprocess.TimeoutExpired:
        job.kill()
        complain(what, "hangs; output so far:\n" + "".join(job.communicate()))
        return None, ""


def check_end(what, folder, code, text, codes, patterns):
    if code not in codes:
        complain(what, f"exit code {code}, expected one of {codes}\n{text}")
    for pattern, count in patterns.items():
        if len(re.findall(pattern, text)) != count:
            complain(what, f"/{pattern}/ is not there {count} times:\n{text}")
    if os.listdir(folder):
        complain(what, "leaves behind: " + " ".join(os.listdir(folder)))


def end_by_signal(number, mpi, to_rank=None, output="out.npy"):
    """The signal goes to the process that was started (mpirun passes it on), or to one rank."""
    name = signal.Signals(number).name
    what = f"{name} to {'mpirun' if mpi and to_rank is None else 'the process' if not mpi else f'rank {to_rank}'}, {output}"
    with tempfile.TemporaryDirectory() as folder:
        job = start(folder, 3, mpi, output, DISTARRAY_NETWORK="delay=300ms")
        if not wait_for_part(job, folder):
            job.terminate()
            return complain(what, "no save began:\n" + await_end(what, job)[1])
        ranks = processes(job) if mpi else {}
        os.kill(job.pid if to_rank is None else ranks[to_rank], number)
        code, text = await_end(what, job)
        if code is None:
            return
        codes = [-number] if not mpi else [1] if to_rank is None else [128 + number]
        told = name if to_rank in (None, 0) and not (mpi and to_rank is None) else "SIGTERM"
        patterns = {f"distarray: the master ends by {told}": 1, "distarray: ": 1}
        if number == signal.SIGKILL:
            patterns[f"rank {to_rank} with PID .*exited on signal 9"] = 1
            patterns["an engine has died"] = 1
        deadline = time.monotonic() + 5
        while any(is_alive(pid) for pid in ranks.values()) and time.monotonic() < deadline:
            time.sleep(0.05)
        if any(is_alive(pid) for pid in ranks.values()):
            complain(what, "ranks stay behind")
        check_end(what, folder, code, text, codes, patterns)


def ignored_signals_stay_ignored():
    """A job that was started with SIGINT ignored, as a shell starts its background jobs, goes on."""
    what = "an ignored SIGINT"
    with tempfile.TemporaryDirectory() as folder:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        job = start(folder, 3, False, DISTARRAY_NETWORK="delay=100ms")
        signal.signal(signal.SIGINT, before)
        if not wait_for_part(job, folder):
            complain(what, "no save began")
        os.kill(job.pid, signal.SIGINT)
        code, text = await_end(what, job)
        if code != 0 or os.listdir(folder) != ["out.npy"]:
            complain(what, f"exit code {code}, files {os.listdir(folder)}\n{text}")


def stall(mpi, drop):
    """One message is lost: what had been saved before is whole."""
    what = f"a stall without message {drop}{' over MPI' if mpi else ''}"
    with tempfile.TemporaryDirectory() as folder:
        job = start(folder, 3, mpi, DISTARRAY_NETWORK=f"drop={drop}", DISTARRAY_STALL="0.5")
        code, text = await_end(what, job)
        saved = os.path.join(folder, "out.npy")
        if os.path.exists(saved) and os.path.getsize(saved) == 128 + 8000:
            os.unlink(saved)
        check_end(what, folder, code, text, [1], {
            "distarray: engine 0: the run stalls: nothing has come for more than 0.5 s": 1,
            "the run stalls": 1,
            r"distarray: engine 0 of 3 has waited 0\.\d s (in step \d+ \(\w+\)|while \w+.*) for:\n"
            r"(    (receive from|send to) engine \d: [a-z ]+, tag \d+.*, (at most )?\d+ bytes, for \d\.\d s\n)+"
            r"    in all \d+ requests?, \d+ bytes\n": 1,
        })


def stalls():
    for engine, numbers in ((0, (1, 4, 8, 12)), (1, (1, 4, 7)), (2, (1, 5, 8))):
        for number in numbers:
            stall(False, f"{engine}:{number}")
    if MPIRUN:
        stall(True, "1:2")
        stall(True, "0:9")


def wrong_settings():
    for name, value in (("DISTARRAY_NETWORK", "delay=soon"), ("DISTARRAY_STALL", "long")):
        for mpi in (False, True) if MPIRUN else (False,):
            with tempfile.TemporaryDirectory() as folder:
                code, text = await_end(name, start(folder, 2, mpi, **{name: value}))
                check_end(f"{name}={value}", folder, code, text, [1], {name: 1})


def main():
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a background job inherits it ignored
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        end_by_signal(number, False)
    end_by_signal(signal.SIGTERM, False, output="out.h5:/x")
    ignored_signals_stay_ignored()
    stalls()
    wrong_settings()
    if MPIRUN:
        for number in (signal.SIGINT, signal.SIGTERM):
            end_by_signal(number, True)
        end_by_signal(signal.SIGTERM, True, to_rank=0)
        end_by_signal(signal.SIGKILL, True, to_rank=2)
        end_by_signal(signal.SIGKILL, True, to_rank=1)
    print("ok" if failures == 0 else f"{failures} failure(s)")
    return failures != 0


sys.exit(main())
