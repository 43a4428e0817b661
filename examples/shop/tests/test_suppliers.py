"""Suppliers, over HTTP and by calls."""

import pytest
from httpx2 import AsyncClient

from fissile import Provided
from shop.suppliers.public import NewSupplier, Supplier, Suppliers, UnknownSupplier


async def test_add(client: AsyncClient) -> None:
    """A supplier that is added has an id, under which it is found."""
    added = await client.post("/suppliers", json={"name": "Acme", "city": "Bonn"})
    assert 201 == added.status_code
    assert {"id": added.json()["id"], "name": "Acme", "city": "Bonn"} == added.json()
    assert added.json() == (await client.get(f"/suppliers/{added.json()['id']}")).json()


async def test_list(client: AsyncClient, suppliers: Provided[Suppliers]) -> None:
    """The list shows every supplier."""
    acme = await suppliers.add(NewSupplier(name="Acme", city="Bonn"))
    assert {"items": [acme.model_dump()], "next": None} == (await client.get("/suppliers")).json()


async def test_remove(client: AsyncClient, suppliers: Provided[Suppliers]) -> None:
    """A supplier that is removed is unknown, also to the one who removes it again."""
    acme = await suppliers.add(NewSupplier(name="Acme", city="Bonn"))
    answers = [await client.delete(f"/suppliers/{acme.id}") for _ in range(2)]
    assert [(204, b""), (404, answers[1].content)] == [(answer.status_code, answer.content) for answer in answers]
    with pytest.raises(UnknownSupplier):
        await suppliers.get(acme.id)


async def test_unknown(client: AsyncClient) -> None:
    """Who asks for a supplier that does not exist gets a problem that says which."""
    answer = await client.get("/suppliers/999")
    problem = answer.json()
    assert (404, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert (404, "unknown_supplier", "/suppliers/999") == (problem["status"], problem["code"], problem["instance"])


async def test_an_id_is_given_once(suppliers: Provided[Suppliers]) -> None:
    """A new supplier does not get the id of one that was removed, for old orders still name it."""
    gone = await suppliers.add(NewSupplier(name="Gone", city="Bonn"))
    await suppliers.remove(gone.id)
    assert gone.id < (await suppliers.add(NewSupplier(name="New", city="Bonn"))).id


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "", "city": "Bonn"}, "name"),
        ({"name": "  ", "city": "Bonn"}, "name"),
        ({"name": "A" * 201, "city": "Bonn"}, "name"),
        ({"name": "Acme"}, "city"),
        ({"name": "Acme", "city": 1}, "city"),
    ],
)
async def test_refused(client: AsyncClient, body: dict[str, object], field: str) -> None:
    """A supplier without a proper name and city is refused, and the problem names the field."""
    answer = await client.post("/suppliers", json=body)
    assert (422, ["body", field]) == (answer.status_code, answer.json()["errors"][0]["loc"])


async def test_an_id_that_no_database_holds(client: AsyncClient) -> None:
    """An id past 64 bits is refused before the database sees it."""
    assert 422 == (await client.get(f"/suppliers/{2**63}")).status_code
    assert 404 == (await client.get(f"/suppliers/{2**63 - 1}")).status_code


async def test_a_call(suppliers: Provided[Suppliers]) -> None:
    """Other components get the supplier as a value, its name without the blanks around it."""
    added = await suppliers.add(NewSupplier(name=" Acme ", city="Bonn"))
    assert Supplier(id=added.id, name="Acme", city="Bonn") == await suppliers.get(added.id)
