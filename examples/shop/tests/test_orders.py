"""Orders, over HTTP and by calls."""

import pytest
from httpx2 import AsyncClient

from fissile import App, Provided
from fissile.errors import Unavailable
from fissile.testing import Faults
from shop.orders.api import watch_order
from shop.orders.public import NewOrder, NoSuchSupplier, Order, Orders, QuantityTooLarge, UnknownOrder
from shop.suppliers.public import NewSupplier, Supplier, Suppliers


@pytest.fixture
async def acme(suppliers: Provided[Suppliers]) -> Supplier:
    """A supplier to order from."""
    return await suppliers.add(NewSupplier(name="Acme", city="Bonn"))


@pytest.fixture
async def order(orders: Provided[Orders], acme: Supplier) -> Order:
    """An order that is open."""
    return await orders.place(NewOrder(supplier_id=acme.id, item="bolt", quantity=100))


class Looked:
    """An order at which somebody looks again and again."""

    def __init__(self, *found: Order) -> None:
        self._found = list(found)

    async def get(self, order_id: int) -> Order:
        """How it is the next time."""
        return self._found.pop(0)


async def test_place(client: AsyncClient, acme: Supplier) -> None:
    """An order from a supplier that exists is open, and is found under its id."""
    new = {"supplier_id": acme.id, "item": "bolt", "quantity": 100}
    placed = await client.post("/orders", json=new)
    assert (201, {"id": placed.json()["id"], **new, "status": "open"}) == (placed.status_code, placed.json())
    assert placed.json() == (await client.get(f"/orders/{placed.json()['id']}")).json()


async def test_list(client: AsyncClient, order: Order) -> None:
    """The list shows every order, or those of one supplier."""
    all_orders = (await client.get("/orders")).json()
    of_one = (await client.get("/orders", params={"supplier_id": order.supplier_id})).json()
    of_another = (await client.get("/orders", params={"supplier_id": order.supplier_id + 1})).json()
    shown = {"items": [order.model_dump()], "next": None}
    assert (shown, shown, []) == (all_orders, of_one, of_another["items"])


async def test_no_such_supplier(client: AsyncClient, orders: Provided[Orders]) -> None:
    """An order for a supplier that does not exist is refused, in the words of orders, and leaves nothing behind."""
    new = NewOrder(supplier_id=999, item="bolt", quantity=1)
    with pytest.raises(NoSuchSupplier) as caught:
        await orders.place(new)
    assert 999 == caught.value.supplier_id
    answer = await client.post("/orders", json=new.model_dump())
    assert (422, "no_such_supplier") == (answer.status_code, answer.json()["code"])
    assert [] == (await client.get("/orders")).json()["items"]


async def test_orders_outlive_their_supplier(client: AsyncClient, order: Order, suppliers: Provided[Suppliers]) -> None:
    """An order stays when its supplier is removed; a new one is refused."""
    await suppliers.remove(order.supplier_id)
    assert order.model_dump() == (await client.get(f"/orders/{order.id}")).json()
    again = {"supplier_id": order.supplier_id, "item": "bolt", "quantity": 1}
    assert 422 == (await client.post("/orders", json=again)).status_code


async def test_too_many(client: AsyncClient, orders: Provided[Orders], acme: Supplier) -> None:
    """More than the setting allows is refused; the setting itself is allowed."""
    new = {"supplier_id": acme.id, "item": "bolt", "quantity": 1_000}
    assert 201 == (await client.post("/orders", json=new)).status_code
    answer = await client.post("/orders", json={**new, "quantity": 1_001})
    assert (422, "quantity_too_large") == (answer.status_code, answer.json()["code"])
    with pytest.raises(QuantityTooLarge) as caught:
        await orders.place(NewOrder(supplier_id=acme.id, item="bolt", quantity=1_001))
    assert (1_001, 1_000) == (caught.value.quantity, caught.value.maximum)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("quantity", 0),
        ("quantity", -1),
        ("quantity", 1.5),
        ("quantity", 2**31),
        ("item", " "),
        ("supplier_id", -1),
        ("supplier_id", 2**63),
    ],
)
async def test_refused(client: AsyncClient, acme: Supplier, field: str, value: object) -> None:
    """An order asks for at least one piece of something from somebody."""
    new = {"supplier_id": acme.id, "item": "bolt", "quantity": 1, field: value}
    answer = await client.post("/orders", json=new)
    assert (422, ["body", field]) == (answer.status_code, answer.json()["errors"][0]["loc"])


async def test_cancel(client: AsyncClient, order: Order) -> None:
    """A cancelled order is cancelled; whoever cancels it again gets the same answer."""
    answers = [await client.post(f"/orders/{order.id}/cancel") for _ in range(2)]
    cancelled = {**order.model_dump(), "status": "cancelled"}
    assert [(200, cancelled)] * 2 == [(answer.status_code, answer.json()) for answer in answers]
    assert cancelled == (await client.get(f"/orders/{order.id}")).json()


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/orders/999"), ("POST", "/orders/999/cancel"), ("GET", "/orders/999/live")]
)
async def test_unknown(client: AsyncClient, method: str, path: str) -> None:
    """An order that was never placed is unknown, to its stream as well."""
    answer = await client.request(method, path)
    assert (404, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert ("unknown_order", path) == (answer.json()["code"], answer.json()["instance"])


async def test_unknown_to_a_call(orders: Provided[Orders]) -> None:
    """A call for an order that was never placed says so, with its id."""
    with pytest.raises(UnknownOrder) as caught:
        await orders.cancel(999)
    assert 999 == caught.value.order_id


async def test_live_shows_each_change(order: Order, orders: Provided[Orders]) -> None:
    """The stream shows the order now, then the change, and ends with the final status."""
    stream = aiter(watch_order(order, orders))
    assert order == await anext(stream)
    cancelled = await orders.cancel(order.id)
    assert [cancelled] == [shown async for shown in stream]


async def test_live_shows_changes_only(order: Order, app: App, orders: Provided[Orders]) -> None:
    """A look that finds the order as it was shows nothing."""
    cancelled = order.model_copy(update={"status": "cancelled"})
    looked = Looked(order, order, cancelled)
    app.dependency_overrides[Orders] = lambda: looked
    assert [order, cancelled] == [shown async for shown in watch_order(order, orders)]


async def test_live_over_http(client: AsyncClient, order: Order, orders: Provided[Orders]) -> None:
    """The stream of an order whose status is final shows it once, as a server-sent event, and ends."""
    cancelled = await orders.cancel(order.id)
    answer = await client.get(f"/orders/{order.id}/live")
    assert (200, "text/event-stream; charset=utf-8") == (answer.status_code, answer.headers["content-type"])
    assert f"data: {cancelled.model_dump_json()}\n\n" == answer.text


class OutOfReach(Suppliers):
    """Suppliers that cannot be asked."""

    async def get(self, supplier_id: int) -> Supplier:
        """Fails, as it would while another process is down."""
        raise Unavailable("suppliers are away", may_have_run=False)


async def test_suppliers_out_of_reach(app: App, client: AsyncClient) -> None:
    """When suppliers cannot be asked, nothing is ordered, and the client may try again."""
    app.dependency_overrides[Suppliers] = OutOfReach
    answer = await client.post("/orders", json={"supplier_id": 1, "item": "bolt", "quantity": 1})
    assert (503, "unavailable") == (answer.status_code, answer.json()["code"])
    assert "retry-after" in answer.headers
    assert [] == (await client.get("/orders")).json()["items"]


async def test_lost_answers(faults: Faults, orders: Provided[Orders], order: Order) -> None:
    """When an answer is lost, what may be asked twice is asked again; placing an order is not."""
    faults.drop_after(Orders.cancel)
    assert "cancelled" == (await orders.cancel(order.id)).status
    faults.drop_after(Suppliers.get)
    faults.drop_after(Orders.place)
    with pytest.raises(Unavailable) as caught:
        await orders.place(NewOrder(supplier_id=order.supplier_id, item="nut", quantity=1))
    assert caught.value.may_have_run
    assert ["bolt", "nut"] == [kept.item for kept in await orders.page()]
