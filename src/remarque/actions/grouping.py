"""Which work a new picture belongs to, where nobody said: by its parents and by its words."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from remarque.actions.lineage_index import TakeIndex, index_of
from remarque.actions.picture_parents import work_seen_in
from remarque.actions.ports import Vault
from remarque.actions.witnessing import Seen
from remarque.actions.works import LONGEST_TITLE, open_work
from remarque.errors import MetadataMalformed
from remarque.intake import read_picture
from remarque.model.digests import Digest, digest_of
from remarque.model.history import Take
from remarque.model.ordering import likeness, words_of
from remarque.model.recipe import Recipe
from remarque.model.times import parse_time

SITTING_GAP = timedelta(minutes=30)
"""A longer pause ends a sitting."""
NEAR = 0.4
"""Prompts that share this part of their words (``ordering.likeness``) are of one work.

Of 406 pairs of prompts in real files of eleven generators one reaches it, two versions of one
prompt; the next has 0.29 (tests/unit/actions/test_grouping.py)."""
LATER, NEAR_LATER = timedelta(hours=24), 0.7
"""Within a day, words that were left nearly as they are go on with the work they were left in.

Of 43,071 pairs of real prompts 118 are so near, nearly all of them versions of one prompt
(docs/explanation/lineage.md, "Grouping by itself")."""
FIRST_WORDS = 6
WORDLESS = "without recorded words"


def choose_work(vault: Vault, seen: Seen) -> str:
    """The id of the work this picture is a take of; a new work where it fits none.

    In this order: the work that has this very picture, or a picture that went into it; the work
    of another picture of the same run; the work whose takes of the same sitting have nearly the
    same words, or the same source pictures; the work whose takes of the last day have the same
    words but for a few; the work with a picture that this one was visibly made from. A new work
    is titled by the day and the first words of the prompt; what has no words is gathered in one
    work a day.

    Raises:
        PictureUnreadable, PictureTooLarge: The bytes are no picture that may be opened.
        DiskFull, VaultBusy: No work was opened.
    """
    index = index_of(vault)
    recipe = _recipe_of(seen)
    return (
        _by_digest(index, seen, recipe)
        or _by_sitting(index, seen, recipe)
        or work_seen_in(vault, index, seen.content, recipe)
        or _new_work(vault, seen, recipe)
    )


def _recipe_of(seen: Seen) -> Recipe:
    if seen.reading is not None and seen.reading.recipe != Recipe():
        return seen.reading.recipe
    return read_picture(seen.content).recipe


def _by_digest(index: TakeIndex, seen: Seen, recipe: Recipe) -> str | None:
    for digest in _pictures_of(seen, recipe):
        rows = index.by_picture.get(index.sources.get(digest, digest))
        if rows:
            return rows[-1].work
    return None


def _pictures_of(seen: Seen, recipe: Recipe) -> Iterator[Digest]:
    yield digest_of(seen.content)
    # Masks and control pictures are used again in one work after another and tell nothing.
    wanted = [source for source in recipe.sources if source.role == "init"]
    yield from (source.digest for source in wanted if source.digest is not None)
    if not recipe.sources:
        yield from map(digest_of, seen.sources)


def _by_sitting(index: TakeIndex, seen: Seen, recipe: Recipe) -> str | None:
    """The work of this run, else the one with the likest words, the latest among equals.

    The longer the pause, the more of the words have to be the same.
    """
    best: tuple[float, datetime, str] | None = None
    for work, takes in list(index.recent.items()):
        for take in list(takes):
            came = _came(take)
            if came is None or abs(seen.came - came) >= LATER:
                continue
            together = abs(seen.came - came) < SITTING_GAP
            if together and _is_of_run(take, seen):
                return work
            near = nearness(take.recipe, recipe) if together else _likeness(take.recipe, recipe)
            enough = near >= (NEAR if together else NEAR_LATER)
            if enough and (best is None or (near, came) > best[:2]):
                best = (near, came, work)
    return best[2] if best is not None else None


def _is_of_run(take: Take, seen: Seen) -> bool:
    run = seen.witness.run
    return bool(run) and take.witness is not None and take.witness.run == run


def nearness(one: Recipe, other: Recipe) -> float:
    """How near two recipes are, 0 to 1: by their words, or 1 for the same source pictures."""
    return 1.0 if _sources(one) & _sources(other) else _likeness(one, other)


def _likeness(one: Recipe, other: Recipe) -> float:
    return likeness(words_of(one), words_of(other))


def _sources(recipe: Recipe) -> set[str]:
    pictures = (source for source in recipe.sources if source.role == "init")
    return {
        str(source.digest or source.name) for source in pictures if source.digest or source.name
    }


def _came(take: Take) -> datetime | None:
    try:
        return parse_time(take.picture.modified)
    except MetadataMalformed:
        return None


def _new_work(vault: Vault, seen: Seen, recipe: Recipe) -> str:
    """Open a work for this picture; a title that is taken is numbered."""
    title = title_of(seen.came, recipe)
    if title.endswith(WORDLESS):
        return open_work(vault, title)[0]
    for wanted in _numbered(title):
        work, opened = open_work(vault, wanted)
        if opened:
            break
    else:  # pragma: no cover - the numbers never end
        raise AssertionError(title)
    return work


def _numbered(title: str) -> Iterable[str]:
    yield title
    count = 2
    while True:
        yield f"{title} ({count})"
        count += 1


def title_of(came: datetime, recipe: Recipe) -> str:
    """``2026-11-23 a galaxy in a bottle on a``: the day and the first words."""
    words = (recipe.prompt or "").replace("\x00", " ").split()
    plain = " ".join(words[:FIRST_WORDS]).strip(" ,.;:()[]{}")
    day = came.date().isoformat()
    return f"{day} {plain or WORDLESS}"[: LONGEST_TITLE - 8].rstrip()
