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


def links(page: str) -> dict[str, str]:
    """Where each test is said to be."""
    return dict(re.findall(r"^\[`(test_\w+)`\]: \.\./\.\./(\S+)$", page, re.MULTILINE))


def functions(file: str) -> set[str]:
    """The names of the test functions and methods of a file."""
    nodes = ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8")))
    return {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}


@pytest.mark.parametrize("bullet", bullets(PAGE), ids=lambda bullet: bullet[:40])
def test_every_sentence_names_a_test(bullet: str) -> None:
    """A promise without one is a wish."""
    assert NAME.search(bullet)


def test_every_test_that_is_named_is_linked() -> None:
    """A test that is renamed or moved takes its sentence along."""
    linked = links(PAGE)
    assert set(linked) == set(NAME.findall(PAGE))
    assert [] == [name for name, file in linked.items() if name not in functions(file)]


def test_every_sentence_of_the_design_is_there() -> None:
    """Ten of them, the difference, what carries the calls, and the edge, all in bullets."""
    headings = re.findall(r"^## (?:\d+\. )?(.*)", PAGE, re.MULTILINE)
    ten = ["Values", "Unit of work", "Deadline", "Ending", "Retries", "Context", "Cancellation", "Wiring", "Limits"]
    ten += ["What was set stays set"]
    carried = ["The one difference", "Links", "The end of a process", "Errors at the HTTP edge"]
    assert [*ten, *carried] == headings
    assert all(bullets(section) for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:])


def test_bullets_end_where_they_end() -> None:
    """What this file looks for: an item goes on in the lines that are indented."""
    assert ["one two `test_a`", "three"] == bullets("- one\n  two `test_a`\n- three\n\nno item `test_b`\n")
