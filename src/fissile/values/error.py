"""The errors that a component declares."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable
from typing import ClassVar, NotRequired, dataclass_transform

import pydantic
from typing_extensions import TypedDict

from ..errors import Fault, place
from .permitted import refusals
from .value import Value

RESERVED = frozenset(
    {"args", "add_note", "code", "fields", "fields_type", "message", "refusals", "status", "with_traceback"}
)


@dataclass_transform(kw_only_default=True)
class ComponentError(Exception):
    """An error that a method declares with `@raises`, so that it reaches the caller whole, with its fields.

        class UnknownSupplier(ComponentError):
            \"\"\"No supplier has this id.\"\"\"
            status = 404
            supplier_id: int

    Attributes:
        status: The HTTP status when it leaves a route of its component, 400 to 599.
        code: One word for programs, by default the name of the class in snake_case.

    Raises:
        TypeError: A field is missing or unknown.
        ValueError: A field has a wrong value.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "component_error"
    _checked: ClassVar[type[Value] | None] = None

    def __init_subclass__(cls, **arguments: object) -> None:
        super().__init_subclass__(**arguments)
        cls._checked = None
        if "code" not in vars(cls):
            cls.code = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", cls.__name__).lower()

    def __init__(self, **fields: object) -> None:
        super().__init__()
        kind = type(self)
        names = _field_hints(kind)
        if unknown := sorted(set(fields) - set(names)):
            raise TypeError(f"{kind.__name__} has no field {', '.join(unknown)}")
        try:
            checked = _as_value(kind)(**fields)
        except pydantic.ValidationError as error:
            missing = [str(item["loc"][0]) for item in error.errors() if item["type"] == "missing"]
            if missing:
                raise TypeError(f"{kind.__name__} needs {', '.join(missing)}") from None
            reasons = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
            raise ValueError(f"{kind.__name__}: {reasons}") from None
        for name in names:
            setattr(self, name, getattr(checked, name))

    @property
    def message(self) -> str:
        """What happened, in one sentence: the first line of the docstring of its class."""
        text = inspect.cleandoc(type(self).__doc__ or "").partition("\n")[0]
        return text or type(self).code.replace("_", " ").capitalize() + "."

    def fields(self) -> dict[str, object]:
        """Its fields by name, from which it can be made again: ``type(error)(**error.fields())``."""
        return {name: getattr(self, name) for name in _field_hints(type(self))}

    @classmethod
    def fields_type(cls) -> type[object]:
        """The type of `fields`, as a `TypedDict`; a field with a default may be absent."""
        hints = _field_hints(cls)
        entries: dict[str, object] = {
            name: NotRequired[hint] if hasattr(cls, name) else hint for name, hint in hints.items()
        }
        make = typing.cast(Callable[[str, dict[str, object]], type[object]], TypedDict)
        return make(cls.__name__, entries)

    @classmethod
    def refusals(cls) -> list[Fault]:
        """Everything that is wrong with the class: fields that cannot cross, reserved names, a status that is none."""
        where, faults = place(cls), []
        try:
            hints = _field_hints(cls)
        except NameError as error:
            why = "the fields have to be known at the start"
            return [Fault(f"{cls.__name__}: {error}", where, why, "import the name")]
        for name in sorted(RESERVED & hints.keys() | {name for name in hints if name.startswith("_")}):
            fix = f"write `{name} = ...` without annotation" if name in ("code", "status") else "rename it"
            faults.append(Fault(f"{cls.__name__}.{name}: the name is taken", where, "every error has it", fix))
        if not (type(cls.status) is int and 400 <= cls.status <= 599):
            why = "an error is answered with the status of an error"
            faults.append(Fault(f"{cls.__name__}.status is {cls.status!r}", where, why, "use 400 to 599"))
        for name, hint in hints.items():
            for fault in refusals(hint, where=where, mutable=False):
                named = (
                    fault
                    if fault.where != where
                    else Fault(f"{cls.__name__}.{name}: {fault.what}", where, fault.why, fault.fix)
                )
                faults.append(named)
        return list(dict.fromkeys(faults))

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.fields().items())
        return f"{self.message} ({told})" if told else self.message

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.fields().items())})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, ComponentError) and self.fields() == other.fields()

    def __hash__(self) -> int:
        return hash((type(self), *self.fields().values()))

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.fields())


def _field_hints(error: type[ComponentError]) -> dict[str, object]:
    """The annotated fields of the class and of those it extends, the first declared first.

    Raises:
        NameError: An annotation refers to what is not there.
    """
    hints = vars(error).get("_hints")
    if hints is None:
        resolved = typing.get_type_hints(error, include_extras=True)
        hints = {
            name: resolved[name]
            for base in reversed(error.__mro__)
            if issubclass(base, ComponentError) and base is not ComponentError
            for name in inspect.get_annotations(base)
            if typing.get_origin(resolved[name]) is not ClassVar and resolved[name] is not ClassVar
        }
        error._hints = hints  # type: ignore[attr-defined]  # a memo on the class
    return typing.cast(dict[str, object], hints)


def _as_value(error: type[ComponentError]) -> type[Value]:
    """A value with the fields of the error, which checks them."""
    if error._checked is None:
        definitions = {
            name: (hint, getattr(error, name)) if hasattr(error, name) else hint
            for name, hint in _field_hints(error).items()
        }
        error._checked = pydantic.create_model(error.__name__, __base__=Value, **definitions)  # type: ignore[call-overload]  # made at run time
    return typing.cast(type[Value], error._checked)


def _rebuild(error: type[ComponentError], fields: dict[str, object]) -> ComponentError:
    return error(**fields)
