"""One document of all processes, composed by their supervisor and served by the front."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx2 import Client, HTTPTransport

from fissile.project.secrets import create_secret
from tests.cli.project import FILES
from tests.cli.terminal import Terminal

API = "bolts/suppliers/api.py"
NEXT = '@router.get("/next")\nasync def next_one() -> str:\n    return "new"\n\n\n@router.get("/{supplier_id}")'
ORDERS = """\
from fastapi import APIRouter

from bolts.suppliers.public import Supplier, Suppliers
from fissile import Component, Provided

router = APIRouter()


@router.get("")
async def supplier(suppliers: Provided[Suppliers]) -> Supplier:
    return await suppliers.get(1)


component = Component(needs=[Suppliers], prefix="/purchase/orders", api=router)
"""
PLACEMENTS = '[far]\nfront = ["orders"]\nfar = {{ components = ["suppliers"], address = "http://127.0.0.1:{port}" }}\n'


@pytest.fixture
def bolts(tmp_path: Path) -> Iterator[Terminal]:
    """A project of two components that describe routes."""
    with tempfile.TemporaryDirectory(prefix="f-", dir="/tmp") as runtime:
        terminal = Terminal(tmp_path)
        terminal.write({**FILES, "bolts/orders/component.py": ORDERS})
        terminal.variables["XDG_RUNTIME_DIR"] = runtime
        yield terminal
        terminal.close()


def free_port() -> int:
    """A port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def document(url: str) -> bytes:
    """What is served."""
    with Client(base_url=url, timeout=60) as client:
        answer = client.get("/openapi.json")
        assert 200 == answer.status_code, answer.text
        return answer.content


def test_it_is_the_same_as_that_of_one_process(bolts: Terminal) -> None:
    """Byte for byte, and so are the pages that show it; it is whole once the application says that it is there."""
    answers = []
    for words in ((), ("--placement", "apart")):
        running = bolts.start("run", "--port", "0", *words)
        with Client(base_url=running.url(), timeout=60) as client:
            answers.append([client.get(path).content for path in ("/openapi.json", "/docs", "/redoc")])
        bolts.close()
    assert answers[0] == answers[1]
    assert b"/purchase/orders" in answers[0][0]
    assert b"/suppliers/{supplier_id}" in answers[0][0]


def test_an_edit_shows(bolts: Terminal) -> None:
    """Whoever has started again is asked again."""
    running = bolts.start("dev", "--port", "0", "--placement", "apart")
    url = running.url()
    assert b"/suppliers/next" not in document(url)
    bolts.write({API: FILES[API].replace('@router.get("/{supplier_id}")', NEXT)})
    assert url == running.url()
    assert b"/suppliers/next" in document(url)


def test_a_replaced_process_shows(bolts: Terminal) -> None:
    """Also while the old one finishes what it has begun."""
    running = bolts.start("run", "--port", "0", "--placement", "apart")
    url = running.url()
    with Client(base_url=url, timeout=60) as client, client.stream("GET", "/suppliers/stream") as stream:
        ticks = stream.iter_lines()
        assert "tick" == next(ticks)
        bolts.write({API: FILES[API].replace('@router.get("/{supplier_id}")', NEXT)})
        assert 0 == bolts.run("restart", "suppliers").code
        running.hears("everything is ready again")
        assert b"/suppliers/next" in document(url)
        assert "tick" == next(ticks)


def test_a_process_that_is_elsewhere_is_asked_until_it_answers(bolts: Terminal) -> None:
    """Until then there is no document: one that lacks half of the routes would look whole."""
    door, port = free_port(), free_port()
    create_secret(bolts.folder / "state" / "secrets" / "link", "a secret")
    bolts.write({"bolts/placements.toml": PLACEMENTS.format(port=port)})
    near = bolts.start("run", "--port", str(door), "--placement", "far")
    near.hears("Application startup complete")
    with Client(transport=HTTPTransport(retries=10), base_url=f"http://127.0.0.1:{door}", timeout=60) as client:
        answer = client.get("/openapi.json")
        assert (503, "1") == (answer.status_code, answer.headers["retry-after"])
        far = bolts.start("run", "--placement", "far", "--process", "far")
        assert str(door) in near.url()
        while (answer := client.get("/openapi.json")).status_code == 503:
            assert far.process.poll() is None
        assert b"/suppliers/{supplier_id}" in answer.content


def test_a_process_that_cannot_describe_itself(bolts: Terminal) -> None:
    """The log says which one, everything else goes on, and the document says when to come again."""
    broken = 'router = APIRouter()\nrouter.add_api_route("/broken", print, openapi_extra={"x": object()})\n'
    bolts.write({"bolts/orders/component.py": ORDERS.replace("router = APIRouter()\n", broken)})
    running = bolts.start("run", "--port", "0", "--placement", "apart")
    warned = running.hears("does not describe itself")
    assert "orders does not describe itself: /-/openapi is answered with 500" in warned
    with Client(base_url=running.url(), timeout=60) as client:
        assert 200 == client.get("/purchase/orders").status_code
        answer = client.get("/openapi.json")
    assert (503, "1") == (answer.status_code, answer.headers["retry-after"])


@pytest.mark.acceptance
def test_a_process_that_is_slow_to_describe_itself_is_named(bolts: Terminal) -> None:
    """All processes are ready, and the log names the one whose API document is awaited."""
    slow = """\
import time
from pathlib import Path

from pydantic import BaseModel


class Slow(BaseModel):
    id: int

    @classmethod
    def __get_pydantic_json_schema__(cls, schema, handler):
        while not Path("go").exists():
            time.sleep(0.05)
        return handler(schema)


@router.get("/slowly")
async def slowly() -> Slow: ...
"""
    bolts.write({API: FILES[API] + slow})
    running = bolts.start("run", "--port", "0", "--placement", "apart")
    assert "not ready yet: " in running.hears("the API document of suppliers")
    bolts.write({"go": ""})
    running.url()
