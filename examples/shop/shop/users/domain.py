"""A user, as the shop thinks of one."""

from dataclasses import dataclass, field


class EmailTaken(Exception):
    """Another user has this e-mail address."""


@dataclass(eq=False)
class User:
    """Somebody who signed up; the id is the database's to give."""

    name: str
    email: str
    email_key: str = field(init=False)
    id: int = field(init=False)

    def __post_init__(self) -> None:
        """Two addresses that differ only in case are one."""
        self.email_key = self.email.casefold()
