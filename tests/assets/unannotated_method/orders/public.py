# ruff: noqa: ANN001, ANN201 - the missing annotations are what is tested
"""What others may use of orders."""

from typing import Protocol

from fissile import Interface


class Orders(Interface, Protocol):
    """What others may ask of orders."""

    async def get(self, number, *names: str):
        """One of them."""
        ...
