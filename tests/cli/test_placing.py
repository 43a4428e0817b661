"""One process of a placement, or one component, on its own."""

import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx2 import Client, HTTPTransport

from fissile.project.secrets import create_secret

from .terminal import Terminal


@pytest.fixture
def apart(bolts: Terminal) -> Iterator[Terminal]:
    """The project `bolts`, its sockets in a folder with a short name."""
    with tempfile.TemporaryDirectory(prefix="f-") as folder:
        bolts.variables["XDG_RUNTIME_DIR"] = folder
        yield bolts


def asks(path: str) -> Client:
    """A client of a process on a Unix socket."""
    return Client(base_url="http://bolts", transport=HTTPTransport(uds=path))


def test_a_process_listens_where_its_placement_says(apart: Terminal) -> None:
    """Without an address in placements.toml that is a socket which the others know as well."""
    process = apart.start("run", "--placement", "apart", "--process", "suppliers")
    path = process.hears(" is on unix:").partition("unix:")[2].partition(";")[0]
    assert path.endswith("/suppliers-1.sock")
    with asks(path) as client:
        assert {"suppliers": "ready"} == client.get("/-/ready").json()["components"]
        assert 200 == client.get("/suppliers/1").status_code


def test_a_call_from_another_process_crosses_the_link(apart: Terminal) -> None:
    """Whoever is placed as another process calls over the socket: there is no suppliers component in it."""
    apart.start("run", "--placement", "apart", "--process", "suppliers").hears(" is on unix:")
    (apart.folder / "bolts/suppliers/service.py").write_text("raise SystemExit('imported where it does not live')\n")
    apart.variables |= {"FISSILE_PLACEMENT": "apart", "FISSILE_PROCESS": "orders"}
    call = apart.run("call", "suppliers.get", "supplier_id=1")
    assert (0, '{"id": 1, "name": "Ada\'s bölts"}\n', "") == (call.code, call.out, call.err)


def test_one_component_alone(apart: Terminal) -> None:
    """The others are where the placement has them; here nobody is there yet, and only readiness says so."""
    apart.variables["FISSILE_SECRETS"] = str(apart.folder / "secrets")
    create_secret(apart.folder / "secrets" / "link", "s3cret")
    url = apart.start("run", "--only", "orders", "--port", "0").url()
    with Client(base_url=url, headers={"fissile-secret": "s3cret"}) as client:
        assert 200 == client.get("/-/live").status_code
        ready = client.get("/-/ready")
        assert (503, {"orders": "ready"}) == (ready.status_code, ready.json()["components"])
        assert "away" == ready.json()["links"]["suppliers"]["status"]
        assert 404 == client.get("/suppliers/1").status_code


def test_a_process_with_an_address_listens_there(apart: Terminal) -> None:
    """Whoever starts it elsewhere need not say it twice."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    placements = f"""
[split]
orders = ["orders"]
suppliers = {{ components = ["suppliers"], address = "http://127.0.0.1:{port}" }}
"""
    apart.write({"bolts/placements.toml": placements})
    process = apart.start("run", "--placement", "split", "--process", "suppliers")
    assert f"http://127.0.0.1:{port}" == process.url()


@pytest.mark.parametrize("address", ["https://trade.internal:9100", "http://0.0.0.0:9100", "https://127.0.0.1:9100"])
def test_an_address_that_is_somebody_elses(apart: Terminal, address: str) -> None:
    """Where others reach it is no place to listen at, for a process that is open to everybody and has no TLS."""
    placements = f'[split]\norders = ["orders"]\nsuppliers = {{ components = ["suppliers"], address = "{address}" }}\n'
    apart.write({"bolts/placements.toml": placements})
    refused = apart.run("run", "--placement", "split", "--process", "suppliers")
    assert (3, f"error: bolts/placements.toml:3: the process suppliers is reached at {address}") == (
        refused.code,
        refused.err.partition(",")[0],
    )
    assert "say --port, or --uds" in refused.err
    process = apart.start("run", "--placement", "split", "--process", "suppliers", "--port", "0")
    assert process.url().startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--placement", "apart", "--process", "suplliers"), "did you mean suppliers?"),
        (("--process", "x", "--only", "orders"), "say --process or --only, not both"),
        (("--only", "odrers"), "bolts has no component 'odrers'; did you mean orders?"),
        (("--placement", "together", "--process", "orders"), "one process runs everything in it"),
    ],
)
def test_what_is_not_there_is_wrong_usage(apart: Terminal, words: tuple[str, ...], said: str) -> None:
    """Exit code 2, with the nearest name."""
    result = apart.run("run", *words)
    assert (2, True) == (result.code, said in result.err)


def test_a_placement_of_the_environment_that_is_not_there(apart: Terminal) -> None:
    """The environment is configuration, and so exit code 3 with the place."""
    apart.variables["FISSILE_PLACEMENT"] = "aprat"
    result = apart.run("run")
    assert 3 == result.code
    assert result.err.startswith("error: environment variable FISSILE_PLACEMENT: there is no placement 'aprat'")


def test_sockets_that_others_could_reach_are_refused(apart: Terminal) -> None:
    """Whoever reaches the socket can call every component."""
    process = apart.start("run", "--placement", "apart", "--process", "suppliers")
    folder = Path(process.hears(" is on unix:").partition("unix:")[2].partition(";")[0]).parent
    assert 0o700 == folder.stat().st_mode & 0o777
    folder.chmod(0o755)
    result = apart.run("run", "--placement", "apart", "--process", "orders")
    assert (3, True) == (result.code, "the folder of the sockets is not private" in result.err)
