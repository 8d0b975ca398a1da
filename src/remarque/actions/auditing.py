"""Audit a whole vault from its stored bytes; every judgement is a row."""

from remarque.actions.ports import Vault
from remarque.errors import LedgerDamaged, PictureDamaged, PictureGone, RemarqueError
from remarque.model.digests import Digest
from remarque.model.reports import Check, Outcome, Report
from remarque.progress import Progress, Step, be_silent
from remarque.verifying.audit import audit_ledger


def audit(vault: Vault, progress: Progress = be_silent) -> Report:
    """Rebuild every root and signature from the stored entries, and every picture's digest.

    The rebuilding shares no code with what wrote the ledger. Nothing is changed.
    """
    ledger = audit_ledger(
        vault.ledger.leaves(),
        vault.ledger.checkpoints(),
        vault.ledger.stamps(),
        vault.author.verifier_key,
        roots=vault.authority_roots,
    )
    return Report(f"vault {vault.place}", (*ledger.checks, *_audit_pictures(vault, progress)))


def _audit_pictures(vault: Vault, progress: Progress) -> list[Check]:
    digests = list(vault.pictures.digests())
    named = _named_pictures(vault)
    rows = []
    for done, digest in enumerate(digests):
        progress(Step("audit", done, len(digests), "picture", digest[7:19]))
        try:
            vault.pictures.read(digest)
        except PictureDamaged as error:
            rows.append(Check("picture bytes", Outcome.FAILS, digest, error.message))
        except PictureGone as error:
            rows.append(Check("picture bytes", Outcome.UNDECIDED, digest, error.message))
        except RemarqueError as error:
            rows.append(Check("picture bytes", Outcome.FAILS, digest, error.message))
    rows += [
        Check(
            "picture bytes", Outcome.FAILS, digest, f"{digest} is named in the ledger and not kept"
        )
        for digest in sorted(named - set(digests))
    ]
    if not rows:
        sentence = f"all {len(digests)} stored files have the digest they are filed under"
        rows.append(Check("picture bytes", Outcome.HOLDS, "picture store", sentence))
    return rows


def _named_pictures(vault: Vault) -> set[Digest]:
    """Every picture an entry names; entries that cannot be read were reported already."""
    try:
        return {digest for stored in vault.ledger.entries() for digest in stored.entry.pictures}
    except LedgerDamaged:
        return set()
