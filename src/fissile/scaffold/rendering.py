"""Makes files out of the templates, each tree of which is itself a project that works.

Statements of jinja2 are comments that begin with ``#:``. Whatever else changes is a word of the sample, or a line: the
project is called ``sample``, its components ``notes`` and ``greetings``, and so on; a template has no other holes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

TEMPLATES = Path(__file__).parent / "templates"

Words = Mapping[str, str]
"""What stands for which word of the sample."""


_FIELD = "\0"
"""What lines of fields are between until all words are put in: the name of a field may be a word of the sample."""


@dataclass(frozen=True)
class Sample:
    """What is made of templates.

    Attributes:
        words: What stands for each word of the sample, in texts and in the names of files.
        options: What the statements ask for.
        fields: For each field of an entity, what stands for the words of the sample's only field.
    """

    words: Words
    options: Mapping[str, object] = field(default_factory=dict)
    fields: Sequence[Words] = ()

    def files(self, tree: Path, only: Callable[[PurePosixPath], bool] = lambda _: True) -> dict[PurePosixPath, str]:
        """Renders a tree.

        Args:
            tree: Its folder.
            only: Which of its files are wanted.

        Returns:
            The texts by their paths; a file of which nothing is left is not there, unless it makes a package.
        """
        found = {}
        for file in sorted(path for path in tree.rglob("*") if path.is_file() and _is_source(path)):
            path = PurePosixPath(file.relative_to(tree).as_posix())
            if only(path):
                text = self.rendered(file.read_text(encoding="utf-8"))
                if text.strip() or path.name == "__init__.py":
                    found[PurePosixPath(replaced(str(path), self.words))] = text
        return found

    def rendered(self, text: str) -> str:
        """Renders the text of one template."""
        from jinja2 import Environment, StrictUndefined

        environment = Environment(
            block_start_string="#:",
            block_end_string="\n",  # a statement is a line, and the line goes with it
            lstrip_blocks=True,
            variable_start_string="\0{",  # words stand for themselves, and braces are Python's
            variable_end_string="}\0",
            comment_start_string="\0#",
            comment_end_string="#\0",
            keep_trailing_newline=True,
            undefined=StrictUndefined,
            autoescape=False,  # it is source, not a page
        )
        template = environment.from_string(text)
        made = template.render(self.options, each=self._each)
        outside_and_inside = enumerate(made.split(_FIELD))
        return "".join(part if at % 2 else replaced(part, self.words) for at, part in outside_and_inside)

    def _each(self, caller: Callable[[], str]) -> str:
        """The lines of the sample's only field, once for each field, between marks: all of their words are put in."""
        lines = "".join(replaced(caller(), {**self.words, **words}) for words in self.fields)
        return f"{_FIELD}{lines}{_FIELD}"


def replaced(text: str, words: Words) -> str:
    """Puts words for words, all at once; a word ends where letters and digits end.

    Args:
        text: The text.
        words: What stands for which; of two that fit at one place the longer one wins.
    """
    if not words:
        return text
    choices = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.sub(rf"(?<![A-Za-z0-9])(?:{choices})(?![A-Za-z0-9])", lambda found: words[found[0]], text)


def _is_source(path: Path) -> bool:
    return "__pycache__" not in path.parts and not any(part.startswith(".") and "cache" in part for part in path.parts)
