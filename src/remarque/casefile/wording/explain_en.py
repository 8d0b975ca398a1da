"""English: the words of the exhibit "What each choice did"."""

from collections.abc import Sequence

from remarque.model.explanations import Counterfactual, Explanation, Outcome
from remarque.model.reruns import RerunGrade

HEADING = "What each choice did"
LEAD = (
    "The take was made again from its record, and then again with one thing taken away or set "
    "back each time: the same seed, the same model, everything else as recorded. What differs "
    "between the two pictures is what that one choice did in this picture."
)
CAVEAT = (
    "This is evidence about this model and this seed alone. Each pair shows one choice by itself; "
    "how choices act together is not shown, and a choice without visible effect here may matter "
    "beside others or with another seed. A place counts as changed where its colour differs by at "
    "least 5 ΔE (CIE 1976) from the picture made again."
)
WORD_MAPS_LEAD = (
    "Where the model’s cross attention looked at each phrase while it made the picture, averaged "
    "over its layers and steps; the denser the red, the more. Attention is where a phrase was "
    "taken into account, which is not yet what it caused: the pairs show that."
)
PATH_LEAD = (
    "The pictures of the author’s own takes on the way to this one, each compared with the one it "
    "came from. The changes are inferred from the records of the two takes; where several things "
    "were changed in one step, the difference is theirs together."
)
GENERIC_LEAD = (
    "These words ask for quality in general and stand in many prompts. They are listed apart, so "
    "that their effect is not taken for the author’s idea."
)
MORE_PAIRS = "The pictures of the other pairs are in the bundle; the table has their sentences."
MORE_EXPLANATIONS = "Earlier explanations of this work are in the bundle as entries."

LABELS = {
    "pairs": "One thing taken away",
    "others": "The other choices that were tried",
    "none": "Without visible effect",
    "generic": "Generic quality words",
    "word_maps": "Word maps",
    "path": "The author’s path to this take",
    "not_run": "Not tried",
    "remarks": "Remarks",
    "choice": "choice",
    "share": "share",
    "sentence": "what it changed",
    "again": "made again from the record",
    "difference": "what changed, in red",
    "take": "take",
    "engine": "made with",
    "grade": "made again",
    "runs": "pictures",
}

_GRADES = {
    RerunGrade.BIT_EXACT: "bit for bit the recorded picture",
    RerunGrade.WITHIN_TOLERANCE: "the recorded picture within the tolerance of arithmetic",
    RerunGrade.VISUALLY_SAME: "visually the same as the recorded picture, not bit for bit",
    RerunGrade.DIFFERS: "another picture than the recorded one: the pairs hold for it alone",
}
_LEAST_SHOWN = 0.001


def title(number: int | None) -> str:
    """The heading over one explanation."""
    return "A take outside this record" if number is None else f"Take {number}"


def grade(explanation: Explanation) -> str:
    """How the take made again compares with the recorded picture."""
    known = {one.value: text for one, text in _GRADES.items()}
    return known.get(explanation.baseline_grade, explanation.baseline_grade)


def runs(explanation: Explanation) -> str:
    """How many pictures the explanation rests on."""
    said = f"{explanation.runs} made for this, {explanation.reused} made earlier and reused"
    if explanation.not_run:
        said += f"; {explanation.not_run} choices were not tried"
    return said


def share(pair: Counterfactual) -> str:
    """The part of the picture one choice governs."""
    if pair.outcome is Outcome.VISIBLE:
        return share_text(pair.share)
    return "none" if pair.outcome is Outcome.NONE else "–"


def share_text(part: float) -> str:
    """A part of the picture in per cent."""
    if part < _LEAST_SHOWN:
        return "under 0.1 %"
    return f"{100 * part:.0f} %" if part >= 10 * _LEAST_SHOWN else f"{100 * part:.1f} %"


def pair_caption(pair: Counterfactual) -> str:
    """Under the picture of the other run."""
    if pair.after is None:
        return f"without “{pair.choice}”"
    return f"{pair.choice}: {pair.after} instead of {pair.before}"


def map_caption(phrase: str, part: float) -> str:
    """Under one word map."""
    return f"“{phrase}”: above half its peak on {share_text(part)}"


def path_title(before: int | None, after: int | None) -> str:
    """Over one step of the path."""
    return f"From take {before or '–'} to take {after or '–'}"


def left_out(choices: Sequence[str]) -> str:
    """Choices named in a row."""
    return ", ".join(one if "“" in one else f"“{one}”" for one in choices)
