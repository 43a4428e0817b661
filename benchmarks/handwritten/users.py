"""The service of users."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, HTTPException, Path
from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlalchemy import String
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from .database import Base, Session, lifespan

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Email = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$")
]


class UserRow(Base):
    """The table."""

    __tablename__ = "users"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254), unique=True)


class NewUser(BaseModel):
    """Somebody who wants to sign up."""

    name: Name
    email: Email


class User(BaseModel):
    """Somebody who signed up."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    email: str


app = FastAPI(title="Users", lifespan=lifespan)


@app.post("/users", status_code=201, response_model=User)
async def sign_up(new: NewUser, session: Session) -> UserRow:
    """Become a user."""
    user = UserRow(name=new.name, email=new.email, email_key=new.email.casefold())
    session.add(user)
    try:
        await session.commit()
    except IntegrityError as error:
        raise HTTPException(409, "Another user has this e-mail address.") from error
    return user


@app.get("/users/{user_id}", response_model=User)
async def get_user(user_id: Annotated[int, Path(ge=0, lt=2**63)], session: Session) -> UserRow:
    """One user."""
    user = await session.get(UserRow, user_id)
    if user is None:
        raise HTTPException(404, "No user has this id.")
    return user
