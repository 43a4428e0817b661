"""One OpenAPI document out of what each process says of its part (OpenAPI 3.1.0, https://spec.openapis.org/oas/v3.1.0).

One process composes its document of its own parts in the same way, so it is the same document in every placement.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypedDict

Document = dict[str, Any]
Rename = Callable[[str, str], str]
"""Gets the kind of a component of the document (``schemas``) and its name, gives the new name."""

OPENAPI = "FISSILE_OPENAPI"
"""The environment variable that names the file of the composed document, which may be written later, and anew."""

PROCESS = "fissile-process"
"""The header of a description with the number of the process: for a moment two may answer on the same socket, one of
which is about to end."""

FORMAT = 1
"""The form of a description; another number means that it cannot be composed with this one."""

SECURITY = "securitySchemes"

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
"""The operations of a path in the order of the specification (Path Item Object)."""

_FIELDS = ("openapi", "info", "jsonSchemaDialect", "servers", "paths", "webhooks", "components", "security", "tags")
"""The parts of a document in the order in which FastAPI writes them; whatever else there is comes after them."""

_KINDS = ("schemas", "responses", "parameters", "examples", "requestBodies", "headers", SECURITY, "links", "callbacks")
"""The kinds of components in the order in which FastAPI writes them; whatever else there is comes after them."""

_REFERENCE = re.compile(r"#/components/([a-zA-Z]+)/([a-zA-Z0-9.\-_]+)")


class Part(TypedDict):
    """What ``main.py`` or one component serves.

    Attributes:
        owner: The component's name; empty for ``main.py``.
        prefix: Its URL prefix; empty for ``main.py``.
        document: An OpenAPI document of it alone. Its operation ids need not be unique, and its names may be those of
            other parts, also where they mean something else.
    """

    owner: str
    prefix: str
    document: Document


class Description(TypedDict):
    """What a process answers on ``/-/openapi``: ``main.py`` and each component that lives in it.

    Attributes:
        format: `FORMAT`.
        parts: What it serves, in any order.
    """

    format: int
    parts: list[Part]


class UnknownFormat(ValueError):
    """A description is of another version of Fissile, or none at all."""


def compose(descriptions: Sequence[Description]) -> Document:
    """The document of the whole application.

    Args:
        descriptions: What the processes say, at least one, the front's first. What two of them describe (``main.py``
            always, a component while another version of it is being started) is taken from the first of them.

    Returns:
        ``main.py`` first, then the components by prefix. Who claims a name first keeps it; a name that means something
        else in another part is put under the name of its component there: ``orders.OAuth2PasswordBearer``.

    Raises:
        UnknownFormat: One of them cannot be understood.
    """
    parts: dict[str, Part] = {}
    for description in descriptions:
        if not isinstance(description, Mapping) or description.get("format") != FORMAT:
            raise UnknownFormat(f"this is no description of the format {FORMAT}")
        for part in description["parts"]:
            parts.setdefault(part["owner"], part)
    whole = _Whole()
    for part in sorted(parts.values(), key=lambda part: (part["prefix"], part["owner"])):
        whole.add(part)
    return whole.document(parts[""]["document"])


def render(document: Document) -> bytes:
    """The document as it is sent over HTTP: as Starlette's ``JSONResponse`` writes it."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


class _Whole:
    """The whole document, while parts are added."""

    def __init__(self) -> None:
        self._paths: dict[str, Document] = {}
        self._webhooks: dict[str, Document] = {}
        self._components: dict[str, Document] = {}
        self._tags: dict[str, Document] = {}
        self._operation_ids: set[str] = set()
        self._claimed: dict[tuple[str, str], tuple[Document, str]] = {}

    def add(self, part: Part) -> None:
        """Adds a part, under other names where its own are taken."""
        owner, document = part["owner"], part["document"]
        components = document.get("components", {})
        names = {
            (kind, name): self._name(kind, name, components, owner)
            for kind, entries in components.items()
            for name in sorted(entries)
        }

        def rename(kind: str, name: str) -> str:
            return names.get((kind, name), name)

        for (kind, name), given in names.items():
            entry = with_references(components[kind][name], rename)
            self._components.setdefault(kind, {}).setdefault(given, entry)
        for path, item in document.get("paths", {}).items():
            self._paths.setdefault(path, {}).update(self._operations(item, rename, owner))
        for name, item in document.get("webhooks", {}).items():
            given = next(wanted for wanted in _candidates(name, owner, ".") if wanted not in self._webhooks)
            self._webhooks[given] = self._operations(item, rename, owner)
        for tag in document.get("tags", []):
            self._tags.setdefault(tag["name"], tag)

    def _name(self, kind: str, name: str, components: Document, owner: str) -> str:
        """The name that an entry gets: that of an equal one, else the first that is free."""
        for wanted in _candidates(name, owner, "."):
            theirs, their_name = self._claimed.setdefault((kind, wanted), (components, name))
            is_mine = theirs is components and their_name == name
            if is_mine or _meaning(theirs, kind, their_name) == _meaning(components, kind, name):
                return wanted
        raise AssertionError("there is always another number")

    def _operations(self, item: Document, rename: Rename, owner: str) -> Document:
        renamed = with_names(item, rename)
        for operation in operations(renamed):
            if "operationId" not in operation:
                continue  # an adopted application may describe itself as it likes
            candidates = _candidates(str(operation["operationId"]), owner, "_")
            found = next(wanted for wanted in candidates if wanted not in self._operation_ids)
            self._operation_ids.add(found)
            operation["operationId"] = found
        return renamed

    def document(self, main: Document) -> Document:
        """The document, whose title and whatever else is said of the whole is that of ``main.py``."""
        components = {kind: dict(sorted(entries.items())) for kind, entries in self._components.items() if entries}
        whole = {
            **main,
            "paths": self._paths,
            "webhooks": self._webhooks,
            "components": _in_order(components, _KINDS),
            "tags": list(self._tags.values()),
        }
        return _in_order({name: value for name, value in whole.items() if value or name == "paths"}, _FIELDS)


def _meaning(components: Document, kind: str, name: str) -> str:
    """What a name stands for: its entry, and every other one that this one refers to, directly or not."""
    entry = components[kind][name]
    entries = {**used(entry, components), (kind, name): entry}
    return json.dumps([[*key, entries[key]] for key in sorted(entries)], sort_keys=True)


def _candidates(wanted: str, owner: str, between: str) -> Iterator[str]:
    """What may be called so: as it wishes, with the name of its component, then with a number."""
    yield wanted
    base = f"{owner}{between}{wanted}" if owner else wanted
    if owner:
        yield base
    number = 2
    while True:
        yield f"{base}_{number}"
        number += 1


def _in_order(entries: Document, order: Sequence[str]) -> Document:
    return {name: entries[name] for name in [*order, *entries] if name in entries}


# ---------------------------------------------------------------------------------- reading and renaming


def operations(item: Document) -> Iterator[Document]:
    """The operations of a path, by method."""
    return (item[method] for method in METHODS if method in item)


def used(document: object, components: Document) -> dict[tuple[str, str], object]:
    """Every component of the document that it refers to, directly or not, by its kind and name.

    Args:
        document: Anything JSON.
        components: The components by kind and name.
    """
    found: dict[tuple[str, str], object] = {}
    waiting = [document]

    def note(kind: str, name: str) -> str:
        if (kind, name) not in found and name in components.get(kind, {}):
            found[kind, name] = components[kind][name]
            waiting.append(components[kind][name])
        return name

    while waiting:
        with_references(waiting.pop(), note)
    return found


def with_references(document: Any, rename: Rename) -> Any:
    """A copy of a JSON document in which every reference into ``#/components/`` is renamed."""
    if isinstance(document, dict):
        return {key: with_references(value, rename) for key, value in document.items()}
    if isinstance(document, list):
        return [with_references(value, rename) for value in document]
    if isinstance(document, str) and (found := _REFERENCE.fullmatch(document)):
        return f"#/components/{found[1]}/{rename(found[1], found[2])}"
    return document


def with_names(item: Document, rename: Rename) -> Document:
    """A copy of a path item in which references are renamed, and the security schemes that its operations demand."""
    renamed: Document = with_references(item, rename)
    _rename_security(renamed, rename)
    return renamed


def _rename_security(item: Document, rename: Rename) -> None:
    for operation in operations(item):
        if "security" in operation:
            demands = operation["security"]
            operation["security"] = [{rename(SECURITY, name): demand[name] for name in demand} for demand in demands]
        for callback in operation.get("callbacks", {}).values():
            for called in callback.values():
                _rename_security(called, rename)
