"""`fissile add call`: the need is declared in the style of the file, and the lines that call are shown."""

import ast
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from fissile.errors import ConfigurationError, WrongUsage
from fissile.project import find_in
from fissile.scaffold.calls import add_call
from fissile.scaffold.change import Change
from fissile.scaffold.journal import carry_out
from tests.cli.terminal import Terminal

from .shop import FILES, contents, write

ASKED = (
    "from shop.suppliers.public import Suppliers",
    "def __init__(self, suppliers: Suppliers) -> None:",
    "    self.suppliers = suppliers",
    "await self.suppliers.supplied(order_id)",
)

NOBODY = "from fissile import Component\n\nfrom .public import Suppliers\nfrom .service import Service\n\n"
FREE: Mapping[str, str | bytes] = {
    **FILES,
    "shop/suppliers/service.py": "class Service:\n    pass\n",
    "shop/suppliers/component.py": f"{NOBODY}component = Component(provides={{Suppliers: Service}})\n",
}
"""The shop where suppliers need nobody, so that orders may need them."""

COMPONENT = "shop/orders/component.py"


def added(root: Path, files: Mapping[str, str | bytes], interface: str | None = None) -> Change:
    """Lets orders call suppliers in a project of these files."""
    write(root, {**FREE, **files})
    change = add_call(find_in(root), "orders", "suppliers", interface)
    carry_out(change)
    return change


def refused(root: Path, files: Mapping[str, str | bytes], *words: str) -> str:
    """What is said where it cannot be done; nothing has changed then."""
    write(root, {**FREE, **files})
    before = contents(root)
    with pytest.raises(ConfigurationError) as caught:
        add_call(find_in(root), *words)
    assert before == contents(root)
    return str(caught.value)


LAYOUTS = {
    "lines": (
        "from fissile import Component\n\nfrom .public import Orders\n\ncomponent = Component(\n    provides={},\n)\n",
        "from fissile import Component\n\nfrom shop.suppliers.public import Suppliers\n\nfrom .public import Orders\n\n"
        "component = Component(\n    provides={},\n    needs=[Suppliers],\n)\n",
    ),
    "one line": (
        "import fissile\n\ncomponent = fissile.Component()\n",
        "import fissile\n\nfrom shop.suppliers.public import Suppliers\n\n"
        "component = fissile.Component(needs=[Suppliers])\n",
    ),
    "not tidy": (
        "from  fissile import Component as C\ncomponent=C( provides = {} )\n",
        "from  fissile import Component as C\nfrom shop.suppliers.public import Suppliers\n"
        "component=C( provides = {}, needs=[Suppliers] )\n",
    ),
    "a name that is taken": (
        "from fissile import Component\n\nfrom .service import Suppliers\n\ncomponent = Component()\n",
        "from fissile import Component\n\nfrom shop.suppliers.public import Suppliers as SuppliersInterface\n\n"
        "from .service import Suppliers\n\ncomponent = Component(needs=[SuppliersInterface])\n",
    ),
    "imported already": (
        "from fissile import Component\nfrom shop.suppliers.public import Suppliers as Theirs\n\n"
        "component = Component(needs=[])\n",
        "from fissile import Component\nfrom shop.suppliers.public import Suppliers as Theirs\n\n"
        "component = Component(needs=[Theirs])\n",
    ),
    "needs nothing": (
        "from fissile import Component\n\ncomponent = Component(needs=None)\n",
        "from fissile import Component\n\nfrom shop.suppliers.public import Suppliers\n\n"
        "component = Component(needs=[Suppliers])\n",
    ),
    "tuple": (
        "from fissile import Component\n\nfrom shop.users.public import Users\n\n"
        "component = Component(needs=(Users,))\n",
        "from fissile import Component\n\nfrom shop.suppliers.public import Suppliers\n"
        "from shop.users.public import Users\n\ncomponent = Component(needs=(Users, Suppliers))\n",
    ),
    "an import below": (
        "from fissile import Component\n\ncomponent = Component()\n\nfrom .public import Orders  # noqa: E402 late\n",
        "from fissile import Component\n\nfrom shop.suppliers.public import Suppliers\n\n"
        "component = Component(needs=[Suppliers])\n\nfrom .public import Orders  # noqa: E402 late\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), LAYOUTS.values(), ids=LAYOUTS)
def test_the_need_is_declared_in_the_style_of_the_file(tmp_path: Path, before: str, after: str) -> None:
    """Every line that was there stays as it was."""
    users = {"shop/users/__init__.py": "", "shop/users/public.py": "class Users: ...\n"}
    users["shop/users/component.py"] = (
        "from fissile import Component\nfrom .public import Users\ncomponent = Component(provides={Users: Users})\n"
    )
    change = added(tmp_path, {**users, COMPONENT: before})
    assert after == (tmp_path / COMPONENT).read_text()
    assert (ASKED, ("fissile list",)) == (change.lines, change.next)
    assert "shop.suppliers.public.Suppliers" in find_in(tmp_path).component("orders").declared.needs


@pytest.mark.parametrize("layout", ["lines", "not tidy"])
def test_line_ends_stay(tmp_path: Path, layout: str) -> None:
    """A file of Windows has its own line ends in every line afterwards."""
    before, after = (text.replace("\n", "\r\n").encode() for text in LAYOUTS[layout])
    added(tmp_path, {COMPONENT: before})
    assert after == (tmp_path / COMPONENT).read_bytes()


def test_the_lines_are_what_one_would_write(tmp_path: Path) -> None:
    """Taken together they are Python."""
    asked, *constructor, called = added(tmp_path, {}).lines
    method = "\n".join(
        f"    {line}" for line in [*constructor, "", "async def method(self, order_id):", f"    {called}"]
    )
    ast.parse(f"{asked}\n\nclass Service:\n{method}\n")


def test_what_is_needed_already_stays(tmp_path: Path) -> None:
    """The second time nothing changes, and the lines are shown again."""
    added(tmp_path, {})
    change = add_call(find_in(tmp_path), "orders", "suppliers")
    assert ((), ASKED, ("orders says already that it needs Suppliers",)) == (change.steps, change.lines, change.notes)


def test_a_method_is_called_with_what_it_has_to_be_given(tmp_path: Path) -> None:
    """Parameters with a default are left out, and those by name have it."""
    public = (
        "from typing import Protocol\nfrom fissile import Interface\n\n\nclass Suppliers(Interface, Protocol):\n"
        "    note: str\n    async def find(self, a: int, b: int = 1, *, c: int, d: int = 2) -> int: ...\n"
    )
    assert "await self.suppliers.find(a, c=c)" == added(tmp_path, {"shop/suppliers/public.py": public}).lines[-1]


def test_one_module_may_call(tmp_path: Path) -> None:
    """A component that is one module declares its needs there."""
    write(tmp_path, {**FREE, "shop/bills.py": "from fissile import Component\n\ncomponent = Component()\n"})
    carry_out(add_call(find_in(tmp_path), "bills", "suppliers"))
    after = (
        "from fissile import Component\n\nfrom shop.suppliers.public import Suppliers\n\n"
        "component = Component(needs=[Suppliers])\n"
    )
    assert after == (tmp_path / "shop" / "bills.py").read_text()


SEVERAL: Mapping[str, str | bytes] = {
    "shop/suppliers/old.py": "class Prices: ...\n",
    "shop/suppliers/public.py": "class Suppliers: ...\n\n\nclass Prices: ...\n",
    "shop/suppliers/component.py": "from fissile import Component\n\nfrom . import old\n"
    "from .public import Prices, Suppliers\n\n"
    "component = Component(provides={Suppliers: object, Prices: object, old.Prices: object})\n",
}


@pytest.mark.parametrize(
    ("interface", "module"),
    [("Suppliers", "public"), ("public.Prices", "public"), ("shop.suppliers.old.Prices", "old"), ("old.Prices", "old")],
)
def test_one_of_several_interfaces_is_chosen(tmp_path: Path, interface: str, module: str) -> None:
    """Its name is enough, or as much of its module as tells it from others of its name."""
    name = interface.rpartition(".")[2]
    assert f"from shop.suppliers.{module} import {name}" == added(tmp_path, SEVERAL, interface).lines[0]


@pytest.mark.parametrize(
    ("interface", "said", "fix"),
    [
        (None, "suppliers provides several interfaces", "say which: --interface Suppliers"),
        ("Prices", "suppliers provides several interfaces Prices", "say which: --interface public.Prices"),
        ("Supplier", "suppliers provides no 'Supplier'", "did you mean Suppliers?"),
    ],
)
def test_an_interface_that_is_not_clear_is_refused(tmp_path: Path, interface: str | None, said: str, fix: str) -> None:
    """All that there are are said."""
    write(tmp_path, {**FREE, **SEVERAL})
    with pytest.raises(WrongUsage) as caught:
        add_call(find_in(tmp_path), "orders", "suppliers", interface)
    [fault] = caught.value.faults
    assert (said, "there are Suppliers, public.Prices, old.Prices", fix) == (fault.what, fault.why, fault.fix)


REFUSED: Mapping[str, tuple[Mapping[str, str | bytes], tuple[str, ...], str]] = {
    "unknown": ({}, ("orders", "supplier"), "did you mean suppliers?"),
    "unknown consumer": ({}, ("order", "suppliers"), "did you mean orders?"),
    "itself": ({}, ("orders", "orders"), "orders does not call itself"),
    "nothing": (
        {"shop/suppliers/component.py": "from fissile import Component\n\ncomponent = Component()\n"},
        ("orders", "suppliers"),
        "suppliers provides nothing to call",
    ),
    "circle": (
        {"shop/suppliers/component.py": FILES["shop/suppliers/component.py"]},
        ("orders", "suppliers"),
        "components need each other in a circle: orders -> suppliers -> orders",
    ),
    "a name": (
        {COMPONENT: "from fissile import Component\n\nNEEDS = []\ncomponent = Component(needs=NEEDS)\n"},
        ("orders", "suppliers"),
        "the needs of orders are no list",
    ),
    "no Python": (
        {COMPONENT: "from fissile import Component\n\ncomponent = Component(\n"},
        ("orders", "suppliers"),
        "component.py is not valid Python",
    ),
    "below an if": (
        {COMPONENT: "from fissile import Component\n\nif True:\n    component = Component()\n"},
        ("orders", "suppliers"),
        "the declaration of orders cannot be edited",
    ),
}


@pytest.mark.parametrize(("files", "words", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_declared_is_refused(
    tmp_path: Path, files: Mapping[str, str | bytes], words: tuple[str, ...], said: str
) -> None:
    """Nothing is written then."""
    assert said in refused(tmp_path, files, *words)


def test_programs_are_told_everything(tmp_path: Path) -> None:
    """With --json it says what it did and the lines, and nothing else."""
    write(tmp_path, FREE)
    done = Terminal(tmp_path).run("add", "call", "orders", "suppliers", "--json")
    expected = {
        "step": "add call orders suppliers",
        "changes": [{"action": "edit", "path": COMPONENT}],
        "next": ["fissile list"],
        "notes": [],
        "lines": list(ASKED),
        "dry_run": False,
    }
    assert expected == json.loads(done.out)


def test_an_interface_that_cannot_be_read(tmp_path: Path) -> None:
    """A `public` that is no Python is named with the line, and nothing is declared."""
    said = refused(tmp_path, {"shop/suppliers/public.py": "class Suppliers(\n"}, "orders", "suppliers")
    assert "shop/suppliers/public.py:1: public.py is not valid Python" in said
