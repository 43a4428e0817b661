"""The users."""

from fissile import Component

component = Component()
