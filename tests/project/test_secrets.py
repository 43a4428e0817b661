"""Secrets belong to the user who runs the application alone."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fissile.errors import ConfigurationError
from fissile.project.secrets import create_secret, read_secret
from tests.mounts import mounted, needs_mounts

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")

needs_root = pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root gives files away")

STRANGER = 12345


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A secret."""
    create_secret(tmp_path / "state" / "secrets" / "link", "hush")
    return tmp_path / "state" / "secrets" / "link"


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a shell has set."""
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_a_secret_is_created_for_its_user_alone(tmp_path: Path) -> None:
    """0600 in 0700 whatever the umask is, and never over another one."""
    folder = tmp_path / "secrets"
    create_secret(folder / "link", "hush")
    assert (0o700, 0o600) == tuple(stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "link"))
    with pytest.raises(FileExistsError):
        create_secret(folder / "link", "other")
    assert "hush" == read_secret(folder / "link")


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o700])
def test_a_private_secret_is_read(file: Path, mode: int) -> None:
    """What its owner may do with it is the owner's business."""
    file.chmod(mode)
    assert "hush" == read_secret(file)


@pytest.mark.parametrize("is_named", [False, True])
@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660, 0o644, 0o444, 0o602, 0o620, 0o601, 0o777])
def test_a_secret_that_others_can_use_is_refused(
    file: Path, monkeypatch: pytest.MonkeyPatch, mode: int, *, is_named: bool
) -> None:
    """The fault names the file, its mode and the command, which mends it; it never shows the text."""
    if is_named:
        monkeypatch.setenv("FISSILE_SECRETS", str(file.parent))
    file.chmod(mode)
    with pytest.raises(ConfigurationError, match="other users can read the secret") as refused:
        read_secret(file)
    (fault,) = refused.value.faults
    assert (str(file), f"chmod 600 {file}") == (fault.where, fault.fix)
    assert f"{mode:04o}" in fault.why
    assert "hush" not in str(refused.value)
    subprocess.run(fault.fix, shell=True, check=True)
    assert "hush" == read_secret(file)


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777, 0o1777])
def test_a_folder_that_others_can_write_is_refused(file: Path, mode: int) -> None:
    """They could put another secret in its place; nor is one created there."""
    file.parent.chmod(mode)
    try:
        for use in (read_secret, lambda file: create_secret(file.with_name("other"), "x")):
            with pytest.raises(ConfigurationError, match="other users can write into the folder") as refused:
                use(file)
        assert f"chmod 700 {file.parent}" == refused.value.faults[0].fix
    finally:
        file.parent.chmod(0o700)
    assert [file] == list(file.parent.iterdir())


def test_a_link_is_as_private_as_what_it_leads_to(file: Path, tmp_path: Path) -> None:
    """Both the file and its folder are looked at."""
    (tmp_path / "shared").mkdir()
    file.rename(tmp_path / "shared/link")
    file.symlink_to(tmp_path / "shared/link")
    assert "hush" == read_secret(file)
    (tmp_path / "shared").chmod(0o777)
    with pytest.raises(ConfigurationError, match="other users can write into the folder"):
        read_secret(file)
    (tmp_path / "shared").chmod(0o755)
    (tmp_path / "shared/link").chmod(0o644)
    with pytest.raises(ConfigurationError, match="other users can read the secret"):
        read_secret(file)


@needs_root
@pytest.mark.parametrize("is_named", [False, True])
def test_the_secret_of_another_user_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch, *, is_named: bool) -> None:
    """That user reads it and can change it."""
    if is_named:
        monkeypatch.setenv("FISSILE_SECRETS", str(file.parent))
    os.chown(file, STRANGER, -1)
    with pytest.raises(ConfigurationError, match="the secret belongs to another user") as refused:
        read_secret(file)
    subprocess.run(refused.value.faults[0].fix, shell=True, check=True)
    os.chown(file.parent, STRANGER, -1)
    with pytest.raises(ConfigurationError, match="the folder of the secrets belongs to another user"):
        read_secret(file)


AS_STRANGER = """
import os, sys
from pathlib import Path
from fissile.errors import ConfigurationError
from fissile.project.secrets import read_secret

os.setgroups([])
os.setgid(12345)
os.setuid(12345)
try:
    print(read_secret(Path(sys.argv[1])))
except ConfigurationError as error:
    print(error.faults[0].what)
"""


MOUNTED = """
import sys
from pathlib import Path
from tests.mounts import make_read_only, mount

folder = Path(sys.argv[1])
mount(folder, 64)
(folder / "..2026").mkdir()
(folder / "..2026/link").write_text("hush")
(folder / "..data").symlink_to("..2026")
(folder / "link").symlink_to("..data/link")
(folder / "..2026/link").chmod(0o644)
folder.chmod(0o1777)
make_read_only(folder)
"""


@needs_mounts
@pytest.mark.parametrize(
    ("is_named", "expected"), [(True, "hush"), (False, "other users can read the secret")], ids=["named", "own"]
)
def test_what_kubernetes_mounts_is_read(tmp_path: Path, expected: str, *, is_named: bool) -> None:
    """Files for everybody behind links, in a folder for everybody, but mounted read-only, and named by the operator."""
    folder = tmp_path / "mounted"
    environment = {"FISSILE_SECRETS": str(folder) if is_named else ""}
    assert expected == mounted(MOUNTED + READ, str(folder), environment=environment).strip()


READ = """
from fissile.errors import ConfigurationError
from fissile.project.secrets import read_secret

try:
    print(read_secret(folder / "link"))
except ConfigurationError as error:
    print(error.faults[0].what)
"""


def read_by_stranger(file: Path, **environment: str) -> str:
    """What another user of this machine, whose group is that of the file, gets to see of a secret."""
    variables = {**os.environ, **environment}
    command = [sys.executable, "-c", AS_STRANGER, str(file)]
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=True).stdout.strip()


@needs_root
@pytest.mark.parametrize(
    ("mode", "is_named", "expected"),
    [
        (0o440, True, "hush"),
        (0o640, True, "hush"),
        (0o640, False, "the secret belongs to another user"),
        (0o644, True, "other users can read the secret"),
        (0o660, True, "other users can read the secret"),
    ],
)
def test_a_group_reads_what_root_has_put_there(
    file: Path, tmp_path: Path, mode: int, expected: str, *, is_named: bool
) -> None:
    """In a named directory, as operators have kept secrets for long; not in the project's own, and not for all."""
    for folder in (*tmp_path.parents[:3], tmp_path, file.parent.parent, file.parent):
        folder.chmod(folder.stat().st_mode | 0o055 & ~0o022)
    os.chown(file, 0, STRANGER)
    file.chmod(mode)
    assert expected == read_by_stranger(file, FISSILE_SECRETS=str(file.parent) if is_named else "")
