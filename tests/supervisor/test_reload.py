"""`fissile dev` with several processes: an edit starts those again that it concerns, and no others."""

from collections.abc import Iterator
from functools import partial

import pytest
from httpx2 import Client

from tests.cli.terminal import Running

from .project import API, COMPONENT, FILES, PLACEMENTS
from .works import Works, until, works_in

FILE, MAIN = "bolts/placements.toml", "bolts/main.py"
ORDERS, PUBLIC, DECLARED = "bolts/orders/api.py", "bolts/orders/public.py", "bolts/orders/component.py"
SPLIT = PLACEMENTS.replace("apart", "split")

acceptance = partial(pytest.param, marks=pytest.mark.acceptance)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Works, Running, str]]:
    """All processes, ready; each test leaves them so."""
    with works_in(tmp_path_factory.mktemp("works")) as works:
        works.write({FILE: SPLIT})
        yield works, *works.apart("dev", placement="split")


def changed(works: Works, before: dict[str, int]) -> set[str]:
    """The names of the processes that are others than before."""
    after = works.pids()
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def test_inside_a_component(started: tuple[Works, Running, str]) -> None:
    """Its process alone starts again, and has the new code when it says so."""
    works, running, url = started
    before = works.pids()
    works.write({ORDERS: API.replace('"gone on"', '"gone"').replace('"/die"', '"/new"')})
    assert running.hears(" changed: ").endswith(f"{ORDERS} changed: starting trade again")
    assert url == running.url()
    assert {"trade"} == changed(works, before)
    with Client(base_url=url, timeout=60) as client:
        assert (404, 200) == (client.get("/orders/die").status_code, client.get("/orders/supplier").status_code)


@pytest.mark.parametrize("file", [PUBLIC, MAIN])
def test_what_all_look_at(started: tuple[Works, Running, str], file: str) -> None:
    """Every process starts again; the gateway and the supervisor go on."""
    works, running, _ = started
    before = works.pids()
    works.write({file: FILES[file] + "\nNEW = 1\n"})
    assert running.hears(" changed: ").endswith(f"{file} changed: starting front, trade again")
    running.url()
    assert {"front", "trade"} == changed(works, before)


def test_a_broken_edit_waits_for_the_next(started: tuple[Works, Running, str]) -> None:
    """It is said why, whoever asks is told to come again, the other process answers."""
    works, running, url = started
    before = works.pids()
    works.write({ORDERS: "import no_such_library\n"})
    running.hears("No module named 'no_such_library'")
    running.hears("trade ended with code 3: waiting for an edit")
    with Client(base_url=url, timeout=60) as client:
        answer = client.get("/orders/pid")
        assert (503, "1") == (answer.status_code, answer.headers["retry-after"])
        assert 200 == client.get("/suppliers/1").status_code
        works.write({ORDERS: API})
        running.url()
        assert 200 == client.get("/orders/supplier").status_code
    assert {"trade"} == changed(works, before)


def test_what_ends_by_itself_waits_too(started: tuple[Works, Running, str]) -> None:
    """For an edit, or for `fissile restart`."""
    works, running, url = started
    before = works.pids()
    with Client(base_url=url, timeout=60) as client:
        assert 503 == client.get("/orders/die").status_code
        running.hears("trade ended with code 7: waiting for an edit")
        assert 503 == client.get("/orders/pid").status_code
        assert "restarted trade\n" == works.run("restart", "trade").err
        assert 200 == client.get("/orders/pid").status_code
    assert {"trade"} == changed(works, before)


def test_another_plan(started: tuple[Works, Running, str]) -> None:
    """Other processes run instead of those of before, and the gateway knows another prefix, on the same port."""
    works, running, url = started
    works.write({FILE: SPLIT.replace("trade =", "sales =")})
    assert running.hears(" changed: ").endswith(f"{FILE} changed: starting everything again")
    assert url == running.url()
    assert {"front", "sales", "gateway", "supervisor"} == set(works.pids())
    works.write({FILE: SPLIT, DECLARED: COMPONENT.replace("api=router", 'api=router, prefix="/purchases"')})
    assert url == running.url()
    assert {"front", "trade", "gateway", "supervisor"} == set(works.pids())
    with Client(base_url=url, timeout=60) as client:
        assert (200, 404) == (client.get("/purchases/pid").status_code, client.get("/orders/pid").status_code)
    works.write({DECLARED: COMPONENT})
    assert running.hears(" changed: ").endswith(f"{DECLARED} changed: starting everything again")
    running.url()


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        acceptance(FILE, "[split\n", "bolts/placements.toml:1: placements.toml cannot be read"),
        (FILE, PLACEMENTS.replace("apart", "spilt"), "there is no placement 'split'; did you mean spilt?"),
        acceptance(FILE, '[split]\nfront = ["orders"]\n', "reviews runs in no process of [split]"),
        acceptance(DECLARED, f"{COMPONENT}\n)", "unmatched ')'"),
        acceptance(
            DECLARED,
            COMPONENT.replace("api=router", 'api=router, prefix="/a b"'),
            "orders cannot have the prefix '/a b'",
        ),
    ],
)
def test_a_broken_plan_waits_for_the_next(started: tuple[Works, Running, str], file: str, text: str, said: str) -> None:
    """Whatever an edit breaks, `fissile dev` goes on and says what and where."""
    works, running, url = started
    works.write({file: text})
    running.hears(said)
    until(lambda: {"waiting"} == {works.workers()[name]["state"] for name in ("front", "trade")}, "the wait")
    works.write({file: {DECLARED: COMPONENT, FILE: SPLIT}[file]})
    assert url == running.url()
    with Client(base_url=url, timeout=60) as client:
        assert 200 == client.get("/orders/supplier").status_code
