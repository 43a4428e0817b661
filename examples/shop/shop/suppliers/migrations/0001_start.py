"""start."""

import sqlalchemy as sa
from alembic import op

revision = "561ec643656e"
down_revision = None
kind = "expand"  # older code runs on what it makes


def upgrade() -> None:
    op.create_table(
        "suppliers",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("city", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("suppliers")
