"""What differs from one place where this runs to another."""

from pydantic_settings import BaseSettings, SettingsConfigDict

#: if database == "postgresql"
DATABASE_URL = "postgresql+psycopg://localhost:5432/sample"
#: endif
#: if database == "sqlite"
DATABASE_URL = "sqlite+aiosqlite:///sample.sqlite3"
#: endif


class Settings(BaseSettings):
    """Read from the environment, and from `.env` in the working directory: `SAMPLE_DATABASE_URL` and so on."""

    model_config = SettingsConfigDict(env_prefix="SAMPLE_", env_file=".env", extra="ignore")

    database_url: str = DATABASE_URL
