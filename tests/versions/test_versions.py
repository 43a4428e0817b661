"""Two versions of the shop side by side, as they are while the next one is rolled out."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from httpx2 import Client, HTTPTransport

from fissile.project.secrets import create_secret

from .changes import ADDED, REQUIRED, Changes
from .tree import Tree

pytestmark = pytest.mark.acceptance

NOW: Changes = {}
SECRET = "s3cret"


@pytest.fixture
def meeting() -> Iterator[Path]:
    """A folder with a path that is short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="f-") as name:
        create_secret(Path(name) / "state" / "secrets" / "link", SECRET)
        yield Path(name)


@pytest.fixture
def versions(tmp_path: Path, meeting: Path, request: pytest.FixtureRequest) -> tuple[Tree, Tree]:
    """The version of orders and users, and that of suppliers."""
    trees = Tree(tmp_path / "ours", meeting), Tree(tmp_path / "theirs", meeting)
    first, second = request.param
    trees[0].write(first)
    trees[1].write(second, like=trees[0] if first is second else None)
    return trees


@contextmanager
def asking(ours: Tree, theirs: Tree) -> Iterator[Client]:
    """A client of our process of orders, while suppliers run in their version."""
    socket = str(ours.meeting / "sales.sock")
    shown = {"fissile-secret": SECRET}
    client = Client(transport=HTTPTransport(uds=socket), base_url="http://shop", headers=shown, timeout=60)
    with client, theirs.running("trade"), ours.running("sales", "--uds", socket):
        yield client


@pytest.mark.parametrize("versions", [(NOW, ADDED), (ADDED, NOW)], ids=["old-asks-new", "new-asks-old"], indirect=True)
def test_what_is_added_breaks_nothing(versions: tuple[Tree, Tree]) -> None:
    """With suppliers in another version, older or newer, all tests of the shop pass."""
    ours, theirs = versions
    with theirs.running("trade"):
        done = ours.tests()
    assert 0 == done.returncode, done.stdout[-5_000:] + done.stderr
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed and int(passed[1]) > 70, done.stdout


@pytest.mark.parametrize("versions", [(ADDED, NOW)], indirect=True)
def test_a_method_that_is_not_there_yet(versions: tuple[Tree, Tree]) -> None:
    """Who asks for a method that the older version does not have fails, alone, and readiness says why."""
    with asking(*versions) as client:
        answer = client.get("/orders/suppliers/count")
        assert (502, "incompatible") == (answer.status_code, answer.json()["code"])
        assert 422 == client.post("/orders", json={"supplier_id": 1, "item": "bolt", "quantity": 1}).status_code
        ready = client.get("/-/ready")
    link = {"status": "connected", "incompatible": {"Suppliers.count": "the provider does not have it"}}
    assert (200, {"trade": link}) == (ready.status_code, ready.json()["links"])


@pytest.mark.parametrize("versions", [(ADDED, ADDED)], indirect=True)
def test_a_method_that_is_there(versions: tuple[Tree, Tree]) -> None:
    """Once both are the next version, what it adds is answered."""
    with asking(*versions) as client:
        answer = client.get("/orders/suppliers/count")
        assert (200, 0) == (answer.status_code, answer.json())


@pytest.mark.parametrize("versions", [(NOW, REQUIRED)], indirect=True)
def test_a_parameter_that_is_not_sent(versions: tuple[Tree, Tree]) -> None:
    """Calls of a method whose parameter is now required fail, alone, and readiness says why."""
    with asking(*versions) as client:
        answer = client.post("/orders", json={"supplier_id": 1, "item": "bolt", "quantity": 1})
        assert (502, "incompatible") == (answer.status_code, answer.json()["code"])
        assert {"items": [], "next": None} == client.get("/orders").json()
        ready = client.get("/-/ready")
    why = "arguments.reason: required, but not always sent"
    link = {"status": "connected", "incompatible": {"Suppliers.get": why}}
    assert (200, {"trade": link}) == (ready.status_code, ready.json()["links"])
