"""Orders."""

from fissile import Component

from ..billing.public import Billing
from .public import Orders
from .service import OrderService

component = Component(
    provides={Orders: OrderService},
    needs=[Billing],
)
