"""A vault on disk: one folder with the ledger, the pictures, the sealed keys and its card.

``vault.json`` is the card (who, which keys, which timestamp authorities), ``vault.db`` the
database, ``pictures/`` the picture store, ``keys.json`` the sealed keys. docs/reference/vault.md.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from remarque.actions.ports import Author
from remarque.errors import (
    KeyDamaged,
    MetadataMalformed,
    PlaceUnusable,
    VaultDamaged,
    VaultMissing,
    VaultTooNew,
)
from remarque.model.canonical import decode_json, encode_canonical, json_from_value, value_from_json
from remarque.store.database import PATIENCE_SECONDS, Database
from remarque.store.disk import building_folder, on_disk, write_atomically
from remarque.store.fingerprints import SqliteFingerprints
from remarque.store.ledger import SqliteLedger
from remarque.store.migrating import make_database, prepare_database
from remarque.store.pictures import DiskPictures
from remarque.store.runs import SqliteRuns
from remarque.store.watching import SqliteWatching

FORMAT = 1
"""The version of the folder's layout and of ``vault.json``; the database has its own."""

CARD_NAME = "vault.json"
DATABASE_NAME = "vault.db"
KEYS_NAME = "keys.json"
PICTURES_NAME = "pictures"

_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class AuthorityEntry:
    """A timestamp authority the author chose: its URL, and its root certificate as PEM text.

    ``root_pem`` is ``None`` where the authority's root is one the program ships with.
    """

    url: str
    root_pem: str | None = None


@dataclass(frozen=True, slots=True)
class VaultCard:
    """What ``vault.json`` says. ``created`` is RFC 3339 UTC."""

    author: Author
    created: str
    authorities: tuple[AuthorityEntry, ...] = ()
    format: int = FORMAT


class VaultStore:
    """An open vault: its ledger, pictures, fingerprints and key file. Close it, or use ``with``."""

    def __init__(self, place: Path, card: VaultCard, database: Database) -> None:
        self.place = place
        self.card = card
        self.ledger = SqliteLedger(database)
        self.pictures = DiskPictures(place / PICTURES_NAME, database)
        self.fingerprints = SqliteFingerprints(database)
        self.watching = SqliteWatching(database)
        self.runs = SqliteRuns(database)
        self._database = database

    def read_keys(self) -> bytes:
        """The sealed key file.

        Raises:
            KeyDamaged: It is missing.
            PlaceUnusable: It cannot be read.
        """
        path = self.place / KEYS_NAME
        if not path.is_file():
            raise KeyDamaged(f"the vault's key file {path} is missing")
        with on_disk(path):
            return path.read_bytes()

    def write_keys(self, sealed: bytes) -> None:
        """Replace the sealed key file, readable by its owner alone; on disk at the return.

        Raises:
            DiskFull: There is no room; the old keys are untouched.
            PlaceUnusable: The vault's folder cannot be written.
        """
        write_atomically(self.place / KEYS_NAME, sealed, mode=_OWNER_ONLY)

    def set_authorities(self, authorities: tuple[AuthorityEntry, ...]) -> None:
        """Choose the timestamp authorities anew; on disk at the return.

        Raises:
            DiskFull: There is no room; the old choice stands.
            PlaceUnusable: The vault's folder cannot be written.
        """
        card = replace(self.card, authorities=authorities)
        _write_card(self.place, card)
        self.card = card

    def close(self) -> None:
        """Write what still waits and let go of the files. Closing twice is fine."""
        self.ledger.close()
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def create_store(place: Path, *, card: VaultCard, sealed_keys: bytes) -> VaultStore:
    """Make a vault and open it. A failure leaves nothing at the place.

    Raises:
        VaultExists: There is already something at the place.
        DiskFull: There is no room.
        PlaceUnusable: The folder cannot be made there.
    """
    with building_folder(place) as building:
        make_database(building / DATABASE_NAME)
        (building / PICTURES_NAME).mkdir(mode=0o700)
        write_atomically(building / KEYS_NAME, sealed_keys, mode=_OWNER_ONLY)
        _write_card(building, card)
    return open_store(place)


def open_store(place: Path, *, patience_seconds: float = PATIENCE_SECONDS) -> VaultStore:
    """Open a vault; an older one is brought to the present form first.

    ``patience_seconds`` is how long a write waits for another process.

    Raises:
        VaultMissing: There is no vault at this place.
        VaultTooNew: A newer Remarque wrote it; it is untouched.
        PlaceUnusable: The folder cannot be read or written.
        LedgerDamaged: The database is damaged.
    """
    place = place.absolute()  # the vault stays where it is when the program changes its folder
    card = read_card(place)
    database = prepare_database(place / DATABASE_NAME, patience_seconds=patience_seconds)
    return VaultStore(place, card, database)


def is_vault(place: Path) -> bool:
    """Whether there is a vault's card at this place; the rest is not looked at."""
    return (place / CARD_NAME).is_file()


def read_card(place: Path) -> VaultCard:
    """Read ``vault.json`` without opening the rest.

    Raises:
        VaultMissing: There is no vault at this place.
        VaultTooNew: The card is of a newer format.
        PlaceUnusable: The folder or the file cannot be read.
        VaultDamaged: The card is damaged.
    """
    path = place / CARD_NAME
    with on_disk(path):
        if place.exists() and not place.is_dir():
            raise PlaceUnusable(f"{place} is a file, not a vault's folder")
        if not path.exists():
            raise VaultMissing(f"there is no vault at {place}")
        content = path.read_bytes()
    try:
        return _card_from(content, path)
    except MetadataMalformed as error:
        raise VaultDamaged(f"the vault's card {path} is damaged: {error.message}") from error


def _card_from(content: bytes, path: Path) -> VaultCard:
    raw = decode_json(content)
    found = raw.get("format") if isinstance(raw, dict) else None
    if isinstance(found, int) and found > FORMAT:
        raise VaultTooNew(
            f"the vault's card {path} is of format {found}, "
            f"and this Remarque knows formats up to {FORMAT}"
        )
    return value_from_json(raw, VaultCard)


def _write_card(place: Path, card: VaultCard) -> None:
    write_atomically(place / CARD_NAME, encode_canonical(json_from_value(card)) + b"\n")
