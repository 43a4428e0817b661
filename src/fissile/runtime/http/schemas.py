"""Names of JSON schemas that depend on nothing but the model: ``orders.Order``, whatever else is live.

FastAPI and pydantic qualify a name only where two collide, so that a name changes with what happens to be loaded. Here
every name is qualified, and whether a model is split into what comes in and what goes out depends on the model alone.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from fastapi._compat import ModelField
from fastapi._compat.v2 import GenerateJsonSchema, _has_computed_fields
from fastapi.openapi.constants import REF_TEMPLATE
from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic.json_schema import CoreModeRef, DefsRef, JsonSchemaMode

from fissile.generate.openapi import with_references
from fissile.runtime.http.problems import component_of

Mode = Literal["validation", "serialization"]
Schema = dict[str, object]
Mapped = dict[tuple[ModelField, Mode], Schema]

_SUFFIX = {"validation": "-Input", "serialization": "-Output"}


def schemas_of(
    fields: Sequence[ModelField], names: Names, *, separate: bool = True
) -> tuple[Mapped, dict[str, Schema]]:
    """The schema of each field, and the definitions they refer to under stable names.

    Args:
        fields: What the routes take and give.
        names: Says what a model is called.
        separate: Whether a model may have a schema for what comes in and another for what goes out.
    """
    wanted: list[tuple[ModelField, Mode]] = [(field, _mode(field, separate)) for field in fields]
    try:
        # Both modes of everything, so that a model is split because of what it is, not because of who uses it.
        both: list[Mode] = ["validation", "serialization"]
        everything = [(field, mode) for field, _ in wanted for mode in both] if separate else wanted
        mapped, definitions = _generate(everything, names)
    except PydanticInvalidForJsonSchema:
        mapped, definitions = _generate(wanted, names)
    joined = _joined(definitions)
    return (
        {key: _renamed(schema, joined) for key, schema in mapped.items()},
        {joined.get(name, name): _renamed(schema, joined) for name, schema in definitions.items()},
    )


def _mode(field: ModelField, separate: bool) -> Mode:
    # As in FastAPI's own get_definitions: a computed field exists on its way out only.
    return field.mode if separate or _has_computed_fields(field) else "validation"


def _generate(wanted: Iterable[tuple[ModelField, Mode]], names: Names) -> tuple[Mapped, dict[str, Schema]]:
    inputs: list[tuple[ModelField, JsonSchemaMode, object]] = [
        (field, mode, field._type_adapter.core_schema) for field, mode in dict.fromkeys(wanted)
    ]
    generator = _Qualified(ref_template=REF_TEMPLATE)
    generator.names = names
    mapped, definitions = generator.generate_definitions(inputs=inputs)  # type: ignore[arg-type]  # core schemas
    for definition in definitions.values():
        if "description" in definition:
            # A form feed ends what is meant for readers of the document, as FastAPI has it.
            definition["description"] = str(definition["description"]).split("\f")[0]
    return dict(mapped), {str(name): schema for name, schema in definitions.items()}


class _Qualified(GenerateJsonSchema):
    """Gives every definition its qualified name, with its mode, at once."""

    names: Names

    def get_defs_ref(self, core_mode_ref: CoreModeRef) -> DefsRef:
        reference, mode = core_mode_ref
        name = DefsRef(self.names.of(str(reference)) + _SUFFIX[mode])
        self._prioritized_defsref_choices[name] = [name]  # pydantic looks for shorter ones here
        return name


class Names:
    """What models are called in the document.

    A model in a component's ``public`` module is ``orders.Order``, and so is any other of that component as long as
    nothing else there has its name; else its module is said too: ``orders.api.Order``. A model of the application that
    belongs to no component is named by its module (``main.Health``), one of a library by its full name.

    Args:
        packages: Every component's name by the dotted name of its package.
        root: The package of the application.
        bodies: The component of each body model that FastAPI made for an endpoint, by the model's ``id``.
        types: The models that may be arguments of generic ones.
    """

    def __init__(
        self, packages: Mapping[str, str], root: str, bodies: Mapping[int, str], types: Iterable[type[object]] = ()
    ) -> None:
        self._packages = packages
        self._root = root
        self._bodies = bodies
        self._types = {id(known): known for known in types}
        self._given: dict[str, str] = {}
        self._taken: dict[str, str] = {}

    def of(self, reference: str) -> str:
        """The name for a reference of pydantic's core schema, such as ``shop.paging.Page:94[Order:12]``."""
        if reference not in self._given:
            head, _, arguments = reference.partition("[")
            name = self._origin(head)
            if arguments:
                name += f"[{','.join(map(self._argument, _at_commas(arguments.removesuffix(']'))))}]"
            self._given[reference] = self._free(re.sub(r"[^a-zA-Z0-9.\-_]", "_", name), reference)
        return self._given[reference]

    def _free(self, name: str, reference: str) -> str:
        candidate, number = name, 1
        while self._taken.setdefault(candidate, reference) != reference:
            number += 1
            candidate = f"{name}__{number}"
        return candidate

    def _argument(self, argument: str) -> str:
        """What a generic model is made with; pydantic says only the last part of its name, and its ``id``."""
        text, _, identity = argument.rpartition(":")
        known = self._types.get(int(identity)) if identity.isdigit() else None
        return self._type(known) if known is not None else text or argument

    def _type(self, known: object) -> str:
        metadata = getattr(known, "__pydantic_generic_metadata__", None) or {}
        if origin := metadata.get("origin"):
            return f"{self._type(origin)}[{','.join(map(self._type, metadata['args']))}]"
        if isinstance(known, type) and known.__module__ != "builtins":
            return self._named(known.__module__, known.__qualname__)
        return getattr(known, "__name__", str(known))

    def _origin(self, head: str) -> str:
        dotted, _, identity = head.rpartition(":")
        owner = self._bodies.get(int(identity)) if identity.isdigit() else None
        if owner is not None:
            return f"{owner}.{dotted.rpartition('.')[2]}"
        return self._named(*_split(dotted))

    def _named(self, module: str, name: str) -> str:
        component = component_of(module, self._packages)
        if component is None:
            inside = module.removeprefix(self._root + ".") if self._root else module
            return f"{inside.strip('_')}.{name}"
        package = next(package for package in _parents(module) if package in self._packages)
        if self._short(package, module, name):
            return f"{component}.{name}"
        return f"{component}{module.removeprefix(package)}.{name}"

    def _short(self, package: str, module: str, name: str) -> bool:
        """Whether the model has its name to itself in the component; what ``public`` says always has."""
        public = f"{package}.public"
        if module == public or module.startswith(public + "."):
            return True
        found = getattr(sys.modules.get(public), name, None)
        if found is not None and getattr(found, "__module__", module) != module:
            return False
        return self._taken.setdefault(f"{package}:{name}", module) == module


def _at_commas(arguments: str) -> list[str]:
    """Splits generic arguments where no bracket is open."""
    parts, depth = [""], 0
    for character in arguments:
        depth += (character == "[") - (character == "]")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def _parents(module: str) -> Iterable[str]:
    while module:
        yield module
        module = module.rpartition(".")[0]


def _split(dotted: str) -> tuple[str, str]:
    """Tells the module from the qualified name in it."""
    for module in _parents(dotted.rpartition(".")[0]):
        if module in sys.modules:
            return module, dotted[len(module) + 1 :]
    module, _, name = dotted.rpartition(".")
    return module, name


def _joined(definitions: Mapping[str, Schema]) -> dict[str, str]:
    """The plain name for each definition whose two modes say the same, or of which only one exists."""
    bases = {name.removesuffix("-Input").removesuffix("-Output") for name in definitions}
    same = set(bases)
    while True:
        names = {base + suffix: base for base in same for suffix in _SUFFIX.values()}
        unequal = {base for base in same if not _equal(base, definitions, names)}
        if not unequal:
            return names
        same -= unequal


def _equal(base: str, definitions: Mapping[str, Schema], names: Mapping[str, str]) -> bool:
    both = [definitions[base + suffix] for suffix in _SUFFIX.values() if base + suffix in definitions]
    texts = {json.dumps(_renamed(schema, names), sort_keys=True, default=str) for schema in both}
    return len(texts) == 1


def _renamed(schema: Schema, names: Mapping[str, str]) -> Schema:
    renamed: Schema = with_references(schema, lambda kind, name: names.get(name, name) if kind == "schemas" else name)
    return renamed
