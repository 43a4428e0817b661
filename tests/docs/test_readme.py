"""The README holds: its programs run and answer what it says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.guide import Command, Reader, needs_curl, steps

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")

ASK = "from starlette.testclient import TestClient; answer = TestClient(app).{}; print(answer.status_code, answer.text)"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The README's files: it shows first what its programs answer."""
    folder = tmp_path_factory.mktemp("readme")
    Reader(folder).take([step for step in steps(README) if not isinstance(step, Command)])
    return folder


def ask(folder: Path, module: str, request: str) -> str:
    """What an application answers in a fresh interpreter: status and text."""
    program = f"from {module} import app; {ASK.format(request)}"
    command = [sys.executable, "-W", "error", "-c", program]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


@needs_curl
def test_the_same_program_together_and_apart(project: Path) -> None:
    """What its commands print is what it shows, in one process and in several."""
    commands = [step for step in steps(README) if isinstance(step, Command)]
    assert ["fissile run", "fissile run --placement apart"] == [
        command.line.partition("#")[0].rstrip() for command in commands if command.line.startswith("fissile run")
    ]
    Reader(project).take(commands)


def test_the_smallest_program_answers(project: Path) -> None:
    """The first code in the README is a whole application."""
    assert ask(project, "main", "get('/')") == '200 {"hello":"world"}'


def test_the_two_components_call_each_other(project: Path) -> None:
    """An order is placed after suppliers was asked."""
    assert ask(project, "shop.main", "post('/orders?supplier_id=1')") == '201 "ordered from Ada\'s bolts"'


def test_an_unknown_supplier_is_the_orders_own_error(project: Path) -> None:
    """The example shows how an error of another component is answered: not with a 500."""
    assert ask(project, "shop.main", "post('/orders?supplier_id=2')").startswith("422 ")


def test_the_first_screen_is_a_sentence_two_commands_and_a_program_together_and_apart() -> None:
    """Numbers come after the first code, with how to repeat them."""
    first = README.partition('```python title="main.py"')[0].splitlines()
    assert [line.split("#")[0].strip() for line in first if line.startswith("make ")] == ["make run", "make test"]
    assert [line for line in first if line.startswith(("|", "!["))] == []
    assert [line.split("#")[0].strip() for line in first if line.startswith("$ fissile")] == [
        "$ fissile run",
        "$ fissile run --placement apart",
    ]
    assert len(first) <= 40


def test_every_link_in_the_documents_leads_somewhere() -> None:
    """A relative link names a file of the repository."""
    root = Path(__file__).parents[2]
    dead = [
        f"{document.relative_to(root)}: {target}"
        for document in [*root.glob("*.md"), *root.glob("docs/**/*.md")]
        for target in _targets(document.read_text(encoding="utf-8"))
        if not (document.parent / target).exists()
    ]
    assert dead == []


def _targets(text: str) -> list[str]:
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    links = [piece.partition(")")[0].partition("#")[0] for piece in prose.split("](")[1:]]
    return [link for link in links if link and "://" not in link]


def test_the_readme_has_both_programs() -> None:
    """The small one and the one of two components are blocks with a title, or no test would run them."""
    titles = [step.path for step in steps(README) if hasattr(step, "path")]
    assert titles[:2] == ["main.py", "shop/main.py"]
    assert "shop/suppliers/component.py" in titles
    assert "shop/orders/component.py" in titles
