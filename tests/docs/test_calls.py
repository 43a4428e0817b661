"""Every sentence about calls names the tests that hold it."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "concepts" / "calls.md").read_text(encoding="utf-8")
NAME = re.compile(r"`(test_\w+)`")


def bullets(page: str) -> list[str]:
    """The items of its lists, each in one line."""
    return [" ".join(item.split()) for item in re.findall(r"^- (.*(?:\n  .*)*)", page, re.MULTILINE)]


def known() -> set[str]:
    """The names of all test functions and methods."""
    trees = (ast.parse(file.read_text(encoding="utf-8")) for file in (ROOT / "tests").rglob("*.py"))
    functions = (node for tree in trees for node in ast.walk(tree))
    return {node.name for node in functions if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}


@pytest.mark.parametrize("bullet", bullets(PAGE), ids=lambda bullet: bullet[:40])
def test_every_sentence_names_a_test(bullet: str) -> None:
    """A promise without one is a wish."""
    assert NAME.search(bullet)


def test_every_test_that_is_named_exists() -> None:
    """A test that is renamed takes its sentence along."""
    assert set() == set(NAME.findall(PAGE)) - known()


def test_every_sentence_of_the_design_is_there() -> None:
    """Nine of them, the difference, and the edge, all in bullets."""
    headings = re.findall(r"^## (?:\d\. )?(.*)", PAGE, re.MULTILINE)
    nine = ["Values", "Unit of work", "Deadline", "Ending", "Retries", "Context", "Cancellation", "Wiring", "Limits"]
    assert [*nine, "The one difference", "Errors at the HTTP edge"] == headings
    assert all(bullets(section) for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:])


def test_bullets_end_where_they_end() -> None:
    """What this file looks for: an item goes on in the lines that are indented."""
    assert ["one two `test_a`", "three"] == bullets("- one\n  two `test_a`\n- three\n\nno item `test_b`\n")
