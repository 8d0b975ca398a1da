"""What a folder watch has dealt with already, so that it goes on where it stopped."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the two tables; they are a memory beside the log and may change."""
    op.create_table(
        "watched_folder",
        sa.Column("path", sa.LargeBinary, primary_key=True),
        sa.Column("since", sa.String(40), nullable=False),
    )
    op.create_table(
        "watched_file",
        sa.Column("path", sa.LargeBinary, primary_key=True),
        sa.Column("size_bytes", _number, nullable=False),
        sa.Column("modified_ns", _number, nullable=False),
        sa.Column("picture", sa.LargeBinary(32)),
        sa.Column("rating", sa.Integer, nullable=False),
    )
