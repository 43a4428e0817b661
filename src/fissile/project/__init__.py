"""The project on disk: its components, what they declare, the graph between them, and where they run.

Nothing here imports the user's code, so it works on an application that cannot start.
"""

from .defaults import Defaults
from .finding import find, find_in
from .folders import (
    URL_FOR_ALL,
    is_private,
    make_private,
    make_state,
    project_folder,
    socket_path,
    sockets_folder,
    state_folder,
)
from .found import FoundComponent, Project
from .graph import GATEWAY, MAIN, Declared, Edge, default_prefix, edges, graph_faults, nearest, needed_by, start_order
from .placement import Peer, Placement, Process, View
from .placements import Placements, read_placements, view_from
from .reading import Declaration, Reference

__all__ = [
    "GATEWAY",
    "MAIN",
    "URL_FOR_ALL",
    "Declaration",
    "Declared",
    "Defaults",
    "Edge",
    "FoundComponent",
    "Peer",
    "Placement",
    "Placements",
    "Process",
    "Project",
    "Reference",
    "View",
    "default_prefix",
    "edges",
    "find",
    "find_in",
    "graph_faults",
    "is_private",
    "make_private",
    "make_state",
    "nearest",
    "needed_by",
    "project_folder",
    "read_placements",
    "socket_path",
    "sockets_folder",
    "start_order",
    "state_folder",
    "view_from",
]
