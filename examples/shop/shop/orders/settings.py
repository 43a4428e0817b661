"""What can be set for orders."""

from pydantic import Field
from pydantic_settings import BaseSettings


class OrderSettings(BaseSettings):
    """Settings of orders, each read from `ORDERS__<NAME>`."""

    maximum_quantity: int = Field(default=1_000, ge=1, description="The most that one order may ask for, in pieces.")
