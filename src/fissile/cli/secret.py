"""``fissile secret``: the secrets of an application, each a file that its user alone can read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import Fault, WrongUsage, shown
from .groups import Command, group
from .words import say

if TYPE_CHECKING:
    from ..project import Project

BYTES = 32
"""Random bytes of a secret, which is written as hexadecimal digits."""


def create(
    name: Annotated[
        str, typer.Argument(help="link, or a component and a setting: orders__stripe_key.", show_default=False)
    ],
    from_stdin: Annotated[
        bool, typer.Option("--stdin", help="Read its text from stdin; random text without it.")
    ] = False,
    application: Annotated[str | None, typer.Option("--app", help="The application, such as shop.main:app.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be written, and write nothing.")] = False,
) -> None:
    """Create a secret, in a file that only you can read; one that exists is kept.

    It is written into .fissile/secrets, or the folder that FISSILE_SECRETS names. The secret link opens calls between
    processes over TCP, and has to be the same at both ends.

    Examples:
        fissile secret create link
        fissile secret create orders__stripe_key --stdin
    """
    import secrets

    from ..project.secrets import create_secret, make_secrets_folder, secrets_folder
    from .application import project_of

    project = project_of(application)
    _refuse_wrong(project, name)
    file = secrets_folder(project) / name
    if file.exists():
        raise _exists(file.name, shown(file))
    if dry_run:
        say(f"would write {shown(file)}")
        return
    text = sys.stdin.read().strip() if from_stdin else secrets.token_hex(BYTES)
    if not text:
        raise typer.BadParameter("stdin is empty", param_hint="'--stdin'")
    make_secrets_folder(project)
    try:
        create_secret(file, text)
    except FileExistsError:
        raise _exists(file.name, shown(file)) from None
    say(f"wrote {shown(file)}")


def _exists(name: str, file: str) -> WrongUsage:
    why, fix = "a secret is never overwritten", f"remove {file} first, if nothing uses it any more"
    return WrongUsage(Fault(f"there is a secret {name} already", file, why, fix))


def _refuse_wrong(project: Project, name: str) -> None:
    """Refuse a name under which no part of the application would look for a secret.

    Raises:
        WrongUsage: It is neither ``link`` nor ``<component>__<key>``.
    """
    from ..project import nearest
    from ..project.secrets import LINK

    component, separator, key = name.partition("__")
    known = [found.name for found in project.components]
    if name == LINK or (component in known and key.isidentifier() and key == key.lower()):
        return
    close = nearest(component, [*known, LINK])
    better = f"{close}{separator}{key.lower()}" if close in known else close
    why = f"a secret is {LINK}, or the name of a component and of a setting: <component>__<key>"
    fix = f"did you mean {better}?" if better else f"the components are {', '.join(known)}"
    raise WrongUsage(Fault(f"nothing reads a secret {name!r}", "", why, fix))


secret = group("secret", "Look after the secrets of the application.")
secret.command("create", cls=Command)(create)
