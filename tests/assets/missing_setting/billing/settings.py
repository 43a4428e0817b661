"""Settings."""

from pydantic import SecretStr
from pydantic_settings import BaseSettings


class BillingSettings(BaseSettings):
    """What it is set to."""

    key: SecretStr = SecretStr("")
    days: int = 30
