"""Returns, with a capital."""

from fissile import Component

component = Component(prefix="/returns")
