"""`fissile list` shows the components without importing them."""

import json

from .terminal import Terminal


def test_a_table_for_people(bolts: Terminal) -> None:
    """A row for each component; the user's code is not run."""
    bolts.write({"bolts/main.py": "raise SystemExit('imported')\n"})
    result = bolts.run("list")
    assert (0, "") == (result.code, result.err)
    assert (
        """\
COMPONENT  PREFIX            PROVIDES   NEEDS
orders     /purchase/orders  -          suppliers.Suppliers
suppliers  /suppliers        Suppliers  -
"""
        == result.out
    )


def test_what_main_needs(bolts: Terminal) -> None:
    """The needs of main.py have a row of their own, and are edges for programs."""
    bolts.write(
        {
            "bolts/main.py": "from fissile import App\nfrom .suppliers.public import Suppliers\n\n"
            "app = App(__package__, needs=[Suppliers])\n"
        }
    )
    assert "main.py    -                 -          suppliers.Suppliers" in bolts.run("list").out.splitlines()
    edges = json.loads(bolts.run("list", "--json").out)["edges"]
    assert ["main.py", "orders"] == [edge["consumer"] for edge in edges]


def test_json_for_programs(bolts: Terminal) -> None:
    """The project's graph as data."""
    result = bolts.run("list", "--json")
    data = json.loads(result.out)
    assert (0, "bolts", ["orders", "suppliers"]) == (
        result.code,
        data["project"],
        [component["name"] for component in data["components"]],
    )
    assert [{"consumer": "orders", "provider": "suppliers", "interface": "bolts.suppliers.public.Suppliers"}] == data[
        "edges"
    ]


def test_what_is_wrong_is_said_beside_the_table(bolts: Terminal) -> None:
    """The table shows what there is; the faults are on stderr, and the exit code says so."""
    bolts.write({"bolts/suppliers/component.py": "from fissile import Component\n\ncomponent = Component()\n"})
    result = bolts.run("list")
    assert 3 == result.code
    assert result.out.startswith("COMPONENT")
    assert (
        """\
error: bolts/orders/component.py:4: orders needs Suppliers, which nobody provides
    why: no component has bolts.suppliers.public.Suppliers in its provides
    fix: write provides={Suppliers: ...} in bolts/suppliers/component.py:3, or remove the need
"""
        == result.err
    )
