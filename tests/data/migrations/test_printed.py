"""Types of columns in the SQL that a component's history prints for PostgreSQL."""

import pytest
from sqlalchemy import BigInteger, Column, Integer, SmallInteger, String
from sqlalchemy.types import TypeEngine

from fissile.data.migrations.printed import Printed

SQL = """BEGIN;
CREATE TABLE notes (
    id BIGSERIAL NOT NULL,
    small SMALLSERIAL,
    number SERIAL,
    text VARCHAR(200) NOT NULL
);
ALTER TABLE notes ALTER COLUMN text TYPE VARCHAR(300);
"""


@pytest.mark.parametrize(
    ("name", "kind", "is_same"),
    [
        ("id", BigInteger(), True),
        ("id", BigInteger().with_variant(Integer, "sqlite"), True),
        ("id", Integer(), False),
        ("small", SmallInteger(), True),
        ("number", Integer(), True),
        ("text", String(300), True),
        ("text", String(200), False),
        ("city", String(200), None),
    ],
)
def test_the_type_of_a_column(name: str, kind: TypeEngine[object], is_same: bool | None) -> None:
    """The last statement that names a column has its type, serial ones included; None if no statement does."""
    assert is_same is Printed(SQL).has_type("notes", Column(name, kind))
