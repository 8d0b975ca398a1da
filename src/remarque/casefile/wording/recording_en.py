"""English: the sentences about who saw a picture come into being, and what was kept back."""

from collections.abc import Sequence

from remarque.casefile.chapters import Absence, Inferred, Story
from remarque.casefile.wording.sentences_en import many, moment
from remarque.model.history import SelectionInferred, Sign
from remarque.model.witness import Witness

SEEN_LEAD = (
    "These pictures were recorded by a program that was there when they came into being. It tells "
    "what only somebody present can know. It ran on the author’s machine, and what it says is as "
    "trustworthy as that machine."
)
WITHHELD_LEAD = (
    "The bundle leaves these files out, because their metadata names private folders, keys or the "
    "like. The entries still name them, by digest. A redacted copy shows the same picture: in a "
    "PNG or JSON file the secrets alone are replaced, in a JPEG or WebP file all metadata are "
    "left out. No entry names the copy: that it leaves out nothing else is the author’s word until "
    "the original is shown. Whoever needs an original asks the author: its SHA-256 must be the "
    "digest given here."
)

LIMITS: dict[str, str] = {
    "recorder": (
        "It does not show that a recorded picture was made at the time it was recorded. A recorder "
        "is a program of the author’s: it reports what it was shown. A file that was made "
        "elsewhere, and is saved into a watched folder with a fresh date, looks like one just made."
    ),
    "lineage": (
        "It does not show for certain which picture was made from which. Every such line is "
        "inferred, and stands with its basis."
    ),
    "gaps": (
        "It does not show what a recorder missed without noticing. Gaps that were noticed are "
        "listed below, as far as they were noted for this work."
    ),
    "inferred": (
        "It does not show why files were moved, copied, rated or deleted. That this was a "
        "selection is inferred; tidying up can look the same."
    ),
}

_SIGNS: dict[Sign, str] = {
    Sign.MOVED: "{name} was moved to another folder, {others} not.",
    Sign.COPIED: "{name} was copied to another folder, {others} not.",
    Sign.REST_DELETED: "{name} was kept, {others} deleted.",
    Sign.RATED: "{name} was rated higher than {others}.",
    Sign.FAVOURITE: "{name} was marked as a favourite, {others} not.",
}


def inferred_selection(name: str, selection: SelectionInferred) -> str:
    """What was done with the files of an inferred selection."""
    others = many(len(selection.over), "other")
    said = _SIGNS[selection.sign].format(name=name, others=others)
    return f"{said} {selection.detail}".rstrip()


def reason_follows(name: str, inferred: Inferred) -> str:
    """What the author did first, where the reason was given afterwards."""
    done = inferred_selection(name, inferred.selection)
    return f"Inferred before, on {moment(inferred.dated.recorded)} UTC: {done}"


def one_before(number: int | None) -> str:
    """A take whose parent nobody knows is compared with its neighbour, and no more is said."""
    compared = f"Compared with take {number}, its neighbour. " if number else ""
    return compared + "No parent is known."


def seen_by(witness: Witness) -> str:
    """Who saw a take come into being, and in which program."""
    program = f" in {witness.program}" if witness.program else ""
    said = f"Seen by: {witness.observer.value}{program}."
    if not witness.saved:
        said += " A preview the program did not save."
    if witness.caught_up:
        said += " It lay there before the watch began; its coming was not seen."
    return said


def caught_up(story: Story) -> str | None:
    """How many pictures lay there when a watch began."""
    late = sum(w.caught_up for s in story.steps if (w := s.take.witness) is not None)
    if not late:
        return None
    return (
        f"{many(late, 'picture')} lay there already when a watch began, unseen until then. Such a "
        "picture counts as imported."
    )


def withheld_limit(withheld: Sequence[Absence]) -> str | None:
    """How many files of the work are kept back."""
    if not withheld:
        return None
    return (
        f"The bundle leaves out {many(len(withheld), 'file')} whose metadata names secrets. What "
        "is left out, why, and where a redacted copy is, stands below."
    )
