"""A name that an import gives to what moves, and whether it can be called otherwise, too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..source.edits import Edit
from .wording import Mention, Moved


@dataclass(frozen=True)
class Local:
    """A name in a scope that an import gives to what moves, without a name of its own.

    Attributes:
        moved: What it stands for.
        aliases: Where it is imported.
        uses: Where it is used; None where it cannot be renamed without doubt.
        is_exported_from: The module that others may import it from; None where it is no name of a module.
    """

    moved: Moved
    aliases: tuple[Edit, ...]
    uses: tuple[Edit, ...] | None
    is_exported_from: str | None

    @property
    def edits(self) -> tuple[Edit, ...]:
        """Every place of it."""
        return (*self.aliases, *(self.uses or ()))

    def mentions(self, exported: Iterable[str]) -> Iterator[Mention]:
        """Renames it, or where that is in doubt or others import it from here, only what it is imported from.

        Args:
            exported: The dotted names that other files use.
        """
        wanted = None if self.is_exported_from is None else f"{self.is_exported_from}.{self.moved.old}"
        stays = self.uses is None or (wanted is not None and _is_among(wanted, exported))
        for alias in self.aliases:
            text = f"{alias.text} as {self.moved.old}" if stays else alias.text
            yield Mention(Edit(alias.start, alias.end, text), "import")
        for use in () if stays or self.uses is None else self.uses:
            yield Mention(use, "name")


def _is_among(wanted: str, exported: Iterable[str]) -> bool:
    """Whether others use a name; a test may import a module of its folder without naming the folder."""
    return any(wanted == name or wanted.endswith(f".{name}") for name in exported)
