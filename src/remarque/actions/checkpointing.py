"""Close a sitting: sign the tree head, and ask the outside authorities for the time.

Only the newest checkpoint is stamped: it covers every entry before it. What cannot be fetched
now stays queued and is asked for again the next time (DESIGN §5).
"""

from collections.abc import Sequence
from dataclasses import replace

from remarque.actions.ports import TimestampAuthority, Vault
from remarque.errors import LedgerDamaged, OutsideError, TimestampRejected, TimestampUnavailable
from remarque.ledger.checkpoint import sign_checkpoint
from remarque.ledger.merkle import Frontier
from remarque.model.entry import Checkpoint, Stamp, StampState
from remarque.model.times import format_time
from remarque.progress import Progress, Step, be_silent
from remarque.verifying.notes import parse_verifier_key
from remarque.verifying.timestamps import certificates_of, check_token


def make_checkpoint(vault: Vault) -> Checkpoint | None:
    """Sign a checkpoint over everything appended so far; the newest one if nothing is new.

    Returns None for an empty ledger.

    Raises:
        LedgerDamaged: The stored tree does not fold to the root that was signed before.
        PassphraseNeeded, WrongPassphrase: The ledger key cannot be opened.
    """
    earlier = vault.ledger.checkpoints()
    last = earlier[-1] if earlier else None
    size = vault.ledger.size()
    if size == 0 or (last is not None and last.size == size):
        return last
    frontier = _grow(vault, last, size)
    key = parse_verifier_key(vault.author.verifier_key)
    signer = vault.keys.unlock()
    note = sign_checkpoint(key.origin, size, frontier.root(), signer.sign_ledger, key.public_key)
    checkpoint = Checkpoint(size, frontier.root(), note, frontier.subtrees())
    vault.ledger.add_checkpoint(checkpoint)
    return checkpoint


def _grow(vault: Vault, last: Checkpoint | None, size: int) -> Frontier:
    if last is not None and last.size > size:
        raise LedgerDamaged(
            f"the ledger holds {size} entries, but a checkpoint over {last.size} was signed: "
            "entries have been taken away",
            hint="Restore the newest backup. Do not append to this vault: that would fork it.",
        )
    frontier = Frontier(last.size, last.frontier) if last is not None else Frontier()
    if last is not None and frontier.root() != last.root:
        raise LedgerDamaged("the stored tree does not fold to the root that was signed before")
    for leaf_digest in vault.ledger.leaf_digests(frontier.size, size):
        frontier.add(leaf_digest)
    return frontier


def stamp_newest(vault: Vault, progress: Progress = be_silent) -> list[Stamp]:
    """Ask every configured authority to stamp the newest checkpoint.

    Returns the stamps of the newest checkpoint: held, pending (queued) or refused, each with its
    problem. An authority that fails never loses the wish.
    """
    checkpoints = vault.ledger.checkpoints()
    if not checkpoints:
        return []
    newest = checkpoints[-1]
    held = {
        stamp.authority: stamp
        for stamp in vault.ledger.stamps()
        if stamp.size == newest.size and stamp.state is StampState.HELD
    }
    results = []
    for done, authority in enumerate(vault.authorities):
        progress(Step("timestamp", done, len(vault.authorities), "asking", authority.name))
        stamp = held.get(authority.name) or _ask(vault, authority, newest)
        if authority.name not in held:
            vault.ledger.put_stamp(stamp)
        if stamp.state is StampState.HELD:
            _supersede_older(vault, authority.name, newest.size)
        results.append(stamp)
    return results


def close_sitting(vault: Vault, progress: Progress = be_silent) -> list[Stamp]:
    """Checkpoint and stamp what this sitting appended; never fails for the network's sake."""
    make_checkpoint(vault)
    return stamp_newest(vault, progress)


def _ask(vault: Vault, authority: TimestampAuthority, newest: Checkpoint) -> Stamp:
    """One authority's stamp over the newest checkpoint, checked before it is believed."""
    request = authority.build_request(newest.note)
    wish = Stamp(newest.size, authority.name, StampState.PENDING, request)
    try:
        response = authority.fetch_response(request)
    except TimestampUnavailable as error:
        return replace(wish, problem=error.message)
    except OutsideError as error:
        return replace(wish, state=StampState.REFUSED, problem=error.message)
    try:
        return _checked(wish, response, newest.note, vault.authority_roots)
    except TimestampRejected as error:
        return replace(wish, state=StampState.REFUSED, response=response, problem=error.message)


def _checked(wish: Stamp, response: bytes, note: bytes, roots: Sequence[bytes]) -> Stamp:
    token = check_token(response, wish.request, note, roots)
    if not token.intact or token.time is None:
        reasons = "; ".join(token.reasons) or "it does not verify"
        raise TimestampRejected(f"the answer of {wish.authority} was refused: {reasons}")
    return replace(
        wish,
        state=StampState.HELD,
        response=response,
        chain=certificates_of(response),
        time=format_time(token.time),
        problem="" if token.trusted else "no authority known to this vault vouches for it",
    )


def _supersede_older(vault: Vault, authority: str, size: int) -> None:
    for stamp in vault.ledger.stamps(pending_only=True):
        if stamp.authority == authority and stamp.size < size:
            problem = f"covered by the stamp over checkpoint {size}"
            vault.ledger.put_stamp(replace(stamp, state=StampState.SUPERSEDED, problem=problem))
