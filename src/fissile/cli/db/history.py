"""``fissile db history``: the revisions of the components."""

from __future__ import annotations

import json

from ...errors import shown
from ..list import table
from .chosen import AsJson, Components, chosen


def history(component: Components = None, as_json: AsJson = False) -> None:
    """Show the revisions, the first one first; no database is asked.

    --json prints a list of component, revision, name, kind, message and file.

    Examples:
        fissile db history
        fissile db history orders --json
    """
    found = [(one.name, revision) for one in chosen(component) for revision in one.migrations.history.revisions]
    if as_json:
        listed = [
            {
                "component": name,
                "revision": one.id,
                "name": one.name,
                "kind": one.kind,
                "message": one.message,
                "file": shown(one.file),
            }
            for name, one in found
        ]
        print(json.dumps(listed, indent=2))
        return
    rows = [(name, one.name, one.kind, one.message) for name, one in found]
    for line in table(("COMPONENT", "REVISION", "KIND", "MESSAGE"), rows):
        print(line)
