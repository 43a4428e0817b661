"""An existing router, made a component in one line."""

from fissile import Component
from tests.dropin.application import items_router

component = Component(api=items_router())
