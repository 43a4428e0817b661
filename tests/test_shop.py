"""The shop as a whole: real processes, a real port, a state that outlives them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from httpx2 import Client, Response

SHOP = Path(__file__).parents[1] / "examples" / "shop"
Start = Callable[[], Client]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a process of the shop, as often as it is called; all of them share one state."""
    with ExitStack() as running:
        yield lambda: running.enter_context(_shop(tmp_path))


@contextmanager
def _shop(state: Path) -> Iterator[Client]:
    upgrade = [sys.executable, "-m", "fissile.cli", "db", "upgrade"]
    subprocess.run(upgrade, cwd=SHOP, env={**os.environ, "FISSILE_STATE": str(state)}, check=True)
    # The process gets a socket that listens already: requests wait in its queue, so nothing has to be polled.
    with socket.create_server(("127.0.0.1", 0)) as listening, (state / "server.log").open("ab") as log:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "shop.main:app", "--fd", str(listening.fileno())],
            cwd=SHOP,
            env={**os.environ, "FISSILE_STATE": str(state)},
            pass_fds=[listening.fileno()],
            stdout=log,
            stderr=log,
        )
    try:
        with Client(base_url=address, timeout=60) as client:
            yield client
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def _order(client: Client) -> dict[str, object]:
    supplier = client.post("/suppliers", json={"name": "Acme", "city": "Bonn"}).json()
    order: dict[str, object] = client.post(
        "/orders", json={"supplier_id": supplier["id"], "item": "bolt", "quantity": 2}
    ).json()
    return order


def test_a_session(start: Start) -> None:
    """Somebody signs up, orders from a new supplier, cancels, and the supplier is removed."""
    shop = start()
    user = shop.post("/users", json={"name": "Ada", "email": "ada@example.org"})
    supplier = shop.post("/suppliers", json={"name": "Acme", "city": "Bonn"})
    new = {"supplier_id": supplier.json()["id"], "item": "bolt", "quantity": 2}
    order = shop.post("/orders", json=new)
    assert [201] * 3 == [answer.status_code for answer in (user, supplier, order)]
    assert {"id": order.json()["id"], **new, "status": "open"} == order.json()
    path = f"/orders/{order.json()['id']}"
    assert "cancelled" == shop.post(f"{path}/cancel").json()["status"]
    assert 204 == shop.delete(f"/suppliers/{new['supplier_id']}").status_code
    assert [422, 404, 404] == [
        answer.status_code
        for answer in (
            shop.post("/orders", json=new),
            shop.get(f"/suppliers/{new['supplier_id']}"),
            shop.get("/orders/999"),
        )
    ]
    assert [{**order.json(), "status": "cancelled"}] == shop.get("/orders").json()["items"]


def test_what_is_kept_outlives_the_process(tmp_path: Path) -> None:
    """A process that starts later finds what an earlier one kept."""
    with _shop(tmp_path) as shop:
        order = _order(shop)
    with _shop(tmp_path) as shop:
        assert order == shop.get(f"/orders/{order['id']}").json()


def test_the_stream_shows_what_another_process_did(start: Start) -> None:
    """Who watches an order in one process sees that another process cancelled it, and the stream ends there."""
    watched, other = start(), start()
    order = _order(watched)
    with watched.stream("GET", f"/orders/{order['id']}/live") as stream:
        events = _events(stream)
        assert order == next(events)
        other.post(f"/orders/{order['id']}/cancel")
        assert [{**order, "status": "cancelled"}] == list(events)


@pytest.mark.acceptance
def test_a_stream_outlives_the_deadline_of_a_call(start: Start) -> None:
    """Each look of a stream is a call with its own deadline, so the stream may last longer than the 5 s of one."""
    shop = start()
    order = _order(shop)
    with shop.stream("GET", f"/orders/{order['id']}/live") as stream:
        events = _events(stream)
        assert order == next(events)
        until = time.monotonic() + 6
        while time.monotonic() < until:
            assert "open" == shop.get(f"/orders/{order['id']}").json()["status"]
        shop.post(f"/orders/{order['id']}/cancel")
        assert ["cancelled"] == [event["status"] for event in events]


def _events(stream: Response) -> Iterator[dict[str, object]]:
    for line in stream.iter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


def test_every_route_is_documented(start: Start) -> None:
    """The OpenAPI document names every route of the shop, and no reference in it dangles."""
    document = start().get("/openapi.json").json()
    assert {
        "/orders": ["get", "post"],
        "/orders/{order_id}": ["get"],
        "/orders/{order_id}/cancel": ["post"],
        "/orders/{order_id}/live": ["get"],
        "/suppliers": ["get", "post"],
        "/suppliers/{supplier_id}": ["delete", "get"],
        "/users": ["post"],
        "/users/{user_id}": ["get"],
    } == {path: sorted(operations) for path, operations in document["paths"].items()}
    references = set(_references(document))
    assert set() == references - {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "$ref" and isinstance(value, str))
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _references(child)
