"""The folder of the sockets is cleaned, removed, full or read-only while everything runs."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest
from httpx2 import Client

from tests.cli.terminal import Running

from .works import Works, until, works_in

pytestmark = [pytest.mark.acceptance, pytest.mark.skipif(sys.platform != "linux", reason="it takes O_PATH and mounts")]

Started = tuple[Works, Running, str]


def folder_of(works: Works) -> Path:
    """The folder of the sockets."""
    return next(works.runtime.iterdir())


def remove(name: str) -> Callable[[Works], None]:
    """Remove one file from it."""
    return lambda works: (folder_of(works) / name).unlink(missing_ok=True)


def remove_all(works: Works) -> None:
    """Remove it, as logind does when its user has gone."""
    shutil.rmtree(folder_of(works))


def remove_content(works: Works) -> None:
    """Remove what is in it, as cleaners do with what is old."""
    for file in folder_of(works).iterdir():
        file.unlink()


def is_another(works: Works, name: str, before: int) -> bool:
    """Return True if everything is well, and a process is not the one that it was."""
    return is_well(works) and works.pids()[name] != before


ALL = ("trade", "gateway", "front")
CLEANED: dict[str, tuple[Callable[[Works], None], tuple[str, ...]]] = {
    "all": (remove_all, ALL),
    "its content": (remove_content, ("gateway",)),
    "front-1.sock": (remove("front-1.sock"), ("front",)),
    "trade-1.sock": (remove("trade-1.sock"), ("trade",)),
    "control.sock": (remove("control.sock"), ()),
    "gateway.sock": (remove("gateway.sock"), ("gateway",)),
    "gateway.json": (remove("gateway.json"), ("gateway",)),
    "openapi.json": (remove("openapi.json"), ()),
    "processes.json": (remove("processes.json"), ("trade",)),
}
"""What is removed, and what is killed afterwards."""

SOCKETS = {"front-1.sock", "trade-1.sock", "control.sock"}


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """All processes, ready; each test leaves them so."""
    with works_in(tmp_path_factory.mktemp("works")) as works:
        yield works, *works.apart()


def is_well(works: Works) -> bool:
    """Return True if the supervisor answers, and all are ready."""
    if not works.runtime.is_dir() or works.status() is None:
        return False
    return all("ready" == worker["state"] for worker in works.workers().values())


def all_goes_on(works: Works, url: str, document: object, killed: Sequence[str]) -> None:
    """Requests, calls and the API document are answered, and processes that are killed or replaced come back."""
    with Client(base_url=url, timeout=60) as client:

        def answered() -> None:
            assert "rested" == client.get("/reviews/rest?seconds=0").json()
            assert 200 == client.get("/orders/supplier").status_code
            assert document == client.get("/openapi.json").json()

        answered()
        before = works.pids()
        for name in killed:
            os.kill(before[name], signal.SIGKILL)
            until(partial(is_another, works, name, before[name]), f"{name} once more")
            until(lambda: is_answered(url), "the first answer")
            answered()
        if killed == ALL:
            assert "restarted trade\n" == works.run("restart", "trade").err
            answered()
            assert "\ntrade    ready  " in works.run("list").out


def document_of(url: str) -> object:
    """The API document."""
    with Client(base_url=url, timeout=60) as client:
        return client.get("/openapi.json").json()


def is_answered(url: str) -> bool:
    """Return True if the gateway answers on a new connection."""
    with Client(base_url=url, timeout=60) as client:
        return client.get("/orders/pid").status_code == 200


@pytest.mark.parametrize("what", CLEANED)
def test_what_is_removed_is_made_again(started: Started, what: str) -> None:
    """Nothing ends by it, and whatever ends later comes back."""
    works, _, url = started
    document = document_of(url)
    pids = works.pids()
    clean, killed = CLEANED[what]
    clean(works)
    until(lambda: is_well(works) and {file.name for file in folder_of(works).iterdir()} >= SOCKETS, "its sockets")
    assert pids == works.pids()
    all_goes_on(works, url, document, killed)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_the_end_without_a_folder(works: Works, number: signal.Signals, code: int) -> None:
    """It ends as ever."""
    running, _ = works.apart()
    pids = works.pids()
    shutil.rmtree(folder_of(works))
    assert code == running.end(number)
    assert "Traceback" not in "\n".join(running.lines)
    until(lambda: not works.left_behind(pids), "the end")


class Mounted(Works):
    """A terminal whose runtime directory is a small file system, which nothing else sees."""

    inside: int | None = None

    def _command(self, words: tuple[str, ...]) -> list[str]:
        mount = 'mount -t tmpfs -o size=256k,mode=700 tmpfs "$0" && exec "$@"'
        if self.inside is None:
            return ["unshare", "-m", "sh", "-c", mount, str(self.runtime), *super()._command(words)]
        return ["nsenter", "-t", str(self.inside), "-m", "--wd=" + str(self.folder), *super()._command(words)]

    def mount(self, options: str) -> None:
        """Mount it otherwise."""
        words = ["nsenter", "-t", str(self.inside), "-m", "mount", "-o", f"remount,{options}", str(self.runtime)]
        subprocess.run(words, check=True)


def can_mount() -> bool:
    """Return True if this user may have a file system of its own."""
    if shutil.which("unshare") is None or shutil.which("nsenter") is None:
        return False
    return subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode == 0


def fill(works: Mounted) -> None:
    """Leave no room in it."""
    with pytest.raises(OSError, match="No space left"):
        (folder_of(works) / "others").write_bytes(b"x" * 1024 * 1024)


@pytest.mark.skipif(not can_mount(), reason="this user may not mount anything")
@pytest.mark.parametrize("how", ["full", "read-only"])
def test_a_folder_that_cannot_be_written_to(tmp_path: Path, how: str) -> None:
    """What runs goes on, and whatever ends comes back; the end is as ever."""
    with works_in(tmp_path) as outside:
        works = Mounted(tmp_path, outside.runtime)
        try:
            running, url = works.apart()
            works.inside = running.process.pid
            works.runtime = Path(f"/proc/{works.inside}/root{outside.runtime}")
            document = document_of(url)
            if how == "full":
                fill(works)
            else:
                works.mount("ro")
            all_goes_on(works, url, document, ALL)
            pids = works.pids()
            assert 130 == running.interrupt_all()
            assert "Traceback" not in "\n".join(running.lines)
            assert [] == [name for name in works.left_behind(pids) if name in pids]
        finally:
            works.close()
