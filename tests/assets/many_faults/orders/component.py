"""Orders."""

from fissile import Component

from ..suppliers.public import Supplies
from .api import router
from .public import Orders
from .service import OrderService
from .settings import OrderSettings

component = Component(
    provides={Orders: OrderService},
    needs=[Supplies],
    settings=OrderSettings,
    api=router,
    prefix="/suppliers",
)
