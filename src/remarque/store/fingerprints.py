"""Fingerprints beside the ledger: a cache that can be made anew from the pictures."""

from collections.abc import Iterable, Iterator
from itertools import islice

from sqlalchemy import and_, delete, insert, or_, select

from remarque.model.digests import Digest, digest_from_raw, raw_of
from remarque.store.database import Database
from remarque.store.schema import fingerprint

_BATCH_ROWS = 200


class SqliteFingerprints:
    """``actions.ports.FingerprintStore`` on SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, rows: Iterable[tuple[Digest, str, bytes]]) -> None:
        """Keep (picture, fingerprint version, bytes); the last one for a picture counts.

        Rows are drawn before the database is locked, so they may be slow to come.

        Raises:
            DiskFull: There is no room.
            VaultBusy: Another process kept writing for too long.
        """
        for batch in _batches(rows):
            with self._database.writing() as connection:
                same = (
                    and_(fingerprint.c.version == version, fingerprint.c.picture == picture)
                    for version, picture in batch
                )
                connection.execute(delete(fingerprint).where(or_(*same)))
                connection.execute(
                    insert(fingerprint),
                    [
                        {"version": version, "picture": picture, "content": content}
                        for (version, picture), content in batch.items()
                    ],
                )

    def all_of(self, version: str) -> list[tuple[Digest, bytes]]:
        """Every registered picture's fingerprint of this version, in order of digest."""
        columns = fingerprint.c
        wanted = (
            select(columns.picture, columns.content)
            .where(columns.version == version)
            .order_by(columns.picture)
        )
        with self._database.reading() as connection:
            return [
                (digest_from_raw(row.picture), row.content) for row in connection.execute(wanted)
            ]


def _batches(
    rows: Iterable[tuple[Digest, str, bytes]],
) -> Iterator[dict[tuple[str, bytes], bytes]]:
    drawn = iter(rows)
    while some := list(islice(drawn, _BATCH_ROWS)):
        yield {(version, raw_of(picture)): content for picture, version, content in some}
