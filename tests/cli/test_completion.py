"""A shell completes commands, options and names of the project, and is never shown an error."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .terminal import PATIENCE, Terminal

FISSILE = Path(sys.executable).parent / "fissile"
BASH = shutil.which("bash")
needs_bash = pytest.mark.skipif(BASH is None and "CI" not in os.environ, reason="there is no bash")


def asked(folder: Path, variables: dict[str, str], *command: str) -> tuple[int, str, str]:
    """Runs what a shell runs to complete; its exit code, stdout and stderr."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FISSILE_")}
    done = subprocess.run(
        command or (str(FISSILE),),
        cwd=folder,
        env={**clean, **variables},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    return done.returncode, done.stdout, done.stderr


def offered(folder: Path, typed: str) -> list[str]:
    """What bash is offered for the last word of a line, which is empty after a space."""
    position = len(typed.split()) - (0 if typed.endswith(" ") else 1)
    variables = {"_FISSILE_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(position)}
    code, out, err = asked(folder, variables)
    assert (0, "") == (code, err)
    return out.split()


REVISIONS = {"bolts/suppliers/migrations/0001_start.py": "", "bolts/suppliers/migrations/0002_city.py": ""}
DECLARED = {
    "bolts/suppliers/component.py": "from fissile import Component\nfrom fissile.data import Database\n"
    "from .public import Suppliers\nfrom .service import SupplierService\nfrom .db import metadata\n"
    "component = Component(\n"
    "    provides={Suppliers: SupplierService}, database=Database(metadata), api={'v1': one, 'v2': two}\n)\n",
}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("fissile re", ["restart", "recover", "rename", "remove"]),
        ("fissile db ", ["revision", "upgrade", "downgrade", "current", "history", "check", "provision"]),
        ("fissile new shop --sh", ["--shape"]),
        ("fissile new shop --shape ", ["tiny", "small", "large"]),
        ("fissile new shop --database p", ["postgresql"]),
        ("fissile new shop --ci ", ["github"]),
        ("fissile run --placement ", ["together", "wire", "apart"]),
        ("fissile run --placement=a", ["apart"]),
        ("fissile run --placement apart --process ", ["orders", "suppliers"]),
        ("fissile run --placement together --process ", []),
        ("fissile run --only ", ["orders", "suppliers"]),
        ("fissile run --only orders,", ["orders,suppliers"]),
        ("fissile run --log-level w", ["warning"]),
        ("fissile dev --debug s", ["suppliers"]),
        ("fissile restart o", ["orders"]),
        ("fissile call ", ["suppliers.get", "suppliers.add", "suppliers.fail", "suppliers.never"]),
        ("fissile rename component ", ["orders", "suppliers"]),
        ("fissile remove component s", ["suppliers"]),
        ("fissile add router ", ["orders", "suppliers"]),
        ("fissile add router suppliers more --version ", ["v1", "v2"]),
        ("fissile add call orders ", ["suppliers"]),
        ("fissile db upgrade ", ["suppliers"]),
        ("fissile db upgrade --dialect ", ["sqlite", "postgresql"]),
        ("fissile db downgrade suppliers ", ["base", "0001_start", "0002_city"]),
        ("fissile db downgrade nobody ", []),
    ],
)
def test_what_is_offered(bolts: Terminal, typed: str, expected: list[str]) -> None:
    """The names that are in the project, of the kind that is asked for."""
    bolts.write({**REVISIONS, **DECLARED})
    assert expected == offered(bolts.folder, typed)


@pytest.mark.parametrize("broken", ["component = (", 'raise SystemExit("imported")', '"\\d"; component = 1', "\0"])
def test_a_broken_project_is_no_error(bolts: Terminal, broken: str) -> None:
    """What cannot be read has no names, and nothing is said about it into a prompt."""
    bolts.write({"bolts/orders/component.py": broken, "bolts/suppliers/public.py": broken})
    for typed in ("fissile call ", "fissile run --only ", "fissile run --process ", "fissile db downgrade orders "):
        offered(bolts.folder, typed)


@pytest.mark.parametrize("typed", ["fissile call ", "fissile run --process ", "fissile db downgrade orders "])
def test_without_a_project_nothing_is_offered(terminal: Terminal, typed: str) -> None:
    """Nor is anything said."""
    assert [] == offered(terminal.folder, typed)


def test_nothing_of_the_project_is_imported(bolts: Terminal) -> None:
    """Completion works on an application that cannot start, and is as quick on one that takes long."""
    bolts.write({"bolts/__init__.py": 'raise RuntimeError("imported")\n'})
    assert ["orders", "suppliers"] == offered(bolts.folder, "fissile run --only ")


def test_completion_loads_nothing_heavy(bolts: Terminal) -> None:
    """Somebody waits for it with a finger on the key."""
    code = (
        "import atexit, sys; from fissile.cli import main; heavy = {'pydantic', 'fastapi', 'sqlalchemy', 'libcst'};"
        "atexit.register(lambda: print(*sorted(heavy & set(sys.modules)))); main()"
    )
    variables = {"_FISSILE_COMPLETE": "complete_bash", "COMP_WORDS": "fissile run --only ", "COMP_CWORD": "3"}
    code_, out, err = asked(bolts.folder, variables, sys.executable, "-c", code)
    assert (0, ["orders", "suppliers", ""], "") == (code_, out.split("\n")[:3], err)


def test_zsh_and_fish(bolts: Terminal) -> None:
    """Each in its own words."""
    typed = {"_TYPER_COMPLETE_ARGS": "fissile run --only s"}
    fish = {"_FISSILE_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "get-args", **typed}
    assert (0, "suppliers\n", "") == asked(bolts.folder, fish)
    zsh = {"_FISSILE_COMPLETE": "complete_zsh", **typed}
    assert (0, "_arguments '*: :((\"suppliers\"))'\n", "") == asked(bolts.folder, zsh)


@needs_bash
def test_a_real_bash(bolts: Terminal) -> None:
    """It sources the script that we print, and finds the words where it keeps them."""
    script = (
        f'export PATH="{FISSILE.parent}:$PATH"; source <(_FISSILE_COMPLETE=source_bash fissile);'
        "COMP_WORDS=(fissile run --placement a); COMP_CWORD=3;"
        'complete -p fissile; _fissile_completion fissile a --placement; echo "${COMPREPLY[@]}"'
    )
    assert BASH is not None
    assert (0, "complete -o default -F _fissile_completion fissile\napart\n", "") == asked(
        bolts.folder, {}, BASH, "--norc", "-c", script
    )


@needs_bash
def test_it_is_installed(bolts: Terminal) -> None:
    """For the shell in which it is typed, and in the home of whoever types it."""
    assert BASH is not None
    home = {"HOME": str(bolts.folder)}
    code, out, _ = asked(bolts.folder, home, BASH, "--norc", "-c", f"{FISSILE} --install-completion; exit $?")
    script = bolts.folder / ".bash_completions" / "fissile.sh"
    assert (0, True) == (code, out.startswith(f"bash completion installed in {script}"))
    assert "_FISSILE_COMPLETE=complete_bash" in script.read_text(encoding="utf-8")
    assert f"source '{script}'" in (bolts.folder / ".bashrc").read_text(encoding="utf-8")
