"""start."""

import sqlalchemy as sa
from alembic import op

revision = "501bc9421baf"
down_revision = None
kind = "expand"  # older code runs on what it makes


def upgrade() -> None:
    op.create_table(
        "items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("items")
