"""``fissile db upgrade``: applies revisions."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ...errors import ConfigurationError, DependencyDown, Fault, raise_faults
from ..choices import one_of
from ..completing import offer_databases
from ..words import say, show_warning
from .chosen import Chosen, Components, chosen, reaching


def upgrade(
    component: Components = None,
    contract: Annotated[
        bool, typer.Option("--contract", help="Apply contractions as well, once no older code runs.")
    ] = False,
    sql: Annotated[bool, typer.Option("--sql", help="Print the SQL instead of running it.")] = False,
    dialect: Annotated[
        str | None,
        typer.Option(
            help="The SQL of postgresql or sqlite; that of the database without it.", autocompletion=offer_databases
        ),
    ] = None,
) -> None:
    """Bring databases up to date: expansions, and with --contract what older code does not survive.

    A new database gets everything, since no older code can use it.

    It may run as often and as many times at once as you like; what is applied is applied once.

    Examples:
        fissile db upgrade
        fissile db upgrade orders --contract
        fissile db upgrade --sql --dialect postgresql
    """
    if dialect is not None:
        one_of(dialect, ("postgresql", "sqlite"), "--dialect")
    from ...data import former

    faults: list[Fault] = []
    for one in chosen(component):
        try:
            with reaching(one):
                if not sql and former.move(one.address):
                    say(f"{one.name}: moved its data from {one.address.former} to {one.address}")
                address = former.where_it_is(one.address)
                everything = contract or one.migrations.is_new(address)
                if sql:
                    one.migrations.write_sql(address, sys.stdout, dialect=dialect, contract=everything)
                else:
                    _upgrade(one, contract=everything)
        except DependencyDown:
            raise
        except ConfigurationError as error:  # the others are brought up to date nonetheless
            faults += error.faults
    raise_faults(faults)


def _upgrade(one: Chosen, *, contract: bool) -> None:
    done = one.migrations.upgrade(one.address, contract=contract)
    for revision in done:
        say(f"{one.name}: {revision.name}")
    if not one.migrations.exists:
        say(f"{one.name} has no migrations yet: fissile db revision {one.name} -m start")
        return
    for fault in one.migrations.deviations(one.address):
        show_warning(fault)
    waiting = one.migrations.state(one.address).next_contraction
    if waiting is not None:
        command = f"fissile db upgrade {one.name} --contract"
        say(f"{one.name}: {waiting.name} waits until no older code runs; then: {command}")
    elif not done:
        say(f"{one.name} is up to date, in {one.address}")
