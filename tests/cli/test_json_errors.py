"""With `--json` an error is a JSON object on one line of stderr, with the exit code that it always has."""

import json

import pytest

from .terminal import Terminal

NO_NEED = "from fissile import Component\n\ncomponent = Component()\n"
TABLES = """\
from sqlalchemy import MetaData

from fissile import Component, Database

component = Component(database=Database(MetaData()))
"""

USAGE = [
    (["list", "--json", "blots.main:app"], "there is no package 'blots'"),
    (["lst", "--json"], "No such command 'lst'"),
    (["list", "--json", "--nope"], "No such option: --nope"),
    (["add", "component", "class", "--json"], "'class' cannot be the name of a component"),
    (["db", "history", "--json", "nobody"], "bolts has no component 'nobody'"),
]


def errors(terminal: Terminal, code: int, *words: str) -> list[dict[str, str]]:
    """Run a command that fails; return the errors that it reports."""
    result = terminal.run(*words)
    assert code == result.code, result.err
    (line,) = result.err.splitlines()
    found = json.loads(line)
    assert {"errors"} == found.keys()
    reported: list[dict[str, str]] = found["errors"]
    assert all({"what", "where", "why", "fix"} <= error.keys() for error in reported)
    return reported


@pytest.mark.parametrize(
    ("words", "what"),
    [*USAGE[:2], *(pytest.param(*row, marks=pytest.mark.acceptance) for row in USAGE[2:])],
    ids=[" ".join(words) for words, _ in USAGE],
)
def test_wrong_usage(bolts: Terminal, words: list[str], what: str) -> None:
    """That of typer included."""
    (error,) = errors(bolts, 2, *words)
    assert what in error["what"]


def test_faults_beside_data(bolts: Terminal) -> None:
    """The data is on stdout as ever, and every fault is in the one object."""
    bolts.write({"bolts/suppliers/component.py": NO_NEED, "bolts/orders/__init__.py": "import os\n"})
    result = bolts.run("list", "--json")
    assert 3 == result.code
    assert "bolts" == json.loads(result.out)["project"]
    found = json.loads(result.err)["errors"]
    assert ["the __init__.py of orders is not empty", "orders needs Suppliers, which nobody provides"] == [
        error["what"] for error in found
    ]
    assert "bolts/orders/component.py:4" == found[1]["where"]


def test_no_application(terminal: Terminal) -> None:
    """A fault of the configuration."""
    (error,) = errors(terminal, 3, "list", "--json")
    assert "there is no application here" == error["what"]


@pytest.mark.acceptance
def test_an_exception_of_the_users_own(bolts: Terminal) -> None:
    """It is whole, in a field of its own."""
    bolts.write({"bolts/suppliers/component.py": f"1 / 0\n{TABLES}"})
    (error,) = errors(bolts, 3, "db", "history", "suppliers", "--json")
    assert ("ZeroDivisionError: division by zero", "bolts/suppliers/component.py:1") == (error["what"], error["where"])
    assert error["traceback"].startswith("Traceback (most recent call last):\n")


@pytest.mark.acceptance
def test_the_json_of_a_call_are_its_arguments(bolts: Terminal) -> None:
    """There the option takes a value, and errors are as without it."""
    assert "Error: Invalid value for --json" in bolts.run("call", "suppliers.get", "--json", "[]").err
