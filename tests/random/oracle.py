"""NumPy as the oracle of random_graphs: reads pipelines from stdin, checks results against what NumPy computes.

Requests, one line each, and the answers:
    graph NBYTES + a pipeline in JSON     "ready", or "error WHY"
    check ID DTYPE NDIM EXTENT... NBYTES + the elements     "ok ELEMENTS UNKNOWN", or "bad WHY"
    value ID                              "value DTYPE NDIM EXTENT... NBYTES" + the elements

Every value carries a bound of its error per element: None where all of it is exact, 0 where an element is, inf where nothing
can be said. An operation that is not correctly rounded adds a few units in the last place; one over inexact inputs is
computed again with the inputs moved by their errors, so that steps and poles make their results unknown instead of wrong.
"""
import itertools
import json
import math
import re
import sys
import warnings

from expression import expression

try:
    import numpy as np
except ImportError:
    sys.exit(77)

np.seterr(all="ignore")
warnings.simplefilter("ignore")

NAMES = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh",
    "atanh": "arctanh", "atan2": "arctan2", "pow": "power", "bitwise_invert": "invert", "abs": "absolute",
    "bitwise_left_shift": "left_shift", "bitwise_right_shift": "right_shift", "round": "rint", "conj": "conjugate",
}
# Not correctly rounded: within this many units in the last place of NumPy (both err).
ROUNDED = dict.fromkeys("""acos acosh asin asinh atan atan2 atanh cbrt cos cosh exp exp2 expm1 hypot log log1p log2
log10 logaddexp pow sin sinh tan tanh erf""".split(), 8)
# Float functions: integers and bools are computed in float64 (NumPy takes float16 or float32 for the small ones).
FLOAT = set("""divide hypot copysign nextafter sqrt cbrt exp exp2 expm1 log log2 log10 log1p logaddexp erf sin cos tan
asin acos atan sinh cosh tanh asinh acosh atanh atan2 deg2rad rad2deg""".split())
ORDER = set("equal not_equal less less_equal greater greater_equal".split())
DIVIDING = set("remainder fmod floor_divide".split())
POLES = set("divide reciprocal".split())
PERIODIC = DIVIDING | set("sin cos tan exp exp2 expm1 sinh cosh tanh".split())
LOGIC = set("logical_and logical_or logical_xor logical_not".split())
REDUCTIONS = set("sum prod min max mean var std any all argmin argmax count_nonzero".split())


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
    return moved(lambda x: cast_data(x, dtype), [value], 1)


def operand(x, dtype):
    if isinstance(x, Value):
        return cast(x, dtype)
    return Value(np.array(x).astype(dtype) if isinstance(x, complex) else np.array(x, dtype))


# ---- elementwise ----

def int_pow(x, y):
    """NumPy refuses negative exponents: 1/x truncated."""
    negative = y < 0
    power = np.power(x, np.where(negative, 0, y).astype(y.dtype))
    odd = np.where(y & y.dtype.type(1), -1, 1)
    inverse = np.where(x == 1, 1, np.where(x == -1, odd, 0))
    return np.where(negative, inverse.astype(x.dtype), power)


def complex_product(x, y):
    out = np.empty(np.broadcast_shapes(x.shape, y.shape), x.dtype)
    out.real = x.real * y.real - x.imag * y.imag
    out.imag = x.real * y.imag + x.imag * y.real
    return out


def function(name, dtype):
    if name == "erf":
        return lambda x: np.array([math.erf(v) for v in x.ravel()]).reshape(x.shape).astype(x.dtype)
    if name in ("floor", "ceil", "trunc", "round") and dtype.kind in "iu":
        return lambda x: x
    if name in ("multiply", "square") and dtype.kind == "c":  # NumPy fuses multiply and add where AVX512 is
        return lambda x, y=None: complex_product(x, x if y is None else y)
    if name in ("real", "imag"):
        return getattr(np, name)
    if name == "pow" and dtype.kind in "iu":
        return int_pow
    if name == "clip":  # np.clip itself casts bounds
        return np.core.umath.clip
    return getattr(np, NAMES.get(name, name))


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


def either_zero(values, out):
    """Of zeros with different signs either may win in maximum, minimum and clip."""
    data, _ = shaped(values)
    if out.data.dtype.kind not in "fc":
        return out
    def has(sign):
        return sum((p == 0) & (np.signbit(p) == sign) for d in data for p in ((d.real, d.imag) if d.dtype.kind == "c" else (d,))) > 0
    unsure = has(True) & has(False)
    if unsure.any():
        err = np.zeros(out.data.shape) if out.err is None else np.array(out.err)
        err[unsure] = np.maximum(err[unsure], tiny_of(out.data.dtype))
        out.err = err
    return out


def lost(name, values, out):
    """Errors of the size of a period say nothing of the result, whatever happens at both ends."""
    data, errs = shaped(values)
    errs = [np.zeros(out.data.shape) if e is None else e for e in errs]
    if name in DIVIDING:
        quotient = np.abs(data[0].astype("f8") / np.where(data[1] == 0, 1, data[1]))
        far = errs[0] + quotient * errs[1] > 0.2 * np.abs(data[1])
    elif name in POLES:
        far = errs[-1] > 0.5 * np.abs(data[-1])
    elif name in PERIODIC or name == "pow":
        far = sum(errs) > 0.2
        if name == "pow":  # the angle is the imaginary part of y log x
            with_log = np.abs(np.log(np.where(data[0] == 0, 1, data[0])))
            far = errs[1] * (with_log + 4) + np.abs(data[1]) * errs[0] / np.where(data[0] == 0, 1, np.abs(data[0])) > 0.2
    else:
        return
    moved_at_all = sum(errs) > 0
    out.err = np.where(moved_at_all & far, np.inf, out.err)


def elementwise(name, operands):
    if name == "where":
        dtype = promote(operands[1:])
        return where(truth_of(operands[0]), operand(operands[1], dtype), operand(operands[2], dtype))
    dtype = promote(operands)
    if name in FLOAT and dtype.kind not in "fc":
        dtype = np.dtype("f8")
    values = [operand(x, dtype) for x in operands]
    f = function(name, dtype)
    if name in ORDER:
        return compared(f, values)
    if name in LOGIC:
        return truths(f, values)
    ulps = ROUNDED.get(name, 0)
    if dtype.kind in "iub":
        ulps = 0
    if dtype.kind == "c":
        # Complex functions relative to the modulus.
        ulps = {"pow": 256, "abs": 8, "sqrt": 8}.get(name, 2 * ulps)
    out = moved(f, values, ulps)
    if out.err is not None and (name in PERIODIC or name in POLES or dtype.kind == "c"):
        lost(name, values, out)
    if name in ("signbit", "copysign"):  # nobody says which sign a NaN has
        nan = np.broadcast_to(np.isnan(values[-1].data), out.data.shape)
        out.err = np.where(nan, np.inf, 0 if out.err is None else out.err) if nan.any() else out.err
    return either_zero(values, out) if name in ("maximum", "minimum", "clip") else out


def truth_of(x):
    if not isinstance(x, Value):
        return Value(np.array(bool(x)))
    if x.data.dtype == bool:
        return x
    return truths(lambda d: d != 0, [x])


# ---- reductions ----

def axes_of(node, ndim):
    axis = node.get("axis")
    if axis is None:
        return tuple(range(ndim))
    return tuple(a % ndim for a in ([axis] if isinstance(axis, int) else axis))


def parts_total(x, axes, keep):
    """Sum of magnitudes."""
    return np.sum(np.abs(x.astype("c16" if x.dtype.kind == "c" else "f8")), axis=axes, keepdims=keep)


def unknown_to(err, axes, keep):
    """Nothing is known of a result over any inexact element."""
    return np.where(np.any(err > 0, axis=axes, keepdims=keep), np.inf, 0.0)


def fold_sum(x, axes, keep, dtype, mean):
    count = math.prod(x.data.shape[a] for a in axes)
    if dtype.kind not in "fc":
        out = np.asarray(np.sum(x.data, axis=axes, keepdims=keep, dtype=dtype))
        return Value(out, None if x.err is None else unknown_to(x.err, axes, keep))
    wide = np.clongdouble if dtype.kind == "c" else np.longdouble
    total = np.sum(x.data.astype(wide), axis=axes, keepdims=keep)
    size = parts_total(x.data, axes, keep)
    if mean:
        total = total / wide(count) if count else total * np.nan
        size = size / count if count else size * np.nan
    out = np.asarray(total).astype(dtype)
    err = np.asarray(units(out, 3) + np.nan_to_num(size, nan=0.0, posinf=0.0) * 2.0 ** -50)
    if x.err is not None:
        err = err + np.sum(x.err, axis=axes, keepdims=keep) / (max(count, 1) if mean else 1)
    # Partial sums may overflow in one order and not in another.
    finite = np.all(np.isfinite(x.data), axis=axes, keepdims=keep)
    limit = 0.99 * float(np.finfo(dtype).max)
    wild = np.asarray(np.where(finite, size * (count if mean else 1) > 0.99 * sys.float_info.max, False) | (np.isfinite(size) & (np.abs(out) > limit) & finite))
    err = np.where(wild, np.inf, err)
    return Value(out, err)


def fold_prod(x, axes, keep, dtype):
    if dtype.kind not in "fc":
        out = np.asarray(np.prod(x.data, axis=axes, keepdims=keep, dtype=dtype))
        return Value(out, None if x.err is None else unknown_to(x.err, axes, keep))
    wide = np.clongdouble if dtype.kind == "c" else np.longdouble
    out = np.asarray(np.prod(x.data.astype(wide), axis=axes, keepdims=keep)).astype(dtype)
    count = math.prod(x.data.shape[a] for a in axes)
    size = np.abs(x.data).astype("f8")
    log = np.where((size > 0) & np.isfinite(size), np.log2(np.where(size > 0, size, 1)), 0)
    up, down = (np.sum(np.where(s * log > 0, s * log, 0), axis=axes, keepdims=keep) for s in (1, -1))
    err = units(out, 3) + np.nan_to_num(np.abs(out).astype("f8"), nan=0, posinf=0) * (count + 8) * 2.0 ** -50 * (4 if dtype.kind == "c" else 1)
    if dtype.kind == "c":  # a part may cancel
        bound = np.exp2(np.sum(log, axis=axes, keepdims=keep))
        err = err + bound * (count + 8) * 2.0 ** -49
        err = np.where(np.all(np.isfinite(x.data), axis=axes, keepdims=keep), err, np.inf)
    err = np.where((up > 1000) | (down > 1000), np.inf, err)
    top = float(np.finfo(dtype).max)
    err = np.where(np.isfinite(np.abs(out)) & (np.abs(out) > 0.99 * top), np.inf, err)
    if x.err is not None and x.data.size:
        share = np.where(x.err > 0, np.where(size > 2 * x.err, x.err / np.where(size > 0, size, 1), np.inf), 0)
        share = np.where(np.isfinite(size) | (x.err == 0), share, np.inf)
        total = np.sum(share, axis=axes, keepdims=keep)
        err = np.where(total > 0.1, np.inf, err + 2 * np.nan_to_num(np.abs(out).astype("f8"), nan=0, posinf=0) * total)
    return Value(out, np.asarray(err))


def fold_var(x, axes, keep, dtype, correction, root):
    """dtype: what is squared; the result is its real type."""
    real = np.zeros(0, dtype).real.dtype
    count = math.prod(x.data.shape[a] for a in axes)
    wide = x.data.astype(np.clongdouble if dtype.kind == "c" else np.longdouble)
    mean = np.sum(wide, axis=axes, keepdims=True) / np.longdouble(count) if count else np.sum(wide, axis=axes, keepdims=True) * np.nan
    off = wide - mean
    square = off.real ** 2 + off.imag ** 2 if dtype.kind == "c" else off ** 2
    total = np.sum(square, axis=axes, keepdims=keep)
    divisor = max(count - correction, 0)
    var = np.asarray((total / np.longdouble(divisor)))
    level = np.sum(np.abs(wide) ** 2, axis=axes, keepdims=keep) / np.longdouble(max(divisor, 1e-300))
    bad = 16 * (count + 8) * 2.0 ** -52 * (np.sqrt(np.abs(var) * level) + level * 2.0 ** -40)
    if x.err is not None and count:
        e = np.asarray(x.err)
        sway = e + np.sum(e, axis=axes, keepdims=True) / count
        bad = bad + 2 * np.sum(np.sqrt(square) * sway + sway ** 2, axis=axes, keepdims=keep) / np.longdouble(max(divisor, 1e-300))
        unsure = np.any(np.isinf(e), axis=axes, keepdims=keep)
    else:
        unsure = np.zeros(var.shape, bool)
    if root:
        high, low = np.sqrt(var + bad), np.sqrt(np.maximum(var - bad, 0))
        out = np.sqrt(var)
        bad = np.maximum(high - out, out - low)
    else:
        out = var
    out = np.asarray(out).astype(real)
    err = np.asarray(np.where(np.isnan(out), 0, bad.astype("f8") + units(out, 4)))
    if divisor <= 0 and count > 1:
        unsure = np.ones(var.shape, bool)  # 0 / 0 or something / 0
    size = np.abs(wide)
    most = np.max(np.where(np.isfinite(size), size, 0), axis=axes, keepdims=keep, initial=0)
    if root:
        unsure = unsure | (most > 1e150)
    unsure = unsure | (most > 1e150) | (np.abs(out) > 0.99 * float(np.finfo(real).max))
    return Value(out, np.where(unsure, np.inf, err))


def fold_extreme(x, name, axes, keep):
    f = np.min if name == "min" else np.max
    out = np.asarray(f(x.data, axis=axes, keepdims=keep))
    err = None
    if x.err is not None:
        err = np.asarray(np.max(x.err, axis=axes, keepdims=keep, initial=0))
        if x.data.dtype.kind not in "fc":
            err = np.where(err > 0, np.inf, 0)
        if x.data.dtype.kind == "c":  # the order of near real parts is open
            err = np.where(err > 0, np.inf, 0)
    if out.dtype.kind in "fc":
        err = np.zeros(out.shape) if err is None else err
        err = np.where(out == 0, np.maximum(err, tiny_of(out.dtype)), err)
    if out.dtype.kind == "c":  # one NaN for all
        err = np.where(np.isnan(out), np.inf, err)
        err = np.where((out.real == 0) | (out.imag == 0), np.maximum(err, tiny_of(out.dtype)), err)
    return Value(out, err)


def reduce(name, node, x):
    axes, keep = axes_of(node, x.data.ndim), node.get("keepdims", False)
    kind = x.data.dtype.kind
    if name in ("sum", "prod"):
        # NumPy on this platform already widens to 64 bits; said here so that it does not depend on the platform.
        default = {"b": "i8", "i": "i8", "u": "u8"}.get(kind, x.data.dtype)
        dtype = np.dtype(node.get("dtype", default))
        x = cast(x, dtype)
        return fold_sum(x, axes, keep, dtype, False) if name == "sum" else fold_prod(x, axes, keep, dtype)
    if name == "mean":
        dtype = np.dtype(node.get("dtype", x.data.dtype if kind in "fc" else "f8"))
        return fold_sum(cast(x, dtype), axes, keep, dtype, True)
    if name in ("var", "std"):
        dtype = x.data.dtype if kind in "fc" else np.dtype("f8")
        return fold_var(cast(x, dtype), axes, keep, dtype, node.get("correction", 0), name == "std")
    if name in ("min", "max"):
        return fold_extreme(x, name, axes, keep)
    if name in ("any", "all", "count_nonzero"):
        t = truth_of(x)
        out = np.asarray(getattr(np, name)(t.data, axis=axes, keepdims=keep))
        return Value(out.astype("i8" if name == "count_nonzero" else "?"), None if t.err is None else unknown_to(t.err, axes, keep))
    axis = None if node.get("axis") is None else axes[0]
    out = np.asarray(getattr(np, name)(x.data, axis=axis, keepdims=keep)).astype("i8")
    return Value(out, None if x.err is None else np.asarray(unknown_to(x.err, axes, keep)))


# ---- along an axis ----

def sort(x, node):
    """Stable, NaNs last in both directions."""
    axis, data = node.get("axis", -1), x.data
    if node.get("descending", False):
        order = np.argsort(~data if data.dtype.kind in "biu" else -data, axis=axis, kind="stable")
    else:
        order = np.argsort(data, axis=axis, kind="stable")
    indices = node["op"] == "argsort"
    out = order.astype("i8") if indices else np.take_along_axis(data, order, axis)
    if x.err is None:
        return Value(out)
    # Values move no farther than the farthest of their line, if their order is that of numbers.
    worst = np.max(x.err, axis=axis, keepdims=True, initial=0)
    if indices or data.dtype.kind != "f":
        worst = np.where(worst > 0, np.inf, 0.0)
    return Value(out, np.array(np.broadcast_to(worst, out.shape)))


def running_bounds(x, axis, dtype, product, out):
    """Errors as of sums and products, of every element's own share of its line."""
    count = x.data.shape[axis]
    size = np.abs(x.data).astype("f8")
    plain = np.nan_to_num(np.abs(out).astype("f8"), nan=0, posinf=0)
    finite = np.logical_and.accumulate(np.isfinite(size), axis=axis)
    wild = np.isfinite(np.abs(out)) & (np.abs(out) > 0.99 * float(np.finfo(dtype).max))
    if not product:
        total = np.cumsum(size, axis=axis)
        err = units(out, 3) + np.nan_to_num(total, nan=0, posinf=0) * (count + 8) * 2.0 ** -52
        wild |= finite & (total > 0.99 * sys.float_info.max)
        err = np.where(wild, np.inf, err)
        return err if x.err is None else err + np.cumsum(x.err, axis=axis)
    log = np.where((size > 0) & np.isfinite(size), np.log2(np.where(size > 0, size, 1)), 0)
    err = units(out, 3) + plain * (count + 8) * 2.0 ** -50 * 4
    if dtype.kind == "c":
        err = err + np.exp2(np.cumsum(log, axis=axis)) * (count + 8) * 2.0 ** -49
        wild |= ~finite
    for sign in (1, -1):
        wild |= np.cumsum(np.where(sign * log > 0, sign * log, 0), axis=axis) > 1000
    err = np.where(wild, np.inf, err)
    if x.err is None:
        return err
    share = np.where(x.err > 0, np.where(size > 2 * x.err, x.err / np.where(size > 0, size, 1), np.inf), 0)
    share = np.where(np.isfinite(size) | (x.err == 0), share, np.inf)
    total = np.cumsum(share, axis=axis)
    return np.where(total > 0.1, np.inf, err + 2 * plain * total)


def cumulative(x, node):
    product = node["op"] == "cumulative_prod"
    default = {"b": "i8", "i": "i8", "u": "u8"}.get(x.data.dtype.kind, x.data.dtype)
    dtype = np.dtype(node.get("dtype", default))
    x = cast(x, dtype)
    if x.data.ndim == 0:
        x = Value(x.data.reshape(1), None if x.err is None else np.reshape(x.err, 1))
    axis = 0 if node.get("axis") is None else node["axis"]
    f = np.cumprod if product else np.cumsum
    if dtype.kind in "fc":
        out = f(x.data.astype(np.clongdouble if dtype.kind == "c" else np.longdouble), axis=axis).astype(dtype)
        err = running_bounds(x, axis, dtype, product, out)
    else:
        out = f(x.data, axis=axis, dtype=dtype)
        err = None if x.err is None else np.where(np.logical_or.accumulate(x.err > 0, axis=axis), np.inf, 0.0)
    if node.get("include_initial", False):
        first = list(out.shape)
        first[axis] = 1
        out = np.concatenate([np.full(first, product, dtype), out], axis=axis)
        err = None if err is None else np.concatenate([np.zeros(first), err], axis=axis)
    return Value(out, err)


ALONG = {"sort": sort, "argsort": sort, "cumulative_sum": cumulative, "cumulative_prod": cumulative}


# ---- the same elements seen otherwise ----

def index_of(text):
    return eval("np.s_[" + text + "]", {"np": np}) if text.strip() else ()


def places(node, shape):
    """base index[b] = offset[b] + step[b] * i[axis[b]], or with a period offset[b] + (phase[b] + step[b] * i[axis[b]]) % period[b]"""
    index, none = [], [0] * len(node["axis"])
    for axis, offset, step, period, phase in zip(node["axis"], node["offset"], node["step"], node.get("period", none), node.get("phase", none)):
        form = [1] * len(shape)
        if axis >= 0:
            form[axis] = shape[axis]
        way = phase + (step * np.arange(shape[axis]) if axis >= 0 else np.zeros(1, int))
        index.append((offset + (way % period if period else way)).reshape(form))
    return tuple(index)


def view(x, node):
    index = places(node, node["shape"])
    return np.broadcast_to(x[index] if index else x, node["shape"])


def as_list(x):
    return [x] if isinstance(x, int) else x


def triangle(f, x, node):
    return np.where(f(np.ones(x.shape[-2:], bool), node.get("k", 0)), x, x.dtype.type(0))


VIEWS = {
    "slice": lambda x, n: x[index_of(n["index"])],
    "permute_dims": lambda x, n: np.transpose(x, n.get("axes")),
    "matrix_transpose": lambda x, n: np.swapaxes(x, -1, -2),
    "moveaxis": lambda x, n: np.moveaxis(x, n["source"], n["destination"]),
    "expand_dims": lambda x, n: np.expand_dims(x, n["axis"]),
    "squeeze": lambda x, n: np.squeeze(x, tuple(as_list(n["axis"]))),
    "flip": lambda x, n: np.flip(x, None if n.get("axis") is None else tuple(as_list(n["axis"]))),
    "broadcast_to": lambda x, n: np.broadcast_to(x, n["shape"]),
    "reshape": lambda x, n: np.reshape(x, n["shape"]),
    "tile": lambda x, n: np.tile(x, n["repetitions"]),
    "repeat": lambda x, n: np.repeat(x, n["repeats"], n.get("axis")),
    "redistribute": lambda x, n: x,
    "rebalance": lambda x, n: x,
    "distribute_as": lambda x, n: np.reshape(x, n["shape"]),
    "roll": lambda x, n: np.roll(x, n["shift"], n.get("axis")),
    "diagonal": lambda x, n: np.diagonal(x, n.get("offset", 0), n.get("axis1", 0), n.get("axis2", 1)),
    "tril": lambda x, n: triangle(np.tril, x, n),
    "triu": lambda x, n: triangle(np.triu, x, n),
    "view": view,
}


# ---- arrays side by side, and arrays with parts replaced ----

def errors(values):
    """The errors of all, zeros where a value is exact; None where all are."""
    if all(v.err is None for v in values):
        return None
    return [np.zeros(v.data.shape) if v.err is None else np.broadcast_to(v.err, v.data.shape) for v in values]


def joined(name, node, values):
    f = {"concat": np.concatenate, "stack": np.stack}[name]
    axis = node.get("axis", 0)
    dtype = np.result_type(*[v.data.dtype for v in values])
    values = [cast(v, dtype) for v in values]
    errs = errors(values)
    return Value(np.asarray(f([v.data for v in values], axis)), None if errs is None else np.asarray(f(errs, axis)))


def assigned(x, value, index):
    """x with x[index] replaced: errors as the values."""
    value = operand(value, x.data.dtype)
    data = x.data.copy()
    data[index] = value.data
    if x.err is None and value.err is None:
        return Value(data)
    err = np.zeros(data.shape) if x.err is None else np.array(np.broadcast_to(x.err, data.shape))
    err[index] = 0 if value.err is None else value.err
    return Value(data, err)


def replaced_where(x, mask, value):
    value = operand(value, x.data.dtype)
    shape = x.data.shape
    spread = Value(np.broadcast_to(value.data, shape), None if value.err is None else np.broadcast_to(value.err, shape))
    return where(truth_of(mask), spread, x)


# ---- indexing by arrays ----

def indices_of(values):
    return [v.data.astype("i8") for v in values]


def chosen(text, arrays):
    """An index text in which @0 names the first array."""
    return eval("np.s_[" + re.sub("@([0-9]+)", r"A[\1]", text) + "]", {"np": np, "A": arrays}) if text.strip() else ()


def followed(x, shape, arrays, rules):
    """The attributes of a dump's gather or scatter as an index of x in a space of `shape`."""
    index = []
    for axis, offset, step in zip(*[iter(rules)] * 3):
        form = [1] * len(shape)
        if axis == -2:
            index.append(np.broadcast_to(arrays[offset], shape))
        elif axis == -1:
            index.append(np.array(offset).reshape(form))
        else:
            form[axis] = shape[axis]
            index.append((offset + step * np.arange(shape[axis])).reshape(form))
    return tuple(np.broadcast_arrays(*index, np.empty(shape))[:-1])


GETS = {
    "take": lambda x, i, n: np.take(x, i[0], n.get("axis", 0)),
    "take_along_axis": lambda x, i, n: np.take_along_axis(x, i[0], n.get("axis", -1)),
    "get": lambda x, i, n: x[chosen(n["index"], i)],
    "gather": lambda x, i, n: x[followed(x, n["shape"], i, n["attributes"])],
}


def get(name, node, operands):
    x, arrays = operands[0], indices_of(operands[1:])
    err = None if x.err is None else np.asarray(GETS[name](np.broadcast_to(x.err, x.data.shape), arrays, node))
    return Value(np.asarray(GETS[name](x.data, arrays, node)), err)


def put(name, node, operands):
    """The last value in C order stays where places repeat; NumPy itself goes through them in an order of its own."""
    x, value, arrays = operands[0], operand(operands[1], operands[0].data.dtype), indices_of(operands[2:])
    places = np.arange(x.data.size).reshape(x.data.shape)
    index = chosen(node["index"], arrays) if name == "put" else followed(x.data, value.data.shape, arrays, node["attributes"])
    places = np.asarray(places[index])
    order = places.ravel()[::-1]
    unique, last = np.unique(order, return_index=True)
    def replaced(into, by):
        while by.ndim > places.ndim and by.shape[0] == 1:
            by = by[0]
        out = np.array(into, order="C")
        out.reshape(-1)[unique] = np.broadcast_to(by, places.shape).ravel()[::-1][last]
        return out
    zero = np.zeros(())
    err = None
    if x.err is not None or value.err is not None:
        old = np.broadcast_to(zero if x.err is None else x.err, x.data.shape)
        err = replaced(old, np.broadcast_to(zero if value.err is None else value.err, value.data.shape))
    return Value(replaced(x.data, value.data), err)


# ---- new arrays ----

def number(x):
    if isinstance(x, dict):
        return complex(float(x["re"]), float(x["im"]))
    return float(x) if isinstance(x, str) and not x.isdigit() else int(x) if isinstance(x, str) else x


def array(node):
    dtype, shape = np.dtype(node["dtype"]), node["shape"]
    flat = node["data"]
    for _ in range(len(shape) - 1):
        flat = [x for part in flat for x in part]
    flat = flat if shape else [flat]
    if any(isinstance(x, (str, dict)) for x in flat):
        flat = [number(x) for x in flat]
    return np.array(flat, dtype).reshape(shape)


def arange(node):
    args = [number(node[k]) for k in ("start", "stop", "step") if k in node]
    return np.arange(*args, dtype=node.get("dtype"))


def linspace(node):
    return np.linspace(node["start"], node["stop"], node["num"], endpoint=node.get("endpoint", True), dtype=node.get("dtype"))


def full(node):
    value = number(node["fill_value"])
    default = {"b": "?", "i": "i8", "f": "f8", "c": "c16"}[kind_of(value)]
    return np.full(node["shape"], np.array(value, node.get("dtype", default)))


NEW = {
    "array": array, "arange": arange, "linspace": linspace, "full": full,
    "zeros": lambda n: np.zeros(n["shape"], n.get("dtype", "f8")),
    "ones": lambda n: np.ones(n["shape"], n.get("dtype", "f8")),
    "eye": lambda n: np.eye(n["n_rows"], n.get("n_cols"), n.get("k", 0), n.get("dtype", "f8")),
    "index": lambda n: np.broadcast_to(np.indices(n["shape"], sparse=True)[n["axis"]], n["shape"]),
}


# ---- masks and sorted arrays ----

def true_in(x):
    """How many elements a mask selects must be beyond doubt."""
    if x.err is not None and np.any(x.err > 0):
        raise ValueError("an inexact mask")
    return x.data.astype(bool)


SELECTIONS = {
    "flatnonzero": lambda x, n: np.flatnonzero(true_in(x)),
    "nonzero": lambda x, n: np.nonzero(true_in(x))[n["axis"]],
}


def searchsorted(x1, x2, node):
    dtype = np.result_type(x1.data.dtype, x2.data.dtype)
    data, side = cast(x1, dtype).data, node.get("side") or "left"
    return moved(lambda v: np.asarray(np.searchsorted(data, v, side)).astype("i8"), [cast(x2, dtype)], 0)


# ---- a pipeline ----

def evaluate(node, known):
    name = node["op"]
    if name in NEW:
        return Value(np.asarray(NEW[name](node)))
    operands = [x if isinstance(x, Value) else known[x] if isinstance(x, str) and x in known else number(x) for x in node["in"]]
    if name in VIEWS:
        x = operands[0]
        err = None if x.err is None else np.asarray(VIEWS[name](x.err, node))
        return Value(np.asarray(VIEWS[name](x.data, node)), err)
    if name in ALONG:
        return ALONG[name](operands[0], node)
    if name in GETS:
        return get(name, node, operands)
    if name in ("put", "scatter"):
        return put(name, node, operands)
    if name in REDUCTIONS:
        return reduce(name, node, operands[0])
    if name in ("concat", "stack"):
        return joined(name, node, operands)
    if name == "set_slice":
        return assigned(operands[0], operands[1], index_of(node["index"]))
    if name == "set_where":
        return replaced_where(*operands)
    if name == "astype":
        return cast(operands[0], node["dtype"])
    if name in SELECTIONS:
        return Value(np.asarray(SELECTIONS[name](operands[0], node)))
    if name == "compress":
        chosen, axis = true_in(operands[0]), node.get("axis")
        err = operands[1].err
        return Value(np.compress(chosen, operands[1].data, axis), None if err is None else np.compress(chosen, err, axis))
    if name == "searchsorted":
        return searchsorted(operands[0], operands[1], node)
    return elementwise(name, operands)


def kernel(node, known):
    """A fused kernel of a program's dump: its outputs, each over the whole space."""
    space = tuple(node["space"])
    inputs = [known[x] if isinstance(x, str) else evaluate(x, known) for x in node.get("in", [])]
    params = [Value(np.array(number(p["value"]), p["dtype"])) for p in node.get("params", [])]
    results = []
    def find(ref):
        k = int(ref[1:])
        if ref[0] == "x":
            return Value(np.broadcast_to(np.indices(space, sparse=True)[k], space))
        return {"i": inputs, "p": params, "r": results}[ref[0]][k]
    for insn in node.get("body", []):
        args = [find(ref) for ref in insn["args"]]
        results.append(cast(args[0], insn["dtype"]) if insn["op"] == "astype" else elementwise(insn["op"], args))
    found = {}
    for out in node.get("outputs", []):
        x = find(out["value"])
        err = None if x.err is None else np.broadcast_to(x.err, space)
        found[out["id"]] = Value(np.broadcast_to(x.data, space), err)
        if "part" in out:
            base = known[out["base"]] if "base" in out else Value(np.zeros(out["shape"], out["dtype"]))
            found[out["id"]] = assigned(base, found[out["id"]], places(out["part"], space) or ())
    return found


def evaluate_all(pipeline):
    known = {}
    for node in pipeline["nodes"]:
        try:
            if "expr" in node:
                known[node["id"]] = expression(node["expr"], known, evaluate)
            elif node["op"] == "kernel":
                known.update(kernel(node, known))
            else:
                known[node["id"]] = evaluate(node, known)
        except Exception as problem:
            raise type(problem)("%s %s: %s" % (node.get("id"), node.get("op", "expr"), problem)) from problem
    return known


# ---- comparing ----

def same(got, want):
    if got.dtype.kind == "c":
        return same(got.real, want.real) & same(got.imag, want.imag)
    if got.dtype.kind == "f":
        return ((got == want) & (np.signbit(got) == np.signbit(want))) | (np.isnan(got) & np.isnan(want))
    return got == want


def close(got, want, err):
    if got.dtype.kind == "c":
        return close(got.real, want.real, err) & close(got.imag, want.imag, err)
    if got.dtype.kind != "f":
        return got == want
    return same(got, want) | ((err > 0) & ((got == want) | (np.abs(got.astype("g") - want.astype("g")) <= err)))


def compare(got, want):
    if got.dtype != want.data.dtype:
        return "dtype %s instead of %s" % (got.dtype, want.data.dtype), 0
    if got.shape != want.data.shape:
        return "shape %s instead of %s" % (got.shape, want.data.shape), 0
    if want.err is None:
        good, open_ends = same(got, want.data), 0
    else:
        err = np.broadcast_to(want.err, got.shape)
        good = close(got, want.data, err) | np.isinf(err)
        open_ends = int(np.count_nonzero(np.isinf(err)))
    if np.all(good):
        return None, open_ends
    bad = np.argwhere(~np.asarray(good))
    i = tuple(int(k) for k in bad[0])
    allowed = "exactly" if want.err is None else "within %g" % np.broadcast_to(want.err, got.shape)[i]
    return "%d of %d elements differ, first at %s: %r instead of %s %r" % (
        len(bad), got.size, i, got[i].item(), allowed, want.data[i].item()), 0


def main():
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    known = {}
    for line in iter(stdin.readline, b""):
        words = line.decode().split()
        answer = b""
        if words[0] == "graph":
            text = stdin.read(int(words[1]))
            try:
                known = evaluate_all(json.loads(text))
                answer = b"ready\n"
            except Exception as problem:
                answer = ("error %s: %s\n" % (type(problem).__name__, str(problem).replace("\n", " "))).encode()
        elif words[0] == "check":
            ndim = int(words[3])
            shape = tuple(int(w) for w in words[4:4 + ndim])
            got = np.frombuffer(stdin.read(int(words[4 + ndim])), np.dtype(words[2])).reshape(shape)
            why, open_ends = compare(got, known[words[1]])
            answer = ("bad %s\n" % why if why else "ok %d %d\n" % (got.size, open_ends)).encode()
        elif words[0] == "value":
            data = known[words[1]].data
            raw = np.ascontiguousarray(data).tobytes()
            shape = " ".join(str(n) for n in data.shape)
            answer = ("value %s %d %s %d\n" % (data.dtype.name, data.ndim, shape, len(raw))).encode() + raw
        stdout.write(answer)
        stdout.flush()


main()
