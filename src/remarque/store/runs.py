"""Which picture came of which run: a memory beside the ledger that can be made anew."""

from sqlalchemy import delete, insert, select

from remarque.model.digests import Digest, digest_from_raw, raw_of
from remarque.store.database import Database
from remarque.store.schema import past_run


class SqliteRuns:
    """``actions.ports.RunStore`` on SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def picture_of(self, run: Digest) -> Digest | None:
        """The picture an earlier run of exactly this gave, if there was one."""
        wanted = select(past_run.c.picture).where(past_run.c.run == raw_of(run))
        with self._database.reading() as connection:
            found = connection.execute(wanted).scalar_one_or_none()
        return digest_from_raw(found) if found is not None else None

    def note(self, run: Digest, picture: Digest) -> None:
        """Remember the picture a run gave; the last one counts. Durable on return.

        Raises:
            DiskFull: There is no room.
            VaultBusy: Another process kept writing for too long.
        """
        with self._database.writing() as connection:
            connection.execute(delete(past_run).where(past_run.c.run == raw_of(run)))
            connection.execute(insert(past_run), {"run": raw_of(run), "picture": raw_of(picture)})
