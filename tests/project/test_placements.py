"""Reading placements.toml."""

from pathlib import Path

import pytest

from fissile.errors import ConfigurationError
from fissile.project import Placements, Process, find_in, read_placements, view_from

COMPONENT = "from fissile import Component\n\ncomponent = Component()\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a project with the components mail, orders and users."""
    monkeypatch.chdir(tmp_path)
    for name in ("mail", "orders", "users"):
        (tmp_path / "shop" / name).mkdir(parents=True)
        (tmp_path / "shop" / name / "component.py").write_text(COMPONENT)
    (tmp_path / "shop" / "main.py").write_text("from fissile import App\n\napp = App(__package__)\n")
    return tmp_path


def read(folder: Path, text: str) -> Placements:
    """Reads a text as the file of the project."""
    (folder / "shop" / "placements.toml").write_text(text)
    return read_placements(find_in(folder))


def test_together_wire_and_apart_are_always_there(project: Path) -> None:
    """Without a file, apart is a process for each component."""
    known = read_placements(find_in(project)).known
    assert ["together", "wire", "apart"] == list(known)
    each = (Process("mail", ("mail",)), Process("orders", ("orders",)), Process("users", ("users",)))
    assert each == known["apart"].processes


def test_processes_are_lists_or_tables_in_the_order_of_the_file(project: Path) -> None:
    """The first one is the front; apart is what the file says it is."""
    text = """
[defaults]
deadline = "2s"

[apart]
people = ["users"]
trade = { components = ["orders"], workers = 2 }
[apart.post]
components = ["mail"]
address = "https://post.internal:8000"
"""
    placements = read(project, text)
    assert () == placements.faults
    apart = placements.known["apart"]
    assert apart.processes == (
        Process("people", ("users",)),
        Process("trade", ("orders",), workers=2),
        Process("post", ("mail",), address="https://post.internal:8000"),
    )
    assert (2.0, "people") == (apart.defaults.deadline, apart.front.name)
    assert 2.0 == placements.known["together"].defaults.deadline


def test_a_front_may_have_no_component(project: Path) -> None:
    """A process of its own for what main.py serves."""
    placements = read(project, "[split]\nweb = []\nall = ['mail', 'orders', 'users']\n")
    assert () == placements.faults
    assert "web" == placements.known["split"].front.name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[apart]\nall = ['mail', 'ordres', 'users']\n",
            [":2: there is no component 'ordres'; did you mean orders?"],
        ),
        (
            "[apart]\nall = ['mail', 'users']\n",
            [':1: orders runs in no process of [apart]; add it to a process: all = [..., "orders"]'],
        ),
        (
            "[apart]\na1 = ['mail', 'orders']\nb1 = ['orders', 'users']\n",
            [":3: orders runs in a1 and in b1; take it out of one; workers = 2 runs a whole process several times"],
        ),
        ("[apart]\n", [':1: [apart] names no process; write a line for each: people = ["users"]']),
        ("\napart = 3\n", [':2: [apart] names no process; write a line for each: people = ["users"]']),
        ("[wire]\na1 = []\n", [":1: [wire] cannot be written; give yours another name"]),
        (
            "[apart]\ngateway = ['mail', 'orders', 'users']\n",
            [":2: 'gateway' cannot be the name of a process; give it another"],
        ),
        ("[A]\nall = []\n", [":1: 'A' cannot be the name of a placement; give it another"]),
        (
            "[apart.all]\ncomponents = ['mail', 'orders', 'users']\nwrokers = 2\n",
            [":3: all has no 'wrokers'; did you mean workers?"],
        ),
        (
            "[apart.all]\ncomponents = ['mail', 'orders', 'users']\nworkers = 0\n",
            [":3: workers = 0 is no number of workers; write `workers = 2`"],
        ),
        (
            "[apart.all]\ncomponents = ['mail', 'orders', 'users']\nconnections = true\n",
            [":3: connections = True is not a number of connections; write `connections = 20`"],
        ),
        (
            "[apart.all]\ncomponents = ['mail', 'orders', 'users']\nworkers = 2\naddress = 'unix:/a'\n",
            [":3: all has an address and workers; remove one of the two"],
        ),
        (
            "[apart]\nall = 'orders'\n",
            [
                ':2: all lists no components; write all = ["orders", "suppliers"]',
                ':1: mail runs in no process of [apart]; add it to a process: all = [..., "mail"]',
                ':1: orders runs in no process of [apart]; add it to a process: all = [..., "orders"]',
                ':1: users runs in no process of [apart]; add it to a process: all = [..., "users"]',
            ],
        ),
    ],
)
def test_every_mistake_is_told_with_its_line_and_its_fix(project: Path, text: str, expected: list[str]) -> None:
    """All at once, where they are written."""
    faults = read(project, text).faults
    assert [f"shop/placements.toml{line}" for line in expected] == [
        f"{fault.where}: {fault.what}; {fault.fix}" for fault in faults
    ]


@pytest.mark.parametrize(
    "address", ["trade:8000", "https://", "http://a/b", "http://a:b", "unix:a", "ftp://a", "http://me@a", 3]
)
def test_what_is_no_address_is_refused(project: Path, address: object) -> None:
    """An address is http, https or unix, and has no path below it."""
    text = f"[apart.all]\ncomponents = ['mail', 'orders', 'users']\naddress = {address!r}\n"
    (fault,) = read(project, text).faults
    assert (f"{address!r} is no address", "shop/placements.toml:3") == (fault.what, fault.where)


@pytest.mark.parametrize(
    "content", [b"[defaults]\ndeadline = \n", b"[defaults]\ndeadline", b"[defaults]\ndeadline = '\xff'\nmessage = 3\n"]
)
def test_a_file_that_is_no_toml_is_a_fault_with_its_line(project: Path, content: bytes) -> None:
    """The fault names the line and what the parser says, also where the file ends too early or is no text."""
    (project / "shop" / "placements.toml").write_bytes(content)
    (fault,) = read_placements(find_in(project)).faults
    assert ("placements.toml cannot be read", "shop/placements.toml:2") == (fault.what, fault.where)
    assert "" != fault.why


def test_a_fault_anywhere_in_the_file_refuses_every_placement(project: Path) -> None:
    """Also together: a mistake is met when it is made, not in production."""
    with pytest.raises(ConfigurationError, match="runs in no process"):
        read(project, "[apart]\nall = ['mail', 'orders']\n").named("together")


def test_the_environment_chooses_placement_and_process(project: Path) -> None:
    """Together when it says nothing."""
    found = find_in(project)
    assert ("together", None) == ((view := view_from({"FISSILE_PLACEMENT": ""}, found)).name, view.live)
    view = view_from({"FISSILE_PLACEMENT": "apart", "FISSILE_PROCESS": "mail"}, found)
    assert ("mail", frozenset({"mail"}), {"orders", "users"}) == (view.process, view.live, set(view.peers))


def test_an_unknown_placement_gets_the_nearest(project: Path) -> None:
    """A mistyped placement is answered with what may have been meant."""
    with pytest.raises(ConfigurationError) as raised:
        view_from({"FISSILE_PLACEMENT": "togehter"}, find_in(project))
    (fault,) = raised.value.faults
    assert "there is no placement 'togehter'" == fault.what
    assert "environment variable FISSILE_PLACEMENT" == fault.where
    assert "did you mean together?" == fault.fix
