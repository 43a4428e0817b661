"""Tables that are made as they are declared, on every database, by tests that are not about migrations."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from sqlalchemy import MetaData
from sqlalchemy.engine.interfaces import DBAPIConnection

from fissile.component import Database
from fissile.data import Budget, Migrations, Store
from fissile.data.address import Address


class AsDeclared(Migrations):
    """What has no revisions, and whose tables are there nonetheless."""

    def __init__(self, metadata: MetaData) -> None:
        self._declared = metadata

    @property
    def exists(self) -> bool:
        """So it says."""
        return True

    def prepare(self, address: Address, *, apply: bool) -> None:
        """Makes the tables."""
        engine = address.blocking_engine()
        self._declared.create_all(engine)
        engine.dispose()

    def presence(self, address: Address) -> AbstractContextManager[None]:
        """Nobody asks who is there."""
        return nullcontext()

    def refuse_if_contracted(self, connection: DBAPIConnection) -> None:
        """Nothing is ever contracted."""

    def application_name(self) -> str:
        """What the server calls the connections."""
        return "fissile rows"


def file_store(metadata: MetaData, file: Path) -> Store:
    """A store in a SQLite file, of a component without revisions."""
    migrations = Migrations("rows", metadata, Path())
    return Store(Database(metadata), Address.of_file("rows", file), migrations, budget=Budget(1), migrates=False)
