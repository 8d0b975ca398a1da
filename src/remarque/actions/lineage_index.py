"""Every take of a vault, found by picture, file name, recipe or time; it grows with the ledger.

Lineage is looked for each time a picture is recorded. Reading the whole ledger each time would
make the ten-thousandth take cost ten thousand times the first, so what was read is remembered for
as long as the ledger is open, and only what is new is read.
"""

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from sys import intern
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from remarque.actions.lineage_recipes import is_from_words, is_partial, kinship, sameness
from remarque.actions.ports import Vault
from remarque.fingerprints.searching import Recollection
from remarque.model.descent import Descent
from remarque.model.digests import Digest
from remarque.model.entry import TAKES, Kind, StoredEntry
from remarque.model.history import Edition, Take, body_of

MOST_RECENT = 8
"""So many of a work's last takes are kept whole, to compare a new one with."""
MOST_DESCRIBED = 24
"""So many pictures prepared for alignment are kept, 1.5 MB each: neighbours are compared with the
same few earlier takes again and again."""

_READ = (*sorted(TAKES), Kind.LINEAGE_INFERRED, Kind.EDITION_PUBLISHED)


@dataclass(frozen=True, slots=True)
class Known:
    """What lineage needs to know of one take.

    ``index`` is its entry, ``same`` stands for its recipe and ``kin`` for its recipe but for
    the seed, both None where no seed was recorded. ``from_words`` says that by its file nothing
    but words went in, ``partial`` that a picture did; of a file that says nothing both are False.
    """

    take: str
    work: str
    index: int
    picture: Digest
    name: str
    width_px: int
    height_px: int
    same: int | None
    kin: int | None
    from_words: bool
    partial: bool


@dataclass(slots=True)
class TakeIndex:
    """All takes read so far: ``read`` is the entry to go on from.

    A take costs about 1 KB, so that a hundred thousand stay near 100 MB
    (benchmarks/bench_lineage.py). ``descents`` maps takes to the entries of their recorded
    descents, ``with_parent`` are the takes a parent was found of, recorded or about to be.
    ``sources`` maps published copies to the pictures they were made from; ``fingerprints`` are
    those read from the store when the ledger had ``asked`` entries; ``described`` are pictures
    prepared for alignment.
    """

    read: int = 0
    by_picture: dict[Digest, list[Known]] = field(default_factory=lambda: defaultdict(list))
    by_name: dict[tuple[str, str], list[Known]] = field(default_factory=lambda: defaultdict(list))
    by_recipe: dict[tuple[str, int], list[Known]] = field(default_factory=lambda: defaultdict(list))
    of_work: dict[str, list[Known]] = field(default_factory=lambda: defaultdict(list))
    recent: dict[str, deque[Take]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=MOST_RECENT))
    )
    descents: dict[str, int] = field(default_factory=dict)
    with_parent: set[str] = field(default_factory=set)
    sources: dict[Digest, Digest] = field(default_factory=dict)
    fingerprints: dict[Digest, bytes] = field(default_factory=dict)
    asked: int = 0
    described: Recollection = field(default_factory=lambda: Recollection(MOST_DESCRIBED))
    lock: Lock = field(default_factory=Lock)

    def read_on(self, vault: Vault) -> None:
        """Take in every entry that was written since the last time, by any process."""
        with self.lock:
            for stored in vault.ledger.entries(kinds=_READ, start=self.read):
                self._add(stored)
                self.read = stored.index + 1

    def before(self, take: Take, index: int) -> Iterator[Known]:
        """The takes of the same work with other pictures entered earlier, the latest first."""
        for known in reversed(self.of_work.get(take.work, [])):
            if known.index < index and known.picture != take.picture.digest:
                yield known

    def index_of(self, take: Take) -> int | None:
        """The entry of this take, None where it has not been entered."""
        rows = self.by_picture.get(take.picture.digest, [])
        return next((known.index for known in rows if known.take == take.take), None)

    def _add(self, stored: StoredEntry) -> None:
        body = body_of(stored)
        if isinstance(body, Take):
            self._add_take(body, stored.index)
        elif isinstance(body, Descent):
            self.descents[body.take] = stored.index
            self.with_parent.add(body.take)
        elif isinstance(body, Edition):
            self.sources.setdefault(body.picture, body.source)

    def _add_take(self, take: Take, index: int) -> None:
        known = Known(
            take=take.take,
            work=intern(take.work),
            index=index,
            picture=take.picture.digest,
            name=take.picture.name,
            width_px=take.picture.width_px,
            height_px=take.picture.height_px,
            same=sameness(take.recipe),
            kin=kinship(take.recipe),
            from_words=is_from_words(take.recipe),
            partial=is_partial(take.recipe),
        )
        self.by_picture[known.picture].append(known)
        self.by_name[known.work, known.name].append(known)
        self.of_work[known.work].append(known)
        self.recent[known.work].append(take)
        if known.same is not None:
            self.by_recipe[known.work, known.same].append(known)


_indices: "WeakKeyDictionary[Any, TakeIndex]" = WeakKeyDictionary()
_opening = Lock()


def index_of(vault: Vault) -> TakeIndex:
    """The index of this vault's takes, up to date."""
    with _opening:
        index = _indices.setdefault(vault.ledger, TakeIndex())
    index.read_on(vault)
    return index
