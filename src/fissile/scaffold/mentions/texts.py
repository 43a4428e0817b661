"""What in other files than Python's refers to a component: settings, placements, dependency groups, documents."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from ..source.edits import Edit, Written
from .tables import Key, Tables, Value
from .tree import is_settings
from .wording import Ground, Mention, Wording

_SUFFIXES = re.compile(
    r"[.](?:toml|ya?ml|md|rst|txt|cfg|ini|conf|sh|bash|zsh|fish|jsonc?|mk|env|service|tf|just|j2|jinja|ipynb|bat|ps1)"
)
_NAMES = re.compile(
    r"Dockerfile.*|.*\.Dockerfile|Containerfile.*|[Mm]akefile|GNUmakefile|[Jj]ustfile|Procfile.*|CODEOWNERS"
    r"|\.gitignore|\.dockerignore|\.gitattributes|\.flake8|\.coveragerc|\.pylintrc|\.editorconfig"
)
_ROOTED = {".gitignore", ".dockerignore", ".gitattributes", "CODEOWNERS"}
_CONTAINER = re.compile(r"(?:.*\.)?(?:Dockerfile|Containerfile).*|(?:docker-)?compose.*\.ya?ml")
_LOCKED = {"uv.lock", "poetry.lock", "package-lock.json"}
_TYPED = re.compile(
    r"(?:--(?:only|group|only-group|no-group)(?:[ \t]+|=)|\bFISSILE_PROCESS[ \t]*[=:][ \t]*)"
    r"[\"']?(?P<names>[\w,-]+)"
)
_LINK = re.compile(r"\]\(\s*<?(?P<inline>[^)\s>]+)|^[ ]{0,3}\[[^\]\n]+\]:\s*<?(?P<apart>[^\s>]+)", re.MULTILINE)
"""The target of a link or image in Markdown (https://spec.commonmark.org/0.31.2/#links)."""


def is_text(path: Path) -> bool:
    """Says whether a file is text in which a component may be spoken of, other than Python."""
    if path.name in _LOCKED:
        return False
    return bool(_SUFFIXES.fullmatch(path.suffix)) or is_settings(path) or bool(_NAMES.fullmatch(path.name))


def mentions(file: Written, wording: Wording, moves: dict[Path, str], roots: tuple[Path, ...]) -> Iterator[Mention]:
    """Finds what refers to a component in a text.

    Args:
        file: The file.
        wording: How the component is called.
        moves: What is moved, and what it is called then; for links.
        roots: The folders that paths can begin in, beside that of the file.
    """
    text = file.text
    if file.path.name == "placements.toml":  # the addresses in it are of the machine
        yield from (Mention(edit, "setting") for edit in _placed(_tables(text), wording))
        return
    of_deployment = file.path.suffix in (".yaml", ".yml")
    name, bases = file.path.name, (*roots, file.path.parent)
    ground = Ground(bases, name in _ROOTED, bool(_CONTAINER.fullmatch(name)))
    yield from wording.mentions(text, ground=ground, secrets=of_deployment)
    yield from _typed(text, wording)
    if file.path.suffix == ".md":
        yield from _links(file, moves)
    if file.path.name == "pyproject.toml":
        yield from (Mention(edit, "setting") for edit in _groups(_tables(text), wording))


def _tables(text: str) -> Tables:
    try:
        return Tables(text)
    except tomllib.TOMLDecodeError:  # whoever reads it for what it says will tell
        return Tables("")


def _typed(text: str, wording: Wording) -> Iterator[Mention]:
    """What is typed after a command or given as a variable: ``--only orders``, ``FISSILE_PROCESS=orders``."""
    for flag in _TYPED.finditer(text):
        if flag[0].startswith("FISSILE_PROCESS") and not wording.is_process:
            continue
        for found in re.finditer(rf"(?<![\w-]){wording.old}(?![\w-])", flag["names"]):
            start = flag.start("names")
            yield Mention(Edit(found.start() + start, found.end() + start, wording.new), "setting")


def _links(file: Written, moves: dict[Path, str]) -> Iterator[Mention]:
    """Links to files that are moved."""
    for found in _LINK.finditer(file.text):
        group = "inline" if found["inline"] else "apart"
        target = re.split(r"[?#]", found[group])[0]
        if "://" in target or target.startswith(("/", "mailto:")):
            continue
        for start, end, new in moved_parts(target, file.path.parent, moves):
            yield Mention(Edit(found.start(group) + start, found.start(group) + end, new), "path")


def moved_parts(target: str, base: Path, moves: dict[Path, str]) -> Iterator[tuple[int, int, str]]:
    """The parts of a path that are called otherwise after moves.

    Args:
        target: The path as it is written.
        base: The folder that it begins in.
        moves: What is moved, and what it is called then.

    Yields:
        Where in `target` a part begins and ends, and its new name.
    """
    here = os.path.normpath(base)
    at = 0
    for part in target.split("/"):
        here = os.path.normpath(os.path.join(here, part or "/") if part or not at else here)  # noqa: PTH118  # lexical
        if (new := moves.get(Path(here))) is not None and part == Path(here).name:
            yield at, at + len(part), new
        at += len(part) + 1


def _groups(tables: Tables, wording: Wording) -> Iterator[Edit]:
    """The dependency group of a component (PEP 735), and where it is named."""
    if ("dependency-groups", wording.new) in {key.path for key in tables.keys}:
        return
    for key in tables.keys:
        if is_group(key, wording.old):
            yield _renamed(tables.text, key, wording.new)
    for value in tables.strings():
        if value.text == wording.old and names_a_group(value):
            yield _renamed(tables.text, value, wording.new)


def is_group(key: Key, name: str) -> bool:
    """Says whether a key is that of a dependency group."""
    return key.path in {("dependency-groups", name), ("tool", "uv", "dependency-groups", name)}


def names_a_group(value: Value) -> bool:
    """Says whether a string is the name of a dependency group, beside the one that defines it."""
    match value.path:
        case ("dependency-groups", _, int(), "include-group"):
            return True
        case ("tool", "uv", "conflicts", int(), int(), "group") | ("tool", "uv", "default-groups", int()):
            return True
        case ("tool", "hatch", "envs", _, "dependency-groups", int()):
            return True
    return False


def runs_component(value: Value) -> bool:
    """Says whether a string in ``placements.toml`` is a component that a process runs."""
    match value.path:
        case ("defaults", *_):
            return False
        case (str(), str(), int()) | (str(), str(), "components", int()):
            return True
    return False


def _placed(tables: Tables, wording: Wording) -> Iterator[Edit]:
    """The component in the processes that run it, and those that are called like it and run nothing else."""
    runs = [value for value in tables.strings() if runs_component(value)]
    paths = {key.path for key in tables.keys}
    for value in runs:
        if value.text != wording.old:
            continue
        yield _renamed(tables.text, value, wording.new)
        process = value.path[:2]
        alone = sum(other.path[:2] == process for other in runs) == 1
        if process[1] == wording.old and alone and (process[0], wording.new) not in paths:
            for key in tables.keys:
                if key.path == process:
                    yield _renamed(tables.text, key, wording.new)


def is_shared(file: Written, name: str) -> bool:
    """Says whether a process in ``placements.toml`` is called like a component and runs others, too."""
    runs = [value for value in _tables(file.text).strings() if runs_component(value)]
    return any(value.path[1] == name and value.text != name for value in runs)


def _renamed(text: str, place: Key | Value, new: str) -> Edit:
    """Renames a key or string, and keeps its quotes."""
    quotes = 1 if text[place.start] in "\"'" else 0
    return Edit(place.start + quotes, place.end - quotes, new)
