"""`fissile add component`, as it is typed."""

import json
from pathlib import Path

import pytest

from tests.scaffold.shop import contents

from .terminal import Terminal

ENTITY = ("--entity", "Order: item=str price=Decimal")


@pytest.fixture
def shop(terminal: Terminal) -> Terminal:
    """A terminal in the folder of a project of components."""
    assert 0 == terminal.run("new", "shop", "--shape", "large").code
    terminal.folder /= "shop"
    terminal.variables["FISSILE_STATE"] = str(terminal.folder / ".fissile")
    return terminal


def state(folder: Path) -> set[str]:
    """What is in the folder of the state, which a command may make."""
    return {path.relative_to(folder).as_posix() for path in (folder / ".fissile").rglob("*")}


def test_a_dry_run(shop: Terminal) -> None:
    """It shows every file that would be written, the empty ones too, and makes nothing, not even a folder."""
    before = contents(shop.folder)
    tried = shop.run("add", "component", "orders", *ENTITY, "--dry-run")
    assert (0, "") == (tried.code, tried.err)
    assert (before, set()) == (contents(shop.folder), state(shop.folder))
    done = shop.run("add", "component", "orders", *ENTITY)
    wrote = [line.removeprefix("wrote ") for line in done.err.splitlines() if line.startswith("wrote ")]
    assert "shop/orders/__init__.py" in wrote
    assert wrote == [line.removeprefix("+++ b/") for line in tried.out.splitlines() if line.startswith("+++ ")]
    assert contents(shop.folder).keys() - before.keys() == {"shop/orders", "shop/orders/migrations", *wrote}


@pytest.mark.parametrize(
    ("variables", "beginning"), [({"FORCE_COLOR": "1", "NO_COLOR": ""}, "\x1b[1m---"), ({}, "---")]
)
def test_the_colours_of_a_dry_run(shop: Terminal, variables: dict[str, str], beginning: str) -> None:
    """A diff has colours where they are asked for, and none where nobody wants them."""
    shop.variables |= variables
    assert shop.run("add", "component", "orders", "--dry-run").out.startswith(beginning)


def test_json(shop: Terminal) -> None:
    """Programs read the same of a dry run and of the step itself, and people nothing."""
    tried = shop.run("add", "component", "orders", "--layers", *ENTITY, "--dry-run", "--json")
    done = shop.run("add", "component", "orders", "--layers", *ENTITY, "--json")
    assert (0, "", 0, "") == (tried.code, tried.err, done.code, done.err)
    said = json.loads(done.out)
    assert {**said, "dry_run": True} == json.loads(tried.out)
    assert ("add component orders", ["fissile db upgrade", "pytest tests/test_orders.py"]) == (
        said["step"],
        said["next"],
    )
    assert {"create"} == {change["action"] for change in said["changes"]}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["../../x"], ["error: '../../x' cannot be the name of a component", "fix: take my_x"]),
        (["a b"], ["error: 'a b' cannot be the name of a component", "fix: take a_b"]),
        (["class"], ["error: 'class' cannot be the name of a component", "fix: take my_class"]),
        (["fissile"], ["error: 'fissile' cannot be the name of a component", "fix: take my_fissile"]),
        (["gateway"], ["error: 'gateway' cannot be the name of a component", "fix: take my_gateway"]),
        (["1st"], ["error: '1st' cannot be the name of a component", "fix: take my_1st"]),
        (["notes"], ["error: 'notes' cannot be the name of a component", "fix: take my_notes"]),
        ([""], ["error: '' cannot be the name of a component", "fix: take my"]),
        (
            ["orders", "--entity", "order: item=strr id=int"],
            ["'order' cannot be", "take Order", "no type 'strr'", "did you mean item=str?", "'id' cannot be"],
        ),
        ([], ["Missing argument 'name'"]),
    ],
)
def test_refused(shop: Terminal, words: list[str], said: list[str]) -> None:
    """What cannot be is wrong usage: it is said with what can be, all of it at once, and nothing is written."""
    before = contents(shop.folder)
    result = shop.run("add", "component", *words)
    assert (2, "", before) == (result.code, result.out, contents(shop.folder))
    assert [] == [part for part in said if part not in result.err], result.err
    assert "Traceback" not in result.err


def test_something_is_in_the_way(shop: Terminal) -> None:
    """A file that would be overwritten is named, and that is no wrong usage."""
    (shop.folder / "tests/test_orders.py").write_text("mine")
    before = contents(shop.folder)
    for words in ([], ["--dry-run"], ["--json"]):
        result = shop.run("add", "component", "orders", *words)
        assert (3, "", before) == (result.code, result.out, contents(shop.folder))
        if "--json" in words:
            (error,) = json.loads(result.err)["errors"]
            assert ("it is there already", "tests/test_orders.py") == (error["what"], error["where"])
        else:
            assert "tests/test_orders.py: it is there already" in result.err
