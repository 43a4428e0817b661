"""What in a Python file refers to a component: imports, what comes from them, and words in strings and comments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import libcst as cst
from libcst.metadata import MetadataWrapper

from ..source.edits import Edit, Written
from .finder import PAGE, Finder
from .local import Local
from .wording import Mention, Wording


@dataclass(frozen=True)
class References:
    """What one file has.

    Attributes:
        file: The file.
        sure: What is renamed in any case.
        locals: Names that are renamed with their uses where nobody else uses them.
        used: The dotted names that it takes from elsewhere and that end with the component's name.
        exact: The lines with a string that is the name and nothing else.
        strings: The lines where it stands alone in a string that is no docstring; those with `exact` among them.
        loose: The other lines where it stands alone in a docstring or comment.
        docstrings: Which of `loose` are of docstrings.
    """

    file: Written
    sure: tuple[Mention, ...]
    locals: tuple[Local, ...]
    used: frozenset[str]
    exact: tuple[int, ...]
    strings: tuple[int, ...]
    loose: tuple[int, ...]
    docstrings: frozenset[int]

    def mentions(self, exported: Iterable[str]) -> tuple[Mention, ...]:
        """Everything that is renamed; see `Local.mentions`."""
        names = (mention for local in self.locals for mention in local.mentions(exported))
        return (*self.sure, *names)


def references(file: Written, module: str, wording: Wording) -> References:
    """Finds what refers to a component in a file.

    Args:
        file: The file.
        module: Its dotted name, from where the project is imported.
        wording: How the component is called.

    Raises:
        libcst.ParserSyntaxError: It is no Python.
        SyntaxError: It is Python whose places cannot be told, such as a string with a form feed in it.
    """
    wrapper = MetadataWrapper(cst.parse_module(file.text.replace(PAGE, "")), unsafe_skip_copy=True)
    package = module if file.path.stem == "__init__" else module.rpartition(".")[0]
    finder = Finder(file.text, module, package, wording)
    with finder.resolve(wrapper):
        wrapper.module.visit(finder)
        found = finder.locals()
        sure = (*finder.found, *finder.of_annotations(), *finder.of_stars())
    _check(file.text, [*(mention.edit for mention in sure), *(edit for each in found for edit in each.edits)], wording)
    strings = _lines(file, finder.strings)
    exact = _lines(file, {offset for offset in finder.strings if _is_exact(file.text, offset, wording)})
    loose = tuple(line for line in _lines(file, finder.comments | finder.docstrings) if line not in strings)
    docstrings = frozenset(_lines(file, finder.docstrings))
    return References(file, sure, found, frozenset(finder.used), exact, strings, loose, docstrings)


def _lines(file: Written, offsets: Iterable[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(file.line(offset) for offset in sorted(offsets)))


def _is_exact(text: str, offset: int, wording: Wording) -> bool:
    """Whether a string is the name and nothing else."""
    around = text[offset - 1 : offset], text[offset + len(wording.old) : offset + len(wording.old) + 1]
    return around in {('"', '"'), ("'", "'")}


def _check(text: str, edits: Iterable[Edit], wording: Wording) -> None:
    """Makes sure that each edit is where the name stands."""
    known = {wording.old, wording.old.upper(), *(moved.old for moved in wording.moved)}
    if any(text[edit.start : edit.end] not in known for edit in edits):
        raise SyntaxError("what refers to the component stands elsewhere than it seems")
