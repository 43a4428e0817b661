"""Users, over HTTP and by calls."""

import asyncio

import pytest
from httpx2 import AsyncClient

from fissile import Provided
from shop.users.public import EmailTaken, NewUser, UnknownUser, Users

ADA = {"name": "Ada", "email": "Ada@example.org"}


async def test_sign_up(client: AsyncClient) -> None:
    """Who signs up has an id, under which the address is found as it was typed."""
    added = await client.post("/users", json=ADA)
    assert (201, {"id": added.json()["id"], **ADA}) == (added.status_code, added.json())
    assert added.json() == (await client.get(f"/users/{added.json()['id']}")).json()


@pytest.mark.parametrize("email", ["Ada@example.org", "ada@EXAMPLE.org", " ada@example.org "])
async def test_email_taken(client: AsyncClient, users: Provided[Users], email: str) -> None:
    """An address belongs to one user, whatever its case."""
    await users.sign_up(NewUser(name="Ada", email="Ada@example.org"))
    answer = await client.post("/users", json={"name": "Eve", "email": email})
    assert (409, "email_taken") == (answer.status_code, answer.json()["code"])
    with pytest.raises(EmailTaken):
        await users.sign_up(NewUser(name="Eve", email=email))


async def test_two_sign_up_at_once(client: AsyncClient) -> None:
    """Of several who want one address at the same time, one gets it."""
    answers = await asyncio.gather(*(client.post("/users", json=ADA) for _ in range(4)))
    assert [201, 409, 409, 409] == sorted(answer.status_code for answer in answers)


async def test_unknown(client: AsyncClient, users: Provided[Users]) -> None:
    """A user who never signed up is unknown."""
    answer = await client.get("/users/999")
    assert (404, "unknown_user") == (answer.status_code, answer.json()["code"])
    with pytest.raises(UnknownUser) as caught:
        await users.get(999)
    assert 999 == caught.value.user_id


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ada",
        "ada@",
        "@example.org",
        "ada@example",
        "ada@example.",
        "a b@example.org",
        "a@b@c.org",
        "a" * 250 + "@b.de",
    ],
)
async def test_no_address(client: AsyncClient, email: str) -> None:
    """What does not have the shape of an address is refused."""
    answer = await client.post("/users", json={"name": "Ada", "email": email})
    assert (422, ["body", "email"]) == (answer.status_code, answer.json()["errors"][0]["loc"])


async def test_no_name(client: AsyncClient) -> None:
    """A user has a name."""
    assert 422 == (await client.post("/users", json={**ADA, "name": " "})).status_code
