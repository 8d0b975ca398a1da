"""Give inferred selections their reason: what was done is on record, why is the author's to say."""

from collections.abc import Sequence
from dataclasses import dataclass

from remarque.actions.choosing import choose, find_take
from remarque.actions.ports import Vault
from remarque.actions.recording import Fact, record, unique
from remarque.actions.works import History, Recorded, histories
from remarque.errors import UsageError
from remarque.model.digests import Digest
from remarque.model.history import Selection, SelectionInferred


@dataclass(frozen=True, slots=True)
class Pending:
    """An inferred selection that lacks its reason.

    ``name`` is the file name of the chosen picture, ``over`` those of the others; ``leaf`` is the
    leaf digest (hex) of its entry, which a confirmation names.
    """

    inferred: SelectionInferred
    leaf: str
    title: str
    name: str
    over: tuple[str, ...]


def pending_choices(vault: Vault, *, work: str | None = None) -> list[Pending]:
    """Inferred selections without a reason, oldest first.

    One that was confirmed has its reason, and so has one whose picture the author chose in words
    after it was inferred.
    """
    return [
        _pending(history, recorded)
        for history in histories(vault)
        if work is None or work in (history.work, history.title)
        for recorded in _open_of(history)
    ]


def confirm(vault: Vault, pending: Pending, because: str) -> Selection:
    """Record the reason for an inferred selection: a selection that names it.

    Raises:
        UsageError: The reason is empty.
        DiskFull, VaultBusy: Nothing was recorded.
    """
    if not because.strip():
        raise UsageError("a choice needs its reason", hint='Say it with --because "…"')
    inferred = pending.inferred
    selection = Selection(
        work=inferred.work,
        picture=inferred.picture,
        over=inferred.over,
        because=because.strip(),
        confirms=pending.leaf,
    )
    record(vault, Fact(selection, inferred.work, (selection.picture, *selection.over)))
    return selection


def choose_or_confirm(
    vault: Vault, picture: str, over: Sequence[str], because: str, *, work: str | None = None
) -> Selection:
    """As ``choosing.choose``; where an inferred selection fits, the choice names it as well.

    One fits if it is of the same picture, has no reason yet, and shares a picture with ``over``
    where that is given. Without ``over`` the set is that of every other take, as ever.

    Raises:
        NotFound, Ambiguous: A reference fits no take, or several.
        UsageError: No reason, or nothing to choose from, or takes of different works.
    """
    history, chosen = find_take(vault, picture, work=work)
    others = [find_take(vault, one, work=history.work)[1].body.picture.digest for one in over]
    fitting = _fitting(history, chosen.body.picture.digest, others)
    if fitting is None or not because.strip():
        return choose(vault, picture, over, because, work=work)
    rejected = unique(others or (take.body.picture.digest for take in history.takes))
    selection = Selection(
        work=history.work,
        picture=chosen.body.picture.digest,
        over=tuple(one for one in rejected if one != chosen.body.picture.digest),
        because=because.strip(),
        confirms=fitting.stored.leaf_digest.hex(),
    )
    if not selection.over:
        return choose(vault, picture, over, because, work=work)
    record(vault, Fact(selection, history.work, (selection.picture, *selection.over)))
    return selection


def _open_of(history: History) -> list[Recorded[SelectionInferred]]:
    confirmed = {entry.body.confirms for entry in history.selections}
    last_reason: dict[Digest, int] = {}
    for entry in history.selections:
        last_reason[entry.body.picture] = entry.index
    return [
        recorded
        for recorded in history.inferred
        if recorded.stored.leaf_digest.hex() not in confirmed
        and last_reason.get(recorded.body.picture, -1) < recorded.index
    ]


def _fitting(
    history: History, picture: Digest, over: Sequence[Digest]
) -> Recorded[SelectionInferred] | None:
    fits = [
        recorded
        for recorded in _open_of(history)
        if recorded.body.picture == picture and (not over or set(over) & set(recorded.body.over))
    ]
    return fits[-1] if fits else None


def _pending(history: History, recorded: Recorded[SelectionInferred]) -> Pending:
    names = {take.body.picture.digest: take.body.picture.name for take in history.takes}
    inferred = recorded.body
    return Pending(
        inferred=inferred,
        leaf=recorded.stored.leaf_digest.hex(),
        title=history.title,
        name=names.get(inferred.picture, inferred.picture),
        over=tuple(names.get(digest, digest) for digest in inferred.over),
    )
