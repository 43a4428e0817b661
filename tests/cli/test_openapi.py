"""`fissile openapi` writes the document that is committed."""

import json

from .terminal import Terminal


def test_the_document_is_sorted_and_the_same_every_time(bolts: Terminal) -> None:
    """To stdout or to a file, it is the same text; nothing unfinished is left behind."""
    printed = bolts.run("openapi")
    written = bolts.run("openapi", "--output", "openapi.json")
    assert (0, "", 0, "", "") == (printed.code, printed.err, written.code, written.out, written.err)
    assert printed.out == (bolts.folder / "openapi.json").read_text(encoding="utf-8")
    document = json.loads(printed.out)
    assert json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n" == printed.out
    assert "/suppliers/{supplier_id}" in document["paths"]
    assert [] == list(bolts.folder.glob(".openapi*"))


def test_a_folder_that_is_not_there(bolts: Terminal) -> None:
    """A file that cannot be written is the user's mistake, not a traceback."""
    result = bolts.run("openapi", "--output", "nowhere/openapi.json")
    assert (2, "") == (result.code, result.out)
    assert "Error: Invalid value for --output: there is no folder nowhere" == result.err.splitlines()[-1]
