"""``fissile db check``: what is wrong with the migrations, before anybody applies them."""

from __future__ import annotations

import json
from dataclasses import asdict

import typer

from ..words import BROKEN, say, show_fault
from .chosen import AsJson, Components, chosen, reaching


def check(component: Components = None, as_json: AsJson = False) -> None:
    """Check migrations: heads, kinds, changes that none of them makes, locks and older code, foreign keys.

    Exit code 1 when something is found. What the database says is compared as well. Parts of the tables that cannot be
    compared are named, which changes no exit code.

    --json prints a list of what, where, why and fix.

    Examples:
        fissile db check
        fissile db check orders --json
    """
    from ...data import former
    from ...data.migrations.checking import check as look

    faults, not_compared = [], []
    for one in chosen(component):
        with reaching(one):
            if fault := former.fault_of(one.address):
                faults.append(fault)
            address = one.address.former if former.is_waiting(one.address) else one.address
            findings = look(one.migrations, address, one.found.where)
            faults += findings.faults
            not_compared += [f"{one.name}: {each}" for each in findings.not_compared]
    if as_json:
        print(json.dumps([asdict(fault) for fault in faults], indent=2))
    else:
        for fault in faults:
            show_fault(fault)
    for each in not_compared:
        say(f"not compared: {each}")
    if faults:
        raise typer.Exit(BROKEN)
    say("nothing is wrong" if not not_compared else "nothing is wrong with what was compared")
