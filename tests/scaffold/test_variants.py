"""Every combination of options makes a project that installs, type-checks, tests, boots and answers."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import URL, make_url

from fissile.data.address import libpq, without_login
from fissile.testing.postgres import SERVER, OwnPostgres
from tests.scaffold.pairs import Combination, everything, pairs
from tests.scaffold.workshop import Workshop

pytestmark = pytest.mark.acceptance

ADMIN = "postgresql://postgres@localhost:5432/postgres"
"""Who provisions in the READMEs."""

PROJECTS = {"shape": ("tiny", "small", "large"), "database": ("sqlite", "postgresql"), "ci": ("", "--ci github")}
GROWN = {
    "database": ("sqlite", "postgresql"),
    "ci": ("", "--ci github"),
    "layers": ("", "--layers"),
    "entity": (
        "",
        '--entity "Order: item=str"',
        '--entity "PurchaseOrder: item=str count=int price=Decimal due=date at=datetime key=UUID ok=bool ratio=float"',
    ),
    "router": ("", "uv run fissile add router orders refunds"),
    "version": ("", "uv run fissile add version orders v2"),
    "call": ("", "uv run fissile add call orders suppliers"),
    "rename": ("no", "", "--and-urls", "--and-data", "--and-urls --and-data"),
}


def shown(combination: Combination) -> str:
    """A combination in a word."""
    return "-".join(str(value).replace("uv run fissile ", "").split(":")[0] for value in combination.values() if value)


@pytest.fixture(scope="module")
def admin() -> Iterator[URL]:
    """Who may make roles on a server for tests."""
    if named := os.environ.get(SERVER):
        yield make_url(named)
        return
    server = OwnPostgres()
    yield server.admin
    server.close()


@pytest.fixture
def name(admin: URL) -> Iterator[str]:
    """The name of a project, and of its database, which goes at the end with its roles."""
    name = f"shop_{secrets.token_hex(4)}"
    yield name
    with psycopg.connect(libpq(admin), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
        roles = connection.execute(
            "SELECT rolname FROM pg_roles WHERE starts_with(rolname, %s)", [f"{name}_"]
        ).fetchall()
        for (role,) in roles:
            connection.execute(f"DROP ROLE {role}".encode())


@pytest.fixture
def workshop(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, admin: URL, name: str) -> Workshop:
    """Where projects are made."""
    caches = tmp_path_factory.getbasetemp() / "caches"
    variables = {"MYPY_CACHE_DIR": str(caches / "mypy"), SERVER: admin.render_as_string(hide_password=False)}
    url = admin.set(drivername="postgresql").render_as_string(hide_password=False)
    return Workshop(tmp_path, variables, {ADMIN: f"'{url}'", "--admin-url URL": f"--admin-url '{url}'"})


@pytest.mark.parametrize("combination", everything(PROJECTS), ids=shown)
def test_projects(workshop: Workshop, admin: URL, name: str, combination: Combination) -> None:
    """A project of each shape does what its README says."""
    make(workshop, admin, name, combination)
    workshop.follow((workshop.folder / "README.md").read_text(encoding="utf-8"))
    assert bool(combination["ci"]) == (workshop.folder / ".github" / "workflows" / "ci.yml").is_file()


@pytest.mark.parametrize("combination", pairs(GROWN), ids=shown)
def test_grown(workshop: Workshop, admin: URL, name: str, combination: Combination) -> None:
    """A project with components grows by every command, and stays what it was."""
    make(workshop, admin, name, {"shape": "large", **combination})
    grow(workshop, combination)
    workshop.type("make check")
    workshop.type("make test")
    workshop.ask(*addresses(combination))
    leave(workshop, combination)


def make(workshop: Workshop, admin: URL, name: str, combination: Combination) -> None:
    """Makes a project, and says where its database is as its README has it."""
    if combination["database"] == "postgresql":
        variable, url = database(admin, name, str(combination["shape"]))
        workshop.variables = {**workshop.variables, variable: url.render_as_string(hide_password=False)}
    workshop.type(
        f"fissile new {name} --shape {combination['shape']} --database {combination['database']} {combination['ci']}"
    )


def database(admin: URL, name: str, shape: str) -> tuple[str, URL]:
    """The variable that says where the database is, and what it says; components are provisioned with theirs."""
    if shape == "large":
        return "FISSILE_DATABASE_URL", without_login(admin, name).set(drivername="postgresql")
    with psycopg.connect(libpq(admin), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"{name.upper()}_DATABASE_URL", admin.set(database=name, drivername="postgresql+psycopg")


def grow(workshop: Workshop, combination: Combination) -> None:
    """Takes every step of a combination."""
    if combination["database"] == "postgresql":
        workshop.type(f"uv run fissile db provision --admin-url {ADMIN}")
    workshop.type("uv run fissile add component suppliers")
    workshop.type(f"uv run fissile add component orders {combination['layers']} {combination['entity']}")
    for step in ("router", "version", "call"):
        if combination[step]:
            workshop.type(str(combination[step]))
    if combination["rename"] != "no":
        workshop.type(f"uv run fissile rename component orders purchases {combination['rename']}")
    if combination["database"] == "postgresql":
        workshop.type(f"uv run fissile db provision --admin-url {ADMIN}")


def addresses(combination: Combination) -> list[str]:
    """Where the component answers in the end."""
    prefix = "/purchases" if "urls" in str(combination["rename"]) else "/orders"
    router, version = combination["router"], combination["version"]
    return ["/docs", prefix, *([f"{prefix}/refunds"] if router else []), *([f"{prefix}/v2"] if version else [])]


def leave(workshop: Workshop, combination: Combination) -> None:
    """Removes what the component calls: refused while it does."""
    if combination["call"]:
        assert "needs" in workshop.type("uv run fissile remove component suppliers", code=3)
        return
    workshop.type("uv run fissile remove component suppliers")
    workshop.type("make check")
