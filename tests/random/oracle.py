"""NumPy as the oracle of random_graphs: reads pipelines from stdin, checks results against what NumPy computes.

Requests, one line each, and the answers:
    graph NBYTES + a pipeline in JSON     "ready", or "error WHY"
    check ID DTYPE NDIM EXTENT... NBYTES + the elements     "ok ELEMENTS UNKNOWN", or "bad WHY"
    value ID                              "value DTYPE NDIM EXTENT... NBYTES" + the elements

Every value carries a bound of its error per element: None where all of it is exact, 0 where an element is, inf where nothing
can be said. An operation that is not correctly rounded adds a few units in the last place; one over inexact inputs is
computed again with the inputs moved by their errors, so that steps and poles make their results unknown instead of wrong.
"""
import json
import math
import sys
import warnings

from expression import expression

try:
    import numpy as np
except ImportError:
    sys.exit(77)

from along import ALONG, searchsorted
from chance import DRAWN, OPERATORS, drawn, multiply_high, permutation
from placing import GETS, SELECTIONS, VIEWS, assigned, get, grid, index_of, joined, places, put, repeated, replaced_where, true_in
from products import PRODUCTS, product
from userfunctions import USER
from values import (Value, cast, compared, kind_of, moved, operand, promote, shaped, tiny_of, truth_of, truths,
                    units, where)

np.seterr(all="ignore")
warnings.simplefilter("ignore")

NAMES = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh",
    "atanh": "arctanh", "atan2": "arctan2", "pow": "power", "bitwise_invert": "invert", "abs": "absolute",
    "bitwise_left_shift": "left_shift", "bitwise_right_shift": "right_shift", "round": "rint", "conj": "conjugate",
}
# Not correctly rounded: the bound that kernels/vectors.def promises, in units in the last place, ...
OURS = dict.fromkeys("exp expm1 log10 atanh cbrt".split(), 1.5)
OURS.update(dict.fromkeys("exp2 log log2 log1p sin cos tan asin acos atan atan2 sinh cosh tanh".split(), 3.5))
OURS.update(hypot=1.5, pow=2.5, erf=3, asinh=3.5, acosh=3.5, logaddexp=4)
# ... and NumPy's own.
ROUNDED = {name: ours + 4 for name, ours in OURS.items()}
# Float functions: integers and bools are computed in float64 (NumPy takes float16 or float32 for the small ones).
FLOAT = set("""divide hypot copysign nextafter sqrt cbrt exp exp2 expm1 log log2 log10 log1p logaddexp erf sin cos tan
asin acos atan sinh cosh tanh asinh acosh atanh atan2 deg2rad rad2deg""".split())
ORDER = set("equal not_equal less less_equal greater greater_equal".split())
DIVIDING = set("remainder fmod floor_divide".split())
# How far (within a factor of two) the last operand is from where the function has no bound. Beyond a pole values are finite
# again, so that computing at both ends of an error would not show it.
POLES = {
    "divide": np.abs, "reciprocal": np.abs, "log": np.abs, "log2": np.abs, "log10": np.abs,
    "log1p": lambda x: np.abs(1 + x), "atanh": lambda x: np.abs(1 - x * x), "atan": lambda x: np.abs(1 + x * x),
    "tan": lambda x: np.abs(np.cos(x)), "tanh": lambda x: np.abs(np.cosh(x)),
}
PERIODIC = DIVIDING | set("sin cos tan exp exp2 expm1 sinh cosh tanh".split())
LOGIC = set("logical_and logical_or logical_xor logical_not".split())
REDUCTIONS = set("sum prod min max mean var std any all argmin argmax count_nonzero reproducible_sum reproducible_mean".split())


# ---- elementwise ----

def int_pow(x, y):
    """NumPy refuses negative exponents: 1/x truncated."""
    negative = y < 0
    power = np.power(x, np.where(negative, np.zeros_like(y), y))
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
    if name == "multiply_high":
        return multiply_high
    if name in ("real", "imag"):
        return getattr(np, name)
    if name == "pow" and dtype.kind in "iu":
        return int_pow
    if name == "clip":  # np.clip itself casts bounds
        return np.core.umath.clip
    return getattr(np, NAMES.get(name, name))


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
    """Errors that reach a pole or are of the size of a period say nothing of the result, whatever happens at both ends."""
    data, errs = shaped(values)
    errs = [np.zeros(out.data.shape) if e is None else e for e in errs]
    far = np.zeros(out.data.shape, bool)
    if name in DIVIDING:
        quotient = np.abs(data[0].astype("f8") / np.where(data[1] == 0, 1, data[1]))
        far = errs[0] + quotient * errs[1] > 0.2 * np.abs(data[1])
    elif name == "pow":  # the angle is the imaginary part of y log x
        with_log = np.abs(np.log(np.where(data[0] == 0, 1, data[0])))
        far = errs[1] * (with_log + 4) + np.abs(data[1]) * errs[0] / np.where(data[0] == 0, 1, np.abs(data[0])) > 0.2
    elif name in PERIODIC:
        far = sum(errs) > 0.2
    if name in POLES:
        far = far | (errs[-1] > 0.4 * POLES[name](data[-1]))
    out.err = np.where((sum(errs) > 0) & far, np.inf, out.err)


def elementwise(name, operands):
    if name == "where":
        dtype = promote(operands[1:])
        return where(truth_of(operands[0]), operand(operands[1], dtype), operand(operands[2], dtype))
    if name in OPERATORS:
        return drawn(name, operands)
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


def share(total, divisor):
    """A sum over a divisor; what is not above 0 counts as 0."""
    if divisor <= 0:
        return Value(total.data / total.data.dtype.type(0), np.full(total.data.shape, np.inf))
    out = np.asarray(total.data / divisor).astype(total.data.dtype)
    return Value(out, np.asarray(total.err / divisor + units(out, 3)))


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
    if name in ("sum", "prod", "reproducible_sum"):
        # NumPy on this platform already widens to 64 bits; said here so that it does not depend on the platform.
        default = {"b": "i8", "i": "i8", "u": "u8"}.get(kind, x.data.dtype)
        dtype = np.dtype(node.get("dtype", default))
        x = cast(x, dtype)
        return fold_prod(x, axes, keep, dtype) if name == "prod" else fold_sum(x, axes, keep, dtype, False)
    if name == "mean":
        dtype = np.dtype(node.get("dtype", x.data.dtype if kind in "fc" else "f8"))
        return fold_sum(cast(x, dtype), axes, keep, dtype, True)
    if name == "reproducible_mean":
        dtype = x.data.dtype if kind in "fc" else np.dtype("f8")
        return share(fold_sum(cast(x, dtype), axes, keep, dtype, False), math.prod(x.data.shape[a] for a in axes) - node.get("correction", 0))
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


# ---- a pipeline ----

def evaluate(node, known):
    name = node["op"]
    if name in NEW:
        return Value(np.asarray(NEW[name](node)))
    if name in DRAWN:
        return DRAWN[name](node)
    operands = [x if isinstance(x, Value) else known[x] if isinstance(x, str) and x in known else number(x) for x in node["in"]]
    if name in USER:
        return USER[name](operands, node)
    if name in VIEWS:
        x = operands[0]
        err = None if x.err is None else np.asarray(VIEWS[name](x.err, node))
        return Value(np.asarray(VIEWS[name](x.data, node)), err)
    if name == "permutation":
        return permutation(operands[0], node)
    if name in ALONG:
        return ALONG[name](operands[0], node)
    if name == "outer":
        operands = [x if not isinstance(x, Value) else Value(x.data.reshape(shape), None if x.err is None else x.err.reshape(shape))
                    for x, shape in zip(operands, ((-1, 1), (-1,)))]
        return elementwise("multiply", operands)
    if name in PRODUCTS:
        out = product(name, node, operands)
        out.data = np.asarray(out.data)
        return out
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
    if name == "repeat":
        return repeated(operands, node)
    if name == "repeat_index":
        return Value(np.repeat(np.arange(operands[0].data.size), operands[0].data))
    if name == "meshgrid":
        return grid(operands, node)
    if name == "extract":
        chosen, err = true_in(operands[0]), operands[1].err
        return Value(operands[1].data[chosen], None if err is None else np.broadcast_to(err, chosen.shape)[chosen])
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
        results.append(cast(args[0], insn["dtype"]) if insn["op"] == "astype" else USER[insn["op"]](args, insn) if insn["op"] in USER else elementwise(insn["op"], args))
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
