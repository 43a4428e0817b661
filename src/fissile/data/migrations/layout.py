"""How the code of a revision is laid out: as formatters do it, so that they leave it as it is."""

from __future__ import annotations

import ast
import io
import tokenize

WIDTH = 88
"""Characters of a line; those who have longer ones keep a call that ends in a comma as it is."""

STEP = "    "


def laid_out(code: str, indent: str = STEP) -> str:
    """Lays out the statements of a function's body.

    Args:
        code: The statements.
        indent: What stands before each.
    """
    return "\n".join(_statement(node, indent) for node in ast.parse(code).body)


def _statement(node: ast.stmt, indent: str) -> str:
    if isinstance(node, ast.With):
        (item,) = node.items
        name = f" as {ast.unparse(item.optional_vars)}" if item.optional_vars else ""
        head = f"{indent}with {_expression(item.context_expr, indent, len('with :' + name))}{name}:"
        return "\n".join([head, *[_statement(each, indent + STEP) for each in node.body]])
    if isinstance(node, ast.If):
        head = f"{indent}if {_expression(node.test, indent, len('if :'))}:"
        return "\n".join([head, *[_statement(each, indent + STEP) for each in node.body]])
    if isinstance(node, ast.Expr):
        return indent + _expression(node.value, indent, 0)
    return indent + _quoted(ast.unparse(node))


def _expression(node: ast.expr, indent: str, beside: int) -> str:
    """An expression, one argument a line where it is too long for one line.

    Args:
        node: The expression.
        indent: What stands before the line that it is on.
        beside: How many other characters are on that line.
    """
    line = _quoted(ast.unparse(node))
    inner = indent + STEP
    if len(indent) + beside + len(line) <= WIDTH:
        return line
    if isinstance(node, ast.Call) and (node.args or node.keywords):
        opening, closing = f"{_quoted(ast.unparse(node.func))}(", ")"
        parts = [("", each) for each in node.args] + [(f"{each.arg}=", each.value) for each in node.keywords]
    elif isinstance(node, ast.List) and node.elts:
        opening, closing = "[", "]"
        parts = [("", each) for each in node.elts]
    elif isinstance(node, ast.Dict):
        opening, closing = "{", "}"
        keys = [f"{_quoted(ast.unparse(key))}: " if key else "**" for key in node.keys]
        parts = list(zip(keys, node.values, strict=True))
    else:
        return line
    lines = [f"{inner}{name}{_expression(each, inner, len(f'{name},'))}," for name, each in parts]
    return "\n".join([opening, *lines, f"{indent}{closing}"])


def _quoted(code: str) -> str:
    """The same code with double quotes."""
    tokens = [
        token._replace(string=_double(token.string)) if token.type == tokenize.STRING else token
        for token in tokenize.generate_tokens(io.StringIO(code).readline)
    ]
    return str(tokenize.untokenize(tokens)).strip()


def _double(literal: str) -> str:
    body = literal[1:-1]
    is_plain = literal.startswith("'") and not literal.startswith("'''") and '"' not in body and "\\" not in body
    return f'"{body}"' if is_plain else literal
