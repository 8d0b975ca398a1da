"""A work's history as steps: each take beside the one before, with the author's choices."""

from dataclasses import dataclass

from remarque.actions.ports import Vault
from remarque.actions.works import History, Recorded, history_of
from remarque.errors import RemarqueError
from remarque.model.changes import Change
from remarque.model.comparison import compare_recipes, incomparable
from remarque.model.entry import StampState
from remarque.model.history import Take
from remarque.model.takes import prompt_syntax
from remarque.verifying.grading import CoveringStamp, GradedFact, grade_entry
from remarque.verifying.timestamps import check_token


@dataclass(frozen=True, slots=True)
class Step:
    """One take and what the author changed to come to it.

    ``changes`` and their categories are *inferred* from the two recipes; ``incomparable`` names
    facts only one of the two files records; ``problem`` says when the picture's bytes are gone.
    """

    number: int
    take: Recorded[Take]
    graded: GradedFact
    changes: tuple[Change, ...]
    incomparable: tuple[str, ...]
    problem: str


@dataclass(frozen=True, slots=True)
class Telling:
    """A work's history with its steps."""

    history: History
    steps: tuple[Step, ...]


def tell(vault: Vault, reference: str) -> Telling:
    """The history of one work, consecutive takes compared.

    Raises:
        NotFound, Ambiguous: No such work, or several.
    """
    history = history_of(vault, reference)
    stamps = covering_stamps(vault)
    queued = any(vault.ledger.stamps(pending_only=True))
    steps = []
    before: Take | None = None
    for number, take in enumerate(history.takes, start=1):
        pair = (before.recipe, take.body.recipe, prompt_syntax(before, take.body)) if before else ()
        steps.append(
            Step(
                number=number,
                take=take,
                graded=grade_entry(take.stored.entry, take.index, stamps, stamp_queued=queued),
                changes=compare_recipes(*pair) if pair else (),
                incomparable=incomparable(*pair) if pair else (),
                problem=_problem(vault, take.body),
            )
        )
        before = take.body
    return Telling(history, tuple(steps))


def covering_stamps(vault: Vault) -> list[CoveringStamp]:
    """Every timestamp held, judged again from its stored bytes."""
    notes = {checkpoint.size: checkpoint.note for checkpoint in vault.ledger.checkpoints()}
    return [
        CoveringStamp(
            stamp.size,
            stamp.authority,
            check_token(
                stamp.response,
                stamp.request,
                notes[stamp.size],
                vault.authority_roots,
                chain=stamp.chain,
            ),
        )
        for stamp in vault.ledger.stamps()
        if stamp.state is StampState.HELD and stamp.size in notes
    ]


def _problem(vault: Vault, take: Take) -> str:
    """Why the picture's bytes cannot be had, or an empty text. Checks presence, not content."""
    try:
        vault.pictures.path_of(take.picture.digest)
    except RemarqueError as error:
        return error.message
    return ""
