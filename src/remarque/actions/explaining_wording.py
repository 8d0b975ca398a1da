"""The plain sentences of an explanation: what was taken away, and what that changed."""

from remarque.model.explanations import Character
from remarque.model.removals import Removal
from remarque.pictures.overlays import Changed
from remarque.pictures.overlays_wording import (
    EVERYWHERE,
    SCATTERED,
    place_in_words,
    share_in_words,
)

ABOUT = (
    "This is evidence about this model and this seed alone: each run differs from the take in the "
    "one thing named, and how choices act together is not shown."
)
ABOUT_MAPS = (
    "A word map shows where the model attended to a phrase while it made the picture, which is "
    "not the same as what the phrase caused; the pairs show that."
)
_ELSE_THE_SAME = "(same seed, all else the same)"


def effect(removal: Removal, changed: Changed) -> str:
    """What the picture without one thing shows."""
    if not changed.visible:
        return f"{removal.lead} {_ELSE_THE_SAME} the picture did not visibly change."
    return f"{removal.lead} {_ELSE_THE_SAME} {_how_much_where(changed)}."


def not_run(removal: Removal, at_most: int) -> str:
    """Why there is no pair for a choice."""
    return f"{removal.lead}: not run; {at_most} pictures were the most that were to be made."


def no_cut(removal: Removal) -> str:
    """Why a choice cannot be taken away alone."""
    generic = "quality word" if removal.character is Character.GENERIC else "choice"
    return f"{removal.lead}: the {generic} cannot be taken out without changing its neighbours."


def failed(removal: Removal, why: str) -> str:
    """Why a run gave no picture that could be compared."""
    return f"{removal.lead}: no picture to compare with came of the run, because {why}."


def step_changed(changed: Changed) -> str:
    """What one step of the author's path changed in the pictures of the two takes."""
    if not changed.visible:
        return "The two pictures show no visible difference."
    told = _how_much_where(changed)
    return f"{told[:1].upper()}{told[1:]}."


def baseline_differs(grade: str) -> str:
    """What it means that the take made again is not the recorded picture."""
    return (
        f"The picture made again from the record is not bit for bit the recorded one ({grade}): "
        "the pairs hold for the picture made again."
    )


def _how_much_where(changed: Changed) -> str:
    share = f"{share_in_words(changed.share)} of the picture changed"
    where = place_in_words(changed.mask)
    if where == EVERYWHERE:
        return share
    return f"{share}, {where}" if where == SCATTERED else f"{share}, mostly {where}"
