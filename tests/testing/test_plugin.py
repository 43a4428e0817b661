"""The pytest plugin, run on a project of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Run


def test_a_test_runs_once_per_placement(run: Run) -> None:
    """Every test that asks for something of Fissile runs in each placement, on asyncio alone; the others run once."""
    done = run(
        """
        async def test_stub(stock: Provided[Stock]) -> None:
            assert "bolt" == (await stock.add("bolt")).name

        @pytest.mark.anyio
        async def test_marked(nail: Item, stock: Provided[Stock]) -> None:
            assert nail == await stock.get(nail.id)

        def test_plain() -> None:
            pass
        """,
        "-v",
        "--placements",
        "together,wire",
        tests__conftest="""
            import pytest

            from depot.stock.public import Item, Stock
            from fissile import Provided


            @pytest.fixture
            async def nail(stock: Provided[Stock]) -> Item:
                return await stock.add("nail")
        """,
    )
    done.assert_outcomes(passed=5)
    names = ["test_stub?together?", "test_stub?wire?", "test_marked?together?", "test_marked?wire?"]
    done.stdout.fnmatch_lines([f"*::{name} PASSED*" for name in names])


def test_where_placements_are_said(run: Run, pytester: pytest.Pytester) -> None:
    """The command line goes before `fissile_placements`, which goes before `wire`; no data lands in the project."""
    text = "async def test_stub(stock: Provided[Stock]) -> None:\n    assert 1 == (await stock.add('bolt')).id\n"
    run(text, "-v").stdout.fnmatch_lines(["*test_stub?wire? PASSED*"])
    done = run(text, "-o", "fissile_placements=together wire")
    done.assert_outcomes(passed=2)
    done = run(text, "-v", "-o", "fissile_placements=wire", "--placements", "together")
    done.stdout.fnmatch_lines(["*test_stub?together? PASSED*"])
    assert [] == list(pytester.path.rglob("*.sqlite3*"))


@pytest.mark.parametrize(("given", "said"), [("wier", "did you mean wire?"), ("", "no placement was given")])
def test_no_such_placement(run: Run, given: str, said: str) -> None:
    """A placement that does not exist is wrong usage, and the nearest name is said."""
    done = run("", "--placements", given)
    assert pytest.ExitCode.USAGE_ERROR == done.ret
    done.stderr.fnmatch_lines([f"*{said}*"])


def test_one_name_for_two_interfaces(run: Run) -> None:
    """A name that is asked for as two interfaces in one module is refused, not guessed."""
    done = run(
        """
        async def test_one(one: Provided[Stock]) -> None: ...
        async def test_two(one: Provided[Sales]) -> None: ...
        """
    )
    done.stdout.fnmatch_lines(["*`one` is asked for as Provided[[]Stock[]] and as Provided[[]Sales[]]*"])


def test_data_of_a_developer_is_left_alone(run: Run, pytester: pytest.Pytester) -> None:
    """An application that was assembled on the project's own data is tested on other data all the same."""
    done = run(
        """
        from depot.main import app as early

        early.assemble()

        async def test_add(stock: Provided[Stock]) -> None:
            await stock.add("bolt")
        """
    )
    done.assert_outcomes(passed=1)
    assert [] == list(pytester.path.rglob("*.fissile/*.sqlite3"))


def test_what_is_emptied(run: Run, tmp_path: Path) -> None:
    """Every test finds the databases empty, in the folder that the project says; the state of migrations stays."""
    done = run(
        """
        import sqlite3

        async def test_first(app: App, stock: Provided[Stock]) -> None:
            await stock.add("bolt")
            assert 1 == await stock.count()

        async def test_second(app: App, stock: Provided[Stock]) -> None:
            assert 0 == await stock.count()
            with sqlite3.connect(app.runtime.live["stock"].store.address.file) as connection:
                for name in ("alembic_version", "fissile_migrations"):
                    assert [(1,)] == connection.execute(f"SELECT count(*) FROM {name}").fetchall()
            connection.close()
        """,
        tests__conftest=f"""
            from pathlib import Path

            import pytest


            @pytest.fixture(scope="session")
            def fissile_state() -> Path:
                return Path({str(tmp_path)!r})
        """,
    )
    done.assert_outcomes(passed=2)
    assert (tmp_path / "stock.sqlite3").is_file()


def test_an_application_of_the_tests(run: Run) -> None:
    """A project may override `app`, also with an application without components."""
    done = run(
        """
        @pytest.fixture
        def app() -> App:
            app = App()

            @app.get("/hello")
            def hello() -> str:
                return "hello"

            return app

        async def test_hello(client) -> None:
            assert "hello" == (await client.get("/hello")).json()
        """
    )
    done.assert_outcomes(passed=1)


def test_what_is_wrong_is_said_without_a_traceback(run: Run) -> None:
    """What is wrong with the project is said as on the command line."""
    done = run(
        "async def test_stub(sales: Provided[Sales]) -> None: ...\n",
        depot__stock__component="from fissile import Component\n\ncomponent = Component()\n",
    )
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["depot/sales/component.py:*: sales needs Stock, which nobody provides"])
    done.stdout.no_fnmatch_line("*exception*")


def test_no_project(pytester: pytest.Pytester) -> None:
    """Outside a project the fixtures say what is missing."""
    pytester.makepyfile("async def test_client(client) -> None: ...")
    done = pytester.runpytest()
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*there is no application here*"])


def test_pytest_starts_as_ever() -> None:
    """A project that does not use Fissile pays nothing: the plugin imports no library."""
    program = (
        "import sys, pytest; import fissile.testing.plugin;"
        "heavy = {'dishka', 'fastapi', 'httpx2', 'pydantic', 'sqlalchemy', 'starlette'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "[]" == done.stdout.strip()


def test_an_application_that_reads_its_routes(run: Run, pytester: pytest.Pytester) -> None:
    """An application whose main.py reads app.routes is placed for each test, with the state of the tests."""
    main = 'from fissile import App\n\napp = App(__package__, title="Depot")\nknown = [*app.routes]\n'
    done = run(
        """
        async def test_stub(stock: Provided[Stock]) -> None:
            assert 1 == (await stock.add("bolt")).id
        """,
        *("--placements", "together,wire"),
        depot__main=main,
    )
    done.assert_outcomes(passed=2)
    assert [] == list(pytester.path.rglob("*.fissile/*"))
