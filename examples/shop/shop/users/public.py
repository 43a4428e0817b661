"""What other components may use of users."""

from typing import Annotated, Protocol

from pydantic import Field, StringConstraints

from fissile import ComponentError, Interface, Value, raises, readonly

UserId = Annotated[int, Field(ge=0, lt=2**63)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
# Only its shape: whether an address exists, a letter to it tells. 254 is the longest that mail can carry (RFC 5321).
Email = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$")
]


class NewUser(Value):
    """Somebody who wants to sign up."""

    name: Name
    email: Email


class User(Value):
    """Somebody who signed up."""

    id: UserId
    name: Name
    email: Email


class UnknownUser(ComponentError):
    """No user has this id."""

    status = 404
    user_id: UserId


class EmailTaken(ComponentError):
    """Another user has this e-mail address."""

    status = 409
    email: Email


class Users(Interface, Protocol):
    """What may be asked of users."""

    @raises(EmailTaken)
    async def sign_up(self, new: NewUser) -> User:
        """Become a user."""
        ...

    @readonly
    @raises(UnknownUser)
    async def get(self, user_id: UserId) -> User:
        """One user."""
        ...
