"""Billing."""

from fissile import Component

from ..stock.public import Stock
from .public import Billing
from .service import BillingService

component = Component(
    provides={Billing: BillingService},
    needs=[Stock],
)
