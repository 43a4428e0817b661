"""Stock."""

from fissile import Component

from ..orders.public import Orders
from .public import Stock
from .service import StockService

component = Component(
    provides={Stock: StockService},
    needs=[Orders],
)
