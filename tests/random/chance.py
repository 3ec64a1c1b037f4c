"""The random arrays once more: Philox4x32-10 on NumPy's unsigned integers, and the distributions by NumPy's functions."""
import math

import numpy as np

from values import Value, cast, units

U = np.uint64
LOW = U(0xffffffff)


def philox(number, seed, stream):
    """The blocks' two 64-bit words, for uint64 arrays that broadcast together."""
    c = [number & LOW, number >> U(32), stream & LOW, stream >> U(32)]
    k = [seed & LOW, seed >> U(32)]
    for _ in range(10):
        p0, p1 = c[0] * U(0xd2511f53), c[2] * U(0xcd9e8d57)
        c = [(p1 >> U(32)) ^ c[1] ^ k[0], p1 & LOW, (p0 >> U(32)) ^ c[3] ^ k[1], p0 & LOW]
        k = [(k[0] + U(0x9e3779b9)) & LOW, (k[1] + U(0xbb67ae85)) & LOW]
    return c[0] | (c[1] << U(32)), c[2] | (c[3] << U(32))


def unsigned(x):
    return np.asarray(x).astype("i8").view("u8") if np.ndim(x) else np.asarray(x).astype("i8").reshape(1).view("u8").reshape(())


def bits(index, seed, stream):
    first, second = philox(index >> U(1), seed, stream)
    return np.where(index & U(1) == 1, second, first)


def unit(words):
    return (words >> U(11)).astype("f8") * 2.0 ** -53


def uniform32(index, seed, stream):
    first, second = philox(index >> U(2), seed, stream)
    words = np.where(index & U(2) != 0, second, first)
    words = np.where(index & U(1) != 0, words >> U(32), words & LOW)
    return ((words >> U(8)).astype("f4") * np.float32(2.0 ** -24)).astype("f4")


def normal(index, seed, stream):
    first, second = philox(index >> U(1), seed, stream)
    radius = np.sqrt(-2 * np.log1p(-unit(first)))
    quarters = unit(second) * 4
    whole = np.rint(quarters)
    angle, turns = (quarters - whole) * (np.pi / 2), whole.astype("i8") % 4
    sine, cosine = np.sin(angle), np.cos(angle)
    of_turns = [sine, cosine, -sine, -cosine]
    return radius * np.where(index & U(1) == 1, np.choose(turns, of_turns), np.choose((turns + 1) % 4, of_turns))


def exponential(index, seed, stream):
    return -np.log1p(-unit(bits(index, seed, stream)))


def mixed(x):
    x = (x ^ (x >> U(30))) * U(0xbf58476d1ce4e5b9)
    x = (x ^ (x >> U(27))) * U(0x94d049bb133111eb)
    return x ^ (x >> U(31))


def turned(half, other, key, limit):
    half = half + (((mixed(other + key) >> U(32)) * limit) >> U(32))
    return np.where(half >= limit, half - limit, half)


def permute(index, n, key):
    index, n, key = np.broadcast_arrays(index, n, key)
    inside = (n.view("i8") > 0) & (index < n)
    size = np.where(inside, n, U(1))
    rows = np.sqrt(size.astype("f8")).astype("u8")
    while np.any(rows * rows < size):
        rows = rows + (rows * rows < size).astype("u8")
    columns = (size + rows - U(1)) // rows
    keys = [mixed(key + U((k + 1) * 0x9e3779b97f4a7c15 & (2 ** 64 - 1))) for k in range(12)]
    x, walking = np.where(inside, index, U(0)), np.ones(index.shape, bool)
    while np.any(walking):
        left, right = x // columns, x % columns
        for k in range(0, 12, 2):
            left = turned(left, right, keys[k], rows)
            right = turned(right, left, keys[k + 1], columns)
        x = np.where(walking, left * columns + right, x)
        walking = x >= size
    return np.where(inside, x, index).view("i8")


OPERATORS = {"random_bits": bits, "random_uniform": lambda *a: unit(bits(*a)), "random_uniform32": uniform32,
             "random_normal": normal, "random_exponential": exponential, "random_permute": permute}
# Neither side's logarithms, sines and cosines are correctly rounded.
ROUNDED = {"random_normal": 12, "random_exponential": 8}


def drawn(name, operands):
    """An operator on index, seed and stream; what is not known of them is not known of the result."""
    values = [x if isinstance(x, Value) else Value(np.array(x)) for x in operands]
    out = np.asarray(OPERATORS[name](*np.broadcast_arrays(*[unsigned(v.data) for v in values])))
    err = units(out, ROUNDED[name]) if name in ROUNDED else None
    for v in values:
        if v.err is not None:
            err = np.where(np.broadcast_to(v.err, out.shape) > 0, np.inf, 0 if err is None else err)
    return Value(out, err)


def multiply_high(x, y):
    shift = 8 * x.dtype.itemsize
    product = np.asarray(x.astype(object) * y.astype(object) >> shift)
    return product.astype(x.dtype)


# ---- whole arrays ----

def stream_of(node, name):
    shape = node["shape"] if isinstance(node["shape"], list) else [node["shape"]]
    index = np.arange(math.prod(shape), dtype="i8").reshape(shape)
    return drawn(name, [Value(index), int(node["seed"]), int(node.get("stream", 0))])


def scaled(x, by, plus):
    """x * by + plus, each rounded."""
    data, err = x.data, np.zeros(x.data.shape) if x.err is None else x.err
    if by != 1:
        data, err = data * by, err * abs(by)
    if plus != 0:
        data = data + plus
    return Value(data, err + (units(data, 2) if x.err is not None else 0))


def uniform(node):
    dtype = np.dtype(node.get("dtype", "f8"))
    low, high = dtype.type(node.get("low", 0)), dtype.type(node.get("high", 1))
    u = stream_of(node, "random_uniform32" if dtype == np.float32 else "random_uniform").data
    if low == high:
        return Value(np.full(u.shape, low, dtype))
    if (low, high) != (0, 1):
        u = np.minimum(u * (high - low) + low, np.nextafter(high, dtype.type(-np.inf)))
    return Value(np.asarray(u, dtype))


def spread(name, node, by, plus):
    x = scaled(stream_of(node, name), float(by), float(plus))
    return cast(Value(np.asarray(x.data), np.asarray(x.err)), node.get("dtype", "f8"))


def integers(node):
    low, count = int(node["low"]), int(node["high"]) - int(node["low"]) + bool(node.get("endpoint", False))
    words = stream_of(node, "random_bits").data.astype(object)
    return Value(np.asarray(np.asarray((words * count >> 64) + low).astype(node.get("dtype", "i8"))))


def permutation(x, node):
    seed, stream = unsigned(int(node["seed"])), unsigned(int(node.get("stream", 0)))
    key = philox(U(2 ** 64 - 1), seed, stream)[1]
    axis = node.get("axis", 0)
    n = x.data.shape[axis] if isinstance(x, Value) else int(x)
    order = permute(np.arange(n, dtype="u8"), U(n), key)
    if not isinstance(x, Value):
        return Value(order)
    return Value(np.take(x.data, order, axis), None if x.err is None else np.take(x.err, order, axis))


DRAWN = {
    "uniform": uniform, "integers": integers,
    "normal": lambda n: spread("random_normal", n, n.get("std", 1), n.get("mean", 0)),
    "exponential": lambda n: spread("random_exponential", n, n.get("scale", 1), 0),
}
