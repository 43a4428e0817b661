"""The desk: HTTP in all of its forms."""

from fissile import Component

from .api import router
from .public import Clock, Desk
from .service import DeskService, WallClock

component = Component(provides={Desk: DeskService, Clock: WallClock}, api=router)
