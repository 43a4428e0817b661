"""Whoever reads the log may stop: nothing waits for it, and what it has missed is counted."""

import errno
import io
import os
import re
import select
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice

import pytest
from httpx2 import Client

from fissile.supervisor.logs import Stream
from fissile.supervisor.writer import Writer
from tests.cli.terminal import PATIENCE

from .works import Works, until

LINE = b"x" * 999

CHAT = 256 * 1024
"""Bytes that the route ``chat`` writes to the log, more than a pipe takes."""


@contextmanager
def full_pipe() -> Iterator[tuple[int, int, int]]:
    """A pipe that takes nothing more: the end to read, the end to write, and how many bytes are in it."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    size = 0
    try:
        while True:
            size += os.write(writing, b"." * 4096)
    except BlockingIOError:
        os.set_blocking(writing, True)
    yield reading, writing, size
    os.close(reading)
    os.close(writing)


def read_until(descriptor: int, condition: Callable[[bytes], bool]) -> bytes:
    """Reads until the condition holds for what was read."""
    read = b""
    while not condition(read):
        assert select.select([descriptor], [], [], PATIENCE)[0], read[-200:]
        read += os.read(descriptor, 65536)
    return read


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_nobody_reads_the_log(works: Works, number: signal.Signals, code: int) -> None:
    """Requests are answered, also when more was said than waits for a reader, and a signal ends everything."""
    works.variables["PYTHONUNBUFFERED"] = ""  # as for most: Python flushes its buffers at the end
    with full_pipe() as (_, stderr, _):
        process = works.unheard(stderr, "run", "--placement", "apart", "--port", "0")
        until(lambda: is_ready(works), "readiness")
        status, pids = works.status(), works.pids()
        assert status is not None
        with Client(base_url=status["address"], timeout=PATIENCE) as client:
            for _ in range(2 * Writer.ROOM // CHAT):
                assert CHAT == client.get("/orders/chat").json()
            assert 200 == client.get("/orders/supplier").status_code
        process.send_signal(number)
        assert code == process.wait(PATIENCE)
        assert [] == works.left_behind(pids)


def is_ready(works: Works) -> bool:
    """Whether everything is."""
    return works.status() is not None and {"ready"} == {worker["state"] for worker in works.workers().values()}


MISSED = re.compile(rb"fissile \| lines left out here, because nobody read them: (\d+)\n")


def test_what_was_missed_is_counted() -> None:
    """At its place: before it stands what found room, in its order, and after it what is said later."""
    lines = [b"trade | %06d %s\n" % (number, LINE) for number in range(4 * Writer.ROOM // len(LINE))]
    lines.append(b"trade | short enough for what room is left\n")

    def is_whole(read: bytes) -> bool:
        missed = [int(number) for number in MISSED.findall(read)]
        return read.count(b"\n") - len(missed) + sum(missed) == len(lines)

    with full_pipe() as (reading, writing, size), os.fdopen(writing, "w", closefd=False) as out:
        stream = Stream(out, ["front", "trade"], colour=False)
        stream.write("trade", [line.removeprefix(b"trade | ").rstrip() for line in lines])
        read = read_until(reading, is_whole)
        stream.write("front", [b"later"])
        read += read_until(reading, lambda read: read.endswith(b"later\n"))
        stream.close()
    assert MISSED.search(read)
    expected, said = iter([*lines, b"front | later\n"]), read[size:].splitlines(keepends=True)
    for line in said:
        if missed := MISSED.fullmatch(line):
            assert int(missed[1]) == len(list(islice(expected, int(missed[1]))))
        else:
            assert next(expected) == line
    assert [] == list(expected)


class Slow(io.StringIO):
    """Takes nothing before it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may = threading.Event()

    def write(self, text: str) -> int:
        """Waits, and takes it."""
        self.may.wait(PATIENCE)
        return super().write(text)


def test_the_last_lines_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """By whoever closes the stream."""
    monkeypatch.setattr(Writer, "LAST", PATIENCE)
    out = Slow()
    stream = Stream(out, [], colour=False)
    stream.write("", [b"first", b"second"])
    stream.say("third")
    with ThreadPoolExecutor(1) as pool:
        closing = pool.submit(stream.close)
        until(closing.running, "the end")
        out.may.set()
        closing.result()
        assert "first\nsecond\nthird\n" == out.getvalue()


class Full(io.StringIO):
    """A file on a disk that has no room at first."""

    def __init__(self) -> None:
        super().__init__()
        self.has_refused = threading.Event()

    def write(self, text: str) -> int:
        """Refuses the first."""
        if self.has_refused.is_set():
            return super().write(text)
        self.has_refused.set()
        raise OSError(errno.ENOSPC, "No space left on device")


def test_what_cannot_be_written_ends_nothing() -> None:
    """What comes later is written when it can be."""
    out = Full()
    stream = Stream(out, [], colour=False)
    stream.say("lost")
    assert out.has_refused.wait(PATIENCE)
    stream.say("kept")
    stream.close()
    assert "kept\n" == out.getvalue()
