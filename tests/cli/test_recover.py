"""A command that was killed while it wrote: writing commands finish it, and nothing runs what is half written."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .terminal import Terminal

KILLED = """
import os, signal, sys
import fissile.cli

def hook(event, arguments):
    if event == "os.rename" and str(arguments[1]).endswith("service.py"):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(hook)
fissile.cli.main()
"""

WORDS = ("add", "component", "stores")


@pytest.fixture
def killed(bolts: Terminal) -> Terminal:
    """A project in which `fissile add component stores` was killed."""
    ended = subprocess.run([sys.executable, "-c", KILLED, *WORDS], cwd=bolts.folder, capture_output=True, check=False)
    assert -signal.SIGKILL == ended.returncode, ended.stderr
    return bolts


def files(folder: Path) -> dict[Path, bytes]:
    """Every file in a folder, without caches."""
    found = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path: path.read_bytes() for path in found}


def test_nothing_runs_what_is_half_written(killed: Terminal) -> None:
    """What runs the application refuses with the next command, what reads it warns, and neither writes a file."""
    before = files(killed.folder)
    what = "`fissile add component stores` was interrupted in this project"
    listed = killed.run("list")
    assert (0, f"warning: {what}") == (listed.code, listed.err.splitlines()[0])
    for words in (["run"], ["dev"], ["openapi"], ["call", "suppliers.get"], ["restart"], ["db", "current"]):
        refused = killed.run(*words)
        assert (3, f"error: {what}") == (refused.code, refused.err.splitlines()[0]), words
        assert "    fix: fissile recover" == refused.err.splitlines()[-1]
    assert 3 == killed.run("add", "component", "others", "--dry-run").code
    assert 0 == killed.run("run", "--help").code
    said = killed.run("recover", "--dry-run")
    assert (0, f"{what}: it would be finished\n") == (said.code, said.err)
    assert before == files(killed.folder)


@pytest.mark.parametrize("words", [("recover",), ("add", "component", "others")])
def test_what_writes_finishes_it_first(killed: Terminal, words: tuple[str, ...]) -> None:
    """Afterwards the project has everything, and runs."""
    done = killed.run(*words)
    finished = "finished `fissile add component stores`, which had been interrupted"
    assert (0, finished) == (done.code, done.err.splitlines()[0])
    components = json.loads(killed.run("list", "--json").out)["components"]
    assert {"stores", "suppliers"} <= {component["name"] for component in components}
    assert (0, "no command was interrupted\n") == (killed.run("recover").code, killed.run("recover").err)


def test_a_journal_that_came_along_is_data(bolts: Terminal) -> None:
    """A cloned project does not have a command write anything, however right its journal is."""
    entry = {"kind": "write", "new": "0.new", "old": None, "to": ""}
    plan = {
        "root": {"path": str(bolts.folder.resolve()), "inode": bolts.folder.stat().st_ino},
        "what": "add component x",
        "entries": [
            {**entry, "path": ".git/hooks/post-checkout", "mode": 0o755},
            {**entry, "path": "bolts/evil.py", "mode": 0o644},
        ],
    }
    journal = {"plan.json": json.dumps(plan), "0.new": "evil", "progress": "   ", "done": ""}
    bolts.write({f".fissile/journal/{name}": text for name, text in journal.items()})
    (bolts.folder / ".git/hooks").mkdir(parents=True)
    before = files(bolts.folder)
    for words in (["list"], ["openapi"], ["recover"], ["add", "component", "stores", "--dry-run"]):
        assert 0 == bolts.run(*words).code
        assert before == files(bolts.folder)
    added = bolts.run("add", "component", "stores")
    note = "note: .fissile/journal is not followed: what is inside of a project may have come with it; remove it"
    assert (0, note) == (added.code, added.err.splitlines()[0])
    assert before.items() <= files(bolts.folder).items()
    assert not (bolts.folder / "bolts/evil.py").exists()
    assert not list((bolts.folder / ".git/hooks").iterdir())


@pytest.mark.parametrize("home", ["", "/proc/none"])
def test_without_a_home_only_what_writes_is_refused(bolts: Terminal, home: str) -> None:
    """Where the user has no state directory, as in many containers, the application runs; a step says what to set."""
    bolts.variables |= {"HOME": home, "XDG_STATE_HOME": "" if home else "/proc/none"}
    if not home and os.access("/", os.W_OK):
        bolts.variables["XDG_STATE_HOME"] = "/proc/none"
    before = files(bolts.folder)
    assert 0 == bolts.run("list").code
    assert 0 == bolts.run("openapi").code
    refused = bolts.run("add", "component", "stores")
    assert (3, True) == (refused.code, "set XDG_STATE_HOME to a folder of your own" in refused.err), refused.err
    assert before == files(bolts.folder)
