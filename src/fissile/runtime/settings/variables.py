"""The raw settings of one component: every variable that is its own, and where it was set."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dotenv.parser import parse_stream

from fissile.errors import ConfigurationError, Fault, raise_faults, shown
from fissile.project.secrets import SECRETS, read_secret


@dataclass(frozen=True)
class Variable:
    """One variable that was set.

    Attributes:
        name: Its name in capitals, such as ``ORDERS__KEY``.
        value: What it was set to; never shown.
        where: Where it was set.
        in_env_file: Whether that is the component's own ``.env``.
        in_secret_file: Whether that is a file among the secrets, which holds the value alone.
    """

    name: str
    value: str = field(repr=False)
    where: str
    in_env_file: bool = False
    in_secret_file: bool = False


def prefix_of(component: str) -> str:
    """Gives what the names of a component's variables start with."""
    return f"{component.upper()}__"


def secrets_directory(environment: Mapping[str, str], default: Path) -> Path | None:
    """Finds the directory of secrets: one file each, named ``<component>__<key>``.

    Args:
        environment: The environment variables.
        default: The directory that is used where it exists and ``FISSILE_SECRETS`` is not set.

    Returns:
        The directory, or None where there is none.

    Raises:
        ConfigurationError: When ``FISSILE_SECRETS`` names no directory.
    """
    named = environment.get(SECRETS)
    if not named:
        return default if default.is_dir() else None
    if Path(named).is_dir():
        return Path(named)
    raise ConfigurationError(
        Fault(
            f"{named} is no directory",
            f"environment variable {SECRETS}",
            "it holds one file for each secret, named <component>__<key>",
            f"make the directory, or unset {SECRETS}",
        )
    )


def collect(
    component: str, *, environment: Mapping[str, str], secrets: Path | None, env_file: Path | None
) -> tuple[dict[str, Variable], list[Fault]]:
    """Collects the variables of one component; the environment wins over secrets, and those over its ``.env``.

    Args:
        component: The component's name.
        environment: The environment variables.
        secrets: The directory of secrets.
        env_file: The component's own ``.env``; None where it is not to be read.

    Returns:
        The variables by name, and what is wrong with the ``.env``.

    Raises:
        ConfigurationError: Other users can read a secret, or it cannot be read.
    """
    faults: list[Fault] = []
    variables: dict[str, Variable] = {}
    for source in (
        _from_environment(prefix_of(component), environment),
        _from_secrets(prefix_of(component), secrets),
        _from_env_file(prefix_of(component), env_file, faults),
    ):
        stronger = tuple(variables)
        for variable in source:
            # ORDERS__MAIL as a whole hides what a weaker source says of ORDERS__MAIL__HOST.
            if not any(variable.name == name or variable.name.startswith(f"{name}__") for name in stronger):
                variables[variable.name] = variable
    return variables, faults


def _from_environment(prefix: str, environment: Mapping[str, str]) -> Iterator[Variable]:
    # Capitals come last and so win where a name is set in both.
    for name in sorted(environment, key=str.isupper):
        if name.upper().startswith(prefix):
            yield Variable(name.upper(), environment[name], f"environment variable {name}")


def _from_secrets(prefix: str, secrets: Path | None) -> list[Variable]:
    found: list[Variable] = []
    faults: list[Fault] = []
    for file in _files(secrets) if secrets else ():
        if file.name.upper().startswith(prefix) and file.is_file():
            try:
                found.append(Variable(file.name.upper(), read_secret(file), shown(file), in_secret_file=True))
            except ConfigurationError as error:
                faults += error.faults
    raise_faults(faults)
    return found


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        what = f"the folder of the secrets cannot be read: {error.strerror}"
        raise ConfigurationError(Fault(what, shown(folder), fix="correct its permissions")) from None


def _from_env_file(prefix: str, env_file: Path | None, faults: list[Fault]) -> Iterator[Variable]:
    text = _text(env_file, faults) if env_file and env_file.is_file() else None
    if env_file is None or text is None:
        return
    for binding in parse_stream(io.StringIO(text)):
        blank = len(binding.original.string) - len(binding.original.string.lstrip())
        where = shown(env_file, binding.original.line + binding.original.string[:blank].count("\n"))
        if binding.error or (binding.key is not None and binding.value is None):
            faults.append(
                Fault("the line is no NAME=value", where, fix="quote the value where it has quotes or spaces")
            )
        elif binding.key is not None and not binding.key.upper().startswith(prefix):
            why = f"a component's .env is read for it alone, with the names of the environment: {prefix}KEY"
            faults.append(Fault(f"{binding.key} is none of its variables", where, why, f"write {prefix}{binding.key}="))
        elif binding.key is not None:
            yield Variable(binding.key.upper(), binding.value or "", where, in_env_file=True)


def _text(file: Path, faults: list[Fault]) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        faults.append(Fault("the file is no UTF-8", shown(file), fix="save it as UTF-8"))
    except OSError as error:
        faults.append(Fault(f"the file cannot be read: {error.strerror}", shown(file), fix="correct its permissions"))
    return None
