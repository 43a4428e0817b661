"""What a process sees of its placement."""

from pathlib import Path

import pytest

from fissile.errors import ConfigurationError
from fissile.project import Defaults, Peer, Placement, Process, View

SOCKETS = Path("/run/f")
APART = Placement(
    "apart",
    (
        Process("people", ("users",)),
        Process("trade", ("orders", "stock"), workers=2),
        Process("post", ("mail",), address="https://post.internal"),
    ),
    Defaults(deadline=1),
)


def test_one_process_sees_everything_live() -> None:
    """Together and wire have no processes, and whoever runs them runs every component."""
    view = Placement("wire", defaults=Defaults(deadline=1), wire=True).view("", SOCKETS)
    assert View("wire", defaults=Defaults(deadline=1), wire=True) == view
    assert view.is_live("orders")


def test_a_process_sees_its_own_components_and_where_the_others_are() -> None:
    """Its own are live; each other one has its process, with a socket for each worker, or its address."""
    view = APART.view("people", SOCKETS)
    trade = Peer("trade", ("unix:/run/f/trade-1.sock", "unix:/run/f/trade-2.sock"))
    assert {"orders": trade, "stock": trade, "mail": Peer("post", ("https://post.internal",), True)} == view.peers
    assert ("apart", "people", frozenset({"users"}), 1) == (view.name, view.process, view.live, view.defaults.deadline)
    assert (True, False) == (view.is_live("users"), view.is_live("orders"))


def test_a_component_alone_has_all_others_elsewhere() -> None:
    """Also one that shares its process with another."""
    view = APART.alone({"stock"}, "stock", SOCKETS)
    assert {"users", "orders", "mail"} == set(view.peers)
    assert "trade" == view.peers["orders"].name


def test_the_first_process_is_the_front() -> None:
    """It gets what no component claims."""
    assert "people" == APART.front.name
    assert "trade" == APART.process_of("stock").name


@pytest.mark.parametrize(
    ("process", "what", "fix"),
    [
        ("traed", "the placement apart has no process 'traed'", "did you mean trade?"),
        (
            "",
            "the placement apart has several processes, and nothing says which of them this one is",
            "fissile run --placement apart runs them all, FISSILE_PROCESS=people makes this one of them",
        ),
    ],
)
def test_a_process_that_is_not_there_is_refused(process: str, what: str, fix: str) -> None:
    """A mistyped one gets the nearest; none, where there are several, says how to name one."""
    with pytest.raises(ConfigurationError) as raised:
        APART.view(process, SOCKETS)
    assert [(what, fix)] == [(fault.what, fault.fix) for fault in raised.value.faults]


def test_a_process_of_together_is_refused() -> None:
    """Together has no processes to choose from."""
    with pytest.raises(ConfigurationError, match="one process runs everything in it"):
        Placement().view("trade", SOCKETS)


@pytest.mark.parametrize(
    ("processes", "several"),
    [
        ((), False),
        ((Process("all", ("orders",)),), False),
        ((Process("all", ("orders",), workers=2),), True),
        ((Process("all", ("orders",), address="http://127.0.0.1:9000"),), True),
        ((Process("sales", ("orders",)), Process("people", ())), True),
    ],
)
def test_what_a_supervisor_is_needed_for(processes: tuple[Process, ...], several: bool) -> None:
    """Anything but this one process: also one that is elsewhere."""
    assert several == Placement("some", processes).is_several
