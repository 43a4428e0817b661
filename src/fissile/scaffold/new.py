"""``fissile new``: a project of one of three shapes, which works at once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..errors import WrongUsage
from .adding import fields_of
from .change import Change, Write
from .entities import read_entity
from .names import camel, project_faults
from .rendering import TEMPLATES, Sample

SHAPES = {
    "tiny": "one main.py and a test",
    "small": "a flat package with a database: routers, models, schemas, settings, db, tests",
    "large": "components, each with its own domain, data, API and public interface",
}
"""What a project can begin as."""

DATABASES = ("sqlite", "postgresql")
CI = ("github",)

_NOTE = read_entity("Note: text=str")
"""What the sample keeps."""


@dataclass(frozen=True)
class Wish:
    """What a project shall be.

    Attributes:
        name: Its name, which is that of its folder and its package.
        shape: One of `SHAPES`.
        database: One of `DATABASES`.
        ci: One of `CI`, or None.
    """

    name: str
    shape: str = "tiny"
    database: str = "sqlite"
    ci: str | None = None


def new_project(folder: Path, wish: Wish) -> Change:
    """Makes a project.

    Args:
        folder: Where its folder is to be.
        wish: What it shall be.

    Raises:
        WrongUsage: It cannot have this name.
    """
    if faults := project_faults(wish.name, folder):
        raise WrongUsage(*faults)
    root = folder / wish.name
    sample = _sample(wish)
    files = {
        path: text
        for tree in (TEMPLATES / "every", TEMPLATES / wish.shape)
        for path, text in sample.files(tree, lambda path: "greetings" not in str(path)).items()
    }
    steps = tuple(Write(root / path, None, text.encode()) for path, text in files.items())
    needs_server = wish.database == "postgresql" and wish.shape != "tiny"
    run = "README.md says where its database has to be" if needs_server else "make run"
    notes = [run] if needs_server else []
    if wish.shape == "tiny" and wish.database != DATABASES[0]:
        notes.append("tiny has no database; small and large have")
    if wish.ci and _source():
        notes.append("it has Fissile from a folder of this machine, as pyproject.toml says, where no workflow finds it")
    commands = (f"cd {wish.name}", "make test", *(() if needs_server else (run,)))
    return Change(root, f"new {wish.name} --shape {wish.shape}", steps, commands, tuple(notes))


def _sample(wish: Wish) -> Sample:
    source = _source()
    words = {"sample": wish.name, "Sample": camel(wish.name), "SAMPLE": wish.name.upper()}
    if source:
        words['{ path = "SOURCE", editable = true }'] = source
    options = {"shape": wish.shape, "database": wish.database, "ci": wish.ci, "source": source}
    return Sample(words, options, fields_of(_NOTE))


def _source() -> str | None:
    """Where Fissile is installed from, as pyproject.toml says it to uv; None for a package index (PEP 610)."""
    try:
        written = distribution("fissile").read_text("direct_url.json")
    except PackageNotFoundError:
        return None
    origin = json.loads(written or "{}")
    url = urlsplit(origin.get("url", ""))
    if url.scheme != "file":
        return None
    editable = ", editable = true" if origin.get("dir_info", {}).get("editable") else ""
    path = json.dumps(unquote(url.path), ensure_ascii=False)  # what is a string there is one in TOML
    return f"{{ path = {path}{editable} }}"
