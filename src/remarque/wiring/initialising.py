"""Make a vault: keys, certificates, store, and the ledger's first entry."""

from dataclasses import dataclass
from pathlib import Path

from remarque.actions.checkpointing import close_sitting
from remarque.actions.ports import Author
from remarque.ledger.certificates import issue_author_chain
from remarque.ledger.keys import create_keys
from remarque.ledger.recovery_code import new_recovery_code
from remarque.ledger.sealed_keys import seal_keys
from remarque.ledger.sheet import recovery_sheet
from remarque.model.times import format_time
from remarque.outside.timestamp_authority import HttpTimestampAuthority
from remarque.store.secrets import keep_passphrase
from remarque.store.vault import AuthorityEntry, VaultCard, create_store
from remarque.wiring.clock import SystemClock
from remarque.wiring.settings import vault_place
from remarque.wiring.vaults import open_vault


@dataclass(frozen=True, slots=True)
class Founding:
    """What a new vault needs. ``authority_roots`` go with ``authorities``, in the same order."""

    author: str
    passphrase: str
    authorities: tuple[str, ...] = ()
    authority_roots: tuple[bytes, ...] = ()
    keep_in_keyring: bool = False


@dataclass(frozen=True, slots=True)
class NewVault:
    """A vault just made. ``recovery_code`` and ``sheet`` exist nowhere else: keep them."""

    place: Path
    author: str
    key_id: str
    verifier_key: str
    recovery_code: str
    sheet: str
    authorities: tuple[str, ...]


def make_vault(place: Path | None, founding: Founding) -> NewVault:
    """Make a vault for one author; a failure leaves nothing at the place.

    Raises:
        UsageError: The author's name is empty or too long, or a URL is not http(s).
        VaultExists: There is already something at the place.
        DiskFull, PlaceUnusable: The folder cannot be made there.
    """
    place = vault_place(place)
    name = founding.author.strip()
    for url in founding.authorities:
        HttpTimestampAuthority(url)
    now = SystemClock().now()
    keys, code = create_keys(), new_recovery_code()
    chain = issue_author_chain(name, keys, now)
    author = Author(
        name=name,
        key_id=keys.key_id(),
        verifier_key=keys.verifier_key(),
        claim_chain=chain.claim_chain,
        identity_chain=chain.identity_chain,
    )
    card = VaultCard(author, format_time(now), _authority_entries(founding))
    sealed = seal_keys(keys, founding.passphrase, code)
    create_store(place, card=card, sealed_keys=sealed).close()
    if founding.keep_in_keyring:
        keep_passphrase(place, founding.passphrase)
    _close_first_sitting(place, founding.passphrase)
    return NewVault(
        place=place,
        author=name,
        key_id=author.key_id,
        verifier_key=author.verifier_key,
        recovery_code=code,
        sheet=recovery_sheet(name, author.key_id, code, str(place)),
        authorities=founding.authorities,
    )


def _authority_entries(founding: Founding) -> tuple[AuthorityEntry, ...]:
    roots = [root.decode() for root in founding.authority_roots]
    padded = [*roots, *([None] * (len(founding.authorities) - len(roots)))]
    return tuple(
        AuthorityEntry(url, root) for url, root in zip(founding.authorities, padded, strict=True)
    )


def _close_first_sitting(place: Path, passphrase: str) -> None:
    with open_vault(place, passphrase=passphrase) as vault:
        close_sitting(vault)
