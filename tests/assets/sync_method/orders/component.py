"""Orders."""

from fissile import Component

from .public import Orders
from .service import OrderService

component = Component(
    provides={Orders: OrderService},
)
