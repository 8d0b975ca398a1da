"""Infer selections from what artists do anyway: move to favourites, delete the rest, rate, star.

Cautious: moving everything is tidying, also into several folders; moving most of a set says
something only where the folder is one of favourites; nothing is concluded from a folder of
rejects. Each conclusion is entered once, as *inferred*, with what was done as its detail and
without the folders above.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from pathlib import Path

from remarque.actions.placements import NOWHERE, Doings, Placements, readable
from remarque.actions.ports import Vault
from remarque.actions.recording import Fact, record_all, unique
from remarque.actions.works import History, history_of
from remarque.errors import MetadataMalformed
from remarque.model.digests import Digest
from remarque.model.entry import TAKES
from remarque.model.history import SelectionInferred, Sign, Take
from remarque.model.times import format_time, parse_time

SITTING_GAP = timedelta(minutes=30)
"""A longer pause between two takes begins a new sitting."""

_FAVOURITE_START = re.compile(r"(?<![^\W_])(fav|select|keep|pick|chosen|choice|starred|liked)")
_FAVOURITE_WORD = re.compile(r"(?<![^\W_])(best|final|finals|good|like|top|love|loved)(?![^\W_])")
_FAVOURITE_HAN = re.compile("精选|精選|收藏|最佳|喜欢|喜歡|入选|入選|选中|選中")
_REJECTS = re.compile(
    r"(?<![^\W_])(reject|bad|trash|delet|discard|junk|worst|waste|not[ _-]|unselect)"
    "|废|廢|删|刪|淘汰"
)


def infer_selections(
    vault: Vault, doings: Doings, places: Placements, favourites: Sequence[Path] = ()
) -> list[SelectionInferred]:
    """Enter what the doings show to have been preferred; what is known already is left out.

    ``favourites`` are folders the author named as such.

    Raises:
        DiskFull, VaultBusy: Nothing was recorded.
    """
    found: list[SelectionInferred] = []
    for work in _works_of(vault, doings):
        history = history_of(vault, work)
        sets = sets_of([recorded.body for recorded in history.takes])
        seen = _Seen(history, doings, places, tuple(favourites), sets)
        now = format_time(vault.clock.now())
        found += [
            SelectionInferred(work, sign.picture, sign.over, sign.sign, now, sign.detail)
            for sign in seen.signs()
        ]
    if found:
        record_all(vault, [Fact(one, one.work, (one.picture, *one.over)) for one in found])
    return found


def sets_of(takes: Sequence[Take]) -> dict[str, tuple[list[Take], str]]:
    """For each take id the takes it was made among, itself included, and the word for that set.

    They are those of the same run where it made several pictures, else those of the same sitting.
    """
    sets: dict[str, tuple[list[Take], str]] = {}
    for sitting in _sittings(takes):
        sets.update((take.take, (sitting, "sitting")) for take in sitting)
    batches: dict[str, list[Take]] = {}
    for take in takes:
        if take.witness is not None and take.witness.run:
            batches.setdefault(take.witness.run, []).append(take)
    for batch in batches.values():
        if len(batch) > 1:
            sets.update((take.take, (batch, "batch")) for take in batch)
    return sets


@dataclass(frozen=True, slots=True)
class _Sign:
    """One conclusion before it is entered."""

    picture: Digest
    over: tuple[Digest, ...]
    sign: Sign
    detail: str


@dataclass(frozen=True, slots=True)
class _Seen:
    """One work beside what was done to its files."""

    history: History
    doings: Doings
    places: Placements
    favourites: tuple[Path, ...]
    sets: dict[str, tuple[list[Take], str]]

    def signs(self) -> Iterator[_Sign]:
        """What is concluded and was not concluded before, each once."""
        known = {
            _key(e.body.picture, e.body.over, e.body.sign, e.body.detail)
            for e in self.history.inferred
        }
        for sign in (*self._relocated(), *self._rest_deleted(), *self._rated(), *self._starred()):
            key = _key(sign.picture, sign.over, sign.sign, sign.detail)
            if sign.over and key not in known:
                known.add(key)
                yield sign

    def _relocated(self) -> Iterator[_Sign]:
        """Pictures moved or copied to one folder, while others of their set stayed behind."""
        by_folder: dict[Path, list[Take]] = {}
        for take in self._takes_in(self.doings.before):
            picture = take.picture.digest
            for folder in self.doings.after[picture] - self.doings.before[picture]:
                if not _is_for_rejects(folder):
                    by_folder.setdefault(folder, []).append(take)
        for folder, takes in by_folder.items():
            yield from self._relocated_to(folder, takes, by_folder)

    def _relocated_to(
        self, folder: Path, takes: Sequence[Take], by_folder: Mapping[Path, Sequence[Take]]
    ) -> Iterator[_Sign]:
        # A script that sorts by day or by model moves a set into several folders: none of them
        # was preferred. Favourites are preferred also to those that were put elsewhere.
        is_favourites = self._is_favourites(folder)
        along = {
            take.picture.digest
            for other, there in by_folder.items()
            if other == folder or not is_favourites or self._is_favourites(other)
            for take in there
        }
        preferred = self._preferred_before()
        for take in takes:
            members, _ = self.sets[take.take]
            stayed = [
                digest
                for digest in self._available(members)
                if digest not in along and self._stayed(digest, folder, take.picture.digest)
            ]
            moved_with_it = sum(member.picture.digest in along for member in members)
            if moved_with_it > len(stayed) and not is_favourites:
                continue  # most of a set was put elsewhere: that is tidying
            over = unique(digest for digest in stayed if digest not in preferred)
            yield self._as_relocated(take.picture.digest, folder, over)

    def _stayed(self, other: Digest, folder: Path, moved: Digest) -> bool:
        """Whether a picture is not in the folder, and was there to be chosen at the time."""
        was_there = self.places.came(other) < self.doings.when.get(moved, 0)
        return was_there and folder not in self.places.folders_of(other)

    def _as_relocated(self, picture: Digest, folder: Path, over: tuple[Digest, ...]) -> _Sign:
        before, after = self.doings.before[picture], self.doings.after[picture]
        if not before:
            detail = f"Put into the folder “{readable(folder.name)}”."
            return _Sign(picture, over, Sign.FAVOURITE, detail)
        left = before - after
        origin = min(left or before)
        sign, done = (Sign.MOVED, "Moved") if left else (Sign.COPIED, "Copied")
        detail = f"{done} from the folder “{readable(origin.name)}” to “{readable(folder.name)}”."
        return _Sign(picture, over, sign, detail)

    def _rest_deleted(self) -> Iterator[_Sign]:
        """Few of a set are left, because the others were deleted."""
        judged: set[frozenset[Digest]] = set()
        for take in self._takes_in(self.doings.deleted):
            members, word = self.sets[take.take]
            digests = unique(member.picture.digest for member in members)
            if frozenset(digests) in judged:
                continue
            judged.add(frozenset(digests))
            deleted = tuple(digest for digest in digests if digest in self.places.gone)
            left = [digest for digest in digests if self.places.folders_of(digest)]
            if left and len(left) <= len(deleted):
                detail = (
                    f"{len(deleted)} of the {len(digests)} pictures of the same {word} "
                    "are no longer in the watched folders."
                )
                yield from (_Sign(one, deleted, Sign.REST_DELETED, detail) for one in left)

    def _rated(self) -> Iterator[_Sign]:
        """Pictures that were rated higher than others of their set."""
        for take in self._takes_in(self.doings.rated):
            picture = take.picture.digest
            rating = self.doings.rated[picture]
            members, _ = self.sets[take.take]
            over = unique(
                digest
                for digest in self._available(members)
                if self.places.ratings.get(digest, 0) < rating and digest != picture
            )
            yield _Sign(picture, over, Sign.RATED, f"Rated {rating} of 5 (xmp:Rating).")

    def _starred(self) -> Iterator[_Sign]:
        """Pictures marked as favourites in a gallery, while others of their set are not."""
        for take in self._takes_in(self.doings.starred):
            members, _ = self.sets[take.take]
            over = unique(
                digest for digest in self._available(members) if digest not in self.places.stars
            )
            detail = "Marked as a favourite in the gallery."
            yield _Sign(take.picture.digest, over, Sign.FAVOURITE, detail)

    def _takes_in(self, pictures: Iterable[Digest]) -> list[Take]:
        wanted = set(pictures)
        takes = (recorded.body for recorded in self.history.takes)
        return [take for take in takes if take.picture.digest in wanted]

    def _available(self, members: Sequence[Take]) -> list[Digest]:
        """Pictures that could have been preferred: saved, and not deleted before."""
        return [
            take.picture.digest
            for take in members
            if take.picture.digest not in self.places.gone
            and (take.witness is None or take.witness.saved)
        ]

    def _preferred_before(self) -> set[Digest]:
        inferred = {entry.body.picture for entry in self.history.inferred}
        return inferred | {entry.body.picture for entry in self.history.selections}

    def _is_favourites(self, folder: Path) -> bool:
        named = any(folder == one or one in folder.parents for one in self.favourites)
        name = folder.name.lower()
        return named or any(
            pattern.search(name) for pattern in (_FAVOURITE_START, _FAVOURITE_WORD, _FAVOURITE_HAN)
        )


def _is_for_rejects(folder: Path) -> bool:
    return _REJECTS.search(folder.name.lower()) is not None


def _key(
    picture: Digest, over: tuple[Digest, ...], sign: Sign, detail: str
) -> tuple[Digest, Sign, str, frozenset[Digest]]:
    """What makes two conclusions one. Who else was there then differs from look to look."""
    return picture, sign, detail, frozenset(over if sign is Sign.REST_DELETED else ())


def _sittings(takes: Sequence[Take]) -> Iterator[list[Take]]:
    sitting: list[Take] = []
    last: datetime | None = None
    for moment, take in sorted(((_made(take), take) for take in takes), key=itemgetter(0)):
        if last is not None and moment - last > SITTING_GAP:
            yield sitting
            sitting = []
        sitting.append(take)
        last = moment
    if sitting:
        yield sitting


def _made(take: Take) -> datetime:
    try:
        return parse_time(take.picture.modified)
    except MetadataMalformed:
        return datetime.fromtimestamp(0, UTC)  # a time nobody can read is in no sitting of today


def _works_of(vault: Vault, doings: Doings) -> tuple[str, ...]:
    """The works that have takes of the pictures something was done to, in order of entry."""
    touched = [
        picture
        for picture, before in doings.before.items()
        if before != doings.after.get(picture, NOWHERE)
    ]
    works: list[str] = []
    for picture in (*touched, *doings.rated, *doings.starred):
        works += [
            stored.entry.work
            for stored in vault.ledger.entries_naming(picture)
            if stored.entry.kind in TAKES and stored.entry.work is not None
        ]
    return tuple(dict.fromkeys(works))
