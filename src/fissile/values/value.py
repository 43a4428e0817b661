"""Value and Event."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Set
from typing import Any, ClassVar, NoReturn, Self, cast

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, TypeAdapter
from pydantic.errors import PydanticUndefinedAnnotation, PydanticUserError
from pydantic_core import CoreSchema, SchemaValidator

from .canonical import WIRE_CONFIG, canonical
from .presence import KEY, reader


class Value(BaseModel):
    """Immutable data that crosses a boundary between components.

    Fields are annotated as in any pydantic model; `refusals` says which types they may have. There is no way to make a
    value that was not checked: copies with changes and constructed ones are checked too. Validators of the user's own
    run again on the other side, so they must accept their own result and leave it as it is.
    """

    model_config = ConfigDict(
        **WIRE_CONFIG,
        frozen=True,
        extra="ignore",
        validate_default=True,
        revalidate_instances="subclass-instances",
    )
    _reader: ClassVar[SchemaValidator]
    _set = property(operator.attrgetter("__pydantic_fields_set__"))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        try:
            return canonical(handler(source), handler, freeze=True)
        except (PydanticUserError, TypeError) as error:
            # The class stays incomplete instead: `refusals` tells what is wrong with it, along with everything else.
            raise PydanticUndefinedAnnotation(cls.__name__, str(error)) from error

    @property
    def model_fields_set(self) -> set[str]:
        """The names of the fields that were set. They cross with the value."""
        # A subclass that became the declared class has names of fields that this class does not have.
        return self.__pydantic_fields_set__ & type(self).__pydantic_fields__.keys()

    def _arrived(self, context: object) -> None:
        """Take the names of the fields that were set, which pydantic has read as a field."""
        names: set[str] | None = self.__dict__.pop(KEY)
        if names is not None:
            object.__setattr__(self, "__pydantic_fields_set__", self.__pydantic_fields_set__ & names)
        self.model_post_init(context)

    @classmethod
    def _made(cls, fields: Mapping[str, object], names: Set[str]) -> Self:
        """Return a value of which these fields are set, checked as a whole."""
        found: SchemaValidator | None = vars(cls).get("_reader")
        if found is None:
            found = cls._reader = reader(TypeAdapter(cls).core_schema)
        return cast("Self", found.validate_python({**fields, KEY: set(names)}))

    @classmethod
    def model_construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Self:  # type: ignore[override]  # the plugin's own
        """As the constructor: a value is always checked. The fields in `_fields_set` alone count as set."""
        return cls._made(values, values.keys() if _fields_set is None else _fields_set)

    def model_copy(self, *, update: Mapping[str, object] | None = None, deep: bool = False) -> Self:
        """The same value with some fields changed, checked as a whole. What was not set or changed stays unset.

        Raises:
            TypeError: A name in `update` is no field.
            pydantic.ValidationError: A new field is wrong.
        """
        fields, changed = type(self).__pydantic_fields__, dict(update or {})
        if unknown := sorted(changed.keys() - fields.keys()):
            raise TypeError(f"{type(self).__name__} has no field {', '.join(unknown)}")
        kept = {name: getattr(self, name) for name in fields}
        return self._made(kept | changed, self.model_fields_set | changed.keys())

    def copy(self, **_arguments: object) -> NoReturn:
        """Refused, since it would not be checked."""
        raise TypeError("a value is copied by model_copy(update=...), which checks it")


class Event(Value):
    """A value that says what happened."""
