"""The parent of a take by comparison of pictures, where neither digest nor name tells it.

A picture is compared only where its file leaves room for a parent, and only with the few earlier
takes of its work that are near; a parent is claimed only where the same judgement that finds
copies (``fingerprints.searching``) says that the two pictures are one picture altered.
"""

from collections.abc import Iterable, Iterator

from remarque.actions.editors import editor_of
from remarque.actions.lineage_index import Known, TakeIndex
from remarque.actions.lineage_recipes import is_from_words, is_sampled
from remarque.actions.picture_candidates import Wanted, candidates_of, of_same_recipe, surely_near
from remarque.actions.picture_relations import Pair, parent_from
from remarque.actions.ports import Vault
from remarque.errors import InputError, StoreError
from remarque.fingerprints.searching import Judgement, judge_described
from remarque.model.descent import Parent
from remarque.model.digests import Digest
from remarque.model.history import Take, Verdict
from remarque.model.recipe import Recipe
from remarque.pictures.aligning import Alignment
from remarque.pictures.decoding import decode
from remarque.pictures.keypoints import Described, describe

_FOUND = (Verdict.COPY, Verdict.PARTIAL, Verdict.DERIVED)


def picture_parent(vault: Vault, index: TakeIndex, take: Take, entered: int) -> Parent | None:
    """The earlier take of the same work that this one was visibly made from; None if none is.

    At most ``picture_candidates.MOST`` pictures are aligned, whatever the size of the work.
    """
    editor = editor_of(vault, take)
    if not _leaves_room(index, take, entered, edited=editor is not None):
        return None
    try:
        pixels = decode(vault.pictures.read(take.picture.digest)).pixels
    except (InputError, StoreError):
        return None
    candidates = candidates_of(vault, index, Wanted(take, entered, pixels))
    if not candidates:
        return None
    child = index.described.recall(take.picture.digest, lambda: describe(pixels))
    # Only the judgements are held: several decoded pictures at once may fill the memory.
    for known, judgement, alignment in sorted(
        _judged(vault, index, child, candidates), key=_worth, reverse=True
    ):
        rooted = known.take in index.with_parent
        pair = Pair(take, known, judgement, alignment, editor, is_rooted=rooted)
        parent = parent_from(vault, pair, pixels)
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
    near = surely_near(vault, index, pixels)
    child = describe(pixels) if near else None
    for known in near:
        parent = _described(vault, index, known.picture)
        if child and parent and judge_described(child, parent).verdict in _FOUND:
            return known.work
    return None


def _leaves_room(index: TakeIndex, take: Take, entered: int, *, edited: bool) -> bool:
    """Whether the file may come from another picture, by what it says itself."""
    if edited or not is_from_words(take.recipe) or _was_resized(take):
        return True
    return any(True for _ in of_same_recipe(index, take, entered))


def _is_text_to_image(recipe: Recipe) -> bool:
    if not is_sampled(recipe):
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


def _judged(
    vault: Vault, index: TakeIndex, child: Described, candidates: Iterable[Known]
) -> Iterator[tuple[Known, Judgement, Alignment]]:
    """The candidates the child shows, located in it."""
    for known in candidates:
        parent = _described(vault, index, known.picture)
        judgement = judge_described(child, parent) if parent is not None else None
        if judgement and judgement.alignment and judgement.verdict in _FOUND:
            yield known, judgement, judgement.alignment


def _described(vault: Vault, index: TakeIndex, picture: Digest) -> Described | None:
    """A picture of the vault prepared for alignment; None where its pixels cannot be had."""
    try:
        return index.described.recall(
            picture, lambda: describe(decode(vault.pictures.read(picture)).pixels)
        )
    except (InputError, StoreError):
        return None


def _worth(found: tuple[Known, Judgement, Alignment]) -> tuple[int, int]:
    return found[1].agreement.agreeing, found[1].score
