"""Small projects, written as maps of path to text."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

_numbers = count()


@contextmanager
def written(folder: Path, files: Mapping[str, str]) -> Iterator[str]:
    """Writes a package with these files, keeps its state beside it, and forgets its modules afterwards.

    Args:
        folder: Where; an ``__init__.py`` is made wherever one is missing.
        files: The text of each file, by its path in the package.

    Yields:
        The name of the package, which no other test uses.
    """
    name = f"written_{next(_numbers)}"
    for path, text in files.items():
        file = folder / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    for part in [folder / name, *(path for path in (folder / name).rglob("*") if path.is_dir())]:
        (part / "__init__.py").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.setenv("FISSILE_STATE", str(folder / "state"))
        try:
            yield name
        finally:
            for module in [module for module in sys.modules if module.partition(".")[0] == name]:
                del sys.modules[module]
