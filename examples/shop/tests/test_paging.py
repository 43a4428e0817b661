"""How lists are cut into pages."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass

import pytest
from httpx2 import AsyncClient

from fissile import Provided
from shop.orders.public import NewOrder, Orders
from shop.paging import page_of
from shop.suppliers.public import NewSupplier, Suppliers

PAST_THE_END = "cursor=" + urlsafe_b64encode(f"after:{2**63}".encode()).decode().rstrip("=")


@dataclass(frozen=True)
class Row:
    """Something with an id."""

    id: int


@pytest.mark.parametrize(("found", "more"), [(0, False), (1, False), (2, False), (3, True)])
def test_next_only_where_there_is_more(found: int, more: bool) -> None:
    """Only what is found beyond the limit makes a next page."""
    page = page_of([Row(number) for number in range(found)], limit=2)
    assert (min(found, 2), more) == (len(page.items), page.next is not None)


async def test_pages_follow_each_other(client: AsyncClient, suppliers: Provided[Suppliers]) -> None:
    """Going from page to page shows every supplier once, in the order they came."""
    names = [f"Supplier {number}" for number in range(5)]
    for name in names:
        await suppliers.add(NewSupplier(name=name, city="Bonn"))
    seen: list[str] = []
    query: dict[str, str] = {"limit": "2"}
    for _ in range(3):
        page = (await client.get("/suppliers", params=query)).json()
        seen += [supplier["name"] for supplier in page["items"]]
        query["cursor"] = page["next"]
    assert (names, None) == (seen, page["next"])


async def test_a_page_survives_removal_of_its_last_item(client: AsyncClient, suppliers: Provided[Suppliers]) -> None:
    """A cursor still holds when the supplier that it was made from has gone."""
    added = [await suppliers.add(NewSupplier(name=name, city="Bonn")) for name in "abc"]
    first = (await client.get("/suppliers", params={"limit": 2})).json()
    await suppliers.remove(added[1].id)
    second = (await client.get("/suppliers", params={"limit": 2, "cursor": first["next"]})).json()
    assert ["c"] == [supplier["name"] for supplier in second["items"]]


async def test_fifty_unless_told_otherwise(
    client: AsyncClient, orders: Provided[Orders], suppliers: Provided[Suppliers]
) -> None:
    """A page without a limit has fifty items."""
    for _ in range(51):
        supplier = await suppliers.add(NewSupplier(name="Acme", city="Bonn"))
        await orders.place(NewOrder(supplier_id=supplier.id, item="bolt", quantity=1))
    pages = [(await client.get(path)).json() for path in ("/orders", "/suppliers")]
    assert [(50, True)] * 2 == [(len(page["items"]), page["next"] is not None) for page in pages]


async def test_orders_of_one_supplier_are_paged(
    client: AsyncClient, orders: Provided[Orders], suppliers: Provided[Suppliers]
) -> None:
    """Pages of one supplier's orders leave out everybody else's."""
    one, other = [await suppliers.add(NewSupplier(name=name, city="Bonn")) for name in ("one", "other")]
    for supplier in (one, other, one, other, one):
        await orders.place(NewOrder(supplier_id=supplier.id, item="bolt", quantity=1))
    query = {"supplier_id": str(one.id), "limit": "2"}
    first = (await client.get("/orders", params=query)).json()
    second = (await client.get("/orders", params={**query, "cursor": first["next"]})).json()
    assert [one.id] * 3 == [order["supplier_id"] for order in first["items"] + second["items"]]
    assert second["next"] is None


@pytest.mark.parametrize("path", ["/orders", "/suppliers"])
@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "cursor=x", "cursor=", "cursor=YWZ0ZXI6MDE", PAST_THE_END]
)
async def test_no_such_page(client: AsyncClient, path: str, query: str) -> None:
    """A limit out of bounds or a cursor that no page gave is refused, also `after:01` and an id past 64 bits."""
    answer = await client.get(f"{path}?{query}")
    assert (422, query.split("=")[0]) == (answer.status_code, answer.json()["errors"][0]["loc"][-1])


@pytest.mark.parametrize("path", ["/orders", "/suppliers"])
async def test_nothing_yet(client: AsyncClient, path: str) -> None:
    """A list without items is an empty page."""
    assert {"items": [], "next": None} == (await client.get(path)).json()


async def test_a_call_gets_as_much_as_it_asks_for(orders: Provided[Orders], suppliers: Provided[Suppliers]) -> None:
    """Other components say how much they want, and from where on."""
    one, two, three = [await suppliers.add(NewSupplier(name=name, city="Bonn")) for name in "abc"]
    assert [(one, two), (two,)] == [await suppliers.page(limit=2), await suppliers.page(after=one.id, limit=1)]
    first, second = [await orders.place(NewOrder(supplier_id=three.id, item=item, quantity=1)) for item in "ab"]
    assert [(first,), (second,)] == [await orders.page(limit=1), await orders.page(after=first.id, limit=1)]


@pytest.mark.parametrize("limit", [-1, 0, 1_001])
async def test_no_list_is_unbounded(orders: Provided[Orders], suppliers: Provided[Suppliers], limit: int) -> None:
    """Other components cannot ask for everything at once either."""
    for page in (orders.page, suppliers.page):
        with pytest.raises(TypeError, match="limit"):
            await page(limit=limit)
