"""Parcels: one route for each thing that HTTP can do."""

from fissile import Component

from .api import router

component = Component(api=router)
