"""Writes the reference of the command line out of the commands themselves: ``make reference``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from typer.core import TyperArgument, TyperGroup, TyperOption
from typer.main import get_command

from fissile.cli import cli, words, writing
from fissile.cli.groups import described
from fissile.project import Project
from fissile.scaffold.change import Change

if TYPE_CHECKING:
    from typer._click import Command  # only its name

PAGE = Path(__file__).with_name("cli.md")

EXIT_CODES = {
    0: "it is done, and all is well",
    words.BROKEN: "a check found something, a call ended with an error, or your own code failed while it ran",
    words.WRONG_USAGE: "what was typed cannot be done: an unknown command, option or name, or a bad one",
    words.NOT_CONFIGURED: "the application is not right as it is written or configured, or cannot be loaded",
    words.OUTSIDE_DOWN: "something outside that is needed is not there, such as a database, a provider or a free port",
    words.INTERRUPTED: "it was interrupted, as by Ctrl-C",
}

VARIABLES = {
    "FISSILE_PLACEMENT": "the placement, where `--placement` does not say it",
    "FISSILE_PROCESS": "the process of the placement that this one is, where `--process` does not say it",
    "FISSILE_MODE": "`development` (the default), `staging` or `production`",
    "FISSILE_DATABASE_URL": "the database of all components that have none of their own",
    "FISSILE_ADMIN_URL": "who may make roles and databases, for `fissile db provision`",
    "FISSILE_SECRETS": "the directory of secrets; `.fissile/secrets` by default",
    "FISSILE_STATE": "the folder of the state; `.fissile` in the project by default",
    "FISSILE_ENVOY": "the Envoy that stands in front of several processes, where it is not the installed one",
    "FISSILE_TEST_POSTGRES": "for tests: the URL of somebody who may make databases and roles",
    "XDG_STATE_HOME": "your state directory, where commands keep their journals; `~/.local/state` by default",
    "NO_COLOR": "no colour, on a terminal neither; `FORCE_COLOR` colours without a terminal",
}
"""The variables that somebody sets."""

OWN_VARIABLES = {"FISSILE_DEBUG", "FISSILE_OPENAPI"}
"""Those that only Fissile itself sets, for the processes that it starts."""

BEGINNING = """\
<!-- Made out of the commands by `make reference`: change their docstrings, and make it again. -->

# The command line

Every command of `fissile`, with its arguments and options. `fissile COMMAND --help` says the same in a terminal.

- Data goes to stdout, words go to stderr. `--json` is there wherever a program might read the data.
- What writes into a project does all of it or nothing, also when it is killed, and never overwrites what it did not
  write. `--dry-run` shows the change as a diff, in colour on a terminal.
- A mistyped name gets the nearest one. A mistake of yours is said in a few lines: what, where, why, and how to mend it.
- With `--json` an error is JSON as well, on one line of stderr:
  `{"errors": [{"what": ..., "where": ..., "why": ..., "fix": ...}]}`, with a `traceback` if your own code failed. Exit
  codes stay the same. `fissile call`, whose `--json` takes the arguments, reports mistakes in words.
"""

COMPLETION = """\
## Completion

`fissile --install-completion` installs completion for the shell in which you type it: bash, zsh, fish or PowerShell. It
takes effect in the next shell that you open. `fissile --show-completion` prints the script instead, to put it where you
keep such things.

Commands and options are completed, and so are values: components, placements, processes, methods, revisions, shapes,
databases. They are read from the project in the working directory, and nothing of it is imported, so completion works
on an application that cannot start.
"""

Commands = list[tuple[str, "Command"]]
Parameter = TyperArgument | TyperOption


def page() -> str:
    """The page."""
    root = get_command(cli)
    found = list(_walk("fissile", root))
    parts = [
        BEGINNING,
        *_overview(found),
        "## Exit codes\n",
        _table(("code", "meaning"), ((str(code), meaning) for code, meaning in EXIT_CODES.items())),
        "## Environment variables\n",
        _table(("variable", "what it says"), ((f"`{name}`", meaning) for name, meaning in VARIABLES.items())),
        "A component's own settings are `<COMPONENT>__KEY`. What is typed wins over the environment.\n",
        COMPLETION,
        *_shapes(),
        *_options("## Options of `fissile` itself", root),
        *(part for path, command in found for part in _section(path, command)),
    ]
    return "\n".join(parts)


def _walk(path: str, command: Command) -> Iterator[tuple[str, Command]]:
    """The commands, with what is typed before their arguments."""
    if not isinstance(command, TyperGroup):
        yield path, command
        return
    for name, below in command.commands.items():
        yield from _walk(f"{path} {name}", below)


def _overview(found: Commands) -> Iterator[str]:
    yield "## Commands\n"
    yield _table(("command", "what it does"), ((_link(path), _first(command)) for path, command in found))


def _link(path: str) -> str:
    return f"[`{path}`](#{path.replace(' ', '-')})"


def _first(command: Command) -> str:
    """The first sentence, which is the first paragraph."""
    prose, _ = described(command.help)
    return _marked(prose.partition("\n\n")[0])


def _section(path: str, command: Command) -> Iterator[str]:
    prose, examples = described(command.help)
    yield f"## `{path}`\n"
    yield f"```text\n{_usage(path, command)}\n```\n"
    yield from (f"{_marked(paragraph)}\n" for paragraph in prose.split("\n\n"))
    yield from _arguments(command)
    yield from _options("**Options**", command)
    if any(param.help == writing.JSON for param in _shown(command)):
        yield "`--json` prints [the change](#a-change).\n"
    yield "**Examples**\n"
    yield "```sh\n" + "\n".join(examples) + "\n```\n"


def _usage(path: str, command: Command) -> str:
    """What is typed, as a manual has it."""
    words = [path]
    for param in _shown(command):
        if isinstance(param, TyperOption):
            words += [f"{param.opts[0]} {_value(param)}"] if param.required else []
        else:
            words.append(_name(param) if param.required else f"[{_name(param)}]")
    has_options = any(isinstance(param, TyperOption) for param in _shown(command))
    return " ".join([*words, *(["[OPTIONS]"] if has_options else [])])


def _shown(command: Command) -> list[Parameter]:
    return [param for param in command.params if isinstance(param, Parameter) and not param.hidden]


def _arguments(command: Command) -> Iterator[str]:
    found = [param for param in _shown(command) if not isinstance(param, TyperOption)]
    if found:
        yield "**Arguments**\n"
        yield _table(("argument", "meaning"), ((f"`{_name(param)}`", _meaning(param)[0]) for param in found))


def _options(title: str, command: Command) -> Iterator[str]:
    found = [param for param in _shown(command) if isinstance(param, TyperOption)]
    if found:
        yield f"{title}\n"
        yield _table(("option", "meaning", "default"), ((_typed(param), *_meaning(param)) for param in found))


def _name(param: Parameter) -> str:
    name = param.metavar or (param.name or "").upper()
    return f"{name}..." if param.nargs == -1 else name


def _typed(option: TyperOption) -> str:
    value = "" if option.is_flag else f" {_value(option)}"
    return ", ".join(f"`{name}{value}`" for name in option.opts)


def _value(option: TyperOption) -> str:
    return option.metavar or option.opts[0].removeprefix("--").replace("-", "_").upper()


def _meaning(param: Parameter) -> tuple[str, str]:
    """What a parameter says, and its default."""
    said, _, default = (param.help or "").removesuffix("]").partition("  [default: ")
    if param.envvar:
        said += f"; also by the variable {param.envvar}"
    if param.required and isinstance(param, TyperOption):
        default = "required"
    elif isinstance(param.default, (str, int)) and not isinstance(param.default, bool):
        default = str(param.default)
    return _marked(said), f"`{default}`" if default not in ("", "required") else default


def _shapes() -> Iterator[str]:
    yield "## What `--json` prints\n"
    yield "The keys stay what they are; new ones may come.\n"
    yield "### A change\n"
    yield f"{_returned(Change.as_json)} And `dry_run`, which says whether it was only shown.\n"
    yield "### The project\n"
    yield (
        f"{_returned(Project.as_json)} And `placements`, each with `wire` and its processes, and `running`: what the "
        "supervisor says, or null where none runs.\n"
    )


def _returned(function: object) -> str:
    """What a docstring says of the value that is returned."""
    text = inspect.getdoc(function) or ""
    said = inspect.cleandoc(text.partition("Returns:\n")[2].partition("\n\n")[0])
    sentence = " ".join(said.replace("``", "`").split())
    return sentence[0].upper() + sentence[1:]


_CODE = re.compile(
    r"\[tool\.fastapi\] entrypoint|postgresql://[^\s;]+|(?<![\w`-])--?[a-z][a-z-]*|\.fissile/\w+|(?<![\w`])[\w/]*\.?\w+(?:\.\w+)+(?::\w+)?"
    r"|(?<![\w`])\w+\(\)|\bFISSILE_[A-Z_]+|(?<= )-1|\"[A-Z]\w+: [^\"]+\""
)
"""What is code in the words of a docstring: options, files, modules, addresses, variables."""


def _marked(text: str) -> str:
    """The words of a docstring as Markdown, in one line."""
    return _CODE.sub(lambda found: f"`{found[0]}`", " ".join(text.split()))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
