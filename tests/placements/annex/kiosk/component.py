"""The kiosk: calls to others that end in every way."""

from fissile import Component
from shop.orders.public import Orders
from shop.suppliers.public import Suppliers

from ..desk.public import Clock, Desk
from .api import router

component = Component(needs=[Clock, Desk, Orders, Suppliers], api=router)
