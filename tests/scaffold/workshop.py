"""Somebody who makes a project with the commands, and believes what they print."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.docs.guide import Command, Reader, steps

NEXT = re.compile(r"^next: (.+)$", re.MULTILINE)

LONGEST = 1800
"""Seconds that one command may take, the installation of a project included."""


def environment() -> dict[str, str]:
    """What a shell has, with uv on its path and no virtual environment but that of the project."""
    kept = {
        name: os.environ[name]
        for name in os.environ
        if name.startswith(("PIP_", "SSL_", "UV_", "HTTP", "FISSILE_TEST"))
    }
    kept |= {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR", "XDG_STATE_HOME") if name in os.environ}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**kept, **_index(), "PATH": path, "NO_COLOR": "1", "UV_PYTHON": sys.executable, "UV_LINK_MODE": "copy"}


def _index() -> dict[str, str]:
    """The package index that pip would use: uv does not read its configuration."""
    asked = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    found = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return {"UV_DEFAULT_INDEX": found} if found and "UV_DEFAULT_INDEX" not in os.environ else {}


@dataclass
class Workshop:
    """A folder in which projects are made.

    Args:
        folder: The folder.
        variables: What has been exported in the shell.
        instead: What is typed here for what the texts show.
    """

    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    instead: Mapping[str, str] = field(default_factory=dict)

    def type(self, line: str, code: int = 0) -> str:
        """Types a command, and then those that it says come next; gives what it printed."""
        for shown, typed in self.instead.items():
            line = line.replace(shown, typed)
        done = subprocess.run(
            line,
            shell=True,
            cwd=self.folder,
            env=environment() | dict(self.variables),
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
        printed = f"$ {line}\n{done.stdout}{done.stderr}"
        assert code == done.returncode, printed
        for command in NEXT.findall(done.stderr):
            if command.startswith("cd "):
                self.folder /= command.removeprefix("cd ")
            elif command.startswith("make run"):
                self.follow(f"```console\n$ {command}\n...\n$ {_ASK}\n200\n```\n")
            else:
                self.type(command)
        return printed

    def follow(self, guide: str) -> None:
        """Does everything that a text says."""
        for shown, typed in self.instead.items():
            guide = guide.replace(shown, typed)
        Reader(self.folder, environment() | dict(self.variables)).follow(guide)

    def ask(self, *paths: str) -> None:
        """Starts the application, and asks for these paths, each of which it answers well."""
        asked = "".join(f"$ {_ASK.replace('/docs', path)}\n200\n" for path in paths)
        self.follow(f"```console\n$ uv run fissile dev\n...\n```\n```console\n{asked}```\n")

    def commands(self, text: str) -> list[str]:
        """The commands of a text."""
        return [step.line for step in steps(text) if isinstance(step, Command)]


_ASK = "curl -s -o /dev/null -w '%{http_code}\\n' http://127.0.0.1:8000/docs"
