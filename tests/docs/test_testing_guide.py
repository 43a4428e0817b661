"""The guide to testing holds on the shop."""

import shutil
from pathlib import Path

from tests.docs.guide import DOCS, Reader

SHOP = DOCS.parent / "examples" / "shop"


def test_testing(tmp_path: Path) -> None:
    """Whoever follows the guide in the shop sees what it shows."""
    shop = tmp_path / "shop"
    shutil.copytree(SHOP, shop, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    Reader(shop).follow((DOCS / "guides" / "testing.md").read_text(encoding="utf-8"))
