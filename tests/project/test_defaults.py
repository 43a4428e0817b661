"""The `[defaults]` of a package's placements.toml."""

from pathlib import Path

import pytest

from fissile.project import Defaults, Project, read_placements


def defaults(folder: Path, text: str) -> tuple[Defaults, list[str]]:
    """Reads defaults from a text, and keeps of each fault what it says and how it is mended."""
    (folder / "placements.toml").write_text(text)
    read = read_placements(Project("shop", folder, folder))
    return read.known["together"].defaults, [f"{fault.what}; {fault.fix}" for fault in read.faults]


def test_without_a_file_or_table_the_defaults_are_the_designs(tmp_path: Path) -> None:
    """A call has 5 seconds, a component 1,000 calls in flight, a message 1 MiB."""
    assert (Defaults(5.0, 1_000, 1_048_576), []) == defaults(tmp_path, "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('deadline = "300ms"', Defaults(deadline=0.3)),
        ('deadline = "1.5s"', Defaults(deadline=1.5)),
        ('deadline = "2m"', Defaults(deadline=120)),
        ('answer = "30s"', Defaults(answer=30)),
        ("in_flight = 7", Defaults(in_flight=7)),
        ('message = "12B"', Defaults(message=12)),
        ('message = "512KiB"', Defaults(message=524_288)),
        ('message = "2MiB"', Defaults(message=2_097_152)),
    ],
)
def test_each_default_is_read_with_its_unit(tmp_path: Path, text: str, expected: Defaults) -> None:
    """What is written replaces one default and leaves the others."""
    assert (expected, []) == defaults(tmp_path, f"[defaults]\n{text}\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("deadline = 5", 'deadline = 5 is no deadline; write `deadline = "5s"`'),
        ('deadline = "0s"', "deadline = '0s' is no deadline; write `deadline = \"5s\"`"),
        ('deadline = "5 s"', "deadline = '5 s' is no deadline; write `deadline = \"5s\"`"),
        ("in_flight = true", "in_flight = True is no in_flight; write `in_flight = 1000`"),
        ("in_flight = 0", "in_flight = 0 is no in_flight; write `in_flight = 1000`"),
        ('message = "1MB"', "message = '1MB' is no message; write `message = \"1MiB\"`"),
        ('message = "0B"', "message = '0B' is no message; write `message = \"1MiB\"`"),
        ('deadlin = "5s"', "[defaults] has no 'deadlin'; did you mean deadline?"),
        ('zzz = "5s"', "[defaults] has no 'zzz'; remove it"),
    ],
)
def test_what_is_no_default_is_a_fault_with_its_fix(tmp_path: Path, text: str, expected: str) -> None:
    """A value without a unit, nothing at all, and a mistyped name are refused."""
    assert (Defaults(), [expected]) == defaults(tmp_path, f"[defaults]\n{text}\n")


def test_all_faults_come_at_once_and_what_is_right_counts(tmp_path: Path) -> None:
    """One run lists every mistake of the table."""
    found, faults = defaults(tmp_path, '[defaults]\ndeadline = "1s"\nin_flight = -1\nx = 1\n')
    assert (Defaults(deadline=1.0), 2) == (found, len(faults))


def test_defaults_that_are_no_table_are_a_fault(tmp_path: Path) -> None:
    """A value of that name is not what it looks like."""
    assert (Defaults(), ["[defaults] is no table; write `[defaults]` on a line of its own"]) == defaults(
        tmp_path, "defaults = 3\n"
    )
