"""What cannot run is refused: with what, where, why and the next command, and the exit code that says whose it is."""

import socket

import pytest
from httpx2 import Client, HTTPTransport

from fissile.project.secrets import create_secret
from fissile.supervisor import envoy

from .project import PLACEMENTS
from .test_envoy import program
from .works import Works, until

APART = ("run", "--placement", "apart", "--port", "0")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "--placement", "aprat"), "'--placement': there is no placement 'aprat'; did you mean apart?"),
        (("dev", "--placement", "apart", "--debug", "tarde"), "'--debug': the placement apart has no process 'tarde'"),
        (("run", "--placement", "apart", "--uds", "s"), "'--uds': the gateway listens on a port"),
    ],
)
def test_what_is_not_there_is_wrong_usage(works: Works, words: tuple[str, ...], said: str) -> None:
    """Exit code 2, with the nearest name."""
    refused = works.run(*words)
    assert (2, True) == (refused.code, said in refused.err), refused.err


@pytest.mark.parametrize(
    ("placements", "first"),
    [
        (
            PLACEMENTS.replace('["orders"]', '["orders", "reviews"]'),
            "bolts/placements.toml:3: reviews runs in front and in trade",
        ),
        (PLACEMENTS.replace(', "reviews"', ""), "bolts/placements.toml:1: reviews runs in no process of [apart]"),
        (f"{PLACEMENTS}nonsense", "bolts/placements.toml:4: placements.toml cannot be read"),
    ],
)
def test_placements_that_are_wrong(works: Works, placements: str, first: str) -> None:
    """Exit code 3, with the line; nothing is started."""
    works.write({"bolts/placements.toml": placements})
    for command in ("run", "dev"):
        refused = works.run(command, *APART[1:])
        assert (3, f"error: {first}") == (refused.code, refused.err.splitlines()[0])
    assert [] == list(works.runtime.iterdir())


def test_no_envoy(works: Works) -> None:
    """Exit code 3, for a name that leads nowhere, and where neither a name nor the wheel is there."""
    works.variables["FISSILE_ENVOY"] = "/nowhere/envoy"
    refused = works.run(*APART)
    assert (3, "error: environment variable FISSILE_ENVOY: FISSILE_ENVOY names '/nowhere/envoy'") == (
        refused.code,
        refused.err.splitlines()[0],
    )
    del works.variables["FISSILE_ENVOY"]
    works.write({"away/sitecustomize.py": "import sys\n\nsys.modules['envoy'] = None\n"})
    works.variables["PYTHONPATH"] = str(works.folder / "away")
    refused = works.run(*APART)
    assert 3 == refused.code
    assert (
        "error: there is no Envoy\n"
        "    why: a placement of several processes has Envoy in front of them\n"
        "    fix: pip install 'fissile[gateway]', or set FISSILE_ENVOY to one of your own\n"
    ) == refused.err
    assert [] == list(works.runtime.iterdir())


def test_a_path_that_is_too_long_for_a_socket(works: Works) -> None:
    """Exit code 3 and what to set; nothing runs there, and whoever asks for it is told so."""
    works.variables["XDG_RUNTIME_DIR"] = str(works.runtime / ("long" * 30))
    refused = works.run(*APART)
    assert 3 == refused.code
    assert "the path of a socket would be " in refused.err.splitlines()[0]
    assert refused.err.endswith("    fix: set XDG_RUNTIME_DIR or TMPDIR to a shorter folder\n")
    assert (0, "") == (works.run("list").code, works.run("list").err)
    assert 4 == works.run("restart").code


def test_a_port_in_use(works: Works) -> None:
    """Exit code 4, before anything is started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = works.run("run", "--placement", "apart", "--port", str(port))
    assert (4, f"error: port {port} is in use on 127.0.0.1") == (refused.code, refused.err.splitlines()[0])


def test_a_port_that_is_taken_before_the_gateway_has_it(works: Works) -> None:
    """Exit code 4 as well, and nothing goes on: it would never be ready."""
    words = f'case "$*" in *--concurrency*) until [ -e taken ]; do sleep 0.02; done;; esac\nexec {envoy.find({})} "$@"'
    works.variables["FISSILE_ENVOY"] = str(program(works.folder / "late", words))
    running = works.start(*APART)
    until(works.status, "the supervisor")
    status = works.status()
    assert status is not None
    port = int(status["address"].rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        (works.folder / "taken").touch()
        assert 4 == running.ended()
    assert "gateway ended with code 1" in "\n".join(running.lines)
    assert [
        f"error: port {port} is in use on 127.0.0.1",
        "    why: one program listens on a port",
        "    fix: end the other program, or try another --port",
    ] == running.lines[-3:]
    assert [] == works.left_behind({})


def test_what_cannot_start_as_it_is_written(works: Works) -> None:
    """Exit code 3 as in one process, and nobody waits for what would never come."""
    works.write({"bolts/orders/api.py": "import no_such_library\n"})
    refused = works.run(*APART)
    assert 3 == refused.code
    assert "trade   | ModuleNotFoundError: No module named 'no_such_library'" in refused.err.splitlines()
    assert "trade ended with code 3: it cannot start as it is configured" in refused.err
    assert [] == list(works.runtime.iterdir())


def test_a_process_that_is_elsewhere_and_away(works: Works) -> None:
    """The others run; readiness says who is away, the log too, and whoever asks for it is told to come again."""
    with socket.create_server(("127.0.0.1", 0)) as door, socket.create_server(("127.0.0.1", 0)) as dead:
        port, address = door.getsockname()[1], f"http://127.0.0.1:{dead.getsockname()[1]}"
    elsewhere = f'trade = {{ components = ["orders"], address = "{address}" }}'
    works.write({"bolts/placements.toml": PLACEMENTS.replace('trade = ["orders"]', elsewhere)})
    create_secret(works.folder / "state/secrets/link", "a secret")
    running = works.start("run", "--placement", "apart", "--port", str(port))
    running.hears("Application startup complete.")
    transport = HTTPTransport(retries=10)
    with Client(base_url=f"http://127.0.0.1:{port}", transport=transport, timeout=60) as client:
        assert 200 == client.get("/suppliers/1").status_code
        for path in ("/orders/pid", "/reviews/rest?seconds=0"):
            away = client.get(path)
            assert (503, "1", "unavailable") == (away.status_code, away.headers["retry-after"], away.json()["code"])
    front = works.workers()["front"]
    assert ("not ready", "away") == (front["state"], front["links"]["trade"]["status"])
    assert running.hears("not ready yet").endswith("not ready yet: front (trade is away)")
    assert f"\ntrade    elsewhere: {address}  " in works.run("list").out
