"""The parent of a take by comparison of pictures, where neither digest nor name tells it.

A picture is compared only where its file leaves room for a parent, and only with the few earlier
takes of its work that are near; a parent is claimed only where the same judgement that finds
copies (``fingerprints.searching``) says that the two pictures are one picture altered.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from remarque.actions.editors import editor_of
from remarque.actions.lineage_index import Known, TakeIndex, is_sampled, kinship, sameness
from remarque.actions.lineage_relations import SAME_SHAPE
from remarque.actions.picture_relations import NEAR_DISTANCE, Pair, is_partial, parent_from
from remarque.actions.ports import Vault
from remarque.errors import InputError, StoreError
from remarque.fingerprints.pdq import PDQ_BYTES, PDQ_VERSION, pack, pdq
from remarque.fingerprints.searching import Judgement, judge_described
from remarque.model.descent import Parent
from remarque.model.digests import Digest
from remarque.model.history import Take, Verdict
from remarque.model.recipe import Recipe
from remarque.pictures.aligning import Alignment
from remarque.pictures.decoding import decode
from remarque.pictures.keypoints import Described, describe
from remarque.pictures.scaling import Pixels

SURELY_NEAR = 31
"""PDQ's own threshold for one picture saved anew; asked for where the work is not known."""
MOST_NEAR = 4
MOST_SAME = 2
MOST_OF_OTHER_SHAPE = 3
LOOKED_BACK = 32

_FOUND = (Verdict.COPY, Verdict.PARTIAL, Verdict.DERIVED)


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """One picture decoded and prepared for alignment."""

    pixels: Pixels
    described: Described


def picture_parent(vault: Vault, index: TakeIndex, take: Take, entered: int) -> Parent | None:
    """The earlier take of the same work that this one was visibly made from; None if none is.

    At most ``MOST_SAME + MOST_NEAR + MOST_OF_OTHER_SHAPE`` pictures are aligned, whatever the
    size of the work. Pictures are compared as they stand: a mirrored or turned parent is found
    only among takes of another shape or of the same recipe.
    """
    editor = editor_of(vault, take)
    if not _leaves_room(index, take, entered, edited=editor is not None):
        return None
    candidates = list(_candidates(vault, index, take, entered))
    child = _see(vault, take.picture.digest) if candidates else None
    if child is None:
        return None
    # Only the judgements are held: several decoded pictures at once may fill the memory.
    for known, judgement, alignment in sorted(
        _judged(vault, child, candidates), key=_worth, reverse=True
    ):
        pair = Pair(take, known, judgement, alignment, editor)
        parent = parent_from(vault, pair, child.pixels)
        if parent is not None:
            return parent
    return None


def work_seen_in(vault: Vault, index: TakeIndex, content: bytes, recipe: Recipe) -> str | None:
    """The work of a picture that these bytes visibly show, where their file leaves room for one."""
    if _is_text_to_image(recipe):
        return None
    try:
        pixels = decode(content).pixels
    except InputError:
        return None  # it is recorded all the same, and nothing can be compared
    every = [known for rows in index.of_work.values() for known in rows]
    near = _nearest(vault, index, pack(pdq(pixels)), every, SURELY_NEAR)
    child = _Seen(pixels, describe(pixels)) if near else None
    for known in near:
        parent = _see(vault, known.picture)
        if child and parent and _judge(child, parent).verdict in _FOUND:
            return known.work
    return None


def _leaves_room(index: TakeIndex, take: Take, entered: int, *, edited: bool) -> bool:
    """Whether the file may come from another picture, by what it says itself."""
    if edited or not is_sampled(take) or is_partial(take) or _was_resized(take):
        return True
    return any(True for _ in _same_recipe(index, take, entered))


def _is_text_to_image(recipe: Recipe) -> bool:
    if recipe.seed is None and recipe.steps is None:
        return False
    initial = any(source.role == "init" for source in recipe.sources)
    partial = recipe.denoise is not None and recipe.denoise < 1 and not recipe.passes
    return not (initial or partial)


def _was_resized(take: Take) -> bool:
    """Whether the file is larger than anything its recipe made."""
    recipe = take.recipe
    sizes = [size for size in (recipe.generated_size, recipe.final_size) if size is not None]
    if not sizes or any(one.upscale for one in recipe.passes):
        return False
    return all(
        take.picture.width_px > size.width and take.picture.height_px > size.height
        for size in sizes
    )


def _same_recipe(index: TakeIndex, take: Take, entered: int) -> Iterator[Known]:
    same = sameness(take.recipe)
    if same is None:
        return
    for known in reversed(index.by_recipe.get((take.work, same), [])):
        if known.index < entered and known.picture != take.picture.digest:
            yield known


def _candidates(vault: Vault, index: TakeIndex, take: Take, entered: int) -> Iterator[Known]:
    earlier = list(index.before(take, entered))
    if is_partial(take):
        # Takes of the same settings and words but for the seed were made beside it, not before.
        kin = kinship(take.recipe)
        earlier = [known for known in earlier if known.kin != kin or kin is None]
    own = _fingerprint(vault, index, take.picture.digest)
    near = _nearest(vault, index, own, earlier, NEAR_DISTANCE) if own is not None else []
    same = islice(_same_recipe(index, take, entered), MOST_SAME)
    shaped = (known for known in earlier[:LOOKED_BACK] if _has_other_shape(known, take))
    seen: set[Digest] = set()
    for known in (*same, *near, *islice(shaped, MOST_OF_OTHER_SHAPE)):
        if known.picture not in seen:
            seen.add(known.picture)
            yield known


def _has_other_shape(known: Known, take: Take) -> bool:
    """Whether one may be a part of the other, so that their fingerprints need not be near."""
    across = take.picture.width_px / known.width_px
    down = take.picture.height_px / known.height_px
    return abs(across / down - 1) >= SAME_SHAPE


def _nearest(
    vault: Vault, index: TakeIndex, own: bytes, rows: Sequence[Known], within: int
) -> list[Known]:
    """The takes whose fingerprints are nearest, at most ``MOST_NEAR``, each picture once."""
    _remember_fingerprints(vault, index, rows)
    known = [row for row in rows if row.picture in index.fingerprints]
    if not known:
        return []
    joined = b"".join(index.fingerprints[row.picture][:PDQ_BYTES] for row in known)
    table = np.frombuffer(joined, dtype=np.uint64).reshape(-1, PDQ_BYTES // 8)
    mine = np.frombuffer(own[:PDQ_BYTES], dtype=np.uint64)
    distances = np.bitwise_count(table ^ mine).sum(axis=1, dtype=np.int32)
    order = np.argsort(distances, kind="stable")[:MOST_NEAR]
    return [known[at] for at in order if distances[at] <= within]


def _fingerprint(vault: Vault, index: TakeIndex, picture: Digest) -> bytes | None:
    if picture not in index.fingerprints:
        _read_fingerprints(vault, index)
    return index.fingerprints.get(picture)


def _remember_fingerprints(vault: Vault, index: TakeIndex, rows: Iterable[Known]) -> None:
    """Read the store's fingerprints again only where a take came since that may have one."""
    if any(row.picture not in index.fingerprints and row.index >= index.asked for row in rows):
        _read_fingerprints(vault, index)


def _read_fingerprints(vault: Vault, index: TakeIndex) -> None:
    index.asked = index.read
    index.fingerprints.update(vault.fingerprints.all_of(PDQ_VERSION))


def _judged(
    vault: Vault, child: _Seen, candidates: Iterable[Known]
) -> Iterator[tuple[Known, Judgement, Alignment]]:
    """The candidates the child shows, located in it."""
    for known in candidates:
        parent = _see(vault, known.picture)
        judgement = _judge(child, parent) if parent is not None else None
        if judgement and judgement.alignment and judgement.verdict in _FOUND:
            yield known, judgement, judgement.alignment


def _judge(child: _Seen, parent: _Seen) -> Judgement:
    return judge_described(child.described, parent.described)


def _see(vault: Vault, picture: Digest) -> _Seen | None:
    """A picture of the vault; None where its pixels cannot be had."""
    try:
        pixels = decode(vault.pictures.read(picture)).pixels
    except (InputError, StoreError):
        return None
    return _Seen(pixels, describe(pixels))


def _worth(found: tuple[Known, Judgement, Alignment]) -> tuple[int, int]:
    return found[1].agreement.agreeing, found[1].score
