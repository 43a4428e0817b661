"""The types of carried variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from fissile import App, Carried, ConfigurationError
from tests.runtime.projects import written

PUBLIC = '''
"""What others may ask."""
from fissile import Carried

tenant = Carried[str]("tenant_of_parts", default="")
tags = Carried[list[str]]("tags_of_parts", default=[])
anything = Carried[object]("anything_of_parts", default=None)
'''
COMPONENT = '''
"""A component."""
from fastapi import APIRouter
from fissile import Component
from . import public

component = Component(api=APIRouter())
'''


def test_a_carried_variable_has_a_type_that_a_value_may_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that may be changed or say nothing are refused at the start, both of them."""
    monkeypatch.setattr(Carried, "declared", {})
    files = {"parts/public.py": PUBLIC, "parts/component.py": COMPONENT}
    with written(tmp_path, files) as name, pytest.raises(ConfigurationError) as caught:
        App(name).assemble()
    assert ["Carried('tags_of_parts')", "Carried('anything_of_parts')"] == [
        fault.where for fault in caught.value.faults
    ]


def test_two_variables_of_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is all that crosses, so the second declaration is refused and says where the first one is."""
    monkeypatch.setattr(Carried, "declared", {})
    public = 'from fissile import Carried\n\ntenant = Carried[str]("tenant", default="")\n'
    files = {
        f"{part}/{file}.py": text
        for part in ("left", "right")
        for file, text in [("public", public), ("component", COMPONENT)]
    }
    with written(tmp_path, files) as name, pytest.raises(ConfigurationError) as caught:
        App(name).assemble()
    what = f"the carried variable 'tenant' is declared twice, in {name}.left.public and in {name}.right.public"
    assert [what] == [fault.what for fault in caught.value.faults]
