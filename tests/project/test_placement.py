"""Choosing a placement."""

import pytest

from fissile.errors import ConfigurationError
from fissile.project import Placement, placement_from


def test_together_is_the_default() -> None:
    """Without a word in the environment everything runs in one process."""
    placement = placement_from({"FISSILE_PLACEMENT": ""})
    assert placement == placement_from({})
    assert Placement("together") == placement
    assert placement.is_live("orders")


def test_wire_is_one_process_with_every_call_through_the_link() -> None:
    """The placement wire has all components live and every call serialised."""
    placement = placement_from({"FISSILE_PLACEMENT": "wire"})
    assert Placement("wire", wire=True) == placement
    assert placement.is_live("orders")


def test_only_the_live_components_of_a_process_are_live() -> None:
    """A placement that lists components excludes the others."""
    placement = Placement("apart", live=frozenset({"orders"}), addresses={"users": "unix:/run/users.sock"})
    assert (True, False) == (placement.is_live("orders"), placement.is_live("users"))


def test_an_unknown_placement_gets_the_nearest() -> None:
    """A mistyped placement is answered with what may have been meant."""
    with pytest.raises(ConfigurationError) as raised:
        placement_from({"FISSILE_PLACEMENT": "togehter"})
    (fault,) = raised.value.faults
    assert "there is no placement 'togehter'" == fault.what
    assert "environment variable FISSILE_PLACEMENT" == fault.where
    assert "did you mean together?" == fault.fix
