"""Sealed entries and a vault's card for tests of the store."""

import hashlib
from collections.abc import Sequence

from remarque.actions.ports import Author
from remarque.ledger.entry import seal_entry
from remarque.model.digests import Digest
from remarque.model.entry import Entry, Kind, SealedEntry
from remarque.store.vault import VaultCard

CARD = VaultCard(
    author=Author(
        name="李某 Ada",
        key_id="ab12cd34",
        verifier_key="remarque/ada+ab12cd34+AXNvbWUgcHVibGljIGtleQ==",
        claim_chain="-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n",
        identity_chain="",
    ),
    created="2026-11-23T09:00:00.000Z",
)
SEALED_KEYS = b'{"sealed":"not a real key"}\n'


def sealed_entry(
    number: int,
    *,
    work: str | None = "work-1",
    kind: Kind = Kind.INTENT_STATED,
    pictures: Sequence[Digest] = (),
) -> SealedEntry:
    """An entry that differs from every other number's, and is the same each time."""
    return seal_entry(
        Entry(
            kind=kind,
            time="2026-11-23T09:00:00.000Z",
            author="ab12cd34",
            work=work,
            body={"work": work or "", "text": f"intent {number}"},
            pictures=tuple(pictures),
        ),
        salt=hashlib.sha256(str(number).encode()).digest()[:16],
    )
