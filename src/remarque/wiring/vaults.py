"""Open, back up and restore vaults: the concrete store, keys and authorities joined."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from remarque import __version__
from remarque.actions.ports import Signer, TimestampAuthority, Vault
from remarque.actions.recording import Fact, record
from remarque.ledger.sealed_keys import unseal_keys
from remarque.model.history import VaultOpened
from remarque.outside.timestamp_authority import HttpTimestampAuthority
from remarque.progress import Progress, be_silent
from remarque.store.backup import BackupSummary, RestoreSummary, restore_backup, write_backup
from remarque.store.vault import AuthorityEntry, VaultStore, open_store
from remarque.verifying.certificates import certificates_from_pem
from remarque.wiring.clock import SystemClock
from remarque.wiring.settings import Ask, passphrase_of, vault_place


class SealedKeys:
    """The vault's sealed key file; opened once, when a key is first needed."""

    def __init__(self, store: VaultStore, passphrase: Callable[[], str]) -> None:
        self._store = store
        self._passphrase = passphrase

    def unlock(self) -> Signer:
        """Open the keys.

        Raises:
            PassphraseNeeded, WrongPassphrase, KeyDamaged: See each.
        """
        return self._signer

    @cached_property
    def _signer(self) -> Signer:
        return unseal_keys(self._store.read_keys(), self._passphrase())


@contextmanager
def open_vault(
    place: Path | None = None, *, passphrase: str | None = None, ask: Ask | None = None
) -> Iterator[Vault]:
    """Open a vault, and close it at the end of the ``with``.

    ``place`` is the folder (default: REMARQUE_VAULT, else the platform's data folder). The keys
    are opened when first used, with ``passphrase``, else REMARQUE_PASSPHRASE, else the OS
    keyring, else what ``ask`` returns.

    Raises:
        VaultMissing, VaultTooNew, PlaceUnusable: See each.
    """
    place = vault_place(place)
    with open_store(place) as store:
        card = store.card
        vault = Vault(
            place=place,
            author=card.author,
            ledger=store.ledger,
            pictures=store.pictures,
            fingerprints=store.fingerprints,
            watching=store.watching,
            runs=store.runs,
            keys=SealedKeys(
                store, lambda: passphrase if passphrase is not None else passphrase_of(place, ask)
            ),
            clock=SystemClock(),
            authorities=_authorities(card.authorities),
            authority_roots=tuple(
                entry.root_pem.encode() for entry in card.authorities if entry.root_pem
            ),
        )
        if vault.ledger.size() == 0:  # a vault just made, also one whose making was cut short
            _record_opening(vault)
        yield vault


def add_authority(place: Path | None, url: str, root_pem: bytes | None) -> None:
    """From now on ask this timestamp authority; asked for again, its root is replaced.

    Raises:
        UsageError: The URL is not http or https.
        MetadataMalformed: The root is not a PEM certificate.
    """
    HttpTimestampAuthority(url)
    if root_pem is not None:
        certificates_from_pem(root_pem)
    entry = AuthorityEntry(url, root_pem.decode() if root_pem is not None else None)
    with open_store(vault_place(place)) as store:
        kept = [known for known in store.card.authorities if known.url != url]
        before = next((known for known in store.card.authorities if known.url == url), None)
        if before is not None and root_pem is None:
            entry = replace(entry, root_pem=before.root_pem)
        store.set_authorities((*kept, entry))


def remove_authority(place: Path | None, url: str) -> None:
    """No longer ask this timestamp authority; the stamps it gave stay."""
    with open_store(vault_place(place)) as store:
        store.set_authorities(tuple(known for known in store.card.authorities if known.url != url))


def back_up(place: Path | None, target: Path, progress: Progress = be_silent) -> BackupSummary:
    """Copy a vault; see ``store.backup.write_backup``."""
    return write_backup(vault_place(place), target.absolute(), progress)


def restore_vault(
    source: Path, place: Path | None, progress: Progress = be_silent
) -> RestoreSummary:
    """Bring a backup back as a vault; see ``store.backup.restore_backup``."""
    return restore_backup(source.absolute(), vault_place(place), progress)


def _record_opening(vault: Vault) -> None:
    opening = VaultOpened(
        author=vault.author.name,
        ledger_key=vault.author.verifier_key,
        certificates=vault.author.claim_chain + vault.author.identity_chain,
        software=f"Remarque {__version__}",
    )
    record(vault, Fact(opening, None))


def _authorities(entries: tuple[AuthorityEntry, ...]) -> tuple[TimestampAuthority, ...]:
    return tuple(HttpTimestampAuthority(entry.url) for entry in entries)
