"""Where a component's data is: what wins, what is refused, and that no password is shown."""

import os
from pathlib import Path

import pytest

from fissile import ConfigurationError
from fissile.data.address import Address
from fissile.project import find
from fissile.project.secrets import create_secret
from fissile.runtime.addresses import address_of
from tests.runtime.projects import written

SERVER = "postgresql://db.internal:5433/shop"
COMPONENT = "from fissile import Component\ncomponent = Component()\n"


@pytest.fixture(autouse=True)
def no_databases(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment names none."""
    for name in [name for name in os.environ if "DATABASE" in name or name == "FISSILE_SECRETS"]:
        monkeypatch.delenv(name)


def address(folder: Path, files: dict[str, str] | None = None, component: str = COMPONENT) -> Address:
    """Where the data of a component ``orders`` is."""
    with written(folder, {"orders/component.py": component, **(files or {})}) as package:
        project = find(package)
        return address_of(project, project.component("orders"))


def refused(folder: Path) -> str:
    """What is said of it."""
    with pytest.raises(ConfigurationError) as caught:
        address(folder)
    return str(caught.value)


def test_a_file_by_default(tmp_path: Path) -> None:
    """In the folder of the state, named after what outlives a rename."""
    assert tmp_path / "state" / "orders.sqlite3" == address(tmp_path).file
    renamed = COMPONENT.replace("()", '(id="sales")')
    assert tmp_path / "state" / "sales.sqlite3" == address(tmp_path, component=renamed).file


def test_one_server_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each component has a schema and a role of its own there, and its password among the secrets."""
    monkeypatch.setenv("FISSILE_DATABASE_URL", SERVER)
    create_secret(tmp_path / "state" / "secrets" / "orders__database_password", "hush")
    found = address(tmp_path)
    assert ("orders", "shop_orders", "hush") == (found.schema, found.url.username, found.url.password)
    assert "shop_orders@db.internal:5433/shop, schema orders" == str(found)
    assert "hush" not in repr(found)
    assert "environment variable FISSILE_DATABASE_URL" == found.where


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_one_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    """What names one component's database wins over what names that of all, and may name any role."""
    monkeypatch.setenv("FISSILE_DATABASE_URL", SERVER)
    monkeypatch.setenv("ORDERS__DATABASE_URL", f"{scheme}://me:hush@elsewhere/other?sslmode=require")
    found = address(tmp_path)
    assert "me@elsewhere:5432/other, schema orders" == str(found)
    assert ("postgresql+psycopg", "hush", "require") == (
        found.url.drivername,
        found.url.password,
        found.url.query["sslmode"],
    )


def test_a_file_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be in SQLite while the others are on a server."""
    monkeypatch.setenv("FISSILE_DATABASE_URL", SERVER)
    monkeypatch.setenv("ORDERS__DATABASE_URL", f"sqlite:///{tmp_path}/orders.db")
    assert tmp_path / "orders.db" == address(tmp_path).file


def test_in_its_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In development, as its settings; in production the file counts for nothing."""
    files = {"orders/.env": f"ORDERS__DATABASE_URL={SERVER}\n"}
    assert "shop_orders" == address(tmp_path, files).url.username
    monkeypatch.setenv("FISSILE_MODE", "production")
    assert address(tmp_path, files).is_sqlite


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://me:hush@db/shop", "names a role"),
        ("sqlite:////tmp/all.db", "cannot be in one SQLite file"),
        ("mysql://me:hush@db/shop", "mysql: is no database of ours"),
        ("postgresql+asyncpg://me:hush@db/shop", "postgresql+asyncpg: is no database of ours"),
        ("postgresql://me:hush@db", "names no database"),
        ("hush", "it is no URL"),
        ("postgresql://db/shop?user=me&password=hush", "the URL has password, user behind the ?"),
        ("postgresql://me:h@ush@db/shop", "the URL has two @"),
        ("postgresql://me:hush@db:port/shop", "it is no URL"),
    ],
)
def test_what_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, said: str) -> None:
    """It says where it is set and what to write, and repeats nothing that may be secret."""
    monkeypatch.setenv("FISSILE_DATABASE_URL", url)
    message = refused(tmp_path)
    assert message.startswith("environment variable FISSILE_DATABASE_URL: ")
    assert said in message
    assert "fix:" in message
    assert "hush" not in message


def test_a_role_that_postgresql_keeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A role begins with the name of its database, which may not make it one of PostgreSQL's own."""
    monkeypatch.setenv("FISSILE_DATABASE_URL", "postgresql://db/pg_shop")
    with pytest.raises(ConfigurationError, match="the role of a component cannot be pg_shop_orders"):
        address(tmp_path)


@pytest.mark.parametrize("url", ["", SERVER])
def test_an_id_of_postgresql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """It is refused on SQLite as well, so that a project can move to PostgreSQL."""
    monkeypatch.setenv("FISSILE_DATABASE_URL", url)
    with pytest.raises(ConfigurationError, match="PostgreSQL keeps pg_orders for itself"):
        address(tmp_path, component=COMPONENT.replace("()", '(id="pg_orders", database=Database(MetaData()))'))


def test_an_id_that_is_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What becomes a schema has to be a name."""
    monkeypatch.setenv("FISSILE_DATABASE_URL", SERVER)
    with pytest.raises(ConfigurationError, match="cannot be the name of a schema"):
        address(tmp_path, component=COMPONENT.replace("()", '(id="sales-2")'))
