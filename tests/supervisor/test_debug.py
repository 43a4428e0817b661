"""`fissile dev --debug`: somebody steps through one process, while the others go on."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from httpx2 import Client

from .screen import CTRL_C, Screen
from .works import Works, until

PLACEMENTS = """\
[defaults]
deadline = "300ms"

[apart]
front = ["suppliers", "reviews"]
trade = { components = ["orders"], workers = 2 }
"""


@pytest.fixture
def debugging(works: Works) -> tuple[Screen, str]:
    """All processes, `trade` having the terminal; and where they are."""
    works.write({"bolts/placements.toml": PLACEMENTS})
    screen = works.screen("dev", "--placement", "apart", "--port", "0", "--debug", "trade")
    screen.shows(" is on ")
    return screen, screen.shows(",").rstrip(",")


def test_somebody_steps_through_a_process(works: Works, debugging: tuple[Screen, str]) -> None:
    """A breakpoint asks in the terminal, no deadline ends a call there, and Ctrl-C ends all and leaves the terminal."""
    screen, url = debugging
    assert "\x1b[36mfront   |\x1b[0m " in screen.shown  # it has lines of the others, in colour
    pids = works.pids()
    assert {"front", "trade", "gateway", "supervisor"} == set(pids)  # one worker, since there is one terminal
    with Client(base_url=url, timeout=60) as client, ThreadPoolExecutor(1) as pool:
        assert 504 == client.get("/reviews/rest?seconds=1").status_code
        assert "rested" == client.get("/orders/rest?seconds=1").json()
        asked = pool.submit(client.get, "/orders/step")
        screen.shows("(Pdb) ")
        screen.types("p __name__\n")
        screen.shows("'bolts.orders.api'")
        screen.shows("(Pdb) ")
        assert 200 == client.get("/suppliers/1").status_code
        screen.types("c\n")
        assert (200, "gone on") == (asked.result().status_code, asked.result().json())
        stuck = pool.submit(client.get, "/orders/step")
        screen.shows("(Pdb) ")
        screen.types(CTRL_C)
        assert 130 == screen.ended()
        stuck.exception()
    until(lambda: not works.left_behind(pids), "the end")
    assert screen.echoes
