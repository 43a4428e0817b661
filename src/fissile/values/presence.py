"""The names of the fields that were set, which cross with a value.

Every field is written, also one that was not set: its default may be made anew each time, or be another one in the
reader's version. If some fields of a value were not set, the names of those that were stand beside the fields as `KEY`.
A reader that does not know the key ignores it, as it ignores a field that it does not know.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any, cast

from pydantic_core import CoreSchema, SchemaSerializer, SchemaValidator, core_schema

from .canonical import CHILDREN

KEY = "_set"
"""The name under which they are written, a property of every value. No field has it: pydantic refuses a leading
underscore."""

MARK = f'"{KEY}"'.encode()
"""The key as it stands in JSON."""

ARRIVED = "_arrived"
"""The method of a value that pydantic calls when it has read one."""

_NAMES = core_schema.set_schema(core_schema.str_schema())


def writer(schema: CoreSchema, config: core_schema.CoreConfig | None = None) -> SchemaSerializer:
    """Build what writes the fields of values and the names of those that were set, and no computed fields."""
    return SchemaSerializer(_changed(schema, _written), config, _use_prebuilt=False)


def reader(schema: CoreSchema, config: core_schema.CoreConfig | None = None) -> SchemaValidator:
    """Build what reads the fields of values and the names of those that were set."""
    return SchemaValidator(_changed(schema, _read), config, _use_prebuilt=False)


def _changed(node: Any, change: Callable[[dict[str, Any]], None]) -> Any:
    """Return a copy of a schema, with a change made to each node."""
    if isinstance(node, (list, tuple)):
        return type(node)(_changed(item, change) for item in node)
    if not isinstance(node, dict):
        return node
    by_name = not isinstance(node.get("type"), str)  # the fields of a model, one of which may be named type
    copy = {key: _changed(part, change) if by_name or key in CHILDREN else part for key, part in node.items()}
    change(copy)
    return copy


def _written(node: dict[str, Any]) -> None:
    if node.get("type") == "model-fields":
        node["computed_fields"] = [_set_names(node["fields"])] if _has_defaults(node) else []


def _set_names(fields: dict[str, Any]) -> core_schema.ComputedField:
    """Return the names as a computed field. It is left out if all fields were set, and costs a comparison in C."""
    ordered = core_schema.plain_serializer_function_ser_schema(sorted)
    return core_schema.computed_field(
        KEY,
        core_schema.any_schema(serialization=ordered),
        serialization_exclude_if=functools.partial(operator.eq, frozenset(fields)),
    )


def _read(node: dict[str, Any]) -> None:
    if node.get("type") == "model":
        node["post_init"] = ARRIVED
    elif node.get("type") == "model-fields":
        optional = core_schema.with_default_schema(core_schema.nullable_schema(_NAMES), default=None)
        node["fields"] = {**node["fields"], KEY: core_schema.model_field(optional)}


def _has_defaults(node: dict[str, Any]) -> bool:
    fields = cast("dict[str, dict[str, dict[str, object]]]", node["fields"])
    return any(field["schema"]["type"] == "default" for field in fields.values())
