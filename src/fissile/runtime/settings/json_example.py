"""Examples of settings that are written as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import PydanticSchemaGenerationError, TypeAdapter
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticUserError

_DEEPEST = 5
"""Levels of an example; a type that contains itself has no end."""

_SCALARS: Mapping[str, tuple[object, object]] = {"integer": (1, 2), "number": (1.5, 2.5), "boolean": (True, False)}
_STRING = ("a", "b")


def json_example(annotation: object) -> str | None:
    """Return an example of a type that pydantic-settings reads as JSON.

    Args:
        annotation: The annotation of the field.

    Returns:
        A JSON array or object; None if a value of this type is plain text, or has no JSON form.
    """
    try:
        schema = TypeAdapter[object](annotation).json_schema()  # type: ignore[arg-type]  # any annotation of a field
    except (PydanticInvalidForJsonSchema, PydanticSchemaGenerationError, PydanticUserError):
        return None
    example = _Example(schema.get("$defs", {})).of(schema)
    return json.dumps(example, ensure_ascii=False) if isinstance(example, (list, dict)) else None


def is_like(text: str, example: str) -> bool:
    """Return True if a text is JSON of the kind of the example: an array, or an object."""
    try:
        return isinstance(json.loads(text), type(json.loads(example)))
    except (ValueError, RecursionError):
        return False


class _Example:
    """Examples of JSON schemas that share definitions."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self._definitions = definitions

    def of(self, schema: Mapping[str, Any], number: int = 0, depth: int = 0) -> object:
        """Return the first or second example of a schema."""
        if reference := schema.get("$ref"):
            return self.of(self._definitions[reference.rpartition("/")[2]], number, depth + 1)
        if options := schema.get("anyOf") or schema.get("oneOf"):
            return self.of(next(option for option in options if option.get("type") != "null"), number, depth)
        if values := schema.get("enum") or ([schema["const"]] if "const" in schema else []):
            return values[number % len(values)]
        match schema.get("type"):
            case "array":
                return self._array(schema, depth)
            case "object":
                return self._object(schema, depth)
        return _SCALARS.get(schema.get("type", "string"), _STRING)[number]

    def _array(self, schema: Mapping[str, Any], depth: int) -> list[object]:
        if depth > _DEEPEST:
            return []
        fixed = schema.get("prefixItems") or [schema.get("items", {})] * 2
        return [self.of(item, number % 2, depth + 1) for number, item in enumerate(fixed)]

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, object]:
        if depth > _DEEPEST:
            return {}
        properties: Mapping[str, Any] = schema.get("properties", {})
        names = [*schema.get("required", []), *properties][: len(schema.get("required", [])) or 1]
        if not properties and schema.get("additionalProperties", True):
            further = schema.get("additionalProperties", {})
            return {"key": self.of(further if isinstance(further, dict) else {}, 0, depth + 1)}
        return {name: self.of(properties[name], 0, depth + 1) for name in names}
