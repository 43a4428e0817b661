"""The project on disk: its components, what they declare, the graph between them, and where they run.

Nothing here imports the user's code, so it works on an application that cannot start.
"""

from .defaults import Defaults, read_defaults
from .finding import find, find_in
from .found import FoundComponent, Project
from .graph import Declared, Edge, default_prefix, edges, graph_faults, nearest, start_order
from .placement import Placement, placement_from
from .reading import Declaration, Reference

__all__ = [
    "Declaration",
    "Declared",
    "Defaults",
    "Edge",
    "FoundComponent",
    "Placement",
    "Project",
    "Reference",
    "default_prefix",
    "edges",
    "find",
    "find_in",
    "graph_faults",
    "nearest",
    "placement_from",
    "read_defaults",
    "start_order",
]
