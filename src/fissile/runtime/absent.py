"""Keeps the inside of components that live in other processes out of this one."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import FrameType, ModuleType

from ..errors import ConfigurationError, Fault, shown
from ..project import FoundComponent, Project, View

_FROZEN = "<frozen importlib"


class Absent(MetaPathFinder):
    """Refuses to import anything but the ``public`` module of a component that is not live here.

    Python would find the files, and so a component that reaches into another one would work in one process, and with
    the libraries and the state of two in several.

    Args:
        package: The package of the project.
        components: Those of its components that live elsewhere.
    """

    def __init__(self, package: str, components: Sequence[FoundComponent]) -> None:
        self.package = package
        self._components: Mapping[str, FoundComponent] = {component.package: component for component in components}

    def find_spec(self, fullname: str, path: object = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Called by Python for each import.

        Raises:
            ConfigurationError: The module is inside an absent component. No `ImportError`, since code that imports
                what may be missing would go on without it, and the processes would differ.
        """
        if (component := self._inside(fullname)) is not None:
            raise ConfigurationError(*(component.init_faults() or [_fault(fullname, component)]))
        return None

    def _inside(self, module: str) -> FoundComponent | None:
        package = module
        while package not in self._components:
            package, _, _ = package.rpartition(".")
            if not package:
                return None
        component = self._components[package]
        if module == package:
            return component if component.single_module else None
        is_public = component.public is not None and f"{module}.".startswith(f"{component.public}.")
        return None if is_public else component


def keep_out(project: Project, view: View) -> None:
    """Refuses from now on to import the inside of the components that do not live in this process.

    What was refused of the same project before no longer is: tests place one application after another.
    """
    sys.meta_path[:] = [finder for finder in sys.meta_path if not _is_guard_of(project, finder)]
    absent = [component for component in project.components if not view.is_live(component.name)]
    if absent:
        sys.meta_path.insert(0, Absent(project.name, absent))


def _is_guard_of(project: Project, finder: object) -> bool:
    return isinstance(finder, Absent) and finder.package == project.name


def _fault(module: str, component: FoundComponent) -> Fault:
    name = component.name
    what = f"{module} is inside the component {name}, which does not live in this process"
    why = "other components import its public module alone, so that it can be somewhere else"
    fix = f"ask {name} by an interface: needs=[...], Provided[...]"
    return Fault(what, _importer(), why, fix)


def _importer() -> str:
    """Where the import statement is: the first frame that does not belong to Python's importing or to this guard."""
    ours = (__file__, importlib.__file__)
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and (frame.f_code.co_filename in ours or _FROZEN in frame.f_code.co_filename):
        frame = frame.f_back
    return shown(Path(frame.f_code.co_filename), frame.f_lineno) if frame is not None else ""
