"""What a supervisor that was killed has left running.

On Linux the kernel ends the children with it, unless the program is one that the kernel gives rights of its own (an
Envoy that may listen on port 80). Elsewhere they notice by themselves, but Envoy does not.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .child import Child


def remember(sockets: Path, children: Sequence[Child]) -> None:
    """Write down what runs; a folder that is full, or gone, keeps nothing from running.

    Args:
        sockets: The folder of the sockets.
        children: What runs.
    """
    file = _file(sockets)
    text = json.dumps([{"pid": child.pid, "words": list(child.words)} for child in children])
    with contextlib.suppress(OSError):
        if not file.is_file() or file.read_text() != text:
            new = file.with_suffix(".new")
            new.write_text(text)
            new.replace(file)


def end_remains(sockets: Path) -> None:
    """Ends what is written down, runs still and was started with those words; only the holder of the lock may.

    Args:
        sockets: The folder of the sockets.
    """
    try:
        remembered = json.loads(_file(sockets).read_text())
    except (OSError, ValueError):
        return
    for child in remembered:
        words = " ".join(child["words"][1:])
        if words and _words_of(child["pid"]).endswith(words):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child["pid"], signal.SIGKILL)


def _file(sockets: Path) -> Path:
    return sockets / "processes.json"


def _words_of(pid: int) -> str:
    """The command line of a process, empty where there is none; its program may be called otherwise than before."""
    command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        return ""
