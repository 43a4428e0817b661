"""start."""

import sqlalchemy as sa
from alembic import op

revision = "fc88d24d8ba5"
down_revision = None
kind = "expand"  # older code runs on what it makes


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("email_key", sa.String(length=254), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("email_key", name="users_email_key_key"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("users")
