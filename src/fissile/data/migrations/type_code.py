"""Column types as Python code that a revision can run."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator
from typing import Any

import sqlalchemy
from sqlalchemy import Dialect, Enum, Interval
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import CompileError
from sqlalchemy.types import TypeDecorator, TypeEngine

from ...errors import ConfigurationError, Fault
from .expressions import dialects

_NESTED = ("item_type", "astext_type", "text_type", "data_type")
"""Attributes of types that are types themselves."""


def type_code(kind: TypeEngine[Any], modules: set[str]) -> str:
    """Return the code of a type, without its variants.

    The code is run before it is taken. A type that cannot be made again from it, since its ``__repr__`` does not have
    its arguments or since it is local to a function, is written as the types of the databases under it.

    Args:
        kind: The type.
        modules: The modules of users' types, to which that of this one is added.

    Raises:
        ConfigurationError: The type cannot be written at all.
    """
    wanted: set[str] = set()
    if not _holds_native_enum(kind):
        code = _qualified(kind, wanted)
        if _is_same(code, kind, wanted):
            modules |= wanted
            return code
    under = [_under(kind, dialect) for dialect in dialects()]
    if any(type(one) is type(kind) for one in under):
        what = f"the type {type(kind).__qualname__} cannot be written into a revision"
        why = f"{kind!r} does not make it again"
        fix = "define it in a module, with a __repr__ that has its arguments"
        raise ConfigurationError(Fault(what, type(kind).__module__, why, fix))
    first, second = (type_code(one, modules) for one in under)
    return first if first == second else f"{first}.with_variant({second}, 'postgresql')"


def _qualified(kind: TypeEngine[Any], modules: set[str]) -> str:
    classes = {type(one).__name__: type(one) for one in [*_nested(kind), kind]}
    tree = ast.parse(_repr(kind), mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            name = node.func.id
            if _is_native_enum(node):
                node.keywords.append(ast.keyword("create_type", ast.Constant(value=False)))
            node.func.id = _path(classes.get(name, getattr(sqlalchemy, name, TypeEngine)), modules)
    return ast.unparse(tree)


def _repr(kind: TypeEngine[Any]) -> str:
    if isinstance(kind, Interval):  # whose own repr has none of its arguments
        given = {name: getattr(kind, name) for name in ("native", "second_precision", "day_precision")}
        named = (f"{name}={value}" for name, value in given.items() if value not in (None, True))
        return f"{type(kind).__name__}({', '.join(named)})"
    return repr(kind)


def _is_native_enum(node: ast.Call) -> bool:
    """Return True if the call makes a type that PostgreSQL has a name for: a revision makes these by themselves."""
    given = {one.arg: ast.unparse(one.value) for one in node.keywords}
    is_named = isinstance(node.func, ast.Name) and node.func.id in ("Enum", "ENUM", "DOMAIN")
    return is_named and given.get("native_enum") != "False" and "create_type" not in given


def _path(kind: type[Any], modules: set[str]) -> str:
    module, name = kind.__module__, kind.__qualname__
    for prefix, namespace in (("sqlalchemy.dialects.postgresql", postgresql), ("sqlalchemy.dialects.sqlite", sqlite)):
        if module.startswith(prefix) and getattr(namespace, name, None) is kind:
            return f"{prefix.rpartition('.')[2]}.{name}"
    if getattr(sqlalchemy, name, None) is kind:
        return f"sa.{name}"
    modules.add(module)
    return f"{module}.{name}"


def _nested(kind: TypeEngine[Any]) -> Iterator[TypeEngine[Any]]:
    for name in _NESTED:
        if isinstance(inner := getattr(kind, name, None), TypeEngine):
            yield inner
            yield from _nested(inner)


def _is_same(code: str, kind: TypeEngine[Any], modules: set[str]) -> bool:
    """Return True if the code makes a type of the same class, with the same DDL."""
    names: dict[str, Any] = {"sa": sqlalchemy, "postgresql": postgresql, "sqlite": sqlite}
    try:
        for module in modules:
            importlib.import_module(module)
            root = module.partition(".")[0]
            names[root] = sys.modules[root]
        made = eval(code, names)  # a repr, which the revision is to have
    except Exception:  # noqa: BLE001  # the user's own class, called as its repr has it
        return False
    kept = getattr(kind, "_variant_mapping", {})
    return type(made) is type(kind) and all(
        _ddl(made, dialect) == _ddl(kind, dialect) for dialect in dialects() if dialect.name not in kept
    )


def _ddl(kind: TypeEngine[Any], dialect: Dialect) -> str | None:
    try:
        return kind.compile(dialect=dialect)
    except CompileError:
        return None


def _holds_native_enum(kind: TypeEngine[Any]) -> bool:
    """Return True for a user's type over an Enum, which would make that by itself, with each table."""
    under = _under(kind, dialects()[1])
    return isinstance(kind, TypeDecorator) and isinstance(under, Enum) and under.native_enum


def _under(kind: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    """Return the type of the database under a user's type."""
    while isinstance(kind, TypeDecorator):
        kind = kind.load_dialect_impl(dialect)
    return kind
