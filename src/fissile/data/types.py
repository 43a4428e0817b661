"""Column types that are the same in SQLite and PostgreSQL where SQLAlchemy's own are not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from sqlalchemy import DateTime, Dialect, Float, Integer, Interval, Numeric
from sqlalchemy.sql import operators
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeDecorator, TypeEngine

_WIDE = Context(prec=1000, rounding=ROUND_HALF_UP)


class Span(TypeDecorator[timedelta]):
    """What lies between two moments. It is for expressions of moments, and not for columns."""

    impl = Interval
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """SQLite has none: whatever it computes is refused below."""
        return dialect.type_descriptor(Float() if dialect.name == "sqlite" else Interval())

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> timedelta | None:
        """Takes a duration.

        Raises:
            ValueError: The database is SQLite.
        """
        return self._computed(value, dialect)

    def process_result_value(self, value: timedelta | None, dialect: Dialect) -> timedelta | None:
        """Gives a duration.

        Raises:
            ValueError: The database is SQLite.
        """
        return self._computed(value, dialect)

    def _computed(self, value: timedelta | None, dialect: Dialect) -> timedelta | None:
        if value is not None and dialect.name == "sqlite":
            raise ValueError("SQLite does not compute with moments, so do it in Python")
        return value


class _InstantComparator(TypeDecorator.Comparator[datetime], DateTime.Comparator[datetime]):
    """Says of which type an expression of moments is."""

    def _adapt_expression(self, op: OperatorType, other_comparator: Any) -> tuple[OperatorType, TypeEngine[Any]]:
        op, made = super()._adapt_expression(op, other_comparator)
        return op, Span() if isinstance(made, Interval) else made


class Instant(TypeDecorator[datetime]):
    """A moment: an aware datetime, which comes back in UTC.

    SQLite has no time zones, so SQLAlchemy's own type loses them there, in silence. Nor does it compute with
    moments: `at + timedelta(...)` and `at - other` are for PostgreSQL, and are refused in SQLite; comparing works
    in both. Where a column may be empty, NULLs sort first in SQLite and last in PostgreSQL, unless the query says
    `nulls_first()` or `nulls_last()`.
    """

    impl = DateTime
    cache_ok = True
    comparator_factory = _InstantComparator

    def __init__(self) -> None:
        super().__init__(timezone=True)

    def __repr__(self) -> str:
        return "Instant()"

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> TypeEngine[Any]:
        """A duration is added to a moment as a duration."""
        return Span() if isinstance(value, timedelta) else self

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


def _decimals(kind: TypeEngine[Any]) -> int | None:
    """How many digits come after the point, if that is known."""
    if isinstance(kind, Number):
        return kind.scale
    return 0 if isinstance(kind, Integer) else None


class _NumberComparator(TypeDecorator.Comparator[Decimal], Numeric.Comparator[Decimal]):
    """Says how many digits after the point an expression has.

    Only that takes away what binary floating point leaves behind: in it 10.10 - 10.00 is 0.0999999999999996.
    """

    def _adapt_expression(self, op: OperatorType, other_comparator: Any) -> tuple[OperatorType, TypeEngine[Any]]:
        left, right = _decimals(self.type), _decimals(other_comparator.type)
        if op is operators.truediv:
            return op, Number()
        if op not in (operators.add, operators.sub, operators.mul):
            return super()._adapt_expression(op, other_comparator)
        if left is None or right is None:
            return op, Number()
        return op, Number(left + right if op is operators.mul else max(left, right))


class Number(TypeDecorator[Decimal]):
    """A decimal number in an expression, of any size. It is not for columns.

    Args:
        scale: Digits after the point, to which a result is rounded; without it, it is taken as it is.
    """

    impl = Numeric
    cache_ok = True
    comparator_factory = _NumberComparator

    def __init__(self, scale: int | None = None) -> None:
        super().__init__()
        self.scale = scale

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """A double in SQLite."""
        return dialect.type_descriptor(Float() if dialect.name == "sqlite" else Numeric())

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> TypeEngine[Any]:
        """A number that is compared or computed with need not fit into the column."""
        if not isinstance(value, int | float | Decimal):
            return self
        exponent = Decimal(str(value)).as_tuple().exponent
        return Number(max(0, -exponent) if isinstance(exponent, int) else None)

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | float | None:
        """Takes a number; of a float it takes what is shown, so that 9.9 is 9.9 in both databases."""
        if value is None:
            return None
        return float(value) if dialect.name == "sqlite" else Decimal(str(value))

    def process_result_value(self, value: Decimal | float | None, dialect: Dialect) -> Decimal | None:
        """Gives it with the digits after the point that it should have."""
        if value is None:
            return None
        number = value if isinstance(value, Decimal) else Decimal(f"{value:.15g}")
        if self.scale is not None and number.is_finite():
            number = number.quantize(Decimal(1).scaleb(-self.scale), context=_WIDE)
        return number or number.copy_abs()


class Exact(Number):
    """A decimal number with a fixed number of digits, such as an amount of money.

    PostgreSQL keeps it as NUMERIC. SQLite has no such type, and keeps a double (IEEE 754, 53 bits). Any decimal
    number of at most 15 digits becomes a double of its own, and is found again by rounding that to 15 digits; with
    16 this is no longer so. What is stored therefore comes back exactly, sorts and compares by its value.

    What SQLite computes is binary floating point. Its result is rounded to 15 digits, and then to as many digits
    after the point as the expression has: sums, differences and products are exact as long as no number on the
    way has more than 15 digits (before SQLite 3.43, a sum of very many rows may be off in its last ones).
    A quotient has 15 digits in SQLite and more in PostgreSQL. Inside the database nothing is rounded: to compare
    what was computed by `==`, or to store it, put `func.round(..., 2)` around it. PostgreSQL rounds what is stored
    or cast; SQLite does not, only what is read is rounded then.

    SQLAlchemy does not know what `func.avg`, `func.abs` and `func.round` give, so say it:
    `func.avg(price, type_=Exact(12, 2))`. In SQLite `%` takes integers. A column of integers that is
    divided by an exact one is taken for one of its kind, and rounded: write `type_coerce(pieces, Exact(9, 0)) / price`.

    What is inserted has to fit. What a query compares or computes with need not, except for a `bindparam` without
    a type, which takes the column's.

    Args:
        precision: Digits in all, at most 15.
        scale: How many of them come after the point.

    Raises:
        ValueError: There are more digits than that.
    """

    cache_ok = True
    scale: int

    def __init__(self, precision: int = 12, scale: int = 2) -> None:
        if not 0 <= scale <= precision <= 15:
            raise ValueError("there are at most 15 digits, as many as a double holds exactly")
        super().__init__(scale)
        self.precision = precision

    def __repr__(self) -> str:
        return f"Exact(precision={self.precision}, scale={self.scale})"

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """A double in SQLite."""
        return dialect.type_descriptor(Float() if dialect.name == "sqlite" else Numeric(self.precision, self.scale))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | float | None:
        """Takes a number that fits.

        Raises:
            ValueError: It has more digits, or is none that can be written down.
        """
        if value is None:
            return None
        smallest = Decimal(value).scaleb(self.scale) if Decimal(value).is_finite() else None
        if smallest is None or smallest != smallest.to_integral_value() or abs(smallest) >= 10**self.precision:
            raise ValueError(f"{value} does not fit into {self!r}")
        return super().process_bind_param(Decimal(value), dialect)
