"""The reference of the command line is what the commands say."""

import re
from pathlib import Path

from docs.reference.generate import EXIT_CODES, OWN_VARIABLES, PAGE, VARIABLES, page
from fissile.cli import words

SOURCES = Path(words.__file__).parents[1]


def test_the_page_is_what_the_commands_say() -> None:
    """Whoever changes a command makes the page anew."""
    assert page() == PAGE.read_text(encoding="utf-8"), "docs/reference/cli.md is outdated; run: make reference"


def test_links_lead_to_a_heading() -> None:
    """As Markdown is shown on the web: the words of a heading with hyphens."""
    text = page()
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set() == set(re.findall(r"\]\(#([^)]*)\)", text)) - anchors


def test_every_variable_is_listed() -> None:
    """A variable that the sources name is for somebody, or for Fissile itself."""
    texts = [file.read_text(encoding="utf-8") for file in SOURCES.rglob("*.py") if "templates" not in file.parts]
    named = {name for text in texts for name in re.findall(r'"(FISSILE_[A-Z_]+)"', text)}
    assert named == {name for name in VARIABLES if name.startswith("FISSILE_")} | OWN_VARIABLES


def test_every_exit_code_is_listed() -> None:
    """Each of those that the commands use."""
    used = {words.BROKEN, words.WRONG_USAGE, words.NOT_CONFIGURED, words.OUTSIDE_DOWN, words.INTERRUPTED}
    assert {0, *used} == set(EXIT_CODES)
