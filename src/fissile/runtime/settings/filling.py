"""Settings: one pydantic-settings class per component, filled from that component's own variables.

``<COMPONENT>__KEY`` in the environment wins over the file ``<component>__<key>`` in the directory of secrets, that over
``<COMPONENT>__KEY`` in the component's own ``.env`` (in development, for that component alone), and that over the
default.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
)

from fissile.errors import ConfigurationError, Fault, place
from fissile.project import nearest

from .explanation import Explanation, model_in
from .variables import Variable, collect, prefix_of

MODE = "FISSILE_MODE"
"""The environment variable that says where the application runs."""

DATA = ("DATABASE_URL", "DATABASE_PASSWORD")
"""Variables of a component that say where its data is, and are no settings of its code."""

S = TypeVar("S")

_logger = logging.getLogger("fissile.settings")


class Mode(StrEnum):
    """Where an application runs."""

    development = "development"
    staging = "staging"
    production = "production"


def mode_from(environment: Mapping[str, str]) -> Mode:
    """Reads the mode, development when none is set.

    Args:
        environment: The environment variables.

    Returns:
        The mode.

    Raises:
        ConfigurationError: When there is no such mode.
    """
    name = environment.get(MODE) or Mode.development
    if name in set(Mode):
        return Mode(name)
    close = nearest(name, Mode)
    raise ConfigurationError(
        Fault(
            f"there is no mode {name!r}",
            f"environment variable {MODE}",
            f"the modes are {', '.join(Mode)}",
            f"did you mean {close}?" if close else f"unset {MODE}",
        )
    )


def load(
    component: str,
    settings_class: type[S],
    *,
    mode: Mode,
    environment: Mapping[str, str],
    env_file: Path | None = None,
    secrets: Path | None = None,
) -> S:
    """Fills the settings of one component.

    Args:
        component: The component's name.
        settings_class: Its settings, a subclass of pydantic-settings' ``BaseSettings``.
        mode: Where the application runs; the ``.env`` counts in development only.
        environment: The environment variables.
        env_file: The component's own ``.env``, which need not exist.
        secrets: The directory of secrets.

    Returns:
        The settings.

    Raises:
        ConfigurationError: With every variable that is missing, wrong or unknown; never with a value.
    """
    if not issubclass(settings_class, BaseSettings):
        raise ConfigurationError(
            Fault(
                f"the settings of {component} are no BaseSettings",
                place(settings_class),
                "settings are filled from the environment, which is what pydantic-settings does",
                f"class {settings_class.__name__}(pydantic_settings.BaseSettings)",
            )
        )
    read_file = env_file if mode is Mode.development else None
    variables, faults = collect(component, environment=environment, secrets=secrets, env_file=read_file)
    if aliased := _alias_faults(component, settings_class):
        raise ConfigurationError(*faults, *aliased)
    source = _Source(component, settings_class, variables)
    faults += source.unknown()
    settings, errors = _filled(settings_class, source)
    explain = Explanation(component, settings_class, variables, read_file)
    faults += [explain.fault(error) for error in errors]
    if faults or not isinstance(settings, settings_class):
        raise ConfigurationError(*dict.fromkeys(faults))
    return settings


class _Source(EnvSettingsSource):
    """Gives pydantic-settings the variables that were collected, instead of the environment."""

    def __init__(self, component: str, settings_class: type[BaseSettings], variables: Mapping[str, Variable]) -> None:
        self.component = component
        self.variables = variables
        super().__init__(
            settings_class, case_sensitive=False, env_prefix=prefix_of(component), env_nested_delimiter="__"
        )
        keep_empty = not self.env_ignore_empty
        self.env_vars = {name.lower(): it.value for name, it in variables.items() if it.value or keep_empty}

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: object) -> object:
        """Leaves what is no JSON to pydantic, which reports it together with everything else."""
        try:
            return super().decode_complex_value(field_name, field, value)
        except (ValueError, RecursionError):
            return value

    def unknown(self) -> list[Fault]:
        """Finds variables that no field takes: a fault in the component's own file, a warning elsewhere."""
        prefix = prefix_of(self.component)
        fields = self.settings_cls.model_fields
        known = {prefix + name.upper() for name in fields}
        nested = tuple(
            f"{prefix}{name.upper()}__"
            for name, field in fields.items()
            if self.field_is_complex(field) or model_in(field.annotation)
        )
        faults = []
        for variable in self.variables.values():
            if variable.name.removeprefix(prefix) in DATA:
                continue
            if variable.name in known or variable.name.startswith(nested):
                continue
            close = nearest(variable.name.removeprefix(prefix), {name.removeprefix(prefix) for name in known})
            what = f"{self.component} has no setting {variable.name}"
            fix = f"did you mean {prefix}{close}?" if close else f"remove it, or add it to {self.settings_cls.__name__}"
            if variable.in_env_file:
                faults.append(Fault(what, variable.where, f"{self.settings_cls.__name__} has no such field", fix))
            else:
                _logger.warning("%s (%s): %s", what, variable.where, fix)
        return faults


def _filled(
    settings_class: type[BaseSettings], source: PydanticBaseSettingsSource
) -> tuple[BaseSettings | None, list[ErrorDetails]]:
    nothing = InitSettingsSource(settings_class, init_kwargs={})
    sources = settings_class.settings_customise_sources(
        settings_class,
        init_settings=nothing,
        env_settings=source,
        dotenv_settings=nothing,
        file_secret_settings=nothing,
    )
    try:
        return settings_class(_build_sources=(sources, {})), []
    except ValidationError as error:
        # The error itself holds the values: it must not become the context of what is raised for it.
        return None, error.errors(include_url=False, include_context=False, include_input=False)


def _alias_faults(component: str, settings_class: type[BaseSettings]) -> list[Fault]:
    return [
        Fault(
            f"{settings_class.__name__}.{name} has an alias",
            place(settings_class),
            "an alias is read without the component's prefix, so that two components could share it by accident",
            f"remove it: the variable is {prefix_of(component)}{name.upper()}",
        )
        for name, field in settings_class.model_fields.items()
        if field.validation_alias is not None
    ]
