"""start."""

import sqlalchemy as sa
from alembic import op

revision = "5a3b1e000001"
down_revision = None
kind = "expand"  # older code runs on what it makes


def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        #: call each()
        sa.Column("text", sa.String(length=200), nullable=False),
        #: endcall
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("notes")
