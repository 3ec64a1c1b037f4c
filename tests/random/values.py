"""Values with bounds of their errors, for the oracle: dtypes, casts, and what moving inputs by their errors says of results."""
import itertools

import numpy as np


class Value:
    def __init__(self, data, err=None):
        self.data = data
        self.err = err


# ---- dtypes ----

def eps_of(dtype):
    return float(np.finfo(dtype).eps)


def tiny_of(dtype):
    return float(np.finfo(dtype).smallest_subnormal)


def kind_of(scalar):
    return "b" if isinstance(scalar, bool) else "i" if isinstance(scalar, int) else "f" if isinstance(scalar, float) else "c"


def weak(dtype, kind):
    """NumPy 2's rule for Python scalars (NumPy 1 looks at their values)."""
    if kind == "b" or (kind == "i" and dtype.kind != "b"):
        return dtype
    if kind == "i":
        return np.dtype("i8")
    if kind == "f":
        return dtype if dtype.kind in "fc" else np.dtype("f8")
    if dtype.kind == "c":
        return dtype
    return np.dtype("c8") if dtype == np.float32 else np.dtype("c16")


def promote(operands):
    arrays = [x.data.dtype for x in operands if isinstance(x, Value)]
    scalars = [kind_of(x) for x in operands if not isinstance(x, Value)]
    if not arrays:
        return np.result_type(*[np.dtype({"b": "?", "i": "i8", "f": "f8", "c": "c16"}[k]) for k in scalars])
    dtype = np.result_type(*arrays)
    for kind in scalars:
        dtype = weak(dtype, kind)
    return dtype


# ---- casts ----

def cast_data(x, dtype):
    out = x.astype(dtype)
    if x.dtype.kind in "fc" and dtype.kind in "iu":
        # What does not fit one by one: NumPy's vector loops treat it differently from its scalar ones.
        real = x.real if x.dtype.kind == "c" else x
        info = np.iinfo(dtype)
        bad = np.flatnonzero(~((real > float(info.min) - 1) & (real < float(info.max))))
        flat, outs = x.reshape(-1), out.reshape(-1)
        for i in bad:
            outs[i] = flat[i:i + 1].astype(dtype)[0]
        out = outs.reshape(x.shape)
    return out


def cast(value, dtype):
    dtype = np.dtype(dtype)
    if value.data.dtype == dtype:
        return value
    if value.err is None:
        return Value(cast_data(value.data, dtype))
    result = moved(lambda x: cast_data(x, dtype), [value], 1)
    if value.data.dtype.kind in "fc" and dtype.kind in "iu":
        # Beyond the target's range a conversion wraps: the smallest error gives any number.
        real = value.data.real
        wraps = ~((real > float(np.iinfo(dtype).min)) & (real < float(np.iinfo(dtype).max)))
        result.err[wraps & (value.err > 0)] = np.inf
    if dtype.kind == "b":  # zero may lie between the ends of what is possible
        result.err[(value.err > 0) & (np.abs(value.data) <= value.err)] = np.inf
    return result


def operand(x, dtype):
    if isinstance(x, Value):
        return cast(x, dtype)
    return Value(np.array(x).astype(dtype) if isinstance(x, complex) else np.array(x, dtype))


# ---- errors ----

def shaped(values):
    """Data and errors of all operands in the common shape."""
    data = np.broadcast_arrays(*[v.data for v in values])
    errs = [None if v.err is None else np.broadcast_to(v.err, data[0].shape) for v in values]
    return data, errs


def units(result, ulps):
    if result.dtype.kind not in "fc":
        return np.zeros(result.shape)
    size = np.abs(result).astype("f8")
    out = np.where(np.isfinite(size), ulps * eps_of(result.dtype) * size + 4 * tiny_of(result.dtype), 0.0)
    if result.dtype.kind == "c":  # C leaves signs of infinities and NaNs of parts unspecified
        out[~np.isfinite(size)] = np.inf
    return out


def distance(a, b):
    """|a - b|; 0 between equal infinities or NaNs, inf between a number and none."""
    if a.dtype.kind == "c":
        return np.asarray(np.hypot(distance(a.real, b.real), distance(a.imag, b.imag)))
    if a.dtype.kind == "f":
        gap = np.array(np.abs(a.astype("g") - b.astype("g")), "f8")
        gap[(a == b) | (np.isnan(a) & np.isnan(b))] = 0
        return np.where(np.isnan(gap), np.inf, gap)
    return np.where(a != b, np.inf, 0.0)


def directions(data, err):
    """The operand moved by its error, every way that matters."""
    if err is None:
        return [data]
    if data.dtype.kind not in "fc":
        return [data]
    e = np.where(np.isfinite(err), err, 0)
    moves = [1, -1] if data.dtype.kind == "f" else [1, -1, 1j, -1j]
    out = []
    for m in moves:
        wide = np.clongdouble if data.dtype.kind == "c" else np.longdouble
        there = (data.astype(wide) + m * e).astype(data.dtype)
        if data.dtype.kind == "f":  # at least one step
            there = np.where((e > 0) & (there == data), np.nextafter(data, np.asarray(m * np.inf, data.dtype)), there)
        out.append(there)
    return out


def moved(f, values, ulps):
    data, errs = shaped(values)
    result = np.asarray(f(*data))
    if all(e is None for e in errs):
        return Value(result, units(result, ulps) if ulps else None)
    gap = np.zeros(result.shape)
    for corner in itertools.product(*[directions(d, e) for d, e in zip(data, errs)]):
        gap = np.asarray(np.maximum(gap, distance(result, np.asarray(f(*corner)))))
    touched = np.zeros(result.shape, bool)
    for e in errs:
        if e is not None:
            gap[np.isinf(e)] = np.inf
            touched |= e > 0
    err = np.asarray(1.1 * gap + np.where(touched | (ulps > 1), units(result, max(ulps, 2)), 0))
    if result.dtype.kind in "fc":
        err[touched & (np.abs(result) > 0.99 * float(np.finfo(result.dtype).max)) & np.isfinite(result)] = np.inf
    return Value(result, err)


def compared(f, values):
    """Comparisons of inexact values are known where the values are farther apart than their errors."""
    data, errs = shaped(values)
    result = np.asarray(f(*data))
    if all(e is None for e in errs):
        return Value(result)
    total = sum(np.zeros(result.shape) if e is None else e for e in errs)
    if data[0].dtype.kind in "fc":  # complex numbers are ordered by their real parts first
        near = np.abs(data[0].real.astype("g") - data[-1].real.astype("g")) <= total
        if data[0].dtype.kind == "c":
            near |= np.abs(data[0] - data[-1]) <= total
    else:
        near = total > 0
    return Value(result, np.where((near & (total > 0)) | np.isinf(total), np.inf, 0.0))


def truths(f, values):
    data, errs = shaped(values)
    result = np.asarray(f(*data))
    if all(e is None for e in errs):
        return Value(result)
    err = np.zeros(result.shape)
    for d, e in zip(data, errs):
        if e is not None:
            err[((np.abs(d.astype("c16")) <= e) & (e > 0)) | np.isinf(e)] = np.inf
    return Value(result, err)


def truth_of(x):
    if not isinstance(x, Value):
        return Value(np.array(bool(x)))
    if x.data.dtype == bool:
        return x
    return truths(lambda d: d != 0, [x])


def where(condition, x, y):
    (c, a, b), errs = shaped([condition, x, y])
    result = np.where(c, a, b)
    if all(e is None for e in errs):
        return Value(result)
    zero = np.zeros(result.shape)
    err = np.where(c, zero if errs[1] is None else errs[1], zero if errs[2] is None else errs[2])
    if errs[0] is not None:
        err[errs[0] > 0] = np.inf
    return Value(result, err)
