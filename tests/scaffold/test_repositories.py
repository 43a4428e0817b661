"""Git repositories inside of a project: a component that is one, or contains one, stays where git knows it."""

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from fissile.errors import ConfigurationError

from .shop import FILES, contents, remove, rename, write

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def git(folder: Path, *words: str) -> str:
    """Run git without anybody's own configuration, and return what it prints."""
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    options = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always"]
    command = ["git", *options, *words]
    return subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True, env={**os.environ, **own}
    ).stdout


def committed(folder: Path) -> Path:
    """Make a repository of a folder, with everything in it."""
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "start", "--allow-empty")
    return folder


def submodule(root: Path, path: str) -> None:
    """Replace a folder of a repository by a submodule with the same files."""
    origin = root.parent / "origins" / path.replace("/", "-")
    origin.parent.mkdir(exist_ok=True)
    if (root / path).is_dir():
        shutil.copytree(root / path, origin)
        git(root, "rm", "-rqf", "--ignore-unmatch", path)
        shutil.rmtree(root / path, ignore_errors=True)
    else:
        origin.mkdir()
        (origin / "notes.txt").write_text("notes")
    git(root, "submodule", "add", "-q", str(committed(origin)), path)
    git(root, "commit", "-qm", "a submodule")


def component(root: Path) -> None:
    """The component is a submodule."""
    submodule(root, "shop/suppliers")


def inside(root: Path) -> None:
    """The component contains a submodule."""
    submodule(root, "shop/suppliers/vendor/notes")


def not_checked_out(root: Path) -> None:
    """The component contains a submodule that is an empty folder."""
    inside(root)
    git(root, "submodule", "--quiet", "deinit", "-f", "shop/suppliers/vendor/notes")


def tests_of_it(root: Path) -> None:
    """Its tests are a submodule."""
    submodule(root, "tests/suppliers")


def clone(root: Path) -> None:
    """The component contains a clone, which git ignores."""
    write(root, {"shop/suppliers/scratch/clone/x.txt": "x"})
    committed(root / "shop/suppliers/scratch/clone")


def worktree(root: Path) -> None:
    """The component contains a worktree of the project."""
    git(root, "worktree", "add", "-q", "shop/suppliers/scratch/tree", "HEAD")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The project, as a repository."""
    write(tmp_path / "project", FILES)
    return committed(tmp_path / "project")


@pytest.mark.parametrize("make", [component, inside, not_checked_out, tests_of_it, clone, worktree])
def test_a_component_with_a_repository_is_not_moved(root: Path, make: Callable[[Path], None]) -> None:
    """Git would lose it, so nothing is changed, and the fault says so."""
    make(root)
    before = contents(root), git(root, "status", "--porcelain"), git(root, "submodule", "status")
    for step in (partial(rename, old="suppliers", new="vendors"), partial(remove, name="suppliers")):
        with pytest.raises(ConfigurationError, match="git repository") as refused:
            step(root)
        assert {True} == {fault.why.startswith("git finds submodules") for fault in refused.value.faults}
        assert before == (contents(root), git(root, "status", "--porcelain"), git(root, "submodule", "status"))


@pytest.mark.parametrize("kind", ["submodule", "worktree"])
def test_a_project_that_is_a_submodule_itself_is_renamed(root: Path, tmp_path: Path, kind: str) -> None:
    """Its ``.git`` is a file, which stays where it is."""
    if kind == "submodule":
        above = tmp_path / "above"
        above.mkdir()
        committed(above)
        git(above, "submodule", "add", "-q", str(root), "parts/project")
        project = above / "parts/project"
    else:
        project = tmp_path / "tree"
        git(root, "worktree", "add", "-q", str(project), "HEAD")
    assert (project / ".git").is_file()
    rename(project)
    git(project, "add", "-A")
    assert "shop/orders/public.py -> shop/purchases/public.py" in git(project, "status", "--porcelain")


def test_a_component_that_is_a_submodule_follows_the_rename_of_another(tmp_path: Path) -> None:
    """What git ignores is told by its own repository, and what it does not is edited."""
    root = tmp_path / "project"
    write(root, {**FILES, "shop/suppliers/.gitignore": "scratch.py\n"})
    committed(root)
    submodule(root, "shop/suppliers")
    write(root, {"shop/suppliers/scratch.py": "import shop.orders\n"})
    rename(root)
    for name in ("component.py", "service.py"):
        assert "shop.purchases.public" in (root / "shop/suppliers" / name).read_text()
    assert "import shop.orders\n" == (root / "shop/suppliers/scratch.py").read_text()
    assert "M shop/suppliers" in git(root, "status", "--porcelain")
