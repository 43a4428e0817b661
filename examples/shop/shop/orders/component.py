"""Orders: what the shop ordered from its suppliers."""

from fissile import Component, Database, authenticated
from shop.suppliers.public import Suppliers

from .api import router
from .db import metadata
from .public import Orders
from .service import OrderService
from .settings import OrderSettings

component = Component(
    provides={Orders: OrderService},
    needs=[Suppliers],
    api=router,
    policy=authenticated,
    settings=OrderSettings,
    database=Database(metadata),
)
