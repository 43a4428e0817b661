"""The guide to testing holds on the shop."""

import shutil
from pathlib import Path

from tests.docs.guide import Reader

ROOT = Path(__file__).parents[2]


def test_testing(tmp_path: Path) -> None:
    """Whoever follows the guide in the shop sees what it shows."""
    shop = tmp_path / "shop"
    shutil.copytree(ROOT / "examples" / "shop", shop, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    Reader(shop).follow((ROOT / "docs" / "guides" / "testing.md").read_text(encoding="utf-8"))
