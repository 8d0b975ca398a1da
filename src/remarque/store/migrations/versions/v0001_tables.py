"""The tables of the first vault."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the log, its indexes, and the caches beside it."""
    _make_log()
    _make_stamps()
    _make_picture_tables()


def _make_log() -> None:
    op.create_table(
        "entry",
        sa.Column("seq", _number, primary_key=True, autoincrement=False),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.Column("leaf_digest", sa.LargeBinary(32), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("work", sa.String(200)),
    )
    op.create_index("entry_by_work", "entry", ["work", "seq"])
    op.create_index("entry_by_kind", "entry", ["kind", "seq"])
    op.create_table(
        "entry_picture",
        sa.Column("digest", sa.LargeBinary(32), primary_key=True),
        sa.Column(
            "seq", _number, sa.ForeignKey("entry.seq"), primary_key=True, autoincrement=False
        ),
    )


def _make_stamps() -> None:
    op.create_table(
        "checkpoint",
        sa.Column("size", _number, primary_key=True, autoincrement=False),
        sa.Column("root", sa.LargeBinary(32), nullable=False),
        sa.Column("note", sa.LargeBinary, nullable=False),
        sa.Column("frontier", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "stamp",
        sa.Column(
            "size", _number, sa.ForeignKey("checkpoint.size"), primary_key=True, autoincrement=False
        ),
        sa.Column("authority", sa.String(2000), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("request", sa.LargeBinary, nullable=False),
        sa.Column("response", sa.LargeBinary, nullable=False),
        sa.Column("chain", sa.LargeBinary, nullable=False),
        sa.Column("time", sa.String(40), nullable=False),
        sa.Column("problem", sa.String, nullable=False),
    )


def _make_picture_tables() -> None:
    op.create_table(
        "picture_place",
        sa.Column("digest", sa.LargeBinary(32), primary_key=True),
        sa.Column("path", sa.LargeBinary, primary_key=True),
    )
    op.create_table(
        "fingerprint",
        sa.Column("version", sa.String(64), primary_key=True),
        sa.Column("picture", sa.LargeBinary(32), primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
