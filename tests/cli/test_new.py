"""`fissile new`, and what every command shares that writes into a project."""

import json
import os
import pty
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import fissile
from tests.scaffold.shop import contents

from .terminal import Terminal

DYING = """
import os
import pathlib
import signal

written = pathlib.Path.write_bytes


def write_bytes(path, content):
    if path.name == "routers.py":
        os.kill(os.getpid(), signal.SIGKILL)
    return written(path, content)


pathlib.Path.write_bytes = write_bytes
"""
"""Put in front of the command: it dies in the middle of the files of a small project."""


@pytest.mark.parametrize("shape", ["tiny", "small", "large"])
def test_made(terminal: Terminal, shape: str) -> None:
    """A project is made in a folder of its name, and what comes next is said."""
    done = terminal.run("new", "shop", "--shape", shape)
    assert (0, "") == (done.code, done.out)
    assert ["next: cd shop", "next: make test", "next: make run"] == done.err.splitlines()[-3:]
    made = contents(terminal.folder / "shop")
    assert {"pyproject.toml", "README.md", "Makefile", ".gitignore"} <= made.keys()
    content = tomllib.loads((terminal.folder / "shop" / "pyproject.toml").read_text())
    assert ("shop", "all") == (content["project"]["name"], content["tool"]["uv"]["default-groups"])
    assert not [name for name, (_, content) in made.items() if b"sample" in str(content).lower().encode()]


def test_tiny_without_a_word(terminal: Terminal) -> None:
    """Without a terminal nothing is asked: it begins tiny."""
    assert 0 == terminal.run("new", "shop").code
    assert (terminal.folder / "shop" / "main.py").is_file()


def test_from_where_fissile_is(terminal: Terminal) -> None:
    """A Fissile that is installed from a folder is the one that the project gets (PEP 610)."""
    terminal.run("new", "shop")
    written = tomllib.loads((terminal.folder / "shop" / "pyproject.toml").read_text())
    root = Path(fissile.__file__).parents[2]
    assert {"path": str(root), "editable": True} == written["tool"]["uv"]["sources"]["fissile"]


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["../../x"], "fix: take my_x"),
        (["a b"], "fix: take a_b"),
        (["class"], "fix: take my_class"),
        (["fissile"], "fix: take my_fissile"),
        (["1st"], "fix: take my_1st"),
        (["email"], "fix: take my_email"),
        (["there"], "fix: take my_there"),
        (["shop", "--shape", "tny"], "did you mean tiny?"),
        (["shop", "--database", "postgres"], "did you mean postgresql?"),
        (["shop", "--ci", "gihub"], "did you mean github?"),
    ],
)
def test_refused(terminal: Terminal, words: list[str], advice: str) -> None:
    """What cannot be is refused with what can, as wrong usage, and nothing is written."""
    (terminal.folder / "there").write_text("mine")
    before = contents(terminal.folder.parent)
    done = terminal.run("new", *words)
    assert (2, True) == (done.code, advice in " ".join(done.err.split())), done.err
    assert before == contents(terminal.folder.parent)


def test_an_empty_folder_is_filled(terminal: Terminal) -> None:
    """A folder with nothing in it is as good as none."""
    (terminal.folder / "shop").mkdir()
    assert 0 == terminal.run("new", "shop").code
    assert (terminal.folder / "shop" / "main.py").is_file()


def test_killed(terminal: Terminal, tmp_path: Path) -> None:
    """A kill in the middle leaves no half of a project, and the next one removes what there was."""
    (tmp_path / "dying").mkdir()
    (tmp_path / "dying" / "sitecustomize.py").write_text(DYING)
    terminal.variables["PYTHONPATH"] = str(tmp_path / "dying")
    assert -9 == terminal.run("new", "shop", "--shape", "small").code
    assert [True] == [path.name.endswith(".fissile-new") for path in terminal.folder.iterdir()]
    del terminal.variables["PYTHONPATH"]
    assert 0 == terminal.run("new", "shop", "--shape", "small").code
    assert ["shop"] == [path.name for path in terminal.folder.iterdir()]


def typed(folder: Path, words: list[str], keys: str) -> tuple[int, str]:
    """What a command says on a terminal on which this is typed, and how it ends."""
    master, slave = pty.openpty()
    command = [str(Path(sys.executable).parent / "fissile"), *words]
    with subprocess.Popen(command, cwd=folder, stdin=slave, stdout=slave, stderr=slave) as process:
        os.close(slave)
        os.write(master, keys.encode())
        said = b""
        while True:
            try:
                said += os.read(master, 4096)
            except OSError:  # the other end is closed
                break
    os.close(master)
    return process.returncode, said.decode()


def test_asked_on_a_terminal(terminal: Terminal) -> None:
    """On a terminal it asks for what was not said, again until it is one of the choices."""
    code, said = typed(terminal.folder, ["new", "shop"], "lrge\nsmall\npostgresql\n")
    assert 0 == code, said
    assert (2, 1) == (said.count("Shape ("), said.count("Database ("))
    assert "postgres" in (terminal.folder / "shop" / "pyproject.toml").read_text()


def test_asked_for_the_name(terminal: Terminal) -> None:
    """Nor is the name demanded on a terminal; without one it has to be said."""
    code, said = typed(terminal.folder, ["new"], "shop\ntiny\n")
    assert (0, True) == (code, (terminal.folder / "shop" / "main.py").is_file()), said
    without = terminal.run("new")
    assert (2, True) == (without.code, "say what it shall be called" in without.err)


def test_what_should_be_known(terminal: Terminal) -> None:
    """A database for one file is for nothing, and a workflow does not find what is on this machine."""
    done = terminal.run("new", "shop", "--database", "postgresql", "--ci", "github")
    notes = [line for line in done.err.splitlines() if line.startswith("note: ")]
    assert (0, 2) == (done.code, len(notes)), done.err


def test_not_asked_for_what_was_said(terminal: Terminal) -> None:
    """What was typed is not asked for."""
    code, said = typed(terminal.folder, ["new", "shop", "--shape", "large", "--database", "sqlite"], "")
    assert (0, False) == (code, "Shape (" in said or "Database (" in said)


def test_dry_run(terminal: Terminal) -> None:
    """A dry run shows every file as a diff, and writes none."""
    done = terminal.run("new", "shop", "--dry-run")
    assert 0 == done.code
    assert '+app = App(title="Shop")' in done.out.splitlines()
    assert not list(terminal.folder.iterdir())


@pytest.mark.parametrize(("variable", "coloured"), [("FORCE_COLOR", True), ("NO_COLOR", False)])
def test_colours(terminal: Terminal, variable: str, *, coloured: bool) -> None:
    """A diff is coloured on a terminal, or where that is forced."""
    terminal.variables |= {"NO_COLOR": "", variable: "1"}
    assert coloured == ("\x1b[32m+" in terminal.run("new", "shop", "--dry-run").out)


def test_json(terminal: Terminal) -> None:
    """Programs read the same with and without a dry run: what is done to which file, and what comes next."""
    tried = json.loads(terminal.run("new", "shop", "--dry-run", "--json").out)
    made = json.loads(terminal.run("new", "shop", "--json").out)
    assert {**made, "dry_run": True} == tried
    assert ["step", "changes", "next", "notes", "lines", "dry_run"] == list(made)
    assert {"action": "create", "path": "main.py"} in made["changes"]


def test_a_component(terminal: Terminal) -> None:
    """A component is added to the project of the working directory, and tells how to go on."""
    terminal.run("new", "shop", "--shape", "large")
    terminal.folder /= "shop"
    done = terminal.run("add", "component", "orders", "--entity", "Order: item=str")
    assert (0, ["next: fissile db upgrade", "next: pytest tests/test_orders.py"]) == (
        done.code,
        done.err.splitlines()[-2:],
    )
    assert 0 == terminal.run("list").code
    again = terminal.run("add", "component", "orders")
    assert (2, "fix: take my_orders") == (again.code, again.err.strip().splitlines()[-1].strip())


def test_as_it_is_typed_with_uv(terminal: Terminal) -> None:
    """Whoever types `uv run fissile` is told what to type with it."""
    terminal.run("new", "shop", "--shape", "large")
    terminal.folder /= "shop"
    terminal.variables["UV"] = "/somewhere/uv"
    done = terminal.run("add", "component", "orders")
    assert "next: uv run pytest tests/test_orders.py" == done.err.splitlines()[-1]


def test_on_a_server(terminal: Terminal) -> None:
    """Where the data is on a server, it gets its place there first."""
    terminal.run("new", "shop", "--shape", "large")
    terminal.folder /= "shop"
    terminal.variables["FISSILE_DATABASE_URL"] = "postgresql://localhost/shop"
    done = terminal.run("add", "component", "orders", "--entity", "Order: item=str")
    assert "next: fissile db provision --admin-url URL" == done.err.splitlines()[-3]


def test_no_project(terminal: Terminal) -> None:
    """Outside of a project there is nothing to add to, and it says so."""
    done = terminal.run("add", "component", "orders")
    assert (3, True) == (done.code, "there is no application here" in done.err)
