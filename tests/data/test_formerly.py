"""Data that goes with its component when the component gets another id."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event

import psycopg
import pytest
from sqlalchemy import MetaData
from sqlalchemy.engine import URL

from fissile import ConfigurationError, Database
from fissile.data import Budget, Migrations, Store, former
from fissile.data.address import Address, libpq, role_of, without_login
from fissile.data.migrations import locking, presence
from fissile.data.provisioning import Provisioned, provision
from fissile.errors import Fault
from fissile.project import find
from fissile.runtime.addresses import address_of, on_server
from tests.cli.terminal import Terminal
from tests.runtime.projects import written

from .conftest import provisioned
from .migrations.processes import until

Alone = AbstractContextManager[bool]

COMPONENT = """\
from fissile import Component, Database

from .db import metadata

component = Component(database=Database(metadata{more}))
"""

DB = """\
from sqlalchemy import Column, Integer, MetaData, Table

metadata = MetaData()
Table("rows", metadata, Column("id", Integer, primary_key=True))
"""

FILES = {
    "pyproject.toml": '[project]\nname = "shop"\nversion = "0"\n\n[tool.fastapi]\nentrypoint = "shop.main:app"\n',
    "shop/__init__.py": "",
    "shop/main.py": "from fissile import App\n\napp = App(__package__)\n",
    "shop/orders/__init__.py": "",
    "shop/orders/component.py": COMPONENT.format(more=""),
    "shop/orders/db.py": DB,
}


# ------------------------------------------------------------------------------------------------ what is declared


def test_a_name_that_is_none() -> None:
    """What no component can be called was no id of one."""
    with pytest.raises(ConfigurationError, match=r"Database\(formerly='Old orders'\) is no id"):
        Database(MetaData(), formerly="Old orders")


def addresses(folder: Path, more: str, *others: str, own: str = "") -> list[Address]:
    """Where the data of purchases is, as the application and as the provision find it."""
    declared = f"component = Component(database=Database(MetaData(){more}){own})\n"
    files = {"purchases/component.py": f"from fissile import Component, Database\n{declared}"}
    files |= {f"{name}/component.py": "from fissile import Component\ncomponent = Component()\n" for name in others}
    with written(folder, files) as package:
        project = find(package)
        admin = URL.create("postgresql+psycopg", "postgres", host="127.0.0.1", database="shop")
        return [address_of(project, project.component("purchases")), *on_server(project, "purchases", admin)]


def test_it_is_read_from_the_source(tmp_path: Path) -> None:
    """The former place is that of the former id: its file, and its schema with its role."""
    file, schema = addresses(tmp_path, ', formerly="orders"')
    assert tmp_path / "state" / "orders.sqlite3" == file.former.file
    assert ("orders", "_orders") == (schema.former.schema, (schema.former.url.username or "")[-7:])
    assert ["", ""] == [one.formerly for one in addresses(tmp_path, "")]
    assert ["", ""] == [one.formerly for one in addresses(tmp_path, ", formerly=None")]


def test_its_own_id_says_nothing(tmp_path: Path) -> None:
    """So a rename that is taken back leaves nothing wrong."""
    assert "" == addresses(tmp_path, ', formerly="purchases"')[0].formerly
    assert "" == addresses(tmp_path, ', formerly="orders"', own=', id="orders"')[0].formerly


def test_what_a_name_of_the_code_says(tmp_path: Path) -> None:
    """What is not written literally is known to the running application nonetheless."""
    with written(tmp_path, {"purchases/component.py": "component = Component(database=database)\n"}) as package:
        project = find(package)
        found = address_of(project, project.component("purchases"), Database(MetaData(), formerly="orders"))
    assert "orders" == found.formerly


def test_an_id_that_another_component_has_by_now(tmp_path: Path) -> None:
    """Its data is not taken from it."""
    with pytest.raises(ConfigurationError, match="purchases was formerly orders, and orders has this id now"):
        addresses(tmp_path, ', formerly="orders"', "orders")


def test_a_file_that_the_environment_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stays where it is said to be."""
    monkeypatch.setenv("PURCHASES__DATABASE_URL", f"sqlite:///{tmp_path}/mine.sqlite3")
    with written(tmp_path, {"purchases/component.py": "component = Component(database=database)\n"}) as package:
        project = find(package)
        found = address_of(project, project.component("purchases"), Database(MetaData(), formerly="orders"))
    assert (tmp_path / "mine.sqlite3", "") == (found.file, found.formerly)


# ---------------------------------------------------------------------------------------------------- SQLite files


@pytest.fixture
def purchases(tmp_path: Path) -> Address:
    """Where the data of purchases is to be, whose rows are still among the orders."""
    make(tmp_path / "orders.sqlite3")
    return replace(Address.of_file("purchases", tmp_path / "purchases.sqlite3"), formerly="orders")


def make(file: Path, rows: int = 3) -> None:
    """Makes a file with a table."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY)")
        connection.executemany("INSERT INTO rows VALUES (?)", [(number,) for number in range(rows)])


def rows_in(file: Path) -> int:
    """How many rows it has."""
    with closing(sqlite3.connect(file)) as connection:
        (number,) = connection.execute("SELECT count(*) FROM rows").fetchone()
    return int(number)


def refused(address: Address) -> Fault:
    """What is said to code that starts."""
    with pytest.raises(ConfigurationError) as caught:
        former.refuse(address)
    (fault,) = caught.value.faults
    return fault


def names(folder: Path) -> list[str]:
    """What is in it."""
    return sorted(file.name for file in folder.iterdir())


def test_a_file_moves_with_all_that_it_has(purchases: Address, tmp_path: Path) -> None:
    """Once, and nothing of the former name is left."""
    with presence.present(purchases.former, "r1"):
        pass
    assert former.move(purchases)
    assert ["purchases.sqlite3"] == names(tmp_path)
    assert 3 == rows_in(purchases.file)
    assert not former.move(purchases)
    former.refuse(purchases)


def test_what_only_its_log_has(purchases: Address, tmp_path: Path) -> None:
    """What a process had committed that was killed comes along: it is still in the write-ahead log."""
    killed = (
        "import os, sqlite3, sys\nfile = sqlite3.connect(sys.argv[1])\nfile.execute('PRAGMA wal_autocheckpoint = 0')\n"
        "file.execute('INSERT INTO rows VALUES (100)')\nfile.commit()\nos.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", killed, str(purchases.former.file)], check=False)
    assert (tmp_path / "orders.sqlite3-wal").stat().st_size
    assert former.move(purchases)
    assert (["purchases.sqlite3"], 4) == (names(tmp_path), rows_in(purchases.file))


def test_code_that_only_starts_moves_nothing(purchases: Address, tmp_path: Path) -> None:
    """It names the command that does."""
    expected = Fault(
        "the data of purchases has not moved to purchases.sqlite3 yet",
        str(tmp_path / "orders.sqlite3"),
        "purchases was formerly orders, and the data is in orders.sqlite3",
        "fissile db upgrade purchases",
    )
    assert expected == refused(purchases)
    assert "purchases.sqlite3" not in names(tmp_path)


async def test_a_store_moves_it_where_it_migrates(purchases: Address, tmp_path: Path) -> None:
    """As in development; otherwise it does not open, with or without migrations."""
    database = Database(MetaData(), formerly="orders")
    migrations = Migrations("purchases", database.metadata, tmp_path / "code")
    store = Store(database, purchases, migrations, budget=Budget(1), migrates=False)
    with pytest.raises(ConfigurationError, match="has not moved to"):
        await store.open_once()
    assert "purchases.sqlite3" not in names(tmp_path)
    store = Store(database, purchases, migrations, budget=Budget(1), migrates=True)
    await store.open_once()
    await store.close()
    assert 3 == rows_in(purchases.file)


def test_nothing_to_move(tmp_path: Path) -> None:
    """On a new machine, and where the former file has no table, nothing is said and nothing is made."""
    address = replace(Address.of_file("purchases", tmp_path / "purchases.sqlite3"), formerly="orders")
    assert not former.move(address)
    former.refuse(address)
    assert [] == names(tmp_path)
    (tmp_path / "orders.sqlite3").touch()
    assert not former.move(address)
    former.refuse(address)
    assert ["orders.sqlite3"] == names(tmp_path)


def test_both_files_with_tables(purchases: Address, tmp_path: Path) -> None:
    """That of the present name counts, and the other one stays."""
    make(purchases.file, rows=1)
    assert not former.move(purchases)
    former.refuse(purchases)
    assert (1, 3) == (rows_in(purchases.file), rows_in(tmp_path / "orders.sqlite3"))


def test_an_empty_file_that_hides_data(purchases: Address, tmp_path: Path) -> None:
    """Neither the start nor the upgrade goes on with it, and none removes it."""
    purchases.file.touch()
    fault = refused(purchases)
    assert "the database of purchases is empty, and hides the data that is in orders.sqlite3" == fault.what
    assert f"remove {purchases.file}, and then: fissile db upgrade purchases" in fault.fix
    with pytest.raises(ConfigurationError, match="hides the data"):
        former.move(purchases)
    assert (0, 3) == (purchases.file.stat().st_size, rows_in(tmp_path / "orders.sqlite3"))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for who uses a file."""
    monkeypatch.setattr(former, "PATIENCE", 0.0)


@pytest.mark.usefixtures("impatient")
def test_code_that_uses_the_file(purchases: Address) -> None:
    """It does not lose it, also while it has no connection."""
    with presence.present(purchases.former, None), pytest.raises(ConfigurationError) as caught:
        former.move(purchases)
    (fault,) = caught.value.faults
    assert "the data of purchases cannot move to purchases.sqlite3: somebody uses it" == fault.what
    assert "end it, and then: fissile db upgrade purchases" == fault.fix
    assert not purchases.file.exists()
    assert former.move(purchases)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("statements", [("PRAGMA journal_mode = WAL", "END"), ("PRAGMA journal_mode = DELETE", "")])
def test_another_program_that_has_it_open(purchases: Address, statements: tuple[str, str]) -> None:
    """One that says nothing of itself, such as the shell of SQLite, with its log from before or of right now."""
    with closing(sqlite3.connect(purchases.former.file, isolation_level=None)) as connection:
        for statement in (statements[0], "BEGIN", "INSERT INTO rows VALUES (100)", statements[1]):
            connection.execute(statement)
        with pytest.raises(ConfigurationError, match="somebody uses it"):
            former.move(purchases)
    assert former.move(purchases)


def test_it_waits_for_code_that_ends(purchases: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    """In development the process from before ends while the next one starts."""
    tried = Event()

    @contextmanager
    def watched(address: Address, alone: Callable[[Address], Alone] = presence.alone) -> Iterator[bool]:
        with alone(address) as is_alone:
            yield is_alone
        tried.set()

    monkeypatch.setattr(presence, "alone", watched)
    with ThreadPoolExecutor(1) as other:
        with presence.present(purchases.former, "r1"):
            moving = other.submit(former.move, purchases)
            assert tried.wait(60)
            assert not purchases.file.exists()
        assert moving.result()


def test_one_that_is_overtaken(purchases: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between its look and its lock somebody else has moved the file."""

    @contextmanager
    def overtaken(address: Address, alone: Callable[[Address], Alone] = presence.alone) -> Iterator[bool]:
        monkeypatch.setattr(presence, "alone", alone)
        assert former.move(purchases)
        with alone(address) as is_alone:
            yield is_alone

    monkeypatch.setattr(presence, "alone", overtaken)
    assert not former.move(purchases)
    assert ["purchases.sqlite3"] == names(tmp_path)


def test_many_at_once(purchases: Address) -> None:
    """One moves it, the others find it moved."""
    with ThreadPoolExecutor(8) as several:
        moved = list(several.map(lambda _: former.move(purchases), range(8)))
    assert [False] * 7 + [True] == sorted(moved)
    assert 3 == rows_in(purchases.file)


KILLED = """
import os, sys
from dataclasses import replace
from pathlib import Path
from fissile.data import former
from fissile.data.address import Address

rename = Path.rename

def killed(path, target):
    if sys.argv[2] == "after":
        rename(path, target)
    os.kill(os.getpid(), 9)

Path.rename = killed
former.move(replace(Address.of_file("purchases", Path(sys.argv[1])), formerly="orders"))
"""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_kill(purchases: Address, moment: str) -> None:
    """The file is whole, here or there, and the next one finds it."""
    code = subprocess.run([sys.executable, "-c", KILLED, str(purchases.file), moment], check=False).returncode
    assert -signal.SIGKILL == code
    assert former.move(purchases) is (moment == "before")
    assert (3, False) == (rows_in(purchases.file), purchases.former.file.exists())


# ------------------------------------------------------------------------------------------------------ the commands


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Terminal]:
    """A project whose orders have data, and are called purchases by now."""
    terminal = Terminal(tmp_path)
    terminal.variables |= {"PYTHONDONTWRITEBYTECODE": "1"}
    terminal.write(FILES)
    well(terminal, "revision", "orders", "-m", "start")
    well(terminal, "upgrade")
    with closing(sqlite3.connect(tmp_path / "state" / "orders.sqlite3")) as connection, connection:
        connection.execute("INSERT INTO rows VALUES (1)")
    (tmp_path / "shop" / "orders").rename(tmp_path / "shop" / "purchases")
    terminal.write({"shop/purchases/component.py": COMPONENT.format(more=', formerly="orders"')})
    yield terminal
    terminal.close()


def well(shop: Terminal, *words: str) -> str:
    """What a command says that ends well."""
    result = shop.run("db", *words)
    assert 0 == result.code, result.err
    return result.out + result.err


def test_the_commands(shop: Terminal) -> None:
    """All say where the data is at present; the upgrade moves it, and from then on nothing is said."""
    state = shop.folder / "state"
    before, after = state / "orders.sqlite3", state / "purchases.sqlite3"
    assert f"purchases  0001_start  -        {before}\n" == well(shop, "current").partition("\n")[2]
    assert "" == well(shop, "upgrade", "--sql")
    checked = shop.run("db", "check")
    assert (1, 1) == (checked.code, checked.err.count("error: "))
    assert "the data of purchases has not moved to purchases.sqlite3 yet" in checked.err
    for words in (("db", "downgrade", "purchases", "base"), ("run", "--port", "0")):
        refused = shop.run(*words)
        assert (3, True) == (refused.code, "fix: fissile db upgrade purchases" in refused.err), refused.err
    assert not after.exists()
    moved = f"purchases: moved its data from {before} to {after}\n"
    assert f"{moved}purchases is up to date, in {after}\n" == well(shop, "upgrade")
    assert (1, False) == (rows_in(after), before.exists())
    assert f"purchases is up to date, in {after}\n" == well(shop, "upgrade")
    assert "nothing is wrong\n" == well(shop, "check")


# ------------------------------------------------------------------------------------------------------- PostgreSQL


def ask(url: URL, query: str) -> list[tuple[object, ...]]:
    """Asks the database of a URL."""
    with psycopg.connect(libpq(url), autocommit=True) as connection:
        asked = connection.execute(query.encode())
        return asked.fetchall() if asked.description else []


@pytest.fixture
def orders(database: URL, tmp_path: Path) -> Address:
    """Orders with data in PostgreSQL."""
    (orders,) = provisioned(database, tmp_path / "secrets", "orders")
    ask(orders.url, "CREATE TABLE orders.rows (id int)")
    ask(orders.url, "INSERT INTO orders.rows VALUES (1), (2), (3)")
    return orders


def renamed(orders: Address, password: str | None = None) -> Address:
    """Where the same data is to be, of purchases."""
    url = without_login(orders.url, role=role_of(orders.url.database or "", "purchases"))
    return Address("purchases", "purchases", url.set(password=password), formerly="orders")


def again(database: URL, address: Address, folder: Path) -> Provisioned:
    """Provisions it, as an administrator."""
    (made,) = provision(database.set(database="postgres"), [address], folder / "secrets")
    return made


def test_a_schema_goes_with_its_role(orders: Address, database: URL, tmp_path: Path) -> None:
    """Its password stays when its secret was brought along; a second time there is nothing to do."""
    address = renamed(orders, orders.url.password)
    made = again(database, address, tmp_path)
    assert (("orders", orders.url.username), False) == (made.renamed, made.is_new)
    assert [(3,)] == ask(address.url, "SELECT count(*) FROM rows")
    query = "SELECT nspname, pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname IN ('orders', 'purchases')"
    assert [("purchases", address.url.username)] == ask(database, query)
    query = (
        f"SELECT rolname, shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname LIKE '{database.database}%'"
    )
    mark = f"fissile: schema purchases of {database.database}"
    assert [(address.url.username, mark)] == ask(database, query)
    assert () == again(database, address, tmp_path).renamed


def test_a_secret_that_is_not_here(orders: Address, database: URL, tmp_path: Path) -> None:
    """The role gets a new password, as a new one would."""
    made = again(database, renamed(orders), tmp_path)
    assert (True, tmp_path / "secrets" / "purchases__database_password") == (made.is_new, made.secret)


def test_older_code_that_is_connected(orders: Address, database: URL, tmp_path: Path) -> None:
    """Nothing is renamed while it is; it is named."""
    query = "SELECT nspname FROM pg_namespace WHERE nspname IN ('orders', 'purchases')"
    with psycopg.connect(libpq(orders.url), application_name=presence.application_name("orders", "r1")):
        with pytest.raises(ConfigurationError) as caught:
            again(database, renamed(orders), tmp_path)
        assert [("orders",)] == ask(database, query)
    (fault,) = caught.value.faults
    assert "the schema orders cannot become purchases while older code uses it" == fault.what
    assert ("connected is fissile orders@r1", True) == (fault.why, "fissile db provision" in fault.fix)
    assert not (tmp_path / "secrets" / "purchases__database_password").exists()
    until(lambda: [] == ask(database, f"SELECT 1 FROM pg_stat_activity WHERE usename = '{orders.url.username}'"))
    assert again(database, renamed(orders), tmp_path).renamed


def test_older_code_that_starts(orders: Address, database: URL, tmp_path: Path) -> None:
    """It is in the way as well, before it can be seen."""
    with (
        locking.Database(orders).settled(),
        pytest.raises(ConfigurationError, match="connected is fissile migration"),
    ):
        again(database, renamed(orders), tmp_path)


def test_an_administrator_who_is_no_superuser(database: URL, tmp_path: Path) -> None:
    """Who has made the role may rename it."""
    name = f"{database.database}_admin"
    ask(database.set(database="postgres"), f"CREATE ROLE {name} LOGIN CREATEROLE CREATEDB")
    admin = without_login(database, "postgres", name)
    wanted = Address("orders", "orders", without_login(database, role=role_of(database.database or "", "orders")))
    provision(admin, [wanted], tmp_path / "secrets")
    (made,) = provision(admin, [renamed(wanted)], tmp_path / "secrets")
    assert ("orders", wanted.url.username) == made.renamed
    ask(database, f"DROP OWNED BY {name} CASCADE; ALTER DATABASE {database.database} OWNER TO CURRENT_USER")


def test_a_schema_of_a_stranger(orders: Address, database: URL, tmp_path: Path) -> None:
    """What does not belong to the component's role is not its data."""
    ask(database, "ALTER SCHEMA orders OWNER TO CURRENT_USER")
    assert () == again(database, renamed(orders), tmp_path).renamed
    former.refuse(renamed(orders, "new"))


def test_a_role_that_was_not_made_for_it(orders: Address, database: URL, tmp_path: Path) -> None:
    """A role that is called alike is not renamed."""
    ask(database, f"COMMENT ON ROLE {orders.url.username} IS 'mine'")
    with pytest.raises(ConfigurationError, match=f"the role {orders.url.username} was not made for the schema orders"):
        again(database, renamed(orders), tmp_path)


def test_both_roles(orders: Address, database: URL, tmp_path: Path) -> None:
    """The new one is not overwritten; what is said helps."""
    role = renamed(orders).url.username
    ask(database, f"CREATE ROLE {role}")
    with pytest.raises(
        ConfigurationError, match=f"the roles {orders.url.username} and {role} are both there"
    ) as caught:
        again(database, renamed(orders), tmp_path)
    follow(database, caught.value.faults[0].fix)
    assert again(database, renamed(orders), tmp_path).renamed


def follow(database: URL, fix: str) -> None:
    """Runs the SQL that a message names."""
    ask(database, fix[fix.index("DROP OWNED") :].partition(", and then")[0])


def test_both_schemas(orders: Address, database: URL, tmp_path: Path) -> None:
    """An empty one hides data, and is not removed by us; one with tables counts."""
    provisioned(database, tmp_path / "secrets", "purchases")
    address = renamed(orders)
    with pytest.raises(ConfigurationError) as caught:
        again(database, address, tmp_path)
    (fault,) = caught.value.faults
    assert ("the schema purchases of purchases is empty, and hides the data in orders") == fault.what
    assert fault == refused(address)
    ask(database, f"SET ROLE {address.url.username}; CREATE TABLE purchases.rows (id int)")
    former.refuse(address)
    assert () == again(database, renamed(orders, "known"), tmp_path).renamed
    ask(database, f"SET ROLE {address.url.username}; DROP TABLE purchases.rows")
    follow(database, fault.fix)
    (tmp_path / "secrets" / "purchases__database_password").unlink()
    assert ("orders", orders.url.username) == again(database, address, tmp_path).renamed


def test_a_role_of_its_own(orders: Address, database: URL, tmp_path: Path) -> None:
    """Where the URL names the role, it stays, and its schema alone is renamed; the start says who does it."""
    address = replace(orders, component="purchases", schema="purchases", formerly="orders", where="its URL")
    expected = Fault(
        "the data of purchases has not moved to the schema purchases yet",
        "its URL",
        "purchases was formerly orders, and the data is in the schema orders",
        "fissile db provision --admin-url URL",
    )
    assert expected == refused(address)
    assert ("orders",) == again(database, address, tmp_path).renamed
    assert [(3,)] == ask(address.url, "SELECT count(*) FROM rows")
    former.refuse(address)


def test_the_commands_on_a_server(shop: Terminal, database: URL) -> None:
    """Until it is provisioned everything names that; then it goes on where it was."""
    admin = database.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    url = without_login(database).set(drivername="postgresql")
    shop.variables["FISSILE_DATABASE_URL"] = url.render_as_string(hide_password=False)
    purchases = shop.folder / "shop" / "purchases"
    orders = purchases.rename(shop.folder / "shop" / "orders")
    shop.write({"shop/orders/component.py": COMPONENT.format(more="")})
    well(shop, "provision", "--admin-url", admin)
    assert "orders: 0001_start\n" == well(shop, "upgrade")
    orders.rename(purchases)
    shop.write({"shop/purchases/component.py": COMPONENT.format(more=', formerly="orders"')})
    role, former_role = (role_of(database.database or "", one) for one in ("purchases", "orders"))
    for words in (("db", "upgrade"), ("run", "--port", "0")):
        refused = shop.run(*words)
        said = f"let fissile db provision --admin-url URL create it, or rename it where it is still {former_role}"
        assert (3, True) == (refused.code, said in refused.err), refused.err
    planned = well(shop, "provision", "--admin-url", admin, "--dry-run")
    assert f"or rename orders and its role {former_role}, where they are there\n" == planned.partition("\n")[2]
    said = well(shop, "provision", "--admin-url", admin)
    assert f"purchases: renamed orders and {former_role} to purchases and {role}\n" in said
    assert well(shop, "upgrade").startswith("purchases is up to date, in ")
    assert "nothing is wrong\n" == well(shop, "check")
