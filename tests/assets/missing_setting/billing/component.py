"""Billing."""

from fissile import Component

from .settings import BillingSettings

component = Component(settings=BillingSettings)
