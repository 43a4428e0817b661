"""Removing a component of a small project, once nobody needs it."""

from pathlib import Path

import pytest

from fissile.errors import ConfigurationError
from fissile.project import find_in, read_placements
from fissile.scaffold.removing import groups_without, placements_without
from fissile.scaffold.source.edits import Written

from .shop import FILES, contents, differences, remove, write


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The folder of the project."""
    write(tmp_path, FILES)
    return tmp_path


def refusal(root: Path, name: str) -> list[str]:
    """What is said when a removal is refused, after making sure that nothing was written."""
    before = contents(root)
    with pytest.raises(ConfigurationError) as refused:
        remove(root, name)
    assert before == contents(root)
    return [line.replace(f"{root}/", "") for line in str(refused.value).splitlines() if not line.startswith(" ")]


def test_everybody_who_needs_it_is_listed(shop: Path) -> None:
    """Imports, dotted names in strings and settings, tests of others, and links; no documents or tests of its own."""
    write(
        shop,
        {
            "shop/main.py": f'{FILES["shop/main.py"]}\nX = "shop.orders.service:OrderService"\n# shop.orders\n',
            "tests/test_x.py": "def test_x() -> None:\n    from shop import orders\n",
        },
    )
    (shop / "latest").symlink_to("shop/orders/public.py")
    assert [
        "shop/main.py:7: main.py still needs orders",
        "shop/suppliers/component.py:4: suppliers still needs orders",
        "shop/suppliers/service.py:3: suppliers still needs orders",
        "tests/test_x.py:2: test_x.py still needs orders",
        "compose.yaml:3: compose.yaml still needs orders",
        "latest: a link leads to orders",
    ] == refusal(shop, "orders")


def test_an_unknown_component_is_refused_with_the_nearest(shop: Path) -> None:
    """A mistyped name gets the one that was meant."""
    with pytest.raises(ConfigurationError) as refused:
        remove(shop, "supplier")
    assert "did you mean suppliers?" == refused.value.faults[0].fix


def test_its_folder_its_tests_and_its_entries_go(shop: Path) -> None:
    """What is its own is kept in the state's folder, the rest is taken out of the settings, and the project is well."""
    write(shop, {"tests/suppliers/test_more.py": "import shop.suppliers\n"})
    change = remove(shop, "suppliers")
    assert [
        '-others = ["suppliers"]',
        '-both = { components = ["orders", "suppliers"], workers = 2 }',
        '+both = { components = ["orders"], workers = 2 }',
        '-rest = ["suppliers"]',
    ] == differences(FILES, shop)
    (kept,) = (shop / ".fissile/removed").iterdir()
    own = {name: text for name, text in FILES.items() if "suppliers" in name}
    assert own == {name: (kept / name).read_text() for name in own}
    assert (kept / "tests/suppliers/test_more.py").is_file()
    assert not any((shop / name).exists() for name in own)
    found = find_in(shop)
    assert (["orders"], (), ()) == (
        [component.name for component in found.components],
        found.faults(),
        read_placements(found).faults,
    )
    assert ("what was removed is in .fissile/removed, until you delete it",) == change.notes[:1]


def test_what_still_mentions_it_is_noted(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document or a list of names works without it, and the user is told."""
    monkeypatch.chdir(shop)
    write(shop, {"shop/names.py": 'NAMES = ["suppliers"]\n'})
    assert "suppliers is still mentioned in shop/README.md:1, shop/names.py:1" == remove(shop, "suppliers").notes[-1]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[apart]\na = ["x"] # 1\nb = ["orders"] # 2\n# 3\n', '[apart]\na = ["x"] # 1\n# 3\n'),
        ('[apart]\na = ["orders", "x"]\n', '[apart]\na = ["x"]\n'),
        ('[apart]\na = ["x", "orders"]\n', '[apart]\na = ["x"]\n'),
        ('[apart]\na = [\n  "x", # 1\n  "orders", # 2\n]', '[apart]\na = [\n  "x", # 1\n]'),
        ('[apart]\r\na = ["x"]\r\nb = { components = ["orders"] }\r\n', '[apart]\r\na = ["x"]\r\n'),
        (
            '# 1\n[apart.a]\ncomponents = ["x"]\n\n'
            '[apart.b]\ncomponents = ["orders"]\nworkers = 2\n\n[other]\na = ["x"]\n',
            '# 1\n[apart.a]\ncomponents = ["x"]\n\n\n[other]\na = ["x"]\n',
        ),
        ('# 1\n[one]\na = ["orders"]\n\n[two]\na = ["x"]\n', '# 1\n\n[two]\na = ["x"]\n'),
        ('[defaults]\ndeadline = "5s"\n', '[defaults]\ndeadline = "5s"\n'),
    ],
)
def test_placements_without_a_component(before: str, after: str) -> None:
    """It is taken out of each process; one that is left with nothing goes, and so does a placement."""
    assert after == placements_without(Written(Path("placements.toml"), before.encode(), "utf-8"), "orders").decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            '[dependency-groups]\n# dev\ndev = ["x"]\norders = [\n  "a", # ]\n]\n\n[tool]\n',
            '[dependency-groups]\n# dev\ndev = ["x"]\n\n[tool]\n',
        ),
        (
            '[dependency-groups]\norders = []\nall = [{ include-group = "orders" }, { include-group = "dev" }]\n',
            '[dependency-groups]\nall = [{ include-group = "dev" }]\n',
        ),
        (
            '[dependency-groups]\norders = []\n[tool.uv]\nconflicts = [[{ group = "orders" }, { group = "a" }]]\n',
            "[dependency-groups]\n[tool.uv]\nconflicts = []\n",
        ),
        (
            '[dependency-groups]\norders = []\n[tool.uv]\ndefault-groups = ["dev", "orders"]\n',
            '[dependency-groups]\n[tool.uv]\ndefault-groups = ["dev"]\n',
        ),
        ('[tool.uv]\ndefault-groups = ["orders"]\n', '[tool.uv]\ndefault-groups = ["orders"]\n'),
    ],
)
def test_settings_without_a_group(before: str, after: str) -> None:
    """The group goes with whatever names it; without a group of this name nothing does."""
    assert after == groups_without(Written(Path("pyproject.toml"), before.encode(), "utf-8"), "orders").decode()
