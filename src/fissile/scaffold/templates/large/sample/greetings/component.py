"""Greetings, on one screen: what the component provides, needs and owns."""

from fissile import Component

from .api import router
from .public import Greetings
from .service import GreetingsService

component = Component(
    provides={Greetings: GreetingsService},
    api=router,
)
