"""The placement `apart`: a process for each component."""

import pytest
from httpx2 import AsyncClient

from fissile import Provided

from .conftest import Run
from .depot.sales.public import Sales
from .depot.stock.public import Stock
from .depot.stock.service import runs

apart = pytest.mark.parametrize("fissile_placement", ["apart"], indirect=True)


@apart
@pytest.mark.parametrize("time", [1, 2])
async def test_a_process_each(stock: Provided[Stock], sales: Provided[Sales], time: int) -> None:
    """Calls reach the component's own process, and those that it makes reach the next; each test finds clean data."""
    await stock.count_runs()
    bolt = await stock.add("bolt")
    assert (1, "bolt") == (bolt.id, await sales.label(bolt.id))
    assert (1, []) == (await stock.count_runs(), runs)


@apart
async def test_client(client: AsyncClient) -> None:
    """A request is sent to the process that its prefix belongs to, everything else to one of them."""
    assert 1 == (await client.post("/sales", params={"name": "bolt"})).json()
    assert "bolt" == (await client.get("/stock/1")).json()["name"]
    assert {"stock": "ready"} == (await client.get("/-/ready")).json()["components"]
    assert 404 == (await client.get("/nowhere")).status_code


def test_what_reaches_inside(run: Run) -> None:
    """A test that injects faults or has the application in its hands does not run apart, where that has no effect."""
    done = run(
        """
        @pytest.fixture
        def fake(app: App): ...

        async def test_fault(stock: Provided[Stock], faults) -> None: ...
        async def test_app(app: App, stock: Provided[Stock]) -> None: ...
        async def test_fake(fake, stock: Provided[Stock]) -> None: ...
        async def test_none(stock: Provided[Stock], client) -> None: ...
        """,
        *("--collect-only", "-q", "--placements", "together,apart"),
    )
    names = ["fault?together?", "app?together?", "fake?together?", "none?together?", "none?apart?"]
    done.stdout.fnmatch_lines([*(f"*::test_{name}" for name in names), "*5 tests collected*"])


def test_a_process_that_does_not_start(run: Run) -> None:
    """What a process said before it ended is what the tests say."""
    done = run(
        "async def test_stub(sales: Provided[Sales]) -> None: ...\n",
        "--placements",
        "apart",
        depot__main="""
            import sys

            from fissile import App

            if "fissile.testing.process" in sys.orig_argv:
                raise RuntimeError("not in a process of its own")
            app = App(__package__)
        """,
    )
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*the process of stock did not start*", "*RuntimeError: not in a process of its own"])
