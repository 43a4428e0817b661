"""Templates: what is replaced, what is left out, and what stays as it is."""

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from fissile.scaffold.rendering import TEMPLATES, Sample, replaced

WORDS = {"note": "order", "note.key": "name", "notes": "orders", "order": "note", "String(200)": "Float", "a": ""}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("note notes order", "order orders note"),
        ("note_id unknown_note", "order_id unknown_order"),
        ("notebook denote note2 Note NOTE", "notebook denote note2 Note NOTE"),
        ("/notes/{note.id}", "/orders/{order.id}"),
        ('Column("note", String(200))', 'Column("order", Float)'),
        ("String(2000) String(200)0", "String(2000) String(200)0"),
        ("note.key note.keys", "name order.keys"),
        ("a-b", "-b"),
        ("", ""),
    ],
)
def test_words(text: str, expected: str) -> None:
    """Words are put for words all at once, the longest first, where letters and digits end."""
    assert expected == replaced(text, WORDS)


@given(st.text())
def test_no_words(text: str) -> None:
    """Without words a text stays as it is."""
    assert text == replaced(text, {})


def test_statements() -> None:
    """A statement is a line that goes, with what it leaves out."""
    text = "a = 1\n    #: if kept\n    b = 2\n    #: else\n    c = 3\n    #: endif\nd = 4\n"
    assert "a = 1\n    b = 2\nd = 4\n" == Sample({}, {"kept": True}).rendered(text)
    assert "a = 1\n    c = 3\nd = 4\n" == Sample({}, {"kept": False}).rendered(text)


def test_an_option_that_nobody_sets() -> None:
    """A template that asks for something unknown is no template."""
    with pytest.raises(UndefinedError):
        Sample({}, {}).rendered("#: if unknwon\n#: endif\n")


@pytest.mark.parametrize(
    "text",
    [
        '{"a": {}}\n',
        "f'{{{a}}}'\n",
        "${{ github.ref }} {% if a %}\n",
        "{# a #}\n",
        "# a comment\n",
        "end",
        "\n\nend\n\n",
    ],
)
def test_what_is_no_statement(text: str) -> None:
    """Braces, comments and line ends are those of the file."""
    assert text == Sample({}).rendered(text)


def test_fields() -> None:
    """The lines of the only field are there once for each field, and each field has its own words."""
    text = "class Note:\n    #: call each()\n    text: str  # of a note\n    #: endcall\n"
    fields = [{"text": "item", "str": "str"}, {"text": "at", "str": "datetime"}]
    expected = "class Order:\n    item: str  # of a order\n    at: datetime  # of a order\n"
    assert expected == Sample({"Note": "Order", "note": "order"}, fields=fields).rendered(text)


@given(st.lists(st.sampled_from(["note", "notes", "sample", "text", "str", "order", "greetings"]), unique=True))
def test_fields_called_like_words(names: list[str]) -> None:
    """The name of a field is what its author has typed, also where it is a word of the sample."""
    text = "note(\n#: call each()\ntext=note.text,\n#: endcall\n)\n"
    sample = Sample({"note": "order", "notes": "orders", "text": "no"}, fields=[{"text": name} for name in names])
    assert "".join(["order(\n", *(f"{name}=order.{name},\n" for name in names), ")\n"]) == sample.rendered(text)


def test_files(tmp_path: Path) -> None:
    """Files get the words in their names too; what is empty is left out, but a package's beginning."""
    files = {
        "sample/notes/__init__.py": "",
        "sample/notes/note.py": "note = 1\n",
        "sample/empty.py": "#: if no\nno = 1\n#: endif\n",
        "sample/other.py": "other = 1\n",
        "sample/__pycache__/a.pyc": "a",
        ".ruff_cache/CACHEDIR.TAG": "a",
        ".github/ci.yml": "name: sample\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    sample = Sample({"sample": "shop", "notes": "orders", "note": "order"}, {"no": False})
    assert {
        ".github/ci.yml": "name: shop\n",
        "shop/orders/__init__.py": "",
        "shop/orders/order.py": "order = 1\n",
    } == {str(path): text for path, text in sample.files(tmp_path, lambda path: path.stem != "other").items()}


@pytest.mark.parametrize("tree", ["every", "tiny", "small", "large"])
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("ci", [None, "github"])
def test_trees(tree: str, database: str, ci: str | None) -> None:
    """No statement and no empty option is left of the templates that there are."""
    options = {"shape": tree, "database": database, "ci": ci, "source": None}
    files = Sample({}, options, [{}]).files(TEMPLATES / tree)
    assert [] == [path for path, text in files.items() if "#:" in text or "\0" in text or "SOURCE" in text]
    assert (ci is not None and tree == "every") == (PurePosixPath(".github/workflows/ci.yml") in files)
