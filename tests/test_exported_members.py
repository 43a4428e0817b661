"""The public surface grows only on purpose."""

import subprocess
import sys
from importlib import import_module

import pytest

import fissile

# Semantic versions are promised over these names; a change here is a change in CHANGELOG.md.
PUBLIC = [
    "App",
    "CallError",
    "Carried",
    "Component",
    "ComponentError",
    "ConfigurationError",
    "Database",
    "Event",
    "Interface",
    "Principal",
    "Provided",
    "Value",
    "anyone",
    "authenticated",
    "idempotent",
    "raises",
    "readonly",
    "requires",
]


def run(program: str) -> str:
    """What a fresh interpreter prints for a program."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_public_names_are_these() -> None:
    """`__all__` is the written list, sorted, and has at most 20 names."""
    assert fissile.__all__ == PUBLIC
    assert sorted(PUBLIC) == PUBLIC
    assert len(PUBLIC) <= 20


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_loads_in_a_fresh_interpreter(name: str) -> None:
    """Each name can be the first one that is used, so no order of imports is needed."""
    assert (
        run(f"from fissile import {name}; print({name}.__name__ if hasattr({name}, '__name__') else '{name}')") == name
    )


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_defined_where_it_is_said_to_live(name: str) -> None:
    """The lazy table points at the module that defines the name, not at one that happens to import it."""
    exported = getattr(fissile, name)
    home = import_module(getattr(exported, "__module__", None) or f"fissile.{fissile._HOME[name]}")
    assert getattr(home, name) is exported
    assert home.__name__ == f"fissile.{fissile._HOME[name]}"


def test_importing_fissile_imports_no_library() -> None:
    """The command line starts at once: what costs a second to import waits until it is used."""
    heavy = "{'dishka', 'fastapi', 'pydantic', 'sqlalchemy', 'starlette', 'typer', 'uvicorn'}"
    assert run(f"import fissile, sys; print(sorted({heavy} & set(sys.modules)))") == "[]"


def test_a_component_without_a_database_imports_no_sqlalchemy() -> None:
    """All public names together stay free of what only the data extra brings."""
    assert run("from fissile import *; import sys; print('sqlalchemy' in sys.modules)") == "False"


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A misspelt name fails as in any module, so that `hasattr` and editors work."""
    with pytest.raises(AttributeError, match="module 'fissile' has no attribute 'Appp'"):
        _ = fissile.Appp  # type: ignore[attr-defined]  # the misspelling is the test


def test_dir_lists_what_is_not_loaded_yet() -> None:
    """Completion in a shell shows the whole surface before anything is used."""
    assert run(f"import fissile; print(set({PUBLIC!r}) <= set(dir(fissile)))") == "True"
