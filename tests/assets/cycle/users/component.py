"""Users."""

from fissile import Component

from ..orders.public import Orders
from .public import Users
from .service import UserService

component = Component(
    provides={Users: UserService},
    needs=[Orders],
)
