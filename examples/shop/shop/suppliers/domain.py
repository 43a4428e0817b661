"""A supplier, as the shop thinks of one."""

from dataclasses import dataclass, field


@dataclass(eq=False)
class Supplier:
    """Somebody from whom the shop buys; the id is the database's to give."""

    name: str
    city: str
    id: int = field(init=False)
