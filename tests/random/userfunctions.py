"""The functions of gen_user.c once more: over int64, exact."""
import numpy as np

from values import Value, cast


def whole(x):
    if not isinstance(x, Value):
        x = Value(np.asarray(x))
    return cast(x, np.dtype("i8"))


def lost(err):
    return None if err is None else np.where(np.asarray(err) > 0, np.inf, 0.0)


def mix(operands, node):
    x, y = (whole(v) for v in operands)
    out = np.asarray((np.uint64(3) * x.data.astype("u8")) ^ (y.data.astype("u8") + np.uint64(7))).astype("i8")
    errs = [np.broadcast_to(v.err, out.shape) for v in (x, y) if v.err is not None]
    return Value(out, lost(sum(errs)) if errs else None)


def digest(operands, node):
    x, axis, keep = whole(operands[0]), node.get("axis"), node.get("keepdims", False)
    ndim = x.data.ndim
    axes = tuple(range(ndim)) if axis is None else tuple(a % ndim for a in ([axis] if isinstance(axis, int) else axis))
    words = x.data.astype("u8")
    count = 1
    for a in axes:
        count *= words.shape[a]
    total = np.sum(words, axis=axes, keepdims=keep, dtype="u8")
    parity = np.bitwise_xor.reduce(words, axis=axes, keepdims=keep)
    out = np.asarray(total + np.uint64(3) * np.asarray(parity).astype("u8") + np.uint64(count)).astype("i8")
    err = None if x.err is None else lost(np.sum(np.where(np.asarray(x.err) > 0, 1.0, 0.0), axis=axes, keepdims=keep))
    return Value(out, None if err is None else np.asarray(err))


def scramble(operands, node):
    x = operands[0]
    flat = np.arange(x.data.size, dtype="u8").reshape(x.data.shape)
    return Value(np.asarray((np.uint64(5) * x.data.astype("u8") + flat).astype("i8")), lost(x.err))


USER = {"user_mix": mix, "user_digest": digest, "user_scramble": scramble}
