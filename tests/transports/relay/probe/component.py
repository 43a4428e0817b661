"""Does whatever a method can do."""

from fissile import Component, Database

from .public import Probe
from .service import Memory, ProbeService, metadata

component = Component(provides={Probe: ProbeService}, binds={Memory: Memory}, database=Database(metadata))
