"""What is typed wrong is said in one line, with the nearest name, and nothing heavy is loaded to say so."""

import subprocess
import sys

import pytest

from .terminal import Terminal


def test_help_names_every_command(terminal: Terminal) -> None:
    """Help goes to stdout, and needs no application."""
    result = terminal.run("--help")
    assert (0, "") == (result.code, result.err)
    commands = [line.split()[0] for line in result.out.partition("Commands:\n")[2].splitlines()]
    first = ["new", "dev", "run", "list", "restart", "openapi", "call", "recover"]
    assert [*first, "add", "rename", "remove", "db", "secret"] == commands


def test_help_loads_nothing_heavy() -> None:
    """What serves is imported by the commands that serve, so that help is there at once."""
    heavy = {"fastapi", "pydantic", "uvicorn", "sqlalchemy", "dishka", "rich", "watchfiles", "asyncio"}
    code = f"import sys, fissile.cli; print(sorted({heavy!r} & set(sys.modules)))"
    assert "[]\n" == subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_the_version_can_be_asked_for(terminal: Terminal) -> None:
    """One line, for bug reports."""
    assert "fissile 0.1.0\n" == terminal.run("--version").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rn"], "Error: No such command 'rn'. Did you mean 'run'?"),
        (["run", "--prot", "1"], "Error: No such option: --prot (Possible options: --host, --port, --process)"),
        (
            ["run", "--placement", "wirr"],
            "Error: Invalid value for '--placement': there is no placement 'wirr'; did you mean wire?",
        ),
        (
            ["run", "--log-level", "inof"],
            "Error: Invalid value for '--log-level': 'inof' is none of debug, info, warning, error; did you mean info?",
        ),
        (["run", "--port", "http"], "Error: Invalid value for '--port': "),
        (["run", "--uds", "s", "--port", "1"], "Error: Invalid value for --uds: a Unix socket has no host and no port"),
        (["list", "blots.main:app"], "Error: Invalid value: there is no package 'blots' in here; did you mean bolts?"),
        (
            ["list", "bolts/main.py"],
            "Error: Invalid value: 'bolts/main.py' is no module:name; did you mean bolts.main:app?",
        ),
    ],
)
def test_wrong_usage_gets_the_nearest_name(bolts: Terminal, words: list[str], said: str) -> None:
    """Exit code 2, and never a traceback."""
    result = bolts.run(*words)
    assert (2, "") == (result.code, result.out)
    assert result.err.splitlines()[-1].startswith(said)
    assert "Traceback" not in result.err
