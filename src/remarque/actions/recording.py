"""Write bodies into the ledger: sealed with salt, acknowledged when they are on disk."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from remarque.actions.ports import Vault
from remarque.ledger.entry import seal_entry
from remarque.model.digests import Digest
from remarque.model.entry import SALT_BYTES, Entry, Receipt, SealedEntry
from remarque.model.history import Body, body_as_json, kind_of
from remarque.model.times import format_time


@dataclass(frozen=True, slots=True)
class Fact:
    """A body on its way into the ledger, with its work and the pictures it names."""

    body: Body
    work: str | None
    pictures: tuple[Digest, ...] = ()


def record(vault: Vault, fact: Fact) -> Receipt:
    """Record one fact; on return it is on disk.

    Raises:
        EntryRejected: The fact cannot be an entry (too large).
        DiskFull, VaultBusy: Nothing was written.
    """
    return record_all(vault, [fact])[0]


def record_all(vault: Vault, facts: Sequence[Fact]) -> list[Receipt]:
    """Record several facts as neighbours in the ledger, in one durable step."""
    return vault.ledger.append([_seal(vault, fact) for fact in facts])


def new_id() -> str:
    """A fresh 64-bit id as 16 hexadecimal digits (a work id must fit the watermark)."""
    return secrets.token_hex(8)


def unique(digests: Iterable[Digest]) -> tuple[Digest, ...]:
    """The digests in order, each once."""
    return tuple(dict.fromkeys(digests))


def _seal(vault: Vault, fact: Fact) -> SealedEntry:
    entry = Entry(
        kind=kind_of(fact.body),
        time=format_time(vault.clock.now()),
        author=vault.author.key_id,
        work=fact.work,
        body=body_as_json(fact.body),
        pictures=unique(fact.pictures),
    )
    return seal_entry(entry, salt=secrets.token_bytes(SALT_BYTES))
