"""Help is there at once, and ends with examples that can be typed."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from fissile.cli import cli
from fissile.cli.groups import Command, described

from .terminal import Terminal

if TYPE_CHECKING:
    from typer._click import Command as AnyCommand

HEAVY = {
    "alembic",
    "asyncio",
    "dishka",
    "fastapi",
    "jinja2",
    "libcst",
    "pydantic",
    "rich",
    "sqlalchemy",
    "uvicorn",
    "watchfiles",
}


def walked(path: tuple[str, ...], command: AnyCommand) -> Iterator[tuple[tuple[str, ...], AnyCommand]]:
    """Every command and group below one, with what is typed for it."""
    yield path, command
    if isinstance(command, TyperGroup):
        for name, below in command.commands.items():
            yield from walked((*path, name), below)


ROOT = get_command(cli)
EVERYTHING = dict(walked((), ROOT))
COMMANDS = {path: command for path, command in EVERYTHING.items() if not isinstance(command, TyperGroup)}


def named(path: tuple[str, ...]) -> str:
    """How a test of a command is called."""
    return "-".join(path) or "fissile"


@pytest.mark.parametrize("path", EVERYTHING, ids=named)
def test_help_loads_nothing_heavy(path: tuple[str, ...]) -> None:
    """What a command needs to run is imported when it runs."""
    code = (
        "import atexit, sys; from fissile.cli import main;"
        f"atexit.register(lambda: print(*sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)); main()"
    )
    words = [sys.executable, "-c", code, *path, "--help"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "\n" == done.stderr
    assert done.stdout.startswith(f"Usage: {' '.join(('fissile', *path))} ")


@pytest.mark.parametrize("path", COMMANDS, ids=named)
def test_help_ends_with_examples(path: tuple[str, ...]) -> None:
    """One to three, each of this very command, and the last lines of its help."""
    command = COMMANDS[path]
    assert isinstance(command, Command), "write cls=Command where it is registered"
    _, examples = described(command.help)
    assert 1 <= len(examples) <= 3
    shown = command.get_help(command.context_class(command, info_name=path[-1]))
    assert [f"  {example}" for example in examples] == shown.splitlines()[-len(examples) :]
    for example in examples:
        assert ["fissile", *path] == shlex.split(example)[: len(path) + 1]


@pytest.mark.parametrize("path", COMMANDS, ids=named)
def test_examples_can_be_typed(path: tuple[str, ...]) -> None:
    """Their options exist, their values are of the right kind, and nothing is left out."""
    command = COMMANDS[path]
    for example in described(command.help)[1]:
        words = shlex.split(example)[len(path) + 1 :]
        command.make_context(path[-1], words)


def test_a_wrong_example_would_be_found() -> None:
    """An option that a command does not have ends the test above."""
    with pytest.raises(Exception, match="No such option: --shap"):
        COMMANDS[("new",)].make_context("new", ["shop", "--shap", "tiny"])


def test_help_in_a_terminal(terminal: Terminal) -> None:
    """What it does, its arguments and options, and the examples in lines as they are typed."""
    shown = terminal.run("openapi", "--help").out
    assert "\n  Print the OpenAPI document, sorted, to commit and compare.\n\nArguments:\n" in shown
    assert shown.endswith("\n\nExamples:\n  fissile openapi\n  fissile openapi --output openapi.json\n")


NEAREST = [
    (("nwe",), "No such command 'nwe'. Did you mean 'new'?"),
    (("add", "componant"), "No such command 'componant'. Did you mean 'component'?"),
    (("db", "upgrad"), "No such command 'upgrad'. Did you mean 'upgrade'?"),
    (("--verson",), "No such option: --verson (Possible options: --version)"),
    (("list", "--jsn"), "No such option: --jsn (Possible options: --json)"),
    (("new", "shop", "--shape", "tniy"), "'tniy' is none of tiny, small, large; did you mean tiny?"),
    (("new", "shop", "--database", "postgres"), "did you mean postgresql?"),
    (("new", "shop", "--ci", "gihub"), "'gihub' is not github; did you mean github?"),
    (("add", "component", "bills", "--entity", "Bill: sum=Decimla"), "did you mean sum=Decimal?"),
    (("rename", "component", "odrers", "bills"), "did you mean orders?"),
    (("remove", "component", "odrers"), "did you mean orders?"),
    (("run", "--placement", "apatr"), "did you mean apart?"),
    (("run", "--placement", "apart", "--process", "odrers"), "did you mean orders?"),
    (("run", "--only", "odrers"), "did you mean orders?"),
    (("dev", "--placement", "apart", "--debug", "odrers"), "did you mean orders?"),
    (("run", "--log-level", "inof"), "did you mean info?"),
    (("call", "suplier.get"), "did you mean suppliers.get?"),
    (("call", "suppliers.get", "suplier_id=1"), "did you mean supplier_id?"),
    (("db", "current", "odrers"), "did you mean orders?"),
    (("db", "upgrade", "--dialect", "postgres"), "did you mean postgresql?"),
]


@pytest.mark.parametrize(("words", "said"), NEAREST, ids=[" ".join(words) for words, _ in NEAREST])
def test_the_nearest_name_is_said(bolts: Terminal, words: tuple[str, ...], said: str) -> None:
    """Whatever is mistyped, the exit code is 2 and nothing has happened."""
    result = bolts.run(*words)
    assert (2, "", True, False) == (result.code, result.out, said in result.err, "Traceback" in result.err), result.err
