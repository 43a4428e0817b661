"""The users over HTTP."""

from fastapi import APIRouter

from fissile import Provided, anyone

from .public import NewUser, User, UserId, Users

router = APIRouter(tags=["users"])


@router.post("", status_code=201, dependencies=[anyone])
async def sign_up(new: NewUser, users: Provided[Users]) -> User:
    """Become a user."""
    return await users.sign_up(new)


@router.get("/{user_id}")
async def get_user(user_id: UserId, users: Provided[Users]) -> User:
    """One user."""
    return await users.get(user_id)
