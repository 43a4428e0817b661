"""Interfaces: what may be asked of a component, read from a class of async methods.

`read` turns such a class into a `Contract`, which both sides of a call obey; `compare` tells which methods of two
versions of a contract do not fit. Compatibility is structural (tolerant reader,
https://martinfowler.com/bliki/TolerantReader.html): what the writer adds is ignored, what the reader adds has to be
optional.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NotRequired, Protocol, TypeVar

from typing_extensions import TypedDict  # pydantic wants this one before Python 3.12

from .codec import Codec
from .errors import Fault, place
from .values import ComponentError, refusals

Function = TypeVar("Function", bound=Callable[..., object])
Schema = Mapping[str, object]


class Interface(Protocol):
    """The base of every interface: ``class Suppliers(Interface, Protocol)``, async methods with ``...`` as bodies."""


@dataclass(frozen=True, slots=True)
class _Marks:
    readonly: bool = False
    idempotent: bool = False
    errors: tuple[type[ComponentError], ...] = ()


def _marks(method: Callable[..., object]) -> _Marks:
    marks = getattr(method, "__fissile__", _Marks())
    assert isinstance(marks, _Marks)
    return marks


def readonly(method: Function) -> Function:
    """Marks a method that changes nothing: it may be asked again, and gets a read-only transaction."""
    method.__fissile__ = _Marks(True, True, _marks(method).errors)  # type: ignore[attr-defined]  # functions take attributes
    return method


def idempotent(method: Function) -> Function:
    """Marks a method whose second run with the same arguments changes nothing more: it may be asked again."""
    marks = _marks(method)
    method.__fissile__ = _Marks(marks.readonly, True, marks.errors)  # type: ignore[attr-defined]  # as above
    return method


def raises(*errors: type[ComponentError]) -> Callable[[Function], Function]:
    """Declares the errors that a method may raise; anything else reaches the caller as `CallFailed`."""

    def mark(method: Function) -> Function:
        marks = _marks(method)
        method.__fissile__ = _Marks(marks.readonly, marks.idempotent, errors)  # type: ignore[attr-defined]  # as above
        return method

    return mark


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """One method of an interface, as both sides of a call know it.

    Attributes:
        interface: The class that declares it.
        name: Its name.
        parameters: The names of the parameters that may be given by position, in order.
        arguments: All arguments of one call as one JSON object; a parameter with a default may be absent.
        result: What it returns.
        errors: The errors that it declares, by name, with the codec of their fields.
        readonly: It changes nothing.
        idempotent: It may be asked again.
    """

    interface: type[object]
    name: str
    function: Callable[..., object]
    parameters: tuple[str, ...]
    arguments: Codec[dict[str, object]]
    result: Codec[object]
    errors: Mapping[str, tuple[type[ComponentError], Codec[dict[str, object]]]]
    readonly: bool
    idempotent: bool

    def __str__(self) -> str:
        return f"{self.interface.__name__}.{self.name}"

    def describe(self) -> Schema:
        """Its shape as JSON, for `compare`."""
        return {
            "arguments": self.arguments.schema(),
            "result": self.result.schema(),
            "errors": {name: codec.schema() for name, (_, codec) in sorted(self.errors.items())},
        }


@dataclass(frozen=True, slots=True, eq=False)
class Contract:
    """An interface, read.

    Attributes:
        interface: The class.
        methods: Its methods by name.
    """

    interface: type[object]
    methods: Mapping[str, Method]

    def describe(self) -> dict[str, Schema]:
        """The shape of every method as JSON, for `compare`."""
        return {name: method.describe() for name, method in sorted(self.methods.items())}


def read(interface: type[object]) -> tuple[Contract, tuple[Fault, ...]]:
    """Reads an interface.

    Returns:
        The contract of the methods that are in order, and a fault for everything that is not.
    """
    if interface not in _known:
        _known[interface] = _read(interface)
    return _known[interface]


_known: dict[type[object], tuple[Contract, tuple[Fault, ...]]] = {}


def _read(interface: type[object]) -> tuple[Contract, tuple[Fault, ...]]:
    methods: dict[str, Method] = {}
    faults: list[Fault] = []
    for name, function in sorted(_functions(interface).items()):
        found, method = _method_faults(interface, name, function), None
        if not found:
            method, found = _read_method(interface, name, function)
        faults += found
        if method is not None:
            methods[name] = method
    return Contract(interface, methods), tuple(faults)


def _functions(interface: type[object]) -> dict[str, object]:
    """Everything public in the bodies of the interface and of those that it extends."""
    return {
        name: thing
        for base in reversed(interface.__mro__)
        if base not in (Interface, Protocol, typing.Generic, object)
        for name, thing in vars(base).items()
        if not name.startswith("_")
    }


def _method_faults(interface: type[object], name: str, function: object) -> list[Fault]:
    title = f"{interface.__name__}.{name}"
    if not inspect.isfunction(function):
        return [Fault(f"{title} is not a method", place(interface), "an interface has async methods only", "remove it")]
    where = place(function)
    if inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function):
        why = "a call has one result; a stream belongs to a route"
        return [Fault(f"{title} is a generator", where, why, "return a tuple or a page of values")]
    if not inspect.iscoroutinefunction(function):
        why = "it may be answered by another process"
        return [Fault(f"{title} is not async", where, why, f"write `async def {name}(...)`")]
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())[1:]
    faults = []
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            why = "every argument of a call has a name and a type"
            faults.append(Fault(f"{title} takes {parameter}", where, why, "name the parameters"))
        elif parameter.annotation is parameter.empty:
            why = "both sides check every argument"
            fix = f"annotate it: `{parameter.name}: int`"
            faults.append(Fault(f"{title} does not say the type of `{parameter.name}`", where, why, fix))
    if signature.return_annotation is signature.empty:
        fix = "annotate it, `-> None` where there is nothing to return"
        faults.append(Fault(f"{title} does not say what it returns", where, "both sides check every result", fix))
    return faults


def _read_method(interface: type[object], name: str, function: object) -> tuple[Method | None, list[Fault]]:
    assert inspect.isfunction(function)
    where, title = place(function), f"{interface.__name__}.{name}"
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError, SyntaxError) as error:
        why = str(error)
        return None, [Fault(f"{title} has an annotation that cannot be resolved", where, why, "import the name")]
    result = hints.pop("return")
    parameters = list(inspect.signature(function).parameters.values())[1:]
    hints = {parameter.name: hints[parameter.name] for parameter in parameters}  # `self` may be annotated too
    faults = [fault for hint in [*hints.values(), result] for fault in refusals(hint, where=f"{where} {title}")]
    marks = _marks(function)
    given: Sequence[object] = marks.errors  # users of untyped code declare anything
    for declared in given:
        if isinstance(declared, type) and issubclass(declared, ComponentError):
            faults += declared.refusals()
        else:
            why = "only a ComponentError can be rebuilt on the other side"
            faults.append(Fault(f"{title} declares {declared!r}", where, why, "subclass ComponentError"))
    if faults:
        return None, faults
    positional = tuple(p.name for p in parameters if p.kind is not p.KEYWORD_ONLY)
    fields = {p.name: hints[p.name] if p.default is p.empty else NotRequired[hints[p.name]] for p in parameters}
    arguments: Codec[dict[str, object]] = Codec(TypedDict(f"{title} arguments", fields))  # type: ignore[operator]  # a TypedDict made at run time
    return Method(
        interface,
        name,
        function,
        positional,
        arguments,
        Codec(result),
        {error.__name__: (error, Codec(error.fields_type())) for error in marks.errors},
        marks.readonly,
        marks.idempotent,
    ), []


def implementation_faults(interface: type[object], implementation: type[object]) -> list[Fault]:
    """What is wrong with a class that says it implements an interface: a method left out, sync, or of another shape."""
    faults = []
    for name, declared in sorted(_functions(interface).items()):
        title = f"{implementation.__name__}.{name}"
        found = inspect.getattr_static(implementation, name, None)
        if found is None or found is declared:
            why = f"{interface.__name__} promises it, and a call would return nothing"
            faults.append(Fault(f"{title} is left out", place(implementation), why, f"write `async def {name}(...)`"))
        elif not inspect.iscoroutinefunction(found):
            where = place(found) if inspect.isfunction(found) else place(implementation)
            why = f"{interface.__name__}.{name} is async"
            faults.append(Fault(f"{title} is not async", where, why, f"write `async def {name}(...)`"))
        elif inspect.isfunction(declared) and (why := _shape_difference(declared, found)):
            faults.append(
                Fault(
                    f"{title} differs from {interface.__name__}.{name}", place(found), why, "take over its parameters"
                )
            )
    return faults


def _shape_difference(declared: Callable[..., object], found: Callable[..., object]) -> str:
    wanted = list(inspect.signature(declared).parameters.values())[1:]
    given = {p.name: p for p in list(inspect.signature(found).parameters.values())[1:]}
    if any(p.kind is p.VAR_KEYWORD for p in given.values()):
        return ""
    for parameter in wanted:
        if parameter.name not in given:
            return f"`{parameter.name}` is missing"
        own = given.pop(parameter.name)
        if parameter.default is not parameter.empty and own.default is own.empty:
            return f"`{parameter.name}` has a default in the interface"
    extra = [p.name for p in given.values() if p.default is p.empty and p.kind is not p.VAR_POSITIONAL]
    return f"`{extra[0]}` is not in the interface" if extra else ""


def compare(consumer: Mapping[str, Schema], provider: Mapping[str, Schema]) -> dict[str, str]:
    """Tells which methods of a consumer's contract its provider cannot serve, and why.

    Args:
        consumer: `Contract.describe` as the consumer knows it.
        provider: The same as the provider knows it.

    Returns:
        The reason for each method that does not fit; empty when all do.
    """
    reasons = {name: _difference(method, provider.get(name)) for name, method in consumer.items()}
    return {name: reason for name, reason in reasons.items() if reason}


def _difference(consumer: Schema, provider: Schema | None) -> str:
    if provider is None:
        return "the provider does not have it"
    errors = _mapping(provider["errors"])
    shapes = [
        ("arguments", _mapping(consumer["arguments"]), _mapping(provider["arguments"])),
        ("result", _mapping(provider["result"]), _mapping(consumer["result"])),
        *(
            (name, _mapping(errors[name]), _mapping(own))
            for name, own in _mapping(consumer["errors"]).items()
            if name in errors
        ),
    ]
    for what, writer, reader in shapes:
        for reason in _unreadable(writer, reader, _Roots(writer, reader), what, optional=what == "arguments"):
            return reason
    return ""


@dataclass(slots=True)
class _Roots:
    """The documents that the references of both sides point into, and the pairs that were compared already."""

    writer: Schema
    reader: Schema
    seen: set[tuple[str, str]] = field(default_factory=set)


def _mapping(thing: object) -> Schema:
    assert isinstance(thing, Mapping)
    return thing


def _unreadable(writer: Schema, reader: Schema, roots: _Roots, path: str, *, optional: bool = False) -> Iterator[str]:
    """Why a reader may fail on what a writer writes; nothing where it cannot."""
    pair = (str(writer.get("$ref")), str(reader.get("$ref")))
    if pair in roots.seen:
        return
    if "None" not in pair:
        roots.seen.add(pair)
    writer, reader = _resolve(writer, roots.writer), _resolve(reader, roots.reader)
    if "anyOf" in writer or "oneOf" in writer or "anyOf" in reader or "oneOf" in reader:
        for option in _options(writer):
            if all(next(_unreadable(option, other, roots, path), "") for other in _options(reader)):
                yield f"{path}: {_kind(_resolve(option, roots.writer))} is not accepted"
    elif _kind(writer) != _kind(reader):
        yield f"{path}: {_kind(writer)} is not {_kind(reader)}"
    elif _values(reader) and not _values(writer):
        yield f"{path}: {_kind(writer)} is not one of {', '.join(map(repr, _values(reader)))}"
    elif missing := [value for value in _values(writer) if _values(reader) and value not in _values(reader)]:
        yield f"{path}: {missing[0]!r} is not accepted"
    elif reader.get("type") == "object":
        yield from _unreadable_object(writer, reader, roots, path, optional=optional)
    elif reader.get("type") == "array":
        yield from _unreadable_array(writer, reader, roots, path)


def _unreadable_object(writer: Schema, reader: Schema, roots: _Roots, path: str, *, optional: bool) -> Iterator[str]:
    written, read = _mapping(writer.get("properties", {})), _mapping(reader.get("properties", {}))
    # The fields of a value are all written; an argument that has a default may be left out.
    always = writer.get("required", []) if optional else written
    required = reader.get("required", [])
    assert isinstance(always, (list, Mapping)) and isinstance(required, list)
    for name in required:
        if name not in always:
            yield f"{path}.{name}: required, but not always sent"
    for name in read.keys() & written.keys():
        yield from _unreadable(_mapping(written[name]), _mapping(read[name]), roots, f"{path}.{name}")
    own, other = writer.get("additionalProperties"), reader.get("additionalProperties")
    if isinstance(own, Mapping) and isinstance(other, Mapping):
        yield from _unreadable(own, other, roots, f"{path}[...]")


def _unreadable_array(writer: Schema, reader: Schema, roots: _Roots, path: str) -> Iterator[str]:
    if writer.get("prefixItems") is None and reader.get("prefixItems") is None:
        own, other = writer.get("items", {}), reader.get("items", {})
        yield from _unreadable(_mapping(own), _mapping(other), roots, f"{path}[]")
        return
    firsts, others = writer.get("prefixItems", []), reader.get("prefixItems", [])
    assert isinstance(firsts, list) and isinstance(others, list)
    if len(firsts) != len(others):
        yield f"{path}: another number of items"
    for index, (own, other) in enumerate(zip(firsts, others, strict=False)):
        yield from _unreadable(own, other, roots, f"{path}[{index}]")


def _resolve(schema: Schema, root: Schema) -> Schema:
    names: set[str] = set()
    while "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        assert name not in names, "a reference that leads to itself"
        names.add(name)
        schema = _mapping(_mapping(root["$defs"])[name])
    return schema


def _options(schema: Schema) -> list[Schema]:
    options = schema.get("anyOf") or schema.get("oneOf") or [schema]
    assert isinstance(options, list)
    return options


def _values(schema: Schema) -> list[object]:
    values = [schema["const"]] if "const" in schema else schema.get("enum", [])
    assert isinstance(values, list)
    return values


def _kind(schema: Schema) -> str:
    kind = str(schema.get("type", "anything"))
    return f"{kind} ({schema['format']})" if "format" in schema else kind
