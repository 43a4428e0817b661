"""Value and Event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn, Self

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic.errors import PydanticUndefinedAnnotation, PydanticUserError
from pydantic_core import CoreSchema

from .canonical import WIRE_CONFIG, canonical, record


def _settle_defaults(model: dict[str, object]) -> None:
    """Has pydantic call us for values that have defaults; the others have nothing to settle, and are made faster."""
    inner: Any = model["schema"]
    while "fields" not in inner:  # a validator of the user's own may stand between
        inner = inner["schema"]
    if any(field["schema"]["type"] == "default" for field in inner["fields"].values()):
        model["post_init"] = "_all_fields_are_set"


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

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        try:
            schema = canonical(handler(source), handler, freeze=True)
            if model := record(handler.resolve_ref_schema(schema)):
                _settle_defaults(model)
            return schema
        except (PydanticUserError, TypeError) as error:
            # The class stays incomplete instead: `refusals` tells what is wrong with it, along with everything else.
            raise PydanticUndefinedAnnotation(cls.__name__, str(error)) from error

    def _all_fields_are_set(self, context: object) -> None:
        # Whether a field was given or took its default does not cross: the other side is sent both.
        if len(self.__pydantic_fields_set__) != len(type(self).__pydantic_fields__):
            object.__setattr__(self, "__pydantic_fields_set__", set(type(self).__pydantic_fields__))
        self.model_post_init(context)

    @classmethod
    def model_construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Self:  # type: ignore[override]  # the plugin's own
        """As the constructor: a value is always checked."""
        return cls.model_validate(values)

    def model_copy(self, *, update: Mapping[str, object] | None = None, deep: bool = False) -> Self:
        """The same value with some fields changed, checked as a whole.

        Raises:
            TypeError: A name in `update` is no field.
            pydantic.ValidationError: A new field is wrong.
        """
        fields = type(self).__pydantic_fields__
        if unknown := sorted(set(update or ()) - set(fields)):
            raise TypeError(f"{type(self).__name__} has no field {', '.join(unknown)}")
        return type(self).model_validate({name: getattr(self, name) for name in fields} | dict(update or {}))

    def copy(self, **_arguments: object) -> NoReturn:
        """Refused, since it would not be checked."""
        raise TypeError("a value is copied by model_copy(update=...), which checks it")


class Event(Value):
    """A value that says what happened."""
