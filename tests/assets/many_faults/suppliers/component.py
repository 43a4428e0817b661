"""Suppliers."""

from fissile import Component

from .public import Suppliers
from .service import SupplierService

component = Component(
    provides={Suppliers: SupplierService},
)
