"""Suppliers: those from whom the shop buys."""

from fissile import Component, Database, authenticated

from .api import router
from .db import metadata
from .public import Suppliers
from .service import SupplierService

component = Component(
    provides={Suppliers: SupplierService},
    api=router,
    policy=authenticated,
    database=Database(metadata),
)
