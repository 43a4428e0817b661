"""`fissile call` makes one call and prints its result."""

import json
import re

import pytest

from .terminal import Terminal


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        (["suppliers.get", "supplier_id=1"], '{"id": 1, "name": "Ada\'s bölts"}\n'),
        (["suppliers.Suppliers.get", "--json", '{"supplier_id": 1}'], '{"id": 1, "name": "Ada\'s bölts"}\n'),
        (["suppliers.add", 'supplier={"id": 2, "name": "B"}', "rating=2.50", "note=7"], "\"B 2.50 '7'\"\n"),
        (["suppliers.add", "--json", '{"supplier": {"id": 2, "name": "B"}}', "note=null"], '"B 1.0 None"\n'),
        (["suppliers.add", "--app", "bolts.main:app", 'supplier={"id": 2, "name": "B"}'], '"B 1.0 None"\n'),
    ],
)
def test_the_result_is_json_on_stdout(bolts: Terminal, words: list[str], printed: str) -> None:
    """A value is JSON where the parameter takes more than text, else text as it is."""
    result = bolts.run("call", *words)
    assert (0, printed, "") == (result.code, result.out, result.err)


def test_a_declared_error_is_data(bolts: Terminal) -> None:
    """Its name and fields on stderr, and exit code 1."""
    result = bolts.run("call", "suppliers.get", "supplier_id=2")
    assert (1, "") == (result.code, result.out)
    assert {"error": "UnknownSupplier", "supplier_id": 2} == json.loads(result.err)


def test_an_error_that_is_not_declared_is_the_users_traceback(bolts: Terminal) -> None:
    """It is shown whole, from the user's own line on."""
    result = bolts.run("call", "suppliers.fail")
    assert (1, "") == (result.code, result.out)
    assert (
        f"""\
Traceback (most recent call last):
  File "{bolts.folder}/bolts/suppliers/service.py", line 17, in fail
    raise ZeroDivisionError("of the user's own")
ZeroDivisionError: of the user's own
"""
        == result.err
    )


def test_a_call_without_an_answer_has_a_code_of_its_own(bolts: Terminal) -> None:
    """What a script may try again is told apart from what it may not."""
    result = bolts.run("call", "suppliers.never")
    assert (4, "") == (result.code, result.out)
    assert ("DeadlineExceeded", True) == tuple(json.loads(result.err)[name] for name in ("error", "may_have_run"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["supplier.get"], "    fix: did you mean suppliers.get?"),
        (["suppliers.gett"], "    fix: did you mean suppliers.get?"),
        (
            ["suppliers.get", "suplier_id=1"],
            "Error: Invalid value: get has no parameter 'suplier_id'; did you mean supplier_id?",
        ),
        (["suppliers.get", "1"], "Error: Invalid value: '1' is no name=value; its parameters are supplier_id"),
        (["suppliers.get", "--json", "[1]"], "Error: Invalid value for --json: it is no JSON object"),
        (["suppliers.get", "supplier_id=x"], "    why: its parameters are supplier_id"),
    ],
)
def test_wrong_arguments_are_wrong_usage(bolts: Terminal, words: list[str], said: str) -> None:
    """Exit code 2, with the name of what is wrong."""
    result = bolts.run("call", *words)
    assert (2, "", said) == (result.code, result.out, result.err.splitlines()[-1])


WITH_DATA = """\
from pydantic_settings import BaseSettings
from sqlalchemy import Column, Integer, MetaData, Table

from fissile import Component, Database, Interface
from {package}.public import Counts
{imports}

class Settings(BaseSettings):
    key: str


class Service(Counts):
    async def page(self) -> int:
        return 1


metadata = MetaData()
Table("things", metadata, Column("id", Integer, primary_key=True))
component = Component(provides={{Counts: Service}}, needs=[{needs}], settings=Settings, database=Database(metadata))
"""
PUBLIC = """\
from typing import Protocol

from fissile import Interface


class Counts(Interface, Protocol):
    async def page(self) -> int: ...
"""


MIGRATION = """\
import sqlalchemy as sa
from alembic import op

revision = "5a3b1e000001"
down_revision = None
kind = "expand"


def upgrade() -> None:
    op.create_table("things", sa.Column("id", sa.Integer(), primary_key=True))


def downgrade() -> None:
    op.drop_table("things")
"""


@pytest.fixture
def letters(terminal: Terminal) -> Terminal:
    """Three components with settings and tables, of which zeta needs beta; none of them is migrated."""
    files = {"letters/main.py": "from fissile import App\n\napp = App(__package__)\n", "letters/__init__.py": ""}
    for name in ("alpha", "beta", "zeta"):
        imports, needs = ("", "")
        if name == "zeta":
            imports, needs = "from letters.beta.public import Counts as Others\n", "Others"
        files[f"letters/{name}/__init__.py"] = ""
        files[f"letters/{name}/public.py"] = PUBLIC
        component = WITH_DATA.format(package=f"letters.{name}", imports=imports, needs=needs)
        files[f"letters/{name}/component.py"] = component
        files[f"letters/{name}/db/migrations/0001_start.py"] = MIGRATION
    terminal.write(files)
    return terminal


def test_a_call_needs_what_its_component_needs(letters: Terminal) -> None:
    """Settings and migrations that are missing are named together, and none of a component that is not needed."""
    result = letters.run("call", "zeta.page")
    assert (3, "") == (result.code, result.out)
    assert ["beta needs BETA__KEY", "zeta needs ZETA__KEY"] == sorted(re.findall(r"\w+ needs \w+", result.err))
    letters.variables |= {"BETA__KEY": "k", "ZETA__KEY": "k"}
    result = letters.run("call", "zeta.page")
    assert (3, ["beta", "zeta"]) == (result.code, sorted(re.findall(r"fissile db upgrade (\w+)", result.err)))
    for name in ("beta", "zeta"):
        assert 0 == letters.run("db", "upgrade", name).code
    result = letters.run("call", "zeta.page")
    assert (0, "1\n", "") == (result.code, result.out, result.err)


DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["suppliers.get", "--json", DEEP], "it is no JSON: it is nested too deeply"),
        (["suppliers.get", f"supplier_id={DEEP}"], "get does not take that"),
        *(
            pytest.param(words, said, marks=pytest.mark.acceptance)
            for words, said in [
                (["suppliers.get", "--json", f'{{"supplier_id": {DEEP}'], "it is nested too deeply"),
                (["suppliers.get", "--json", f'{{"supplier_id": {"[" * 900}{"]" * 900}}}'], "get does not take that"),
                (["suppliers.get", "--json", f'{{"supplier_id": {"9" * 5_000}}}'], "it is no JSON"),
                (["suppliers.get", "supplier_id=" + "9" * 5_000], "get does not take that"),
                (["suppliers.get", "supplier_id=1e999"], "get does not take that"),
                (["suppliers.get", "--json", '{"supplier_id": "\\ud800"}'], "get does not take that"),
                (["suppliers.get", "--json", '{"\\udfff": 1}'], "get has no parameter"),
                (["suppliers.get", "supplier_id=\udcff"], "get does not take that"),
                (["suppliers.get", "--json", "\udcff"], "it is no JSON"),
                (["suppliers.get", "--json", ""], "it is no JSON"),
                (["suppliers.get", "=1"], "get has no parameter ''"),
                (["suppliers." + "g" * 100_000], "there is no method"),
                (["\udcff"], "there is no method"),
                ([""], "there is no method ''"),
            ]
        ),
    ],
    ids=lambda value: str(value)[:60],
)
def test_absurd_arguments_are_wrong_usage(bolts: Terminal, words: list[str], said: str) -> None:
    """However deep, long or broken they are, the error is one of usage and no traceback."""
    result = bolts.run("call", *words)
    assert (2, "") == (result.code, result.out)
    assert said in result.err
    assert "Traceback" not in result.err
