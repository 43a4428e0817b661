"""Notes, on one screen: what the component provides, needs and owns."""

from fissile import Component, Database

from .api import router
from .db import metadata
from .public import Notes
from .service import NoteService

component = Component(
    provides={Notes: NoteService},
    api=router,
    database=Database(metadata),
)
