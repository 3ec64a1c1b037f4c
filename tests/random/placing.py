"""Elements chosen, joined and replaced, for the oracle: views, joins, assignment, indexing by arrays, masks."""
import re

import numpy as np

from values import Value, cast, operand, truth_of, where


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
    "redistribute": lambda x, n: x,
    "rebalance": lambda x, n: x,
    "distribute_as": lambda x, n: np.reshape(x, n["shape"]),
    "roll": lambda x, n: np.roll(x, n["shift"], n.get("axis")),
    "diagonal": lambda x, n: np.diagonal(x, n.get("offset", 0), n.get("axis1", 0), n.get("axis2", 1)),
    "tril": lambda x, n: triangle(np.tril, x, n),
    "triu": lambda x, n: triangle(np.triu, x, n),
    "view": view,
}


def repeated(operands, node):
    """By a number or by counts, which must be beyond doubt."""
    x, by = operands[0], node["repeats"] if len(operands) == 1 else operands[1]
    if isinstance(by, Value) and by.err is not None and np.any(by.err > 0):
        raise ValueError("inexact counts")
    by = by.data if isinstance(by, Value) else by
    axis = node.get("axis")
    err = None if x.err is None else np.repeat(np.broadcast_to(x.err, x.data.shape), by, axis)
    return Value(np.repeat(x.data, by, axis), err)


def grid(operands, node):
    values = [np.atleast_1d(x.data) for x in operands]
    indexing, k = node.get("indexing", "xy"), node["output"]
    err = operands[k].err
    if err is not None:
        errs = list(values)
        errs[k] = np.atleast_1d(np.broadcast_to(err, operands[k].data.shape))
        err = np.meshgrid(*errs, indexing=indexing)[k]
    return Value(np.meshgrid(*values, indexing=indexing)[k], err)


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
    return [true_in(v) if v.data.dtype == bool else v.data.astype("i8") for v in values]


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


# ---- masks ----

def true_in(x):
    """How many elements a mask selects must be beyond doubt."""
    if x.err is not None and np.any(x.err > 0):
        raise ValueError("an inexact mask")
    return x.data.astype(bool)


SELECTIONS = {
    "flatnonzero": lambda x, n: np.flatnonzero(true_in(x)),
    "nonzero": lambda x, n: np.nonzero(true_in(x))[n["axis"]],
}
