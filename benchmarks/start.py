"""What it takes to start: the command line, and an application of 50 components against one of a single component.

Both applications are generated, and every component has what a real one has: an interface with a value and an error, a
service, a repository's table in its own SQLite file, settings, and a router. Repeat with ``make bench`` or
``python benchmarks/start.py [--json]``.
"""

from __future__ import annotations

import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks._report import at_most, report

ROUNDS = 7
MANY = 50
FISSILE = str(Path(sys.executable).parent / "fissile")

CAVEATS = (
    "Wall-clock seconds; help is the best of its runs, since everything else that the machine does only adds. A start\n"
    "is from the process to the first answer of /-/ready, with compiled modules and the databases in place; the two\n"
    "sizes alternate, and the ratio is that of the medians. Most of a small start is importing FastAPI and SQLAlchemy."
)

PUBLIC = """\
from typing import Protocol

from fissile import ComponentError, Interface, Value, raises, readonly


class Thing{n}(Value):
    id: int
    name: str
    price: float


class Unknown{n}(ComponentError):
    \"\"\"There is none.\"\"\"

    status = 404
    thing_id: int


class Things{n}(Interface, Protocol):
    \"\"\"What may be asked.\"\"\"

    @readonly
    @raises(Unknown{n})
    async def get(self, thing_id: int) -> Thing{n}:
        \"\"\"One of them.\"\"\"
        ...

    async def add(self, name: str, price: float) -> Thing{n}:
        \"\"\"Another one.\"\"\"
        ...
"""

DB = """\
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Row(Base):
    __tablename__ = "things"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    price: Mapped[float]


class Repository{n}:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session
"""

SERVICE = """\
from .db import Repository{n}, Row
from .public import Thing{n}, Things{n}, Unknown{n}
from .settings import Settings{n}


class Service{n}(Things{n}):
    def __init__(self, rows: Repository{n}, settings: Settings{n}) -> None:
        self.rows = rows
        self.settings = settings

    async def get(self, thing_id: int) -> Thing{n}:
        row = await self.rows.session.get(Row, thing_id)
        if row is None:
            raise Unknown{n}(thing_id=thing_id)
        return Thing{n}(id=row.id, name=row.name, price=row.price)

    async def add(self, name: str, price: float) -> Thing{n}:
        row = Row(name=name, price=price)
        self.rows.session.add(row)
        await self.rows.session.flush()
        return Thing{n}(id=row.id, name=row.name, price=row.price)
"""

API = """\
from fastapi import APIRouter

from fissile import Provided

from .public import Thing{n}, Things{n}

router = APIRouter()


@router.get("/{{thing_id}}")
async def get(thing_id: int, things: Provided[Things{n}]) -> Thing{n}:
    return await things.get(thing_id)


@router.post("", status_code=201)
async def add(name: str, price: float, things: Provided[Things{n}]) -> Thing{n}:
    return await things.add(name, price)
"""

SETTINGS = """\
from pydantic_settings import BaseSettings


class Settings{n}(BaseSettings):
    limit: int = 10
"""

COMPONENT = """\
from fissile import Component, Database

from .api import router
from .db import Base
from .public import Things{n}
from .service import Service{n}
from .settings import Settings{n}

component = Component(
    provides={{Things{n}: Service{n}}},
    api=router,
    settings=Settings{n},
    database=Database(Base.metadata),
)
"""

MODULES = {
    "public": PUBLIC,
    "db": DB,
    "service": SERVICE,
    "api": API,
    "settings": SETTINGS,
    "component": COMPONENT,
}


def generate(folder: Path, components: int) -> None:
    """Writes an application of so many components."""
    package = folder / "many"
    package.mkdir(parents=True)
    (folder / "pyproject.toml").write_text('[tool.fastapi]\nentrypoint = "many.main:app"\n')
    (package / "__init__.py").touch()
    (package / "main.py").write_text("from fissile import App\n\napp = App(__package__)\n")
    for n in range(components):
        component = package / f"things{n}"
        component.mkdir()
        (component / "__init__.py").touch()
        for name, text in MODULES.items():
            (component / f"{name}.py").write_text(text.format(n=n))


def seconds_to_ready(folder: Path) -> float:
    """Seconds from the start of the process to the first answer of ``/-/ready``."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = folder / "server.log"
    began = time.perf_counter()
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [FISSILE, "run", "--port", str(port), "--log-level", "error"],
            cwd=folder,
            env={**os.environ, "FISSILE_STATE": str(folder / "state")},
            stderr=stderr,
        )
    try:
        while not _is_ready(port):
            assert process.poll() is None, log.read_text()
            time.sleep(0.002)
        return time.perf_counter() - began
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _is_ready(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"GET /-/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except ConnectionRefusedError:
        return False


def milliseconds_of_help() -> float:
    """Milliseconds of ``fissile --help``."""
    began = time.perf_counter()
    subprocess.run([FISSILE, "--help"], capture_output=True, check=True)
    return 1000 * (time.perf_counter() - began)


def main() -> None:
    """Measures and prints."""
    help_takes = min(milliseconds_of_help() for _ in range(3 * ROUNDS))
    with tempfile.TemporaryDirectory() as temporary:
        one, many = Path(temporary) / "one", Path(temporary) / "many"
        generate(one, 1)
        generate(many, MANY)
        for folder in (one, many):  # compiles the modules and makes the tables
            seconds_to_ready(folder)
        pairs = [(seconds_to_ready(one), seconds_to_ready(many)) for _ in range(ROUNDS)]
    of_one, of_many = (statistics.median(column) for column in zip(*pairs, strict=True))
    what = f"together, {MANY} components against one: {of_many:.2f} s and {of_one:.2f} s"
    report(
        [at_most("fissile --help", help_takes, "ms", 150), at_most(what, of_many / of_one, "times", 3)],
        CAVEATS,
    )


if __name__ == "__main__":
    main()
