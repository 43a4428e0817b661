"""Units of work that may not write."""

from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, func, insert, select
from sqlalchemy.exc import OperationalError

from fissile import Database
from fissile.data import Store, begin

metadata = MetaData()
rows = Table("rows", metadata, Column("id", Integer, primary_key=True))


async def test_a_write_is_refused(tmp_path: Path) -> None:
    """It would be rolled back in silence; and others may write as before."""
    store = Store(Database(metadata), tmp_path / "orders.sqlite3")
    for _ in range(2):
        reading = await begin(store, True)
        with pytest.raises(OperationalError, match="readonly"):
            await reading.session().execute(insert(rows))
        await reading.rollback()
        writing = await begin(store, False)
        await writing.session().execute(insert(rows))
        await writing.commit()
    reading = await begin(store, True)
    assert 2 == await reading.session().scalar(select(func.count()).select_from(rows))
    await reading.commit()
    await store.close()
