"""One session gets the same answers from a shop that runs together and from one that runs apart.

Both are started as a user starts them; apart is a process for each component, behind Envoy. What runs is the shop with
the files of `annex`: a `main.py` that has everything, and components for what the shop has no use for. Both have a
database of their own, which gives the same ids, and both are asked for the same host: no body has to be made equal.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.dropin.exchanges import Exchange, get
from tests.gateway.stand import Answer, free_port

from .client import Talk, Watch, answer
from .script import DIFFERENT, METHODS, SCRIPT

SHOP = Path(__file__).parents[2] / "examples" / "shop"
ANNEX = Path(__file__).with_name("annex")

IGNORED = {
    "date": "the second in which it was answered",
    "sec-websocket-accept": "made of a number that the client has drawn (RFC 6455, section 4.2.2)",
}
"""The headers that may differ, and why."""

INTERRUPTED = 130

SEEN = {101, 200, 201, 202, 204, 206, 303, 304, 307, 400, 403, 404, 405, 409, 410, 413, 418, 422, 429, 500, 503, 504}
"""What the session has to bring about."""

PIDS = [get(f"/{name}/pid") for name in ("archive", "catalog/v2", "desk", "kiosk")]
"""What each component says of the process that it lives in."""


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[list[int]]:
    """The ports of two shops, one that runs together and one that runs apart."""
    folder = tmp_path / "shop"
    for source, target in ((SHOP, folder), (ANNEX, folder / "shop")):
        shutil.copytree(source, target, ignore=shutil.ignore_patterns(".*", "__pycache__"), dirs_exist_ok=True)
    terminal = Terminal(folder)
    with tempfile.TemporaryDirectory(prefix="f-", dir="/tmp") as short:
        found, running = [], []
        for placement in ("together", "apart"):
            terminal.variables = {"FISSILE_STATE": str(tmp_path / placement), "XDG_RUNTIME_DIR": short}
            assert 0 == terminal.run("db", "upgrade").code
            found.append(free_port())
            running.append(terminal.start("run", "--placement", placement, "--port", str(found[-1])))
        try:
            assert [f"http://127.0.0.1:{port}" for port in found] == [one.url() for one in running]
            yield found
            assert [INTERRUPTED] * 2 == [one.interrupt_all() for one in running]
        finally:
            terminal.close()


def test_the_answers_are_the_same(ports: list[int]) -> None:
    """Status, headers and body of every answer, and each is the one that was meant."""
    with ThreadPoolExecutor() as pool:  # each shop hears the session in its own time
        together, apart = pool.map(session, ports)
    said = zip(SCRIPT, map(comparable, together), map(comparable, apart), strict=True)
    assert [] == [(step.name, one, other) for (_, step), one, other in said if one != other]
    assert [(step.name, status) for status, step in SCRIPT] == [
        (step.name, one.status) for (_, step), one in zip(SCRIPT, together, strict=True)
    ]
    assert_variety()
    pids = [len({answer(port, asked).body for asked in PIDS}) for port in ports]
    assert [1, len(PIDS)] == pids
    different = [(*(answer(port, step).status for port in ports), step) for _, _, step in DIFFERENT]
    assert DIFFERENT == different


def session(port: int) -> list[Answer]:
    """The whole session with one shop."""
    return [answer(port, step) for _, step in SCRIPT]


def comparable(answer: Answer) -> tuple[int, dict[str, list[str]], bytes]:
    """An answer with its headers by their names, without what may differ."""
    headers: dict[str, list[str]] = {}
    for name, value in answer.headers:
        if name not in IGNORED:
            headers.setdefault(name, []).append(value)
    return answer.status, headers, answer.body


def assert_variety() -> None:
    """The session is a long one, and what it brings about has not quietly become something else."""
    steps = [step for _, step in SCRIPT]
    asked = [step.sends.split()[0].decode() for step in steps if isinstance(step, Exchange)]
    assert 60 <= len(asked)
    assert set(METHODS) == set(asked)
    assert {Exchange, Talk, Watch} == {type(step) for step in steps}
    assert {status for status, _ in SCRIPT} == SEEN
