"""Names that are refused, each with the reason and one that can be had."""

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fissile.project import find_in
from fissile.scaffold.journal import carry_out
from fissile.scaffold.names import camel, component_faults, new_component_faults, part_faults, project_faults, snake
from fissile.scaffold.new import Wish, new_project

BAD = [
    ("../../x", "it is a module", "my_x"),
    ("a b", "it is a module", "a_b"),
    ("class", "keyword", "my_class"),
    ("fissile", "framework", "my_fissile"),
    ("1st", "it is a module", "my_1st"),
    ("", "it is a module", "my"),
    ("x", "it is a module", "my_x"),
    ("Shop", "it is a module", "shop"),
    ("my-shop", "it is a module", "my_shop"),
    ("a__b", "double underscore", "a_b"),
    ("ab_", "double underscore", "ab"),
    ("a" * 32, "it is a module", "a" * 25),
    ("Läden", "it is a module", "l_den"),
    ("HTTPServer", "it is a module", "http_server"),
    ("/etc/passwd", "it is a module", "etc_passwd"),
    ("a\nb", "it is a module", "a_b"),
]


@pytest.mark.parametrize(("name", "why", "better"), BAD)
def test_no_name_at_all(tmp_path: Path, name: str, why: str, better: str) -> None:
    """What no package can be called is refused for projects, components and parts alike."""
    for fault in (*project_faults(name, tmp_path), *part_faults(name, "router")):
        assert why in fault.why
        assert f"take {better}" == fault.fix
    assert 2 == len([*project_faults(name, tmp_path), *part_faults(name, "router")])


@pytest.mark.parametrize("name", ["email", "json", "test", "fastapi", "sqlalchemy", "src", "tests", "main"])
def test_taken_by_others(tmp_path: Path, name: str) -> None:
    """A project cannot hide a module of Python or of a package, nor be called like what is in it."""
    (fault,) = project_faults(name, tmp_path)
    assert f"take my_{name}" == fault.fix


@pytest.mark.parametrize("made", ["folder", "file", "link"])
def test_there_already(tmp_path: Path, made: str) -> None:
    """What is there is not overwritten; an empty folder is as good as none."""
    path = tmp_path / "shop"
    if made == "folder":
        path.mkdir()
        assert [] == project_faults("shop", tmp_path)
        (path / "file").touch()
    elif made == "file":
        path.touch()
    else:
        path.symlink_to("nowhere")
    (fault,) = project_faults("shop", tmp_path)
    assert ("shop is there already, and nothing is overwritten", "take my_shop") == (fault.why, fault.fix)


@given(st.text(max_size=50))
def test_what_is_suggested_can_be_had(name: str) -> None:
    """Whatever was typed, the name in the advice is a good one."""
    for fault in project_faults(name, Path("/nowhere")):
        assert [] == project_faults(fault.fix.removeprefix("take "), Path("/nowhere"))


@given(st.sampled_from(sorted(sys.stdlib_module_names)))
def test_modules_of_python(name: str) -> None:
    """No module of the standard library can be the name of a project, nor is one suggested."""
    (fault,) = project_faults(name, Path("/nowhere"))
    assert [] == project_faults(fault.fix.removeprefix("take "), Path("/nowhere"))


def test_components(tmp_path: Path) -> None:
    """A component is called like no other one, and like nothing that is in the package."""
    carry_out(new_project(tmp_path, Wish("shop", "large")))
    project = find_in(tmp_path / "shop")
    assert [] == component_faults("email", project)
    reasons = {name: [fault.why for fault in component_faults(name, project)] for name in ("notes", "paging", "main")}
    assert {
        "notes": ["shop has a component of this name"],
        "paging": [reasons["paging"][0]],
        "main": ["main means something else in a project"],
    } == reasons
    assert "is there already" in reasons["paging"][0]


@pytest.mark.parametrize("name", ["pg_stats", "information_schema", "none", "postgres"])
def test_kept_by_postgresql(tmp_path: Path, name: str) -> None:
    """A component that is added or renamed cannot have the name of a schema or role of PostgreSQL's own."""
    carry_out(new_project(tmp_path, Wish("shop", "large")))
    for faults in (new_component_faults, component_faults):
        (fault,) = faults(name, find_in(tmp_path / "shop"))
        assert (f"PostgreSQL keeps the name {name} for itself", f"take my_{name}") == (fault.why, fault.fix)


def test_taken_by_a_part() -> None:
    """A part of a component has a name of its own."""
    assert ["take refunds2"] == [fault.fix for fault in part_faults("refunds", "router", ["refunds", "my_refunds"])]


@pytest.mark.parametrize(
    ("variable", "name"),
    [("order", "Order"), ("purchase_order", "PurchaseOrder"), ("http_server2", "HttpServer2"), ("a1_b", "A1B")],
)
def test_classes_and_variables(variable: str, name: str) -> None:
    """What is called so in modules has a class of the same name."""
    assert name == camel(variable)


@pytest.mark.parametrize(
    ("name", "variable"), [("Order", "order"), ("PurchaseOrder", "purchase_order"), ("HTTPServer", "http_server")]
)
def test_variables_of_classes(name: str, variable: str) -> None:
    """And the other way round."""
    assert variable == snake(name)
