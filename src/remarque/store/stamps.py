"""Checkpoints and timestamps as rows. A held timestamp and a checkpoint never change."""

from sqlalchemy import Connection, delete, insert, select

from remarque.errors import LedgerDamaged, NotFound
from remarque.model.entry import Checkpoint, Stamp, StampState
from remarque.store import schema

_ROOT_BYTES = 32


def read_checkpoints(connection: Connection) -> list[Checkpoint]:
    """All checkpoints, smallest size first."""
    table = schema.checkpoint
    return [
        Checkpoint(row.size, row.root, row.note, _split(row.frontier))
        for row in connection.execute(select(table).order_by(table.c.size))
    ]


def write_checkpoint(connection: Connection, checkpoint: Checkpoint, *, entries: int) -> None:
    """Keep a checkpoint over at most ``entries`` entries; the same one twice is kept once.

    Raises:
        LedgerDamaged: There is one of this size with another root, or entries are missing.
    """
    table = schema.checkpoint
    if checkpoint.size > entries:
        raise LedgerDamaged(
            f"a checkpoint over {checkpoint.size} entries does not fit a ledger of {entries}"
        )
    known = connection.execute(select(table.c.root).where(table.c.size == checkpoint.size)).scalar()
    if known is None:
        connection.execute(
            insert(table).values(
                size=checkpoint.size,
                root=checkpoint.root,
                note=checkpoint.note,
                frontier=b"".join(checkpoint.frontier),
            )
        )
    elif known != checkpoint.root:
        raise LedgerDamaged(
            f"there is already a checkpoint over {checkpoint.size} entries with another root: "
            "the ledger has forked"
        )


def read_stamps(connection: Connection, *, pending_only: bool) -> list[Stamp]:
    """Timestamps by checkpoint size, then authority."""
    table = schema.stamp
    wanted = select(table).order_by(table.c.size, table.c.authority)
    if pending_only:
        wanted = wanted.where(table.c.state == StampState.PENDING.value)
    return [
        Stamp(
            size=row.size,
            authority=row.authority,
            state=_state_of(row.state, row.size),
            request=row.request,
            response=row.response,
            chain=row.chain,
            time=row.time,
            problem=row.problem,
        )
        for row in connection.execute(wanted)
    ]


def write_stamp(connection: Connection, stamp: Stamp) -> None:
    """Keep a stamp in place of a pending or refused one; a held one stays as it is.

    Raises:
        NotFound: There is no checkpoint of this size.
    """
    table, sizes = schema.stamp, schema.checkpoint.c.size
    if connection.execute(select(sizes).where(sizes == stamp.size)).first() is None:
        raise NotFound(f"there is no checkpoint over {stamp.size} entries to timestamp")
    same = (table.c.size == stamp.size) & (table.c.authority == stamp.authority)
    known = connection.execute(select(table.c.state).where(same)).scalar()
    if known == StampState.HELD.value:
        return
    connection.execute(delete(table).where(same))
    connection.execute(
        insert(table).values(
            size=stamp.size,
            authority=stamp.authority,
            state=stamp.state.value,
            request=stamp.request,
            response=stamp.response,
            chain=stamp.chain,
            time=stamp.time,
            problem=stamp.problem,
        )
    )


def _state_of(text: str, size: int) -> StampState:
    try:
        return StampState(text)
    except ValueError as error:
        raise LedgerDamaged(
            f"a timestamp over {size} entries is in the state {text!r:.40}, which does not exist",
            hint="Restore the vault from a backup.",
        ) from error


def _split(frontier: bytes) -> tuple[bytes, ...]:
    return tuple(
        frontier[start : start + _ROOT_BYTES] for start in range(0, len(frontier), _ROOT_BYTES)
    )
