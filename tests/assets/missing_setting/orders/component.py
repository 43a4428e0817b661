"""Orders."""

from fissile import Component

from .settings import OrderSettings

component = Component(settings=OrderSettings)
