"""What every repository has to do: classes that the tests of each adapter inherit.

For an adapter to some store, write a class whose name begins with ``Test``, inherit those of these classes that apply,
and give what raises `NotImplementedError` in `Adapter`::

    class TestDocuments(RepositoryConformance[Order, int], VersionedConformance[Order, int]):
        @pytest.fixture
        def units(self) -> Units[Order, int]: ...

- `RepositoryConformance`: every repository.
- `VersionedConformance` where entities have a version, else `UnversionedConformance`.
- `TransactionalConformance` where units of work are transactions.
"""

from .adapter import Adapter, Step, Units
from .keeping import RepositoryConformance
from .others import TransactionalConformance, UnversionedConformance, VersionedConformance

__all__ = [
    "Adapter",
    "RepositoryConformance",
    "Step",
    "TransactionalConformance",
    "Units",
    "UnversionedConformance",
    "VersionedConformance",
]
