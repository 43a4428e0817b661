"""What outlives the rename of a component, and so is written into its declaration: its id and its prefix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ..project import FoundComponent, default_prefix
from .source.declaration import declared
from .source.edits import Written


@dataclass(frozen=True)
class Outliving:
    """What becomes of the identity of a component that is called otherwise.

    Attributes:
        component: The component, as it was found.
        and_urls: Whether its URLs are to change.
        and_data: Whether its schema and its events are to change.
    """

    component: FoundComponent
    and_urls: bool
    and_data: bool

    @property
    def moves_urls(self) -> bool:
        """Whether its URLs change: a prefix of the user's own stays."""
        written = self.component.declaration
        return self.and_urls and written.api and written.prefix in (None, default_prefix(self.component.name))

    @property
    def moves_data(self) -> bool:
        """Whether its id changes: one of the user's own stays."""
        return self.and_data and self.component.declaration.id in (None, self.component.name)

    def written(self, file: Written) -> Written:
        """Writes down what stays, and takes out what goes.

        Args:
            file: The file of its declaration, as it is by now.
        """
        if self.moves_data and self.component.declaration.database:
            file = self._formerly(file)
        for name in self._gone():
            if (call := declared(file)) is not None:
                file = replace(file, content=file.edited(call.without(name)))
        call = declared(file)
        return file if call is None else replace(file, content=file.edited(call.with_keywords(self._kept())))

    def _gone(self) -> Iterator[str]:
        if self.moves_data and self.component.declaration.id is not None:
            yield "id"
        if self.moves_urls and self.component.declaration.prefix is not None:
            yield "prefix"

    def _kept(self) -> Mapping[str, str]:
        written, name = self.component.declaration, self.component.name
        kept = {}
        if written.id is None and not self.and_data:
            kept["id"] = f'"{name}"'
        if written.prefix is None and written.api and not self.and_urls:
            kept["prefix"] = f'"{default_prefix(name)}"'
        return kept

    def _formerly(self, file: Written) -> Written:
        """Says where the data has been until now."""
        call = declared(file)
        database = call.inner("database") if call is not None else None
        if database is None:
            return file
        name = f'"{self.component.name}"'
        if "formerly" in database.arguments:
            return replace(file, content=file.edited([database.with_value("formerly", name)]))
        return replace(file, content=file.edited(database.with_keywords({"formerly": name})))

    def notes(self) -> Iterator[str]:
        """What the user should know of it."""
        written = self.component.declaration
        if self.and_urls and not self.moves_urls:
            yield f"its URLs stay: {'the prefix is written in its declaration' if written.api else 'it has none'}"
        if self.and_data and not self.moves_data:
            yield f"its data stays: it is called {written.id}, after the id that is written in its declaration"
        if self.moves_data and written.database:
            admin = "fissile db provision --admin-url URL"
            yield f"its data moves with the next `fissile db upgrade` (SQLite) or `{admin}` (PostgreSQL)"
