"""``fissile openapi``: the OpenAPI document of the whole application."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ..errors import ConfigurationError, Fault, shown
from .application import Target


def openapi(
    target: Target = None,
    output: Annotated[Path | None, typer.Option(help="The file to write; stdout by default.", dir_okay=False)] = None,
) -> None:
    """Print the OpenAPI document, sorted, to commit and compare.

    Examples:
        fissile openapi
        fissile openapi --output openapi.json
    """
    from ..project import View
    from . import logs
    from .application import load, users_code

    if output is not None and not output.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {output.parent}", param_hint="--output")
    logs.configure("warning")
    app = load(target, View())  # whatever the environment says of the placement: the document has everything
    with users_code():
        text = json.dumps(app.openapi(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    if output is None:
        print(text, end="")
        return
    unfinished = output.with_name(f".{output.name}.unfinished")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(output)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        what = f"the document cannot be written: {error.strerror}"
        raise ConfigurationError(Fault(what, shown(output), "nothing was written")) from None
