"""What an edit of a project's files means for the processes that run it."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncGenerator, Callable, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from watchfiles import Change, DefaultFilter, awatch

from fissile.project import FoundComponent, Placement, Project

logger = logging.getLogger("fissile.dev")

TICK = 100
"""Milliseconds after which it is known that nothing was missed before the first look."""

DEBOUNCE = 400
"""Milliseconds within which edits are one: an editor that saves all, a checkout of another branch."""

SHARED = ("public.py", "public", "component.py")
"""What other components look at."""


class Sources(DefaultFilter):
    """The files that an application is made of: Python, TOML and ``.env``."""

    ignore_dirs = (*DefaultFilter.ignore_dirs, ".fissile", ".ruff_cache", "build", "dist")

    def __call__(self, change: Change, path: str) -> bool:
        """Whether a change of this file counts."""
        return path.endswith((".py", ".toml", ".env")) and super().__call__(change, path)


@dataclass(frozen=True)
class Edits:
    """What is edited below a folder.

    Attributes:
        folder: The folder.
        is_outdated: Whether the project wants other processes than those that run, or another gateway.
    """

    folder: Path
    is_outdated: Callable[[], bool]

    async def watch(self) -> AsyncGenerator[Set[Path]]:
        """Gives the files of each edit; first none, when watching has begun."""
        logging.getLogger("watchfiles").setLevel(logging.WARNING)
        logger.info("watching %s", self.folder)
        changes = awatch(
            self.folder, watch_filter=Sources(), debounce=DEBOUNCE, rust_timeout=TICK, yield_on_timeout=True
        )
        has_begun = False
        async for changed in changes:
            if changed or not has_begun:
                has_begun = True
                yield {Path(path) for _, path in changed}

    def tell(self, paths: Set[Path], processes: Sequence[str]) -> None:
        """Says in the log what has changed, and what starts again."""
        names = sorted(os.path.relpath(path, self.folder) for path in paths)
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        again = f"starting {', '.join(processes)} again" if processes else "starting again"
        logger.info("%s%s changed: %s", ", ".join(names[:3]), more, again)


def affected(project: Project, placement: Placement, paths: Set[Path]) -> list[str]:
    """The processes that run what has changed, by name.

    A file inside a component concerns the process in which it lives; what others look at of it, and whatever is no
    component's, concerns all.
    """
    changed = {_component(project, path.resolve()) for path in paths}
    return [
        process.name for process in placement.processes if None in changed or not changed.isdisjoint(process.components)
    ]


def _component(project: Project, path: Path) -> str | None:
    """The component that a file is inside of."""
    found = [component for component in project.components if _is_inside(component, path)]
    return max(found, key=lambda component: len(component.folder.parts)).name if found else None


def _is_inside(component: FoundComponent, path: Path) -> bool:
    folder = component.folder.resolve()
    if component.single_module or not path.is_relative_to(folder):
        return component.single_module and path == component.file.resolve()
    return path.relative_to(folder).parts[0] not in SHARED
