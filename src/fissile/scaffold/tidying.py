"""Import order and layout of the files that a step writes, where the project has ruff."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

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
        for command in (["check", "--select", "I", *self._own(), "--fix", "--exit-zero"], ["format"]):
            words = [self.program, *command, "--quiet", "--stdin-filename", str(path), "-"]
            done = subprocess.run(words, input=text, capture_output=True, check=False, cwd=self.folder)
            if done.returncode != 0:
                return before
            text = done.stdout
        return text

    def _own(self) -> list[str]:
        """Says that the package is the application's, which ruff does not see of modules that are not there yet."""
        return ["--config", f"lint.isort.known-first-party={[*_known(self.folder), self.package]}"]


def _known(folder: Path) -> list[str]:
    """What the project's ruff counts as its own besides what it finds; the nearest configuration counts."""
    for parent in (folder, *folder.parents):
        for name in (".ruff.toml", "ruff.toml", "pyproject.toml"):
            ruff = _configuration(parent / name)
            if ruff is not None:
                found = ruff.get("lint", {}).get("isort", {}).get("known-first-party", [])
                return [str(each) for each in found]
    return []


def _configuration(file: Path) -> dict[str, Any] | None:
    """What a file says to ruff; None where it says nothing, or cannot be read, which ruff complains of itself."""
    try:
        read: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None
    return read.get("tool", {}).get("ruff") if file.name == "pyproject.toml" else read
