"""The guide to placements holds on the application of the tutorial."""

from pathlib import Path

from tests.docs.guide import DOCS, TUTORIAL, Reader, left_by, needs_curl


@needs_curl
def test_placements(tmp_path: Path) -> None:
    """Whoever goes on where the tutorial ends sees what the guide shows."""
    Reader(left_by(TUTORIAL, tmp_path)).follow((DOCS / "guides" / "placements.md").read_text(encoding="utf-8"))
