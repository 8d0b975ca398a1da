"""English: the sentences of the case file about lineage, edits and the counts of a work."""

from collections.abc import Sequence
from datetime import timedelta

from remarque.casefile.chapters import Step
from remarque.casefile.wording import en, recording_en
from remarque.casefile.wording.sentences_en import duration
from remarque.model.descent import Basis, EditedRegion
from remarque.model.tally import Tally

_LEAST_SHOWN = 0.001


def proposed_order(basis: Sequence[str]) -> str:
    """The order is nobody's record, and what it rests on."""
    return " ".join(map(sentence, basis))


def origin(step: Step) -> str | None:
    """Which take this one came from, by what, and on which basis; None where none is known."""
    found = step.origin
    if found.relation is None or found.basis is None:
        return None
    if found.basis is Basis.RECIPE:
        # Nothing is known but the neighbour: to name a relation would say more than is known.
        return recording_en.one_before(found.parent)
    of = f" from take {found.parent}" if found.parent else " from a picture outside this record"
    if found.basis is Basis.MAKING:
        return f"Made by going on{of}, as the making recorded."
    return f"{en.RELATIONS[found.relation.value]}{of}. Inferred, basis: {found.basis.value}."


def edit(step: Step, edited: EditedRegion) -> str:
    """How much an edit changed, and in which program, if the file says so."""
    program = f" in {edited.program}" if edited.program else ""
    share_changed = "under 0.1 %" if edited.share < _LEAST_SHOWN else f"{100 * edited.share:.1f} %"
    return f"Take {step.number}: {share_changed} of the pixels were changed{program}."


def set_aside(tally: Tally) -> str:
    """How many pictures were chosen, and how many passed over."""
    said = f"{tally.chosen} chosen, {tally.rejected} passed over, {tally.published} published"
    if tally.inferred:
        said += f"; {tally.inferred} more preferred, as far as moving and deleting files tells"
    return said


def sittings(number: int, seconds: float) -> str:
    """How many sittings, and the time between the first and the last picture of each."""
    spent = duration(timedelta(seconds=seconds))
    return f"{number}, with {spent} between first and last picture of each, added up"


def sentence(text: str) -> str:
    """A clause as a sentence of its own."""
    return text[:1].upper() + text[1:].rstrip(".") + "."
