"""Commands and groups of them, whose help is there at once and ends with examples."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

if TYPE_CHECKING:
    from typer._click import Context, HelpFormatter, Parameter  # only their names, for the types of what is overridden

_EXAMPLES = "Examples:"

Found = TypeVar("Found")


def described(text: str | None) -> tuple[str, tuple[str, ...]]:
    """What a docstring says, and the commands of its section ``Examples:``.

    Args:
        text: The docstring of a command, or the help of a group.
    """
    prose, _, rest = inspect.cleandoc(text or "").partition(f"\n\n{_EXAMPLES}\n")
    return prose, tuple(line.strip() for line in rest.splitlines() if line.strip())


class Command(TyperCommand):
    """A command whose help ends with the examples of its docstring, each in a line of its own."""

    def get_help_option(self, ctx: Context) -> TyperOption | None:
        """The option ``--help``."""
        return _without_pydantic(super().get_help_option(ctx))

    def format_help_text(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Called for the help: what the command does."""
        _write_prose(self.help, formatter)

    def format_epilog(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Called for the end of the help."""
        _write_examples(self.help, formatter)

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Called with what was typed; while a shell completes it, values stay as they are typed.

        To convert them typer loads pydantic, which takes longer than all the rest of a completion.
        """
        if not ctx.resilient_parsing:
            return super().parse_args(ctx, args)
        has_value = not (args and args[-1].startswith("-"))  # an option without its value would end the reading
        typed, rest, _ = self.make_parser(ctx).parse_args(args=args if has_value else args[:-1])
        for param in self.get_params(ctx):
            ctx.params[param.name], source = param.consume_value(ctx, typed)
            ctx.set_parameter_source(param.name, source)
        ctx.args = rest
        return rest


class Group(TyperGroup):
    """A group of commands, which has examples as a `Command` has them."""

    def get_params(self, ctx: Context) -> list[Parameter]:
        """Its options."""
        params = super().get_params(ctx)
        for param in params:
            _without_pydantic(param)
        return params

    def format_help_text(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Called for the help: what the commands are about."""
        _write_prose(self.help, formatter)

    def format_epilog(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Called for the end of the help."""
        _write_examples(self.help, formatter)


def group(name: str, words: str) -> typer.Typer:
    """Makes a group of commands inside of another one.

    Args:
        name: What is typed for it.
        words: What it is for.
    """
    return typer.Typer(name=name, cls=Group, help=words, rich_markup_mode=None, no_args_is_help=True)


def _without_pydantic(option: Found) -> Found:
    """A flag that says what it is when nobody has typed it.

    Otherwise typer has pydantic find out, at every command, which takes longer than all the rest.
    """
    if isinstance(option, TyperOption) and option.is_flag and option.default is None:
        option.default = False
    return option


def _write_prose(text: str | None, formatter: HelpFormatter) -> None:
    prose, _ = described(text)
    formatter.write_paragraph()
    with formatter.indentation():
        formatter.write_text(prose)


def _write_examples(text: str | None, formatter: HelpFormatter) -> None:
    _, examples = described(text)
    if not examples:
        return
    with formatter.section(_EXAMPLES.rstrip(":")):
        for example in examples:
            formatter.write(f"{'':{formatter.current_indent}}{example}\n")
