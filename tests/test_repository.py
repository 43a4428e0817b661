"""What the repository promises to every machine that clones it."""

import ast
import itertools
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent


def tracked(*patterns: str) -> list[Path]:
    """The files that git tracks, those deleted in the work tree left out."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def matches(pattern: str, files: list[Path]) -> list[str]:
    """Each line in which a pattern is found, as `file:line: text`; files that are no text are left out."""
    found = []
    for file in files:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        found += [
            f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
            for number, line in enumerate(lines, 1)
            if re.search(pattern, line)
        ]
    return found


def metadata() -> dict[str, Any]:
    """The `project` table of pyproject.toml."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project


def test_no_lock_file_names_a_package_host() -> None:
    """uv.lock would name the index of whoever made it, so the requirements file is the lock."""
    assert [file for file in tracked() if file.name in {"uv.lock", "poetry.lock", "pdm.lock"}] == []
    assert matches(r"https?://|--(extra-)?index-url|--find-links", tracked("requirements/*")) == []


def test_every_requirement_is_pinned_with_its_hash() -> None:
    """An index that serves other bytes under the same version cannot get into the environment."""
    text = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[a-z])", text.strip())
    assert len(entries) > 20
    assert [entry for entry in entries if not re.match(r"[a-z0-9.\[\]-]+==\S+.*\\\n +--hash=sha256:", entry)] == []


def test_no_requirement_is_declared_without_being_pinned() -> None:
    """A dependency added to pyproject.toml needs `make lock`."""
    extras = metadata()["optional-dependencies"].values()
    declared = [*metadata()["dependencies"], *itertools.chain.from_iterable(extras)]
    names = {re.split(r"[^A-Za-z0-9-]", line)[0] for line in declared} - {"fissile"}
    pinned = re.findall(r"^([a-z0-9.-]+)==", (ROOT / "requirements" / "dev.txt").read_text("utf-8"), re.MULTILINE)
    assert sorted(names - set(pinned)) == []


def test_no_file_names_a_path_of_one_machine() -> None:
    """What only exists on the machine of its author breaks everybody else's."""
    assert matches(r"(?<![\w.])/(?:home|root|work|Users)/\w", tracked()) == []


def test_no_file_holds_a_secret() -> None:
    """Keys and `.env` files stay out of the repository."""
    assert [file.name for file in tracked() if file.name == ".env" or file.suffix in {".pem", ".key"}] == []
    assert matches(r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b", tracked()) == []


def test_continuous_integration_runs_what_contributors_run() -> None:
    """`.ci/run` is the three targets and nothing else, and the workflow is `.ci/run` on every supported Python."""
    commands = re.findall(r"^make (\w+)$", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE)
    assert commands == ["check", "test", "acceptance"]
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    assert "- run: bash .ci/run" in workflow
    versions = re.findall(r'"(3\.\d+)"', workflow)
    assert [f"Programming Language :: Python :: {version}" for version in versions] == [
        line for line in metadata()["classifiers"] if re.search(r":: 3\.\d+$", line)
    ]


@pytest.mark.parametrize("target", ["setup", "run", "test", "check", "acceptance", "soak", "bench"])
def test_the_makefile_has_every_promised_target(target: str) -> None:
    """Each target sets up the environment by itself, so a fresh clone needs no other command first."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}: .*\$\(STAMP\)", makefile, re.MULTILINE)


def test_every_test_says_in_a_sentence_what_it_holds() -> None:
    """A failing test is read by its docstring first."""
    silent = [
        f"{file.relative_to(ROOT)}:{node.lineno}: {node.name}"
        for file in tracked("tests/**/test_*.py", "tests/test_*.py", "examples/**/test_*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def test_ignored_findings_say_which_and_why() -> None:
    """A silenced checker names the rule, and a reason follows it."""
    # In the type tests an ignore is the assertion.
    files = [file for file in tracked("*.py", ":!tests/typing/*") if file != Path(__file__)]
    assert matches(r"#\s*(type|pyright): ignore(?!\[[\w\s,-]+\]\s+#\s+\w)", files) == []
    assert matches(r"#\s*noqa(?!: [A-Z]+\d+(, ?[A-Z]+\d+)*\s+\S)", files) == []
