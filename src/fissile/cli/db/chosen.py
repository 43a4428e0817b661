"""The components that a command is about, with their migrations and databases."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from ...errors import ConfigurationError, Fault
from ..application import project_of, users_code
from ..completing import offer_with_databases

if TYPE_CHECKING:
    from ...data.address import Address
    from ...data.migrations import Migrations
    from ...project import FoundComponent, Project

Component = Annotated[
    str, typer.Argument(help="The component.", show_default=False, autocompletion=offer_with_databases)
]
Components = Annotated[
    str | None,
    typer.Argument(help="The component; all of them without.", show_default=False, autocompletion=offer_with_databases),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@dataclass(frozen=True)
class Chosen:
    """One component with a database.

    Attributes:
        found: Where it is written.
        migrations: Its revisions.
        address: Its database.
    """

    found: FoundComponent
    migrations: Migrations
    address: Address

    @property
    def name(self) -> str:
        """Its name."""
        return self.found.name


def chosen(name: str | None) -> list[Chosen]:
    """The component of this name, or all that have a database.

    Raises:
        ConfigurationError: There is none, or what it declares or the environment says of its database is wrong.
        typer.Exit: The user's own code failed; it has been shown.
    """
    project = project_of(None)
    if name is not None:
        return [_chosen(project, project.component(name))]
    found = [_chosen(project, one) for one in project.components if one.declaration.database]
    if not found:
        why = "migrations are of tables"
        raise ConfigurationError(Fault("no component has a database", "", why, "write database=Database(metadata)"))
    return found


def _chosen(project: Project, found: FoundComponent) -> Chosen:
    from ...component import Component as Declaration
    from ...data.migrations import Migrations
    from ...project.libraries import importing
    from ...runtime.addresses import address_of

    if str(project.root) not in sys.path:
        sys.path.insert(0, str(project.root))
    with users_code(), importing(project):
        declaration = getattr(importlib.import_module(found.module), "component", None)
    if not isinstance(declaration, Declaration) or declaration.database is None:
        fix = "write database=Database(metadata) in its component.py"
        raise ConfigurationError(Fault(f"{found.name} has no database", found.where, "migrations are of tables", fix))
    migrations = Migrations(found.name, declaration.database.metadata, found.folder)
    return Chosen(found, migrations, address_of(project, found, declaration.database))


@contextmanager
def reaching(one: Chosen) -> Iterator[None]:
    """Says in our words what the database says when it cannot be reached, or that a schema is yet to be renamed."""
    from ...data import former
    from ...data.problems import connecting
    from ...project.folders import make_state

    if one.address.is_sqlite:
        make_state(one.address.file.parent)
    with connecting(one.address):
        if not one.address.is_sqlite:
            former.refuse(one.address)
        yield
