"""Orders."""

from fissile import Component

from ..suppliers.public import Suppliers
from .public import Orders
from .service import OrderService

component = Component(
    provides={Orders: OrderService},
    needs=[Suppliers],
)
