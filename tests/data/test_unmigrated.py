"""Tables of a component without migrations: they are made as they are declared, and never changed."""

from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select

from fissile import ConfigurationError
from fissile.data import begin

from .declared import file_store


def tables(*columns: str) -> Table:
    """One table with these columns, and its key."""
    texts = [Column(name, String) for name in columns]
    return Table("notes", MetaData(), Column("id", Integer, primary_key=True), *texts)


async def test_a_new_table_is_made(tmp_path: Path) -> None:
    """Also beside one that is there, whose rows stay."""
    first = tables("title")
    store = file_store(first.metadata, tmp_path / "rows.sqlite3")
    work = await begin(store, False, False)
    await work.session().execute(insert(first).values(title="kept"))
    await work.commit()
    await store.close()
    Table("others", first.metadata, Column("id", Integer, primary_key=True))
    store = file_store(first.metadata, tmp_path / "rows.sqlite3")
    work = await begin(store, False, True)
    assert ["kept"] == list(await work.session().scalars(select(first.c.title)))
    assert [] == list(await work.session().scalars(select(first.metadata.tables["others"].c.id)))
    await work.commit()
    await store.close()


async def test_a_table_that_has_changed_is_refused(tmp_path: Path) -> None:
    """The first statement would fail otherwise; it says how to keep the rows, and how to lose them."""
    store = file_store(tables("title").metadata, tmp_path / "rows.sqlite3")
    await store.open_once()
    await store.close()
    changed = file_store(tables("title", "city").metadata, tmp_path / "rows.sqlite3")
    with pytest.raises(ConfigurationError) as caught:
        await changed.open_once()
    (fault,) = caught.value.faults
    assert "the database of rows lacks notes.city" == fault.what
    assert "fissile db revision rows -m start" in fault.fix
    assert f"remove {tmp_path / 'rows.sqlite3'}" in fault.fix
