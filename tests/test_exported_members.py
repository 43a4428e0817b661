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


@pytest.mark.parametrize("module", sorted(set(fissile._HOME.values())))
def test_every_public_name_loads_in_a_fresh_interpreter(module: str) -> None:
    """Each name can be the first one that is used, so no order of imports is needed."""
    names = [name for name in PUBLIC if fissile._HOME[name] == module]
    assert run(f"import fissile; print([fissile.{names[0]} is vars(fissile)['{names[0]}']])") == "[True]"


def test_the_lazy_table_has_every_public_name_where_it_is_defined() -> None:
    """The table points at the module that defines a name, or at its package, not at one that happens to import it."""
    assert sorted(fissile._HOME) == PUBLIC
    for name, module in fissile._HOME.items():
        exported = getattr(fissile, name)
        assert getattr(import_module(f"fissile.{module}"), name) is exported
        assert getattr(exported, "__module__", f"fissile.{module}").startswith(f"fissile.{module}")


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
