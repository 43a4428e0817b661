"""What each component has of its own in PostgreSQL, and that nobody else gets at it."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ProgrammingError

from fissile import ConfigurationError
from fissile.data.address import Address, role_of, without_login
from fissile.data.problems import connecting
from fissile.data.provisioning import provision
from fissile.errors import DependencyDown

from .conftest import provisioned


def run(address: Address, statement: str) -> list[object]:
    """Runs a statement as a component, and gives the first column of its rows."""
    engine = address.blocking_engine()
    try:
        with engine.begin() as connection:
            result = connection.execute(text(statement))
            return list(result.scalars()) if result.returns_rows else []
    finally:
        engine.dispose()


def admin(database: URL) -> Address:
    """An administrator in this database."""
    return Address("admin", "public", database)


def test_a_component_has_its_schema_alone(database: URL, tmp_path: Path) -> None:
    """It makes tables in it without naming it, and reads them; the server refuses a foreign SELECT."""
    orders, suppliers = provisioned(database, tmp_path, "orders", "suppliers")
    run(suppliers, "CREATE TABLE suppliers (id int)")
    run(suppliers, "INSERT INTO suppliers VALUES (1)")
    assert [1] == run(suppliers, "SELECT id FROM suppliers")
    for statement in (
        "SELECT * FROM suppliers.suppliers",
        "INSERT INTO suppliers.suppliers VALUES (2)",
        "CREATE TABLE suppliers.other (supplier_id int)",
        "CREATE TABLE here (supplier_id int REFERENCES suppliers.suppliers)",
        "CREATE TABLE public.here (id int)",
        "CREATE SCHEMA another",
        "CREATE TEMPORARY TABLE here (id int)",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"):
            run(orders, statement)


def test_others_are_kept_out_of_the_database(database: URL, tmp_path: Path, postgres: URL) -> None:
    """A role of the same server that belongs to no component does not get in."""
    provisioned(database, tmp_path, "orders")
    stranger = f"{database.database}_stranger"
    run(admin(postgres), f"CREATE ROLE {stranger} LOGIN")
    address = Address("orders", "orders", without_login(database, role=stranger))
    with pytest.raises(ConfigurationError, match="permission denied for database"), connecting(address):
        run(address, "SELECT 1")


def test_passwords_are_secrets(database: URL, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A password is in a file that only its owner reads, the server has its SCRAM hash, and nothing prints it."""
    (orders,) = provisioned(database, tmp_path / "secrets", "orders")
    file = tmp_path / "secrets" / "orders__database_password"
    assert (file.read_text().strip(), 0o600) == (orders.url.password, stat.S_IMODE(file.stat().st_mode))
    (kept,) = run(admin(database), f"SELECT rolpassword FROM pg_authid WHERE rolname = '{orders.url.username}'")
    assert str(kept).startswith("SCRAM-SHA-256$")
    assert 32 <= len(orders.url.password or "")
    assert (orders.url.password or "") not in "".join(capfd.readouterr()) + str(orders) + repr(orders)


def test_what_is_there_is_kept(database: URL, tmp_path: Path) -> None:
    """Provisioning again changes nothing, many at once neither; a new component gets what it lacks."""
    (orders,) = provisioned(database, tmp_path, "orders")
    run(orders, "CREATE TABLE orders (id int)")
    with ThreadPoolExecutor(4) as several:
        again = list(several.map(lambda _: _again(database, tmp_path, orders, "orders", "users"), range(4)))
    assert all(names == ["orders", "users"] for names in again)
    assert [0] == run(orders, "SELECT count(*) FROM orders")


def _again(database: URL, folder: Path, orders: Address, *names: str) -> list[str]:
    """As a second machine would do it, to which the secrets were brought."""
    known = {"orders": orders.url.password}
    wanted = []
    for name in names:
        url = without_login(database, role=role_of(database.database or "", name))
        password = known.get(name) or f"brought along for {name}"
        wanted.append(Address(name, name, url.set(password=password)))
    return [made.address.component for made in provision(database.set(database="postgres"), wanted, folder)]


def test_a_schema_of_somebody_else(database: URL, tmp_path: Path) -> None:
    """A schema that belongs to another role is left alone, and nothing of the component is made."""
    provisioned(database, tmp_path, "users")
    run(admin(database), "CREATE SCHEMA orders")
    with pytest.raises(ConfigurationError, match=r"the schema orders of orders belongs to"):
        provisioned(database, tmp_path, "orders")
    assert [] == run(admin(database), f"SELECT 1 FROM pg_roles WHERE rolname = '{database.database}_orders'")


def test_an_administrator_who_is_none(database: URL, tmp_path: Path) -> None:
    """Whoever may not make roles is told so, and what would be needed."""
    (orders,) = provisioned(database, tmp_path, "orders")
    wanted = [Address("users", "users", without_login(database, role=f"{database.database}_users"))]
    with pytest.raises(ConfigurationError) as caught:
        provision(orders.url, wanted, tmp_path)
    (fault,) = caught.value.faults
    assert ("--admin-url", f"{orders.url.username} may not make roles and schemas") == (fault.where, fault.what)
    assert "CREATEROLE" in fault.fix


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    """It is named, without the password that was to be used."""
    url = URL.create("postgresql+psycopg", "admin", "not to be shown", "127.0.0.1", 1, "postgres")
    wanted = [Address("users", "users", without_login(url, "shop", "shop_users"))]
    with pytest.raises(DependencyDown, match=r"cannot connect as admin to 127\.0\.0\.1") as caught:
        provision(url, wanted, tmp_path)
    assert "not to be shown" not in str(caught.value)


def test_a_role_of_somebody_else(database: URL, tmp_path: Path, postgres: URL) -> None:
    """Its password is not replaced, whoever it belongs to: another application, or another component by its name."""
    stranger = f"{database.database}_stranger"
    run(admin(postgres), f"CREATE ROLE {stranger} LOGIN PASSWORD 'its own'")
    before = run(admin(postgres), f"SELECT rolpassword FROM pg_authid WHERE rolname = '{stranger}'")
    wanted = [Address("orders", "orders", without_login(database, role=stranger).set(password="another"))]
    with pytest.raises(ConfigurationError, match=f"the role {stranger} is there, and was not made for orders"):
        provision(database.set(database="postgres"), wanted, tmp_path)
    assert before == run(admin(postgres), f"SELECT rolpassword FROM pg_authid WHERE rolname = '{stranger}'")


def test_secrets_that_are_not_here(database: URL, tmp_path: Path) -> None:
    """A second machine does not shut out the first, unless it says so."""
    (orders,) = provisioned(database, tmp_path / "first", "orders")
    wanted = [Address("orders", "orders", without_login(database, role=orders.url.username))]
    elsewhere = tmp_path / "second"
    with pytest.raises(ConfigurationError, match="its password is not among the secrets"):
        provision(database.set(database="postgres"), wanted, elsewhere)
    assert not (elsewhere / "orders__database_password").exists()
    (made,) = provision(database.set(database="postgres"), wanted, elsewhere, new_passwords=True)
    assert (True, elsewhere / "orders__database_password") == (made.is_new, made.secret)
