"""SECURITY.md names the tests that hold what it promises."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_promise_names_tests_that_exist() -> None:
    """Each section of promises ends with its tests, and each of them is in the repository."""
    page = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    promises = page.partition("## What Fissile promises today")[2].partition("\n## ")[0]
    sections = promises.split("\n### ")[1:]
    named = [re.findall(r"`(tests/[\w/.]+)`", section.rpartition("\nTests:")[2]) for section in sections]
    assert 5 == len(sections)
    assert all(named)
    assert [] == [path for paths in named for path in paths if not (ROOT / path).exists()]
