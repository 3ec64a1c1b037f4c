"""Checks the records that test_ops and test_reduce write against NumPy.

A record is a header line of words, then the raw bytes of the inputs and of the output:
    op NAME COMPUTE RESULT N                          one array of N elements per input
    red NAME COMPUTE RESULT MASK CORRECTION SHAPE...  one array; what is left after reducing the axes in MASK
Prints what differs; exits 1 if anything does, 77 where there is no NumPy.
"""
import math
import sys
import warnings

try:
    import numpy as np
except ImportError:
    sys.exit(77)

np.seterr(all="ignore")
warnings.simplefilter("ignore")
NAMES = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh",
    "atanh": "arctanh", "atan2": "arctan2", "pow": "power", "bitwise_invert": "invert",
    "bitwise_left_shift": "left_shift", "bitwise_right_shift": "right_shift", "round": "rint",
}
# Within 4 units in the last place; complex functions relative to the modulus. All others must agree bit by bit.
ROUNDED = set("""acos acosh asin asinh atan atan2 atanh cbrt cos cosh exp exp2 expm1 hypot log log1p log2
log10 logaddexp pow sin sinh tan tanh erf""".split())
INPUTS = {"clip": 3, "where": 3}
BINARY = set("""add subtract multiply multiply_high divide floor_divide remainder fmod pow maximum minimum hypot copysign
nextafter logaddexp atan2 equal not_equal less less_equal greater greater_equal logical_and logical_or
logical_xor bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift""".split())


def int_pow(x, y):
    """NumPy refuses negative exponents: 1/x truncated."""
    negative = y < 0
    power = np.power(x, np.where(negative, 0, y).astype(y.dtype))
    odd = np.where(y & 1, -1, 1)
    inverse = np.where(x == 1, 1, np.where(x == -1, odd, 0))
    return np.where(negative, inverse.astype(x.dtype), power)


def elementwise(name, args, result):
    x = args[0]
    if name == "astype":
        # One by one: NumPy's vector loop to uint32 treats what does not fit differently from its scalar loop.
        return np.concatenate([x[i:i + 1].astype(result) for i in range(len(x))])
    if name == "erf":
        return np.array([math.erf(v) for v in x]).astype(x.dtype)
    if name in ("floor", "ceil", "trunc", "round") and x.dtype.kind in "iu":
        return x
    if name in ("real", "imag"):
        return getattr(np, name)(x)
    if name == "pow" and x.dtype.kind in "iu":
        return int_pow(*args)
    if name == "clip":  # np.clip itself casts bounds
        return np.core.umath.clip(*args)
    if name == "multiply_high":
        product = args[0].astype(object) * args[1].astype(object) >> 8 * args[0].dtype.itemsize
        return product.astype(args[0].dtype)
    return getattr(np, NAMES.get(name, name))(*args)


def ulps(got, want):
    kind = np.int32 if got.dtype == np.float32 else np.int64
    def ordered(v):
        bits = np.ascontiguousarray(v).view(kind)
        return np.where(bits >= 0, bits, np.iinfo(kind).min - bits).astype(np.longdouble)
    return np.abs(ordered(got) - ordered(want))


def close(got, want, units):
    if got.dtype.kind == "c":
        eps = np.finfo(got.dtype).eps
        finite = np.isfinite(got) & np.isfinite(want)
        error = np.abs(got.astype("c16") - want.astype("c16"))
        with_tiny = units * eps * np.abs(want).astype("f8") + 4 * float(np.finfo(got.dtype).smallest_subnormal)
        parts = same(got.real, want.real) & same(got.imag, want.imag)
        # Where infinities and NaNs come out, C leaves signs of parts unspecified.
        weird = ~np.isfinite(got) & ~np.isfinite(want)
        return parts | weird | (finite & (error <= with_tiny))
    return same(got, want) | (np.isfinite(got) & np.isfinite(want) & (ulps(got, want) <= units))


def same(got, want):
    if got.dtype.kind == "c":
        return same(got.real, want.real) & same(got.imag, want.imag)
    if got.dtype.kind == "f":
        return ((got == want) & (np.signbit(got) == np.signbit(want))) | (np.isnan(got) & np.isnan(want))
    return got == want


def check_op(words, stream):
    name, compute, result, n = words[0], words[1], words[2], int(words[3])
    nin = INPUTS.get(name, 2 if name in BINARY else 1)
    args = []
    for k in range(nin):
        dtype = np.dtype("bool" if name == "where" and k == 0 else compute)
        args.append(np.frombuffer(stream.read(n * dtype.itemsize), dtype))
    dtype = np.dtype(result)
    got = np.frombuffer(stream.read(n * dtype.itemsize), dtype)
    want = np.asarray(elementwise(name, args, dtype)).astype(dtype)
    if dtype.kind in "fc" and (name in ROUNDED or (name in ("abs", "sqrt") and compute.startswith("complex"))):
        units = 4
        if name == "pow" and dtype.kind == "c":
            units = 64
        good = close(got, want, units)
    else:
        good = same(got, want)
        if name in ("maximum", "minimum", "clip"):  # either zero may win
            good |= got == want
    bad = np.flatnonzero(~good)
    for i in bad[:4]:
        print(name, compute, result, [a[i] for a in args], "gives", got[i], "instead of", want[i], "| of", len(bad))
    return len(bad) == 0


def check_red(words, stream):
    name, compute, result, mask, correction = words[0], words[1], words[2], int(words[3]), float(words[4])
    shape = tuple(int(w) for w in words[5:])
    axes = tuple(k for k in range(len(shape)) if mask >> k & 1)
    count = int(np.prod(shape, dtype=np.int64))
    dtype = np.dtype(compute)
    x = np.frombuffer(stream.read(count * dtype.itemsize), dtype).reshape(shape)
    kept = tuple(shape[k] for k in range(len(shape)) if not mask >> k & 1)
    dtype = np.dtype(result)
    nkept = int(np.prod(kept, dtype=np.int64))
    got = np.frombuffer(stream.read(nkept * dtype.itemsize), dtype).reshape(kept)
    if name in ("argmin", "argmax"):
        rest = tuple(k for k in range(len(shape)) if k not in axes)
        want = getattr(np, name)(x.transpose(rest + axes).reshape(kept + (-1,)), axis=-1)
    elif name in ("var", "std"):
        wide = x.astype("c16" if x.dtype.kind == "c" else "f8")
        want = getattr(np, name)(wide, axis=axes, ddof=correction)
    elif name in ("reproducible_sum", "reproducible_mean"):
        wide = {"f": "f8", "c": "c16", "b": "i8", "i": "i8", "u": "u8"}[x.dtype.kind]
        want = np.sum(x, axis=axes, dtype=wide)
        if name == "reproducible_mean":
            with np.errstate(all="ignore"):
                want = want / max(int(np.prod([shape[k] for k in axes], dtype=np.int64)) - correction, 0)
    elif name in ("sum", "prod", "mean"):
        wide = {"f": "f8", "c": "c16", "b": "i8", "i": "i8", "u": "u8"}[x.dtype.kind]
        if name == "mean" and x.dtype.kind in "biu":
            wide = "f8"
        want = getattr(np, name)(x, axis=axes, dtype=wide)
    else:
        want = getattr(np, name)(x, axis=axes)
    want = np.asarray(want).astype(dtype)
    if dtype.kind in "fc" and name not in ("min", "max"):
        tolerance = 1e-12 if dtype in (np.float64, np.complex128) else 1e-6
        scale = np.sum(np.abs(x), axis=axes) if name in ("sum", "mean", "reproducible_sum", "reproducible_mean") else np.abs(want)
        with np.errstate(all="ignore"):
            good = (np.abs(got - want) <= tolerance * scale) | (got == want)
        if dtype.kind == "c":
            good |= ~np.isfinite(got) & ~np.isfinite(want)
        else:
            good |= np.isnan(got) & np.isnan(want)
    else:
        good = same(got, want) | (got == want)
        if dtype.kind == "c":  # one NaN for all
            good |= np.isnan(got) & np.isnan(want)
    if not np.all(good):
        i = tuple(np.argwhere(~good)[0]) if good.ndim else ()
        print(name, compute, result, "shape", shape, "axes", axes, "at", i, "gives", got[i], "instead of", want[i])
    return bool(np.all(good))


def main():
    ok, count = True, 0
    with open(sys.argv[1], "rb") as stream:
        for line in iter(stream.readline, b""):
            words = line.decode().split()
            ok &= {"op": check_op, "red": check_red}[words[0]](words[1:], stream)
            count += 1
    print(count, "records checked")
    sys.exit(0 if ok and count > 0 else 1)


main()
