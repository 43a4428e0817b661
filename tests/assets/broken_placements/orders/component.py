"""The orders."""

from fissile import Component

component = Component()
