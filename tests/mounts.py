"""Real file systems that are full or read-only, mounted for one Python process and what it starts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest


def _alone(*words: str) -> list[str]:
    """Return a command that has the mounts of this machine for itself."""
    user = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", "--mount", *user, *words]


def _can_mount() -> bool:
    if not sys.platform.startswith("linux") or shutil.which("unshare") is None:
        return False
    try_it = _alone("mount", "-t", "tmpfs", "tmpfs", "/mnt")
    return subprocess.run(try_it, capture_output=True, check=False).returncode == 0


needs_mounts = pytest.mark.skipif(
    "CI" not in os.environ and not _can_mount(), reason="needs to mount file systems in a namespace of its own"
)


def mounted(script: str, *words: str, environment: Mapping[str, str] | None = None) -> str:
    """Run a Python script that may mount file systems, and return what it prints.

    Args:
        script: The script.
        words: Its arguments.
        environment: More environment variables.
    """
    command = _alone(sys.executable, "-c", script, *words)
    variables = {**os.environ, **(environment or {})}
    here = Path(__file__).parents[1]
    done = subprocess.run(command, cwd=here, env=variables, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
    return done.stdout


def mount(folder: Path, kibibytes: int) -> None:
    """Mount an empty disk of this size; for scripts that `mounted` runs."""
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kibibytes}k", "tmpfs", str(folder)], check=True)


def make_read_only(folder: Path) -> None:
    """Mount a disk again, read-only."""
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)


def fill(folder: Path, left: int) -> None:
    """Fill a disk until so many KiB are left."""
    found = os.statvfs(folder)
    with (folder / "ballast").open("wb") as file:
        file.write(bytes(max(0, found.f_bavail * found.f_frsize - left * 1024)))
