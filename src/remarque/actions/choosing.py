"""Record a selection: which picture, out of which set, and why (the author's statement)."""

from collections.abc import Sequence
from pathlib import Path

from remarque.actions.finding_files import read_file
from remarque.actions.ports import Vault
from remarque.actions.recording import Fact, record, unique
from remarque.actions.works import History, Recorded, histories
from remarque.errors import Ambiguous, NotFound, UsageError
from remarque.model.digests import Digest, digest_of, hex_of
from remarque.model.history import Selection, Take

SHORTEST_PREFIX = 4


def choose(
    vault: Vault, picture: str, over: Sequence[str], because: str, *, work: str | None = None
) -> Selection:
    """Record that the author chose ``picture`` over ``over`` for the reason given.

    Pictures are named by file path, take id, digest (or the start of either) or file name.
    An empty ``over`` means every other take of the same work.

    Raises:
        NotFound, Ambiguous: A reference fits no take, or several.
        UsageError: No reason, or nothing to choose from, or takes of different works.
    """
    if not because.strip():
        raise UsageError("a choice needs its reason", hint='Say it with --because "…"')
    history, chosen = find_take(vault, picture, work=work)
    others = [find_take(vault, reference, work=history.work)[1] for reference in over]
    rejected = unique(take.body.picture.digest for take in (others or history.takes))
    rejected = tuple(digest for digest in rejected if digest != chosen.body.picture.digest)
    if not rejected:
        raise UsageError(
            f"the work “{history.title}” has no other picture to choose from",
            hint="Import the pictures you rejected as well: the set you chose from is the proof.",
        )
    selection = Selection(
        work=history.work,
        picture=chosen.body.picture.digest,
        over=rejected,
        because=because.strip(),
    )
    record(vault, Fact(selection, history.work, (selection.picture, *rejected)))
    return selection


def find_take(
    vault: Vault, reference: str, *, work: str | None = None
) -> tuple[History, Recorded[Take]]:
    """The take a person means, with its work's history.

    Raises:
        NotFound: Nothing fits.
        Ambiguous: Takes of several pictures or works fit.
    """
    pool = [h for h in histories(vault) if work is None or work in (h.work, h.title)]
    wanted = _digest_of_file(reference)
    fits = [
        (history, take)
        for history in pool
        for take in history.takes
        if _fits(take.body, reference, wanted)
    ]
    if not fits:
        raise NotFound(
            f"no take in this vault is “{reference}”",
            hint="Import it first (remarque import FILE --work NAME), or see: remarque show WORK",
        )
    pictures = {take.body.picture.digest for _, take in fits}
    if len(pictures) > 1 or len({history.work for history, _ in fits}) > 1:
        raise Ambiguous(
            f"“{reference}” fits {len(fits)} takes",
            hint="Use the take id from: remarque show WORK, or name the work with --work",
        )
    return fits[0]


def _digest_of_file(reference: str) -> Digest | None:
    path = Path(reference)
    try:
        is_file = path.is_file()
    except (OSError, ValueError):
        return None
    return digest_of(read_file(path)) if is_file else None


def _fits(take: Take, reference: str, wanted: Digest | None) -> bool:
    if wanted is not None:
        return take.picture.digest == wanted
    if take.picture.name == reference:
        return True
    start = reference.removeprefix("sha256:").lower()
    if len(start) < SHORTEST_PREFIX:
        return False
    return take.take.startswith(start) or hex_of(take.picture.digest).startswith(start)
