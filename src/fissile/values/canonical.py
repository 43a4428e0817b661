"""Makes pydantic bring values into their plain form, wherever it meets them.

A schema of pydantic-core is a tree of dicts. `canonical` rewrites its leaves, so that the work is done in Rust where
Rust can do it, and in Python only for what JSON and Python hold differently.
"""

from __future__ import annotations

import typing
from collections.abc import Callable

from pydantic import ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from .plain import (
    FrozenMapping,
    plain_bytes,
    plain_date,
    plain_decimal,
    plain_duration,
    plain_instant,
    plain_integer,
    plain_time,
    plain_uuid,
)

WIRE_CONFIG = ConfigDict(ser_json_inf_nan="strings", ser_json_bytes="base64", val_json_bytes="base64")
"""How pydantic writes what JSON has no word for."""

_PLAIN: dict[str, Callable[..., object]] = {
    "bytes": plain_bytes,
    "date": plain_date,
    "datetime": plain_instant,
    "decimal": plain_decimal,
    "dict": FrozenMapping,
    "int": plain_integer,
    "time": plain_time,
    "timedelta": plain_duration,
    "uuid": plain_uuid,
}
_ON_THE_WIRE = frozenset({"datetime", "dict"})
"""What JSON alone does not bring into its plain form."""
_CONSTRAINTS: dict[str, dict[str, object]] = {
    "time": {"tz_constraint": "naive"},
    "str": {"min_length": 0},
}
"""`min_length` makes pydantic decode a string, so that it refuses lone surrogates."""
CHILDREN = (
    *("schema", "fields", "items_schema", "keys_schema", "values_schema", "choices", "definitions"),
    *("lax_schema", "strict_schema", "json_schema", "python_schema"),
)
"""The keys of a schema under which other schemas stand."""
_OURS = {"fissile": True}


def canonical(schema: CoreSchema, handler: GetCoreSchemaHandler, *, freeze: bool) -> CoreSchema:
    """Makes pydantic bring everything into the one form that also comes out of JSON.

    Args:
        schema: What pydantic made of a type.
        handler: Finds what the schema refers to.
        freeze: Freeze every dict; else only what is marked with `Frozen`.
    """
    found = record(handler.resolve_ref_schema(schema))
    if found is None:
        return typing.cast(CoreSchema, _node(schema, freeze))
    _children(found, freeze)
    return schema


def record(schema: object) -> dict[str, object] | None:
    """The model or typed dict inside the validators around it, if it is one."""
    while isinstance(schema, dict):
        if schema["type"] in ("model", "typed-dict"):
            return schema
        schema = schema.get("schema")
    return None


def _children(node: dict[str, object], freeze: bool) -> None:
    for key in CHILDREN:
        if key in node:
            node[key] = _node(node[key], freeze)


def _node(node: object, freeze: bool) -> object:
    if isinstance(node, (list, tuple)):
        return type(node)(_node(item, freeze) for item in node)
    if not isinstance(node, dict):
        return node
    if not isinstance(node.get("type"), str):  # the fields of a model, of which one may be named type
        return {key: _node(item, freeze) for key, item in node.items()}
    metadata = node.get("metadata")
    if node["type"] == "model" or (isinstance(metadata, dict) and "fissile" in metadata):
        return node
    if node["type"] not in {*_PLAIN, "str", "float"}:
        _children(node, freeze)
        return node
    return _leaf(node, freeze)


def _leaf(node: dict[str, object], freeze: bool) -> object:
    kind = str(node["type"])
    if kind == "dict":
        _children(node, freeze)
        return _after(FrozenMapping, node) if freeze else node
    constrained: dict[str, object] = {**_CONSTRAINTS.get(kind, {}), **node}
    read = _json_float(node) if kind == "float" else node if kind == "str" else constrained
    given = _after(_PLAIN[kind], constrained) if kind in _PLAIN else constrained
    if kind in _ON_THE_WIRE:
        return given
    return {
        "type": "json-or-python",
        "json_schema": read,
        "python_schema": given,
        "metadata": {**_OURS, "pydantic_js_functions": [lambda _schema, describe: describe(node)]},
        "serialization": node.get("serialization", core_schema.simple_ser_schema(kind)),  # type: ignore[arg-type]  # a leaf
    }


def _after(function: Callable[..., object], schema: dict[str, object]) -> dict[str, object]:
    after = core_schema.no_info_after_validator_function(
        function, typing.cast(CoreSchema, schema), metadata=dict(_OURS)
    )
    return typing.cast(dict[str, object], after)


def _json_float(node: dict[str, object]) -> dict[str, object]:
    """JSON has no NaN and no infinities (RFC 8259 section 6): they travel as strings."""
    finite = typing.cast(CoreSchema, node | {"allow_inf_nan": False})
    if node.get("allow_inf_nan") is False:
        return typing.cast(dict[str, object], finite)
    names = core_schema.literal_schema(["NaN", "Infinity", "-Infinity"])
    named = core_schema.no_info_after_validator_function(float, names)
    return typing.cast(dict[str, object], core_schema.union_schema([finite, named], custom_error_type="float_type"))


class Frozen:
    """Marks a `Mapping` in an annotation of an argument or a result: ``Annotated[Mapping[str, int], Frozen()]``."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        inner = _node(handler(source), freeze=False)
        return typing.cast(CoreSchema, _after(FrozenMapping, typing.cast(dict[str, object], inner)))


class Canonical:
    """Marks the annotation of an argument or a result, so that it follows the rules of values."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return canonical(handler(source), handler, freeze=False)
