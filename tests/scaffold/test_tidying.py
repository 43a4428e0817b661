"""The layout of what is written: the project's own."""

import sys
from pathlib import Path

import pytest

from fissile.scaffold.change import Change, Move, Write
from fissile.scaffold.tidying import tidied

UNTIDY = b"from shop.a import b\nimport os\nimport fissile\nx = {  'a':1 }\n"
TIDY = b'import os\n\nimport fissile\n\nfrom shop.a import b\n\nx = {"a": 1}\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project that has nothing to say about its layout."""
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\nline-length = 100\n")
    return tmp_path


def after(root: Path, text: bytes, before: bytes | None = None, name: str = "shop/new.py") -> bytes:
    """What is written in the end."""
    (step,) = tidied(Change(root, "try", (Write(root / name, before, text),)), "shop.inner").steps
    assert isinstance(step, Write)
    assert (root / name, before) == (step.path, step.before)
    return step.after


def test_a_new_file(root: Path) -> None:
    """Imports are sorted, those of the application last also before it is there, and lines are laid out."""
    assert TIDY == after(root, UNTIDY)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("[tool.ruff.format]\nquote-style = 'single'\n", b"x = {'a': 1}\n"),
        ("[tool.ruff]\nindent-width = 2\n", b'x = {"a": 1}\n'),
        ("[tool.ruff]\nextend-exclude = ['shop']\n", b'x = {"a": 1}\n'),
        ("[tool.ruff\n", b"x = {  'a':1 }\n"),
    ],
    ids=["quotes", "indent", "excluded", "unreadable"],
)
def test_the_settings_of_the_project(root: Path, settings: str, expected: bytes) -> None:
    """They count; where they cannot be read, the file is as it was."""
    (root / "pyproject.toml").write_text(settings)
    assert expected == after(root, b"x = {  'a':1 }\n")


def test_what_else_the_project_counts_as_its_own(root: Path) -> None:
    """Other packages that it calls its own are sorted with those of the application."""
    (root / "pyproject.toml").write_text("[tool.ruff.lint.isort]\nknown-first-party = ['shared']\n")
    text = b"from shop import y\nimport fissile\nfrom shared import x\n"
    assert b"import fissile\n\nfrom shared import x\nfrom shop import y\n" == after(root, text)


def test_a_file_that_was_in_order(root: Path) -> None:
    """It is in order afterwards."""
    assert TIDY == after(root, UNTIDY, TIDY)


def test_a_file_with_a_layout_of_its_own(root: Path) -> None:
    """A file that its author has laid out otherwise keeps that: only what the step changed has changed."""
    assert UNTIDY + b"y=2\n" == after(root, UNTIDY + b"y=2\n", UNTIDY)


def test_a_copy_of_a_file_with_a_layout_of_its_own(root: Path) -> None:
    """It is laid out as what it is a copy of."""
    path = root / "copy.py"
    change = Change(root, "try", (Write(path, None, UNTIDY),))
    assert change == tidied(change, "shop", {path: UNTIDY})
    (step,) = tidied(change, "shop", {path: TIDY}).steps
    assert Write(path, None, TIDY) == step


@pytest.mark.parametrize("text", [b"def (:\n", b"\xff\xfe", b"", TIDY.replace(b"\n", b"\r\n")])
def test_what_cannot_be_laid_out(root: Path, text: bytes) -> None:
    """What is no Python stays as it is, and so do line ends."""
    assert text == after(root, text)


def test_other_files(root: Path) -> None:
    """Only Python is laid out, and other steps are what they were."""
    steps = (Write(root / "a.toml", None, b"a  = 1\n"), Move(root / "b.py", root / "c.py"))
    assert steps == tidied(Change(root, "try", steps), "shop").steps


def test_a_project_that_is_not_there_yet(tmp_path: Path) -> None:
    """The folder above it counts then."""
    (tmp_path / "pyproject.toml").write_text("[tool.ruff.format]\nquote-style = 'single'\n")
    assert b"x = 'a'\n" == after(tmp_path / "deep" / "shop", b'x  =  "a"\n')


def test_without_ruff(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is laid out, and nothing fails."""
    monkeypatch.setattr(sys, "executable", str(root / "python"))
    monkeypatch.setenv("PATH", str(root))
    assert UNTIDY == after(root, UNTIDY)
