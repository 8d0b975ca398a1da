"""The append-only log in the vault's database.

The canonical bytes of an entry are kept exactly as they were sealed; all other columns serve
look-up. An entry's index is given inside the transaction that writes it, so that several processes
may write to one vault.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, Row, Select, func, select

from remarque.errors import EntryRejected, LedgerDamaged, MetadataMalformed, NotFound
from remarque.ledger.entry import leaf_digest_of, open_entry
from remarque.model.digests import Digest, raw_of
from remarque.model.entry import Checkpoint, Kind, Receipt, SealedEntry, Stamp, StoredEntry
from remarque.store import stamps
from remarque.store.database import Database
from remarque.store.schema import entry, entry_picture
from remarque.store.writer import GroupWriter

_PAGE_ENTRIES = 512
_PAGE_DIGESTS = 8192

# Plain statements: building each row's parameters anew costs as much as writing it.
_INSERT_ENTRY = "INSERT INTO entry (seq, leaf, leaf_digest, kind, work) VALUES (?, ?, ?, ?, ?)"
_INSERT_NAME = "INSERT INTO entry_picture (digest, seq) VALUES (?, ?)"


class SqliteLedger:
    """``actions.ports.LedgerStore`` on SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writer = GroupWriter(self._commit)

    def append(self, entries: Sequence[SealedEntry]) -> list[Receipt]:
        """Append entries next to each other; they are on disk when this returns.

        Raises:
            EntryRejected: A leaf digest does not belong to its leaf.
            VaultBusy: Another process kept writing for too long.
            DiskFull: There is no room; none of the entries was written.
        """
        for sealed in entries:
            _check_leaf_digest(sealed)
        return self._writer.append(entries)

    def size(self) -> int:
        """How many entries there are."""
        with self._database.reading() as connection:
            return _next_index(connection)

    def entries(
        self, *, work: str | None = None, kinds: Sequence[Kind] = (), start: int = 0
    ) -> Iterator[StoredEntry]:
        """Entries in order, as many as there were when the reading began.

        Raises:
            LedgerDamaged: A stored leaf is not an entry.
        """
        wanted = _entry_rows().limit(_PAGE_ENTRIES)
        if work is not None:
            wanted = wanted.where(entry.c.work == work)
        if kinds:
            wanted = wanted.where(entry.c.kind.in_([str(kind) for kind in kinds]))
        end = self.size()
        while page := self._rows(wanted.where(entry.c.seq >= start, entry.c.seq < end)):
            yield from map(_stored, page)
            start = page[-1].seq + 1

    def entry(self, index: int) -> StoredEntry:
        """One entry.

        Raises:
            NotFound: There is no entry of this index.
            LedgerDamaged: The stored leaf is not an entry.
        """
        rows = self._rows(_entry_rows().where(entry.c.seq == index))
        if not rows:
            raise NotFound(f"the ledger has no entry {index}")
        return _stored(rows[0])

    def entries_naming(self, picture: Digest) -> list[StoredEntry]:
        """Entries that name this picture, in order."""
        wanted = _entry_rows().join(entry_picture, entry_picture.c.seq == entry.c.seq)
        return [
            _stored(row)
            for row in self._rows(wanted.where(entry_picture.c.digest == raw_of(picture)))
        ]

    def leaves(self) -> Iterator[bytes]:
        """The stored bytes of every entry in order, not looked at: for an audit."""
        wanted, start, end = _entry_rows().limit(_PAGE_ENTRIES), 0, self.size()
        while page := self._rows(wanted.where(entry.c.seq >= start, entry.c.seq < end)):
            yield from (row.leaf for row in page)
            start = page[-1].seq + 1

    def leaf_digests(self, start: int, stop: int) -> Iterator[bytes]:
        """Leaf digests of the entries start..stop-1, 32 raw bytes each.

        Raises:
            NotFound: The ledger ends before ``stop``.
            LedgerDamaged: An entry between is missing.
        """
        size = self.size()
        if stop > size:
            raise NotFound(f"the ledger has {size} entries, and {stop} were asked for")
        wanted = select(entry.c.seq, entry.c.leaf_digest).order_by(entry.c.seq)
        while start < stop:
            page_stop = min(start + _PAGE_DIGESTS, stop)
            page = self._rows(wanted.where(entry.c.seq >= start, entry.c.seq < page_stop))
            if len(page) != page_stop - start:
                raise LedgerDamaged(f"an entry between {start} and {page_stop - 1} is missing")
            yield from (row.leaf_digest for row in page)
            start = page_stop

    def checkpoints(self) -> list[Checkpoint]:
        """All checkpoints, smallest size first."""
        with self._database.reading() as connection:
            return stamps.read_checkpoints(connection)

    def add_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint; on disk when this returns. The same one twice is kept once.

        Raises:
            LedgerDamaged: There is one of this size with another root, or it covers entries
                that are not there.
        """
        with self._database.writing() as connection:
            stamps.write_checkpoint(connection, checkpoint, entries=_next_index(connection))

    def stamps(self, *, pending_only: bool = False) -> list[Stamp]:
        """All timestamps and queued wishes, by checkpoint size, then authority."""
        with self._database.reading() as connection:
            return stamps.read_stamps(connection, pending_only=pending_only)

    def put_stamp(self, stamp: Stamp) -> None:
        """Keep a stamp in place of a pending or refused one; a held one stays as it is.

        Raises:
            NotFound: There is no checkpoint of this size.
        """
        with self._database.writing() as connection:
            stamps.write_stamp(connection, stamp)

    def close(self) -> None:
        """Write what still waits. The database stays open for reading."""
        self._writer.close()

    def _rows(self, wanted: Select[tuple[int, bytes]]) -> Sequence[Row[tuple[int, bytes]]]:
        with self._database.reading() as connection:
            return connection.execute(wanted).all()

    def _commit(self, entries: Sequence[SealedEntry]) -> list[Receipt]:
        with self._database.writing() as connection:
            first = _next_index(connection)
            connection.exec_driver_sql(_INSERT_ENTRY, _rows_of(entries, first))
            if names := _names_in(entries, first):
                connection.exec_driver_sql(_INSERT_NAME, names)
        return [
            Receipt(index, sealed.leaf_digest) for index, sealed in enumerate(entries, start=first)
        ]


def _check_leaf_digest(sealed: SealedEntry) -> None:
    if leaf_digest_of(sealed.leaf) != sealed.leaf_digest:
        raise EntryRejected(
            f"the leaf digest of a {sealed.entry.kind} entry does not belong to its bytes"
        )


def _entry_rows() -> Select[tuple[int, bytes]]:
    return select(entry.c.seq, entry.c.leaf, entry.c.leaf_digest).order_by(entry.c.seq)


def _stored(row: Row[tuple[int, bytes]]) -> StoredEntry:
    try:
        opened = open_entry(row.leaf)
    except (EntryRejected, MetadataMalformed) as error:
        raise LedgerDamaged(f"entry {row.seq} cannot be read: {error.message}") from error
    return StoredEntry(row.seq, row.leaf, row.leaf_digest, opened)


def _next_index(connection: Connection) -> int:
    last = connection.execute(select(func.max(entry.c.seq))).scalar()
    return 0 if last is None else last + 1


def _rows_of(
    entries: Sequence[SealedEntry], first: int
) -> list[tuple[int, bytes, bytes, str, str | None]]:
    return [
        (index, sealed.leaf, sealed.leaf_digest, str(sealed.entry.kind), sealed.entry.work)
        for index, sealed in enumerate(entries, start=first)
    ]


def _names_in(entries: Sequence[SealedEntry], first: int) -> list[tuple[bytes, int]]:
    return [
        (raw_of(picture), index)
        for index, sealed in enumerate(entries, start=first)
        for picture in sorted(set(sealed.entry.pictures))
    ]
