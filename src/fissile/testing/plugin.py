"""The pytest plugin: `--placements`, fixtures by annotation, an HTTP client, clean data for each test.

pytest imports this module in every project that has Fissile installed, so it imports nothing that takes time: whatever
runs an application is imported by the first test that asks for it.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from . import stubs
from .databases import DATABASES

if TYPE_CHECKING:
    from httpx2 import AsyncClient
    from sqlalchemy.engine import URL

    from ..runtime.app import App
    from ..runtime.caller import Caller
    from .application import Applications, Placed
    from .faults import Faults

ONE_PROCESS = ("together", "wire")
"""Together: one process. Wire: the same, every call through codec and link."""

PLACEMENTS = (*ONE_PROCESS, "apart")
"""What every project has; others are in its ``placements.toml``."""

CHOSEN = pytest.StashKey[tuple[str, ...]]()
ON = pytest.StashKey[tuple[str, ...]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--placements` and its setting."""
    known = f"{', '.join(PLACEMENTS)} and those of placements.toml"
    group = parser.getgroup("fissile")
    group.addoption("--placements", metavar="NAMES", help=f"run Fissile's tests in each of these placements ({known})")
    parser.addini("fissile_placements", "the placements of Fissile's tests", type="args", default=["wire"])
    on = f"run them on each of these databases ({', '.join(DATABASES)})"
    group.addoption("--databases", metavar="NAMES", help=on)
    parser.addini("fissile_databases", "the databases of Fissile's tests", type="args", default=["sqlite"])


def pytest_configure(config: pytest.Config) -> None:
    """Reads which placements and databases are wanted."""
    chosen = config.stash[CHOSEN] = _names(config, "placements", PLACEMENTS)
    for name in chosen:
        if name not in PLACEMENTS:
            _refuse_unknown(name, config.rootpath)
    on = config.stash[ON] = _names(config, "databases", DATABASES)
    if unknown := [name for name in on if name not in DATABASES]:
        raise pytest.UsageError(f"there is no database {unknown[0]!r}; there are {', '.join(DATABASES)}")


def _names(config: pytest.Config, what: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """What an option names, or else its setting; each once."""
    option: str | None = config.getoption(what)
    names = option.split(",") if option is not None else config.getini(f"fissile_{what}")
    chosen = tuple(dict.fromkeys(name.strip() for part in names for name in part.split(",") if name.strip()))
    if not chosen:
        raise pytest.UsageError(f"no {what.removesuffix('s')} was given; there are {', '.join(known)}")
    return chosen


def _refuse_unknown(name: str, folder: Path) -> None:
    """Refuses a name that the project of this folder does not have; where there is none its first test will."""
    from ..errors import ConfigurationError
    from ..project import find_in, read_placements

    try:
        placements = read_placements(find_in(folder))
    except ConfigurationError:
        return
    try:
        placements.named(name)
    except ConfigurationError as error:
        raise pytest.UsageError(str(error)) from None


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> list[pytest.Item] | None:
    """Gives parameters annotated ``Provided[...]`` their fixtures, before the test's fixtures are looked up.

    A value or an interface that is called `Testimonial` holds no tests.
    """
    stubs.register(collector, obj if collector.istestfunction(obj, name) else None)
    return [] if isinstance(obj, type) and _is_public(obj) else None


def _is_public(kind: type[object]) -> bool:
    """Whether a class is one of those that a component's `public` has; found by name, since nothing may be loaded."""
    return any(base.__module__.startswith(("fissile.values", "fissile.interface")) for base in kind.__mro__)


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Multiplies a test that uses a fixture of Fissile by the placements, and has it run on asyncio alone."""
    if "fissile_placement" not in metafunc.fixturenames:
        return
    chosen = metafunc.config.stash[CHOSEN]
    if _reaches_inside(metafunc):
        chosen = tuple(name for name in chosen if name in ONE_PROCESS)
    if not _is_marked(metafunc, "fissile_placement"):
        metafunc.parametrize("fissile_placement", chosen, indirect=True)
    on = metafunc.config.stash[ON]
    if "fissile_database" in metafunc.fixturenames and not _is_marked(metafunc, "fissile_database"):
        # What is the same for all tests is not said of each.
        metafunc.parametrize("fissile_database", on, indirect=True, ids=None if on[1:] else [pytest.HIDDEN_PARAM])
    backends = metafunc._arg2fixturedefs.get("anyio_backend", ())
    if backends and backends[-1].params is not None and not _is_marked(metafunc, "anyio_backend"):
        metafunc.parametrize("anyio_backend", ["asyncio"], ids=[pytest.HIDDEN_PARAM], scope="session")


def _reaches_inside(metafunc: pytest.Metafunc) -> bool:
    """Whether a test does something to the application in this process, which other processes do not see.

    Faults and fakes are such; so whatever asks for `faults` or, by name, for `app`.
    """
    functions = [metafunc.function, *(defs[-1].func for defs in metafunc._arg2fixturedefs.values())]
    own = (function for function in functions if getattr(function, "__module__", "") != __name__)
    return any({"app", "faults"} & inspect.signature(function).parameters.keys() for function in own)


def _is_marked(metafunc: pytest.Metafunc, name: str) -> bool:
    """Whether the test says itself which values of a fixture it wants."""
    return any(name in str(mark.args[0]) for mark in metafunc.definition.iter_markers("parametrize"))


@pytest.fixture
def fissile_placement(request: pytest.FixtureRequest, anyio_backend: object) -> str:
    """The placement of this test; all fixtures of Fissile ask for it, and so their tests run under anyio's plugin."""
    name = request.param
    assert isinstance(name, str)
    return name


@pytest.fixture
def fissile_database(request: pytest.FixtureRequest) -> str:
    """Where the components' data is in this test."""
    name = request.param
    assert isinstance(name, str)
    return name


@pytest.fixture(scope="session")
def fissile_state() -> Path | None:
    """The folder of the databases, which every test empties; without one each application has its own.

    Override it where a process of the placement is elsewhere, and keeps its databases in this folder too.
    """
    return None


@pytest.fixture(scope="session")
def fissile_applications(
    tmp_path_factory: pytest.TempPathFactory, fissile_state: Path | None
) -> Iterator[Applications]:
    """The applications of this process, each assembled once."""
    from .application import Applications

    applications = Applications(tmp_path_factory, fissile_state)
    yield applications
    applications.close()


@pytest.fixture
def app(
    request: pytest.FixtureRequest, fissile_applications: Applications, fissile_placement: str, fissile_database: str
) -> Iterator[App]:
    """The project's application, empty and placed; override this fixture to test another one."""
    placed = fissile_applications.at(request.path)
    placed.prepare(fissile_placement, fissile_database)
    yield placed.app
    placed.restore()


@pytest.fixture
async def fissile_application(
    app: App, fissile_applications: Applications, fissile_placement: str, fissile_database: str
) -> AsyncIterator[Placed]:
    """The application while it runs."""
    placed = fissile_applications.of(app)
    placed.prepare(fissile_placement, fissile_database)
    try:
        async with placed.running():
            yield placed
    finally:
        placed.restore()
    placed.watch.verdict()


@pytest.fixture
async def client(fissile_application: Placed) -> AsyncIterator[AsyncClient]:
    """An HTTP client for the application; an error inside it is a response with status 500."""
    async with fissile_application.client() as client:
        yield client


@pytest.fixture
def call(fissile_application: Placed) -> Caller:
    """What gives the interfaces of the application; one of them is ``call(Suppliers)``."""
    return fissile_application.caller()


@pytest.fixture
def faults(fissile_application: Placed) -> Iterator[Faults]:
    """Faults to inject into calls; one that never struck fails the test."""
    faults = fissile_application.faults
    yield faults
    if unmet := faults.clear():
        pytest.fail(f"faults that never struck: {', '.join(unmet)}", pytrace=False)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a new PostgreSQL database, as an async engine of SQLAlchemy takes it; dropped at the end.

    Its server is the one that `FISSILE_TEST_POSTGRES` names; without that one is started, and ended too.
    """
    from sqlalchemy.engine import make_url

    from .postgres import SERVER, OwnPostgres

    if named := os.environ.get(SERVER):
        yield from _new_database(make_url(named))
        return
    own = OwnPostgres()
    try:
        yield from _new_database(own.admin)
    finally:
        own.close()


def _new_database(admin: URL) -> Iterator[str]:
    """Makes a database, gives its URL, and drops it."""
    from sqlalchemy import create_engine, text

    name = f"test_{uuid4().hex}"
    engine = create_engine(admin.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        yield engine.url.set(database=name).render_as_string(hide_password=False)
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    finally:
        engine.dispose()
