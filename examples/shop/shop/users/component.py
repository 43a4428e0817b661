"""Users: those who signed up."""

from fissile import Component, Database, authenticated

from .api import router
from .db import metadata
from .public import Users
from .service import UserService

component = Component(
    provides={Users: UserService},
    api=router,
    policy=authenticated,
    database=Database(metadata),
)
