"""Groups of commands, whose help is there at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typer.core import TyperGroup

if TYPE_CHECKING:
    from typer import Context
    from typer.core import TyperOption


class Group(TyperGroup):
    """A group of commands that says of ``--help`` what it is when nobody has typed it.

    Otherwise typer has pydantic find out, at every command, which takes longer than all the rest.
    """

    def get_help_option(self, ctx: Context) -> TyperOption | None:  # type: ignore[override]  # its base is private
        """The option ``--help``."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.default = False
        return option
