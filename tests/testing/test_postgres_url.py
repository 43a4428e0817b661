"""The fixture `postgres_url`."""

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine


async def test_postgres_url(postgres_url: str) -> None:
    """An async engine finds a database without tables at the URL."""
    engine = create_async_engine(postgres_url)
    try:
        async with engine.connect() as connection:
            assert [] == await connection.run_sync(lambda there: inspect(there).get_table_names())
            name = await connection.scalar(text("SELECT current_database()"))
    finally:
        await engine.dispose()
    assert make_url(postgres_url).database == name


async def test_dropped(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, postgres_url: str) -> None:
    """A session that is over has left no database on the server."""
    server = make_url(postgres_url).set(drivername="postgresql", database="postgres")
    monkeypatch.setenv("FISSILE_TEST_POSTGRES", server.render_as_string(hide_password=False))
    pytester.makepyfile(
        """
        from pathlib import Path
        from sqlalchemy.engine import make_url

        def test_made(postgres_url):
            Path("made").write_text(make_url(postgres_url).database)
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
    made = (pytester.path / "made").read_text(encoding="utf-8")
    engine = create_async_engine(postgres_url)
    try:
        async with engine.connect() as connection:
            left = await connection.scalars(
                text("SELECT datname FROM pg_database WHERE datname = :made"), {"made": made}
            )
            assert [] == left.all()
    finally:
        await engine.dispose()
