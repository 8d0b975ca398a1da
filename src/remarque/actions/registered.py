"""Everything a suspect is compared with: the pictures of all takes, and their editions."""

from dataclasses import dataclass
from functools import cached_property

from remarque.actions.ports import Vault
from remarque.actions.works import History, Recorded, histories
from remarque.errors import InputError, StoreError
from remarque.fingerprints.pdq import PDQ_VERSION, Fingerprint, Table, pack, pdq, tabulate, unpack
from remarque.fingerprints.searching import Recollection
from remarque.model.digests import Digest
from remarque.model.history import Edition, Take
from remarque.pictures.decoding import decode
from remarque.pictures.keypoints import Described, describe

MOST_KEPT = 256


@dataclass(frozen=True, slots=True)
class Registered:
    """One registered picture: a take, and the editions published from it, newest last."""

    history: History
    take: Recorded[Take]
    editions: tuple[Recorded[Edition], ...]

    @property
    def picture(self) -> Digest:
        """The digest of the clean picture."""
        return self.take.body.picture.digest


class Register:
    """All registered pictures of a vault with their fingerprints, read once."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._described = Recollection(MOST_KEPT)
        self.rows = _rows(vault)
        self.by_digest = {row.picture: row for row in self.rows} | {
            edition.body.picture: row for row in self.rows for edition in row.editions
        }

    @cached_property
    def searchable(self) -> tuple[list[Registered], Table]:
        """The rows that have a fingerprint, and the table of the fingerprints beside them."""
        known = dict(self._vault.fingerprints.all_of(PDQ_VERSION))
        rows, fingerprints = [], []
        fresh: list[tuple[Digest, str, bytes]] = []
        for row in self.rows:
            stored = known.get(row.picture)
            fingerprint = unpack(stored) if stored is not None else self._made_anew(row)
            if fingerprint is None:
                continue
            if stored is None:
                fresh.append((row.picture, PDQ_VERSION, pack(fingerprint)))
            rows.append(row)
            fingerprints.append(fingerprint)
        self._vault.fingerprints.put(fresh)
        return rows, tabulate(fingerprints)

    def described(self, row: Registered) -> Described:
        """The clean picture prepared for alignment.

        Raises:
            PictureGone, PictureDamaged, PictureUnreadable: Its pixels cannot be had.
        """
        return self._described.recall(
            row.picture,
            lambda: describe(decode(self._vault.pictures.read(row.picture)).pixels),
        )

    def _made_anew(self, row: Registered) -> Fingerprint | None:
        """Fingerprints are a cache: one that is missing is made from the picture."""
        try:
            return pdq(decode(self._vault.pictures.read(row.picture)).pixels)
        except (InputError, StoreError):
            return None


def _rows(vault: Vault) -> list[Registered]:
    rows: dict[Digest, Registered] = {}
    for history in histories(vault):
        for take in history.takes:
            digest = take.body.picture.digest
            editions = tuple(e for e in history.editions if e.body.source == digest)
            before = rows.get(digest)
            # The same picture in two works counts where it was published, else where it was first.
            if before is None or (editions and not before.editions):
                rows[digest] = Registered(history, take, editions)
    return list(rows.values())
