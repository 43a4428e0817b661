"""Where users are kept."""

from sqlalchemy import Column, Integer, String, Table
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import registry

from .domain import EmailTaken, User

mapping = registry()
metadata = mapping.metadata
table = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("email", String(254), nullable=False),
    Column("email_key", String(254), nullable=False, unique=True),
    sqlite_autoincrement=True,
)
mapping.map_imperatively(User, table)


class UserRepository:
    """The users in the database."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, user: User) -> None:
        """Keep a new user, who gets an id; raises `EmailTaken`."""
        self._session.add(user)
        try:
            await self._session.flush()  # the database decides, so that of two who sign up at once only one does
        except IntegrityError as error:
            raise EmailTaken from error

    async def get(self, user_id: int) -> User | None:
        """The user with this id, if there is one."""
        return await self._session.get(User, user_id)
