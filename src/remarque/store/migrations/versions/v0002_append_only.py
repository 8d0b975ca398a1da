"""The log and its checkpoints can only grow.

A BEFORE INSERT trigger runs before SQLite resolves a conflict, so INSERT OR REPLACE fails on it
even where a connection left ``recursive_triggers`` off. The triggers keep accidents and careless
programs out; proof that nothing was rewritten is the signed and timestamped tree.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

_CHANGES = ("update", "delete")
_GROWING = ("entry", "entry_picture", "checkpoint")


def upgrade() -> None:
    """Put the triggers on."""
    for table in _GROWING:
        for change in _CHANGES:
            _refuse(f"{table}_no_{change}", f"{change} ON {table}", f"{table} only grows")
    _refuse(
        "entry_next_only",
        "INSERT ON entry",
        "an entry takes the next number and no other",
        when="NEW.seq IS NOT (SELECT COALESCE(MAX(seq) + 1, 0) FROM entry)",
    )
    _refuse(
        "entry_picture_once",
        "INSERT ON entry_picture",
        "a picture is named once for each entry",
        when="EXISTS (SELECT 1 FROM entry_picture WHERE digest = NEW.digest AND seq = NEW.seq)",
    )
    _refuse(
        "checkpoint_once",
        "INSERT ON checkpoint",
        "there is already a checkpoint of this size",
        when="EXISTS (SELECT 1 FROM checkpoint WHERE size = NEW.size)",
    )
    _refuse(
        "checkpoint_within",
        "INSERT ON checkpoint",
        "a checkpoint covers entries that are there",
        when="NEW.size < 0 OR NEW.size > (SELECT COALESCE(MAX(seq) + 1, 0) FROM entry)",
    )
    _keep_held_stamps()


def _keep_held_stamps() -> None:
    for change in _CHANGES:
        _refuse(
            f"stamp_held_no_{change}",
            f"{change} ON stamp",
            "a held timestamp stays",
            when="OLD.state = 'held'",
        )
    _refuse(
        "stamp_held_once",
        "INSERT ON stamp",
        "a held timestamp stays",
        when="EXISTS (SELECT 1 FROM stamp WHERE size = NEW.size"
        " AND authority = NEW.authority AND state = 'held')",
    )


def _refuse(name: str, event: str, sentence: str, *, when: str = "TRUE") -> None:
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {event} WHEN {when}"
        f" BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
    )
