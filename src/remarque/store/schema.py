"""The tables of a vault, and the order of their versions.

Times are RFC 3339 text and digests raw bytes, so that SQLite and PostgreSQL give back the same
values. Rules that triggers hold are in the migrations, one set for each database.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)

REVISIONS = ("0001", "0002", "0003", "0004")
"""Every schema version there has been, oldest first. The last is the one this program speaks."""

CURRENT = REVISIONS[-1]

# On SQLite only INTEGER PRIMARY KEY is the row number itself.
_Number = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData()

entry = Table(
    "entry",
    metadata,
    Column("seq", _Number, primary_key=True, autoincrement=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("leaf_digest", LargeBinary(32), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("work", String(200)),
    Index("entry_by_work", "work", "seq"),
    Index("entry_by_kind", "kind", "seq"),
)
"""The log. ``seq`` is the zero-based index; ``kind`` and ``work`` repeat what the leaf says."""

entry_picture = Table(
    "entry_picture",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("seq", _Number, ForeignKey("entry.seq"), primary_key=True, autoincrement=False),
)
"""Which entries name which picture."""

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("size", _Number, primary_key=True, autoincrement=False),
    Column("root", LargeBinary(32), nullable=False),
    Column("note", LargeBinary, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
)
"""Signed tree heads. ``frontier`` is the 32-byte subtree roots one after another."""

stamp = Table(
    "stamp",
    metadata,
    Column("size", _Number, ForeignKey("checkpoint.size"), primary_key=True, autoincrement=False),
    Column("authority", String(2000), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("response", LargeBinary, nullable=False),
    Column("chain", LargeBinary, nullable=False),
    Column("time", String(40), nullable=False),
    Column("problem", String, nullable=False),
)
"""Timestamps over checkpoints, and the queued wishes for them."""

picture_place = Table(
    "picture_place",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("path", LargeBinary, primary_key=True),
)
"""Where pictures kept in place lie; ``path`` in the bytes of the file system, not always text."""

fingerprint = Table(
    "fingerprint",
    metadata,
    Column("version", String(64), primary_key=True),
    Column("picture", LargeBinary(32), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
"""Fingerprints of registered pictures: a cache."""

watched_folder = Table(
    "watched_folder",
    metadata,
    Column("path", LargeBinary, primary_key=True),
    Column("since", String(40), nullable=False),
)
"""Folders that are or were watched, and since when."""

watched_file = Table(
    "watched_file",
    metadata,
    Column("path", LargeBinary, primary_key=True),
    Column("size_bytes", _Number, nullable=False),
    Column("modified_ns", _Number, nullable=False),
    Column("picture", LargeBinary(32)),
    Column("rating", Integer, nullable=False),
)
"""Files in watched folders that were dealt with. ``picture`` is the take's, NULL where none."""

past_run = Table(
    "past_run",
    metadata,
    Column("run", LargeBinary(32), primary_key=True),
    Column("picture", LargeBinary(32), nullable=False),
)
"""Which picture came of which run: a memory, no part of the record."""
