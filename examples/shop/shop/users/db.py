"""Where users are kept."""

from sqlalchemy import BigInteger, Column, Integer, String, Table
from sqlalchemy.orm import registry

from fissile.data import Conflict, SqlRepository

from .domain import EmailTaken, User

mapping = registry()
metadata = mapping.metadata
table = Table(
    "users",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("email", String(254), nullable=False),
    Column("email_key", String(254), nullable=False, unique=True),
    sqlite_autoincrement=True,
)
mapping.map_imperatively(User, table)


class UserRepository(SqlRepository[User, int]):
    """The users in the database."""

    async def add(self, entity: User) -> None:
        """Keep a new user, who gets an id; raises `EmailTaken`."""
        try:
            await super().add(entity)  # the database decides, so that of two who sign up at once only one does
        except Conflict as error:
            raise EmailTaken from error
