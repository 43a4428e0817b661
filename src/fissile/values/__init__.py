"""Values: the immutable data that crosses a boundary, and which types it may be made of.

A value means the same in every placement. Whatever JSON would change is settled when the value is made: an instant is
kept in UTC, since RFC 3339 carries an offset and no zone; a mapping is frozen; a subclass becomes the declared class.
What cannot be settled is refused: by the value itself where it depends on the data, by `refusals` where it depends on
the type.
"""

from .error import ComponentError
from .permitted import Traits, refusals, traits
from .value import Event, Value

__all__ = ["ComponentError", "Event", "Traits", "Value", "refusals", "traits"]
