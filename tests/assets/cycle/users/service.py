"""What users does."""

from .public import Users


class UserService(Users):
    """Does it."""

    async def get(self, number: int) -> str:
        """One of them."""
        return str(number)
