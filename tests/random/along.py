"""What runs along an axis, for the oracle: sorting, running sums and products, places in sorted arrays."""
import sys

import numpy as np

from values import Value, cast, moved, units


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
    if node.get("axis") is None:
        x = Value(x.data.reshape(-1), None if x.err is None else np.reshape(np.broadcast_to(x.err, x.data.shape), -1))
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


def searchsorted(x1, x2, node):
    dtype = np.result_type(x1.data.dtype, x2.data.dtype)
    data, side = cast(x1, dtype).data, node.get("side") or "left"
    return moved(lambda v: np.asarray(np.searchsorted(data, v, side)).astype("i8"), [cast(x2, dtype)], 0)
