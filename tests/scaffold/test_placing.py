"""A component that is added runs somewhere in every placement that is written down."""

from pathlib import Path

import pytest

from fissile.project import Project, find_in, read_placements
from fissile.scaffold.adding import add_component
from fissile.scaffold.journal import carry_out
from fissile.scaffold.new import Wish, new_project

PLACEMENTS = [
    '[apart]\nfront = ["notes"]\n',
    '[apart]\nfront = ["notes"]',
    '[apart]\r\nfront = { components = ["notes"], workers = 2 }  # two\r\n',
    '[apart.front]\ncomponents = ["notes"]\n\n[defaults]\ndeadline = "3s"\n',
    '[defaults]\ndeadline = "3s"\n[apart]\nfront = ["notes"]\n[one]\nall = [\n    "notes",\n]\n',
    '[apart]\nfront = ["notes"]\norders = []\n',
]


def shop(folder: Path, placements: str) -> Project:
    """A project of one component with these placements."""
    carry_out(new_project(folder, Wish("shop", "large")))
    (folder / "shop" / "shop" / "placements.toml").write_bytes(placements.encode())
    return find_in(folder / "shop")


@pytest.mark.parametrize("placements", PLACEMENTS)
def test_placed(tmp_path: Path, placements: str) -> None:
    """Nothing is wrong with the placements afterwards, and what was written stays."""
    project = shop(tmp_path, placements)
    before = [fault.what for fault in read_placements(project).faults]
    carry_out(add_component(project, "orders"))
    after = read_placements(find_in(tmp_path / "shop"))
    assert before == [fault.what for fault in after.faults]
    written = [placement for placement in after.known.values() if any(one.where for one in placement.processes)]
    for placement in written:
        assert ["orders"] in [list(process.components) for process in placement.processes], placement
    now = (tmp_path / "shop" / "shop" / "placements.toml").read_bytes().decode()
    assert all(line in now for line in placements.splitlines())


def test_nothing_written(tmp_path: Path) -> None:
    """Where no placement is written down there is nothing to do: together and apart have everything."""
    change = add_component(shop(tmp_path, '[defaults]\ndeadline = "3s"\n'), "orders")
    assert [] == [done for done in change.done() if done["path"].endswith("placements.toml")]
