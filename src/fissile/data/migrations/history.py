"""The revisions of one component: files that say how its tables came to be, in their order."""

from __future__ import annotations

import ast
import hashlib
import traceback
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

from alembic.script import Script, ScriptDirectory
from alembic.util.exc import CommandError

from ...errors import ConfigurationError, Fault, WrongUsage, shown
from ...project.graph import nearest

Kind = Literal["expand", "contract"]
"""``expand``: older code runs on what the revision makes. ``contract``: it does not."""

KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True)
class Revision:
    """One revision.

    Attributes:
        id: Alembic's name for it.
        kind: What it is to older code.
        message: What it does.
        file: Where it is written.
        below: The revisions that it follows.
    """

    id: str
    kind: str
    message: str
    file: Path
    below: tuple[str, ...] = field(repr=False)

    @property
    def name(self) -> str:
        """Its name for people, which is that of its file."""
        return self.file.stem

    def place(self, beginning: str) -> str:
        """Where its file has a line that begins like this, as ``file:line``; where there is none, the file."""
        lines = enumerate(self.file.read_text(encoding="utf-8").splitlines(), 1)
        return shown(self.file, next((number for number, line in lines if line.startswith(beginning)), None))

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of its code, in which neither comments, layout nor its place in the order count."""
        return digest_of(self.file.read_text(encoding="utf-8"))


def digest_of(code: str) -> str:
    """Return the digest of a revision's code."""
    tree = ast.parse(code)
    kept = [node for node in tree.body if not _is_aside(node)]
    return hashlib.sha256(ast.unparse(ast.Module(kept, [])).encode()).hexdigest()


def _is_aside(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return any(isinstance(one, ast.Name) and one.id == "down_revision" for one in targets)


def line_in(folder: Path, error: BaseException) -> str | None:
    """Return the last line of the code below a folder at which an error passed, as ``file:line``."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [shown(Path(one.filename), one.lineno) for one in frames if Path(one.filename).is_relative_to(folder)]
    return lines[-1] if lines else None


def folder_of(component: Path) -> Path:
    """Where a component's revisions are: ``db/migrations`` where ``db`` is a folder, else ``migrations``."""
    return component / "db" / "migrations" if (component / "db").is_dir() else component / "migrations"


class History:
    """The revisions of one component.

    Args:
        component: The component's name.
        folder: Where its revisions are.
    """

    def __init__(self, component: str, folder: Path) -> None:
        self.component = component
        self.folder = folder

    @cached_property
    def script(self) -> ScriptDirectory:
        """Alembic's view of them; there is no ``alembic.ini`` and no ``env.py``."""
        here = str(Path(__file__).parent)
        return ScriptDirectory(here, version_locations=[str(self.folder)], messaging_opts={"quiet": True})

    @cached_property
    def revisions(self) -> tuple[Revision, ...]:
        """All of them, the first one first.

        Raises:
            ConfigurationError: They cannot be read, or have several heads.
        """
        if not self.folder.is_dir():
            return ()
        try:
            with warnings.catch_warnings():
                # Two of one id, and one that follows what is not there, are no more than warnings to Alembic.
                warnings.filterwarnings("error", "Revision", UserWarning)
                found = tuple(map(_revision, reversed(list(self.script.walk_revisions()))))
        except SyntaxError as error:
            where = shown(Path(error.filename or self.folder), error.lineno)
            raise ConfigurationError(Fault(f"a migration of {self.component} is no Python", where, error.msg)) from None
        except ConfigurationError:
            raise
        except Exception as error:  # noqa: BLE001  # the code of a revision
            line = line_in(self.folder, error)
            if line is None or isinstance(error, CommandError | UserWarning):
                raise self._unreadable(error) from None
            what = f"a migration of {self.component} cannot be imported"
            raise ConfigurationError(Fault(what, line, f"{type(error).__name__}: {error}", "mend it")) from None
        if faults := [*self._kinds(found), *self._heads(found), *self._merges(found)]:
            raise ConfigurationError(*faults)
        return found

    def _unreadable(self, error: Exception) -> ConfigurationError:
        what = f"the migrations of {self.component} cannot be read"
        fix = "look at revision and down_revision in each of them"
        return ConfigurationError(Fault(what, shown(self.folder), str(error), fix))

    @property
    def head(self) -> Revision | None:
        """The last one."""
        return self.revisions[-1] if self.revisions else None

    def find(self, name: str) -> Revision:
        """A revision by its id, the beginning of it, its file's name or its number.

        Raises:
            WrongUsage: There is none; it says the nearest name.
        """
        for revision in self.revisions:
            number = revision.name.partition("_")[0]
            if name in (revision.id, revision.name, number, number.lstrip("0")) or revision.id.startswith(name):
                return revision
        names = [revision.name for revision in self.revisions]
        close = nearest(name, names)
        why = f"there {'is' if len(names) == 1 else 'are'} {', '.join(names) or 'none'}"
        fix = f"did you mean {close}?" if close else ""
        raise WrongUsage(Fault(f"{self.component} has no revision {name!r}", shown(self.folder), why, fix))

    def _kinds(self, found: Sequence[Revision]) -> list[Fault]:
        return [
            Fault(
                f"{one.name} does not say what it is to older code",
                one.place("kind"),
                "whether older code runs on what it makes decides when it may be applied",
                'write kind = "expand" below down_revision where it does, or kind = "contract" where it does not',
            )
            for one in found
            if one.kind not in KINDS
        ]

    def _heads(self, found: Sequence[Revision]) -> list[Fault]:
        heads = [one for one in found if not any(one.id in other.below for other in found)]
        if len(heads) < 2:
            return []
        names = " and ".join(one.name for one in heads)
        what = f"the migrations of {self.component} have {len(heads)} heads: {names}"
        why = "they come one after the other, and here two follow the same one, as when two branches were merged"
        places = " or ".join(f'"{one.id}" in {shown(other.file)}' for one, other in (heads[:2], heads[1::-1]))
        fix = f"let the one that no database has follow the other: write down_revision = {places}"
        return [Fault(what, shown(self.folder), why, fix)]

    def _merges(self, found: Sequence[Revision]) -> list[Fault]:
        return [
            Fault(
                f"{one.name} of {self.component} follows several others",
                one.place("down_revision"),
                "they come one after the other, so that it can be said what is applied before a contraction",
                "let it follow the last one, and let that follow the others",
            )
            for one in found
            if len(one.below) > 1
        ]


def _revision(script: Script) -> Revision:
    below = script.down_revision or ()
    kind = getattr(script.module, "kind", "")
    message = (script.doc or "").strip().splitlines()
    return Revision(
        script.revision,
        kind if isinstance(kind, str) else "",
        message[0].rstrip(".") if message else "",
        Path(script.path),
        (below,) if isinstance(below, str) else tuple(below),
    )
