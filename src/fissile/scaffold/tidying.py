"""Import order and layout of the files that a step writes, where the project has ruff."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from .change import Change, Write


def tidied(change: Change, package: str, originals: Mapping[Path, bytes] = MappingProxyType({})) -> Change:
    """Has ruff put the Python files of a change in order, as the project has it configured.

    A file that ruff would have changed before stays as its author laid it out, and so does a copy of such a file.
    Without ruff nothing happens.

    Args:
        change: The change.
        package: The package of the application, some of whose modules may not be there yet.
        originals: What was in the files that new files are copies of.
    """
    program = _program()
    if program is None:
        return change
    folder = next(folder for folder in (change.root, *change.root.parents) if folder.is_dir())
    ruff = _Ruff(program, folder, package.partition(".")[0])
    steps = [
        ruff.tidied(step, originals.get(step.path)) if isinstance(step, Write) and step.path.suffix == ".py" else step
        for step in change.steps
    ]
    return replace(change, steps=tuple(steps))


def _program() -> str | None:
    """That of this environment, or else the one on the path."""
    return shutil.which("ruff", path=str(Path(sys.executable).parent)) or shutil.which("ruff")


@dataclass(frozen=True)
class _Ruff:
    """Ruff, in a folder, for the application in a package."""

    program: str
    folder: Path
    package: str

    def tidied(self, step: Write, original: bytes | None) -> Write:
        before = original if step.before is None else step.before
        if before is not None and self._in_order(before, step.path) != before:
            return step
        return replace(step, after=self._in_order(step.after, step.path))

    def _in_order(self, text: bytes, path: Path) -> bytes:
        """The text with its imports sorted, and laid out; as it is where ruff cannot read it."""
        before = text
        own = f"lint.isort.known-first-party=['{self.package}']"
        for command in (["check", "--select", "I", "--config", own, "--fix", "--exit-zero"], ["format"]):
            words = [self.program, *command, "--quiet", "--stdin-filename", str(path), "-"]
            done = subprocess.run(words, input=text, capture_output=True, check=False, cwd=self.folder)
            if done.returncode != 0:
                return before
            text = done.stdout
        return text
