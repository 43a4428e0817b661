"""Settings."""

from pydantic import SecretStr
from pydantic_settings import BaseSettings


class OrderSettings(BaseSettings):
    """What it is set to."""

    key: SecretStr
    maximum: int = 10
