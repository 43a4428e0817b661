"""Entities, as they are typed."""

import pytest

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
        ("Order: item", [("'item' is no field", "write item=str")]),
        ("Order: item=", [("'item=' is no field", "write item=str")]),
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


@pytest.mark.parametrize(
    "written", ["", "Order", "Order:", ":", "Order item=str", "Order: class=str", "Order: Item=str"]
)
def test_unreadable(written: str) -> None:
    """What is no entity at all is refused with an example."""
    assert any("--entity" in fix for _, fix in faults(written))


def test_every_fault_at_once() -> None:
    """Whoever types several mistakes learns of all of them."""
    assert 4 == len(faults("order: id=int item=strr quantity"))
