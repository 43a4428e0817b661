"""Units of work that may not write."""

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, func, insert, select
from sqlalchemy.exc import DBAPIError

from fissile.data import begin

from .conftest import StoreOf

metadata = MetaData()
rows = Table("rows", metadata, Column("id", Integer, primary_key=True))


async def test_a_write_is_refused(store_of: StoreOf) -> None:
    """It would be rolled back in silence; and others may write as before."""
    store = store_of(metadata)
    for _ in range(2):
        reading = await begin(store, False, True)
        with pytest.raises(DBAPIError, match=r"readonly|read-only"):
            await reading.session().execute(insert(rows))
        await reading.rollback()
        writing = await begin(store, False, False)
        await writing.session().execute(insert(rows))
        await writing.commit()
    reading = await begin(store, False, True)
    assert 2 == await reading.session().scalar(select(func.count()).select_from(rows))
    await reading.commit()
    await store.close()
