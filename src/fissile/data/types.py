"""Column types that are the same in SQLite and PostgreSQL where SQLAlchemy's own are not."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, DateTime, Dialect, Numeric
from sqlalchemy.types import TypeDecorator, TypeEngine


class Instant(TypeDecorator[datetime]):
    """A moment: an aware datetime, which comes back in UTC.

    SQLite has no time zones, so SQLAlchemy's own type loses them there, in silence.
    """

    impl = DateTime
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(timezone=True)

    def __repr__(self) -> str:
        return "Instant()"

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Takes an aware datetime.

        Raises:
            ValueError: It has no time zone.
        """
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError(f"{value!r} has no time zone, so it is no moment")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Gives it in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Exact(TypeDecorator[Decimal]):
    """A decimal number with a fixed number of digits, such as an amount of money.

    SQLite has none, and keeps an integer of the smallest unit, which sorts and adds up as the number does.

    Args:
        precision: Digits in all, at most 18.
        scale: How many of them come after the point.
    """

    impl = Numeric
    cache_ok = True

    def __init__(self, precision: int = 12, scale: int = 2) -> None:
        if not 0 <= scale <= precision <= 18:
            raise ValueError("there are at most 18 digits, as many as a 64-bit integer holds")
        super().__init__(precision=precision, scale=scale)
        self.precision = precision
        self.scale = scale

    def __repr__(self) -> str:
        return f"Exact(precision={self.precision}, scale={self.scale})"

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Decimal]:
        """An integer in SQLite."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())  # type: ignore[arg-type]  # converted below
        return dialect.type_descriptor(Numeric(self.precision, self.scale))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | int | None:
        """Takes a number that fits.

        Raises:
            ValueError: It has more digits, or is none that can be written down.
        """
        if value is None:
            return None
        smallest = Decimal(value).scaleb(self.scale) if Decimal(value).is_finite() else None
        if smallest is None or smallest != smallest.to_integral_value() or abs(smallest) >= 10**self.precision:
            raise ValueError(f"{value} does not fit into {self!r}")
        return int(smallest) if dialect.name == "sqlite" else Decimal(value)

    def process_result_value(self, value: Decimal | int | None, dialect: Dialect) -> Decimal | None:
        """Gives it with all digits after the point."""
        if value is None:
            return None
        return Decimal(value).scaleb(-self.scale) if dialect.name == "sqlite" else Decimal(value)
