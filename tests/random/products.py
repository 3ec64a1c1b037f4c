"""Products of matrices and sums over shared axes, for the oracle."""
import numpy as np

from values import eps_of, operand, promote, tiny_of, units, Value


def matmul(a, b, node):
    a = np.swapaxes(a, -1, -2) if node.get("transpose1") and a.ndim > 1 else a
    b = np.swapaxes(b, -1, -2) if node.get("transpose2") and b.ndim > 1 else b
    return np.matmul(a, b)


def vecdot(a, b, node):
    axis = node.get("axis", -1)
    return np.sum(np.moveaxis(a, axis, -1) * np.moveaxis(b, axis, -1), axis=-1, dtype=a.dtype)


def tensordot(a, b, node):
    """By flattened matrices, so that it does not depend on what NumPy makes of dtypes without a BLAS."""
    axes = node.get("axes", 2)
    if isinstance(axes, int):
        axes = [list(range(a.ndim - axes, a.ndim)), list(range(axes))]
    one, two = [[k % x.ndim for k in ks] for x, ks in zip((a, b), axes)]
    rest1 = [k for k in range(a.ndim) if k not in one]
    rest2 = [k for k in range(b.ndim) if k not in two]
    count = int(np.prod([a.shape[k] for k in one], dtype="i8"))
    rows, columns = [a.shape[k] for k in rest1], [b.shape[k] for k in rest2]
    left = a.transpose(rest1 + one).reshape(int(np.prod(rows, dtype="i8")), count)
    right = b.transpose(two + rest2).reshape(count, int(np.prod(columns, dtype="i8")))
    return np.matmul(left, right).reshape(rows + columns)


def dot(a, b, node):
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    return tensordot(a, b, {"axes": [[-1], [-1 if b.ndim == 1 else -2]]})


def inner(a, b, node):
    return a * b if a.ndim == 0 or b.ndim == 0 else tensordot(a, b, {"axes": [[-1], [-1]]})


PRODUCTS = {"matmul": matmul, "vecdot": vecdot, "tensordot": tensordot, "dot": dot, "inner": inner}


def count_of(f, a, b, node):
    """How many products an element is the sum of."""
    sums = f(np.ones(a.shape), np.ones(b.shape), node)
    return float(sums.max()) if sums.size else 0.0


def bounds(f, a, b, out, node):
    dtype = out.dtype
    sizes = [np.abs(x.data).astype("f8") for x in (a, b)]
    errs = [np.zeros(x.data.shape) if x.err is None else x.err for x in (a, b)]
    wild = [~np.isfinite(e) for e in errs]
    flat = [np.where(np.isfinite(s), s, 0) for s in sizes]
    safe = [np.where(w, 0, e) for w, e in zip(wild, errs)]
    total = f(flat[0], flat[1], node)
    count = count_of(f, a.data, b.data, node)
    err = units(out, 3) + (count + 8) * (4 * eps_of(dtype) * total + 8 * tiny_of(dtype))
    err = err + 2 * (f(safe[0], flat[1] + safe[1], node) + f(flat[0], safe[1], node))
    everything = [np.ones(s.shape) for s in sizes]
    open_ = f(wild[0].astype("f8"), everything[1], node) + f(everything[0], wild[1].astype("f8"), node) > 0
    odd = [(~np.isfinite(s)).astype("f8") for s in sizes]
    # What meets an infinity may have another sign, or be zero or not.
    open_ |= f(odd[0], (errs[1] > 0).astype("f8"), node) + f((errs[0] > 0).astype("f8"), odd[1], node) > 0
    if dtype.kind == "c":  # C and BLAS leave open what parts of infinities and NaNs are
        open_ |= f(odd[0], everything[1], node) + f(everything[0], odd[1], node) > 0
    open_ |= total * 4 > 0.5 * float(np.finfo(dtype).max)
    return np.where(open_ | ~np.isfinite(err), np.inf, err)


def product(name, node, operands):
    f, dtype = PRODUCTS[name], promote(operands)
    if name == "vecdot" and isinstance(operands[0], Value) and operands[0].data.dtype.kind == "c":
        operands = [Value(np.conj(operands[0].data), operands[0].err), operands[1]]
    a, b = [operand(x, dtype) for x in operands]
    if dtype.kind == "b":
        out = np.asarray(f(a.data.astype("i8"), b.data.astype("i8"), node)) > 0
    elif dtype.kind in "fc":
        wide = np.clongdouble if dtype.kind == "c" else np.longdouble
        out = np.asarray(f(a.data.astype(wide), b.data.astype(wide), node)).astype(dtype)
        return Value(out, np.asarray(bounds(f, a, b, out, node)))
    else:
        out = np.asarray(f(a.data, b.data, node)).astype(dtype)
    if a.err is None and b.err is None:
        return Value(out)
    moved = [np.zeros(x.data.shape) if x.err is None else (x.err > 0).astype("f8") for x in (a, b)]
    ones = [np.ones(x.data.shape) for x in (a, b)]
    return Value(out, np.where(np.asarray(f(moved[0], ones[1], node) + f(ones[0], moved[1], node)) > 0, np.inf, 0.0))
