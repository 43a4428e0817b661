"""Says what pydantic found wrong with settings, in the names of variables and without any value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, ForceDecode, NoDecode

from fissile.errors import Fault, place, shown

from .json_example import is_like, json_example
from .variables import Variable, prefix_of

_SAYS_NO_VALUE = {
    "bool_parsing",
    "bool_type",
    "decimal_parsing",
    "dict_type",
    "enum",
    "float_parsing",
    "frozen_set_type",
    "greater_than",
    "greater_than_equal",
    "int_from_float",
    "int_parsing",
    "int_type",
    "less_than",
    "less_than_equal",
    "list_type",
    "literal_error",
    "missing",
    "model_type",
    "multiple_of",
    "set_type",
    "string_pattern_mismatch",
    "string_too_long",
    "string_too_short",
    "tuple_type",
}
"""Errors of pydantic whose message repeats the declaration alone, not what was given."""

_FRAGMENT = 6
"""Characters of a value that a message may not repeat in a row."""


class Explanation:
    """Turns an error of pydantic into a fault that names variables and types but no value.

    Args:
        component: The component's name.
        settings_class: Its settings.
        variables: What was set.
        env_file: The file that it may be set in; None where that is not read.
    """

    def __init__(
        self,
        component: str,
        settings_class: type[BaseSettings],
        variables: Mapping[str, Variable],
        env_file: Path | None,
    ) -> None:
        self.component = component
        self.settings_class = settings_class
        self.variables = variables
        self.env_file = env_file

    def fault(self, error: ErrorDetails) -> Fault:
        """Explains one error."""
        path, annotation = self._field([str(part) for part in error["loc"]])
        if not path:
            where = place(self.settings_class)
            return Fault(f"the settings of {self.component} do not fit together", where, self._reason(error, ""))
        wanted = _written(annotation)
        name = prefix_of(self.component) + "__".join(path).upper()
        field = f"{self.settings_class.__name__}.{'.'.join(path)}"
        if error["type"] == "missing":
            what, why = f"{self.component} needs {name}, which is not set", f"{field}: {wanted} has no default"
            return Fault(what, place(self.settings_class), why, self._how_to_set(name))
        setting = self._variable(path)
        where = setting.where if setting else place(self.settings_class)
        what = f"{name} is no valid {wanted}"
        reason = self._reason(error, wanted) or f"{field} is {wanted}"
        example = json_example(annotation) if self._is_decoded(path) else None
        if example is None:
            return Fault(what, where, reason, f"set {name} to a value of type {wanted}")
        is_json = setting is not None and is_like(setting.value, example)
        why = reason if is_json else f"{field} is {wanted}, which is read as JSON"
        if setting is not None and setting.in_secret_file:
            return Fault(what, where, why, f"write JSON into the file, such as {example}")
        return Fault(what, where, why, f"write JSON, such as {name}='{example}'")

    def _is_decoded(self, path: list[str]) -> bool:
        """Return True if the variable of this field is decoded as JSON when its type is not plain."""
        metadata = self.settings_class.model_fields[path[0]].metadata
        by_default = self.settings_class.model_config.get("enable_decoding") is not False
        return NoDecode not in metadata and (by_default or ForceDecode in metadata)

    def _field(self, parts: list[str]) -> tuple[list[str], object]:
        """Follow a location through nested models; return the names of the fields and the annotation of the last."""
        model: type[BaseModel] | None = self.settings_class
        path: list[str] = []
        annotation: object = None
        for part in parts:
            if model is None or part not in model.model_fields:
                break
            annotation = model.model_fields[part].annotation
            path.append(part)
            model = model_in(annotation)
        return path, annotation

    def _variable(self, path: list[str]) -> Variable | None:
        for length in range(len(path), 0, -1):
            name = prefix_of(self.component) + "__".join(path[:length]).upper()
            if name in self.variables:
                return self.variables[name]
        return None

    def _reason(self, error: ErrorDetails, wanted: str) -> str:
        message = error["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
        if error["type"] in _SAYS_NO_VALUE:
            return message
        if "Secret" in wanted or any(_repeats(message, variable.value) for variable in self.variables.values()):
            return ""
        return message

    def _how_to_set(self, name: str) -> str:
        file = f", or write {name}=... into {shown(self.env_file)}" if self.env_file else ""
        return f"set {name} in the environment{file}, or put it into the secret file {name.lower()}"


def _repeats(message: str, value: str) -> bool:
    said, told = message.casefold(), value.strip().casefold()
    fragments: Iterator[str] = (told[at : at + _FRAGMENT] for at in range(max(1, len(told) - _FRAGMENT + 1)))
    return bool(told) and any(fragment in said for fragment in fragments)


def _written(annotation: object) -> str:
    if isinstance(annotation, type) and not get_args(annotation):
        return annotation.__name__
    return str(annotation).replace("typing.", "")


def model_in(annotation: object) -> type[BaseModel] | None:
    """Finds the model that an annotation is, alone or as one of several."""
    candidates = (annotation, *get_args(annotation))
    return next((kind for kind in candidates if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
