"""The checks over the component graph: plain data in, faults out."""

import pytest

from fissile.errors import Fault
from fissile.project import MAIN, Declared, Edge, edges, graph_faults, needed_by, start_order


def component(
    name: str, *, prefix: str = "", provides: str = "", needs: str = "", identity: str = "", database: bool = False
) -> Declared:
    """Declares a component; its interfaces are written on lines of their own."""
    interfaces = {
        part: f"{name}.py:{line}" for line, part in enumerate([*provides.split(), *needs.split()], start=2) if part
    }
    return Declared(
        name,
        prefix or "/" + name,
        identity or name,
        provides=tuple(provides.split()),
        needs=tuple(needs.split()),
        where=f"{name}.py:1",
        places={**interfaces, "prefix": f"{name}.py:9"},
        database=database,
    )


def said(faults: list[Fault]) -> list[tuple[str, str]]:
    """Keeps what and where of each fault."""
    return [(fault.what, fault.where) for fault in faults]


def test_a_sound_graph_has_no_faults() -> None:
    """Components that provide what others need are accepted."""
    sound = [component("orders", needs="p.S"), component("suppliers", provides="p.S")]
    assert [] == graph_faults(sound)


def test_edges_are_sorted_and_name_the_interface() -> None:
    """An edge goes from each consumer to the provider of what it needs."""
    sound = [component("bb", needs="p.A"), component("aa", provides="p.A"), component("abc", needs="p.A p.Missing")]
    assert (Edge("abc", "aa", "p.A"), Edge("bb", "aa", "p.A")) == edges(sound)


def test_providers_start_before_consumers() -> None:
    """The start order puts every component after those it needs, and is by name otherwise."""
    chain = [
        component("aa", provides="p.A", needs="p.C"),
        component("bb"),
        component("cc", provides="p.C", needs="p.D"),
        component("dd", provides="p.D"),
    ]
    assert ("dd", "cc", "aa", "bb") == start_order(chain) == start_order(chain[::-1])


def test_what_a_component_needs() -> None:
    """Its own needs, theirs, and those of main.py, also around a circle."""
    ordered = [
        component("aa", provides="p.A", needs="p.B"),
        component("bb", provides="p.B", needs="p.A"),
        component("cc", provides="p.C"),
        component("dd", provides="p.D"),
        component(MAIN, needs="p.C"),
    ]
    assert (frozenset({"aa", "bb", "cc"}), frozenset({"cc", "dd"})) == (
        needed_by(edges(ordered), "aa"),
        needed_by(edges(ordered), "dd"),
    )


def test_a_shared_prefix_is_one_fault_with_both_places() -> None:
    """Two components on one prefix are named together, each with its line."""
    faults = graph_faults([component("aa", prefix="/x"), component("bb", prefix="/x"), component("cc", prefix="/x/y")])
    assert [("aa and bb have the same prefix /x", "aa.py:9:\nbb.py:9")] == said(faults)


@pytest.mark.parametrize("name", ["pg_x", "pg_catalog", "information_schema", "public", "none", "postgres"])
@pytest.mark.parametrize("is_name", [True, False])
def test_a_component_with_tables_has_no_id_of_postgresql(name: str, is_name: bool) -> None:
    """Neither by its name nor by its id; without tables there is no schema."""
    called, identity = (name, "") if is_name else ("stock", name)
    (fault,) = graph_faults([component(called, identity=identity, database=True)])
    assert f"the id of {called}, {name!r}, cannot be the name of a schema" == fault.what
    assert [] == graph_faults([component(called, identity=identity)])
    better = fault.fix.partition('id="')[2].partition('"')[0]
    assert [] == graph_faults([component("stock", identity=better, database=True)])


@pytest.mark.parametrize("identity", ["../stock", "Stock", "stock-2", "s", "x" * 32, "stock.1", "a b", "stock\x00"])
def test_an_id_that_is_not_a_name_is_refused(identity: str) -> None:
    """With tables or without: it is part of file names and of names on the wire."""
    for database in (True, False):
        (fault,) = graph_faults([component("stock", identity=identity, database=database)])
        assert fault.what.startswith("the id of stock, ")


def test_a_shared_id_is_refused() -> None:
    """What hangs on the id, such as a schema, belongs to one component."""
    faults = graph_faults([component("aa", identity="xx"), component("xx")])
    assert [("aa and xx have the same id 'xx'", "aa.py:1:\nxx.py:1")] == said(faults)


def test_prefixes_that_no_url_can_have_are_refused() -> None:
    """Parameters, missing or trailing slashes and the reserved paths are no prefixes; several segments are."""
    bad = ["/", "x", "/x/", "//x", "/{x}", "/-", "/-/live", "/a b"]
    good = ["/x", "/x/y", "/API/v1.0"]
    faults = graph_faults([component(f"c{n}", prefix=prefix) for n, prefix in enumerate(bad + good)])
    assert [f"c{n} cannot have the prefix {prefix!r}" for n, prefix in enumerate(bad)] == [f.what for f in faults]


def test_the_reserved_paths_are_called_so() -> None:
    """Below /-/ lie liveness, readiness and the link."""
    (fault,) = graph_faults([component("orders", prefix="/-/live")])
    assert "paths below /-/ are Fissile's own" == fault.why


def test_names_that_are_no_module_or_variable_are_refused() -> None:
    """Keywords, capitals, hyphens, single letters, double underscores and the gateway's name are refused."""
    bad = ["Orders", "a", "class", "gateway", "my-orders", "or__ders", "orders_", "x" * 32]
    faults = graph_faults([component(name, prefix=f"/{n}") for n, name in enumerate([*bad, "x" * 31, "a1_b"])])
    assert sorted(f"{name!r} cannot be the name of a component" for name in bad) == sorted(f.what for f in faults)


def test_an_unmet_need_suggests_the_nearest_interface() -> None:
    """A need nobody meets says where it is written and what may have been meant."""
    (fault,) = graph_faults(
        [component("orders", needs="s.public.Supliers"), component("ss", provides="s.public.Suppliers")]
    )
    assert ("orders needs Supliers, which nobody provides", "orders.py:2") == (fault.what, fault.where)
    assert "did you mean s.public.Suppliers?" == fault.fix


def test_an_unmet_need_of_a_known_component_says_where_to_provide_it() -> None:
    """Where the component exists and provides nothing, the fix is one line in it."""
    (fault,) = graph_faults([component("orders", needs="shop.suppliers.public.Suppliers"), component("suppliers")])
    assert "write provides={Suppliers: ...} in suppliers.py:1, or remove the need" == fault.fix


def test_nothing_follows_from_a_declaration_that_could_not_be_read() -> None:
    """A need is not called unmet while some declaration is only partly known."""
    partly = Declared("suppliers", "/suppliers", complete=False)
    assert [] == graph_faults([component("orders", needs="p.S"), partly])


def test_an_interface_provided_twice_is_refused() -> None:
    """A call would not know where to go."""
    faults = graph_faults([component("aa", provides="p.X"), component("bb", provides="p.X")])
    assert [("X is provided by aa and bb", "aa.py:2:\nbb.py:2")] == said(faults)


def test_a_cycle_is_printed_with_the_line_of_each_need() -> None:
    """The shortest circle is shown once, from its first component, each need with its line."""
    faults = graph_faults(
        [
            component("aa", provides="p.A", needs="p.B"),
            component("bb", provides="p.B", needs="p.C"),
            component("cc", provides="p.C", needs="p.A"),
            component("dd", needs="p.A"),
        ]
    )
    expected = "aa.py:3:\nbb.py:3:\ncc.py:3"
    assert [("components need each other in a circle: aa -> bb -> cc -> aa", expected)] == said(faults)


def test_two_separate_cycles_are_two_faults() -> None:
    """Each knot of the graph is reported, also when one leads to the other."""
    faults = graph_faults(
        [
            component("aa", provides="p.A", needs="p.B"),
            component("bb", provides="p.B", needs="p.A p.C"),
            component("cc", provides="p.C", needs="p.D"),
            component("dd", provides="p.D", needs="p.C"),
        ]
    )
    circles = ["aa -> bb -> aa", "cc -> dd -> cc"]
    assert [f"components need each other in a circle: {circle}" for circle in circles] == [f.what for f in faults]


def test_a_component_that_needs_itself_is_told_so() -> None:
    """Needs are what a component asks of others."""
    faults = graph_faults([component("aa", provides="p.A", needs="p.A")])
    assert ["aa needs A, which it provides itself"] == [fault.what for fault in faults]


def test_all_faults_come_at_once() -> None:
    """One run lists everything: a bad name, a shared prefix, an unmet need and a cycle."""
    faults = graph_faults(
        [
            component("Bad", prefix="/x"),
            component("bb", prefix="/x", provides="p.B", needs="p.C p.Zzz"),
            component("cc", provides="p.C", needs="p.B"),
        ]
    )
    expected = [
        "'Bad' cannot be the name of a component",
        "Bad and bb have the same prefix /x",
        "bb needs Zzz, which nobody provides",
        "components need each other in a circle: bb -> cc -> bb",
    ]
    assert expected == [fault.what for fault in faults]
