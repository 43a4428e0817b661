"""Faults that tests inject, in both placements."""

import asyncio

import pytest
from httpx2 import AsyncClient

from fissile import App, Provided
from fissile.errors import DeadlineExceeded, Unavailable
from fissile.testing import Faults

from .conftest import Run
from .depot.sales.public import Sales
from .depot.stock.public import Item, Stock

in_both = pytest.mark.parametrize("fissile_placement", ["together", "wire"], indirect=True)


@in_both
async def test_dropped_before(stock: Provided[Stock], faults: Faults) -> None:
    """A call that is lost on its way did not run, and its caller knows."""
    faults.drop_before(Stock.add)
    with pytest.raises(Unavailable) as caught:
        await stock.add("bolt")
    assert not caught.value.may_have_run
    assert 0 == await stock.count()
    assert 1 == (await stock.add("bolt")).id


@in_both
async def test_dropped_after(stock: Provided[Stock], faults: Faults) -> None:
    """A call whose answer is lost has run, and its caller knows that it may have."""
    faults.drop_after(Stock.add)
    with pytest.raises(Unavailable) as caught:
        await stock.add("bolt")
    assert caught.value.may_have_run
    assert 1 == await stock.count()


@in_both
async def test_killed(stock: Provided[Stock], sales: Provided[Sales], faults: Faults) -> None:
    """A provider that is lost in the middle of a method commits nothing, and its caller cannot know."""
    faults.kill(Stock.add)
    with pytest.raises(Unavailable) as caught:
        await stock.add("bolt")
    assert caught.value.may_have_run
    assert 0 == await stock.count()
    faults.kill(Stock.add)
    with pytest.raises(Unavailable):
        await sales.buy("bolt")
    assert 0 == await stock.count()


@pytest.mark.parametrize("fissile_placement", ["wire"], indirect=True)
async def test_a_killed_connection_takes_other_calls_with_it(stock: Provided[Stock], faults: Faults) -> None:
    """In `wire` a kill ends the real connection: who else waits on it learns that its answer will not come."""
    faults.kill(Stock.add)
    endings = await asyncio.gather(stock.add("nut"), stock.add("bolt"), return_exceptions=True)
    assert [Unavailable, Unavailable] == [type(ending) for ending in endings]


@in_both
async def test_delayed(app: App, stock: Provided[Stock], faults: Faults) -> None:
    """A call that is held back arrives later, or not before its deadline."""
    faults.delay(Stock.add, 0.01)
    assert 1 == (await stock.add("bolt")).id
    app.runtime.channels[Stock].deadline = 0.05
    faults.delay(Stock.add, 30)
    with pytest.raises(DeadlineExceeded):
        await stock.add("nut")
    app.runtime.channels[Stock].deadline = 5.0
    assert 1 == await stock.count()


@in_both
@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "kill"])
async def test_idempotent_calls_are_tried_again(stock: Provided[Stock], faults: Faults, kind: str) -> None:
    """Whatever happens to an attempt of an idempotent call, the next one succeeds and the caller sees no fault."""
    bolt = await stock.add("bolt")
    getattr(faults, kind)(Stock.get, times=2)
    assert bolt == await stock.get(bolt.id)


@in_both
async def test_a_fault_inside(client: AsyncClient, faults: Faults) -> None:
    """A fault strikes calls between components, and what nobody foresaw reaches the client as 503."""
    faults.drop_before(Stock.add)
    assert 503 == (await client.post("/sales", params={"name": "bolt"})).status_code
    assert 1 == (await client.post("/sales", params={"name": "bolt"})).json()


async def test_what_can_be_struck(stock: Provided[Stock], faults: Faults) -> None:
    """A fault is for a method of an interface, and strikes at least once; a stub's method names the same."""
    for wrong in (len, Item.model_dump, test_dropped_after):
        with pytest.raises(TypeError, match=r"write faults\.kill\(Suppliers\.get\)"):
            faults.kill(wrong)
    with pytest.raises(ValueError, match="not 0 times"):
        faults.kill(Stock.get, times=0)
    faults.drop_before(stock.add)
    with pytest.raises(Unavailable):
        await stock.add("bolt")


def test_a_fault_that_never_struck(run: Run) -> None:
    """A test whose fault was never met has shown nothing, and fails; the next test begins without it."""
    done = run(
        """
        async def test_unmet(stock: Provided[Stock], faults) -> None:
            faults.drop_before(Stock.add)

        async def test_next(stock: Provided[Stock]) -> None:
            await stock.add("bolt")
        """
    )
    done.assert_outcomes(passed=2, errors=1)
    done.stdout.fnmatch_lines(["*faults that never struck: drop_before(Stock.add)*"])
