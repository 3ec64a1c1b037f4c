#!/usr/bin/env python3
"""The workloads of bench_workloads in Python, for one peer: numpy, numexpr, numba or dask.

usage: peers.py PEER NAME [SIZE] [REPETITIONS]

Prints a repetition's seconds and a sum of the results, as the C programs do. Exits with 3 where the peer is not installed or
has nothing for the workload. Each peer is used as its documentation says: NumPy with one temporary per operation, numexpr
by expressions, Numba by compiled parallel loops, Dask by chunks of a few MiB on its threads.
"""
import sys
import time

import numpy as np

GOLDEN, SILVER, BRONZE = 0.6180339887498949, 0.4142135623730951, 0.3027756377319946
RATE, VOLATILITY = 0.1, 0.2
MISSING = 3


def scattered(n, factor):
    t = np.arange(n) * factor
    return t - np.floor(t)


def vectors(n):
    return [scattered(n, GOLDEN), scattered(n, SILVER), scattered(n, BRONZE)]


def options(n):
    x, y, z = vectors(n)
    return [x * 90 + 10, y * 90 + 10, z * 9 + 1]


def matrix(n):
    return [np.fmod(np.arange(n)[:, None] * GOLDEN + np.arange(n // 2) * SILVER, 1.0)]


def square(n):
    return [(np.arange(n) % 1000)[:, None] + 1e-3 * np.arange(n)]


def grid(n):
    return [np.arange(n)[:, None] * np.arange(n) % 1000.0]


SIZES = {"copy": 50000000, "triad": 50000000, "sum": 50000000, "polynomial": 50000000, "black-scholes": 10000000,
         "deviations": 50000000, "statistics": 50000000, "axis0": 8000, "axis1": 8000, "mandelbrot": 2000, "nbody": 2000,
         "transpose": 8000, "jacobi": 4000, "sort": 20000000, "cumulative-sum": 50000000, "where": 50000000,
         "count": 50000000, "mask": 50000000, "small": 1000, "matmul": 2000, "uniform": 50000000, "normal": 50000000,
         "pi": 50000000}
INPUTS = {"black-scholes": options, "axis0": matrix, "axis1": matrix, "transpose": square, "jacobi": grid,
          "mandelbrot": lambda n: [], "uniform": lambda n: [], "normal": lambda n: [], "pi": lambda n: [],
          "matmul": lambda n: [scattered(n * n, GOLDEN).reshape(n, n), scattered(n * n, SILVER).reshape(n, n)]}


def erf_of(np_like):
    """NumPy has no erf; SciPy's where it is installed."""
    from scipy.special import erf
    return erf


def numpy_black_scholes(price, strike, years):
    erf = erf_of(np)
    spread = VOLATILITY * np.sqrt(years)
    d1 = (np.log(price / strike) + (RATE + VOLATILITY ** 2 / 2) * years) / spread
    d2 = d1 - spread
    present = strike * np.exp(-RATE * years)
    call = price * (0.5 + 0.5 * erf(d1 * 0.5 ** 0.5)) - present * (0.5 + 0.5 * erf(d2 * 0.5 ** 0.5))
    return call, call + present - price


def numpy_mandelbrot(n=2000):
    c_r, c_i = np.linspace(-2, 0.5, n), np.linspace(-1.25, 1.25, n)[:, None]
    x, y = np.zeros((n, n)), np.zeros((n, n))
    steps = np.zeros((n, n), np.int32)
    for _ in range(50):
        xx, yy = x * x, y * y
        inside = xx + yy <= 4
        y = np.where(inside, 2 * x * y + c_i, y)
        x = np.where(inside, xx - yy + c_r, x)
        steps += inside
    return steps


def numpy_nbody(x, y, z):
    dx, dy, dz = (v[None, :] - v[:, None] for v in (x, y, z))
    rr = dx * dx + dy * dy + dz * dz + 1e-3
    w = 1 / (rr * np.sqrt(rr))
    return (dx * w).sum(1), (dy * w).sum(1), (dz * w).sum(1)


def numpy_jacobi(start):
    u = start.copy()
    for _ in range(50):
        v = u.copy()
        v[1:-1, 1:-1] = 0.25 * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:])
        u = v
    return u


def numpy_small(a, b, c):
    for _ in range(1000):
        r = (a + b * c - c) * 0.5
    return r


def numpy_pi(n):
    g = np.random.default_rng(1)
    x, y = g.random(n), g.random(n)
    return 4 * np.mean(x * x + y * y < 1)


NUMPY = {
    "copy": lambda x, *_: x.copy(), "triad": lambda x, y, z: x + 3.0 * y, "sum": lambda x, *_: x.sum(),
    "polynomial": lambda x, z, _: ((x * 2 + 1) * x - 3) * x + z, "black-scholes": numpy_black_scholes,
    "deviations": lambda x, *_: ((x - x.mean()) ** 2).sum(),
    "statistics": lambda x, *_: (x.mean(), x.std(), x.min(), x.max()),
    "axis0": lambda x: x.sum(0), "axis1": lambda x: x.sum(1), "mandelbrot": numpy_mandelbrot, "nbody": numpy_nbody,
    "transpose": lambda a: a + a.T, "jacobi": numpy_jacobi, "sort": lambda x, *_: np.sort(x),
    "cumulative-sum": lambda x, *_: np.cumsum(x), "where": lambda x, *_: np.where(x > 0.5, x * 2, x / 2),
    "count": lambda x, *_: np.count_nonzero(x > 0.5), "mask": lambda x, *_: x[x > 0.5], "small": numpy_small,
    "matmul": lambda a, b: a @ b, "uniform": lambda n: np.random.default_rng(1).random(n),
    "normal": lambda n: np.random.default_rng(1).standard_normal(n), "pi": numpy_pi,
}


def numexpr_table():
    import numexpr as ne

    def evaluate(text, **names):
        return ne.evaluate(text, local_dict=names, global_dict={})

    def jacobi(start):
        u = start.copy()
        for _ in range(50):
            v = u.copy()
            v[1:-1, 1:-1] = evaluate("0.25 * (a + b + c + d)", a=u[:-2, 1:-1], b=u[2:, 1:-1], c=u[1:-1, :-2],
                                     d=u[1:-1, 2:])
            u = v
        return u

    def statistics(x, *_):
        m = evaluate("sum(x)", x=x) / x.size
        spread = evaluate("sum((x - m) ** 2)", x=x, m=m) / x.size
        return m, spread ** 0.5, evaluate("min(x)", x=x), evaluate("max(x)", x=x)

    def mandelbrot(n=2000):
        c_r, c_i = np.linspace(-2, 0.5, n), np.linspace(-1.25, 1.25, n)[:, None]
        x, y, steps = np.zeros((n, n)), np.zeros((n, n)), np.zeros((n, n), np.int32)
        for _ in range(50):
            inside = evaluate("x * x + y * y <= 4", x=x, y=y)
            x, y = (evaluate("where(inside, x * x - y * y + c, x)", inside=inside, x=x, y=y, c=c_r),
                    evaluate("where(inside, 2 * x * y + c, y)", inside=inside, x=x, y=y, c=c_i))
            steps += inside
        return steps

    def nbody(x, y, z):
        d = {f"{axis}{side}": v[None, :] if side == "j" else v[:, None]
             for axis, v in zip("xyz", (x, y, z)) for side in "ij"}
        rr = evaluate("(xj - xi) ** 2 + (yj - yi) ** 2 + (zj - zi) ** 2 + 1e-3", **d)
        w = evaluate("1 / (rr * sqrt(rr))", rr=rr)
        return tuple(evaluate(f"sum(({axis}j - {axis}i) * w, axis=1)", w=w, **{k: d[k] for k in (axis + "j", axis + "i")})
                     for axis in "xyz")

    def pi(n):
        g = np.random.default_rng(1)
        return 4 * evaluate("sum(where(x * x + y * y < 1, 1, 0))", x=g.random(n), y=g.random(n)) / n

    def small(a, b, c):
        evaluate("(a + b * c - c) * 0.5", a=a, b=b, c=c)
        for _ in range(1000):
            r = ne.re_evaluate(local_dict={"a": a, "b": b, "c": c})
        return r

    return {
        "copy": lambda x, *_: evaluate("x", x=x), "triad": lambda x, y, z: evaluate("x + 3.0 * y", x=x, y=y),
        "sum": lambda x, *_: evaluate("sum(x)", x=x),
        "polynomial": lambda x, z, _: evaluate("((x * 2 + 1) * x - 3) * x + z", x=x, z=z),
        "deviations": lambda x, *_: evaluate("sum((x - m) ** 2)", x=x, m=x.mean()),
        "axis0": lambda x: evaluate("sum(x, axis=0)", x=x), "axis1": lambda x: evaluate("sum(x, axis=1)", x=x),
        "transpose": lambda a: evaluate("a + b", a=a, b=a.T), "jacobi": jacobi,
        "where": lambda x, *_: evaluate("where(x > 0.5, x * 2, x / 2)", x=x), "small": small, "statistics": statistics,
        "count": lambda x, *_: evaluate("sum(where(x > 0.5, 1, 0))", x=x), "mandelbrot": mandelbrot, "nbody": nbody,
        "pi": pi,
    }


def numba_table():
    import math

    from numba import njit, prange

    @njit(parallel=True)
    def triad(x, y, z):
        out = np.empty_like(x)
        for i in prange(x.size):
            out[i] = x[i] + 3.0 * y[i]
        return out

    @njit(parallel=True)
    def polynomial(x, z, _):
        out = np.empty_like(x)
        for i in prange(x.size):
            out[i] = ((x[i] * 2 + 1) * x[i] - 3) * x[i] + z[i]
        return out

    @njit(parallel=True, fastmath=True)
    def add_up(x, y, z):
        s = 0.0
        for i in prange(x.size):
            s += x[i]
        return s

    @njit(parallel=True)
    def black_scholes(price, strike, years):
        call, put = np.empty_like(price), np.empty_like(price)
        for i in prange(price.size):
            spread = VOLATILITY * math.sqrt(years[i])
            d1 = (math.log(price[i] / strike[i]) + (RATE + VOLATILITY ** 2 / 2) * years[i]) / spread
            present = strike[i] * math.exp(-RATE * years[i])
            call[i] = (price[i] * (0.5 + 0.5 * math.erf(d1 * 0.5 ** 0.5))
                       - present * (0.5 + 0.5 * math.erf((d1 - spread) * 0.5 ** 0.5)))
            put[i] = call[i] + present - price[i]
        return call, put

    @njit(parallel=True)
    def mandelbrot(n=2000):
        steps = np.zeros((n, n), np.int32)
        for i in prange(n):
            for j in range(n):
                c_r, c_i, u, v = -2.0 + 2.5 * j / (n - 1), -1.25 + 2.5 * i / (n - 1), 0.0, 0.0
                for _ in range(50):
                    if u * u + v * v > 4:
                        break
                    u, v = u * u - v * v + c_r, 2 * u * v + c_i
                    steps[i, j] += 1
        return steps

    @njit(parallel=True, fastmath=True)
    def nbody(x, y, z):
        a, b, c = np.empty_like(x), np.empty_like(x), np.empty_like(x)
        for i in prange(x.size):
            fx = fy = fz = 0.0
            for j in range(x.size):
                dx, dy, dz = x[j] - x[i], y[j] - y[i], z[j] - z[i]
                rr = dx * dx + dy * dy + dz * dz + 1e-3
                w = 1 / (rr * math.sqrt(rr))
                fx, fy, fz = fx + dx * w, fy + dy * w, fz + dz * w
            a[i], b[i], c[i] = fx, fy, fz
        return a, b, c

    @njit(parallel=True)
    def step(u, v):
        for i in prange(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                v[i, j] = 0.25 * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1])

    def jacobi(start):
        u, v = start.copy(), start.copy()
        for _ in range(50):
            step(u, v)
            u, v = v, u
        return u

    @njit(parallel=True)
    def where(x, y, z):
        out = np.empty_like(x)
        for i in prange(x.size):
            out[i] = x[i] * 2 if x[i] > 0.5 else x[i] / 2
        return out

    @njit(parallel=True)
    def count(x, y, z):
        c = 0
        for i in prange(x.size):
            c += x[i] > 0.5
        return c

    @njit(parallel=True)
    def copy(x, y, z):
        out = np.empty_like(x)
        for i in prange(x.size):
            out[i] = x[i]
        return out

    @njit(parallel=True, fastmath=True)
    def deviations(x, y, z):
        mean, s = add_up(x, y, z) / x.size, 0.0
        for i in prange(x.size):
            s += (x[i] - mean) ** 2
        return s

    @njit(parallel=True, fastmath=True)
    def statistics(x, y, z):
        s, low, high = 0.0, np.inf, -np.inf
        for i in prange(x.size):
            s += x[i]
            low = min(low, x[i])
            high = max(high, x[i])
        return s / x.size, math.sqrt(deviations(x, y, z) / x.size), low, high

    @njit(parallel=True, fastmath=True)
    def axis0(x):
        out = np.zeros(x.shape[1])
        for i in prange(x.shape[0]):
            out += x[i]
        return out

    @njit(parallel=True, fastmath=True)
    def axis1(x):
        out = np.empty(x.shape[0])
        for i in prange(x.shape[0]):
            s = 0.0
            for j in range(x.shape[1]):
                s += x[i, j]
            out[i] = s
        return out

    @njit(parallel=True)
    def transpose(a):
        out, n, side = np.empty_like(a), a.shape[0], 32
        for block in prange((n + side - 1) // side):
            for column in range(0, n, side):
                for i in range(block * side, min((block + 1) * side, n)):
                    for j in range(column, min(column + side, n)):
                        out[i, j] = a[i, j] + a[j, i]
        return out

    @njit
    def cumulative_sum(x, y, z):
        return np.cumsum(x)

    @njit
    def sort(x, y, z):
        return np.sort(x)

    @njit
    def mask(x, y, z):
        return x[x > 0.5]

    @njit
    def matmul(a, b):
        return a @ b

    @njit(parallel=True)
    def uniform(n):
        out = np.empty(n)
        for i in prange(n):
            out[i] = np.random.random()
        return out

    @njit(parallel=True)
    def normal(n):
        out = np.empty(n)
        for i in prange(n):
            out[i] = np.random.normal()
        return out

    @njit(parallel=True)
    def pi(n):
        inside = 0
        for i in prange(n):
            u, v = np.random.random(), np.random.random()
            inside += u * u + v * v < 1
        return 4.0 * inside / n

    @njit
    def one_small(a, b, c):
        return (a + b * c - c) * 0.5

    def small(a, b, c):
        for _ in range(1000):
            r = one_small(a, b, c)
        return r

    return {"copy": copy, "triad": triad, "polynomial": polynomial, "sum": add_up, "black-scholes": black_scholes,
            "deviations": deviations, "statistics": statistics, "axis0": axis0, "axis1": axis1, "transpose": transpose,
            "mandelbrot": mandelbrot, "nbody": nbody, "jacobi": jacobi, "where": where, "count": count, "mask": mask,
            "cumulative-sum": cumulative_sum, "sort": sort, "matmul": matmul, "uniform": uniform, "normal": normal, "pi": pi,
            "small": small}


def dask_table():
    import dask
    import dask.array as da

    def chunked(*arrays):
        return [da.from_array(a, chunks="8MiB") for a in arrays]

    def smooth(block):
        out = block.copy()
        out[1:-1, 1:-1] = 0.25 * (block[:-2, 1:-1] + block[2:, 1:-1] + block[1:-1, :-2] + block[1:-1, 2:])
        return out

    def jacobi(start):
        u = da.from_array(start, chunks="8MiB")
        for _ in range(50):
            u = da.map_overlap(smooth, u, depth=1, boundary="none", dtype=u.dtype).persist()
        return u.compute()

    def statistics(x, *_):
        x, = chunked(x)
        return dask.compute(x.mean(), x.std(), x.min(), x.max())

    def on(function):
        return lambda *arrays: function(*chunked(*arrays)).compute()

    def small(a, b, c):
        run = on(lambda a, b, c: (a + b * c - c) * 0.5)
        for _ in range(1000):
            r = run(a, b, c)
        return r

    def black_scholes(*inputs):
        price, strike, years = chunked(*inputs)
        erf = erf_of(np)
        spread = VOLATILITY * da.sqrt(years)
        d1 = (da.log(price / strike) + (RATE + VOLATILITY ** 2 / 2) * years) / spread
        d2 = d1 - spread
        present = strike * da.exp(-RATE * years)
        call = price * (0.5 + 0.5 * erf(d1 * 0.5 ** 0.5)) - present * (0.5 + 0.5 * erf(d2 * 0.5 ** 0.5))
        return dask.compute(call, call + present - price)

    def mandelbrot(n=2000):
        c_r = da.from_array(np.linspace(-2, 0.5, n), chunks=250)
        c_i = da.from_array(np.linspace(-1.25, 1.25, n), chunks=250)[:, None]
        x = y = c_i * 0 + c_r * 0
        steps = x.astype(np.int32)
        for _ in range(50):
            xx, yy = x * x, y * y
            inside = xx + yy <= 4
            y = da.where(inside, 2 * x * y + c_i, y)
            x = da.where(inside, xx - yy + c_r, x)
            steps = steps + inside
        return steps.compute()

    def nbody(*inputs):
        x, y, z = (da.from_array(v, chunks=500) for v in inputs)
        return dask.compute(*numpy_nbody(x, y, z))

    def draws():
        return da.random.default_rng(1) if hasattr(da.random, "default_rng") else da.random.RandomState(1)

    def uniform(n):
        g = draws()
        return (getattr(g, "random", None) or g.random_sample)(n).compute()

    def pi(n):
        g = draws()
        draw = getattr(g, "random", None) or g.random_sample
        x, y = draw(n), draw(n)
        return 4 * ((x * x + y * y) < 1).mean().compute()

    return {"triad": on(NUMPY["triad"]), "sum": on(NUMPY["sum"]), "polynomial": on(NUMPY["polynomial"]),
            "deviations": on(NUMPY["deviations"]), "statistics": statistics, "axis0": on(NUMPY["axis0"]),
            "axis1": on(NUMPY["axis1"]), "transpose": on(NUMPY["transpose"]), "jacobi": jacobi,
            "cumulative-sum": on(lambda x, *_: x.cumsum(axis=0)),
            "where": on(lambda x, *_: da.where(x > 0.5, x * 2, x / 2)), "count": on(lambda x, *_: (x > 0.5).sum()),
            "mask": on(lambda x, *_: x[x > 0.5]), "matmul": on(lambda a, b: a @ b), "pi": pi,
            "black-scholes": black_scholes, "mandelbrot": mandelbrot, "nbody": nbody, "uniform": uniform,
            "normal": lambda n: draws().standard_normal(n).compute(), "copy": on(lambda x, *_: +x), "small": small}


def table_of(peer):
    tables = {"numpy": lambda: NUMPY, "numexpr": numexpr_table, "numba": numba_table, "dask": dask_table}
    try:
        return tables[peer]()
    except ImportError:
        sys.exit(MISSING)


def total(result):
    if isinstance(result, tuple):
        return sum(total(r) for r in result)
    return float(np.sum(result, dtype=np.float64))


def main():
    peer, name = sys.argv[1], sys.argv[2]
    run = table_of(peer).get(name)
    if run is None or name not in SIZES:
        sys.exit(MISSING)
    n = int(sys.argv[3]) if len(sys.argv) > 3 else SIZES[name]
    repetitions = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    inputs = INPUTS.get(name, vectors)(n)
    if name in ("uniform", "normal", "pi"):
        inputs = [n]
    repeats = 1000 if name == "small" else 1
    for k in range(repetitions + 1):
        start = time.perf_counter()
        try:
            result = run(*inputs)
        except ImportError:
            sys.exit(MISSING)
        if k > 0:
            print(f"{name} {(time.perf_counter() - start) / repeats:.9f}")
    print(f"{name} sum {total(result):.10e}")


main()
