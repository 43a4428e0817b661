"""Values for property tests."""

from __future__ import annotations

import datetime

from hypothesis import strategies as st

from .relay.probe.public import Circle, Colour, Draft, Everything, LongDraft, Node, Square

_text = st.text(st.characters(exclude_categories=["Cs"]))


def everything() -> st.SearchStrategy[Everything]:
    """Values with a field of every permitted type."""
    circle = st.builds(Circle, radius=st.floats())
    square = st.builds(Square, side=st.decimals(allow_nan=False, allow_infinity=False))
    return st.builds(
        Everything,
        text=_text,
        whole=st.integers(),
        real=st.floats(),
        truth=st.booleans(),
        exact=st.decimals(allow_nan=False, allow_infinity=False),
        raw=st.binary(),
        identity=st.uuids(),
        instant=st.datetimes(
            timezones=st.timezones(), min_value=datetime.datetime(2, 1, 1), max_value=datetime.datetime(9998, 1, 1)
        ),  # hypothesis adds the zone
        day=st.dates(),
        time=st.times(),
        span=st.timedeltas(min_value=datetime.timedelta(days=-9999), max_value=datetime.timedelta(days=9999)),
        colour=st.sampled_from(Colour),
        choice=st.sampled_from(["a", "b"]),
        nested=circle,
        several=st.lists(st.integers()).map(tuple),
        pair=st.tuples(st.integers(), _text),
        unique=st.frozensets(_text, max_size=1),  # a set of several has no order to compare by repr
        table=st.dictionaries(_text, st.integers()),
        shape=circle | square,
        maybe=st.none() | _text,
    )


def nodes() -> st.SearchStrategy[Node]:
    """Trees."""
    return st.recursive(
        st.builds(Node, name=_text),
        lambda children: st.builds(Node, name=_text, children=st.lists(children, max_size=3).map(tuple)),
        max_leaves=10,
    )


def drafts() -> st.SearchStrategy[Draft]:
    """Values of which any fields are set."""
    return st.recursive(
        _draft(st.just(())),
        lambda inner: _draft(st.lists(inner, max_size=2).map(tuple), st.dictionaries(_text, inner, max_size=2)),
        max_leaves=6,
    )


def _draft(
    parts: st.SearchStrategy[tuple[Draft, ...]], named: st.SearchStrategy[dict[str, Draft]] | None = None
) -> st.SearchStrategy[Draft]:
    optional: dict[str, st.SearchStrategy[object]] = {
        "name": _text,
        "stamp": st.uuids(),
        "note": st.none() | _text,
        "parts": parts,
        "named": st.just({}) if named is None else named,
        "shape": st.none() | st.just(Circle(radius=1.0)) | st.just(Circle(kind="circle", radius=1.0)),
    }
    given: st.SearchStrategy[dict[str, object]] = st.fixed_dictionaries({}, optional=optional)
    return st.builds(lambda kind, fields: kind(**fields), st.sampled_from([Draft, LongDraft]), given)
