"""`fissile secret create`, and what other users can see of a project's state."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from fissile.project import make_state

from .terminal import Terminal


@pytest.fixture
def own(bolts: Terminal) -> Terminal:
    """A project whose state is in its own folder."""
    del bolts.variables["FISSILE_STATE"]
    return bolts


@pytest.fixture(params=[0o000, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a shell has set."""
    before = os.umask(request.param)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    """The modes of a folder and of everything in it."""
    found = (folder, *folder.rglob("*"))
    return {path.relative_to(folder.parent).as_posix(): stat.S_IMODE(path.lstat().st_mode) for path in found}


PRIVATE = {
    ".fissile": 0o700,
    ".fissile/.gitignore": 0o600,
    ".fissile/secrets": 0o700,
    ".fissile/secrets/link": 0o600,
}


@pytest.mark.usefixtures("umask")
def test_a_secret_is_created(own: Terminal) -> None:
    """Random text in a file of its user's alone; a second time it is kept."""
    said = own.run("secret", "create", "link", "--dry-run")
    assert (0, "would write .fissile/secrets/link\n") == (said.code, said.err)
    assert not (own.folder / ".fissile").exists()
    done = own.run("secret", "create", "link")
    assert (0, "", "wrote .fissile/secrets/link\n") == (done.code, done.out, done.err)
    assert PRIVATE == modes(own.folder / ".fissile")
    text = (own.folder / ".fissile/secrets/link").read_text()
    assert 64 == len(text.strip())
    for words in ((), ("--dry-run",), ("--stdin",)):
        again = own.run("secret", "create", "link", *words)
        assert (2, True) == (again.code, "there is a secret link already" in again.err)
    assert text == (own.folder / ".fissile/secrets/link").read_text()


def test_a_secret_is_created_where_the_environment_says(own: Terminal, tmp_path: Path) -> None:
    """In the folder that FISSILE_SECRETS names, which is made if it is not there."""
    own.variables["FISSILE_SECRETS"] = str(tmp_path / "kept/secrets")
    assert 0 == own.run("secret", "create", "suppliers__stripe_key").code
    assert {"secrets": 0o700, "secrets/suppliers__stripe_key": 0o600} == modes(tmp_path / "kept/secrets")
    assert not (own.folder / ".fissile").exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("lnik", "fix: did you mean link?"),
        ("supplier__key", "fix: did you mean suppliers__key?"),
        ("suppliers__KEY", "fix: did you mean suppliers__key?"),
        ("suppliers", "<component>__<key>"),
        ("../link", "nothing reads a secret '../link'"),
        ("suppliers__../x", "nothing reads a secret"),
    ],
)
def test_a_name_that_nothing_reads_is_refused(own: Terminal, name: str, said: str) -> None:
    """A secret in a file of another name would never be found."""
    refused = own.run("secret", "create", name)
    assert (2, True) == (refused.code, said in refused.err), refused.err
    assert not (own.folder / ".fissile").exists()


def test_a_secret_that_others_can_read_stops_the_start(own: Terminal) -> None:
    """Before anything runs, with the command that mends it; a warning would come too late."""
    own.run("secret", "create", "link")
    file = own.folder / ".fissile/secrets/link"
    file.chmod(0o644)
    refused = own.run("openapi")
    said = "error: .fissile/secrets/link: other users can read the secret"
    assert (3, said) == (refused.code, refused.err.splitlines()[0])
    assert "    fix: chmod 600 .fissile/secrets/link" in refused.err.splitlines()
    assert 3 == own.run("run", "--port", "0").code
    file.chmod(0o600)
    assert 0 == own.run("openapi").code


def test_a_state_that_was_open_is_closed(tmp_path: Path) -> None:
    """What an earlier version has left open is closed, but for secrets, whose owner has to know."""
    state = tmp_path / ".fissile"
    (state / "secrets").mkdir(parents=True)
    (state / "removed/2026/shop").mkdir(parents=True)
    for name in ("orders.sqlite3", "orders.sqlite3-wal", "supervisor.lock", "secrets/link", "removed/2026/shop/run"):
        (state / name).touch()
        (state / name).chmod(0o755 if name.endswith("run") else 0o666)
    (tmp_path / "elsewhere").touch(mode=0o644)
    (state / "link").symlink_to(tmp_path / "elsewhere")
    for folder in (state, state / "secrets", state / "removed"):
        folder.chmod(0o777)
    make_state(state)
    found = modes(state)
    assert {0o700} == {found[name] for name in (".fissile", ".fissile/secrets", ".fissile/removed")}
    closed = (".fissile/orders.sqlite3", ".fissile/orders.sqlite3-wal", ".fissile/supervisor.lock")
    assert {0o600} == {found[name] for name in closed}
    assert (0o666, 0o755) == (found[".fissile/secrets/link"], found[".fissile/removed/2026/shop/run"])
    assert 0o644 == stat.S_IMODE((tmp_path / "elsewhere").stat().st_mode)


def test_a_folder_of_the_users_own_keeps_its_mode(tmp_path: Path) -> None:
    """FISSILE_STATE may name one that other programs use, too; a file of a database may be in one."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o775)
    (tmp_path / "shared/theirs").touch()
    (tmp_path / "shared/theirs").chmod(0o664)
    make_state(tmp_path / "shared")
    assert {"shared": 0o775, "shared/theirs": 0o664} == modes(tmp_path / "shared")
    make_state(tmp_path / "made")
    (tmp_path / "made").chmod(0o755)
    make_state(tmp_path / "made")
    assert 0o700 == stat.S_IMODE((tmp_path / "made").stat().st_mode)
