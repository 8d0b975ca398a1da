"""Which picture came of which run, so that an explanation goes on where it stopped."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table; it is a memory beside the log and may change."""
    op.create_table(
        "past_run",
        sa.Column("run", sa.LargeBinary(32), primary_key=True),
        sa.Column("picture", sa.LargeBinary(32), nullable=False),
    )
