"""Where things stand in TOML."""

import tomllib
from typing import Any

import pytest

from fissile.scaffold.mentions.tables import Tables

TEXT = '''\
# a comment with "quotes" = and [brackets]
top = "one" # [not.a.table]
"quoted key" = 'two'
dotted.a."b.c" = 3
many = [
    "x", # a comment, with a comma
    [1, 2.5, true],
    { y = "z", 'w' = [ ] },
]

[table]
text = """
several "lines" \\\\ with # and ] and }
"""
raw = \'\'\'it's\'\'\'
when = 1979-05-27 07:32:00
  [ table . inner ]  # spaces
inner = "\\u00e9\\""
[[points]]
x = 1
[[points]]
x = 2
[points.sub]
y = "in the second"
'''


def leaves(value: object, path: tuple[str | int, ...] = ()) -> dict[tuple[str | int, ...], Any]:
    """Every value that is neither table nor array, by its path."""
    if isinstance(value, dict):
        return {key: leaf for name, item in value.items() for key, leaf in leaves(item, (*path, name)).items()}
    if isinstance(value, list):
        return {key: leaf for number, item in enumerate(value) for key, leaf in leaves(item, (*path, number)).items()}
    return {path: value}


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("\n", "\r\n"), TEXT.rstrip("\n"), ""])
def test_places_agree_with_the_parser(text: str) -> None:
    """Each value that the parser finds stands where it is said to, and says the same."""
    tables = Tables(text)
    expected = leaves(tomllib.loads(text.replace("\r\n", "\n")))
    found = {value.path: text[value.start : value.end] for value in tables.values}
    values = {path: tomllib.loads(f"x = {raw}".replace("\r\n", "\n"))["x"] for path, raw in found.items()}
    assert expected == {path: value for path, value in values.items() if path in expected}
    strings = {path: value for path, value in expected.items() if isinstance(value, str)}
    assert strings == {value.path: value.text for value in tables.strings()}
