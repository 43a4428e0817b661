"""What a tree of processes holds of memory and has used of the processors."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path


def megabytes(roots: Sequence[int]) -> float:
    """The memory of some processes and of all that they started.

    Where the system tells it (Linux, ``smaps_rollup`` of proc_pid_smaps(5)) a page that several processes share is
    split among them; elsewhere it counts in each of them.

    Args:
        roots: The processes.
    """
    return sum(_proportional(process) or resident for process, resident in _tree(roots).items()) / 1024


def processor_seconds(roots: Sequence[int]) -> float:
    """The time that some processes and all that they started have run on the processors; 0 where it is not told.

    Args:
        roots: The processes.
    """
    return sum(map(_ticks, _tree(roots))) / os.sysconf("SC_CLK_TCK")


def _tree(roots: Sequence[int]) -> dict[int, int]:
    """The kilobytes that are resident, by process."""
    lines = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,rss="], check=True, capture_output=True, text=True).stdout
    found = [(int(process), int(parent), int(rss)) for process, parent, rss in map(str.split, lines.splitlines())]
    tree = set(roots)
    while grown := {process for process, parent, _ in found if parent in tree} - tree:
        tree |= grown
    return {process: resident for process, _, resident in found if process in tree}


def _proportional(process: int) -> int:
    """Kilobytes, shared pages in proportion; 0 where the system does not tell."""
    lines = _read(process, "smaps_rollup").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _ticks(process: int) -> int:
    """In its own code and in the system's (proc_pid_stat(5), fields 14 and 15); its name may have spaces in it."""
    fields = _read(process, "stat").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12]) if fields else 0


def _read(process: int, name: str) -> str:
    try:
        return Path(f"/proc/{process}/{name}").read_text()
    except OSError:
        return ""
