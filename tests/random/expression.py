"""Expressions in a pipeline's nodes, for the oracle: their grammar is a part of Python's, so Python's own parser reads them."""
import ast

BINARY = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.FloorDiv: "floor_divide",
    ast.Mod: "remainder", ast.Pow: "pow", ast.LShift: "bitwise_left_shift", ast.RShift: "bitwise_right_shift",
    ast.BitAnd: "bitwise_and", ast.BitOr: "bitwise_or", ast.BitXor: "bitwise_xor",
    ast.Lt: "less", ast.LtE: "less_equal", ast.Gt: "greater", ast.GtE: "greater_equal", ast.Eq: "equal", ast.NotEq: "not_equal",
    ast.MatMult: "matmul",
}
UNARY = {ast.USub: "negative", ast.UAdd: "positive", ast.Invert: "bitwise_invert"}
# Parameters behind the operands, where they are given by position.
POSITIONS = {
    "index": ["axis", "shape"], "sum": ["axis"], "reproducible_sum": ["axis"], "reproducible_mean": ["axis"], "mean": ["axis"], "var": ["axis"], "std": ["axis"], "min": ["axis"], "max": ["axis"],
    "astype": ["dtype"], "reshape": ["shape"], "roll": ["shift", "axis"], "flip": ["axis"],
}


def literal(tree):
    """A number, a tuple of them, a dtype's name; None where it is something else."""
    if isinstance(tree, ast.Name):
        return tree.id
    try:
        value = ast.literal_eval(tree)
    except ValueError:
        return None
    return list(value) if isinstance(value, tuple) else value


def call(tree, source, known, evaluate):
    name = tree.func.id
    positions = POSITIONS.get(name, [])
    operands = 0 if name == "index" else 1 if positions else len(tree.args)
    node = {"op": name, "in": [value(a, source, known, evaluate) for a in tree.args[:operands]]}
    node.update(zip(positions, (literal(a) for a in tree.args[operands:])))
    node.update((k.arg, literal(k.value)) for k in tree.keywords)
    return evaluate(node, known)


def value(tree, source, known, evaluate):
    """The tree's value, or a plain number."""
    if isinstance(tree, ast.Name):
        return known[tree.id]
    number = literal(tree)
    if number is not None:
        return number
    if isinstance(tree, ast.BinOp):
        name, parts = BINARY[type(tree.op)], [tree.left, tree.right]
    elif isinstance(tree, ast.UnaryOp):
        name, parts = UNARY[type(tree.op)], [tree.operand]
    elif isinstance(tree, ast.Compare):
        name, parts = BINARY[type(tree.ops[0])], [tree.left, tree.comparators[0]]
    elif isinstance(tree, ast.Subscript):
        text = ast.get_source_segment(source, tree.slice)
        inner = text[1:-1] if text.startswith("(") else text
        return evaluate({"op": "slice", "in": [value(tree.value, source, known, evaluate)], "index": inner}, known)
    else:
        return call(tree, source, known, evaluate)
    return evaluate({"op": name, "in": [value(p, source, known, evaluate) for p in parts]}, known)


def expression(text, known, evaluate):
    return value(ast.parse(text, mode="eval").body, text, known, evaluate)
