"""The placement `apart`: a process for each component."""

import pytest
from httpx2 import AsyncClient

from fissile import App, Provided

from .conftest import Run
from .depot.sales.public import Sales
from .depot.stock.public import Stock
from .depot.stock.service import runs

apart = pytest.mark.parametrize("fissile_placement", ["apart"], indirect=True)


@apart
@pytest.mark.parametrize("time", [1, 2])
async def test_a_process_each(app: App, stock: Provided[Stock], sales: Provided[Sales], time: int) -> None:
    """Calls reach the component's own process, and those that it makes reach the next; each test finds clean data."""
    await stock.count_runs()
    bolt = await stock.add("bolt")
    assert (1, "bolt") == (bolt.id, await sales.label(bolt.id))
    assert (1, []) == (await stock.count_runs(), runs)
    assert not app.runtime.running


@apart
async def test_client(client: AsyncClient) -> None:
    """A request is sent to the process that its prefix belongs to, everything else to one of them."""
    assert 1 == (await client.post("/sales", params={"name": "bolt"})).json()
    assert "bolt" == (await client.get("/stock/1")).json()["name"]
    assert {"stock": "ready"} == (await client.get("/-/ready")).json()["components"]
    assert 404 == (await client.get("/nowhere")).status_code


def test_no_faults(run: Run) -> None:
    """A test that injects faults runs where they strike: not apart."""
    done = run(
        """
        async def test_fault(stock: Provided[Stock], faults) -> None: ...

        async def test_none(stock: Provided[Stock]) -> None: ...
        """,
        "--collect-only",
        "-q",
        "--placements",
        "together,apart",
    )
    done.stdout.fnmatch_lines(
        ["*test_fault?together?", "*test_none?together?", "*test_none?apart?", "*3 tests collected*"]
    )


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
