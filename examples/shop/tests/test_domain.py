"""The rules of the shop, without database, HTTP or other components."""

import pytest

from shop.orders.domain import Order, QuantityTooLarge
from shop.users.domain import User


def test_new_order_is_open() -> None:
    """An order that has been placed is open."""
    assert "open" == Order.place(supplier_id=1, item="bolt", quantity=5, maximum=5).status


def test_order_of_more_than_the_maximum() -> None:
    """One piece more than the maximum is too much."""
    with pytest.raises(QuantityTooLarge):
        Order.place(supplier_id=1, item="bolt", quantity=6, maximum=5)


def test_cancelling_twice_is_cancelling_once() -> None:
    """A cancelled order can be cancelled again and stays cancelled."""
    order = Order.place(supplier_id=1, item="bolt", quantity=1, maximum=5)
    order.cancel()
    order.cancel()
    assert "cancelled" == order.status


def test_addresses_that_differ_in_case_are_one() -> None:
    """An address keeps its letters as they were typed; what makes it unique does not."""
    user = User("Ada", "Ada@Example.org")
    assert ("Ada@Example.org", "ada@example.org") == (user.email, user.email_key)
