"""The author's path to a take: each step's own two pictures compared, with what was changed."""

from collections.abc import Sequence
from itertools import pairwise

from remarque.actions.explaining_wording import step_changed
from remarque.actions.ports import Vault
from remarque.actions.works import History
from remarque.errors import PictureTooLarge, PictureUnreadable, StoreError
from remarque.model.explanations import PathStep
from remarque.model.history import Take
from remarque.model.steps import Step, steps_of
from remarque.pictures.decoding import decode
from remarque.pictures.encoding import encode
from remarque.pictures.overlays import changed_between, difference_map
from remarque.pictures.scaling import Pixels

MOST_STEPS = 48
"""The last so many steps are compared; a work of years has more than a page can show."""


def path_to(history: History, take: Take) -> tuple[Step, ...]:
    """The steps that led to a take, the earliest first, the take's own last."""
    steps = steps_of([one.body for one in history.takes], [one.body for one in history.descents])
    by_number = {step.number: step for step in steps}
    at = next((step for step in steps if step.take.take == take.take), None)
    found: list[Step] = []
    while at is not None and at not in found:
        found.append(at)
        at = by_number.get(at.parent) if at.parent is not None else None
    return tuple(reversed(found))


def compare_path(vault: Vault, path: Sequence[Step]) -> tuple[PathStep, ...]:
    """What each of the last steps changed in the picture; the pictures are those of the takes."""
    pairs = list(pairwise(path))[-MOST_STEPS:]
    return tuple(_compared(vault, before, after) for before, after in pairs)


def _compared(vault: Vault, before: Step, after: Step) -> PathStep:
    changes = tuple(change.sentence for change in after.changes)
    blank = PathStep(before.take.take, after.take.take, changes, "", 0.0)
    one, other = _pixels(vault, before.take), _pixels(vault, after.take)
    if one is None or other is None:
        return _said(blank, "One of the two pictures is not at hand, so they were not compared.")
    if one.shape[:2] != other.shape[:2]:
        return _said(blank, "The two pictures have two sizes, so no place can be compared.")
    changed = changed_between(one, other)
    sentence = step_changed(changed)
    if any(change.field == "seed" for change in after.changes):
        sentence += " The seed was changed too, which makes another picture of any words."
    drawn = encode(difference_map(one, changed), "image/png") if changed.visible else None
    return PathStep(
        before=before.take.take,
        after=after.take.take,
        changes=changes,
        sentence=sentence,
        share=changed.share,
        difference=vault.pictures.keep_bytes(drawn) if drawn is not None else None,
    )


def _said(step: PathStep, sentence: str) -> PathStep:
    return PathStep(step.before, step.after, step.changes, sentence, 0.0)


def _pixels(vault: Vault, take: Take) -> Pixels | None:
    try:
        return decode(vault.pictures.read(take.picture.digest)).pixels
    except (StoreError, PictureUnreadable, PictureTooLarge):
        return None
