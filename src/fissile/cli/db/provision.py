"""``fissile db provision``: makes roles, schemas and passwords in PostgreSQL."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from ..application import project_of
from ..completing import offer_with_databases
from ..words import say

if TYPE_CHECKING:
    from ...data.address import Address
    from ...project import Project


def provision(
    admin_url: Annotated[
        str,
        typer.Option(
            envvar="FISSILE_ADMIN_URL",
            help="Who may make roles: postgresql://postgres@localhost:5432/postgres",
            metavar="URL",
        ),
    ],
    component: Annotated[
        str | None,
        typer.Argument(help="One component; all without it.", show_default=False, autocompletion=offer_with_databases),
    ] = None,
    new_passwords: Annotated[
        bool, typer.Option("--new-passwords", help="Give roles new passwords where the secrets have none.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be made, and make nothing.")] = False,
) -> None:
    """Make a role and a schema in PostgreSQL for each component, and passwords among the secrets.

    What is there is kept, so it can be run again: for a new component, on another server, after a restore. What is
    there under the id that a component had before (Database(formerly=...)) is renamed, when no older code is connected.

    Examples:
        fissile db provision --admin-url postgresql://postgres@localhost:5432/postgres
        fissile db provision orders --admin-url postgresql://postgres@localhost:5432/postgres --dry-run
    """
    from ...data.address import server_of
    from ...data.provisioning import provision as make
    from ...project.secrets import make_secrets_folder, secrets_folder
    from ...runtime.addresses import admin_of, on_server

    project = project_of(None)
    admin = admin_of(admin_url)
    addresses = on_server(project, component, admin)
    folder = secrets_folder(project) if dry_run else make_secrets_folder(project)
    if dry_run:
        for address in addresses:
            say(f"would make the role {address.url.username} and its schema {address.schema} in {address.url.database}")
            if address.formerly:
                say(f"or rename {address.formerly} and its role {address.former.url.username}, where they are there")
        return
    for address in addresses:
        if address.where and address.server != server_of(admin):
            say(f"note: {address.component} is at {address.server}, and this is done at {server_of(admin)}")
    for made in make(admin, addresses, folder, new_passwords=new_passwords):
        address = made.address
        new = "new " if made.is_new else ""
        if made.renamed:
            now = (address.schema, address.url.username)[: len(made.renamed)]
            say(f"{address.component}: renamed {' and '.join(made.renamed)} to {' and '.join(map(str, now))}")
        kept = "its password is in its URL" if made.secret is None else f"its {new}password is in {made.secret}"
        say(f"{address.component} has the role {address.url.username}, and its schema {address.schema}; {kept}")
    _tell_next(project, addresses)


def _tell_next(project: Project, addresses: list[Address]) -> None:
    from ...data.address import without_login
    from ...project import URL_FOR_ALL

    if not os.environ.get(URL_FOR_ALL) and any(not address.where for address in addresses):
        url = without_login(addresses[0].url).set(drivername="postgresql")
        say(f"next: export {URL_FOR_ALL}={url.render_as_string(hide_password=False)}")
    say("next: fissile db upgrade")
