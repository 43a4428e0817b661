"""Trade."""

from fissile import Component

from .api import router

component = Component(api=router)
