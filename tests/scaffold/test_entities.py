"""Entities, as they are typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fissile import Value
from fissile.errors import WrongUsage
from fissile.scaffold.entities import KINDS, read_entity


def faults(written: str) -> list[tuple[str, str]]:
    """What is wrong with an entity, and what to do about it."""
    with pytest.raises(WrongUsage) as caught:
        read_entity(written)
    return [(fault.what, fault.fix) for fault in caught.value.faults]


def test_read() -> None:
    """A name and its fields, in their order, each with the kind of its type."""
    entity = read_entity(" Order : item=str  quantity=int price=Decimal ")
    assert ("Order", {"item": KINDS["str"], "quantity": KINDS["int"], "price": KINDS["Decimal"]}) == (
        entity.name,
        entity.fields,
    )
    assert ["item", "quantity", "price"] == list(entity.fields)


def test_every_type() -> None:
    """There are the types that a call can carry and a database can keep."""
    assert ["str", "int", "float", "bool", "Decimal", "date", "datetime", "UUID"] == list(KINDS)
    fields = " ".join(f"field{number}={kind}" for number, kind in enumerate(KINDS))
    assert list(KINDS.values()) == read_entity(f"Everything: {fields}").kinds


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("order: item=str", [("'order' cannot be the name of an entity", "take Order")]),
        ("my order: item=str", [("'my order' cannot be the name of an entity", "take MyOrder")]),
        ("URL: item=str", [("'URL' cannot be the name of an entity", "take URLRecord")]),
        ("é: item=str", [("'é' cannot be the name of an entity", "take Order")]),
        ("value: item=str", [("'value' cannot be the name of an entity", "take ValueRecord")]),
        ("Class: item=str", [("'Class' cannot be the name of an entity", "take ClassRecord")]),
        ("Table: item=str", [("'Table' cannot be the name of an entity", "take TableRecord")]),
        ("Order: item=strr", [("there is no type 'strr'", "did you mean item=str?")]),
        ("Order: item=decimal", [("there is no type 'decimal'", "did you mean item=Decimal?")]),
        ("Order: item=list", [("there is no type 'list'", "write item=str")]),
        ("Order: 1st", [("'1st' is no field", "write item=str")]),
        ("Order: item", [("'item' is no field", "write item=str")]),
        ("Order: item=", [("'item=' is no field", "write item=str")]),
        ("Order: item:str", [("'item:str' is no field", "write item=str")]),
        ("Order: class=str", [("'class' cannot be the name of a field", "take another, such as class_name")]),
        ("Order: id=int", [("'id' cannot be the name of a field", "take another, or leave id out")]),
        ("Order: date=date", [("'date' cannot be the name of a field", "take another, or leave date out")]),
        (
            "Order: model_name=str",
            [("'model_name' cannot be the name of a field", "take another, or leave model_name out")],
        ),
        ("Order: item=str item=int", [("item is there twice", "leave one of them out")]),
    ],
)
def test_refused(written: str, expected: list[tuple[str, str]]) -> None:
    """What is wrong is said with what to write instead."""
    assert expected == faults(written)


@pytest.mark.parametrize("written", ["", "Order", "Order:", ":", "Order item=str", "Order: Item=str"])
def test_unreadable(written: str) -> None:
    """What is no entity at all is refused with an example."""
    assert any("--entity" in fix for _, fix in faults(written))


def test_every_fault_at_once() -> None:
    """Whoever types several mistakes learns of all of them."""
    assert 4 == len(faults("order: id=int item=strr quantity"))


@given(st.text() | st.from_regex(r"[A-Za-z][A-Za-z0-9 ]{1,40}", fullmatch=True))
def test_what_is_suggested_can_be_had(name: str) -> None:
    """Whatever was typed, the name in the advice is a good one."""
    try:
        read_entity(f"{name.replace(':', ' ')}: item=str")
    except WrongUsage as refused:
        (fault,) = refused.faults
        better = fault.fix.removeprefix("take ")
        assert better == read_entity(f"{better}: item=str").name


@pytest.mark.parametrize("name", ["Value", "Sql", "Domain", "Self", "New", "Class", "Async", "None", "Page", "Text"])
def test_names_that_the_code_uses(name: str) -> None:
    """What a component imports, or what its variables would be called, is no name of an entity."""
    assert [(f"{name!r} cannot be the name of an entity", f"take {name}Record")] == faults(f"{name}: item=str")


@pytest.mark.parametrize("name", [name for name in dir(Value) if not name.startswith("_")])
def test_names_that_a_value_has(name: str) -> None:
    """No field hides what every value has already."""
    assert [(f"{name!r} cannot be the name of a field", f"take another, or leave {name} out")] == faults(
        f"Order: {name}=str"
    )


@pytest.mark.parametrize("name", ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"])
def test_names_that_a_table_has(name: str) -> None:
    """PostgreSQL has columns of its own in every table (https://www.postgresql.org/docs/current/ddl-system-columns.html)."""
    assert 1 == len(faults(f"Order: {name}=str"))


@pytest.mark.parametrize(("length", "known"), [(31, True), (32, False)])
def test_how_long_a_field_can_be(length: int, *, known: bool) -> None:
    """As long as a component's name, so that lines do not get too long."""
    written = f"Order: {'a' * length}=str"
    if known:
        assert ["a" * length] == list(read_entity(written).fields)
    else:
        assert 1 == len(faults(written))
