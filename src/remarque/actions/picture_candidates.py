"""The few earlier takes worth comparing a picture with, by recipe, fingerprint, size and time.

Aligning two pictures takes a tenth of a second or more, and works have thousands of takes; the
number compared is bounded whatever the work.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from remarque.actions.lineage_index import Known, TakeIndex
from remarque.actions.lineage_recipes import is_partial, is_sampled, kinship, sameness
from remarque.actions.picture_relations import NEAR_DISTANCE
from remarque.actions.ports import Vault
from remarque.fingerprints.pdq import PDQ_BYTES, PDQ_VERSION, pack, pdq_all_ways
from remarque.model.history import Take
from remarque.pictures.keypoints import WORKING_PX
from remarque.pictures.scaling import Pixels, fit

SURELY_NEAR = 31
"""PDQ's own threshold for one picture saved anew; asked for where the work is not known."""
MOST_NEAR = 4
MOST_SAME = 2
MOST_PARTS = 12
"""So many of the last takes of another size: the fingerprints of a picture and of a part of it say
nothing about each other, so that only time is left to choose by."""
MOST = MOST_NEAR + MOST_SAME + MOST_PARTS
"""So many pictures are aligned at most for one take."""
_Ways = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """A take whose parent is looked for, the entry it must lie before, and its pixels."""

    take: Take
    entered: int
    pixels: Pixels


def candidates_of(vault: Vault, index: TakeIndex, wanted: Wanted) -> list[Known]:
    """Earlier takes of the work that may be the parent, each picture once."""
    take, entered = wanted.take, wanted.entered
    earlier = list(index.before(take, entered))
    if is_partial(take.recipe):
        # Takes of the same settings and words but for the seed were made beside it, not before.
        kin = kinship(take.recipe)
        earlier = [known for known in earlier if known.kin != kin or kin is None]
    # A generator draws upright; what an editor saved may be mirrored or turned.
    ways = _ways(wanted.pixels, upright=is_sampled(take.recipe))
    resized = (known for known in earlier if _has_other_size(known, take))
    every = (
        *islice(of_same_recipe(index, take, entered), MOST_SAME),
        *_nearest(vault, index, ways, earlier, NEAR_DISTANCE),
        *islice(resized, MOST_PARTS),
    )
    return list({known.picture: known for known in every}.values())


def of_same_recipe(index: TakeIndex, take: Take, entered: int) -> Iterator[Known]:
    """Earlier takes of the work with the very same recipe, the latest first."""
    same = sameness(take.recipe)
    if same is None:
        return
    for known in reversed(index.by_recipe.get((take.work, same), [])):
        if known.index < entered and known.picture != take.picture.digest:
            yield known


def surely_near(vault: Vault, index: TakeIndex, pixels: Pixels) -> list[Known]:
    """The takes of any work whose pictures are most probably this one saved anew."""
    every = [known for rows in index.of_work.values() for known in rows]
    return _nearest(vault, index, _ways(pixels, upright=True), every, SURELY_NEAR)


def _ways(pixels: Pixels, *, upright: bool) -> _Ways:
    """Its fingerprints, one a row: as it stands, or in all eight orientations."""
    ways = pdq_all_ways(fit(pixels, WORKING_PX)[0])
    joined = b"".join(pack(way)[:PDQ_BYTES] for way in (ways[:1] if upright else ways))
    return np.frombuffer(joined, dtype=np.uint64).reshape(-1, PDQ_BYTES // 8)


def _has_other_size(known: Known, take: Take) -> bool:
    """Whether one may be a part of the other."""
    picture = take.picture
    return (known.width_px, known.height_px) != (picture.width_px, picture.height_px)


def _nearest(
    vault: Vault, index: TakeIndex, ways: _Ways, rows: Sequence[Known], within: int
) -> list[Known]:
    """The takes whose fingerprints are nearest and within this distance, the nearest first."""
    _remember_fingerprints(vault, index, rows)
    known = [row for row in rows if row.picture in index.fingerprints]
    if not known:
        return []
    joined = b"".join(index.fingerprints[row.picture][:PDQ_BYTES] for row in known)
    table = np.frombuffer(joined, dtype=np.uint64).reshape(-1, PDQ_BYTES // 8)
    each = [np.bitwise_count(table ^ way).sum(axis=1, dtype=np.int32) for way in ways]
    distances = np.min(each, axis=0)
    order = np.argsort(distances, kind="stable")
    return [known[at] for at in order[:MOST_NEAR] if distances[at] <= within]


def _remember_fingerprints(vault: Vault, index: TakeIndex, rows: Iterable[Known]) -> None:
    """Read the store's fingerprints again only where a take came since that may have one."""
    if any(row.picture not in index.fingerprints and row.index >= index.asked for row in rows):
        index.asked = index.read
        index.fingerprints.update(vault.fingerprints.all_of(PDQ_VERSION))
