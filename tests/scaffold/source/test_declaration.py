"""Edits of a component's declaration: what is written in goes where one would write it, and all else stays."""

import ast
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from fissile.scaffold.source.declaration import Call, declared
from fissile.scaffold.source.edits import Edit, Written

NEWLINES = pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])


def edited(code: str, edits: Callable[[Call], Iterable[Edit]], newline: str = "\n") -> str:
    """The code of a declaration after edits, which is Python still, and has its line ends."""
    content = code.replace("\n", newline).encode()
    call = declared(Written(Path("component.py"), content, "utf-8"))
    assert call is not None
    after = call.file.edited(edits(call)).decode()
    ast.parse(after)
    assert after == after.replace("\r\n", "\n").replace("\n", newline)
    return after.replace("\r\n", "\n")


ENTRIES = {
    "one line": ('{"v1": a, "v2": b}', '{"v1": a, "v2": b, "v3": c}'),
    "one entry": ('{"v1": a}', '{"v1": a, "v3": c}'),
    "comma at the end of the line": ('{"v1": a, }', '{"v1": a, "v3": c, }'),
    "empty": ("{}", '{"v3": c}'),
    "lines": (
        '{\n        "v1": a,\n        "v2": b,\n    }',
        '{\n        "v1": a,\n        "v2": b,\n        "v3": c,\n    }',
    ),
    "no comma": (
        '{\n        "v1": a,\n        "v2": b\n    }',
        '{\n        "v1": a,\n        "v2": b,\n        "v3": c\n    }',
    ),
    "comment": (
        '{\n        "v1": a,  # first, {old}\n    }',
        '{\n        "v1": a,  # first, {old}\n        "v3": c,\n    }',
    ),
    "comment without comma": (
        '{\n        "v1": a  # first, old\n    }',
        '{\n        "v1": a,  # first, old\n        "v3": c\n    }',
    ),
    "comment below": (
        '{\n        "v1": a,\n        # more, later }\n    }',
        '{\n        "v1": a,\n        "v3": c,\n        # more, later }\n    }',
    ),
    "two a line": ('{\n        "v1": a, "v2": b,\n    }', '{\n        "v1": a, "v2": b, "v3": c,\n    }'),
    "closed on the line": (
        '{\n        "v1": a,\n        "v2": b}',
        '{\n        "v1": a,\n        "v2": b,\n        "v3": c}',
    ),
    "closed behind a comma": ('{\n        "v1": a,}', '{\n        "v1": a,\n        "v3": c,}'),
    "hanging": ('{"v1": a,\n         "v2": b}', '{"v1": a,\n         "v2": b,\n         "v3": c}'),
    "comma on the next line": (
        '{\n        "v1": a\n      , "v2": b\n    }',
        '{\n        "v1": a\n      , "v2": b, "v3": c\n    }',
    ),
    "comma below a comment": (
        '{\n        "v1": a  # a, b\n        ,\n    }',
        '{\n        "v1": a  # a, b\n        ,\n        "v3": c,\n    }',
    ),
    "parentheses": ('({"v1": (a)})', '({"v1": (a), "v3": c})'),
}


@NEWLINES
@pytest.mark.parametrize(("before", "after"), ENTRIES.values(), ids=ENTRIES)
def test_an_entry_is_written_behind_the_last_one(before: str, after: str, newline: str) -> None:
    """A dict gets an entry in its own layout."""
    code = "component = Component(\n    api={},  # the api\n    needs=[],\n)\n"
    found = edited(code.replace("{}", before), lambda call: call.with_entry("api", "v3", "c"), newline)
    assert code.replace("{}", after) == found


ITEMS = {
    "one line": ("[A, B]", "[A, B, C]"),
    "one item": ("[A]", "[A, C]"),
    "empty": ("[]", "[C]"),
    "empty tuple": ("()", "[C]"),
    "empty with spaces": ("[ ]", "[C]"),
    "empty in parentheses": ("([])", "[C]"),
    "comment in an empty one": ("[\n        # none yet\n    ]", "[\n        # none yet\n        C,\n    ]"),
    "comment behind the bracket": ("[  # none yet\n    ]", "[  # none yet\n        C,\n    ]"),
    "tuple": ("(A, B)", "(A, B, C)"),
    "tuple of one": ("(A,)", "(A, C)"),
    "lines": ("[\n        A,\n    ]", "[\n        A,\n        C,\n    ]"),
    "tuple on lines": ("(\n        A,\n    )", "(\n        A,\n        C,\n    )"),
    "comment": ("[\n        A,  # why, oh why\n    ]", "[\n        A,  # why, oh why\n        C,\n    ]"),
    "comment without comma": ("[\n        A  # why\n    ]", "[\n        A,  # why\n        C\n    ]"),
    "comment on one line": ("[A]  # why,", "[A, C]  # why,"),
    "starred": ("[*others]", "[*others, C]"),
}


@NEWLINES
@pytest.mark.parametrize(("before", "after"), ITEMS.values(), ids=ITEMS)
def test_an_item_is_written_behind_the_last_one(before: str, after: str, newline: str) -> None:
    """A list or tuple gets an item in its own layout."""
    code = "component = Component(\n    needs=[]\n    , api=a\n)\n"
    found = edited(code.replace("[]", before), lambda call: call.with_item("needs", "C"), newline)
    assert code.replace("[]", after) == found


KEYWORDS = {
    "empty": ("Component()", "Component(needs=[C])"),
    "one line": ("Component(api=a)", "Component(api=a, needs=[C])"),
    "one line with a comma": ("Component(api=a,)", "Component(api=a, needs=[C],)"),
    "lines": ("Component(\n    api=a,\n)", "Component(\n    api=a,\n    needs=[C],\n)"),
    "no comma": ("Component(\n    api=a\n)", "Component(\n    api=a,\n    needs=[C],\n)"),
    "comments between": (
        "Component(\n    # the api, as it is\n    api=a,  # why, oh why\n    # the end\n)",
        "Component(\n    # the api, as it is\n    api=a,  # why, oh why\n    needs=[C],\n    # the end\n)",
    ),
    "comment without comma": (
        "Component(\n    api=a  # why, oh why\n)",
        "Component(\n    api=a,  # why, oh why\n    needs=[C],\n)",
    ),
    "closed on the line": ("Component(\n    api=a)", "Component(\n    api=a,\n    needs=[C])"),
    "several lines": (
        "Component(\n    api={\n        1: a,\n    },\n)",
        "Component(\n    api={\n        1: a,\n    },\n    needs=[C],\n)",
    ),
}


@NEWLINES
@pytest.mark.parametrize("beginning", ["component = ", "component: fissile.Component = fissile.", "# é\ncomponent = "])
@pytest.mark.parametrize(("before", "after"), KEYWORDS.values(), ids=KEYWORDS)
def test_a_keyword_is_written_behind_the_last_one(before: str, after: str, beginning: str, newline: str) -> None:
    """A call without the keyword gets it, on a line of its own where it has such."""
    found = edited(f"{beginning}{before}\n", lambda call: call.with_item("needs", "C"), newline)
    assert f"{beginning}{after}\n" == found


@pytest.mark.parametrize("value", ["a", "(a)", "((  a ))", "(\n    a\n)", '{"": a}'])
def test_a_value_is_replaced_whole(value: str) -> None:
    """The parentheses around a value go with it."""
    code = f"component = Component(api={value}, needs=[(b)])\n"
    assert "component = Component(api=c, needs=[(b)])\n" == edited(code, lambda call: [call.with_value("api", "c")])


def test_what_is_neither_list_nor_dict_gets_nothing() -> None:
    """A name stands for a list that is somewhere else."""
    with pytest.raises(ValueError, match="needs is no list"):
        edited("component = Component(needs=all)\n", lambda call: call.with_item("needs", "C"))
    with pytest.raises(ValueError, match="api is no dict"):
        edited("component = Component(api=all)\n", lambda call: call.with_entry("api", "v3", "c"))


def test_a_file_without_a_declaration_has_none() -> None:
    """Only the component at the top of a file counts."""
    assert declared(Written(Path("component.py"), b"def f():\n    component = Component()\n", "utf-8")) is None
