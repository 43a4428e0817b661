"""What can be done with users."""

from . import domain
from .db import UserRepository
from .public import EmailTaken, NewUser, UnknownUser, User, Users


class UserService(Users):
    """The users, for everyone who may ask."""

    def __init__(self, users: UserRepository) -> None:
        self._users = users

    async def sign_up(self, new: NewUser) -> User:
        """Become a user."""
        user = domain.User(new.name, new.email)
        try:
            await self._users.add(user)
        except domain.EmailTaken as error:
            raise EmailTaken(email=new.email) from error
        return _to_public(user)

    async def get(self, user_id: int) -> User:
        """One user."""
        user = await self._users.get(user_id)
        if user is None:
            raise UnknownUser(user_id=user_id)
        return _to_public(user)


def _to_public(user: domain.User) -> User:
    return User(id=user.id, name=user.name, email=user.email)
